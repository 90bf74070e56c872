/* SPDX-License-Identifier: MIT */
/* Widgets: what passes, what turns one into another, what is written back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chatkit/widget.h"
#include "wire/json.h"

/* Rows are easier to read with ' for ". */
static struct slice q(struct arena *a, const char *text)
{
	char *copy = arena_alloc(a, strlen(text) + 1);

	for (size_t i = 0; text[i]; i++)
		copy[i] = text[i];
	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	return slice_cstr(copy);
}

static void check__passes_what_can_be_drawn(void **state)
{
	static const struct {
		const char *in, *want, *warnings;
	} rows[] = {
		{" { 'type' : 'Card', 'children' : [ ] } ", "{'type':'Card','children':[]}", ""},
		/* Nulls go, everywhere; what is not known stays. */
		{"{'type':'Card','key':null,'children':[null,{'type':'Button','label':'x','onClickAction':null,'z':{'a':[1,null,{'b':null}]}}],'future':1.50}",
		 "{'type':'Card','children':[{'type':'Button','label':'x','z':{'a':[1,{}]}}],'future':1.50}", ""},
		{"{'type':'Button','type':'Basic'}", "{'type':'Basic'}", ""},
		{"{'type':'ListView','children':[{'type':'ListViewItem','children':[{'type':'Text','value':'\\u00e9'}]}]}",
		 "{'type':'ListView','children':[{'type':'ListViewItem','children':[{'type':'Text','value':'\xc3\xa9'}]}]}", ""},
		{"{'type':'Card','children':[{'type':'Transition','children':{'type':'Moon'}},5,{'a':1}]}",
		 "{'type':'Card','children':[{'type':'Transition','children':{'type':'Moon'}},5,{'a':1}]}",
		 "widget.children[0].children: unknown component 'Moon'\nwidget.children[1]: expected a component\nwidget.children[2]: unknown component ''\n"},
		{"{'type':'Card','children':[{'type':'Text'},{'type':'Label','value':'x'},{'type':'Select','name':'n','options':[]},{'type':'Chart','data':[]}]}",
		 "{'type':'Card','children':[{'type':'Text'},{'type':'Label','value':'x'},{'type':'Select','name':'n','options':[]},{'type':'Chart','data':[]}]}",
		 "widget.children[0]: Text without 'value'\nwidget.children[1]: Label without 'fieldName'\n"
		 "widget.children[3]: Chart without 'series'\nwidget.children[3]: Chart without 'xAxis'\n"},
		{"{'type':'ListView','children':[{'type':'Row'}]}", "{'type':'ListView','children':[{'type':'Row'}]}",
		 "widget.children[0]: a ListView takes only ListViewItem\n"},
		{"{'type':'Card'}", "{'type':'Card'}", "widget: Card without 'children'\n"},
		{"{'type':'Card','children':[{'type':'ListViewItem','children':[]}]}", "{'type':'Card','children':[{'type':'ListViewItem','children':[]}]}",
		 "widget.children[0]: a ListViewItem stands only in a ListView\n"},
	};
	struct arena *a = arena_new(4 << 20, NULL);

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct buf out = BUF_INIT(1 << 16), warnings = BUF_INIT(1 << 16);
		struct err e = ERR_INIT;

		if (widget_check(a, q(a, rows[i].in), &out, &warnings, &e) != RC_OK)
			fail_msg("%s: %s", rows[i].in, e.msg);
		assert_string_equal(buf_slice(&out).p, q(a, rows[i].want).p);
		assert_string_equal(buf_slice(&warnings).p, rows[i].warnings);
		/* What was checked once stays as it is. */
		buf_clear(&warnings);
		assert_int_equal(widget_check(a, q(a, rows[i].want), &warnings, NULL, &e), RC_OK);
		assert_true(slice_eq(buf_slice(&out), buf_slice(&warnings)));
		buf_release(&out);
		buf_release(&warnings);
	}
	arena_free(a);
}

