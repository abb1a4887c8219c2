package depot

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	// firstPause and lastPause bound the pause after a failed attempt; it doubles, and
	// up to half of it is chance, so that many do not come back at one moment.
	firstPause = time.Second
	lastPause  = 5 * time.Minute
	// idle is the pause of a worker that has nothing to wait for.
	idle = time.Hour
)

// job is a recording that waits to be stored.
type job struct {
	id    string
	bytes int64
	tries int
	after time.Time // not before
	busy  bool
}

// spool is what waits, guarded by mu.
type spool struct {
	mu    sync.Mutex
	jobs  map[string]*job
	bytes int64
}

// add takes a recording in, unless it waits already.
func (s *spool) add(id string, bytes int64, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.jobs[id] == nil {
		s.jobs[id] = &job{id: id, bytes: bytes, after: now}
		s.bytes += bytes
	}
}

// next returns the oldest recording that is due and marks it as taken, or else how
// long there is none.
func (s *spool) next(now time.Time) (*job, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := idle
	var first *job
	for _, j := range s.jobs {
		switch {
		case j.busy:
		case j.after.After(now):
			wait = min(wait, j.after.Sub(now))
		case first == nil || j.id < first.id: // ids sort by time
			first = j
		}
	}
	if first != nil {
		first.busy = true
	}
	return first, wait
}

// done forgets a recording.
func (s *spool) done(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.jobs[j.id] == j {
		delete(s.jobs, j.id)
		s.bytes -= j.bytes
	}
}

// retry puts a recording back, and returns the pause before its next attempt.
func (s *spool) retry(j *job, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	pause := min(lastPause, firstPause<<min(j.tries, 20))
	pause = pause/2 + rand.N(pause/2)
	j.tries++
	j.busy, j.after = false, now.Add(pause)
	return pause
}

func (s *spool) size() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes
}

func (s *spool) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.jobs)
}

// The endings of a recording's files.
const (
	sidecarEnding = ".json"
	keyEnding     = ".key"
	growing       = ".json.part" // the recorder is not through with it
)

// audioEndings are those of the audio, by format.
var audioEndings = []string{".wav", ".opus", ".flac"}

// scan adds every finished recording of the folder: sidecar and audio have their
// names, and the recorder has let go. One that was stored, and of which a crash
// left the sidecar, is taken up too.
func (d *Depot) scan() error {
	list, err := os.ReadDir(d.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range list {
		id, found := strings.CutSuffix(e.Name(), sidecarEnding)
		if !found || !e.Type().IsRegular() || safe(id) != id || id == pinName {
			continue
		}
		if _, err := os.Lstat(filepath.Join(d.dir, id+growing)); err == nil {
			continue
		}
		if d.settled(e) {
			d.spool.add(id, sizeOf(d.dir, id), d.deps.Now())
		}
	}
	d.rouse()
	return nil
}

// pinName is the file in which the vault remembers its KEK, without its ending.
const pinName = "kek"

// settled reports whether a sidecar is older than a pass through the folder: of a
// younger one Add tells, as soon as ledger and catalogue know it.
func (d *Depot) settled(e os.DirEntry) bool {
	info, err := e.Info()
	return err == nil && d.deps.Now().Sub(info.ModTime()) >= lookEvery
}

// audioOf returns the path of a recording's audio in dir, "" if there is none.
func audioOf(dir, id string) string {
	for _, ending := range audioEndings {
		path := filepath.Join(dir, id+ending)
		if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// sizeOf returns the size of a recording's audio in dir, 0 if there is none.
func sizeOf(dir, id string) int64 {
	info, err := os.Lstat(audioOf(dir, id))
	if err != nil {
		return 0
	}
	return info.Size()
}
