# SPDX-License-Identifier: MIT
"""Random templates within the part of Jinja2 that chatkit/template.h names. Mostly of fitting types, so that most of them render; now and then not."""
from __future__ import annotations

import random
import re

DATA = {
    "n": 7, "zero": 0, "neg": -3, "big": 12345678901, "f": 2.5, "g": -0.1, "h": 1e16, "whole": 3.0, "yes": True, "no": False, "nil": None,
    "s": "Hello, World", "e": "", "u": "Grüße, 世界 🙂", "html": "<b>\"it's\" & more</b>", "blank": "  a  b ", "lines": "x\ny\tz\\", "num": "42", "fnum": " -1.5 ",
    "xs": [3, 1, 2], "ss": ["b", "A", "c", "ä"], "mixed": [1, "two", None, True, 4.5, [1], {"k": 1}], "none": [], "nest": [[1, 2], [3], []],
    "d": {"b": 1, "a": 2, "key": "v", "title": "T"}, "deep": {"x": {"y": {"z": [1, {"w": "end"}]}}}, "empty": {},
    "items": [{"id": 1, "name": "one", "tags": ["p", "q"], "done": True, "price": 1.5}, {"id": 2, "name": "two", "tags": [], "done": False, "price": 20},
              {"id": 3, "name": "<three>", "tags": ["r"], "done": True, "price": 0.1, "note": "only here"}],
}
INTS, FLOATS = ["n", "zero", "neg", "big", "loop.index", "loop.index0", "i"], ["f", "g", "h", "whole"]
STRS = ["s", "e", "u", "html", "blank", "lines", "num", "fnum", "d.key", "d['key']", "deep.x.y.z[1].w", "items[0].name", "w"]
LISTS, DICTS = ["xs", "ss", "mixed", "none", "nest", "items", "deep.x.y.z", "items[0].tags"], ["d", "deep", "empty", "items[1]", "deep.x"]
WORDS = ["a", "b", "lo", ",", "", " ", "é", "'", '"', "<&>", "\\", "x\\ny", "Hello", "🙂", "1", "{{", "%}"]


