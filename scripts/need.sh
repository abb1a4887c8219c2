#!/usr/bin/env bash
# need.sh COMMAND:PACKAGE…: installs the system packages whose commands are missing, after saying so. For a library,
# COMMAND is pkgconfig/NAME.
set -euo pipefail
has() {
  case $1 in
    pkgconfig/*) command -v pkg-config >/dev/null && pkg-config --exists "${1#pkgconfig/}" ;;
    *) command -v "$1" >/dev/null ;;
  esac
}
packages=()
for pair in "$@"; do
  has "${pair%%:*}" || packages+=("${pair##*:}")
done
[ ${#packages[@]} -eq 0 ] && exit 0
echo "installing with apt-get: ${packages[*]}"
sudo=""
[ "$(id -u)" -eq 0 ] || sudo="sudo"
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
