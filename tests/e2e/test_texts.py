# SPDX-License-Identifier: MIT
"""Every sentence that the program says to people stands in src/app/texts.c, where translations and the guide find it."""
from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

SRC = Path(__file__).resolve().parents[2] / "src"
LITERAL = r'"(?:[^"\\\n]|\\.)*"'
TEXT = re.compile(rf"{LITERAL}(?:\s*{LITERAL})*")  # neighbours are one string
CALL = re.compile(r"\b(?:err_user|err_tell)\(")
# A notice in a stream: its text, or a tool's no that becomes one.
NOTICE = re.compile(rf"(?:CK_NOTICE[^;]*?\.text|\.notice|\.is_error = true, \.text) = S\(({LITERAL})\)")
# Files whose sentences are all for people, wherever they stand in them.
WHOLE = ("base/err.c", "wire/sniff.c", "model/provider_err.c", "agent/agent.c")


def text_of(literals: str) -> str:
    text = "".join(part[1:-1] for part in re.findall(LITERAL, literals))
    return text.replace('\\"', '"').replace("\\\\", "\\")


def is_sentence(text: str) -> bool:
    """Not "params.input: expected object": that is for who writes a client."""
    return bool(re.match(r"[A-Z][A-Za-z',-]*( |\.$)", text)) and text.endswith((".", "?", "!"))


def as_known(text: str) -> str:
    """A format as texts.c has it: {1} for the first thing that is filled in."""
    count = 0

    def number(_: re.Match) -> str:
        nonlocal count
        count += 1
        return f"{{{count}}}"
    return re.sub(r"%(?:\.\*s|s|zu|d|lld|u)", number, text)


def arguments(source: str, start: int) -> str:
    """What stands between a call's parentheses."""
    depth, at = 1, start
    for token in re.finditer(rf"{LITERAL}|'.'|[()]", source[start:]):
        depth += {"(": 1, ")": -1}.get(token.group(), 0)
        if depth == 0:
            at = start + token.start()
            break
    return source[start:at]


def said() -> Iterator[tuple[str, str]]:
    for path in sorted(SRC.rglob("*.c")):
        name = str(path.relative_to(SRC))
        source = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        pieces = [source] if name in WHOLE else [arguments(source, call.end()) for call in CALL.finditer(source)]
        for piece in pieces:
            for literals in TEXT.findall(piece):
                if is_sentence(text := text_of(literals)):
                    yield name, as_known(text)
        if name.startswith(("turn/map", "app/op_", "app/page.c")):
            for literal in NOTICE.findall(source):
                yield name, as_known(text_of(literal))


def known() -> set[str]:
    table = (SRC / "app/texts.c").read_text().split("known[] = {")[1].split("};")[0]
    return {text_of(literals) for literals in TEXT.findall(table)}


def test_every_sentence_is_known() -> None:
    sentences = list(said())
    assert len(sentences) > 50, "the search finds what there is"
    assert not [f"{name}: {text}" for name, text in sentences if text not in known()], "not in src/app/texts.c"


def test_what_is_known_is_said() -> None:
    everything = "".join(text_of(literals) + "\n" for path in SRC.rglob("*.c") if path.name != "texts.c" for literals in TEXT.findall(path.read_text()))
    everything = "\n".join(map(as_known, everything.split("\n")))
    assert not [text for text in known() if text not in everything], "nobody says it any more: take it out of src/app/texts.c"
