package audit

// Config is the section audit of the configuration.
type Config struct {
	// Dir is the folder of the audit log.
	Dir string `yaml:"dir"`
}

// Default returns the configuration that holds where nothing is given.
func Default() Config { return Config{Dir: "./data/audit"} }
