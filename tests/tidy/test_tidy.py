#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that each rule of tidy.py can fail: one planted fault for each, in a tree that is else clean."""
import pathlib
import shutil
import sys
import tempfile

import tidy
from tree import Tree

SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"
PURPOSE = SPDX + "/* A planted file that is as it should be. */\n"


def header(guard, body=""):
    return f"{SPDX}#ifndef WEFT_{guard}_H\n#define WEFT_{guard}_H\n\n{body}\n#endif\n"


CLEAN = {
    "broker/base/a.h": header("BASE_A", "int a(void);\n"),
    "broker/base/a.c": PURPOSE + '#include "base/a.h"\n\nint a(void)\n{\n    return 1;\n}\n',
    "broker/base/meson.build": "# SPDX-License-Identifier: Apache-2.0\nlib = static_library('base', 'a.c')\n",
    "broker/core/c.h": header("CORE_C", '#include "base/a.h"\n'),
    "broker/core/c.c": PURPOSE + '#include "core/c.h"\n',
    "broker/core/meson.build": "# SPDX-License-Identifier: Apache-2.0\ncore = files('c.c')\n",
    "broker/web/main.ts": '// SPDX-License-Identifier: Apache-2.0\nimport "./other.ts";\n',
    "broker/web/other.ts": "// SPDX-License-Identifier: Apache-2.0\n",
    "broker/web/build.mjs": '// SPDX-License-Identifier: Apache-2.0\nbundle("main.ts");\n',
    "docs/index.md": "# Documents\n\nSee [the code](../broker/base/a.c).\n",
    ".clang-format": "# SPDX-License-Identifier: Apache-2.0\nBasedOnStyle: LLVM\nIndentWidth: 4\nBreakBeforeBraces: Linux\n"
                     "AllowShortFunctionsOnASingleLine: None\n",
}

LONG_BODY = PURPOSE + "int a(void);\n\nint a(void)\n{\n" + "    a();\n" * 71 + "    return 1;\n}\n"

# Rule -> the file that breaks it and no other rule needs to hold for.
PLANTED = {
    "includes_keep_to_the_layers": ("broker/base/a.c", CLEAN["broker/base/a.c"] + '#include "core/c.h"\n'),
    "libraries_keep_to_their_doorways": ("broker/core/c.c", PURPOSE + "#include <uv.h>\n"),
    "no_banned_calls": ("broker/base/a.c", PURPOSE + "int a(void)\n{\n    return atoi(\"1\");\n}\n"),
    "every_source_has_its_licence_line": ("broker/web/other.ts", "export {};\n"),
    "every_c_file_opens_with_its_purpose": ("broker/core/c.c", SPDX + '#include "core/c.h"\n'),
    "headers_are_guarded": ("broker/base/a.h", SPDX + "int a(void);\n"),
    "guards_are_unique": ("broker/core/c.h", header("BASE_A")),
    "functions_are_short": ("broker/base/a.c", LONG_BODY),
    "files_are_short": ("broker/base/a.c", PURPOSE + "int a(void);\n" * 450),
    "nothing_is_left_unfinished": ("broker/base/a.c", PURPOSE + "/* TO" + "DO: more */\n"),
    "no_registry_is_named": ("docs/index.md", "From npm" + "js.org\n"),
    "scripts_run_on_debians_node": ("tests/list.mjs", "// SPDX-License-Identifier: Apache-2.0\nlist.to" + "Sorted();\n"),
    "links_in_the_documents_lead_somewhere": ("docs/index.md", "[gone](gone.md)\n"),
    "every_c_file_is_built": ("broker/base/b.c", PURPOSE),
    "every_header_is_included": ("broker/base/b.h", header("BASE_B")),
    "every_script_is_imported": ("broker/web/lonely.ts", "// SPDX-License-Identifier: Apache-2.0\n"),
    "headers_compile_alone": ("broker/base/a.h", header("BASE_A", "size_t a(void);\n")),
    "the_layout_is_clang_formats": ("broker/base/a.c", PURPOSE + "int a( void ) { return 1; }\n"),
    "the_generated_files_are_up_to_date": (
        "proto/generate.py", "# SPDX-License-Identifier: Apache-2.0\nimport sys\nsys.exit('stale')\n"),
}

CORE_MALLOC = ("broker/core/c.c", PURPOSE + "void *c(void)\n{\n    return malloc(1);\n}\n")
INNOCENT = ("broker/base/a.c", PURPOSE + "/* atoi(x) */\nconst char *a = \"atoi(x)\";\nint time;\nvoid b(void)\n{\n"
            "    x.time(1);\n    uptime(2);\n}\n")


def plant(files):
    root = pathlib.Path(tempfile.mkdtemp(prefix="weft-tidy-"))
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def faults_of(rule, files):
    root = plant(files)
    try:
        return [str(fault) for fault in rule(Tree(root))]
    finally:
        shutil.rmtree(root)


def cases():
    for rule in tidy.RULES:
        name = rule.__name__
        clean = faults_of(rule, CLEAN)
        yield f"{name}: a clean tree passes", not clean, clean
        if name == "the_layout_is_clang_formats" and not shutil.which("clang-format"):
            yield f"{name}: finds what was planted # SKIP no clang-format", True, []
            continue
        path, text = PLANTED[name]
        found = faults_of(rule, {**CLEAN, path: text})
        yield f"{name}: finds what was planted", any(fault.startswith(path) for fault in found), found
    banned = next(rule for rule in tidy.RULES if rule.__name__ == "no_banned_calls")
    found = faults_of(banned, {**CLEAN, CORE_MALLOC[0]: CORE_MALLOC[1]})
    yield "malloc in core is found", len(found) == 1, found
    found = faults_of(banned, {**CLEAN, INNOCENT[0]: INNOCENT[1]})
    yield "comments, strings, members and longer names are no calls", not found, found


def main():
    failed = 0
    number = 0
    for number, (title, is_good, found) in enumerate(cases(), 1):
        failed += not is_good
        print(f"{'ok' if is_good else 'not ok'} {number} - {title}")
        if not is_good:
            print(f"# found: {found}")
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
