#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Says in TAP how many lines of each reader of untrusted bytes the tests have run.

usage: coverage.py BUILD [--least PERCENT]

BUILD was set up with -Db_coverage=true, and its tests have run. A reader below the least fails, and
the lines that nothing ran are named.
"""
import argparse
import collections
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Whatever reads bytes that somebody else has written: the wire, tokens, the store, a server's answers.
READERS = """
proto/scan.c proto/json_scan.c proto/msgpack_scan.c proto/json_cursor.c proto/msgpack_cursor.c
proto/json_text.c proto/read.c proto/frame.c proto/base64.c
broker/base/utf8.c broker/base/name.c
broker/crypto/claims.c broker/crypto/paseto.c broker/crypto/text.c broker/crypto/token.c
broker/log/record.c
broker/flow/entry_codec.c broker/flow/fold_codec.c broker/stored/pool_codec.c broker/flow/directory_codec.c
broker/store/redis_reply.c broker/store/redis_greeting.c broker/store/redis_error.c
broker/s3/s3_text.c
broker/ws/http_request.c broker/ws/peer_receive.c broker/ws/inbound.c
bots/sdk/c/handshake.c bots/sdk/c/websocket.c bots/sdk/c/address.c
broker/cli/doctor/resp.c
""".split()


def read_counts(build):
    """{path: {line: times}} of the readers, over all objects that were linked anywhere."""
    counts = collections.defaultdict(collections.Counter)
    names = tuple(f"{os.path.basename(source)}.gcda" for source in READERS)
    notes = [str(path) for path in build.rglob("*.gcda") if path.name.endswith(names)]
    with tempfile.TemporaryDirectory() as folder:
        for at in range(0, len(notes), 200):
            subprocess.run(["gcov", "--json-format", "--preserve-paths", *notes[at:at + 200]], cwd=folder, check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for path in pathlib.Path(folder).glob("*.json.gz"):
            report = json.loads(gzip.decompress(path.read_bytes()))
            for file in report["files"]:
                source = os.path.relpath((pathlib.Path(report["current_working_directory"]) / file["file"]).resolve(), ROOT)
                if source in READERS:
                    for line in file["lines"]:
                        counts[source][line["line_number"]] += line["count"]
    return counts


def ranges(lines):
    """"12, 15-17"."""
    spans = []
    for line in lines:
        if spans and line == spans[-1][1] + 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in spans)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--least", type=float, default=95)
    arguments = parser.parse_args()
    counts = read_counts(arguments.build.resolve())
    all_lines = run_lines = bad = 0
    print(f"1..{len(READERS) + 1}")
    for number, source in enumerate(READERS, 1):
        lines = counts[source]
        missing = sorted(line for line, count in lines.items() if count == 0)
        share = 100 * (len(lines) - len(missing)) / len(lines) if lines else 0
        all_lines, run_lines = all_lines + len(lines), run_lines + len(lines) - len(missing)
        is_good = share >= arguments.least
        bad += not is_good
        print(f"{'' if is_good else 'not '}ok {number} - {source} {share:.1f} % of {len(lines)} lines"
              + (f"\n# not run: {ranges(missing)}" if missing else ""))
    share = 100 * run_lines / all_lines if all_lines else 0
    is_good = share >= arguments.least
    print(f"{'' if is_good else 'not '}ok {len(READERS) + 1} - all readers {share:.1f} % of {all_lines} lines")
    bad += not is_good
    print(f"{len(READERS) + 1 - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
