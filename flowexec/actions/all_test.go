package actions_test

import (
	"slices"
	"testing"

	"assent/flowexec/actions"
)

func TestEveryVerbOfTheLanguageIsListedOnce(t *testing.T) {
	want := []string{
		"call_bot", "collect_input", "data_lookup", "detect_silence", "disconnect", "enable_participant_recording",
		"flush_audio", "goto", "hold_music", "menu", "play_audio", "set", "set_language", "switch",
		"transfer_to_number", "transfer_to_queue", "transfer_to_station",
	}
	var got []string
	for _, a := range actions.All() {
		got = append(got, a.Verb)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("verbs %v, want %v", got, want)
	}
}
