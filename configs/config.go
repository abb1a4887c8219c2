package configs

import (
	"assent/audit"
	"assent/call"
	"assent/consent"
	"assent/gateway"
	"assent/media"
	"assent/queue"
	"assent/recorder"
	"assent/registrar"
	"assent/retention"
	"assent/route"
	"assent/sip"
	"assent/source"
	"assent/speech"
	"assent/stir"
	"assent/toll"
	"assent/trunk"
)

// Config is the whole configuration, section by section.
type Config struct {
	SIP       sip.Config              `yaml:"sip"`
	Registrar registrar.Config        `yaml:"registrar"`
	Media     media.Config            `yaml:"media"`
	Trunks    map[string]trunk.Config `yaml:"trunks"`
	// STIR says whose word on callers' numbers is believed, and how ours is given.
	STIR     stir.Config                    `yaml:"stir"`
	Stations map[string]queue.StationConfig `yaml:"stations"`
	Queues   map[string]queue.Config        `yaml:"queues"`
	// Routes are the number plan of calls that leave: by name, from called numbers to a trunk, a station or a queue.
	Routes     map[string]route.Config `yaml:"routes"`
	Recordings recorder.Config         `yaml:"recordings"`
	// Retention are the rules of how long recordings are kept; the longest that fits wins.
	Retention retention.Rules `yaml:"retention"`
	Consent   consent.Config  `yaml:"consent"`
	Control   call.Control    `yaml:"control"`
	Audit     audit.Config    `yaml:"audit"`
	CDR       CDR             `yaml:"cdr"`
	// Store is the URL of the SQL store: "sqlite:PATH".
	Store string `yaml:"store"`
	// Flows is the folder of the flows.
	Flows string `yaml:"flows"`
	// Prompts is the folder of the prompts.
	Prompts string `yaml:"prompts"`
	// Language is the language that calls begin with.
	Language string `yaml:"language"`
	// TTS says how texts are spoken.
	TTS speech.Config `yaml:"tts"`
	API API           `yaml:"api"`
	Log Log           `yaml:"log"`
}

// CDR says where call detail records go, beside the store.
type CDR struct {
	// File gets one JSON line per call.
	File string `yaml:"file"`
}

// API is the HTTP interface.
type API struct {
	// Listen is an IP address and a port.
	Listen string `yaml:"listen"`
	// Tokens are the bearer tokens that may ask for anything but health, each as
	// TOKEN or NAME:TOKEN; the audit log tells the name.
	Tokens []string `yaml:"tokens"`
}

// Log says how much is logged to standard error, and how.
type Log struct {
	// Level is debug, info, warn or error.
	Level string `yaml:"level"`
	// Format is json or console.
	Format string `yaml:"format"`
}

// Default returns the configuration of an empty file.
func Default() Config {
	return Config{
		SIP:        sip.Default(),
		Registrar:  registrar.Default(),
		Media:      media.Default(),
		STIR:       stir.Default(),
		Trunks:     map[string]trunk.Config{},
		Stations:   map[string]queue.StationConfig{},
		Queues:     map[string]queue.Config{},
		Routes:     map[string]route.Config{},
		Recordings: recorder.Default(),
		Consent:    consent.Default(),
		Control:    call.DefaultControl(),
		Audit:      audit.Default(),
		CDR:        CDR{File: "./data/cdr.jsonl"},
		Store:      "sqlite:./data/assent.db",
		Flows:      "./flows",
		Prompts:    "./prompts",
		Language:   "en",
		TTS:        speech.Default(),
		API:        API{Listen: "127.0.0.1:8088", Tokens: []string{}},
		Log:        Log{Level: "info", Format: "json"},
	}
}

// entryDefaults makes every entry of a map start from its own defaults.
func entryDefaults() []source.Option {
	return []source.Option{
		source.Default(trunk.DefaultConfig),
		source.Default(gateway.DefaultConfig),
		source.Default(route.DefaultConfig),
		source.Default(toll.DefaultBudget),
		source.Default(queue.DefaultConfig),
		source.Default(queue.DefaultStationConfig),
	}
}
