# SPDX-License-Identifier: Apache-2.0
"""Files that nothing uses."""
import json
import os
import posixpath
import re

from layers import includes, resolve
from tree import GENERATED, Fault


def quoted_in_builds(tree):
    """Every path that a meson.build names, from the project's root."""
    named = set()
    for file in tree.files:
        if file.name == "meson.build":
            for word in re.findall(r"'([^'\n]+)'", file.text):
                named.add(posixpath.normpath(posixpath.join(file.folder, word)))
    return named


def compiled(tree):
    """What the build really compiles: a meson.build may make names as it goes."""
    database = tree.build and tree.build / "compile_commands.json"
    if not database or not database.exists():
        return set()
    return {os.path.relpath(os.path.join(item["directory"], item["file"]), tree.root)
            for item in json.loads(database.read_text(encoding="utf-8"))}


def every_c_file_is_built(tree):
    named = quoted_in_builds(tree) | compiled(tree)
    for file in tree.with_suffix(".c"):
        if file.path not in named:
            yield Fault(file, 0, "no meson.build names it")


def every_header_is_included(tree):
    included = {resolve(tree, file, target) for file in tree.sources()
                for _, is_local, target in includes(file) if is_local}
    for file in tree.with_suffix(".h"):
        if file.path not in included:
            yield Fault(file, 0, "nobody includes it")


def named_by_scripts(tree):
    named = set()
    for file in tree.with_suffix(".ts", ".tsx", ".mjs", ".css", ".html", ".json"):
        for word in re.findall(r"[\"']([^\"'\n]+\.(?:tsx?|mjs|css|html))[\"']", file.text):
            for start in (file.folder, ""):
                named.add(posixpath.normpath(posixpath.join(start, word)))
    return named | quoted_in_builds(tree)


def every_script_is_imported(tree):
    named = named_by_scripts(tree)
    for file in tree.with_suffix(".ts", ".tsx", ".css"):
        is_found_by_name = file.name.endswith((".d.ts", ".test.ts")) or file.path in GENERATED
        if file.path not in named and not is_found_by_name:
            yield Fault(file, 0, "nobody imports it")


RULES = [every_c_file_is_built, every_header_is_included, every_script_is_imported]
