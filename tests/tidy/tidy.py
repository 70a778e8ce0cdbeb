#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the project's own rules and says what it found as TAP.

usage: tidy.py ROOT [BUILD]

BUILD is a build folder, for the headers that only a build makes. One rule is one case; each rule is
shown to be able to fail by test_tidy.py.
"""
import sys

import dead
import layers
import tools
import words
from tree import Tree

RULES = [*layers.RULES, *words.RULES, *dead.RULES, *tools.RULES]


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: tidy.py ROOT [BUILD]")
    tree = Tree(*sys.argv[1:])
    failed = 0
    for number, rule in enumerate(RULES, 1):
        faults = list(rule(tree))
        failed += bool(faults)
        print(f"{'not ok' if faults else 'ok'} {number} - {rule.__name__}")
        for fault in faults:
            print(f"# {fault}")
    print(f"1..{len(RULES)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
