#!/usr/bin/env bash
# go.sh ARGUMENTS…: the go command, with Opus where libopus can be had: installed already, or by need.sh within a minute.
# CGO_ENABLED=0 in the environment, or a machine without, makes a build that is complete but for Opus.
set -euo pipefail
here=$(dirname "$0")
opus() { command -v gcc >/dev/null && command -v pkg-config >/dev/null && pkg-config --exists opus; }

if [ "${CGO_ENABLED:-}" != 0 ]; then
  if opus || { timeout 60 "$here/need.sh" gcc:gcc gcc:libc6-dev pkg-config:pkg-config pkgconfig/opus:libopus-dev >&2 && opus; }; then
    export CGO_ENABLED=1 GOFLAGS="${GOFLAGS:-} -tags=nolibopusfile,netgo,osusergo"
  else
    echo "no libopus (libopus-dev) and C compiler to be had: going on without Opus" >&2
    if [ "${1:-}" = build ]; then export CGO_ENABLED=0; fi
  fi
fi
exec go "$@"
