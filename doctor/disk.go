package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"assent/configs"
)

// Place is a folder that the service writes to, as its disk answered.
type Place struct {
	Key         string // of the configuration
	Dir         string // the folder, or where it will be made
	Device      uint64
	Kind        string // of the file system, where that matters: tmpfs, nfs, overlay …
	Free, Total uint64 // bytes
	Speed       Speed
	Err         error // why nothing can be written there
}

// Speed is what a disk does of what a call waits for.
type Speed struct {
	Sync  time.Duration // until a ledger's entry is on the disk, the median
	Write float64       // bytes a second, to the disk
}

// places asks every folder that is written to; a disk is measured once.
func places(cfg configs.Config) []Place {
	measured := map[uint64]Speed{}
	var out []Place
	for _, where := range []struct{ key, dir string }{
		{"recordings.dir", cfg.Recordings.Dir}, {"consent.ledger", cfg.Consent.Ledger}, {"audit.dir", cfg.Audit.Dir},
		{"cdr.file", filepath.Dir(cfg.CDR.File)}, {"store", storeDir(cfg.Store)},
	} {
		if where.dir == "" {
			continue
		}
		p := Place{Key: where.key, Dir: existing(where.dir)}
		var s unix.Statfs_t
		if err := unix.Statfs(p.Dir, &s); err != nil {
			p.Err = fmt.Errorf("%s: %w", p.Dir, err)
			out = append(out, p)
			continue
		}
		p.Free, p.Total, p.Kind, p.Device = s.Bavail*uint64(s.Bsize), s.Blocks*uint64(s.Bsize), kinds[int64(s.Type)], device(p.Dir)
		speed, known := measured[p.Device]
		if p.Err = writable(p.Dir); p.Err == nil && !known {
			speed, p.Err = measure(p.Dir)
			measured[p.Device] = speed
		}
		p.Speed = speed
		out = append(out, p)
	}
	return out
}

func storeDir(url string) string {
	file, ok := strings.CutPrefix(url, "sqlite:")
	if !ok {
		return ""
	}
	return filepath.Dir(file)
}

// existing returns the nearest folder above a path that is there already.
func existing(dir string) string {
	for ; ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.IsDir() || dir == filepath.Dir(dir) {
			return dir
		}
	}
}

func device(dir string) uint64 {
	var s unix.Stat_t
	if unix.Stat(dir, &s) != nil {
		return 0
	}
	return s.Dev
}

// kinds are the file systems that are no place for evidence, or a doubtful one.
var kinds = map[int64]string{
	unix.TMPFS_MAGIC: "tmpfs", unix.RAMFS_MAGIC: "ramfs", unix.OVERLAYFS_SUPER_MAGIC: "overlay", unix.NFS_SUPER_MAGIC: "nfs",
	unix.SMB2_SUPER_MAGIC: "smb", unix.CIFS_SUPER_MAGIC: "cifs", unix.FUSE_SUPER_MAGIC: "fuse",
}

func writable(dir string) error {
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	return nil
}

const (
	syncs     = 15       // small writes that are brought to the disk one by one, as a ledger's are
	syncSize  = 512      // bytes of each
	bulkSize  = 16 << 20 // bytes that are written at once, as recordings are
	bulkPiece = 1 << 20
)

