# SPDX-License-Identifier: MIT
"""`make test-peers`: our server judged by the SDKs and types of others. README.md says what is judged, and how.

    BUILD=build build/peers/venv/bin/python tests/peers/run.py build/peers

Prints a table of operations and judges, what is wrong, and as the last line "N passed, N failed".
"""
from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[2]
HERE = TOP / "tests/peers"
sys.path[:0] = [str(HERE), str(TOP / "tests/e2e"), str(TOP / "tests/tools")]
sys.path.append("/usr/lib/python3/dist-packages")  # psycopg2 and yaml are Debian's; behind the SDK's own packages

import judge  # noqa: E402
import rig  # noqa: E402
import typed  # noqa: E402
from cases import difference, load  # noqa: E402
from conversation import Ear, Ours, Outcome, Seen, Theirs, fits, flat, item_word, shapes_differ, word, words  # noqa: E402
from fake_model import FakeModel  # noqa: E402

SCENARIOS = load(HERE / "scenarios.yaml")
GUIDE = TOP / "deploy/guide/frontend.md"
JUDGES = ["request", "order", "py", "node", "ts", "official"]
UPLOADS = ["upload, direct", "upload, two phases"]


@dataclass
class Row:
    """An operation's cells: what each judge looked at, and found."""
    seen: dict[str, int] = field(default_factory=dict)
    problems: dict[str, list[str]] = field(default_factory=dict)

    def note(self, judge_name: str, problems: list[str]) -> None:
        self.seen[judge_name] = self.seen.get(judge_name, 0) + 1
        if problems:
            self.problems.setdefault(judge_name, []).extend(problems)


