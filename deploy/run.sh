#!/bin/sh
# SPDX-License-Identifier: MIT
# deploy/run.sh PROGRAM: what `make run` runs once everything is installed and built. It starts a private PostgreSQL (unless DATABASE_URL names
# another) and lighttpd with the responder, says when a person can come, and ends both when it is told to.
#
# Its children get sessions of their own, so that Ctrl-C reaches this script alone and it can stop them in order: first those who write, then the
# database. Should this script be killed, the kernel ends them (setpriv --pdeathsig), and the next run clears up what is left.
set -eu

clone=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
case $1 in /*) program=$1 ;; *) program=$PWD/$1 ;; esac
. "$clone/deploy/place.sh"

say() { printf 'chatkit: %s\n' "$*"; }
die() {
	printf 'chatkit: %s\n' "$*" >&2
	exit 1
}

# --- the places, one run at a time

umask 077
if [ -n "$server_user" ]; then
	id "$server_user" >/dev/null 2>&1 ||
		useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$server_user"
	mkdir -p "$state"
	chmod 711 "${state%/*}"
	chown "root:$server_user" "$state"
	chmod 750 "$state"
else
	mkdir -p "$state"
fi
exec 9>>"$state/lock"
if ! flock -n 9; then
	old=$(sed -n 's/^address=/at /p' "$running" 2>/dev/null || :)
	die "this clone runs already, ${old:-or is just starting} (Ctrl-C there, or SIGTERM, stops it)"
fi

make_private() { # a folder that only the servers' user can enter
	mkdir -p "$1"
	chmod 700 "$1"
	if [ -n "$server_user" ]; then chown "$server_user:$server_user" "$1"; fi
}
make_private "$state/log" # lighttpd's and the responder's; what this script writes itself lies where only it can make links
make_private "$state/files"

# kill -0 would take a zombie for alive, and where process 1 does not reap, it stays one.
lives() { # the process $1 has not ended
	read -r _ _ status _ 2>/dev/null <"/proc/$1/stat" && [ "$status" != Z ]
}

group_members() { # pids of those of process group $1 that have not ended and are called lighttpd or chatkit.fcgi
	cat /proc/[0-9]*/stat 2>/dev/null |
		awk -v group="$1" '$2 ~ /^\((lighttpd|chatkit\.fcgi)\)$/ && $3 != "Z" && $5 == group { print $1 }'
}

# What a run that was killed may have left behind: responders whose lighttpd was killed too, PostgreSQL on its way down, the sockets' folder.
clear_leftovers() {
	if [ -f "$running" ]; then
		old=$(sed -n 's/^group=//p' "$running")
		for pid in $(group_members "$old"); do kill -9 "$pid" 2>/dev/null || :; done
		old=$(sed -n 's/^sockets=//p' "$running")
		case $old in */chatkit-??????) rm -rf "$old" ;; esac
		rm -f "$running"
	fi
	end_old_postgres
}

old_postgres() { # pids of the PostgreSQL processes that work in the data folder
	for old in /proc/[0-9]*; do
		# shellcheck disable=SC3013 # dash and bash know -ef
		if read -r pid name status _ 2>/dev/null <"$old/stat" && [ "$name" = "(postgres)" ] && [ "$status" != Z ] && [ "$old/cwd" -ef "$data" ]; then
			echo "$pid"
		fi
	done
}

end_old_postgres() {
	[ -e "$data/postmaster.pid" ] || return 0
	tries=300
	while pids=$(old_postgres) && [ -n "$pids" ]; do
		[ $tries != 300 ] || say "waiting for the PostgreSQL of a run that was killed"
		how=INT # fast shutdown, if its postmaster still lives
		if [ $tries -le 0 ]; then how=KILL; fi
		for pid in $pids; do kill -s $how "$pid" 2>/dev/null || :; done
		tries=$((tries - 1))
		sleep 0.1
	done
	# Nobody is left, but to PostgreSQL a zombie, or a stranger who got the old number, would look like an owner.
	rm -f "$data/postmaster.pid"
}
clear_leftovers

# Sockets need a short path without blanks (107 bytes), and a folder that nobody else can enter.
if [ -n "$server_user" ]; then
	sockets=$state/sockets
	rm -rf "$sockets"
	make_private "$sockets"
