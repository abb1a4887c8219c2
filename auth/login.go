package auth

// Login is what a peer shows us: a user name of digest and its password.
type Login struct {
	User     string `yaml:"user"`
	Password string `yaml:"password"`
}

// Given reports whether there is one.
func (l Login) Given() bool { return l.User != "" }