/* n Rows within each other, in a Card: 2n + 2 containers; closed when whole. */
static struct slice nested(struct arena *a, size_t n, bool whole)
{
	struct buf b = BUF_INIT(1 << 16);
	struct slice s;

	buf_adds(&b, "{\"type\":\"Card\",\"children\":[");
	for (size_t i = 0; i < n; i++)
		buf_adds(&b, "{\"type\":\"Row\",\"children\":[");
	for (size_t i = 0; whole && i < n + 1; i++)
		buf_adds(&b, "]}");
	s = arena_dup(a, buf_slice(&b));
	buf_release(&b);
	return s;
}

static void check__refuses_what_cannot(void **state)
{
	static const struct {
		const char *in;
		enum rc rc;
		const char *want;
	} rows[] = {
		{"", RC_BAD, "widget: not JSON: unexpected end (byte 0)"},
		{"[]", RC_BAD, "widget: expected an object (byte 0)"},
		{"{}", RC_BAD, "widget.type: expected Card, ListView or Basic"},
		{"{'type':'Text','value':'x'}", RC_BAD, "widget.type: expected Card, ListView or Basic"},
		{"{'type':['Card']}", RC_BAD, "widget.type: expected Card, ListView or Basic"},
	};
	struct arena *a = arena_new(64 << 20, NULL);
	struct buf out = BUF_INIT(WIDGET_MAX), warnings = BUF_INIT(1 << 16);
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		assert_int_equal(widget_check(a, q(a, rows[i].in), &out, NULL, &e), rows[i].rc);
		assert_string_equal(err_sentence(&e), rows[i].want);
		assert_int_equal(out.n, 0);
	}

	assert_int_equal(widget_check(a, nested(a, WIDGET_DEPTH_MAX / 2 - 1, true), &out, NULL, &e), RC_OK);
	buf_clear(&out);
	assert_int_equal(widget_check(a, nested(a, WIDGET_DEPTH_MAX / 2, true), &out, NULL, &e), RC_BAD);
	assert_true(slice_ends(slice_cstr(e.user), S(".children[0].children[0]: deeper than 26")));
	assert_true(slice_starts(slice_cstr(e.user), S("widget.children[0].")));
	assert_int_equal(out.n, 0);
	assert_int_equal(widget_check(a, nested(a, 2000, true), &out, NULL, &e), RC_BAD);

	/* One too many: bytes, values, warnings. */
	{
		struct buf big = BUF_INIT(2 * WIDGET_MAX);

		buf_adds(&big, "{\"type\":\"Card\",\"children\":[{\"type\":\"Text\",\"value\":\"");
		while (big.n <= WIDGET_MAX)
			buf_adds(&big, "0123456789abcdef");
		buf_adds(&big, "\"}]}");
		assert_int_equal(widget_check(a, buf_slice(&big), &out, NULL, &e), RC_TOO_LARGE);
		buf_clear(&big);
		buf_adds(&big, "{\"type\":\"Card\",\"children\":[");
		for (int i = 0; i < 30; i++)
			buf_addf(&big, "%s{\"type\":\"M%d\"}", i ? "," : "", i);
		buf_adds(&big, "]}");
		assert_int_equal(widget_check(a, buf_slice(&big), &out, &warnings, &e), RC_OK);
		assert_true(slice_ends(buf_slice(&warnings), S("'M19'\nwidget: 10 more\n")));
		buf_clear(&big);
		buf_adds(&big, "{\"type\":\"Card\",\"children\":[");
		for (int i = 0; i < WIDGET_NODES_MAX; i++)
			buf_adds(&big, i ? ",1" : "1");
		buf_adds(&big, "]}");
		buf_clear(&out);
		assert_int_equal(widget_check(a, buf_slice(&big), &out, NULL, &e), RC_BAD);
		buf_release(&big);
	}
	buf_release(&out);
	buf_release(&warnings);
	arena_free(a);
}

