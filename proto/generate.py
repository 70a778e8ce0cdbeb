#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns proto/schema.yaml into C, TypeScript, the tables of the reference, and test vectors.

    generate.py --c FOLDER   frames.h and frames.c, at build time
    generate.py --write      the committed outputs: proto/js/frames.ts, the tables of
                             docs/reference/protocol.md, proto/vectors/examples.json
    generate.py --check      ends with 1 and names each committed output that is stale
"""

import argparse
from pathlib import Path
import sys

from generator import c_header, c_source, examples, markdown, schema as schemas, typescript

HERE = Path(__file__).resolve().parent
REFERENCE = HERE.parent / "docs" / "reference" / "protocol.md"


def write_c(schema, folder):
    (folder / "frames.h").write_text(c_header.header(schema), encoding="utf-8")
    (folder / "frames.c").write_text(c_source.source(schema), encoding="utf-8")


def committed(schema):
    """The text that each committed output should have."""
    reference = REFERENCE.read_text(encoding="utf-8") if REFERENCE.exists() else ""
    return {
        HERE / "js" / "frames.ts": typescript.module(schema),
        HERE / "vectors" / "examples.json": examples.vectors(schema),
        REFERENCE: markdown.fill(reference, schema),
    }


def write(outputs):
    for path, text in outputs.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


def check(outputs):
    stale = [path for path, text in outputs.items() if not is_current(path, text)]
    for path in stale:
        name = path.relative_to(HERE.parent)
        print(f"{name} is stale: run proto/generate.py --write and commit it", file=sys.stderr)
    return 1 if stale else 0


def is_current(path, text):
    return path.exists() and path.read_text(encoding="utf-8") == text


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--c", metavar="FOLDER", type=Path)
    action.add_argument("--write", action="store_true")
    action.add_argument("--check", action="store_true")
    options = parser.parse_args()
    try:
        schema = schemas.load(HERE / "schema.yaml")
        if options.c:
            write_c(schema, options.c)
            return 0
        outputs = committed(schema)
    except schemas.SchemaError as error:
        print(f"proto/generate.py: {error}", file=sys.stderr)
        return 1
    return write(outputs) if options.write else check(outputs)


if __name__ == "__main__":
    sys.exit(main())
