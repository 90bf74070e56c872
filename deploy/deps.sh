#!/bin/sh
# SPDX-License-Identifier: MIT
# deploy/deps.sh SET...: installs what deploy/packages lists under these sets, as far as it is missing.
#
# Debian starts a service as soon as its package is installed, makes a PostgreSQL cluster and enables both for the next boot. Nobody who
# types `make run` asked for that, so all three are held off while apt-get works. What was installed before is left as it is.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
sets=$*
policy=/usr/sbin/policy-rc.d
cluster_conf=/etc/postgresql-common/createcluster.d/chatkit-setup.conf
mark='# chatkit: only while packages are installed'

say() { printf 'chatkit: %s\n' "$*"; }

wanted() { # "package version" of the asked sets
	awk -v sets=" $sets " '!/^#/ && NF && index(sets, " " $1 " ") && !seen[$2]++ { print $2, $3 }' "$here/packages"
}

missing() { # the packages that are not there, or too old; one dpkg-query for all of them
	# shellcheck disable=SC2046
	have=$(dpkg-query -W -f '${Package} ${db:Status-Status} ${Version}\n' $(wanted | cut -d' ' -f1) 2>/dev/null || :)
	wanted | while read -r package least; do
		version=$(printf '%s\n' "$have" | awk -v p="$package" '$1 == p && $2 == "installed" { print $3; exit }')
		if [ -z "$version" ] || { [ "$least" != - ] && dpkg --compare-versions "$version" lt "$least"; }; then
			printf '%s ' "$package"
		fi
	done
}

# shellcheck disable=SC2012
enabled() { # the services that start at boot
	ls /etc/rc[2-5].d /etc/systemd/system/*.wants 2>/dev/null | sed -n -e 's/^S[0-9][0-9]//p' -e 's/\.service$//p' | sort -u
}

hold_services() {
	before=$(enabled)
	if [ ! -e $policy ] || grep -qF "$mark" $policy; then # the second: left by a run that was killed
		printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >$policy
		chmod 755 $policy
	fi
	mkdir -p "${cluster_conf%/*}"
	printf '%s\ncreate_main_cluster = false\n' "$mark" >$cluster_conf
}

let_services() {
	trap '' INT TERM HUP
	rm -f $cluster_conf
	if grep -qF "$mark" $policy; then rm -f $policy; fi
	for name in $(enabled); do
		if ! printf '%s\n' "$before" | grep -qxF "$name"; then
			update-rc.d "$name" disable >/dev/null 2>&1 || :
			deb-systemd-helper disable "$name.service" >/dev/null 2>&1 || :
		fi
	done
	rm -f "$log"
}

apt() {
	# NEEDRESTART_SUSPEND: a tool that would restart services of its own accord
	DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
		-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" >"$log" 2>&1 </dev/null
}

if ! command -v dpkg-query >/dev/null; then
	say "no Debian here; these are needed under whatever name: $(wanted | cut -d' ' -f1 | tr '\n' ' ')"
	exit 0
fi
packages=$(missing)
[ -n "$packages" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
		say "installing through sudo"
		exec sudo sh "$here/deps.sh" "$@"
	fi
	say "these packages are missing: $packages"
	say "as root, please run:"
	printf "  sh '%s' %s\n" "$(printf %s "$here/deps.sh" | sed "s/'/'\\\\''/g")" "$sets"
	say "which starts no service and makes no cluster. Plain apt-get does both:"
	printf '  apt-get install -y --no-install-recommends %s\n' "$packages"
	exit 1
fi

exec 8</var/lib/dpkg # two clones may want this at the same time
flock 8
packages=$(missing)
[ -n "$packages" ] || exit 0
say "installing with apt-get, which can take minutes (no service is started): $packages"
log=$(mktemp)
trap let_services EXIT
trap 'exit 1' INT TERM HUP
hold_services
# A new machine has no package lists, an old one has lists of files that are gone: both are mended by an update.
# shellcheck disable=SC2086
apt install --no-install-recommends $packages || {
	apt update && apt install --no-install-recommends $packages
} || {
	cat "$log" >&2
	say "apt-get failed" >&2
	exit 1
}
packages=$(missing)
[ -z "$packages" ] || {
	say "this system's versions are too old (see deploy/packages; Debian 12 has newer ones): $packages" >&2
	exit 1
}
