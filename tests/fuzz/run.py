#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the fuzzers of a build folder, each for so long, and says in TAP what they found.

usage: run.py BUILD [--seconds N] [NAME…]

Inputs that are worth keeping stay in BUILD/corpus/NAME; an input that broke something is printed as
a line for tests/fuzz/corpus/NAME.txt. As many run at once as there are processors.
"""
import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import time

import seeds

HERE = pathlib.Path(__file__).resolve().parent
# Inputs longer than this tell little that shorter ones do not.
PROGRESS = re.compile(r"#\d+\s+[A-Za-z]+\s+cov:")
LENGTH_MAX = {"server": 2048, "resp": 2048}


def decode(line):
    """A line of a corpus file as bytes; see replay.c."""
    return re.sub(rb"\\(\\|x[0-9a-f]{2})", lambda match: b"\\" if match.group(1) == b"\\" else bytes.fromhex(match.group(1)[1:].decode()),
                  line.encode())


def fill(folder, paths):
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        for line in path.read_text(encoding="ascii").splitlines() if path.exists() else []:
            if line and not line.startswith("#"):
                data = decode(line)
                (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def run(build, name, seconds):
    """(name, is_good, what was done, lines to print)"""
    corpus, found = build / "corpus" / name, build / "found" / name
    fill(corpus, [HERE / "corpus" / f"{name}.txt", build / "tests/fuzz/seeds" / f"{name}.txt"])
    found.mkdir(parents=True, exist_ok=True)
    for old in found.iterdir():
        old.unlink()
    command = [build / "tests/fuzz" / f"fuzz_{name}", f"-max_total_time={seconds}", f"-max_len={LENGTH_MAX.get(name, 4096)}",
               "-timeout=10", "-rss_limit_mb=1500", f"-artifact_prefix={found}/", "-print_final_stats=1", corpus]
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0", "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment, check=False)
    counts = re.findall(r"cov: (\d+) ft: (\d+)", done.stderr)
    runs = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    edges, features = counts[-1] if counts else ("?", "?")
    what = f"{name}: {int(runs.group(1)) if runs else 0:,} runs in {time.monotonic() - began:.0f} s, {edges} edges, {features} features, " \
           f"{len(list(corpus.iterdir()))} inputs"
    lines = []
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if not PROGRESS.match(line)][-40:]
        lines += [f"input: {seeds.line(path.read_bytes())}" for path in sorted(found.iterdir())]
    return done.returncode == 0, what, lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_intermixed_args()
    names = arguments.names or sorted(path.stem for path in (HERE / "corpus").glob("*.txt"))
    print(f"1..{len(names)}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda name: run(arguments.build, name, arguments.seconds), names)
        bad = 0
        for number, (is_good, what, lines) in enumerate(results, 1):
            print(f"{'' if is_good else 'not '}ok {number} - {what}", *(f"# {line}" for line in lines), sep="\n", flush=True)
            bad += not is_good
    print(f"{len(names) - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
