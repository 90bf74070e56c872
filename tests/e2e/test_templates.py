# SPDX-License-Identifier: MIT
"""Templates, held against Jinja2 itself: the corpus (tests/templates), random ones, and every .widget file at hand.

The corpus: NAME.tmpl is a template, NAME.json its data (without one: none). Both render the same bytes, or both refuse.
CHATKIT_SDK_TEMPLATES may name folders (with colons between) whose .widget files are rendered too: their data is made up from their schema.
TEMPLATE_SEEDS=1000:5000 looks further among the random ones.
"""
from __future__ import annotations

import json
import math
import os
import random
import re
import struct
import unicodedata
import warnings
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest
from lines import Lines
from template_gen import DATA, Gen, Names

TOP = Path(__file__).resolve().parents[2]
CORPUS = sorted((TOP / "tests/templates").glob("*.tmpl"))
FOLDERS = [TOP / "deploy/widgets", TOP / "tests/peers/widgets", *map(Path, filter(None, os.environ.get("CHATKIT_SDK_TEMPLATES", "").split(":")))]
WIDGETS = sorted({file for folder in FOLDERS for file in folder.rglob("*.widget")})
SEEDS = range(*map(int, os.environ.get("TEMPLATE_SEEDS", "0:600").split(":")))

# What template.h says is refused, or unlike Python's: an error of ours only is fine for these.
REFUSED = re.compile(r"out of range|a key is text here|cannot be compared; make lists|(keys|items)\(\) have no order|is too large|has no method .* here|is not supported|has no methods here|"
                     r"a precision from 0|nested too deeply|an iterator cannot be printed|function of Jinja2's")


class Renderer(Lines):
    def __call__(self, template: str, data: dict, value: bool = False) -> dict:
        return self.ask(template=template, data=data, value=value)


@pytest.fixture(scope="module")
def render() -> Iterator[Renderer]:
    """Our renderer."""
    renderer = Renderer("render")
    yield renderer
    renderer.close()


def short_range(*bounds: int) -> range:
    """Jinja2's would fill this machine's memory; ours refuses it too."""
    made = range(*bounds)
    if made and abs(made[-1] - made[0]) // abs(made.step) > 1_000_000:
        raise OverflowError("a range that is too large")
    return made


def environment() -> jinja2.Environment:
    """Set as ChatKit's SDK sets it."""
    env = jinja2.Environment(undefined=jinja2.StrictUndefined)
    env.globals["range"] = short_range
    return env


def reference(template: str, data: dict) -> str | Exception | None:
    """What Jinja2 makes of it. None: it worked out a constant beforehand, in a branch that may never run, and found it undefined."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compiled = environment().from_string(template)
        except jinja2.UndefinedError:
            return None
        except Exception as fault:  # any fault of Python's is a refusal
            return fault
        try:
            return compiled.render(**data)
        except Exception as fault:
            return fault


def agree(ours: dict, theirs: str | Exception | None, template: str) -> bool:
    """Fails when they differ; true when both rendered."""
    if theirs is None:
        return False
    if isinstance(theirs, str) and "<generator object" in theirs:
        assert "error" in ours, f"{template!r}\n{ours}"
        return False
    if isinstance(theirs, Exception):
        assert "error" in ours, f"{template!r}\nJinja2 refuses: {theirs!r}\nours: {ours}"
        return False
    if "error" in ours and REFUSED.search(ours["error"]):
        return False
    assert ours.get("text") == theirs, f"{template!r}\n{ours}"
    return True


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.stem)
def test_corpus(render: Renderer, file: Path) -> None:
    """One template of the corpus; bad-* are refused by both, the others by none."""
    template = file.read_bytes().decode()
    data = file.with_suffix(".json")
    data = json.loads(data.read_text()) if data.exists() else {}
    ours, theirs = render(template, data), reference(template, data)
    assert agree(ours, theirs, template) != file.stem.startswith("bad-"), (ours, theirs)
    if "error" in ours:
        assert re.match(r"line \d+, column \d+: ", ours["error"])


@pytest.mark.parametrize("kind", [Gen, Names])
def test_random(render: Renderer, kind: type[Gen]) -> None:
    """Random templates: none may be read differently. That enough of them render at all shows that the generator is worth something."""
    data = DATA if kind is Gen else {"a": "A", "b": 0}
    rendered = 0
    for seed in SEEDS:
        template = kind(seed).template()
        try:
            rendered += agree(render(template, data), reference(template, data), template)
        except AssertionError as fault:
            raise AssertionError(f"seed {seed}: {fault}") from None
    assert rendered > len(SEEDS) / 4, rendered


def test_random_values(render: Renderer) -> None:
    """template_value keeps the type: what it writes is what Python's value would be as JSON."""
    for seed in SEEDS:
        expression = Gen(seed).any(2)
        theirs = jinja_value(expression)
        ours = render("  {{ " + expression + " }}\n", DATA, value=True)
        if isinstance(theirs, Exception):
            assert "error" in ours, (seed, expression, theirs, ours)
        elif "error" not in ours or not REFUSED.search(ours["error"]):
            assert same(json.loads(ours.get("text", "null")), theirs) and "text" in ours, (seed, expression, ours, theirs)


