#!/bin/sh
# SPDX-License-Identifier: MIT
# `make erase`: deletes the database and the secret that `make run` made in this clone, after asking. ERASE=yes answers for scripts.
set -eu

clone=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
. "$clone/deploy/place.sh"

if [ ! -d "$state" ]; then
	echo "chatkit: nothing to erase: $state does not exist"
	exit 0
fi
exec 9>>"$state/lock"
if ! flock -n 9; then
	echo "chatkit: it is running; stop it first" >&2
	exit 1
fi
if [ "${ERASE-}" != yes ]; then
	if [ ! -t 0 ]; then
		echo "chatkit: no terminal to ask on; ERASE=yes make erase deletes $state" >&2
		exit 1
	fi
	printf 'chatkit: delete every conversation, task and the secret in\n  %s\n? Type yes: ' "$state"
	read -r answer || answer=
	if [ "$answer" != yes ]; then
		echo "chatkit: kept"
		exit 1
	fi
fi
rm -rf "$state"
echo "chatkit: erased $state"
