/* SPDX-License-Identifier: MIT */
/* Linked to every driver. One seed of the fuzzer's is one run: json-c would give its tables another seed of its own in every process. */
#include "tests/fuzz/fuzz.h"

#include <json-c/json.h>
#include <json-c/linkhash.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	CHECK(json_global_set_string_hash(JSON_C_STR_HASH_PERLLIKE) == 0);
	return 0;
}