else
	base=${XDG_RUNTIME_DIR:-/tmp}
	case $base in *[!A-Za-z0-9/._-]* | ?????????????????????????????????????????????????*) base=/tmp ;; esac
	[ -d "$base" ] && [ -w "$base" ] || base=/tmp
	sockets=$(mktemp -d "$base/chatkit-XXXXXX")
fi

# --- stopping

web=      # lighttpd's pid, which is also its process group
postgres= # PostgreSQL's pid
nap=      # the sleep of the loop at the end
told=     # somebody wanted the end

stop_web() {
	[ -n "$web" ] || return 0
	kill -TERM "$web" 2>/dev/null || :
	# lighttpd passes the signal on; responders first store what they have. A responder that was just being started may have missed it, and lighttpd waits
	# for that one for ever: after a while everybody is told, and in the end nobody is asked.
	tries=150
	while [ -n "$(group_members "$web")" ]; do
		if [ $tries -lt 130 ]; then kill -TERM "-$web" 2>/dev/null || :; fi
		tries=$((tries - 1))
		if [ $tries = 0 ]; then kill -KILL "-$web" 2>/dev/null || :; fi
		sleep 0.1
	done
	wait "$web" 2>/dev/null || :
	web=
}

# shellcheck disable=SC2317 # called by the trap
stop_all() {
	code=$?
	trap '' INT TERM HUP
	trap - EXIT
	set +e
	if [ -n "$nap" ]; then kill "$nap"; fi
	stop_web
	if [ -n "$postgres" ]; then
		kill -INT "$postgres" 2>/dev/null # fast shutdown
		wait "$postgres" 2>/dev/null
	fi
	rm -rf "$sockets"
	rm -f "$running"
	if [ -n "$told" ]; then say stopped; fi
	exit "$code"
}
trap stop_all EXIT
trap 'told=yes; exit 0' INT TERM HUP

# --- what is to run, and how it is configured

LIGHTTPD_WWW=$clone/deploy/www
web_conf=$clone/deploy/lighttpd-run.conf
demo=$clone/deploy/run.json # for who has configured nothing
widgets=$clone/deploy/widgets
if [ -n "$server_user" ]; then
	# Copies, which the servers' user can read but not change.
	(
		umask 022
		rm -rf "${state:?}/bin" "$state/www" "$state/widgets"
		mkdir "$state/bin"
		cp "$program" "$state/bin/chatkit.fcgi"
		cp -R "$LIGHTTPD_WWW" "$state/www"
		cp "$web_conf" "$state/lighttpd.conf"
		cp "$demo" "$state/run.json"
		if [ -d "$widgets" ]; then cp -R "$widgets" "$state/widgets"; fi
	)
	if [ -z "${CHATKIT_CONFIG-}" ] && [ -f "$clone/chatkit.json" ]; then CHATKIT_CONFIG=$clone/chatkit.json; fi
	if [ -n "${CHATKIT_CONFIG-}" ]; then
		install -m 600 -o "$server_user" "$CHATKIT_CONFIG" "$state/chatkit.json"
		export CHATKIT_CONFIG="$state/chatkit.json"
	fi
	cd "$state" # the servers' user may not be able to stand in the clone
	program=$state/bin/chatkit.fcgi
	LIGHTTPD_WWW=$state/www
	web_conf=$state/lighttpd.conf
	demo=$state/run.json
	widgets=$state/widgets
fi
ln -s "$program" "$sockets/chatkit.fcgi"

unset FCGI_WEB_SERVER_ADDRS GATEWAY_INTERFACE
# What the environment and chatkit.json say together; the program knows best how to read them.
check=$(as_server "$program" check 2>&1) || die "$check"
setting() { # its value, one word; empty when nobody set it
	printf '%s\n' "$check" | awk -v name="$1" '$1 == name && $2 != "not" { print $2; exit }'
}

case $check in "file: none"*)
	export CHATKIT_CONFIG="$demo"
	if [ -z "$(setting widgets.folder)" ] && [ -d "$widgets" ]; then export CHATKIT_WIDGETS="$widgets"; fi
	;;