class Peers:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.snippets = [*typed.snippets_of(GUIDE), typed.hosted(TOP / "deploy/www")]
        self.rows: dict[str, Row] = {op: Row() for op in [*judge.OPERATIONS, *UPLOADS]}
        self.observed: list[dict] = []
        self.extra: list[tuple[str, list[str]]] = []   # what is no operation's: a name, and its problems
        self.used: set[int] = set()                    # SCENARIOS["always"] that made a difference
        self.sites: dict[str, rig.Site] = {}
        self.broken: dict[str, str] = {}               # configurations that the program refuses

    # --- sites

    def config(self, scenario: dict) -> str:
        text = json.dumps(scenario.get("config", {}))
        for name, value in (("{widgets}", self.shared / "widgets"), ("{samples}", self.shared / "samples"), ("{transcription}", self.ear.url)):
            text = text.replace(name, str(value))
        return text

    def site(self, config: str, url: str) -> rig.Site:
        if config not in self.sites:
            path = self.private(f"{len(self.sites)}.json", config)
            self.sites[config] = rig.Site(self.cluster, env={"CHATKIT_MODEL": "openai/test", "OPENAI_API_KEY": "sk-test-not-a-real-key", "OPENAI_BASE_URL": url,
                                                             "CHATKIT_CONFIG": str(path), "CHATKIT_RETRIES": "0"})
        return self.sites[config]

    def private(self, name: str, text: str) -> Path:
        """A file that may hold secrets, of the user that the servers run as."""
        path = self.shared / name
        path.write_text(text)
        path.chmod(0o600)
        rig.give(path)
        return path

    def check(self, config: str) -> str:
        """Why the program does not take this configuration; empty when it does."""
        if config not in self.broken:
            path = self.private("check.json", config)
            done = rig.run([str(rig.program()), "-c", str(path), "check"], rig.base_env() | {
                "CHATKIT_MODEL": "openai/test", "OPENAI_API_KEY": "sk-test", "DATABASE_URL": "postgresql:///x",
                "CHATKIT_SECRET": "0" * 64, "CHATKIT_STATE_DIR": "/tmp"})
            self.broken[config] = "" if done.returncode == 0 else f"chatkit.fcgi check: {(done.stderr or done.stdout).strip()[:400]}"
        return self.broken[config]

    def prepare(self) -> None:
        self.cluster = rig.Cluster()
        self.ear = Ear()
        self.shared = rig.folder("ckpeers-")
        self.shared.chmod(0o755)
        for name, folder in (("widgets", HERE / "widgets"), ("samples", TOP / "deploy/widgets")):
            rig.shutil.copytree(folder, self.shared / name)

    def close(self) -> None:
        for site in self.sites.values():
            site.close()
        self.cluster.close()
        self.ear.close()
        rig.shutil.rmtree(self.shared, ignore_errors=True)
        rig.close_copies()

    # --- scenarios

    def run(self) -> None:
        with FakeModel() as fake:
            self.prepare()
            try:
                for scenario in SCENARIOS["scenarios"]:
                    for nulls in (True, False):
                        self.scenario(scenario, fake, nulls)
                for snippet in self.snippets:
                    if snippet.language == "jsonc":
                        snippet.problems += filter(None, [self.check(snippet.code)])
            finally:
                self.close()

    def scenario(self, scenario: dict, fake: FakeModel, nulls: bool) -> None:
        """Both servers, step by step, each with a copy of the scripted model of its own."""
        url = fake.script("ours", scenario.get("model", ["Hello."]))
        config = self.config(scenario)
        problem = self.check(config)
        if problem:
            for step in scenario["steps"]:
                if "op" in step or "upload" in step:
                    self.rows[self.row_name(step)].note("request", [f"{scenario['name']}: {problem}"])
            return
        theirs = Theirs(json.loads(config), fake.script("theirs", scenario.get("model", ["Hello."])))
        ours = Ours(self.site(config, url))
        here, there = Seen(), Seen()
        for step in scenario["steps"]:
            where = f"{scenario['name']}, {step.get('note') or step.get('op') or step.get('upload') or 'put'}"
            if "put" in step:
                ours.put(here.fill(step["put"]))
                theirs.put(there.fill(step["put"]))
                here.take(here.fill(step["put"]))
                there.take(there.fill(step["put"]))
            elif "upload" in step:
                self.upload(step, ours, theirs, here, there, where)
            else:
                self.step(step, ours, theirs, here, there, where, nulls)
        theirs.close()

    @staticmethod
    def row_name(step: dict) -> str:
        return f"upload, {step['upload']}" if "upload" in step else step["op"]

    def step(self, step: dict, ours: Ours, theirs: Theirs, here: Seen, there: Seen, where: str, nulls: bool) -> None:
        op, row = step["op"], self.rows[step["op"]]
        body = judge.request(op, here.fill(step.get("params", {})), nulls)
        came = ours.ask(body)
        row.note("request", [f"{where}: {came.problem}"] if came.problem else [])
        if not came.problem:
            if not nulls:
                self.observe(op, "request", json.loads(body), where)
            here.take(came.events if came.events is not None else came.answer)
            self.judge_outcome(op, step, came, row, where)
        if "official" not in step or "skip" not in step["official"]:
            other = theirs.ask(judge.request(op, there.fill(step.get("params", {})), nulls))
            there.take(other.events if other.events is not None else other.answer)
            if not came.problem:
                row.note("official", [f"{where}: {p}" for p in self.compare(step, came, other)])

    def judge_outcome(self, op: str, step: dict, came: Outcome, row: Row, where: str) -> None:
        streams = op in judge.STREAMS
        if streams != (came.events is not None):
            row.note("order", [f"{where}: {'no stream' if streams else 'a stream'}"])
            return
        if streams:
            said = words(came.events)
            row.note("order", [] if fits(step["stream"], said) else [f"{where}: expected {flat(step['stream'])}, came {said}"])
            for event in came.events:
                row.note("py", [f"{where}: {p}" for p in judge.event(event)])
                self.observe(op, "event", event, where)
        else:
            wrong = difference(step["answer"], came.answer) if "answer" in step else ""
            row.note("order", [f"{where}: {wrong}"] if wrong else [])
            row.note("py", [f"{where}: {p}" for p in judge.answer(op, came.answer)])
            self.observe(op, "answer", came.answer, where)

    def upload(self, step: dict, ours: Ours, theirs: Theirs, here: Seen, there: Seen, where: str) -> None:
        row = self.rows[self.row_name(step)]
        direct = step["upload"] == "direct"
        came = ours.upload(step, "" if direct else here.ids.get("upload", ""))
        row.note("request", [f"{where}: {came.problem}"] if came.problem else [])
        if direct and not came.problem:
            row.note("py", [f"{where}: {p}" for p in judge.answer("attachments.create", came.answer)])
            self.observe(self.row_name(step), "answer", came.answer, where)
            here.take(came.answer)
        # The SDK leaves uploads to its user; afterwards the address to upload to is gone.
        if direct:
            there.take(theirs.ask(judge.request("attachments.create", {k: step[k] for k in ("name", "mime_type")} | {"size": 1}, False)).answer)
        theirs.uploaded(there.ids["attachment"])

    def observe(self, op: str, kind: str, value: Any, where: str) -> None:
        self.observed.append({"n": len(self.observed), "op": op, "kind": kind, "value": value, "where": where})

    # --- the official server

    def compare(self, step: dict, ours: Outcome, theirs: Outcome) -> list[str]:
        """What differs and is not said to."""
        says = step.get("official", {})
        if "problem" in says:
            fails = re.search(says["problem"], theirs.problem)
            return [] if fails else [f"the official server was expected to fail ({says['problem']}): {theirs.problem or 'it did not'}"]
        if theirs.problem:
            return [f"the official server fails: {theirs.problem}"]
        if ours.events is None:
            differ = list(shapes_differ(self.without_known_items(ours.answer), self.without_known_items(theirs.answer), ""))
            known = says.get("answer", [])
            gone = [f"{k} is no difference any more" for k in known if not any(re.fullmatch(k, d) for d in differ)]
            return gone + [d for d in differ if not any(re.fullmatch(k, d) for k in known)]
        drawn, expected = ([e["item"]["widget"] for e in side.events if word(e) == "done widget"] for side in (ours, theirs))
        if drawn != expected:
            return [f"ours drew {drawn}, theirs {expected}"]
        one, other = self.without_known(words(ours.events), "ours"), self.without_known(words(theirs.events), "theirs")
        if "stream" not in says:
            return [] if one == other else [f"ours {one}, theirs {other}"]
        said = words(theirs.events)
        if not fits(says["stream"], said):
            return [f"the official server was expected to say {flat(says['stream'])}, says {said}"]
        return ["this is no difference any more"] if one == other else []

    def without_known(self, said: list[str], whose: str) -> list[str]:
        for i, known in enumerate(SCENARIOS["always"]):
            if whose in known and any(w in known[whose] for w in said):
                self.used.add(i)
                said = [w for w in said if w not in known[whose]]
        return said

    def without_known_items(self, value: Any) -> Any:
        """The same for the items of an answer."""
        if isinstance(value, dict):
            return {k: self.without_known_items(v) for k, v in value.items()}
        if not isinstance(value, list):
            return value
        kept = []
        for one in value:
            name = item_word(one) if isinstance(one, dict) and "thread_id" in one and "type" in one else ""
            known = [i for i, k in enumerate(SCENARIOS["always"]) if name in k.get("items", [])]
            self.used.update(known)
            kept += [] if known else [one]
        return kept

    # --- the other judges

    def judge_the_judge(self) -> None:
        """What is known to be wrong must be found wrong, or the rest of the table says nothing."""
        for what, value in SCENARIOS["broken"].items():
            problems = judge.event(value)
            self.extra.append((f"judge py finds {what}", [] if problems else [f"it found nothing wrong with {value}"]))

    def compile(self) -> None:
        findings, stray = typed.compile_all(self.folder, self.observed, self.snippets)
        by_n = {one["n"]: one for one in self.observed}
        for finding in findings:
            one = by_n[finding.n]
            self.rows[one["op"]].note(finding.judge, [f"{one['where']}: {p}" for p in finding.problems])
        for snippet in self.snippets:
            self.extra.append((f"{GUIDE.name}:{snippet.line} ({snippet.language})" if snippet.line else snippet.file, snippet.problems))
        self.extra.append(("tsc found every type", stray))

    def compare_widgets(self) -> None:
        """Random pairs of widgets: what changed, as the SDK's own diff_widget says it."""
        test = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TOP / "tests/e2e/test_widget_diff.py"]
        done = subprocess.run(test, capture_output=True, text=True, cwd=TOP, env=os.environ | {"PYTHONPATH": "/usr/lib/python3/dist-packages"})
        asked = "2 passed" in done.stdout
        self.extra.append(("diff_widget agrees on random pairs", [] if done.returncode == 0 and asked else [done.stdout[-2000:] + done.stderr[-500:]]))

    def ask_node(self) -> None:
        done = subprocess.run(["node", str(HERE / "node.mjs"), str(self.folder)], input=json.dumps(self.observed), capture_output=True, text=True)
        if done.returncode:
            self.extra.append(("node.mjs", [done.stderr[-2000:]]))
            return
        *problems, last = json.loads(done.stdout.splitlines()[-1])
        by_n = {one["n"]: one for one in self.observed}
        for n in last["judged"]:
            self.rows[by_n[n]["op"]].note("node", [f"{by_n[n]['where']}: {p['problem']}" for p in problems if p["n"] == n])

    # --- the table

    def cells(self) -> Iterator[tuple[str, str, str]]:
        """Operation, judge, and ok, FAIL or -."""
        for name, row in self.rows.items():
            for who in JUDGES:
                if row.problems.get(who):
                    yield name, who, "FAIL"
                elif row.seen.get(who):
                    yield name, who, "ok"
                else:
                    yield name, who, "-" if self.reason(name, who) else "FAIL"

    @staticmethod
    def reason(name: str, who: str) -> str:
        """Why a judge has nothing to say of an operation."""
        return next((text for text, names in SCENARIOS["unjudged"].get(who, {}).items() if name in names), "")

    def report(self) -> int:
        cells = list(self.cells())
        width = max(map(len, self.rows)) + 2
        print("\n" + " " * width + "  ".join(f"{who:>8}" for who in JUDGES))
        for name in self.rows:
            print(f"{name:{width}}" + "  ".join(f"{state:>8}" for op, _, state in cells if op == name))
        print()
        for who, reasons in SCENARIOS["unjudged"].items():
            for text, names in reasons.items():
                print(f"- {who}: {text} ({', '.join(names)})")
        for known in SCENARIOS["always"]:
            sides = [f"{whose} may have {', '.join(known[whose])}" for whose in ("ours", "theirs") if whose in known]
            print(f"- official: {'; '.join(sides)}: {known['because']}")
        said: dict[str, list[str]] = {}
        for scenario in SCENARIOS["scenarios"]:
            for step in scenario["steps"]:
                official = step.get("official", {})
                why = f"not compared: {official['skip']}" if "skip" in official else official.get("because")
                if why:
                    said.setdefault(why, []).append(f"{scenario['name']}, {step.get('note') or step['op']}")
        for why, steps in said.items():
            print(f"- official: {why} ({'; '.join(steps)})")
        unused = [known["because"] for i, known in enumerate(SCENARIOS["always"]) if i not in self.used]
        self.extra.append(("every difference that is said to be, is", unused))
        for name, row in self.rows.items():
            for who, problems in row.problems.items():
                for problem in dict.fromkeys(problems):
                    print(f"FAILED {name}, {who}: {problem}")
            silent = [who for op, who, state in cells if op == name and state == "FAIL" and who not in row.problems]
            if silent:
                print(f"FAILED {name}: nothing came that {', '.join(silent)} could judge")
        for name, problems in self.extra:
            for problem in problems:
                print(f"FAILED {name}: {problem}")
        passed = sum(state == "ok" for _, _, state in cells) + sum(not problems for _, problems in self.extra)
        failed = sum(state == "FAIL" for _, _, state in cells) + sum(bool(problems) for _, problems in self.extra)
        print(f"{len(self.observed)} requests, events and answers were judged")
        print(f"{passed} passed, {failed} failed")
        return 1 if failed or not passed else 0


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    assert rig.PROGRAM.exists(), f"{rig.PROGRAM} is not built"
    peers = Peers(Path(sys.argv[1]).resolve())
    peers.judge_the_judge()
    peers.run()
    peers.compile()
    peers.ask_node()
    peers.compare_widgets()
    code = peers.report()
    print(f"{time.monotonic() - began:.1f} s", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
