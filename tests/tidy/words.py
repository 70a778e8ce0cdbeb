# SPDX-License-Identifier: Apache-2.0
"""What must, and what must not, stand in a file: calls, licence lines, lengths, unfinished work."""
import re

from tree import GENERATED, Fault

BANNED = ["strcpy", "strcat", "sprintf", "vsprintf", "stpcpy", "gets", "atoi", "atol", "atof", "strtok", "alloca",
          "rand", "srand", "random", "time", "gettimeofday", "localtime", "ctime", "sleep", "usleep", "system"]
BANNED_IN_CORE = ["malloc", "calloc", "realloc", "free", "strdup", "printf", "fprintf", "clock_gettime", "getenv",
                  "log_line", "getrandom", "open", "read", "write"]
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = {"broker": 450, "proto": 450, "bots": 450, "deploy": 450, "tests": 600}
PURPOSE_LINES_MAX = 22
LICENSED = {".c", ".h", ".ts", ".tsx", ".mjs", ".js", ".css", ".py", ".bash", ".sh", ".yaml", ".yml"}
# Written in pieces, so that this file does not offend against its own rules.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
HOSTS = re.compile(r"registry[.]npm|npmjs[.](org|com)|deb[.]debian[.]org|security[.]debian[.]org|"
                   r"pypi[.]org|pythonhosted[.]org|proxy[.]golang[.]org|crates[.]io|nodesource[.]com", re.IGNORECASE)
# What Debian 12's Node, 18, does not have yet.
NEWER_NODE = re.compile(r"\.to(Sorted|Reversed|Spliced)\(|\b(Object|Map)\.groupBy\b|\bwithResolvers\b|\bArray\.fromAsync\b|"
                        r"\bimport\.meta\.(dirname|filename)\b|import \{[^}]*\bcrc32\b")


def calls(file, names):
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(names) + r")\s*\(")
    for number, line in enumerate(file.code, 1):
        for match in pattern.finditer(line):
            yield number, match.group(1)


def no_banned_calls(tree):
    for file in tree.sources():
        for number, name in calls(file, BANNED):
            yield Fault(file, number, f"{name}() is banned")
        if file.is_below("broker/core"):
            for number, name in calls(file, BANNED_IN_CORE):
                yield Fault(file, number, f"{name}() is banned in core")


def every_source_has_its_licence_line(tree):
    for file in tree.files:
        is_source = file.suffix in LICENSED or file.name in ("meson.build", "meson_options.txt") or \
            file.text.startswith("#!")
        if is_source and file.path not in GENERATED and \
                not any("SPDX-License-Identifier: Apache-2.0" in line for line in file.lines[:3]):
            yield Fault(file, 1, "no SPDX-License-Identifier: Apache-2.0")


def every_c_file_opens_with_its_purpose(tree):
    for file in tree.with_suffix(".c"):
        opening = re.match(r"/\* SPDX[^\n]*\*/\n/\*(.*?)\*/", file.text, re.DOTALL)
        if not opening or len(opening.group(1).split()) < 4:
            yield Fault(file, 2, "no comment that tells its purpose")
        elif opening.group(1).count("\n") > PURPOSE_LINES_MAX:
            yield Fault(file, 2, f"its purpose takes more than {PURPOSE_LINES_MAX} lines")


def headers_are_guarded(tree):
    for file in tree.with_suffix(".h"):
        guard = re.search(r"^#ifndef (WEFT_\w+_H)\n#define (WEFT_\w+_H)\n", file.text, re.MULTILINE)
        if not guard or guard.group(1) != guard.group(2) or not file.text.rstrip().endswith("#endif"):
            yield Fault(file, 1, "no guard WEFT_…_H")


def guards_are_unique(tree):
    seen = {}
    for file in tree.with_suffix(".h"):
        guard = re.search(r"^#ifndef (WEFT_\w+_H)$", file.text, re.MULTILINE)
        if guard and guard.group(1) in seen:
            yield Fault(file, 1, f"{guard.group(1)} guards {seen[guard.group(1)]} too")
        elif guard:
            seen[guard.group(1)] = file.path


def functions_are_short(tree):
    for file in tree.with_suffix(".c"):
        began = None
        for number, line in enumerate(file.code, 1):
            if line.startswith("{"):
                began = number
            elif line.startswith("}") and began is not None:
                if number - began - 1 > FUNCTION_LINES_MAX:
                    yield Fault(file, began, f"a body of {number - began - 1} lines; at most {FUNCTION_LINES_MAX}")
                began = None


def files_are_short(tree):
    for file in tree.with_suffix(".c", ".h", ".ts", ".tsx", ".mjs", ".py"):
        most = FILE_LINES_MAX.get(file.path.split("/")[0], 450)
        if file.path not in GENERATED and len(file.lines) > most:
            yield Fault(file, most, f"{len(file.lines)} lines; at most {most}")


def nothing_is_left_unfinished(tree):
    for file in tree.files:
        for number, line in enumerate(file.lines, 1):
            if UNFINISHED.search(line) and file.suffix not in (".json", ".csv", ".jsonl"):
                yield Fault(file, number, "unfinished work: do it, or file it as an issue")


def no_registry_is_named(tree):
    for file in tree.files:
        for number, line in enumerate(file.lines, 1):
            if HOSTS.search(line):
                yield Fault(file, number, "the host of a package registry")


def scripts_run_on_debians_node(tree):
    for file in tree.with_suffix(".mjs"):
        for number, line in enumerate(file.lines, 1):
            if NEWER_NODE.search(line):
                yield Fault(file, number, "Node 18 does not know this")


def links_in_the_documents_lead_somewhere(tree):
    for file in tree.with_suffix(".md"):
        for number, line in enumerate(file.lines, 1):
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                path = target.split("#")[0]
                if re.match(r"[a-z]+:", target) or not path:
                    continue
                if not (tree.root / file.folder / path).exists():
                    yield Fault(file, number, f"{target} is not there")


RULES = [no_banned_calls, every_source_has_its_licence_line, every_c_file_opens_with_its_purpose, headers_are_guarded,
         guards_are_unique, functions_are_short, files_are_short, nothing_is_left_unfinished, no_registry_is_named,
         scripts_run_on_debians_node, links_in_the_documents_lead_somewhere]
