#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/tools/fuzz.sh BUILD SECONDS SEED: runs every fuzz driver of BUILD/tests/fuzz for that long, as many at a time as there are processors, beginning with
# tests/fuzz/corpus/NAME/ and with the words of tests/fuzz/NAME.dict, where there are such. What they find lies in BUILD/found/, and is shown. The last line
# counts.
#
# With one SEED a driver runs the same inputs one after the other, every time; how many of them, the machine's speed decides. SEED 0 is a different run every
# time. (Addresses are among what the fuzzer compares, so they must not move, and the environment lies on the stack; where the system does not allow that,
# the inputs differ after a while.)
set -u

build=$1
seconds=$2
seed=$3
found=$build/found
still=
if setarch -R true 2>/dev/null; then still='setarch -R'; fi
rm -rf "$found"
mkdir -p "$found"

# What was found: the complaint, where it happened in our code, and the input, so that a log alone is enough to have it again.
show() { # NAME
	grep -a -m 6 -E '^(==[0-9]+== *)?ERROR:|runtime error:|^chatkit: check failed|^SUMMARY:|^DEDUP|ALARM:' "$found/$1.log"
	grep -a -E '^ *#[0-9]+ .* in .*(src|fcgi|tests/fuzz)/[^ ]+\.[ch]:[0-9]+' "$found/$1.log" | head -n 12
	for input in "$found/$1"-*; do
		[ -f "$input" ] || continue
		echo "    $input, $(wc -c <"$input") bytes, as base64:"
		base64 -w 0 "$input"
		echo
		if ! LC_ALL=C grep -a -q '[^[:print:][:space:]]' "$input"; then
			echo "    as text:"
			head -c 4096 "$input"
			echo
		fi
	done
	echo "    all it said: $found/$1.log"
}

one() { # DRIVER
	name=$(basename "$1")
	what=${name#fuzz_}
	corpus=tests/fuzz/corpus/$what
	dict=tests/fuzz/$what.dict
	mkdir -p "$found/$name.corpus"
	if [ ! -d "$corpus" ]; then corpus=; fi
	if [ -f "$dict" ]; then dict=-dict=$dict; else dict=; fi
	# shellcheck disable=SC2086
	if env -i PATH="$PATH" UBSAN_OPTIONS=print_stacktrace=1 $still "$1" -seed="$seed" -reload=0 -max_total_time="$seconds" -timeout=30 \
		-rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 -verbosity=0 $dict -artifact_prefix="$found/$name-" \
		"$found/$name.corpus" $corpus >"$found/$name.log" 2>&1; then
		echo "  ok $name, $(awk '/number_of_executed_units/ { print $2 }' "$found/$name.log") runs"
		touch "$found/$name.ok"
	else
		{
			echo "  FAILED $name:"
			show "$name"
		} >"$found/$name.shown"
		cat "$found/$name.shown" # at once: its neighbour talks too
	fi
}

total=0
running=0
for driver in "$build"/tests/fuzz/fuzz_*; do
	[ -x "$driver" ] || continue
	total=$((total + 1))
	one "$driver" &
	running=$((running + 1))
	if [ $((running % $(nproc))) = 0 ]; then wait; fi
done
wait
passed=$(find "$found" -name '*.ok' | wc -l)
echo "$passed passed, $((total - passed)) failed"
[ "$total" -gt 0 ] && [ "$passed" = "$total" ]
