#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up a test run: failing cases with their words, then one line `N passed, N failed`.

usage: summary.py FOLDER

FOLDER holds meson's logs (NAME.json, one JSON object a test) and plain TAP (NAME.tap); a NAME.broken
is a run that gave no result at all. A test that ends badly without a failing case is one failure
itself: a crash, a time-out, a broken plan. Nothing passed counts as a failure.
"""
import json
import pathlib
import re
import sys

CASE = re.compile(r"^(not )?ok\b\s*(\d*)\s*-?\s*(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)")


class Totals:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def fail(self, name, words):
        self.failed += 1
        print(f"FAILED {name}")
        for word in words[-30:]:
            print(f"    {word}")


def read_tap(text):
    """Returns the cases, each (verdict, title, remarks), and the plan. Of nested cases the innermost
    count; one around them only when it failed by itself."""
    cases, nested, plan = [], [], None
    for line in text.splitlines():
        depth = len(line) - len(line.lstrip())
        case = CASE.match(line.strip())
        if case:
            is_skipped = re.search(r"# SKIP", case.group(3), re.IGNORECASE)
            verdict = "skipped" if is_skipped else "failed" if case.group(1) else "passed"
            inner = [item for at, item in nested if at > depth]
            nested = [(at, item) for at, item in nested if at <= depth]
            is_told = inner and (verdict != "failed" or any(item[0] == "failed" for item in inner))
            chosen = inner if is_told else [*inner, (verdict, case.group(3), [])]
            if depth == 0:
                cases += chosen
            else:
                nested += [(depth, item) for item in chosen]
        elif depth == 0 and PLAN.match(line):
            plan = int(PLAN.match(line).group(1))
        elif line.strip() and (nested or cases):
            (nested[-1][1] if nested else cases[-1])[2].append(line.rstrip())
    return cases, plan


def add_tap(totals, name, text, is_good, words):
    cases, plan = read_tap(text)
    failed_before = totals.failed
    for verdict, title, remarks in cases:
        if verdict == "failed":
            totals.fail(f"{name}: {title}", remarks)
        elif verdict == "skipped":
            totals.skipped += 1
        else:
            totals.passed += 1
    if plan == 0 and is_good:
        totals.skipped += 1
    elif plan is not None and len(cases) < plan:
        totals.fail(f"{name}: {len(cases)} cases of the {plan} planned", words)
    elif totals.failed == failed_before and not is_good:
        totals.fail(f"{name}: ended badly", words)


def add_meson_test(totals, test):
    name = test["name"].split(" / ")[-1]
    output = test.get("stdout", "")
    words = (output + test.get("stderr", "")).splitlines() + [f"result: {test['result']}"]
    is_good = test["result"] in ("OK", "SKIP", "EXPECTEDFAIL")
    if test["result"] == "EXPECTEDFAIL":
        totals.passed += 1  # a recall: the old fault is back, and the test sees it
    elif any(CASE.match(line) for line in output.splitlines()):
        add_tap(totals, name, output, is_good, words)
    elif test["result"] == "SKIP":
        totals.skipped += 1
    elif is_good:
        totals.passed += 1
    else:
        totals.fail(name, words)


def main():
    totals = Totals()
    for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".json":
            for line in text.splitlines():
                add_meson_test(totals, json.loads(line))
        elif path.suffix == ".tap":
            add_tap(totals, path.stem, text, True, text.splitlines())
        elif path.suffix == ".broken" and "No suitable tests defined" not in text:
            totals.fail(f"{path.stem}: no result", text.splitlines())
    if totals.passed + totals.failed == 0:
        totals.fail("nothing was tested", [])
    skipped = f", {totals.skipped} skipped" if totals.skipped else ""
    print(f"{totals.passed} passed, {totals.failed} failed{skipped}", flush=True)
    return 1 if totals.failed else 0


if __name__ == "__main__":
    sys.exit(main())
