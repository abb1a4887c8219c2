#!/usr/bin/env bash
# Renders the prompts that ship with the product: speech by espeak-ng, music by sox.
# The results are committed, so that nothing has to be installed to hear them.
set -euo pipefail
cd "$(dirname "$0")/../prompts"

missing=()
for tool in espeak-ng sox; do command -v "$tool" >/dev/null || missing+=("$tool"); done
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing ${missing[*]}"
  apt-get update -qq && apt-get install -y -qq "${missing[@]}"
fi

raw=$(mktemp --suffix=.wav)
trap 'rm -f "$raw"' EXIT

# say FILE VOICE TEXT: 8 kHz mono mu-law, as the trunk will carry it.
say() {
  espeak-ng -v "$2" -s 160 -w "$raw" "$3"
  sox "$raw" -r 8000 -c 1 -e mu-law "$1" silence 1 0.01 0.1% reverse silence 1 0.01 0.1% reverse gain -n -6
}

say en/welcome.wav          en-gb "Welcome."
say en/consent_question.wav en-gb "May we record this call? Press one for yes, or two for no."
say en/goodbye.wav          en-gb "Goodbye."
say en/apology.wav          en-gb "Sorry, something went wrong. Please call again."

# The demonstration's telephones say a tone beside their words: the words leave
# room for all three of them.
hole() { sox "$1" -e mu-law "$raw" $(for hz in 700 1100 1900; do for _ in 1 2 3 4; do echo "bandreject $hz 120h"; done; done) gain -n -10; cp "$raw" "$1"; }
say demo/caller_before.wav  en-us "I have not agreed to anything yet."
say demo/caller_after.wav   en-us "Good morning, I am calling about my order."
say demo/agent.wav          en-gb+f3 "Hello, how can I help you today?"
for voice in demo/*.wav; do hole "$voice"; done

# Four soft chords that loop without a seam.
chord() { sox -n -r 8000 -c 1 "$1" synth 1.5 sine "$2" sine "$3" sine "$4" remix - fade t 0.2 1.5 0.2 gain -n -18; }
tmp=$(mktemp -d)
chord "$tmp/1.wav" 262 330 392
chord "$tmp/2.wav" 220 262 330
chord "$tmp/3.wav" 175 220 262
chord "$tmp/4.wav" 196 247 294
sox "$tmp"/[1-4].wav -e mu-law calm.wav
rm -r "$tmp"
