/* SPDX-License-Identifier: MIT */
/* Templates: results, refusals with their places, limits. tests/e2e/test_templates.py holds the results against Jinja2 itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chatkit/template.h"

#define DATA \
	"{\"n\":7,\"f\":2.5,\"s\":\"<Gr\xc3\xbc\xc3\x9f" \
	"e>\",\"e\":\"\",\"t\":true,\"nil\":null,\"xs\":[3,1,2],\"d\":{\"b\":1,\"a\":[2.0],\"items\":5},\"items\":[{\"id\":1,\"on\":true},{\"id\":2,\"on\":false}]}"

struct world {
	struct arena *a;
	struct buf out;
	struct err e;
};

static enum rc run(struct world *w, const char *text, const char *data, bool value)
{
	struct guard_limits limits = GUARD_CLIENT;
	struct template *t;
	struct json_doc *doc;
	struct json_at root;
	enum rc rc;

	buf_clear(&w->out);
	w->e = ERR_INIT;
	assert_int_equal(json_parse(w->a, slice_cstr(data), &limits, &doc, &w->e), RC_OK);
	root = json_root(doc);
	rc = template_parse(w->a, slice_cstr(text), &t, &w->e);
	if (rc != RC_OK)
		return rc;
	return value ? template_value(t, w->a, &root, &w->out, &w->e) : template_render(t, w->a, &root, &w->out, &w->e);
}

static int set_up(void **state)
{
	struct world *w = xalloc(sizeof(*w));

	w->a = arena_new(256 << 20, NULL);
	w->out = BUF_INIT(4 << 20);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	buf_release(&w->out);
	arena_free(w->a);
	free(w);
	return 0;
}

struct row {
	const char *text, *want;
};

static void good_ones(struct world *w, const struct row *rows, size_t n, bool value)
{
	for (size_t i = 0; i < n; i++) {
		if (run(w, rows[i].text, DATA, value) != RC_OK)
			fail_msg("%s: %s", rows[i].text, w->e.msg);
		if (!slice_is(buf_slice(&w->out), rows[i].want))
			fail_msg("%s:\n got %s\nwant %s", rows[i].text, buf_slice(&w->out).p, rows[i].want);
	}
}

static void bad_ones(struct world *w, const struct row *rows, size_t n, enum rc rc)
{
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(run(w, rows[i].text, DATA, false), rc);
		if (strcmp(w->e.msg, rows[i].want) != 0)
			fail_msg("%s:\n got %s\nwant %s", rows[i].text, w->e.msg, rows[i].want);
		assert_string_equal(w->e.user, w->e.msg);
	}
}

static void render__good_ones__as_jinja2(void **state)
{
	static const struct row rows[] = {
		{"", ""},
		{"plain\n", "plain"},
		{"a\r\nb\rc\n\n", "a\nb\nc\n"},
		{"{{ n }}{{ f }}{{ t }}{{ nil }}{{ xs }}{{ d }}", "72.5TrueNone[3, 1, 2]{'b': 1, 'a': [2.0], 'items': 5}"},
		{"{{ s | tojson }}", "\"\\u003cGr\\u00fc\\u00dfe\\u003e\""},
		{"{{ d | tojson }}{{ d|tojson(indent=1) }}", "{\"a\": [2.0], \"b\": 1, \"items\": 5}{\n \"a\": [\n  2.0\n ],\n \"b\": 1,\n \"items\": 5\n}"},
		{"{{ '\\u00e9\\n\\x41\\101\\q' \"&'\" | tojson }}", "\"\\u00e9\\nAA\\\\q\\u0026\\u0027\""},
		{"{{ missing | default('x') }}{{ d.missing|d }}{{ e|default('y', true) }}", "xy"},
		{"{% for i in items %}{{ loop.index }}/{{ loop.length }}{{ ',' if not loop.last }}{% endfor %}", "1/2,2/2"},
		{"{% for i in items if i.on %}{{ i.id }}{{ loop.last }}{% else %}none{% endfor %}", "1True"},
		{"{% for i in [] %}x{% else %}none{% endfor %}", "none"},
		{"{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "b=1;a=[2.0];items=5;"},
		{"{{ d['items'] }}{{ d.get('z') }}{{ d.get('z', 1) }}{{ d.keys() }}", "5None1dict_keys(['b', 'a', 'items'])"},
		{"{% if n > 9 %}a{% elif n > 5 %}b{% else %}c{% endif %}", "b"},
		{"{% if 1 < 2 < 3 and not 3 < 2 < 1 %}y{% endif %}", "y"},
		{"{%- set _c -%}{%- for i in items -%},{{ i.id }}{%- endfor -%}{%- endset -%}[{{- (_c[1:] if _c and _c[0] == ',' else _c) -}}]", "[1,2]"},
		{"{% set x = 1 %}{% for i in xs %}{% set x = i %}{% endfor %}{{ x }}", "1"},
		{"{% set ns = namespace(x=0) %}{% for i in xs %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}", "6"},
		{"{% set l = [] %}{% for i in xs %}{{ l.append(i) or '' }}{% endfor %}{{ l }}", "[3, 1, 2]"},
		{"a {{- 1 -}} b {#- x -#} c {%- if t -%} d {%- endif -%} e", "a1bcde"},
		{"{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 6 / 2 }} {{ 2.0 }} {{ 1e16 }} {{ 1e15 }} {{ 0.00001 }} {{ -0.0 }}",
		 "3 -4 2 3.5 3.0 2.0 1e+16 1000000000000000.0 1e-05 -0.0"},
		{"{{ 'a' ~ 1 ~ none ~ [1.0] }} {{ 'ab' * 2 }} {{ [1] + [2] }}", "a1None[1.0] abab [1, 2]"},
		{"{{ s[1] }}{{ s[-2] }}{{ s[1:3] }}{{ s[::-1] }}{{ xs[5] is defined }}", "GeGr>e\xc3\x9f\xc3\xbcrG<False"},
		{"{{ 1 == 1.0 == true }} {{ 'a' in 'cat' }} {{ 3 not in xs }} {{ 'b' in d }}", "True True False True"},
		{"{{ nil is none }} {{ zz is not defined }} {{ 4 is divisibleby 2 }} {{ n is odd }}", "True True True True"},
		{"{{ {'a': [1, (2,), {}], \"it's\": 'q\"'} }}", "{'a': [1, (2,), {}], \"it's\": 'q\"'}"},
		{"{{ s|upper }} {{ 'hello wOrld-x'|title }} {{ 'hELLO'|capitalize }} {{ '  x '|trim }}", "<GR\xc3\x9cSSE> Hello World-X Hello x"},
		{"{{ 2.5|round }} {{ 2.675|round(2) }} {{ 7|round }} {{ '3.9'|int }} {{ 'x'|int(9) }} {{ '1e3'|float }}", "2.0 2.67 7 3 9 1000.0"},
		{"{{ items|map(attribute='id')|join('-') }} {{ items|selectattr('on')|map(attribute='id')|list }} {{ xs|sort|first }}", "1-2 [1] 1"},
		{"{{ 'a<b'|e }} {{ 'x'|tojson + '<' }} {{ ['x'|tojson] }}", "a&lt;b \"x\"&lt; [Markup('\"x\"')]"},
		{"{{ range(3) }} {{ range(1, 8, 3)|list }} {{ range(4)|sum }}", "range(0, 3) [1, 4, 7] 6"},
		{"{{ 'ud'[0] }}{{ (1, 2)[1] }}{{ xs.0 }}{{ items.1.id }}", "u232"},
	};

	good_ones(*state, rows, countof(rows), false);
}

static void parse__what_is_not_in_the_part__is_refused_with_its_place(void **state)
{
	static const struct row rows[] = {
		{"{{ 'a'|shout }}", "line 1, column 8: unknown filter 'shout'"},
		{"{% if x is prime %}{% endif %}", "line 1, column 12: unknown test 'prime'"},
		{"x\n  {% macro m() %}{% endmacro %}", "line 2, column 6: 'macro' is no statement here: for, if, set and what ends them"},
		{"{% raw %}{% endraw %}", "line 1, column 4: 'raw' is no statement here: for, if, set and what ends them"},
		{"{% for x in y recursive %}{% endfor %}", "line 1, column 15: recursive loops are not supported"},
		{"\xc3\xa9 {{ f(1) }}", "line 1, column 6: only methods, range and namespace can be called, not 'f'"},
		{"{{ x.frob() }}", "line 1, column 6: unknown method 'frob'"},
		{"{{ x.items }}", "line 1, column 6: 'items' is a method; the member of this name is ['items']"},
		{"{{ x.__class__ }}", "line 1, column 6: names that begin with __ are Python's own; write ['__class__']"},
		{"{{ 2 ** 3 }}", "line 1, column 6: ** is unexpected, wanted: }}"},
		{"{{ x }", "line 1, column 6: this bracket closes none"},
		{"{{ x", "line 1, column 5: the end of the template is unexpected, wanted: }}"},
		{"{{ }}", "line 1, column 4: }} is unexpected, wanted: an expression"},
		{"{% if x %}", "line 1, column 11: the end of the template is unexpected, wanted: endif"},
		{"{% endif %}", "line 1, column 4: 'endif' is no statement here: for, if, set and what ends them"},
		{"{# x", "line 1, column 1: this comment has no end"},
		{"{{ 'x }}", "line 1, column 4: this string has no end"},
		{"{{ '\\N{DASH}' }}", "line 1, column 4: a backslash in this string stands for no character"},
		{"{{ '\\ud800' }}", "line 1, column 4: a backslash in this string stands for no character"},
		{"{{ 9223372036854775808 }}", "line 1, column 4: this number is out of range"},
		{"{{ 1e999 }}", "line 1, column 4: this number is out of range"},
		{"{{ {1: 2} }}", "line 1, column 5: a key is text here"},
		{"{{ \xc3\xa9 }}", "line 1, column 4: a name may have letters of ASCII only"},
		{"{{ x ! y }}", "line 1, column 6: this character means nothing here"},
		{"{{ x|default(1, 2, 3) }}", "line 1, column 20: default takes no further argument here"},
		{"{{ x|default(bool=true) }}", "line 1, column 14: default has no argument 'bool'"},
		{"{{ x|replace('a') }}", "line 1, column 6: replace needs 2 arguments"},
		{"{{ xs|map('frob') }}", "line 1, column 7: map: unknown name 'frob'"},
		{"{{ xs|select('divisibleby') }}", "line 1, column 7: select: divisibleby needs arguments"},
		{"{% set loop = 1 %}", "line 1, column 8: 'loop' cannot be set"},
		{"{% set 1 = 2 %}", "line 1, column 8: 1 is unexpected, wanted: a name"},
		{"{{ x if }}", "line 1, column 9: }} is unexpected, wanted: an expression"},
		{"{{ a b }}", "line 1, column 6: b is unexpected, wanted: }}"},
		{"{{ not }}", "line 1, column 8: }} is unexpected, wanted: an expression"},
		{"\xff", "line 1, column 1: the template is not UTF-8"},
	};

	bad_ones(*state, rows, countof(rows), RC_BAD);
}

static void render__what_goes_wrong__is_named_with_its_place(void **state)
{
	static const struct row rows[] = {
		{"a\n{{ missing }}", "line 2, column 4: 'missing' is undefined"},
		{"{{ d.x }}", "line 1, column 6: 'd' has no 'x': it is undefined"},
		{"{{ d.x.y }}", "line 1, column 6: 'd' has no 'x': it is undefined"},
		{"{{ d['x'] ~ 1 }}", "line 1, column 5: 'd' has no 'x': it is undefined"},
		{"{{ xs[7] + 1 }}", "line 1, column 6: there is no such element: it is undefined"},
		{"{% for x in missing %}{% endfor %}", "line 1, column 13: 'missing' is undefined"},
		{"{{ [] | first }}", "line 1, column 9: there is no such element: it is undefined"},
		{"{{ (1 if e) + 1 }}", "line 1, column 7: this if has no else, and its condition is false"},
		{"{{ 1 / 0 }}", "line 1, column 6: division by zero"},
		{"{{ 'a' + 1 }}", "line 1, column 8: + does not go with text and an integer"},
		{"{{ 9223372036854775807 + 1 }}", "line 1, column 24: the number is out of range"},
		{"{{ n < 'a' }}", "line 1, column 6: an integer and text have no order"},
		{"{{ 1 in 2 }}", "line 1, column 6: an integer has no elements"},
		{"{{ n|length }}", "line 1, column 6: an integer has no length"},
		{"{{ s.title }}", "line 1, column 6: 'title' of text is not supported"},
		{"{{ d['pop'] }}", "line 1, column 5: 'pop' of a dict is not supported"},
		{"{% for a, b in xs %}{% endfor %}", "line 1, column 8: an integer has no elements"},
		{"{% for a, b in [[1]] %}{% endfor %}", "line 1, column 8: there are more names than values"},
		{"{% for a, b in [[1, 2, 3]] %}{% endfor %}", "line 1, column 8: there are more values than names"},
		{"{% set d.x = 1 %}", "line 1, column 4: only a namespace takes attributes, not a dict"},
		{"{{ namespace() | tojson }}", "line 1, column 18: a namespace cannot be JSON"},
		{"{{ (1e308 * 10) | tojson }}", "line 1, column 19: JSON has no such number"},
		{"{{ range }}", "line 1, column 4: 'range' is a function of Jinja2's, and no value here"},
		{"{{ {n: 1} }}", "line 1, column 5: a key is text here, not an integer"},
		{"{{ xs|map('upper') }}", "line 1, column 7: an iterator cannot be printed; make a list of it"},
		{"{% set l = [1] %}{{ l.append(l) }}{{ l }}", "line 1, column 38: the value is nested too deeply"},
	};

	bad_ones(*state, rows, countof(rows), RC_BAD);
}

static void render__work_without_end__is_ended(void **state)
{
	static const struct row many[] = {
		{"{% set r = range(1000) %}{% for i in r %}{% for j in r %}{% endfor %}{% endfor %}", "line 1, column 45: this takes too many steps"},
		{"{% set l = [1] %}{% for i in l %}{% set x = l.append(1) %}{% endfor %}", ""},
		/* Lists within lists are the same ones again and again: what they hold is compared 8000 times. */
		{"{% set a = [[[[0] * 16] * 16] * 16] * 8000 %}{% set b = [[[[0] * 16] * 16] * 16] * 8000 %}{{ a == b }}", ""},
		{"{% set a = [[[[0] * 16] * 16] * 16] * 8000 %}{% set b = [[[[0] * 16] * 16] * 16] * 8000 %}{{ a < b }}", ""},
	};
	static const struct row large[] = {
		{"{{ range(99999999) }}", "line 1, column 4: this range is too large"},
		{"{{ 'abc' * 999999999 }}", "line 1, column 10: this text is too large"},
		{"{{ [1] * 999999999 }}", "line 1, column 8: this list is too large"},
		{"{% set x = 'a' * 1000000 %}{% for i in range(99) %}{{ x[1:] ~ x }}{% endfor %}", "line 1, column 61: this text is too large"},
		{"{% set ns = namespace(x='a' * 600000) %}{% for i in range(99) %}{{ ns.x[i:] ~ 'b' }}{% endfor %}", "line 1, column 65: the result is too large"},
	};
	struct world *w = *state;

	bad_ones(w, many, 1, RC_BAD);
	for (size_t i = 1; i < countof(many); i++) {
		assert_int_equal(run(w, many[i].text, DATA, false), RC_BAD);
		assert_non_null(strstr(w->e.msg, "too many steps"));
	}
	bad_ones(w, large, countof(large) - 1, RC_TOO_LARGE);
	assert_int_equal(run(w, large[4].text, DATA, false), RC_TOO_LARGE);
}

