package configs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assent/media/codec"
	"assent/source"
)

func TestEveryMistakeIsShownWithItsPlaceAndWhatWouldBeRight(t *testing.T) {
	for text, want := range map[string]string{
		"sip: {lisen: []}":                                         "assent.yaml:1:7: unknown key lisen in sip; did you mean listen?\n  sip: {lisen: []}\n        ^",
		"trnks: {}":                                                "assent.yaml:1:1: unknown key trnks; did you mean trunks?",
		"sip: {listen: [], listen: []}":                            "assent.yaml:1:19: the key listen stands here twice",
		"sip: {listen: []}":                                        "assent.yaml:1:15: no listener",
		"sip: {listen: [\"udp://0.0.0.0\"]}":                       "assent.yaml:1:16: ",
		"sip: {listen: [\"ws://0.0.0.0:1\"]}":                      "assent.yaml:1:16: ",
		"sip: {listen: [\"tls://0.0.0.0:5061\"]}":                  "assent.yaml:1:16: tls needs a certificate; give sip.tls.certificate and sip.tls.key, PEM files",
		"sip: {tls: {certificate: nowhere.pem, key: nowhere.key}}": "assent.yaml:1:12: certificate nowhere.pem with key nowhere.key: open nowhere.pem: no such file or directory",
		"sip: {tls: {certificate: own.pem}}":                       "assent.yaml:1:12: a certificate and its key are needed; give sip.tls.certificate and sip.tls.key, PEM files",
		`trunks: {a: {sources: ["certificate:sbc.carrier.example"], numbers: ["*"], flow: consent}}`: "a certificate is shown over TLS only, and nothing listens on it",
		`trunks: {a: {sources: ["certificate:"], numbers: ["*"], flow: consent}}`:                    "names no certificate; write certificate: and a host name",
		"sip: {listen: [\"udp://0.0.0.0:20001\"]}":                                                   "assent.yaml:1:16: the port lies within media.ports",
		"sip: {listen: [\"udp://0.0.0.0:70000\"]}":                                                   "assent.yaml:1:16: ",
		"sip: {dscp: 64}":                       "dscp can't be 64; use 0 to 63",
		"sip: {public_address: 0.0.0.0}":        "is no address",
		"sip: {public_address: \"10.0.0.300\"}": "is no address",
		"media: {address: here}":                "assent.yaml:1:18: \"here\" is no IP address",
		"media: {public_address: 0.0.0.0}":      "no IP address that media can be sent to",
		"media: {ports: 20000}":                 "is no range of ports; write FIRST-LAST",
		"media: {ports: 30000-20000}":           "is no range of ports that can be used",
		"media: {ports: 80-90}":                 "is no range of ports that can be used",
		"media: {ports: 20000-70000}":           "is no range of ports that can be used",
		"media: {codecs: []}":                   "no codec",
		"media: {codecs: [PCMX]}":               "there is no codec PCMX; did you mean PCMA?",
		"media: {codecs: [PCMA, PCMA]}":         "PCMA stands here twice",
		"media: {codecs: [g722]}":               "there is no codec g722; did you mean G722?",
		"media: {jitter: {max: 1s}}":            "max can't be 1s; use 20ms to 300ms",
		"media: {codecs: [CN]}":                 "no codec",
		"recordings: {gaps: music}":             "gaps can't be \"music\"; use silence or tone or omit",
		"recordings: {format: mp3}":             "format can't be \"mp3\"; use wav",
		"recordings: {dir: \"\"}":               "recordings.dir is missing",
		"recordings: {min_length: 5}":           "min_length: 5 has no unit",
		"store: postgres://u@h/db":              "needs PostgreSQL, which this version does not have",
		"store: mysql://h":                      "no URL of a database that is known; write sqlite:PATH",
		"store: \"sqlite:\"":                    "no URL of a database that is known",
		"consent: {valid_for: 0s}":              "valid_for can't be 0s",
		"consent: {guard: 1d}":                  "guard can't be 1d; use 20ms to 10s",
		"consent: {guard: 0s}":                  "guard can't be 0s",
		"language: English":                     "is no language; write a tag such as en",
		"api: {listen: \"0.0.0.0:8088\"}":       "assent.yaml:1:15: without a token only loopback may ask",
		"api: {listen: \"8088\"}":               "is no address to listen on",
		"api: {tokens: [\"\"]}":                 "a token can't be empty",
		"api: {tokens: [secret]}":               "warning: the token is short",
		"log: {level: warning}":                 "level can't be \"warning\"; did you mean warn?",
		"log: {format: xml}":                    "use json or console",
		"log: debug":                            "log must be a map of keys, not debug; its keys are level, format",
		"trunks: {\"a b\": {}}":                 "\"a b\" is no name for an entry of trunks",
		"trunks: {a: {}}":                       "no call can come or go by this trunk",
		"trunks: {a: {sources: [10.0.0.0/99], flow: consent, numbers: [\"*\"]}}":        "assent.yaml:1:24: source \"10.0.0.0/99\" is not an IP address or a network",
		"trunks: {a: {sources: [\"10.0.0.1:99999\"], flow: consent, numbers: [\"*\"]}}": "is not a port from 1 to 65535",
		"trunks: {a: {sources: [10.0.0.1, 10.0.0.1], flow: consent, numbers: [\"*\"]}}": "10.0.0.1 stands here twice",
		"trunks: {a: {sources: [192.0.2.0/24], flow: consent, numbers: [\"*\"]}}":       "warning: 192.0.2.0/24 is an address for documentation",
		"trunks: {a: {sources: [10.0.0.1], flow: consent}}":                             "warning: the trunk serves no number",
		"trunks: {a: {sources: [10.0.0.1], flow: consent, numbers: [\"1*2\"]}}":         "\"1*2\" is no called number",
		"trunks: {a: {sources: [10.0.0.1], numbers: [\"*\"]}}":                          "the trunk has no flow",
		"trunks: {a: {sources: [10.0.0.1], numbers: [\"*\"], flow: concent}}":           "there is no concent in flows; did you mean consent?",
		"trunks: {a: {gateways: [\"10.0.0.1\"]}}":                                       "is no SIP address; write \"sip:NAME@HOST:PORT\"",
		"trunks: {a: {gateways: [\"sips:10.0.0.1\"]}}":                                  "calls by TLS need a listener on TLS to leave by",
		"trunks: {a: {gateways: [\"sip:10.0.0.1;transport=sctp\"]}}":                    "\"sctp\" is no transport",
		oneTrunk + "    answer: never":                                                  "assent.yaml:6:13: answer can't be \"never\"; use immediate or on_agent",
		oneTrunk + "    srtp: sdes":                                                     "srtp can't be \"sdes\"; use off or optional or required",
		oneTrunk + "    srtp: required":                                                 "warning: the keys of SRTP may be sent in signalling that is not encrypted",
		oneTrunk + "    refer: all":                                                     "refer can't be \"all\"; use off or known or any",
		oneTrunk + "    redirect: true":                                                 "redirect",
		oneTrunk + "    prack: yes":                                                     "prack can't be \"yes\"; use off or supported or required",
		oneTrunk + "    session_timer: {min: 10s}":                                      "min can't be 10s; use 1m30s to 1d",
		oneTrunk + "    session_timer: {expires: 1m}":                                   "expires can't be 1m; use 1m30s, which is min, to 1d, or 0 for no session timer",
		"stations: {s: {address: \"sip:a@10.0.0.1\", prack: 1}}":                        "prack",
		"stations: {s: {address: \"sip:a@10.0.0.1\", srtp: on}}":                        "srtp can't be",
		oneTrunk + "    dtmf: rfc2833":                                                  "did you mean rfc4733?",
		oneTrunk + "    rtp_source: any":                                                "use sdp or learn",
		oneTrunk + "    rtp_timeout: 30":                                                "rtp_timeout: 30 has no unit; write a length of time",
		oneTrunk + "    limits: {calls: many}":                                          "calls must be a whole number, not many",
		oneTrunk + "    limits: {per_second: -1}":                                       "per_second can't be -1",
		oneTrunk + "    recording: {enabled: yes}":                                      "enabled must be true or false, not yes",
		oneTrunk + "    recording: {consent: maybe}":                                    "use required or not_required",
		oneTrunk + "    recording: {suppress: [ivr, quee_wait]}":                        "assent.yaml:6:33: there is no quee_wait in phases; did you mean queue_wait?",
		oneTrunk + "    recording: {suppress: ivr}":                                     "suppress must be a list",
		oneTrunk + "    recording: {station_consent: always}":                           "use inbound_only or everywhere",
		oneTrunk + "    recording: {on_withdrawal: delete}":                             "use keep or truncate or erase",
		oneTrunk + "    recording: {format: flac}":                                      "use wav or g711 or opus",
		oneTrunk + "    recording: {format: g711, dual_channel: false}":                 "assent.yaml:6:25: g711 keeps what came, byte for byte, and a mix of two parties is not what came; use wav, or dual_channel: true",
		oneTrunk + "    recording: {beep: {length: 2s, every: 2s}}":                     "a beep would begin before the one before it is over",
		oneTrunk + "    recording: {beep: {hz: 20}}":                                    "hz can't be 20; use 100 to 3400",
		"stations: {s: {}}":                                                             "stations.s.address is missing",
		"stations: {s: {address: \"agent@10.0.0.1\"}}":                                  "is no SIP address",
		"stations: {s: {address: \"sip:a@10.0.0.1:0\"}}":                                "0 is no port",
		"stations: {s: {address: \"sip:a@198.51.100.7\"}}":                              "warning: 198.51.100.7 is an address for documentation",
		"stations: {s: {address: \"sip:a@10.0.0.1\", calls: 0}}":                        "calls can't be 0",
		"stations: {s: {address: \"sip:a@10.0.0.1\", ring: 0s}}":                        "ring can't be 0s",
		"queues: {q: {}}":                                                                                 "the queue has no station",
		"queues: {q: {stations: [agnt]}}":                                                                 "there is no agnt in stations; there are no stations",
		oneStation + "queues: {q: {stations: [agnet-1]}}":                                                 "assent.yaml:2:25: there is no agnet-1 in stations; did you mean agent-1?",
		oneStation + "queues: {q: {stations: [agent-1, agent-1]}}":                                        "agent-1 stands here twice",
		oneStation + "queues: {q: {stations: [agent-1], strategy: ring}}":                                 "strategy can't be \"ring\"",
		oneStation + "queues: {q: {stations: [agent-1], whisper: clam}}":                                  "there is no clam in prompts of",
		oneStation + "queues: {q: {stations: [agent-1], music: clam}}":                                    "there is no clam in prompts of",
		oneStation + "queues: {q: {stations: [agent-1], max_wait: -5m}}":                                  "can't be negative",
		oneStation + "queues: {q: {stations: [agent-1], recording: {suppress: [x]}}}":                     "there is no x in phases",
		oneStation + "queues: {q: {stations: [agent-1], recording: {dual_channel: false, format: g711}}}": "a mix of two parties is not what came",
		oneStation + "queues: {q: {stations: [agent-1], recording: {dual_channel: no}}}":                  "dual_channel must be true or false, not no",
	} {
		found := strings.Join(problems(t, text), "\n")
		if !strings.Contains(found, want) {
			t.Errorf("%s\ngives\n%s\nwant\n%s", text, found, want)
		}
	}
}

