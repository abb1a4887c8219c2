package actions_test

import (
	"os"
	"path/filepath"
	"testing"

	"assent/flowexec/flowtest"
)

func TestPlayAudioOnlyQueues(t *testing.T) {
	did(t, "    - play_audio: { name: A, prompt: a }\n    - play_audio: { name: B, tone: { hz: 440, length: 1s } }\n",
		&flowtest.Fake{}, "play a | play 440 Hz | heard a | heard 440 Hz")
}

func TestPlayAudioPlaysAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.wav")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	did(t, "    - play_audio: { name: A, file: "+file+" }\n", &flowtest.Fake{}, "play "+file+" | heard "+file)
}

func TestPlayAudioOfAPromptByVariable(t *testing.T) {
	did(t, `    - play_audio: { name: A, prompt: "for_${call.to}" }`+"\n",
		&flowtest.Fake{Known: map[string]string{"call.to": "4711"}}, "play for_4711 | heard for_4711")
}

func TestPlayAudioRefusesAVariableThatLeavesTheFolder(t *testing.T) {
	for _, hostile := range []string{"../../etc/passwd", "a/b", "", "..", `a\b`, "a\x00b"} {
		caller := &flowtest.Fake{Known: map[string]string{"call.from": hostile}}
		if err := run(t, `    - play_audio: { name: A, prompt: "${call.from}" }`+"\n", caller); err == nil {
			t.Errorf("%q was played", hostile)
		}
	}
}

func TestBargeInIsOnUnlessThePromptIsANoticeOrSaysOtherwise(t *testing.T) {
	did(t, `    - play_audio: { name: A, prompt: a, barge_in: false }
    - play_audio: { name: B, prompt: b, notice: true }
    - play_audio: { name: C, prompt: c }
    - play_audio: { name: D, prompt: d }
`, &flowtest.Fake{While: map[string][]string{"a": {"1"}, "b": {"2"}, "c": {"3"}}},
		"play a | play b | play c | play d | heard a | heard b | cut c | skipped d")
}

func TestFlushAudioDrains(t *testing.T) {
	did(t, "    - play_audio: { name: A, prompt: a }\n    - flush_audio: { name: F }\n    - play_audio: { name: B, prompt: b }\n",
		&flowtest.Fake{}, "play a | heard a | drain | play b | heard b")
}

func TestHoldMusicDrainsOnEntryAndExit(t *testing.T) {
	did(t, "    - play_audio: { name: A, prompt: a }\n    - hold_music: { name: M, prompt: calm, length: 30s }\n    - play_audio: { name: B, prompt: b }\n",
		&flowtest.Fake{}, "play a | heard a | drain | music calm 30s | drain | play b | heard b")
}

func TestDetectSilenceDrainsAndBranches(t *testing.T) {
	const flow = `    - play_audio: { name: A, prompt: a }
    - detect_silence: { name: S, silence: 2s, timeout: 20s, outcomes: { silence: one, timeout: two } }
`
	did(t, flow, &flowtest.Fake{Hear: []bool{true}}, "play a | heard a | drain | silence 2s 20s | play one | heard one")
	did(t, flow, &flowtest.Fake{}, "play a | heard a | drain | silence 2s 20s | play two | heard two")
}

func TestDisconnectDrainsAndEndsTheFlow(t *testing.T) {
	caller := &flowtest.Fake{}
	did(t, "    - play_audio: { name: A, prompt: a }\n    - disconnect: { name: D }\n    - play_audio: { name: B, prompt: b }\n",
		caller, "play a | heard a")
	if !caller.Ended {
		t.Error("the call goes on")
	}
}

func TestSetLanguageRefusesAVariableThatIsNone(t *testing.T) {
	for _, hostile := range []string{"", "..", "../de", "de/../..", "d", "de AT"} {
		caller := &flowtest.Fake{Known: map[string]string{"call.from": hostile}}
		if err := run(t, `    - set_language: { name: L, language: "${call.from}" }`+"\n", caller); err == nil {
			t.Errorf("%q became the language", hostile)
		}
	}
	did(t, "    - set_language: { name: L, language: de-AT }\n", &flowtest.Fake{}, "language de-AT")
}

func TestPlayAudioSpeaksATextWithVariables(t *testing.T) {
	did(t, `    - play_audio: { name: A, text: "Call from ${call.from}; $${x}" }`+"\n",
		&flowtest.Fake{Known: map[string]string{"call.from": "+49; `reboot`"}}, "play \"Call from +49; `reboot`; ${x}\" | heard \"Call from +49; `reboot`; ${x}\"")
}