static void repeat(struct buf *b, const char *text, int n)
{
	while (n--)
		buf_adds(b, text);
}

/* Nesting of every kind ends with a refusal, not with the stack. */
static void parse__deep_nesting__is_refused(void **state)
{
	static const struct {
		const char *before, *middle, *after;
	} kinds[] = {
		{"(", "1", ")"}, {"[", "1", "]"}, {"{'a':", "1", "}"}, {"not ", "1", ""}, {"-", "1", ""}, {"1 if 1 else ", "1", ""}, {"1 + (", "1", ")"},
		{"", "1", " + 1"}, {"", "x", ".y"}, {"", "x", "[0]"}, {"", "x", "|d"}, {"x[", "0", "]"}, {"x|d(", "0", ")"}, {"", "1", " and 1"},
	};
	struct world *w = *state;
	struct buf text = BUF_INIT(1 << 20);

	for (size_t i = 0; i < countof(kinds); i++) {
		buf_clear(&text);
		buf_adds(&text, "{{ ");
		repeat(&text, kinds[i].before, 20000);
		buf_adds(&text, kinds[i].middle);
		repeat(&text, kinds[i].after, 20000);
		buf_adds(&text, " }}");
		assert_int_equal(run(w, buf_slice(&text).p, DATA, false), RC_BAD);
		assert_non_null(strstr(w->e.msg, "nested too deeply"));
	}
	buf_clear(&text);
	repeat(&text, "{% if t %}", 5000);
	assert_int_equal(run(w, buf_slice(&text).p, DATA, false), RC_BAD);
	assert_non_null(strstr(w->e.msg, "nested too deeply"));
	/* Chains without nesting are fine. */
	buf_clear(&text);
	buf_adds(&text, "{{ 1");
	repeat(&text, " ~ 1", 500);
	buf_adds(&text, " }}{% if e %}");
	repeat(&text, "{% elif e %}", 500);
	buf_adds(&text, "{% endif %}");
	assert_int_equal(run(w, buf_slice(&text).p, DATA, false), RC_OK);
	buf_release(&text);
}

