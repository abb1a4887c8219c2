// Package prompts holds the voices that ship with the product: the prompts of
// the example flow, music to wait by, and the speech of the demonstration's
// callers. They are rendered by scripts/prompts.sh; operators replace them with
// recordings of their own in the folder that `prompts:` names.
package prompts

import "embed"

// Files holds en/*.wav, calm.wav and demo/*.wav: 8 kHz, mono, G.711 mu-law.
//
//go:embed en/*.wav demo/*.wav calm.wav
var Files embed.FS
