#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a message, and a hello, costs on the hot path, in instructions: a figure without noise.

callgrind counts what hot_path.c makes a node do, for two numbers of messages; the difference is what
a message costs. A hello is a customer's who comes back with a ticket, has missed nothing, and goes. Only Weft's own functions count (with what was inlined into them): neither libraries,
whose code depends on the processor, nor the fakes. Also the calls of malloc, calloc and realloc.

    hot_path.py PROGRAM             prints the table, and what moved against hot_path.table
    hot_path.py PROGRAM --write     keeps it (default build, on the compiler that the file names)
    hot_path.py PROGRAM --top 40    the functions that cost most, and who allocates
    hot_path.py PROGRAM --check BUILD   as a test: within 5 % (a small row: 1 % of the sum), or skipped
                                        when BUILD is another one
"""
import argparse
import collections
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TABLE = pathlib.Path(__file__).with_suffix(".table")
COLUMNS = {"json": ("json", "messages"), "msgpack": ("msgpack", "messages"), "hello": ("json", "hellos")}
SNAPSHOT_EVERY = 64
# Both numbers, and their difference, are whole rounds of entries between snapshots.
FEW, MANY = 128, 384
# A row may move by so much of itself, or else by so much of the sum: small rows are not held to a call.
TOLERANCE, SMALL = 0.05, 0.01
ALLOCATIONS, ROW_WIDTH = "allocations", 26
BY_THE_CLOCK = "by the clock"  # so much a second, not a message

# The first that matches a file of Weft names the step. What is not named here is routing and the rest
# of the flows.
STEPS = [
    ("read frames and bodies", r"proto/(frame|read|scan|json_cursor|json_scan|msgpack_(scan|cursor)|straight|shape|problem|base64)\.c"),
    ("write frames and bodies", r"proto/(write|frames|\w+_pen|pen|json_text)\.[ch]"),
    ("take in, limits, ack", r"flow/(receive|sessions|limits|sends|requests)\.c"),
    ("decide", r"flow/(say|body_check|chat)\.c|core/conversation/(decide_\w+|lineages|body\w*|draft)\.c"),
    ("entry codec", r"flow/(entry_codec|entry_text|part_codec)\.c"),
    ("seal", r"log/record\.c|crypto/\w+\.c"),
    ("append", r"log/\w+\.c"),
    ("fold", r"core/conversation/\w+\.c|flow/(chat_log|fold_codec)\.c"),
    ("fan out", r"flow/(deliver|entry_view|readers|chat_hints|chat_read)\.c"),
    (BY_THE_CLOCK, r"flow/(members|due|desk_leases|revocations|node|bus)\.c"),
    ("base: names, maps, text", r"base/\w+\.[ch]"),
    ("follow up, route", r""),
]
OWN_FILE = re.compile(r"(?:^|/)(broker|proto)/((?:[\w-]+/)*[\w-]+\.[ch])$")


def own_file(path):
    """The path in the source tree of a file of Weft; None: somebody else's."""
    found = None if "/tests/" in path else OWN_FILE.search(path)
    return found and f"{found[1]}/{found[2]}"


def step_of(file):
    return next(step for step, pattern in STEPS if re.search(pattern, file))


def parse(text):
    """Instructions by own function, and allocations by own function: {(file, function): count}."""
    costs, allocations = collections.Counter(), collections.Counter()
    file = function = callee = None
    is_call_cost = False
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and key == "fl":
            file = own_file(value)
        elif equals and key == "fn":
            function = re.sub(r"'\d+$", "", value)
        elif equals and key == "cfn":
            callee = value
        elif equals and key == "calls":
            is_call_cost = True
            if file and callee in ("malloc", "calloc", "realloc"):
                allocations[file, function] += int(value.split()[0])
        elif line[:1].isdigit():
            if file and not is_call_cost:
                costs[file, function] += int(line.split()[1])
            is_call_cost = False
    return costs, allocations


def count(program, column, number, folder):
    out = pathlib.Path(folder) / f"{column}.{number}"
    codec, what = COLUMNS[column]
    subprocess.run(["valgrind", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=hot_path_*",
                    "--compress-strings=no", "--compress-pos=no", f"--callgrind-out-file={out}", program, codec, str(number), what],
                   check=True, capture_output=True)
    return parse(out.read_text(errors="replace"))


def measure(program):
    """{column: (costs, allocations)} per message, or hello."""
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        for column in COLUMNS:
            few, many = (count(program, column, number, folder) for number in (FEW, MANY))
            result[column] = tuple({at: (many[part][at] - few[part][at]) / (MANY - FEW) for at in many[part]
                                   if many[part][at] != few[part][at]} for part in (0, 1))
    return result


