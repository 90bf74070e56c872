#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What `make test` runs once everything is built: the unit programs, then pytest (which collects tests/cases too).

    BUILD=build tests/tools/run.py [--unit-only] [pytest arguments]

Output of what passes is kept short; of what fails it is shown whole. The last line is "N passed, N failed", the sum of all, and the exit status
says the same.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("BUILD", "build")
UNIT_SECONDS = 300  # for one program: a test that hangs is a test that fails

# A sanitizer's finding ends the program, so that no test can pass over it.
SANITIZERS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=0:abort_on_error=0:exitcode=99",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:exitcode=66:second_deadlock_stack=1:die_after_fork=0",
}


class Count:
    """Tests that passed, failed and were skipped."""

    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0

    def add(self, passed: int, failed: int, skipped: int = 0) -> None:
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")


def unit(program: Path) -> tuple[Path, int, int, int, str, float]:
    """One cmocka program; its own summary is believed only as far as its exit status agrees."""
    began = time.monotonic()
    try:
        done = subprocess.run([program], cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=UNIT_SECONDS, env=SANITIZERS | os.environ)
        code, output = done.returncode, done.stdout.decode("utf-8", "replace")
    except subprocess.TimeoutExpired as late:
        code, output = -1, (late.stdout or b"").decode("utf-8", "replace") + f"\nno end within {UNIT_SECONDS} s"
    passed = sum(map(int, re.findall(r"^\[  PASSED  \] (\d+) test", output, re.M)))
    skipped = sum(map(int, re.findall(r"^\[  SKIPPED \] (\d+) test", output, re.M)))
    failed = sum(map(int, re.findall(r"^\[  FAILED  \] [^:\n]*: (\d+) test", output, re.M)))
    if code != 0 and failed == 0:
        failed = 1  # it crashed, or a sanitizer spoke at its end
    if passed + failed == 0:
        failed = 1
    return program, passed, failed, skipped, output, time.monotonic() - began


def run_units(count: Count) -> None:
    programs = sorted(p for p in (BUILD / "tests/unit").glob("*/test_*") if p.is_file() and os.access(p, os.X_OK)
                      and (TOP / p.relative_to(BUILD)).with_suffix(".c").exists())
    print(f"== unit tests: {len(programs)} programs", flush=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for program, passed, failed, skipped, output, seconds in pool.map(unit, programs):
            name = program.relative_to(BUILD / "tests/unit")
            if failed:
                print(output)
            print(f"  {'FAILED' if failed else 'ok'} {name}: {passed} passed, {failed} failed in {seconds:.1f} s", flush=True)
            count.add(passed, failed, skipped)
    if not programs:
        print("  there is none")
        count.add(0, 1)


def run_pytest(count: Count, arguments: list[str]) -> None:
    print("== cases and end-to-end tests", flush=True)
    workers = str(2 * (os.cpu_count() or 1))  # they mostly wait
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.xml"
        code = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-n", workers, "--durations=5", "--durations-min=5", f"--junitxml={report}",
                               *arguments, "tests/e2e"], cwd=TOP, stdin=subprocess.DEVNULL, env=SANITIZERS | os.environ | {
                                   "BUILD": str(BUILD), "PYTHONDONTWRITEBYTECODE": "1"}).returncode
        passed = failed = skipped = 0
        if report.exists():
            suite = ET.parse(report).getroot().find("testsuite")
            failed = int(suite.get("failures")) + int(suite.get("errors"))
            skipped = int(suite.get("skipped"))
            passed = max(0, int(suite.get("tests")) - failed - skipped)
    if code != 0 and failed == 0:
        failed = 1
    count.add(passed, failed, skipped)


def main() -> int:
    arguments = sys.argv[1:]
    count = Count()
    if "-k" not in arguments:
        run_units(count)
    if "--unit-only" not in arguments:
        run_pytest(count, arguments)
    print(count, flush=True)
    return 1 if count.failed or not count.passed else 0


if __name__ == "__main__":
    sys.exit(main())
