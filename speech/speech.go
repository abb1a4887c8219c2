package speech

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"assent/media"
)

const (
	// MaxText bounds a text, in bytes: some two minutes of speech.
	MaxText = 2000
	// atOnce is how many commands run at the same time.
	atOnce = 4
	// maxClips and maxSpoken bound the cache: clips, and samples at 8 kHz, half an hour of speech.
	maxClips  = 1024
	maxSpoken = 30 * 60 * 8000
)

// ErrText is within the error of a text that can't be spoken, whatever the command.
var ErrText = errors.New("unusable text")

// Voice speaks. Its methods are safe for concurrent use.
type Voice struct {
	// set once
	config  Config
	running chan struct{} // holds one for each command that runs

	// guarded by mu
	mu     sync.Mutex
	clips  map[key]*media.Clip
	order  []key // of clips, the oldest first
	spoken int   // samples in clips
	making map[key]*making
}

// key is the hash of what a clip is made of.
type key [sha256.Size]byte

// making is a clip under way.
type making struct {
	done chan struct{} // closed once the two below are set
	clip *media.Clip
	err  error
}

// New returns a voice of a valid configuration.
func New(config Config) *Voice {
	return &Voice{config: config, running: make(chan struct{}, atOnce), clips: map[key]*media.Clip{}, making: map[key]*making{}}
}

// Clip returns a text as speech in a language, such as "en" or "pt-BR". The same text of the same language is made once,
// however many ask at a time. It waits for the command, for ctx at most; no error holds the text.
func (v *Voice) Clip(ctx context.Context, language, text string) (*media.Clip, error) {
	text, err := plain(text)
	if err != nil {
		return nil, err
	}
	k := keyOf(language, text)
	for {
		clip, m, ours := v.begin(k)
		if clip != nil {
			return clip, nil
		}
		if ours {
			v.make(ctx, k, m, language, text)
			return m.clip, m.err
		}
		select {
		case <-m.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if !errors.Is(m.err, context.Canceled) { // else whoever made it has hung up, and we do it
			return m.clip, m.err
		}
	}
}

// plain returns a text without control characters, on one line.
func plain(text string) (string, error) {
	if len(text) > MaxText {
		return "", fmt.Errorf("%w: %d bytes; want at most %d", ErrText, len(text), MaxText)
	}
	if !utf8.ValidString(text) {
		return "", fmt.Errorf("%w: it is not UTF-8", ErrText)
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if text == "" {
		return "", fmt.Errorf("%w: it is empty", ErrText)
	}
	return text, nil
}

func keyOf(language, text string) key {
	return sha256.Sum256([]byte(language + "\x00" + text)) // neither has a NUL: languages are names, and texts are plain
}

// begin returns the clip if it is there, or who makes it: ours is true where the caller is to.
func (v *Voice) begin(k key) (clip *media.Clip, m *making, ours bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if clip := v.clips[k]; clip != nil {
		return clip, nil, false
	}
	if m := v.making[k]; m != nil {
		return nil, m, false
	}
	m = &making{done: make(chan struct{})}
	v.making[k] = m
	return nil, m, true
}

// make runs the command, keeps what comes of it, and tells who waits.
func (v *Voice) make(ctx context.Context, k key, m *making, language, text string) {
	m.clip, m.err = v.speak(ctx, language, text)
	v.mu.Lock()
	delete(v.making, k)
	if m.err == nil {
		v.keep(k, m.clip)
	}
	v.mu.Unlock()
	close(m.done)
}

// keep puts a clip into the cache, from which the oldest ones go.
func (v *Voice) keep(k key, clip *media.Clip) {
	v.clips[k], v.order, v.spoken = clip, append(v.order, k), v.spoken+samples(clip)
	for len(v.order) > 1 && (len(v.order) > maxClips || v.spoken > maxSpoken) {
		v.spoken -= samples(v.clips[v.order[0]])
		delete(v.clips, v.order[0])
		v.order = v.order[1:]
	}
}

func samples(clip *media.Clip) int { return int(clip.Duration().Seconds() * 8000) }

// speak makes a clip, once fewer than atOnce commands run.
func (v *Voice) speak(ctx context.Context, language, text string) (*media.Clip, error) {
	ctx, stop := context.WithTimeout(ctx, v.config.Timeout)
	defer stop()
	select {
	case v.running <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to speak: %w", context.Cause(ctx))
	}
	defer func() { <-v.running }()
	wav, err := run(ctx, v.config.arguments(language), text)
	if err != nil {
		return nil, err
	}
	clip, err := media.DecodeClip(wav)
	if err != nil {
		return nil, fmt.Errorf("tts.command %q: %w", v.config.Command[0], err)
	}
	return clip, nil
}

// arguments returns the command for a language.
func (c Config) arguments(language string) []string {
	out := make([]string, len(c.Command))
	for i, word := range c.Command {
		out[i] = strings.ReplaceAll(word, languageMark, language)
	}
	return out
}