def test_floats(render: Renderer) -> None:
    """Floats are printed as Python prints them: powers of two, where the shortest text is not the nearest one, powers of ten, any bits."""
    chance = random.Random(1)
    floats = [2.0 ** k for k in range(-1074, 1024)] + [10.0 ** k for k in range(-300, 300)] + [struct.unpack("d", chance.randbytes(8))[0] for _ in range(2000)]
    floats = [abs(f) for f in floats if math.isfinite(f)]
    for at in range(0, len(floats), 500):
        part = floats[at:at + 500]
        assert render("{{ [" + ",".join(map(repr, part)) + "] }}", {}).get("text") == repr(part)


def test_characters(render: Renderer) -> None:
    """Which characters are shown and which escaped; the case of letters of the scripts that are known."""
    known = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs")]
    for at in range(0xa0, len(known), 1000):
        part = known[at:at + 1000]
        assert render("{{ " + repr(part) + " }}", {}).get("text") == repr(part)
    # Not known: phonetic letters, letters for two sounds whose title case is one of its own.
    letters = [c for c in known if "\0" < c < "\u0588" or "\u1e00" <= c < "\u1f00"]
    letters = [c for c in letters if not ("\u023a" <= c <= "\u02af" or "\u01c4" <= c <= "\u01cc" or "\u01f1" <= c <= "\u01f3")]
    for way in ("upper", "lower", "capitalize"):
        ours = json.loads(render("{{ x|map('%s')|list }}" % way, {"x": letters}, value=True)["text"])
        assert ours == [getattr(c, way)() for c in letters]


def same(a, b) -> bool:
    """Equal, and of the same types: 1 is not 1.0."""
    return json.dumps(a) == json.dumps(b)


def jinja_value(expression: str):
    """The expression's value, by way of a function that keeps it; an exception when it has none that is JSON."""
    kept = []
    env = environment()
    env.filters["keep"] = lambda value: kept.append(value) or ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            env.from_string("{{ (" + expression + ")|keep }}").render(**DATA)
            return json.loads(json.dumps(listed(kept[0]), allow_nan=False))
        except Exception as fault:
            return fault


def listed(value):
    """Views and ranges as lists."""
    if isinstance(value, dict):
        return {key: listed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, range, type({}.keys()), type({}.values()), type({}.items()))) or hasattr(value, "__next__"):
        return [listed(item) for item in value]
    return value


def sample(schema: dict):
    """Something that fits a schema of the kind that widget files have."""
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return sample(schema[word][0])
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: sample(part) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [sample(schema.get("items", {})) for _ in range(2)]
    return {"string": "<té'xt & \"more\">", "integer": 3, "number": 1.5, "boolean": True, "null": None}[kind]


def without_optional(schema: dict):
    """The same with the required members only, and empty lists."""
    if schema.get("type") == "object":
        return {name: without_optional(part) for name, part in schema.get("properties", {}).items() if name in schema.get("required", [])}
    return [] if schema.get("type") == "array" else sample(schema)


@pytest.mark.parametrize("file", WIDGETS, ids=lambda file: file.stem)
def test_widget_files(render: Renderer, file: Path) -> None:
    """A .widget file renders as with the SDK, and to JSON."""
    widget = json.loads(file.read_text())
    schema = widget.get("jsonSchema") or {}
    for data in (sample(schema) if schema else {}, without_optional(schema) if schema else {}):
        ours, theirs = render(widget["template"], data), reference(widget["template"], data)
        if agree(ours, theirs, widget["template"]):
            assert json.loads(ours["text"])["type"] in ("Card", "ListView", "Basic")
