#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/peers/install.sh DIR: OpenAI's SDKs and types for `make test-peers`, into DIR, once: again only when one of the two lists changes.
set -eu

dir=$1
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)

say() { printf 'chatkit: %s\n' "$*"; }

# step NAME LIST COMMAND...: runs the command unless LIST is what it was run for last time
step() {
	name=$1 list=$2
	shift 2
	cmp -s "$list" "$dir/$name.done" && return 0
	say "installing what tests/peers/${list##*/} lists, which can take a minute"
	"$@" >"$dir/$name.log" 2>&1 || {
		cat "$dir/$name.log" >&2
		say "this did not work: $*" >&2
		exit 1
	}
	cp "$list" "$dir/$name.done"
}

install_python() {
	/usr/bin/python3 -m venv --clear "$dir/venv" && "$dir/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
}

install_node() {
	# A project of npm's is the folder where its package.json lies.
	cp "$here/package.json" "$dir/" && npm install --prefix "$dir" --no-audit --no-fund --no-package-lock --ignore-scripts --loglevel=error
}

mkdir -p "$dir"
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	sh "$here/../../deploy/deps.sh" node
fi
step python "$here/requirements.txt" install_python
step node "$here/package.json" install_node
