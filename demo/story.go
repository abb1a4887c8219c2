package demo

// The tones that the telephones say beside their speech, in Hz: what each may be
// heard in is the whole proof.
const (
	toneBefore = 700  // the caller, until the key
	toneAfter  = 1100 // the caller, from the key on
	toneAgent  = 1900 // the agent
	toneGainDB = -16
)

// story is one call of the demonstration, and what must come of it.
type story struct {
	name   string
	number string // called
	from   string // calling
	key    string // pressed after the question; "" is silence
	known  bool   // no question is asked

	consent string // the CDR's consent.state
	reason  string // the CDR's recording.reason
	result  string // the CDR's recording.result
}

// stories are placed side by side; later ones build on what these left.
var stories = []story{
	{name: "says yes", number: "+4930100001", from: "+493055501", key: "1", consent: "granted", reason: "allowed", result: "ok"},
	{name: "says no", number: "+4930100002", from: "+493055502", key: "2", consent: "declined", reason: "consent_missing", result: "none"},
	{name: "says nothing", number: "+4930100003", from: "+493055503", consent: "no_input", reason: "consent_missing", result: "none"},
	{name: "yes, but the queue forbids it", number: "+4930200001", from: "+493055504", key: "1", consent: "granted", reason: "queue_disabled", result: "none"},
	{name: "yes, but the trunk forbids it", number: "+4930300001", from: "+493055505", key: "1", consent: "granted", reason: "trunk_disabled", result: "none"},
}

var laterStories = []story{
	{name: "known from the consent store", number: "+4930100004", from: "+493055501", known: true, consent: "on_file", reason: "allowed", result: "ok"},
}