/* Changes as text: "root", "text ID DELTA", with "." behind a text that is done; one a line. */
static const char *shown(struct arena *a, const struct widget_change *c, size_t n, struct slice after)
{
	struct buf b = BUF_INIT(1 << 16);
	const char *text;

	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addch(&b, '\n');
		switch (c[i].kind) {
		case WIDGET_ROOT:
			assert_true(slice_eq(c[i].json, after));
			buf_adds(&b, "root");
			break;
		case WIDGET_TEXT:
			buf_addf(&b, "text %.*s %.*s%s", SLICE_ARG(c[i].id), SLICE_ARG(c[i].text), c[i].done ? "." : "");
			break;
		}
	}
	text = arena_cstr(a, buf_slice(&b));
	buf_release(&b);
	return text;
}

#define CARD(children) "{'type':'Card','children':[" children "]}"
#define T(id, value) "{'type':'Text','id':'" id "','value':'" value "'}"
#define TS(id, value) "{'type':'Markdown','id':'" id "','value':'" value "','streaming':true}"

static const struct {
	const char *before, *after, *want;
} diffs[] = {
	{CARD(T("a", "x")), CARD(T("a", "x")), ""},
	{CARD("{'type':'Text','id':'a','value':'x'}"), CARD("{'value':'x','id':'a','type':'Text'}"), ""},
	{CARD(TS("a", "x")), CARD(TS("a", "xyz")), "text a yz"},
	{CARD(T("a", "")), CARD(T("a", "y")), "text a y."},
	{CARD(TS("a", "x") "," TS("b", "x")), CARD(TS("a", "x1") "," TS("b", "x2")), "text a 1\ntext b 2"},
	/* Not an extension; the SDK makes this an error when all else is the same. */
	{CARD(T("a", "xy")), CARD(T("a", "x")), "root"},
	{CARD(T("a", "xy")), CARD(T("a", "zxy")), "root"},
	/* The end of streaming, in the same step as text. */
	{CARD(TS("a", "x")), CARD("{'type':'Markdown','id':'a','value':'xy','streaming':false}"), "root"},
	/* Another type, id or key. */
	{CARD(T("a", "x")), CARD("{'type':'Title','id':'a','value':'x'}"), "root"},
	{CARD(T("a", "x")), CARD(T("b", "x")), "root"},
	{CARD("{'type':'Text','value':'x'}"), CARD(T("b", "x")), "root"},
	{CARD("{'type':'Text','id':'a','key':'1','value':'x'}"), CARD("{'type':'Text','id':'a','key':'2','value':'x'}"), "root"},
	/* A list's length; another property; one that went. */
	{CARD(T("a", "x")), CARD(T("a", "x") "," T("b", "y")), "root"},
	{CARD("{'type':'Text','id':'a','value':'x','size':'sm'}"), CARD("{'type':'Text','id':'a','value':'x','size':'md'}"), "root"},
	{CARD("{'type':'Text','id':'a','value':'x','size':'sm'}"), CARD(T("a", "x")), "root"},
	{CARD("{'type':'Button','id':'a','onClickAction':{'type':'t','payload':{'n':[1,2]}}}"),
	 CARD("{'type':'Button','id':'a','onClickAction':{'payload':{'n':[1,2]},'type':'t'}}"), ""},
	{CARD("{'type':'Button','id':'a','onClickAction':{'type':'t','payload':{'n':[1,2]}}}"),
	 CARD("{'type':'Button','id':'a','onClickAction':{'type':'t','payload':{'n':[1,3]}}}"), "root"},
	{CARD("{'type':'Button','onClickAction':{'type':'t','payload':{'n':1,'m':2}}}"), CARD("{'type':'Button','onClickAction':{'type':'t','payload':{'n':1}}}"),
	 "root"},
	/* A value that grows but is no text's. */
	{CARD("{'type':'Title','id':'a','value':'x'}"), CARD("{'type':'Title','id':'a','value':'xy'}"), "root"},
	{CARD("{'type':'Text','id':'a','value':1}"), CARD("{'type':'Text','id':'a','value':12}"), "root"},
	/* A text that nobody can name, or that two are named alike: the SDK says nothing, and the screen would stay behind. */
	{CARD("{'type':'Text','value':'x'}"), CARD("{'type':'Text','value':'xy'}"), "root"},
	{CARD(T("a", "x") "," T("a", "x")), CARD(T("a", "xy") "," T("a", "x")), "root"},
	/* A text that grew, and something else. */
	{CARD("{'type':'Row','id':'r','children':[{'type':'Badge','label':'1'}," TS("in", "x") "]}," TS("out", "x")),
	 CARD("{'type':'Row','id':'r','children':[{'type':'Badge','label':'2'}," TS("in", "xy") "]}," TS("out", "xz")), "root"},
	{CARD("{'type':'Row','id':'r','children':[" TS("in", "x") ",{'type':'Badge','label':'1'}]}"),
	 CARD("{'type':'Row','id':'r','children':[" TS("in", "xy") ",{'type':'Badge','label':'2'}]}"), "root"},
	{CARD("{'type':'Transition','id':'t','children':{'type':'Icon','name':'a'}}"), CARD("{'type':'Transition','id':'t','children':{'type':'Icon','name':'b'}}"),
	 "root"},
	{CARD("{'type':'Transition','children':" TS("a", "x") "}"), CARD("{'type':'Transition','children':" TS("a", "xy") "}"), "text a y"},
	/* The root itself is the root. */
	{"{'type':'Card','id':'c','size':'sm','children':[]}", "{'type':'Card','id':'c','size':'md','children':[]}", "root"},
	{"rubbish", CARD(""), "root"},
	{"", CARD(""), "root"},
};

