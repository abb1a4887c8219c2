#!/usr/bin/env bash
# tmp.sh: print the folder for the tests' files: in RAM where that has 4 GiB to spare, else the usual one.
# The tests wait for fsync thousands of times; a shared disk that stalls for seconds is no fault of the product.
set -euo pipefail
ram=/dev/shm
free=$(df --output=avail -k -t tmpfs "$ram" 2>/dev/null | tail -n 1 || true)
available=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
if [ -w "$ram" ] && [ "${free:-0}" -ge $((4 << 20)) ] && [ "${available:-0}" -ge $((8 << 20)) ]; then
  echo "$ram"
else
  echo "${TMPDIR:-/tmp}"
fi
