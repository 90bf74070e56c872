#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/tools/fuzz.sh BUILD SECONDS: runs every fuzz driver of BUILD/tests/fuzz for that long, as many at a time as there are processors, beginning with
# tests/fuzz/corpus/NAME/ if there is one. What they find lies in BUILD/found/. The last line counts.
set -u

build=$1
seconds=$2
found=$build/found
rm -rf "$found"
mkdir -p "$found"

one() { # DRIVER
	name=$(basename "$1")
	mkdir -p "$found/$name.corpus"
	corpus=
	if [ -d "tests/fuzz/corpus/${name#fuzz_}" ]; then corpus=tests/fuzz/corpus/${name#fuzz_}; fi
	if "$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 -verbosity=0 \
		-artifact_prefix="$found/$name-" "$found/$name.corpus" ${corpus:+"$corpus"} >"$found/$name.log" 2>&1; then
		echo "  ok $name, $(awk '/number_of_executed_units/ { print $2 }' "$found/$name.log") runs"
		touch "$found/$name.ok"
	else
		echo "  FAILED $name:"
		tail -n 40 "$found/$name.log"
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