static void diff__by_the_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(diffs); i++) {
		struct arena *a = arena_new(4 << 20, NULL);
		struct widget_change c[WIDGET_CHANGES_MAX];
		struct slice after = q(a, diffs[i].after);
		struct err e = ERR_INIT;
		size_t n;

		assert_int_equal(widget_diff(a, q(a, diffs[i].before), after, c, &n, &e), RC_OK);
		if (!slice_eq(slice_cstr(shown(a, c, n, after)), q(a, diffs[i].want)))
			fail_msg("%s\nto %s\n%s", diffs[i].before, diffs[i].after, shown(a, c, n, after));
		arena_free(a);
	}
}

static void diff__too_many_are_one_root(void **state)
{
	struct arena *a = arena_new(16 << 20, NULL);
	struct buf before = BUF_INIT(1 << 16), after = BUF_INIT(1 << 16);
	struct widget_change c[WIDGET_CHANGES_MAX];
	struct err e = ERR_INIT;
	size_t n;

	(void)state;
	for (int want = WIDGET_CHANGES_MAX; want <= WIDGET_CHANGES_MAX + 1; want++) {
		buf_clear(&before);
		buf_clear(&after);
		buf_adds(&before, "{\"type\":\"Card\",\"children\":[");
		buf_adds(&after, "{\"type\":\"Card\",\"children\":[");
		for (int i = 0; i < want; i++) {
			buf_addf(&before, "%s{\"type\":\"Text\",\"id\":\"t%d\",\"value\":\"x\"}", i ? "," : "", i);
			buf_addf(&after, "%s{\"type\":\"Text\",\"id\":\"t%d\",\"value\":\"xy\"}", i ? "," : "", i);
		}
		buf_adds(&before, "]}");
		buf_adds(&after, "]}");
		assert_int_equal(widget_diff(a, buf_slice(&before), buf_slice(&after), c, &n, &e), RC_OK);
		assert_int_equal(n, want == WIDGET_CHANGES_MAX ? WIDGET_CHANGES_MAX : 1);
	}
	assert_int_equal(widget_diff(a, buf_slice(&before), S("{"), c, &n, &e), RC_BAD);
	buf_release(&before);
	buf_release(&after);
	arena_free(a);
}

