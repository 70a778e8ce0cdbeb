#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over everything that a build compiles, and says what it found as TAP.

usage: lint.py BUILD [PART-OF-A-PATH…]

BUILD is a build folder without sanitizers; .clang-tidy says what is checked. Minutes, not seconds:
it is not among the suites that run without arguments.
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys


def sources(build, parts):
    database = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    paths = {os.path.normpath(os.path.join(item["directory"], item["file"])) for item in database}
    own = {path for path in paths if not pathlib.Path(path).is_relative_to(build)}
    return sorted(path for path in own if not parts or any(part in path for part in parts))


def lint(build, path):
    done = subprocess.run(["clang-tidy", "--quiet", "-p", str(build), path],
                          capture_output=True, text=True, check=False)
    found = [line for line in done.stdout.splitlines() if "error:" in line or "warning:" in line]
    return done.returncode == 0 and not found, found or done.stderr.splitlines()[-3:]


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: lint.py BUILD [PART-OF-A-PATH…]")
    build = pathlib.Path(sys.argv[1]).resolve()
    paths = sources(build, sys.argv[2:])
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda path: lint(build, path), paths)
        for number, (path, (is_good, found)) in enumerate(zip(paths, results), 1):
            failed += not is_good
            print(f"{'ok' if is_good else 'not ok'} {number} - lint {path}", flush=True)
            for line in [] if is_good else found:
                print(f"# {line}")
    print(f"1..{len(paths)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