const oneStation = "stations: {agent-1: {address: \"sip:agent-1@10.0.0.9:5060;transport=tcp\"}}\n"

func TestAllMistakesComeAtOnceInTheOrderOfTheFile(t *testing.T) {
	found := problems(t, "sip: {dscp: 99}\nmedia: {ports: x}\nstore: y\nlog: {levle: z, format: w}\n", "ASSENT_NOTHING=1")
	var places []string
	for _, problem := range found {
		at, _, _ := strings.Cut(problem, ": ")
		places = append(places, at)
	}
	if got := strings.Join(places, " "); got != "assent.yaml:1:13 assent.yaml:2:16 assent.yaml:3:8 assent.yaml:4:7 assent.yaml:4:25 environment ASSENT_NOTHING" {
		t.Errorf("the problems stand at %s\n%s", got, strings.Join(found, "\n"))
	}
}

func TestAValueThatCannotBeReadIsReportedOnce(t *testing.T) {
	if found := problems(t, "stations: {s: {address: [x], calls: many}}"); len(found) != 2 {
		t.Errorf("%d problems:\n%s", len(found), strings.Join(found, "\n"))
	}
}

func TestTrunksThatTieAreAnErrorThatNamesBoth(t *testing.T) {
	tie := oneTrunk + "  b:\n    sources: [10.0.0.1]\n    numbers: [\"*\"]\n    flow: consent\n"
	found := problems(t, tie)
	if len(found) != 1 || !strings.HasPrefix(found[0], "assent.yaml:6:3: trunks a and b tie: ") || !strings.HasSuffix(found[0], "\n    b:\n    ^") {
		t.Errorf("a tie gives\n%s", strings.Join(found, "\n"))
	}
	if found := problems(t, strings.Replace(tie, "numbers: [\"*\"]\n    flow: consent\n  b:", "numbers: [\"+49*\"]\n    flow: consent\n  b:", 1)); found != nil {
		t.Errorf("trunks that share a source give\n%s", strings.Join(found, "\n"))
	}
}