class Gen:
    """One template; made anew for each seed.

    A pattern's marks are filled one level deeper: $i int, $f float, $s text, $l list, $d dict, $b boolean, $a anything, and without depth: $n a small number,
    $q a string literal, $: the bounds of a slice.
    """

    INT = ["$i + $i", "$i - $i", "$i * $i", "$i // $i", "$i % $i", "-$i", "($i)", "+$i", "($l)|length", "($s)|length", "($a)|int", "($s)|int($i)", "($i)|abs", "xs|sum",
           "($d)|length", "items|sum(attribute='id')", "xs[$i % 3]", "($s).split()|count", "($f)|int", "(($i)|string)|int"]
    FLOAT = ["$i / $i", "$f + $i", "$f - $f", "$f * $i", "$f // $i", "$f % $f", "$i / $f", "($i)|float", "($f)|round", "($i)|round", "($f)|round(2)",
             "($f)|round(1, 'floor')", "($f)|round(method='ceil')", "($s)|float", "($s)|float($a)", "-$f", "($f)|abs", "[$f, $i]|sum"]
    STR = ["$s ~ $a", "$a ~ $a ~ $s", "$s + $s", "($s) * $n", "($s)[$i]", "($s)[-$n]", "($s)[$:]", "($s)|upper", "($s)|lower", "($s)|capitalize", "($s)|title",
           "($s)|trim", "($s)|trim($q)", "($s)|replace($s, $q)", "($s)|replace($q, $s, 1)", "($a)|string", "($a)|tojson", "($l)|join($q)", "($l)|join", "($s)|escape",
           "($s).upper()", "($s).strip()", "($s).strip($q)", "($s).replace($q, $q)", "($s)|first", "($s)|last", "$q.join(ss)", "($s)|reverse", "($s)|safe",
           "items|map(attribute='name')|join($q)", "($s)|default($s)", "($a)|tojson(indent=2)", "$q $q", "($s if $b else $s)", "($s or $s)", "($s).rstrip($q)",
           "($a)|e", "($s).capitalize()", "($s)|tojson ~ $s", "($l)|join($s, attribute='name')"]
    LIST = ["[]", "[$a]", "[$a, $a]", "[$a, $a, $a,]", "($a, $a)", "($a,)", "()", "($l)[$:]", "($a)|list", "$l + $l", "($d).items()", "($d).keys()", "($d).values()|list",
            "($d)|items", "range($n)", "range($i, $i, 3)", "range(5, $n, -1)[$:]", "($l)|sort", "($l)|sort(reverse=true)", "items|selectattr('done')|list",
            "items|rejectattr('id', '>', $i)|list", "($l)|map('string')|list", "items|map(attribute='note', default=$q)|list", "items|map(attribute='tags.0')|list",
            "($l)|select('string')|list", "($l)|reject('none')|list", "($l)|select|list", "xs|select('odd')|list", "($l)|reverse|list", "($s).split()", "($s).split($q)",
            "($l) * 2", "items|sort(attribute='name')", "($l)|map('tojson')", "($l)|select('defined')", "($l if $b else $l)", "ss|map('upper')|list"]
    DICT = ["{}", "{$q: $a}", "{$q: $a, $q: $a}", "{$s: $a,}", "($d if $b else $d)", "($d or $d)"]
    BOOL = ["$i == $i", "$i != $f", "$i < $i", "$f >= $i", "$i < $i <= $i", "$s < $s", "$s == $s", "$a == $a", "$a != $a", "$a > $a", "not $a", "$b and $b", "$b or $a",
            "$a in $l", "$s not in $s", "$q in $s", "$s in $d", "($l) == ($l)", "$l < $l", "$d == $d", "not $b == $b",
            "($a) is TEST", "($a) is not TEST", "($a) is TEST", "missing is TEST", "d.missing is not TEST", "items[9] is TEST"]
    TESTS = ["defined", "undefined", "none", "string", "number", "mapping", "sequence", "iterable", "integer", "float", "boolean", "true", "false", "odd", "even",
             "divisibleby 3", "divisibleby(2)", "in xs", "in($l)", "eq 7", "ne $q", "gt 2", "lt(5)", "equalto($a)"]
    ODD = ["none", "d.get($q)", "d.get('a', $a)", "missing|default($a)", "missing|d", "($a)|default(1, true)", "($a if $b)", "($l)|first", "($l)|last", "($l)[$i]",
           "deep.x[$q]", "($a if $b else $a)", "mixed[5]", "nest[0][1]", "items.1.name", "($a and $a)", "($a or $a)", "nil", "missing", "html|tojson + '<'", "'&' + s|escape",
           "($d)[$q]", "[$a, $a][$b]", "($l)|length", "($l)|sum(start=$i)", "($a).x", "($a)[$n]"]

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)

    def pick(self, choices):
        return self.r.choice(choices)

    def maybe(self, part: float) -> bool:
        return self.r.random() < part

    # ---- expressions

    def fill(self, pattern: str, depth: int) -> str:
        marks = {"i": self.int, "f": self.float, "s": self.str, "l": self.list, "d": self.dict, "b": self.bool, "a": self.any}
        plain = {"n": lambda: str(self.r.randint(0, 4)), "q": self.string, ":": self.bounds}
        pattern = pattern.replace("TEST", self.pick(self.TESTS))
        return re.sub(r"\$(.)", lambda m: marks[m[1]](depth - 1) if m[1] in marks else plain[m[1]](), pattern)

    def string(self) -> str:
        word, quote = self.pick(WORDS), self.pick("'\"")
        if quote in word or word == "\\":
            word = {"\\": "\\\\"}.get(word, "\\" + quote)
        return quote + word + quote

    def bounds(self) -> str:
        def one() -> str:
            return self.pick(["", "", str(self.r.randint(0, 5)), f"-{self.r.randint(1, 6)}", "none", "99", "-99"])
        return one() + ":" + one() + (":" + self.pick(["", "1", "2", "-1", "-2", "3"]) if self.maybe(0.3) else "")

    def int(self, depth: int) -> str:
        if depth <= 0 or self.maybe(0.3):
            return self.pick([str(self.r.randint(0, 9)), str(self.r.randint(0, 1000)), self.pick(INTS)])
        return self.fill(self.pick(self.INT), depth)

    def float(self, depth: int) -> str:
        if depth <= 0 or self.maybe(0.3):
            return self.pick([f"{self.r.uniform(-50, 50):.3f}", "1e3", "0.5", "1.0", "1e-7", "123456789.0", self.pick(FLOATS)])
        return self.fill(self.pick(self.FLOAT), depth)

    def str(self, depth: int) -> str:
        if depth <= 0 or self.maybe(0.25):
            return self.pick([self.string(), self.string(), self.pick(STRS)])
        return self.fill(self.pick(self.STR), depth)

    def list(self, depth: int) -> str:
        return self.pick(LISTS) if depth <= 0 or self.maybe(0.35) else self.fill(self.pick(self.LIST), depth)

    def dict(self, depth: int) -> str:
        return self.pick(DICTS) if depth <= 0 or self.maybe(0.5) else self.fill(self.pick(self.DICT), depth)

    def bool(self, depth: int) -> str:
        if depth <= 0 or self.maybe(0.15):
            return self.pick(["true", "false", "yes", "no", "True", "loop.last", "loop.first"])
        return self.fill(self.pick(self.BOOL), depth)

    def any(self, depth: int) -> str:
        if depth > 0 and self.maybe(0.2):
            return self.fill(self.pick(self.ODD), depth)
        return self.pick([self.int, self.float, self.str, self.str, self.list, self.dict, self.bool])(depth)

    # ---- statements

    def dash(self) -> str:
        return self.pick(["", "", "", "-"])

    def tag(self, body: str) -> str:
        return "{%" + self.dash() + self.pick([" ", ""]) + body + " " + self.dash() + "%}"

    def text(self) -> str:
        return self.pick(["", " ", "\n", " x ", "<a>", "\n  y\n", '{"k":', "}", "é", "{# note #}", "{#- note -#} ", "{ {", "\r\n", "%", "#}"])

    def print(self, depth: int) -> str:
        e = self.any(depth)
        if self.maybe(0.4):
            e = f"({e})|tojson"
        return "{{" + self.dash() + " " + e + " " + self.dash() + "}}"

    def statement(self, depth: int) -> str:
        d = depth - 1
        kind = self.r.randint(0, 9) if depth > 0 else 0
        if kind <= 3:
            return self.print(2)
        if kind == 4:
            return self.tag(f"if {self.bool(2)}") + self.body(d) + (self.tag(f"elif {self.bool(1)}") + self.body(d) if self.maybe(0.3) else "") + (
                self.tag("else") + self.body(d) if self.maybe(0.5) else "") + self.tag("endif")
        if kind == 5:
            head = self.pick([f"for i in {self.list(1)}", f"for w in {self.pick(['ss', 's', 'd', 'u'])}", f"for i in xs if {self.bool(1)}",
                              f"for i, w in {self.pick(['d.items()', 'd|items', '[(1, 2)]', 'nest'])}", "for i in range(3)"])
            return self.tag(head) + self.body(d) + (self.tag("else") + self.body(d) if self.maybe(0.2) else "") + self.tag("endfor")
        if kind == 6:
            return self.tag(f"set v = {self.any(2)}") + "{{ v }}"
        if kind == 7:
            return self.tag(f"set v{self.pick(['', '', '|upper', '|trim|length'])}") + self.body(d) + self.tag("endset") + self.pick(["{{ v }}", "{{ v|tojson }}", "{{ v[1:] }}"])
        if kind == 8:
            return self.tag("set ns = namespace(c=0, l=[])") + self.tag(f"for i in {self.list(1)}") + self.tag(f"set ns.c = ns.c + {self.pick(['1', 'loop.index'])}") + (
                "{{ ns.l.append(i) or '' }}") + self.body(d) + self.tag("endfor") + "{{ ns.c }}{{ ns.l }}"
        return self.tag(f"set v, i = {self.any(1)}, {self.any(1)}") + "{{ v }}{{ i }}"

    def body(self, depth: int) -> str:
        return "".join(self.text() + self.statement(depth) for _ in range(self.r.randint(1, 2))) + self.text()

    def template(self) -> str:
        return self.body(2)


