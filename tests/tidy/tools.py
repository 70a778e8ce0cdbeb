# SPDX-License-Identifier: Apache-2.0
"""What other programs say about the files: the compiler, clang-format, the protocol's generator."""
import concurrent.futures
import os
import shutil
import subprocess
import sys

from tree import Fault

LIBRARIES = ["libuv", "libwebsockets", "hiredis", "msgpack", "libsodium", "libcjson", "yaml-0.1", "libcyaml"]


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    return done.returncode, done.stdout + done.stderr


def library_flags():
    flags = []
    for library in LIBRARIES:
        code, words = run(["pkg-config", "--cflags", library])
        flags += words.split() if code == 0 else []
    return flags


def headers_compile_alone(tree):
    flags = ["-D_GNU_SOURCE", "-std=gnu17", "-fsyntax-only", "-x", "c", "-Wno-pragma-once-outside-header",
             f"-I{tree.root}", f"-I{tree.root}/broker", f"-I{tree.root}/tests", *library_flags()]
    if tree.build:
        flags.append(f"-I{tree.build}")  # proto/frames.h is made by the build

    def compile_one(file):
        code, words = run(["cc", *flags, f"-I{tree.root}/{file.folder}", str(tree.root / file.path)])
        return Fault(file, 0, words.splitlines()[0] if words else "does not compile") if code else None

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from filter(None, pool.map(compile_one, tree.with_suffix(".h")))


def the_layout_is_clang_formats(tree):
    files = [str(tree.root / file.path) for file in tree.sources()]
    if not files or not shutil.which("clang-format"):
        return
    _, words = run(["clang-format", "--dry-run", "-Werror", *files], cwd=tree.root)
    seen = set()
    for line in words.splitlines():
        where = line.split(": error:")[0]
        path = where.split(":")[0]
        if ": error:" in line and path not in seen:
            seen.add(path)
            number = where.split(":")[1]
            yield Fault(os.path.relpath(path, tree.root), number, "not as clang-format lays it out")


def the_generated_files_are_up_to_date(tree):
    script = tree.root / "proto/generate.py"
    if not script.exists():
        return
    code, words = run([sys.executable, "-B", str(script), "--check"], cwd=tree.root)
    if code != 0:
        yield Fault("proto/generate.py", 0, words.strip() or "--check failed")


RULES = [headers_compile_alone, the_layout_is_clang_formats, the_generated_files_are_up_to_date]