#define ROW(id, note) "{'type':'Form','onSubmitAction':{'type':'go','payload':{'id':" id "}},'children':[{'type':'Input','name':'note'" note "}]}"
#define PICK(name, id, dflt) "{'type':'Select','name':" name ",'onChangeAction':{'type':'go','payload':{'id':" id "}}" dflt "}"

static void form__is_written_back(void **state)
{
	static const struct {
		const char *widget, *payload, *want; /* NULL: nothing changed */
	} rows[] = {
		{CARD("{'type':'Input','name':'a'}"), "{'a':'x'}", CARD("{'type':'Input','name':'a','defaultValue':'x'}")},
		{CARD("{'type':'Input','name':'a','defaultValue':'old','z':1}"), "{'a':'new'}", CARD("{'type':'Input','name':'a','defaultValue':'new','z':1}")},
		{CARD("{'type':'Input','name':'a','defaultValue':'x'}"), "{'a':'x'}", NULL},
		{CARD("{'type':'Input','name':'a'}"), "{'b':'x'}", NULL},
		{CARD("{'type':'Input','name':'a'}"), "{'a':null}", NULL},
		{CARD("{'type':'Input','name':'a'}"), "{'a':{'b':1}}", NULL},
		{CARD("{'type':'Input','name':'a'}"), "7", NULL},
		{CARD("{'type':'Input','name':'a'}"), "", NULL},
		{CARD("{'type':'Input'}"), "{'':'x'}", NULL},
		{CARD("{'type':'Text','name':'a','value':'x'}"), "{'a':'y'}", NULL},
		{CARD("{'type':'Input','name':'a','inputType':'number'}"), "{'a':3.50}", CARD("{'type':'Input','name':'a','inputType':'number','defaultValue':'3.50'}")},
		/* A dot is a level, unless the name is there as it stands. */
		{CARD("{'type':'Form','children':[{'type':'Textarea','name':'todo.title'},{'type':'Select','name':'todo.x.y'},{'type':'DatePicker','name':'d.e'}]}"),
		 "{'todo':{'title':'t','x':7},'d.e':'2026'}",
		 CARD("{'type':'Form','children':[{'type':'Textarea','name':'todo.title','defaultValue':'t'},{'type':'Select','name':'todo.x.y'},"
		      "{'type':'DatePicker','name':'d.e','defaultValue':'2026'}]}")},
		{CARD("{'type':'Checkbox','name':'a'},{'type':'Checkbox','name':'b'},{'type':'Checkbox','name':'c'},{'type':'RadioGroup','name':'d','defaultValue':'1'}"),
		 "{'a':true,'b':'on','c':'maybe','d':'2'}",
		 CARD("{'type':'Checkbox','name':'a','defaultChecked':true},{'type':'Checkbox','name':'b','defaultChecked':true},{'type':'Checkbox','name':'c'},"
		      "{'type':'RadioGroup','name':'d','defaultValue':'2'}")},
		/* Emptied. */
		{CARD("{'type':'Select','name':'a','defaultValue':'x','z':1}"), "{'a':null}", CARD("{'type':'Select','name':'a','z':1}")},
		{CARD("{'type':'Input','name':'a','defaultValue':'x'}"), "{'a':''}", CARD("{'type':'Input','name':'a','defaultValue':''}")},
		/* What the action brings along itself was not filled in; another action's, or another name's, is none of it. */
		{CARD("{'type':'Input','name':'a'},{'type':'Input','name':'b'},{'type':'Button','onClickAction':{'type':'go','payload':{'a':'x'}}}"), "{'a':'x','b':'y'}",
		 CARD("{'type':'Input','name':'a'},{'type':'Input','name':'b','defaultValue':'y'},{'type':'Button','onClickAction':{'type':'go','payload':{'a':'x'}}}")},
		{CARD("{'type':'Input','name':'a'},{'type':'Button','onClickAction':{'type':'stay','payload':{'a':'x'}}}"), "{'a':'x'}",
		 CARD("{'type':'Input','name':'a','defaultValue':'x'},{'type':'Button','onClickAction':{'type':'stay','payload':{'a':'x'}}}")},
		{"{'type':'Card','asForm':true,'confirm':{'label':'OK','action':{'type':'go','payload':{'todo':{'id':7}}}},'children':["
		 "{'type':'Input','name':'todo.id'},{'type':'Input','name':'todo.title'}]}",
		 "{'todo':{'id':7,'title':'t'}}",
		 "{'type':'Card','asForm':true,'confirm':{'label':'OK','action':{'type':'go','payload':{'todo':{'id':7}}}},'children':["
		 "{'type':'Input','name':'todo.id'},{'type':'Input','name':'todo.title','defaultValue':'t'}]}"},
		{CARD("{'type':'Checkbox','name':'a','defaultChecked':true}"), "{'a':false}", CARD("{'type':'Checkbox','name':'a','defaultChecked':false}")},
		/* Of rows with the same names, the one that was used: a form, also by a button in it, or a control alone. */
		{CARD(ROW("1.0", "") "," ROW("2", "")), "{'id':1,'note':'x'}", CARD(ROW("1.0", ",'defaultValue':'x'") "," ROW("2", ""))},
		{CARD(ROW("1", "") "," ROW("{'a':2,'b':['y']}", "")), "{'id':{'b':['y'],'a':2},'note':'x'}",
		 CARD(ROW("1", "") "," ROW("{'a':2,'b':['y']}", ",'defaultValue':'x'"))},
		{CARD(PICK("'s'", "1", "") "," PICK("'s'", "2", "")), "{'id':2,'s':'x'}", CARD(PICK("'s'", "1", "") "," PICK("'s'", "2", ",'defaultValue':'x'"))},
		/* Who says nothing may be meant as well as another who says nothing, but not beside one who says something. */
		{CARD("{'type':'Input','name':'note','onChangeAction':{'type':'go'}}," ROW("1", "")), "{'id':1,'note':'x'}",
		 CARD("{'type':'Input','name':'note','onChangeAction':{'type':'go'}}," ROW("1", ",'defaultValue':'x'"))},
		{CARD("{'type':'Input','name':'a','onChangeAction':{'type':'go'}},{'type':'Input','name':'b','onChangeAction':{'type':'go'}}"), "{'b':'x'}",
		 CARD("{'type':'Input','name':'a','onChangeAction':{'type':'go'}},{'type':'Input','name':'b','onChangeAction':{'type':'go'},'defaultValue':'x'}")},
		/* A payload that a page made itself, a button that is in no form: any. */
		{CARD(ROW("1", "") "," ROW("2", "")), "{'note':'x'}", CARD(ROW("1", ",'defaultValue':'x'") "," ROW("2", ",'defaultValue':'x'"))},
		{CARD("{'type':'Input','name':'a'},{'type':'Button','onClickAction':{'type':'go'}}"), "{'a':'x'}",
		 CARD("{'type':'Input','name':'a','defaultValue':'x'},{'type':'Button','onClickAction':{'type':'go'}}")},
		/* A text that can be written in is a field. */
		{CARD("{'type':'Text','value':'x','editable':{'name':'a'}},{'type':'Text','value':'x','editable':false}"), "{'a':'y'}",
		 CARD("{'type':'Text','value':'y','editable':{'name':'a'}},{'type':'Text','value':'x','editable':false}")},
		{CARD("{'type':'Text','value':'x','editable':{'name':'a'}}"), "{'a':null}", CARD("{'type':'Text','value':'','editable':{'name':'a'}}")},
	};
	struct arena *a = arena_new(4 << 20, NULL);

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct buf out = BUF_INIT(1 << 16);
		struct err e = ERR_INIT;
		bool changed;

		assert_int_equal(widget_form(a, q(a, rows[i].widget), S("go"), q(a, rows[i].payload), &out, &changed, &e), RC_OK);
		assert_int_equal(changed, rows[i].want != NULL);
		assert_string_equal(buf_slice(&out).p, rows[i].want ? q(a, rows[i].want).p : "");
		buf_release(&out);
	}
	arena_free(a);
}