// measure writes to a file that is gone afterwards, whatever happens: it has no name while it is written.
func measure(dir string) (s Speed, err error) {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := os.Remove(f.Name()); err != nil {
		return s, err
	}
	took := make([]time.Duration, 0, syncs)
	for range syncs {
		start := time.Now()
		if _, err := f.Write(make([]byte, syncSize)); err != nil {
			return s, err
		}
		if err := f.Sync(); err != nil {
			return s, err
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	s.Sync = took[len(took)/2]
	start := time.Now()
	for range bulkSize / bulkPiece {
		if _, err := f.Write(make([]byte, bulkPiece)); err != nil {
			return s, err
		}
	}
	if err := f.Sync(); err != nil {
		return s, err
	}
	s.Write = bulkSize / max(time.Since(start), time.Microsecond).Seconds()
	return s, nil
}

const (
	// callBytes is what a second of a recorded call takes while it grows: two channels of 16 bits at 8 kHz.
	callBytes = 2 * 2 * 8000
	// slowSync is a wait that a caller who has just agreed notices: nothing is recorded before the ledger's entry.
	slowSync = 100 * time.Millisecond
)

// judgeDisk looks at the room and the speed of what evidence is written to, disk by disk.
func judgeDisk(r *report, cfg configs.Config, f Facts) {
	byDevice := map[uint64][]Place{}
	var order []uint64
	for _, p := range f.Places {
		if p.Err != nil {
			r.fail(p.Key, "let the service's user write there, or name another folder", "nothing can be written: %v", p.Err)
			continue
		}
		if byDevice[p.Device] == nil {
			order = append(order, p.Device)
		}
		byDevice[p.Device] = append(byDevice[p.Device], p)
	}
	for _, d := range order {
		r.disk(cfg, byDevice[d])
	}
}

// disk judges one disk by the folders on it.
func (r *report) disk(cfg configs.Config, on []Place) {
	keys := make([]string, len(on))
	for i, p := range on {
		keys[i] = p.Key
	}
	p, records := on[0], slices.Contains(keys, "recordings.dir")
	mark := len(r.all)
	switch p.Kind {
	case "tmpfs", "ramfs":
		r.warn(p.Key, "name a folder on a disk", "%s: %s is in memory, and empty after a restart of the machine", strings.Join(keys, ", "), p.Dir)
	case "overlay":
		r.warn(p.Key, "mount a volume there", "%s: %s is a container's own layer, and gone with it", strings.Join(keys, ", "), p.Dir)
	case "nfs", "smb", "cifs", "fuse":
		r.warn(p.Key, "use a local disk, and recordings.store for what lies elsewhere", "%s: %s is on %s, where locks and fsync may not do what evidence needs", strings.Join(keys, ", "), p.Dir, p.Kind)
	}
	if records {
		r.room(cfg, p)
	}
	if p.Speed.Sync > slowSync {
		r.warn(p.Key, "use a faster disk: a recording waits for the ledger's entry", "%s: an entry takes %s until it is on the disk", strings.Join(keys, ", "), p.Speed.Sync.Round(time.Millisecond))
	}
	if calls, _ := configuredCalls(cfg); records && p.Speed.Write > 0 && p.Speed.Write < float64(calls*callBytes) {
		r.warn(p.Key, "use a faster disk, or lower limits.calls", "the disk takes %.1f MiB a second, %d recorded calls need %.1f", p.Speed.Write/(1<<20), calls, float64(calls*callBytes)/(1<<20))
	}
	if records && slices.Contains(keys, "consent.ledger") && cfg.Recordings.MinFreeMiB == 0 {
		r.warn("recordings.min_free_mib", "use the default, 1024", "recordings may fill the disk that the ledger is on")
	}
	r.sound(mark, "%s: %.0f of %.0f GiB free%s; an entry is on the disk in %s, and %.0f MiB a second are", strings.Join(keys, ", "),
		gib(p.Free), gib(p.Total), hours(p, records), p.Speed.Sync.Round(10*time.Microsecond), p.Speed.Write/(1<<20))
}

func gib(bytes uint64) float64 { return float64(bytes) / (1 << 30) }

// hours says how long recordings can be, where they lie there.
func hours(p Place, records bool) string {
	if !records {
		return ""
	}
	return fmt.Sprintf(", room for %d hours of recording", p.Free/(callBytes*3600))
}

// room applies the recorder's own bound, and the alarm at twice that.
func (r *report) room(cfg configs.Config, p Place) {
	bound := min(uint64(cfg.Recordings.MinFreeMiB)<<20, p.Total/20)
	switch {
	case p.Free < bound:
		r.fail("recordings.dir", "make room, or name another disk; recordings.min_free_mib is the bound", "%d MiB are free, below %d no recording begins", p.Free>>20, bound>>20)
	case p.Free < 2*bound:
		r.warn("recordings.dir", "make room: below that no recording begins", "%d MiB are free, close to the bound of %d", p.Free>>20, bound>>20)
	}
}

// File is one that holds a secret or a proof.
type File struct {
	Key    string
	Path   string
	Mode   fs.FileMode
	UID    int
	Secret bool // nobody else may read it
}

// files looks at those that are there; the service makes the others for itself alone.
func files(cfg configs.Config) []File {
	var out []File
	add := func(key, path string, secret bool) {
		var s unix.Stat_t
		if path != "" && unix.Stat(path, &s) == nil {
			out = append(out, File{key, path, fs.FileMode(s.Mode & 0o777), int(s.Uid), secret})
		}
	}
	add("consent.key", cfg.Consent.Key, true)
	add("consent.ledger", cfg.Consent.Ledger, false)
	add("consent.ledger", filepath.Join(cfg.Consent.Ledger, "ledger.jsonl"), false)
	add("audit.dir", cfg.Audit.Dir, false)
	add("audit.dir", filepath.Join(cfg.Audit.Dir, "ledger.jsonl"), false)
	add("recordings.dir", cfg.Recordings.Dir, true)
	add("cdr.file", cfg.CDR.File, true)
	if file, ok := strings.CutPrefix(cfg.Store, "sqlite:"); ok {
		add("store", file, true)
	}
	for _, ref := range append([]string{cfg.Recordings.Encryption.Key}, cfg.Recordings.Encryption.OldKeys...) {
		if file, ok := strings.CutPrefix(ref, "file:"); ok {
			add("recordings.encryption.key", file, true)
		}
	}
	return out
}

// judgeFiles looks at who may read secrets and change proofs.
func judgeFiles(r *report, _ configs.Config, f Facts) {
	mark := len(r.all)
	for _, file := range f.Files {
		switch {
		case file.Mode&0o022 != 0:
			r.fail(file.Key, "chmod go-rwx "+file.Path, "others may change %s (%s)", file.Path, file.Mode)
		case file.Secret && file.Mode&0o007 != 0:
			r.fail(file.Key, "chmod go-rwx "+file.Path, "everybody may read %s (%s)", file.Path, file.Mode)
		case f.UID != 0 && file.UID != f.UID:
			r.warn(file.Key, "run the doctor as the service's user, or give the file to it", "%s belongs to user %d, and user %d asks", file.Path, file.UID, f.UID)
		}
	}
	if len(f.Files) == 0 {
		r.ok("nothing is there yet; the service makes its files for itself alone")
	} else {
		r.sound(mark, "nobody else may read its secrets or change its proofs")
	}
	if f.UID == 0 {
		r.warn("", "run it as the service's user: sudo -u assent assent doctor --config …", "root asks, who may do all: what the service's own user may not was not seen")
	}
}
