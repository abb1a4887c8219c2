package route

// Config is one entry of `routes`.
type Config struct {
	// Numbers are called numbers, as the plan has them: exact, the beginning of one and "*", or "*" for all.
	Numbers []string `yaml:"numbers"`
	// Stations may use the route; none: all that may call out.
	Stations []string `yaml:"stations"`
	// Trunk, Station or Queue is where it leads: exactly one of them.
	Trunk   string `yaml:"trunk"`
	Station string `yaml:"station"`
	Queue   string `yaml:"queue"`
	// Priority says which of several routes of the same numbers is tried first: the lowest.
	Priority int `yaml:"priority"`
	// Weight is the share of the calls among routes of one priority.
	Weight int `yaml:"weight"`
	// Emergency routes are for numbers that save lives: none of our limits holds a call up.
	Emergency bool `yaml:"emergency"`
}

// DefaultConfig returns what holds for a route that says nothing.
func DefaultConfig() Config { return Config{Priority: 1, Weight: 10} }