static void action__is_used_up(void **state)
{
	static const struct {
		const char *widget, *want; /* NULL: nothing changed */
	} rows[] = {
		{CARD("{'type':'Button','onClickAction':{'type':'go'}},{'type':'Button','onClickAction':{'type':'stay'}}"),
		 CARD("{'type':'Button','onClickAction':{'type':'go'},'disabled':true},{'type':'Button','onClickAction':{'type':'stay'}}")},
		{CARD("{'type':'Button','disabled':false,'onClickAction':{'type':'go'}}"), CARD("{'type':'Button','disabled':true,'onClickAction':{'type':'go'}}")},
		{CARD("{'type':'Button','disabled':true,'onClickAction':{'type':'go'}}"), NULL},
		{CARD("{'type':'Button','label':'go'}"), NULL},
		{"{'type':'ListView','children':[{'type':'ListViewItem','onClickAction':{'type':'go'},'children':[]}]}",
		 "{'type':'ListView','children':[{'type':'ListViewItem','children':[]}]}"},
		{CARD("{'type':'Form','onSubmitAction':{'type':'go'},'children':[{'type':'Row','children':[{'type':'Button','submit':true}]},{'type':'Button'}]},"
		      "{'type':'Button','submit':true}"),
		 CARD("{'type':'Form','children':[{'type':'Row','children':[{'type':'Button','submit':true,'disabled':true}]},{'type':'Button'}]},"
		      "{'type':'Button','submit':true}")},
		{CARD("{'type':'Select','name':'a','onChangeAction':{'type':'go'}}"), CARD("{'type':'Select','name':'a','onChangeAction':{'type':'go'},'disabled':true}")},
		{"{'type':'Card','confirm':{'label':'Yes','action':{'type':'go'}},'cancel':{'label':'No','action':{'type':'no'}},'children':[]}", "{'type':'Card','children':[]}"},
		{CARD("{'type':'Transition','children':{'type':'Button','onClickAction':{'type':'go'}}}"),
		 CARD("{'type':'Transition','children':{'type':'Button','onClickAction':{'type':'go'},'disabled':true}}")},
	};
	struct arena *a = arena_new(4 << 20, NULL);

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct buf out = BUF_INIT(1 << 16);
		struct err e = ERR_INIT;
		bool changed;

		assert_int_equal(widget_spend(a, q(a, rows[i].widget), S("go"), &out, &changed, &e), RC_OK);
		assert_int_equal(changed, rows[i].want != NULL);
		assert_string_equal(buf_slice(&out).p, rows[i].want ? q(a, rows[i].want).p : "");
		buf_clear(&out);
		assert_int_equal(widget_spend(a, q(a, rows[i].widget), SLICE_NONE, &out, &changed, &e), RC_OK);
		assert_false(changed);
		buf_release(&out);
	}
	arena_free(a);
}

static void told__and_cut(void **state)
{
	struct buf out = BUF_INIT(1 << 16), big = BUF_INIT(1 << 16);

	(void)state;
	widget_text(&out, S("{}"));
	assert_string_equal(out.p, "The following graphical UI widget was displayed to the user:{}");
	while (big.n < WIDGET_TOLD_MAX + 1)
		buf_adds(&big, "\xc3\xa9");
	buf_clear(&out);
	widget_text(&out, buf_slice(&big));
	assert_true(slice_ends(buf_slice(&out), S("\xc3\xa9\n(2 more bytes of it are left out.)")));
	buf_release(&out);
	buf_release(&big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check__passes_what_can_be_drawn),
		cmocka_unit_test(check__refuses_what_cannot),
		cmocka_unit_test(diff__by_the_rule),
		cmocka_unit_test(diff__too_many_are_one_root),
		cmocka_unit_test(form__is_written_back),
		cmocka_unit_test(action__is_used_up),
		cmocka_unit_test(told__and_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
