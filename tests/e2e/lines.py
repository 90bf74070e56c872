# SPDX-License-Identifier: MIT
"""The programs of tests/tools that answer lines (lines.h), kept running."""
from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

BUILD = Path(__file__).resolve().parents[2] / os.environ.get("BUILD", "build")


class Lines:
    """One of them. What is asked is an object, and so is the answer."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.process = subprocess.Popen([BUILD / "tests/tools" / name], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, **question) -> dict:
        self.process.stdin.write(json.dumps(question, ensure_ascii=False).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"{self.name} died of {question!r}"
        return json.loads(line)

    def close(self) -> None:
        self.process.stdin.close()
        assert self.process.wait(30) == 0