func TestPathsThatWouldDamageEachOtherAreErrors(t *testing.T) {
	for text, want := range map[string]string{
		"cdr: {file: ./data/ledger/ledger.jsonl}":                       "assent.yaml:1:13: cdr.file lies in consent.ledger; give cdr.file a place of its own, such as ./data/cdr.jsonl\n  cdr: {file: ./data/ledger/ledger.jsonl}\n              ^",
		"cdr: {file: ./data/assent.db}":                                 "assent.yaml:1:13: cdr.file and store are the same",
		"cdr: {file: ./data/assent.db-wal}":                             "assent.yaml:1:13: cdr.file and store are the same",
		"cdr: {file: assent.yaml}":                                      "assent.yaml:1:13: cdr.file and the configuration are the same",
		"cdr: {file: ./flows/cdr.yaml}":                                 "assent.yaml:1:13: what cdr.file names would be read as a flow",
		"recordings: {dir: ./data/ledger}":                              "assent.yaml:1:19: recordings.dir and consent.ledger are the same; give recordings.dir a place of its own, such as ./data/recordings",
		"recordings: {dir: ./data/x/../ledger/}":                        "assent.yaml:1:19: recordings.dir and consent.ledger are the same",
		"recordings: {dir: ./data/ledger/recordings}":                   "assent.yaml:1:19: recordings.dir lies in consent.ledger",
		"recordings: {dir: ./data/cdr.jsonl}":                           "assent.yaml:1:19: recordings.dir and cdr.file are the same; give recordings.dir a place of its own",
		"recordings: {dir: ./prompts/en}":                               "assent.yaml:1:19: what recordings.dir names would be read as a prompt",
		"prompts: ./data":                                               "assent.yaml:1:10: what recordings.dir names would be read as a prompt; give prompts a place of its own, such as ./prompts",
		"flows: ./data/ledger":                                          "assent.yaml:1:8: flows and consent.ledger are the same",
		"store: sqlite:./data/ledger/assent.db":                         "assent.yaml:1:8: store lies in consent.ledger; give store a place of its own, such as sqlite:./data/assent.db",
		"consent: {ledger: ./mine}\nrecordings: {dir: ./mine/../mine/}": "assent.yaml:2:19: recordings.dir and consent.ledger are the same",
	} {
		found := problems(t, text)
		if len(found) != 1 || !strings.HasPrefix(found[0], want) {
			t.Errorf("%s\ngives\n%s\nwant\n%s", text, strings.Join(found, "\n"), want)
		}
	}
}

