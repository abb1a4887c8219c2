#!/usr/bin/env bash
# fuzz.sh TIME: runs every fuzz target of the project for TIME, one after the other.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-10s}
git ls-files -co --exclude-standard '*_test.go' | xargs grep -lE '^func Fuzz' | while read -r file; do
  package=./$(dirname "$file")
  grep -oE '^func Fuzz[A-Za-z0-9_]*' "$file" | awk '{print $2}' | while read -r target; do
    echo "$package $target"
    ./scripts/go.sh test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package" < /dev/null
  done
done
