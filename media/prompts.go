package media

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"assent/media/pcm"
)

// Prompts are the prompts of a folder: dir/<language>/<name>.wav, or dir/<name>.wav for all languages. They are loaded
// once and safe for concurrent use.
type Prompts struct {
	// set once
	dir   string
	clips map[string]*Clip // by path below dir without its suffix, with slashes

	// guarded by mu
	mu    sync.Mutex
	files map[string]*Clip
	tones map[tone]*Clip
}

type tone struct {
	hz     int
	length time.Duration
	gainDB float64
}

// maxMade bounds how many tones, and how many files, are kept; flows name few.
const maxMade = 256

// LoadPrompts reads the WAV files in dir and one level below. A folder that does not exist has no prompts; a file that
// cannot be used is an error, and all such are reported together.
func LoadPrompts(dir string) (*Prompts, error) {
	p := &Prompts{dir: dir, clips: map[string]*Clip{}, files: map[string]*Clip{}, tones: map[tone]*Clip{}}
	var problems []error
	for _, pattern := range []string{"*.wav", "*/*.wav"} {
		paths, err := filepath.Glob(filepath.Join(escapeGlob(dir), pattern))
		if err != nil {
			return nil, fmt.Errorf("list prompts in %s: %w", dir, err)
		}
		for _, path := range paths {
			problems = append(problems, p.load(path))
		}
	}
	return p, errors.Join(problems...)
}

// escapeGlob keeps the signs of a pattern in a folder's name from being taken for one.
func escapeGlob(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

func (p *Prompts) load(path string) error {
	name, err := filepath.Rel(p.dir, path)
	if err != nil {
		return err
	}
	clip, err := LoadClip(path)
	if err != nil {
		return err
	}
	p.clips[filepath.ToSlash(strings.TrimSuffix(name, ".wav"))] = clip
	return nil
}

// Clip returns the prompt of that name in a language, or the one for all languages.
func (p *Prompts) Clip(name, language string) (*Clip, bool) {
	if strings.ContainsAny(name, `/\`) {
		return nil, false
	}
	if clip, ok := p.clips[language+"/"+name]; ok {
		return clip, true
	}
	clip, ok := p.clips[name]
	return clip, ok
}

// Has tells whether there is a prompt of that name in a language or for all languages.
func (p *Prompts) Has(name, language string) bool {
	_, ok := p.Clip(name, language)
	return ok
}

// File returns the clip of a WAV file, by its path in the prompts' folder or an absolute one. It is read at first use
// and kept.
func (p *Prompts) File(path string) (*Clip, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.dir, path)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if clip, ok := p.files[path]; ok {
		return clip, nil
	}
	clip, err := LoadClip(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("prompt file %s: %w", path, os.ErrNotExist)
		}
		return nil, err
	}
	if len(p.files) < maxMade {
		p.files[path] = clip
	}
	return clip, nil
}

// Tone returns a sine of hz with a level in dB relative to full scale.
func (p *Prompts) Tone(hz int, length time.Duration, gainDB float64) *Clip {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := tone{hz, length, gainDB}
	clip, ok := p.tones[key]
	if !ok {
		clip = NewClip(pcm.Tone(float64(hz), length, gainDB))
		if len(p.tones) < maxMade {
			p.tones[key] = clip
		}
	}
	return clip
}
