package speech

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The test binary is the synthesiser too: its first argument says how it behaves.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "speak" {
		speak(os.Args[2], os.Args[3:])
		return
	}
	goleak.VerifyTestMain(m)
}

// speak is a synthesiser: a millisecond for each byte of the text.
func speak(how string, args []string) {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		os.Exit(1)
	}
	switch how {
	case "well":
		if log, err := os.OpenFile(args[0], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
			_, _ = fmt.Fprintf(log, "%q %q %q\n", args[1:], strings.TrimSuffix(string(text), "\n"), os.Getenv("SECRET"))
			_ = log.Close()
		}
		_, _ = os.Stdout.Write(wav(8 * len(text)))
	case "endlessly":
		for {
			if _, err := os.Stdout.Write(make([]byte, 1<<16)); err != nil {
				os.Exit(1)
			}
		}
	case "never": // nor does what it starts, which holds its output open
		child := exec.Command("sleep", "1000")
		child.Stdout = os.Stdout
		_ = child.Run()
	case "badly":
		fmt.Fprintf(os.Stderr, "can't say %s", text)
		os.Exit(1)
	case "nothing":
	}
}

// wav is silence as a writer that can't go back leaves it.
func wav(samples int) []byte {
	b := []byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data")
	return append(binary.LittleEndian.AppendUint32(b, 0x7FFFF000), make([]byte, 2*samples)...)
}

// voiceOf returns a voice that speaks in a way, and the file where it writes down what it was asked.
func voiceOf(t *testing.T, how string) (v *Voice, log string) {
	t.Helper()
	log = filepath.Join(t.TempDir(), "log")
	return New(Config{Command: []string{os.Args[0], "speak", how, log, "-v", languageMark}, Timeout: time.Minute}), log
}

func logged(t *testing.T, log string) string {
	t.Helper()
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTextGoesToTheCommandAsItIsAndInTheLanguageOfTheCall(t *testing.T) {
	t.Setenv("SECRET", "hush")
	v, log := voiceOf(t, "well")
	clip, err := v.Clip(t.Context(), "pt-BR", "  Olá;\n$(reboot) `x`\x00 -v \"y\" ")
	if err != nil {
		t.Fatal(err)
	}
	said := "Olá; $(reboot) `x` -v \"y\""
	if got, want := logged(t, log), fmt.Sprintf("[\"-v\" \"pt-BR\"] %q \"\"\n", said); got != want {
		t.Errorf("the command got %s, want %s", got, want)
	}
	if got, want := clip.Duration(), time.Duration(len(said)+1)*time.Millisecond; got != want {
		t.Errorf("%s of speech, want %s", got, want)
	}
}

func TestATextIsMadeOnceForAllWhoWantItAtATime(t *testing.T) {
	v, log := voiceOf(t, "well")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for _, language := range []string{"en", "de"} {
				if _, err := v.Clip(t.Context(), language, "Good morning."); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := strings.Count(logged(t, log), "\n"); got != 2 {
		t.Errorf("the command ran %d times, want once a language:\n%s", got, logged(t, log))
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	v, _ := voiceOf(t, "well")
	clip, err := v.Clip(t.Context(), "en", "x")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * maxClips {
		v.keep(keyOf("en", fmt.Sprint(i)), clip)
	}
	if len(v.clips) > maxClips || len(v.order) > maxClips {
		t.Errorf("%d clips, %d in order", len(v.clips), len(v.order))
	}
}

func TestACommandThatFailsIsAnErrorWithoutTheText(t *testing.T) {
	for how, want := range map[string]error{"badly": nil, "nothing": nil, "endlessly": errOutput} {
		v, _ := voiceOf(t, how)
		_, err := v.Clip(t.Context(), "en", "my secret")
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", how, err, want)
			continue
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error tells the text: %v", how, err)
		}
	}
	v := New(Config{Command: []string{"/no/such/command"}, Timeout: time.Minute})
	if _, err := v.Clip(t.Context(), "en", "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestACommandThatNeverEndsIsKilledWithWhatItStarted(t *testing.T) {
	v, _ := voiceOf(t, "never")
	v.config.Timeout = 200 * time.Millisecond
	if _, err := v.Clip(t.Context(), "en", "x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if len(v.running) != 0 || len(v.making) != 0 {
		t.Errorf("%d run, %d are made", len(v.running), len(v.making))
	}
}

func TestACallerWhoHangsUpTakesTheTextFromNobodyElse(t *testing.T) {
	v, _ := voiceOf(t, "well")
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	k := keyOf("en", "x")
	_, m, ours := v.begin(k)
	if !ours {
		t.Fatal("somebody else makes it")
	}
	got := make(chan error, 1)
	go func() {
		_, err := v.Clip(t.Context(), "en", "x")
		got <- err
	}()
	v.make(gone, k, m, "en", "x")
	if !errors.Is(m.err, context.Canceled) {
		t.Errorf("who hung up gets %v", m.err)
	}
	if err := <-got; err != nil {
		t.Errorf("who waited gets %v", err)
	}
}

func TestTextsOutOfBoundsAreRefused(t *testing.T) {
	v, _ := voiceOf(t, "well")
	for _, text := range []string{"", " \n\x00", "\xff", strings.Repeat("x", MaxText+1)} {
		if _, err := v.Clip(t.Context(), "en", text); !errors.Is(err, ErrText) {
			t.Errorf("%.10q: error %v", text, err)
		}
	}
}

func TestAConfigurationThatCannotWorkIsRefused(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	for _, c := range []Config{{Timeout: time.Second}, {Command: []string{""}, Timeout: time.Second}, {Command: []string{"x"}}, {Command: []string{"x"}, Timeout: time.Hour}} {
		if c.Validate() == nil {
			t.Errorf("%v is taken", c)
		}
	}
	if err := (Config{Command: []string{"no-such-command"}}).Ready(); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}

func FuzzPlainTextHasNoControls(f *testing.F) {
	for _, seed := range []string{"Hello.", " a\r\nb\x00c ", "\u2028x", "\xff", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := plain(text)
		if err == nil && (got == "" || len(got) > MaxText || bytes.ContainsAny([]byte(got), "\x00\n\r\x1b\x7f")) {
			t.Errorf("%q of %q", got, text)
		}
	})
}