esac

PORT=${PORT:-$(setting port)}
PORT=${PORT:-8080}
HOST=${HOST:-$(setting host)}
HOST=${HOST:-127.0.0.1}
export PORT HOST
case $HOST in
*:*) shown=[${HOST#[}; shown=${shown%]}] ;; # IPv6
*) shown=$HOST ;;
esac
LIGHTTPD_BIND=$shown
case $HOST in 0.0.0.0 | '*') shown=127.0.0.1 ;; :: | '[::]') shown='[::1]' ;; esac
address=http://$shown:$PORT

if [ -z "$(setting auth.secret)" ]; then
	if [ ! -s "$secret" ]; then
		rm -f "$secret.new"
		(
			set -C # O_EXCL
			od -A n -N 32 -t x1 /dev/urandom | tr -d ' \n' >"$secret.new"
		)
		ln "$secret.new" "$secret" # all of it or nothing
		rm -f "$secret.new"
	fi
	CHATKIT_SECRET=$(cat "$secret")
	export CHATKIT_SECRET
fi
export CHATKIT_STATE_DIR="${CHATKIT_STATE_DIR:-$state/files}"

# --- PostgreSQL

start_postgres() {
	rm -f "$sockets"/.s.PGSQL.*
	# shellcheck disable=SC2086
	HOME=$state setsid setpriv ${server_user:+--reuid=$server_user --regid=$server_user --clear-groups} --pdeathsig INT -- \
		"$pgbin/postgres" -D "$data" -k "$sockets" -c listen_addresses= -c unix_socket_permissions=0700 -c logging_collector=off \
		-c shared_buffers=32MB >>"$state/postgres.log" 2>&1 </dev/null 9>&- &
	postgres=$!
	until as_server "$pgbin/pg_isready" -q -h "$sockets" -d postgres -U postgres; do
		if ! lives $postgres; then
			wait $postgres || :
			postgres=
			return 1
		fi
		sleep 0.1
	done
}

sql() { as_server "$pgbin/psql" -X -A -t -q -v ON_ERROR_STOP=1 -h "$sockets" -U postgres -d postgres -c "$1"; }

find_postgres() { # the programs that fit the data, or the newest
	version=$(cat "$data/PG_VERSION" 2>/dev/null || :)
	pgbin=
	for dir in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -t/ -k5,5n); do
		if [ -x "$dir/postgres" ] && { [ -z "$version" ] || [ "$dir" = "/usr/lib/postgresql/$version/bin" ]; }; then pgbin=$dir; fi
	done
	[ -n "$pgbin" ] || die "no PostgreSQL ${version:+$version, which $data was made with, }in /usr/lib/postgresql"
}

if [ -z "$(setting database.url)" ]; then
	find_postgres
	if [ ! -s "$data/PG_VERSION" ]; then
		say "making a database in $data"
		rm -rf "$data.new"
		make_private "$data.new"
		# The first superuser keeps out of the way of the program's own role, which row-level security must bind.
		as_server "$pgbin/initdb" -D "$data.new" -U postgres --auth-local=trust --auth-host=reject -E UTF8 --locale=C.UTF-8 \
			>"$state/initdb.log" 2>&1 || die "initdb failed: $(cat "$state/initdb.log")"
		mv "$data.new" "$data"
	fi
	: >"$state/postgres.log"
	start_postgres || die "PostgreSQL does not start: $(tail -n 5 "$state/postgres.log")"
	if [ -z "$(sql "SELECT 1 FROM pg_roles WHERE rolname = 'chatkit'")" ]; then sql "CREATE ROLE chatkit LOGIN"; fi
	if [ -z "$(sql "SELECT 1 FROM pg_database WHERE datname = 'chatkit'")" ]; then sql "CREATE DATABASE chatkit OWNER chatkit"; fi
	DATABASE_URL="postgresql:///chatkit?host=$sockets&user=chatkit"
	export DATABASE_URL
fi

migrated=$(as_server "$program" migrate) || die "the database could not be prepared"
case $migrated in *already*) ;; *) say "$migrated" ;; esac

