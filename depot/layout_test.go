package depot

import (
	"path"
	"strings"
	"testing"
	"time"
)

func TestTemplatesAreChecked(t *testing.T) {
	for template, want := range map[string]string{
		DefaultLayout:                        "",
		"{{id}}":                             "",
		"calls-{{trunk}}/{{ queue }}/{{id}}": "",
		"{{call}}/{{station}}/{{direction}}-{{hh}}.{{id}}": "",
		"":                                  "end with {{id}}",
		"{{trunk}}":                         "end with {{id}}",
		"{{id}}/x":                          "end with {{id}}",
		"{{from}}/{{id}}":                   "{{from}} is unknown",
		"{{id":                              "not closed",
		"/{{id}}":                           "no folder",
		"a//{{id}}":                         "no folder",
		"../{{id}}":                         "no folder",
		".hidden/{{id}}":                    "no folder",
		"a b/{{id}}":                        "letters",
		"a\\{{id}}":                         "letters",
		strings.Repeat("a", 300) + "{{id}}": "at most",
	} {
		_, err := ParseLayout(template)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", template, err, want)
		}
	}
}

func TestAConfigurationIsChecked(t *testing.T) {
	s3 := S3Config{Endpoint: "s3.example:9000", AccessKey: "a", SecretKey: "b"}
	for _, c := range []struct {
		change func(*Config)
		want   string
	}{
		{func(*Config) {}, ""},
		{func(c *Config) { c.Store = "/mnt/archive" }, ""},
		{func(c *Config) { c.Store, c.S3 = "s3://calls/a/b", s3 }, ""},
		{func(c *Config) { c.Store, c.S3 = "gs://calls", s3 }, "store: "},
		{func(c *Config) { c.Store, c.S3 = "s3:///x", s3 }, "store: "},
		{func(c *Config) { c.Store = "s3://calls" }, "s3.endpoint: "},
		{func(c *Config) { c.Store, c.S3 = "s3://calls", S3Config{Endpoint: "https://x"} }, "s3.endpoint: "},
		{func(c *Config) { c.Store, c.S3 = "s3://calls", S3Config{Endpoint: "x"} }, "s3.access_key: "},
		{func(c *Config) { c.Store, c.S3 = "s3://calls", S3Config{Endpoint: "x", AccessKey: "a"} }, "s3.secret_key: "},
		{func(c *Config) { c.Layout = "x" }, "layout: "},
		{func(c *Config) { c.SpoolMiB = -1 }, "spool_mib: "},
	} {
		cfg := Default()
		c.change(&cfg)
		err := cfg.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", cfg, err, c.want)
		}
	}
}

// FuzzLayout makes names of what nobody should be called.
func FuzzLayout(f *testing.F) {
	f.Add(DefaultLayout, "01J", "carrier", "../../etc/passwd")
	f.Add("{{trunk}}{{queue}}/{{id}}", "01J", "..", "/")
	f.Add("{{trunk}}.{{queue}}/{{id}}", "..", ".", "\x00\xff")
	f.Add("{{queue}}/{{id}}", "", "", strings.Repeat("ü", 100))
	f.Fuzz(func(t *testing.T, template, id, trunk, queue string) {
		l, err := ParseLayout(template)
		if err != nil {
			return
		}
		name := l.name(&facts{ID: id, Trunk: trunk, Queue: queue, Station: queue, Call: trunk, StartedAt: time.Unix(0, 0)})
		if path.Clean("/"+name) != "/"+name || strings.HasPrefix(name, "/") || strings.Contains(name, "..") && !strings.Contains(template+id+trunk+queue, "..") {
			t.Fatalf("%q", name)
		}
		for _, r := range name {
			if r != '/' && !plain(r) {
				t.Fatalf("%q", name)
			}
		}
		for _, folder := range strings.Split(name, "/") {
			if folder == "" || folder == "." || folder == ".." || len(folder) > 255 && len(template) < 100 {
				t.Fatalf("%q", name)
			}
		}
	})
}
