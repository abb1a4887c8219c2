#!/usr/bin/env bash
# need.sh COMMAND:PACKAGE…: installs the system packages whose commands are missing, after saying so.
set -euo pipefail
packages=()
for pair in "$@"; do
  command -v "${pair%%:*}" >/dev/null || packages+=("${pair##*:}")
done
[ ${#packages[@]} -eq 0 ] && exit 0
echo "installing with apt-get: ${packages[*]}"
sudo=""
[ "$(id -u)" -eq 0 ] || sudo="sudo"
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
