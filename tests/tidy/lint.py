#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over everything that a build compiles and shellcheck over the scripts; says what it
found as TAP.

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


def scripts(root, parts):
    """The files that start as a shell's do, and what they share."""
    places = [*root.glob("deploy/*"), *root.glob("tests/*"), *root.glob(".ci/*"), *root.glob("tests/*/*")]
    shells = [path for path in places if path.is_file() and
              (path.suffix == ".bash" or path.read_bytes()[:11] in (b"#!/bin/bash", b"#!/bin/sh\n"))]
    return sorted(str(path) for path in shells if not parts or any(part in str(path) for part in parts))


def lint_script(root, path):
    done = subprocess.run(["shellcheck", "-x", path], capture_output=True, text=True, check=False, cwd=root)
    return done.returncode == 0, done.stdout.splitlines()


def lint_source(build, path):
    done = subprocess.run(["clang-tidy", "--quiet", "-p", str(build), path],
                          capture_output=True, text=True, check=False)
    found = [line for line in done.stdout.splitlines() if "error:" in line or "warning:" in line]
    return done.returncode == 0 and not found, found or done.stderr.splitlines()[-3:]


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: lint.py BUILD [PART-OF-A-PATH…]")
    build = pathlib.Path(sys.argv[1]).resolve()
    root = pathlib.Path(__file__).resolve().parents[2]
    programs = scripts(root, sys.argv[2:])
    paths = [*programs, *sources(build, sys.argv[2:])]
    failed = 0

    def lint(path):
        return lint_script(root, path) if path in programs else lint_source(build, path)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lint, paths)
        for number, (path, (is_good, found)) in enumerate(zip(paths, results), 1):
            failed += not is_good
            print(f"{'ok' if is_good else 'not ok'} {number} - lint {path}", flush=True)
            for line in [] if is_good else found:
                print(f"# {line}")
    print(f"1..{len(paths)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