func TestPathsSideBySideAreFine(t *testing.T) {
	for _, text := range []string{
		"recordings: {dir: recordings}\nconsent: {ledger: ledger}\ncdr: {file: cdr.jsonl}\nstore: sqlite:assent.db",
		"flows: .\nprompts: .",
		"flows: prompts",
		"recordings: {dir: ./data/ledger-recordings}",
		"store: mysql:./data/cdr.jsonl\ncdr: {file: \"\"}",
	} {
		for _, problem := range problems(t, text) {
			if strings.Contains(problem, "place of its own") {
				t.Errorf("%s\ngives\n%s", text, problem)
			}
		}
	}
}

func TestALinkHidesNoPath(t *testing.T) {
	path := folder(t, "cdr: {file: ./elsewhere/cdr.jsonl}\n")
	dir := filepath.Dir(path)
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, "data/ledger"), 0o700), os.Symlink("data/ledger", filepath.Join(dir, "elsewhere"))); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, nil); err == nil || !strings.Contains(err.Error(), "assent.yaml:1:13: cdr.file lies in consent.ledger") {
		t.Errorf("got %v", err)
	}
}

func TestOpusIsRefusedWhereTheBuildHasNone(t *testing.T) {
	for _, text := range []string{
		"recordings: {format: opus}", oneTrunk + "    recording: {format: opus}",
		oneStation + "queues: {q: {stations: [agent-1], recording: {format: opus}}}",
	} {
		found := strings.Join(problems(t, text), "\n")
		if codec.HasOpus != !strings.Contains(found, codec.ErrNoOpus.Error()+"; use wav") {
			t.Errorf("Opus: %t, %s gives %q", codec.HasOpus, text, found)
		}
	}
}

