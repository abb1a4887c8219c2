#!/usr/bin/env bash
# Format, vet, linters and house rules: what a minute can tell.
set -euo pipefail
cd "$(dirname "$0")/.."

unformatted=$(git ls-files -co --exclude-standard '*.go' | xargs -r gofmt -l)
if [ -n "$unformatted" ]; then
  printf 'not formatted (make fmt):\n%s\n' "$unformatted"
  exit 1
fi
./scripts/go.sh vet ./...
if command -v golangci-lint >/dev/null; then # its settings: .golangci.yml
  golangci-lint run ./...
fi
./scripts/go.sh test -count=1 ./test/arch