static void parse__too_long__is_refused(void **state)
{
	struct world *w = *state;
	struct buf text = BUF_INIT(1 << 20);
	struct template *t;

	repeat(&text, "x", TEMPLATE_TEXT_MAX + 1);
	assert_int_equal(template_parse(w->a, buf_slice(&text), &t, &w->e), RC_TOO_LARGE);
	buf_cut(&text, TEMPLATE_TEXT_MAX);
	assert_int_equal(template_parse(w->a, buf_slice(&text), &t, &w->e), RC_OK);
	buf_release(&text);
}

/* Every cut of a template is read or refused, and never read past its end. */
static void parse__cut_anywhere__is_refused_or_read(void **state)
{
	static const char whole[] = "a{# c -#} {%- for i, j in [(1, 'x\\u00e9')] if i is not none -%} {{- i|default(1, true) ~ j[0:] }} {% else %}{% set x | upper %}b{% endset %}{% endfor %}";
	struct world *w = *state;

	for (size_t n = 0; n < sizeof(whole); n++) {
		char *cut = xalloc(n + 1);
		struct template *t;

		memcpy(cut, whole, n);
		(void)!template_parse(w->a, slice_mem(cut, n), &t, &w->e);
		free(cut);
	}
}

static void value__keeps_its_type_when_it_is_all_there_is(void **state)
{
	static const struct row rows[] = {
		{"{{ n }}", "7"},
		{" {{ n + 0.5 }} \n", "7.5"},
		{"{# c #}{{ d }}", "{\"b\":1,\"a\":[2.0],\"items\":5}"},
		{"{{ [s, nil, t, ('x',), range(2), d.keys()] }}", "[\"<Gr\xc3\xbc\xc3\x9f" "e>\",null,true,[\"x\"],[0,1],[\"b\",\"a\",\"items\"]]"},
		{"{{ s }}", "\"<Gr\xc3\xbc\xc3\x9f" "e>\""},
		{"{{ n }}{{ n }}", "\"77\""},
		{"n={{ n }}", "\"n=7\""},
		{"{% if t %}{{ n }}{% endif %}", "\"7\""},
		{"", "\"\""},
		{"  ", "\"  \""},
		{"{{ 1e16 }}", "1e+16"},
	};
	struct world *w = *state;

	good_ones(w, rows, countof(rows), true);
	assert_int_equal(run(w, "{{ missing }}", DATA, true), RC_BAD);
	assert_int_equal(run(w, "{{ namespace() }}", DATA, true), RC_BAD);
}

