package depot

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// Config says where finished recordings go. Its keys stand in the section
// `recordings` of the configuration.
type Config struct {
	// Store is "s3://BUCKET/PREFIX" or a folder; empty leaves recordings in the
	// recordings folder.
	Store string `yaml:"store"`
	// Layout is the template of names in the store; see Layout.
	Layout string `yaml:"layout"`
	// SpoolMiB bounds what waits to be stored; 0: as far as the disk reaches.
	SpoolMiB int64 `yaml:"spool_mib"`
	// S3 says how the object store is reached.
	S3 S3Config `yaml:"s3"`
}

// S3Config says how an object store is reached.
type S3Config struct {
	// Endpoint is the store's host, with a port if need be.
	Endpoint string `yaml:"endpoint"`
	// Region is the bucket's region.
	Region string `yaml:"region"`
	// AccessKey and SecretKey are the credentials.
	AccessKey string `yaml:"access_key"`
	SecretKey string `yaml:"secret_key"`
	// TLS encrypts the way to the store.
	TLS bool `yaml:"tls"`
}

// DefaultLayout puts a day's recordings into one folder.
const DefaultLayout = "{{yyyy}}/{{mm}}/{{dd}}/{{id}}"

// Default returns the configuration that holds where none is given.
func Default() Config {
	return Config{Layout: DefaultLayout, S3: S3Config{Region: "us-east-1", TLS: true}}
}

// Remote reports whether recordings leave the recordings folder.
func (c Config) Remote() bool { return c.Store != "" }

// Validate returns what is wrong with the configuration, and what would be right.
// It begins with the key that is wrong.
func (c Config) Validate() error {
	if _, err := ParseLayout(c.Layout); err != nil {
		return fmt.Errorf("layout: %w", err)
	}
	if c.SpoolMiB < 0 {
		return fmt.Errorf("spool_mib: %d is negative; use 0 or more", c.SpoolMiB)
	}
	if !strings.Contains(c.Store, "://") {
		return nil
	}
	if _, _, err := c.bucket(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	switch {
	case c.S3.Endpoint == "" || strings.ContainsAny(c.S3.Endpoint, "/?#@ "):
		return fmt.Errorf("s3.endpoint: %q is no host; write one such as s3.eu-central-1.amazonaws.com or 10.0.0.9:9000", c.S3.Endpoint)
	case c.S3.AccessKey == "":
		return errors.New("s3.access_key: is missing; write ${env:NAME} or ${file:PATH}")
	case c.S3.SecretKey == "":
		return errors.New("s3.secret_key: is missing; write ${env:NAME} or ${file:PATH}")
	}
	return nil
}

// bucket returns the bucket and the prefix that Store names.
func (c Config) bucket() (bucket, prefix string, err error) {
	u, err := url.Parse(c.Store)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", "", errors.New("is no place for recordings; write s3://BUCKET/PREFIX or a folder")
	}
	return u.Host, strings.Trim(u.Path, "/"), nil
}

// open returns the store, nil where there is none, and the beginning of its locations.
func (c Config) open() (Store, string, error) {
	switch {
	case c.Store == "":
		return nil, "", nil
	case strings.Contains(c.Store, "://"):
		bucket, prefix, err := c.bucket()
		if err != nil {
			return nil, "", err
		}
		s, err := newS3(c.S3, bucket, prefix)
		root := "s3://" + bucket + "/"
		if prefix != "" {
			root += prefix + "/"
		}
		return s, root, err
	}
	dir, err := filepath.Abs(c.Store)
	return folder{dir}, "file://" + filepath.ToSlash(dir) + "/", err
}