func TestAStationThatRecordsWhoWasNotAskedIsAWarning(t *testing.T) {
	station := "stations: {s: {address: \"sip:s@10.0.0.1\", recording: {enabled: true}}}\n"
	for rule, warned := range map[string]bool{"": true, "station_consent: everywhere": false, "consent: not_required": false} {
		found := problems(t, oneTrunk+"    recording: {"+rule+"}\n"+station)
		if got := len(found) == 1 && strings.Contains(found[0], "warning: trunk a requires consent, but s records outbound calls"); got != warned {
			t.Errorf("{%s}: %s", rule, strings.Join(found, "\n"))
		}
	}
}

func TestBrokenFlowsAreReportedWithTheConfiguration(t *testing.T) {
	path := folder(t, oneTrunk)
	dir := strings.TrimSuffix(path, "assent.yaml")
	write(t, dir+"flows/zwei.yaml", "flow: consent\n")
	write(t, dir+"flows/drei.yml", "flow: [\n")
	write(t, dir+"flows/README.md", "not a flow")
	_, err := Load(path, nil)
	if err == nil || !strings.Contains(err.Error(), "drei.yml:1:7: this is not YAML") || !strings.Contains(err.Error(), "zwei.yaml:1:7: the flow consent stands in") {
		t.Errorf("got %v", err)
	}
	path = folder(t, oneTrunk+"flows: nowhere\n")
	if _, err := Load(path, nil); err == nil || !strings.Contains(err.Error(), "assent.yaml:6:8: the folder") {
		t.Errorf("got %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	for _, text := range []string{
		Init(), oneTrunk, oneStation, "", "sip: 1", "trunks: {a: &a {sources: [10.0.0.1]}, b: *a}", "api: {tokens: [\"${env:X}\"]}", "queues: {q: ~}", "? a\n", "stations: {s: {register: {}}}",
	} {
		f.Add(text, "ASSENT_LOG__LEVEL=debug")
	}
	f.Add(oneTrunk, "ASSENT_TRUNKS={a: {b: 1}}")
	f.Add(oneTrunk, "ASSENT_TRUNKS__A__LIMITS__CALLS=[")
	path := folder(f, "")
	f.Fuzz(func(t *testing.T, text, env string) {
		write(t, path, text)
		s, err := Load(path, []string{env, "X=0123456789abcdef"})
		if err == nil && s == nil {
			t.Fatal("neither a configuration nor an error")
		}
		for _, p := range source.All(err) {
			if p.Message == "" || p.Warning {
				t.Fatalf("%+v", p)
			}
		}
	})
}
