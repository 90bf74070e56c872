# SPDX-License-Identifier: MIT
"""Random values against random schemas: what src/talk/schema.c refuses, Python's jsonschema refuses too; and what it lets through is good, where nothing but
what it checks occurs.

SCHEMA_SEEDS=2000:100000 looks further.
"""
from __future__ import annotations

import os
import random
import warnings
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend, validator_for
from lines import Lines

SEEDS = range(*map(int, os.environ.get("SCHEMA_SEEDS", "0:1500").split(":")))
VALUES = 4  # a schema
TYPES = ["string", "integer", "number", "boolean", "array", "object", "null"]
OLD = ["http://json-schema.org/draft-03/schema#", "http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-06/schema#",
       "http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2019-09/schema", "https://json-schema.org/draft/2020-12/schema"]
KEYS = ["a", "b", "kind", "é", "x y"]
TEXTS = ["", "a", "b", "ab", "é", "🙂", "ab🙂", "abcdef"]
ODD = [0.1, 1e3, 2**53, 2**53 + 1, -2**63, 2**63 - 1, 2**63, 2**64, 10**25, 1e25, -1e300, 1e16, 9007199254740993.0, 1.5]


class Checker(Lines):
    def __call__(self, schema, value) -> str | None:
        answer = self.ask(schema=schema, value=value)
        assert "fits" in answer, answer
        assert answer["fits"] or answer["why"].startswith("'value"), answer
        return None if answer["fits"] else answer["why"]


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    """Our check."""
    one = Checker("schema")
    yield one
    one.close()


