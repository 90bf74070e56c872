/* SPDX-License-Identifier: MIT */
/* Runs a driver over files instead of under libFuzzer: for any compiler, and for what a fuzzer found. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

static void replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	long size;

	if (!f || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	rewind(f);
	data = xalloc((size_t)size);
	if (fread(data, 1, (size_t)size, f) != (size_t)size) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	fclose(f);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%d replayed\n", argc - 1);
	return 0;
}