static void render__without_data__has_no_names(void **state)
{
	struct world *w = *state;
	struct template *t;

	assert_int_equal(template_parse(w->a, S("{{ x|default('none') }}"), &t, &w->e), RC_OK);
	assert_int_equal(template_render(t, w->a, NULL, &w->out, &w->e), RC_OK);
	assert_string_equal(buf_slice(&w->out).p, "none");
	assert_int_equal(run(w, "x", "{}", false), RC_OK);
}

static void render__a_full_result__is_said(void **state)
{
	struct world *w = *state;
	struct buf small = BUF_INIT(10);
	struct template *t;

	assert_int_equal(template_parse(w->a, S("{% for i in range(9) %}abc{% endfor %}"), &t, &w->e), RC_OK);
	assert_int_equal(template_render(t, w->a, NULL, &small, &w->e), RC_TOO_LARGE);
	buf_release(&small);
}

/* Two renderings of one template do not see each other's lists. */
static void render__again__begins_anew(void **state)
{
	struct world *w = *state;
	struct template *t;

	assert_int_equal(template_parse(w->a, S("{% set l = [1] %}{% set _ = l.append(2) %}{{ l }}"), &t, &w->e), RC_OK);
	for (int i = 0; i < 3; i++) {
		buf_clear(&w->out);
		assert_int_equal(template_render(t, w->a, NULL, &w->out, &w->e), RC_OK);
		assert_string_equal(buf_slice(&w->out).p, "[1, 2]");
	}
}

/* What is worked with is given back. */
static void render__afterwards__the_arena_is_as_before(void **state)
{
	struct world *w = *state;
	struct template *t;
	size_t before;

	assert_int_equal(template_parse(w->a, S("{% for i in range(999) %}{{ 'x' ~ i }}{% endfor %}"), &t, &w->e), RC_OK);
	before = arena_used(w->a);
	assert_int_equal(template_render(t, w->a, NULL, &w->out, &w->e), RC_OK);
	assert_int_equal(arena_used(w->a), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(render__good_ones__as_jinja2, set_up, tear_down),
		cmocka_unit_test_setup_teardown(parse__what_is_not_in_the_part__is_refused_with_its_place, set_up, tear_down),
		cmocka_unit_test_setup_teardown(render__what_goes_wrong__is_named_with_its_place, set_up, tear_down),
		cmocka_unit_test_setup_teardown(render__work_without_end__is_ended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(parse__deep_nesting__is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(parse__too_long__is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(parse__cut_anywhere__is_refused_or_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(value__keeps_its_type_when_it_is_all_there_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(render__without_data__has_no_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(render__a_full_result__is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(render__again__begins_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(render__afterwards__the_arena_is_as_before, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
