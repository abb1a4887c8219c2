package sipp

import (
	"encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryStoryIsWellFormedOncePutTogether(t *testing.T) {
	files, err := filepath.Glob("*/*.xml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasPrefix(file, "parts/") {
			continue
		}
		story := strings.TrimSuffix(file, ".xml")
		text := scenario(t, story, []string{"status", "404", "direction", "sendonly"})
		if strings.Contains(text, "<?part") {
			t.Errorf("%s: a part was not found", file)
		}
		d := xml.NewDecoder(strings.NewReader(text))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
		}
	}
}
