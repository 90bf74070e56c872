# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: MIT
# Where `make run` keeps what it made, and as whom its servers run; read by run.sh and erase.sh, with $clone set.
#
# An ordinary user's things lie in the clone. PostgreSQL refuses to run as root, and what talks to the network should not: then the servers run as
# a user of their own, which may not be able to enter the clone (/root), so everything it needs lies under /var/lib.

if [ "$(id -u)" = 0 ]; then
	server_user=chatkit-dev
	state=/var/lib/chatkit-dev/$(printf %s "$clone" | sha256sum | cut -c 1-12)
else
	server_user=
	state=$clone/.chatkit
fi
data=$state/data     # PostgreSQL's
secret=$state/secret # CHATKIT_SECRET, unless the environment has one
running=$state/running

as_server() { # runs a command as the servers' user
	if [ -n "$server_user" ]; then
		HOME=$state setpriv --reuid="$server_user" --regid="$server_user" --clear-groups -- "$@"
	else
		"$@"
	fi
}