def table_of(measured):
    """{row: {codec: figure}}, the steps in their order, the sum, and the allocations."""
    table = {step: dict.fromkeys(COLUMNS, 0) for step, _ in STEPS}
    for column, (costs, allocations) in measured.items():
        for (file, _), cost in costs.items():
            table[step_of(file)][column] += cost
        table.setdefault("instructions", {})[column] = sum(costs.values())
        table.setdefault(ALLOCATIONS, {})[column] = sum(allocations.values())
    return table


def written(table, build):
    rows = [f"{row:<{ROW_WIDTH}}" + "".join(f"{figures[column]:>10.{3 if row == ALLOCATIONS else 0}f}" for column in COLUMNS)
            for row, figures in table.items()]
    return "\n".join([f"# A message's own instructions, and a hello's; hot_path.py --write makes this. Build: {build}",
                      f"{'#':<{ROW_WIDTH}}" + "".join(f"{column:>10}" for column in COLUMNS), *rows]) + "\n"


def kept():
    """The kept table, and the build that it is for."""
    build, table = None, {}
    for line in TABLE.read_text().splitlines() if TABLE.exists() else []:
        if line.startswith("#"):
            build = line.partition("Build: ")[2] or build
            continue
        table[line[:ROW_WIDTH].strip()] = dict(zip(COLUMNS, map(float, line[ROW_WIDTH:].split())))
    return table, build


def moved(table, before):
    """What is not as it was, in words."""
    for row in table.keys() | before.keys():
        for column in COLUMNS:
            now, then = (each.get(row, {}).get(column, 0) for each in (table, before))
            sum_then = before.get("instructions", {}).get(column, 0)
            slack = 0.001 if row == ALLOCATIONS else max(TOLERANCE * then, SMALL * sum_then)
            if abs(now - then) > slack:
                yield f"{row}, {column}: {then:.2f} before, {now:.2f} now"


def print_top(measured, length):
    for column, (costs, allocations) in measured.items():
        print(f"\n{column}: the functions that cost most, and who allocates")
        for (file, function), cost in sorted(costs.items(), key=lambda each: -each[1])[:length]:
            print(f"{cost:10.0f}  {file}: {function}")
        for (file, function), calls in allocations.items():
            print(f"{calls:10.3f}  allocations by {file}: {function}")


def check(program, build):
    """The test, as TAP."""
    before, kept_build = kept()
    why = "no valgrind here" if shutil.which("valgrind") is None else \
        f"the table is of {kept_build}, this is {build}" if build != kept_build else None
    if why:
        print(f"1..0 # SKIP {why}")
        return 0
    measured = measure(program)
    table = table_of(measured)
    print("1..2")
    faults = sorted(moved(table, before))
    print(f"{'not ' if faults else ''}ok 1 - a message, and a hello, costs what the table says, within 5 %")
    for fault in faults:
        print(f"# {fault}")
    if faults:
        print("# if that is meant: tests/bench/hot_path.py PROGRAM --write")
    of_messages = {column: {at: calls for at, calls in allocations.items() if step_of(at[0]) != BY_THE_CLOCK}
                   for column, (_, allocations) in measured.items() if COLUMNS[column][1] == "messages"}
    allocated = max(sum(allocations.values()) for allocations in of_messages.values())
    allocates = [f"{column}: {calls:.3f} by {file}: {function}" for column, allocations in of_messages.items()
                 for (file, function), calls in allocations.items()]
    is_frugal = allocated * SNAPSHOT_EVERY <= 1
    print(f"{'' if is_frugal else 'not '}ok 2 - nobody allocates for a message, but a snapshot may once")
    for line in allocates:
        print(f"# {line}")
    return 1 if faults or not is_frugal else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="tests/bench/hot_path of a build")
    parser.add_argument("--write", metavar="BUILD", nargs="?", const="", help="keep the table")
    parser.add_argument("--top", type=int, metavar="COUNT", default=0, help="also print functions")
    parser.add_argument("--check", metavar="BUILD", help="be a test")
    options = parser.parse_args()
    if options.check:
        return check(options.program, options.check)
    if shutil.which("valgrind") is None:
        print("hot_path.py: valgrind is not installed: apt install valgrind", file=sys.stderr)
        return 2
    before, build = kept()
    measured = measure(options.program)
    table = table_of(measured)
    print(written(table, options.write or build), end="")
    for line in sorted(moved(table, before)):
        print(f"moved: {line}")
    if options.top:
        print_top(measured, options.top)
    if options.write is not None:
        TABLE.write_text(written(table, options.write or build))
    return 0


if __name__ == "__main__":
    sys.exit(main())
