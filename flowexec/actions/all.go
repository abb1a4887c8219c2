package actions

import "assent/flowexec"

// All returns every verb of the language. The HTTP client of data_lookup belongs
// to the list: build it once and compile all flows with it.
func All() []flowexec.Action {
	return []flowexec.Action{
		playAudio,
		flushAudio,
		collectInput,
		menu,
		setLanguage,
		dataLookup(newLookupClient()),
		set,
		switchAction,
		gotoAction,
		holdMusic,
		detectSilence,
		enableParticipantRecording,
		transferToQueue,
		transferToNumber,
		transferToStation,
		disconnect,
		callBot,
	}
}
