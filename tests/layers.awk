# SPDX-License-Identifier: MIT
# awk -f tests/layers.awk src/README.md FILE...: proves the ladder. Reads the rungs from the table in src/README.md (rows "| 4 | `src/chatkit/`, `src/agent/` | ..."),
# then every #include of the files: one that points up, or sideways to another folder of the same rung, or to a folder that the table lacks, is an error.
# A library's header belongs to one place.

function folder(path) { sub(/\/[^\/]*$/, "", path); return path }

function complain(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; bad++ }

BEGIN {
	owner["fcgiapp.h"] = owner["fcgi_stdio.h"] = owner["fastcgi.h"] = "^fcgi/"
	owner["curl/"]     = "^src/io/http[^/]*$"
	owner["libpq-fe.h"] = "^src/io/db[^/]*$"
	owner["json-c/"] = owner["json.h"] = "^src/wire/json\\.c$"
	owner["openssl/"]  = "^src/base/crypto[^/]*$"
}

FNR == NR { # the table
	if (split($0, cell, "|") >= 3 && cell[2] ~ /^ *[0-9]+ *$/)
		for (n = split(cell[3], name, "`"); n > 0; n--)
			if (name[n] ~ /^(src\/)?[a-z]+\/$/) { rung[substr(name[n], 1, length(name[n]) - 1)] = cell[2] + 0; rungs++ }
	next
}

FNR == 1 {
	files++
	here = folder(FILENAME)
	if (!(here in rung)) complain("the ladder in src/README.md has no " here "/")
}

/^[ \t]*#[ \t]*include/ {
	edges++
	header = $0
	sub(/^[^<"]*[<"]/, "", header)
	sub(/[>"].*/, "", header)
	for (library in owner)
		if (index(header, library) == 1 && FILENAME !~ owner[library]) complain(header " is not for this file")
	if ($0 !~ /"/) next
	there = header ~ /^fcgi\// ? "fcgi" : header ~ /\// ? "src/" folder(header) : here
	if (there == here) next
	if (!(there in rung)) complain("unknown folder of " header)
	else if (rung[there] > rung[here]) complain("points up: " header)
	else if (rung[there] == rung[here]) complain("points sideways: " header)
}

END {
	if (!rungs) { print "layers: no table of rungs in src/README.md"; exit 1 }
	if (bad) { printf "layers: %d wrong\n", bad; exit 1 }
	printf "layers: %d files, %d includes, all point down\n", files, edges
}