class Gen:
    """A schema, and values that nearly fit it. wild: with what is not checked, what is malformed, and numbers at the edges."""

    def __init__(self, seed: int, wild: bool) -> None:
        self.r = random.Random(f"{seed}{wild}")
        self.wild = wild
        self.keys = KEYS + ["$id", "id"] if wild else KEYS
        self.names = self.r.sample(["X", "Y", "a/b", "m~n"], self.r.randint(0, 3))
        self.root = {}
        self.inner = None

    def maybe(self, part: float) -> bool:
        return self.r.random() < part

    def number(self):
        if self.wild and self.maybe(0.3):
            return self.r.choice(ODD)
        return self.r.choice([-1, 0, 1, 2, 3, 5, 1.0, 2.0, 0.5, 2.5, -0.5])

    def value(self, depth: int):
        kind = self.r.choice(TYPES if depth else TYPES[:4])
        if kind == "string":
            return self.r.choice(TEXTS)
        if kind in ("integer", "number"):
            return self.number()
        if kind == "boolean":
            return self.maybe(0.5)
        if kind == "array":
            return [self.value(depth - 1) for _ in range(self.r.randint(0, 3))]
        if kind == "object":
            return {key: self.value(depth - 1) for key in self.r.sample(self.keys, self.r.randint(0, 3))}
        return None

    def ref(self) -> str:
        if self.wild and self.maybe(0.3):
            return self.r.choice(["#/properties/a", "#/anyOf/0", "#/nowhere", "#X", "other.json", "#/$defs/X%20", "#/", "", "#/$defs", "#/items"])
        if not self.names or self.maybe(0.1):
            return "#"
        return "#/$defs/" + self.r.choice(self.names).replace("~", "~0").replace("/", "~1")

    def keyword(self, s: dict, depth: int) -> None:
        r = self.r
        count = r.randint(0, 3)
        how = r.choice(["type", "type", "type", "type", "enum", "const", "object", "object", "object", "array", "array", "string", "number", "number", "any", "any", "all", "one", "ref", "ref"])
        if how == "type":
            s["type"] = r.choice(TYPES) if self.maybe(0.7) else r.sample(TYPES, r.randint(1, 3))
        elif how == "enum":
            s["enum"] = [self.value(0 if self.wild else 1) for _ in range(r.randint(1, 4))]
        elif how == "const":
            s["const"] = self.value(1)
        elif how == "object":
            s.setdefault("type", "object")
            s["properties"] = {key: self.schema(depth - 1) for key in r.sample(self.keys, count)}
            if self.maybe(0.5):
                s["required"] = r.sample(self.keys, r.randint(0, 2))
            if self.maybe(0.5):
                s["additionalProperties"] = False if self.maybe(0.6) else self.schema(depth - 1)
        elif how == "array":
            s.setdefault("type", "array")
            if self.maybe(0.8):
                s["items"] = self.schema(depth - 1)
            if self.maybe(0.2):
                s["prefixItems"] = [self.schema(depth - 1) for _ in range(r.randint(1, 3))]
            if self.maybe(0.3):
                s[r.choice(["minItems", "maxItems"])] = r.choice([count, float(count)])
        elif how == "string":
            s[r.choice(["minLength", "maxLength"])] = r.choice([count, float(count)])
        elif how == "number":
            s[r.choice(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"])] = self.number()
        elif how in ("any", "all", "one"):
            s[how + "Of"] = [self.schema(depth - 1) for _ in range(r.randint(1, 3))]
        elif how == "ref":
            s["$ref"] = self.ref()

    def spoil(self, s: dict, depth: int) -> None:
        """What is not checked, or no schema at all."""
        r = self.r
        how = r.randint(0, 10)
        if how == 0:
            s[r.choice(["not", "contains", "propertyNames", "unevaluatedProperties", "if", "then", "else", "additionalItems", "unevaluatedItems"])] = self.schema(depth - 1)
        elif how == 1:
            s |= {"type": "object", "patternProperties": {"^[ab]": r.choice([True, {}, self.schema(depth - 1)])}, "additionalProperties": False}
        elif how == 2:
            s[r.choice(["$id", "id"])] = r.choice(["http://x.example/y", "y", "#y"])
            s["$defs"] = {name: self.schema(depth - 1) for name in ("X", "Y")}
            s["allOf"] = [{"$ref": "#/$defs/X"}]
        elif how == 3:
            s[r.choice(["uniqueItems", "nullable", "deprecated", "exclusiveMinimum", "exclusiveMaximum"])] = True
        elif how == 4:
            s[r.choice(["minProperties", "maxProperties", "multipleOf"])] = r.randint(1, 3)
        elif how == 5:
            s["items"] = [self.schema(depth - 1) for _ in range(2)]
        elif how == 6:
            s["dependentSchemas"] = {"a": self.schema(depth - 1)}
        elif how == 7:
            s["type"] = r.choice(["any", ["any", r.choice(TYPES)], [{"type": r.choice(TYPES)}, r.choice(TYPES)]])
        elif how == 8:
            s["$ref"] = self.ref()
        elif s:
            s[r.choice(list(s))] = self.value(1)

    def schema(self, depth: int):
        if depth <= 0 or self.maybe(0.05):
            return self.r.choice([True, {}, {"type": self.r.choice(TYPES)}, {"type": self.r.choice(TYPES)}, False] + [{"$ref": self.ref()}])
        s = {}
        for _ in range(self.r.choice([1, 1, 1, 2, 3])):
            self.keyword(s, depth)
        if self.wild and self.maybe(0.3):
            self.spoil(s, depth)
        return s

    def document(self):
        self.root = s = self.schema(3)
        if isinstance(s, dict):
            if self.names:
                s["$defs"] = {name: self.schema(2) for name in self.names}
            if self.wild and self.maybe(0.4):
                s["$schema"] = self.r.choice(OLD)
        return s

    def near(self, s, depth: int = 6):
        """A value for the schema: where it is plain, one that fits."""
        if not isinstance(s, dict) or depth == 0 or self.maybe(0.03):
            return self.value(2)
        if "const" in s or (isinstance(s.get("enum"), list) and s["enum"]):
            value = s["const"] if "const" in s else self.r.choice(s["enum"])
            return float(value) if type(value) is int and abs(value) < 2**53 and self.maybe(0.3) else value
        self.inner = s["$defs"] if "$id" in s and isinstance(s.get("$defs"), dict) else None
        for many in ("anyOf", "oneOf", "allOf"):
            if isinstance(s.get(many), list) and s[many] and self.maybe(0.7):
                return self.near(self.r.choice(s[many]), depth - 1)
        if isinstance(s.get("$ref"), str) and self.maybe(0.9):
            name = s["$ref"].rpartition("/")[2].replace("~1", "/").replace("~0", "~")
            defs = self.inner or (self.root.get("$defs") if isinstance(self.root, dict) else None)
            return self.near(defs.get(name, self.root) if isinstance(defs, dict) else self.root, depth - 1)
        kind = s.get("type")
        if isinstance(kind, list) and kind:
            kind = self.r.choice(kind)
        if kind == "object":
            properties = s["properties"] if isinstance(s.get("properties"), dict) else {}
            required = s["required"] if isinstance(s.get("required"), list) else []
            return {key: self.near(properties.get(key, True), depth - 1) for key in self.keys if key in required or (key in properties and self.maybe(0.6)) or self.maybe(0.5 if key == "a" and "patternProperties" in s else 0.03)}
        if kind == "array":
            prefix = s["prefixItems"] if isinstance(s.get("prefixItems"), list) else []
            each = [prefix[i] if i < len(prefix) else s.get("items", True) for i in range(self.r.randint(0, 3))]
            return [self.near(one, depth - 1) for one in each]
        return {"string": self.r.choice(TEXTS), "integer": self.r.randint(-1, 5), "number": self.number(), "boolean": self.maybe(0.5), "null": None}.get(kind, self.value(2)) if isinstance(kind, str) else self.value(2)


def equal(a, b) -> bool:
    """As JSON Schema has it: true is not 1, at any depth, which older versions of theirs do not know."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    return a == b


def enum(_validator, choices, instance, _schema):
    if not any(equal(instance, one) for one in choices):
        yield ValidationError("enum")


def const(_validator, only, instance, _schema):
    if not equal(instance, only):
        yield ValidationError("const")


def one_of(validator, schemas, instance, schema):
    """That one alone fits is not looked at."""
    yield from Draft202012Validator.VALIDATORS["anyOf"](validator, schemas, instance, schema)


def theirs(cls, schema, value) -> bool | None:
    """None: the schema is beyond them: malformed, or without an end (which newer versions say with a BaseException)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return cls(schema).is_valid(value)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:
        return None


def test_what_is_checked(checker: Checker) -> None:
    """The verdicts are the same."""
    judge = extend(Draft202012Validator, {"enum": enum, "const": const, "oneOf": one_of})
    count = {None: 0, True: 0, False: 0}
    for seed in SEEDS:
        gen = Gen(seed, False)
        schema = gen.document()
        for _ in range(VALUES):
            value = gen.near(schema)
            want, why = theirs(judge, schema, value), checker(schema, value)
            count[want] += 1
            assert want is None or want == (why is None), (seed, schema, value, why)
    assert min(count[True], count[False]) > sum(count.values()) / 5 and count[None] < sum(count.values()) / 5, count


def test_what_is_not(checker: Checker) -> None:
    """Nothing is refused that they let through."""
    refused = 0
    for seed in SEEDS:
        gen = Gen(seed, True)
        schema = gen.document()
        judge = validator_for(schema, Draft202012Validator)
        for _ in range(VALUES):
            value = gen.near(schema)
            why = checker(schema, value)
            refused += why is not None
            assert why is None or theirs(judge, schema, value) is not True, (seed, schema, value, why)
    assert refused > len(SEEDS) * VALUES / 10, refused