# A key or a model that is there is never passed over in silence: what is wrong with it stands among the program's warnings.
if [ -z "$(setting model)" ] && ! printf '%s\n' "$check" | grep -q '^  providers\.'; then
	CHATKIT_MODEL=demo/todo
	export CHATKIT_MODEL
	say "no model is configured, so the demo model answers (see \"Configuration\" in README.md)"
fi
as_server "$program" check | sed -n '/^warnings:/,$ s/^[^w]/chatkit: &/p'

# --- lighttpd and its responders

export LIGHTTPD_BIND LIGHTTPD_WWW LIGHTTPD_LOG="$state/log" LIGHTTPD_RUN="$sockets" LIGHTTPD_PROCS="${LIGHTTPD_PROCS:-2}"

is_ready() { # without a model health is 503, and the page says why
	curl -s --noproxy '*' --max-time 5 "$address/api/chat/health" | grep -q '"database":true'
}

why_no_web() {
	if grep -q 'Address already in use' "$state/log/lighttpd.log" "$state/web.log"; then port_taken; fi
	die "lighttpd does not run: $(cat "$state/web.log" "$state/log/lighttpd.log" "$state/log/responder.log" 2>/dev/null | tail -n 10)"
}

port_taken() { die "port $PORT is taken by another program; PORT=8081 make run takes another one"; }

start_web() {
	rm -f "$sockets"/fcgi.sock*
	# shellcheck disable=SC2086
	HOME=$state setsid setpriv ${server_user:+--reuid=$server_user --regid=$server_user --clear-groups} --pdeathsig TERM -- \
		/usr/sbin/lighttpd -D -f "$web_conf" >>"$state/web.log" 2>&1 </dev/null 9>&- &
	web=$!
	{
		echo "address=$address/"
		echo "group=$web"
		echo "sockets=$sockets"
	} >"$running"
	tries=300
	until is_ready; do
		lives "$web" || why_no_web
		tries=$((tries - 1))
		[ $tries -gt 0 ] || die "no answer from $address/api/chat/health: $(tail -n 5 "$state/log/responder.log")"
		sleep 0.1
	done
}

rm -f "$state/log/lighttpd.log" "$state/log/responder.log" "$state/web.log"
code=0
curl -s --noproxy '*' --max-time 5 -o /dev/null "$address/" || code=$?
[ $code = 7 ] || port_taken # 7: nobody listens there
start_web

case $HOST in
127.* | localhost | ::1 | '[::1]') ;;
*) say "WARNING: HOST=$HOST lets everybody on that network in, without https" ;;
esac
if [ -n "${SSH_CONNECTION-}" ]; then
	# shellcheck disable=SC2086 # client's address and port, ours
	set -- $SSH_CONNECTION
	say "on your own machine: ssh -L $PORT:$shown:$PORT -p ${4:-22} $(id -un)@${3:-this-machine}"
fi
say "ready: $address/"

# --- until the end

# GNU make, told to stop by a SIGINT of its own (not by the terminal's, which reaches us too), waits for us without a word; all that shows is that it
# neither catches nor ignores the signal any more. And once it was killed, nobody is left who could stop us.
parent=$PPID
parent_wants_us() {
	lives "$parent" || return 1
	[ "$(cat "/proc/$parent/comm" 2>/dev/null)" = make ] || return 0
	sed -n -e 's/^Sig\(Ign\|Cgt\):.*\(.\)$/\2/p' "/proc/$parent/status" 2>/dev/null | grep -q '[2367abef]' # SIGINT's bit
}

restarts=0
again() {
	restarts=$((restarts + 1))
	[ $restarts -le 100 ] || die "$1 ended too often: $(tail -n 5 "$2")"
	say "$1 ended by itself and is started again; its log: $2"
}

while parent_wants_us; do
	if [ -n "$postgres" ] && ! lives "$postgres"; then
		again PostgreSQL "$state/postgres.log"
		wait "$postgres" || :
		end_old_postgres
		start_postgres || die "PostgreSQL does not start: $(tail -n 5 "$state/postgres.log")"
	fi
	if ! lives "$web"; then
		again lighttpd "$state/log/lighttpd.log"
		stop_web
		start_web
	fi
	sleep 1 &
	nap=$!
	wait $nap
	nap=
done
told=yes
exit 0
