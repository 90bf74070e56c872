#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh BUILD [LEVEL...]: many turns at once through lighttpd, each persisted, beside the same stream through lighttpd's mod_proxy and fetched directly.
# Prints figures; judges nothing. Figures from one run may be compared with each other, not with another machine's.
set -eu
build=${1:-build}
shift || true
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "$build/bench"
for tool in stub load; do
	${CC:-gcc} -O2 -Wall -Wextra -o "$build/bench/$tool" "$here/$tool.c"
done
BUILD=$(CDPATH='' cd -- "$build" && pwd) exec /usr/bin/python3 "$here/bench.py" "$@"