class Names(Gen):
    """About names only: which scope sets what, and who sees it."""

    def body(self, depth: int) -> str:
        return "".join(self.scope(depth) for _ in range(self.r.randint(1, 4)))

    def scope(self, depth: int) -> str:
        name, d = self.pick("abc"), depth - 1
        show = "{{ %s|default('-') }} " % name
        kind = self.r.randint(0, 6) if depth > 0 else self.r.randint(0, 2)
        if kind == 0:
            return show
        if kind == 1:
            return "{%% set %s = %d %%}" % (name, self.r.randint(0, 99))
        if kind == 2:
            return "{%% set %s = %s|default(0) ~ '%s' %%}" % (name, self.pick("abc"), self.pick("xyz"))
        if kind == 3:
            return "{%% for %s in %s %%}%s{%% endfor %%}" % (name, self.pick(["[1, 2]", "'p'", "[]"]), self.body(d))
        if kind == 4:
            return "{%% set %s %%}%s{%% endset %%}" % (name, self.body(d))
        if kind == 5:
            return "{%% for %s in [1, 2, 3] if %s %%}%s{%% else %%}%s{%% endfor %%}" % (name, self.pick(["a", "b|default(1)", name, "true"]), self.body(d), self.body(d))
        return "{%% if %s %%}%s{%% endif %%}" % (self.pick(["true", "false", "a is defined"]), self.body(d))

    def template(self) -> str:
        return self.body(3)
