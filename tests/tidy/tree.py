# SPDX-License-Identifier: Apache-2.0
"""The project's files as the rules see them: read once, C also without its comments and strings."""
import functools
import pathlib
import re

LEFT_OUT = {".git", "node_modules", "__pycache__", "data"}
GENERATED = {"proto/js/frames.ts", "docs/reference/protocol.md", "docs/reference/configuration.md"}

TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)


def blank(match):
    """A comment or a literal as spaces, line for line, quotes kept."""
    text = match.group(0)
    if text[0] in "\"'":
        return text[0] + " " * (len(text) - 2) + text[0]
    return re.sub(r"[^\n]", " ", text)


class File:
    def __init__(self, root, path):
        self.path = path  # relative, with slashes
        self.name = path.rsplit("/", 1)[-1]
        self.suffix = pathlib.PurePosixPath(path).suffix
        self.text = (root / path).read_text(encoding="utf-8", errors="replace")
        self.lines = self.text.splitlines()

    @functools.cached_property
    def code(self):
        """The lines of a C file without comments and without what strings say."""
        return TOKEN.sub(blank, self.text).splitlines()

    @property
    def folder(self):
        return self.path.rsplit("/", 1)[0] if "/" in self.path else ""

    def is_below(self, *folders):
        return any(self.path.startswith(folder + "/") for folder in folders)


class Tree:
    def __init__(self, root, build=None):
        self.root = pathlib.Path(root)
        self.build = pathlib.Path(build) if build else None
        self.files = [File(self.root, path) for path in self.walk()]
        self.paths = {file.path for file in self.files}

    def walk(self):
        found = []
        for path in sorted(self.root.rglob("*")):
            parts = path.relative_to(self.root).parts
            is_built = parts[0] == "build" or parts[0].startswith("build-")
            if is_built or LEFT_OUT & set(parts) or path.is_symlink() or not path.is_file():
                continue
            if b"\0" not in path.read_bytes()[:4096]:
                found.append("/".join(parts))
        return found

    def with_suffix(self, *suffixes):
        return [file for file in self.files if file.suffix in suffixes]

    def sources(self):
        return self.with_suffix(".c", ".h")


class Fault:
    def __init__(self, file, line, words):
        self.where = f"{getattr(file, 'path', file)}:{line}" if line else getattr(file, "path", file)
        self.words = words

    def __str__(self):
        return f"{self.where}: {self.words}"
