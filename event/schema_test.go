package event

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// check returns why a document does not follow a schema.
func check(t *testing.T, schema, document []byte) error {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Validate(value)
}

// validate fails the test if v's JSON does not follow the schema.
func validate(t *testing.T, schema []byte, v any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := check(t, schema, b); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
}

func TestEveryEventFollowsItsSchema(t *testing.T) {
	full := Event{
		Queue: "support", Station: "agent-1", Leg: "agent", Flow: "consent", Action: "Ask for consent", Reason: "bye",
		By: ByFlow, Detail: "resumed", SIP: 486, Q850: 17,
		Consent:   &Consent{State: "granted", Method: "rfc4733", Key: "1", Prompt: "q", PromptSHA256: sum, Language: "en", Ledger: entry(0)},
		Recording: &Recording{ID: recordingID, Decision: "record", Reason: "allowed", Result: ResultOK, File: "x.wav", SHA256: sum, DurationMS: 1},
		Quality:   &Quality{Caller: &LegQuality{Packets: 1}, Agent: &LegQuality{}},
		Stir:      &Stir{Verdict: "passed", Attestation: "A", Reason: "pending", Signer: "1234", OrigID: "id"},
	}
	for _, name := range Types() {
		full.Type = name
		validate(t, Schema, story(full)[0])
		validate(t, Schema, story(Event{Type: name})[0])
	}
	validate(t, Schema, Event{Type: ConfigReloaded, Time: began})
	validate(t, Schema, Event{Type: TrunkUp, Time: began, Trunk: "carrier-a"})
}

func TestSchemasRefuseWhatTheyDoNotKnow(t *testing.T) {
	cdr, err := json.Marshal(Fold(story(started, answered, bye)))
	if err != nil {
		t.Fatal(err)
	}
	e, err := json.Marshal(story(started)[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		schema   []byte
		document string
	}{
		"a key of its own":          {CDRSchema, strings.Replace(string(cdr), `"id"`, `"caller":1,"id"`, 1)},
		"a missing key":             {CDRSchema, strings.Replace(string(cdr), `"to":"+4980012345",`, "", 1)},
		"time without millis":       {CDRSchema, strings.Replace(string(cdr), `.891Z`, "Z", 1)},
		"an unknown result":         {CDRSchema, strings.Replace(string(cdr), `"result":"none"`, `"result":"fine"`, 1)},
		"a file without a result":   {CDRSchema, strings.Replace(string(cdr), `"file":""`, `"file":"x.wav"`, 1)},
		"kept but not allowed":      {CDRSchema, strings.Replace(string(cdr), `"result":"none"`, `"result":"ok"`, 1)},
		"an end that never came":    {CDRSchema, strings.Replace(string(cdr), `"ended_at":"2026-03-04T04:06:09.891Z"`, `"ended_at":null`, 1)},
		"an event of no name":       {Schema, strings.Replace(string(e), `call.started`, `call.dreamed`, 1)},
		"a call event with no call": {Schema, strings.Replace(string(e), `"call":"`+callID+`",`, "", 1)},
	} {
		if tt.document == string(cdr) || tt.document == string(e) {
			t.Errorf("%s: nothing was replaced in %s", name, tt.document)
		}
		if check(t, tt.schema, []byte(tt.document)) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestTimesAreUTCWithMilliseconds(t *testing.T) {
	want := "2026-03-04T04:06:07.891Z"
	if got := FormatTime(began); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := FormatTime(time.Time{}); got != "" {
		t.Errorf("the zero time is %q", got)
	}
	b, err := json.Marshal(CDR{StartedAt: began, EndedAt: began})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"started_at":"` + want + `"`, `"answered_at":null`, `"ended_at":"` + want + `"`} {
		if !strings.Contains(string(b), part) {
			t.Errorf("no %s in %s", part, b)
		}
	}
}

func TestRecordsAndEventsReadBackAsTheyWere(t *testing.T) {
	exact := began.Truncate(time.Millisecond).UTC()
	cdr := Fold(story(started, answered, granted, recorded, sealed, Event{Type: CallEnded, Quality: &Quality{Caller: &LegQuality{Packets: 3, JitterMS: 1.5}}}))
	cdr.StartedAt, cdr.AnsweredAt, cdr.EndedAt = exact, time.Time{}, exact
	reread(t, cdr, &CDR{})
	e := sealed
	e.Time = exact
	reread(t, e, &Event{})
}

// reread marshals v, reads it into target, a pointer to v's type, and compares.
func reread(t *testing.T, v, target any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, target); err != nil {
		t.Fatal(err)
	}
	if got := reflect.ValueOf(target).Elem().Interface(); !reflect.DeepEqual(got, v) {
		t.Errorf("%+v, want %+v", got, v)
	}
}

func TestEventSchemaNamesTheSameEventsAsTheCode(t *testing.T) {
	var schema struct {
		Properties struct {
			Type struct {
				Enum []Type `json:"enum"`
			} `json:"type"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(Schema, &schema); err != nil {
		t.Fatal(err)
	}
	if got := schema.Properties.Type.Enum; !reflect.DeepEqual(got, Types()) {
		t.Errorf("schema has %v", got)
	}
}
