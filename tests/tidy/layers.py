# SPDX-License-Identifier: Apache-2.0
"""Who may include whom: the project's layers, and the doorways of the libraries."""
import re

from tree import Fault

# Folder -> the folders it may include besides itself. The longest matching folder counts.
LAYERS = {
    "proto": ["broker/base"],
    "broker/base": [],
    "broker/core": ["broker/base"],
    "broker/port": ["broker/base", "broker/core"],
    "broker/loop": ["broker/base", "broker/port"],
    "broker/crypto": ["broker/base", "broker/port", "proto"],
    "broker/config": ["broker/base", "broker/core", "broker/port"],  # core: the values of a policy
    "broker/store": ["broker/base", "broker/port", "broker/loop", "proto"],
    "broker/ws": ["broker/base", "broker/port", "broker/loop", "proto"],
    "broker/folder": ["broker/base", "broker/port"],
    "broker/s3": ["broker/base", "broker/port"],
    "broker/log": ["broker/base", "broker/core", "broker/port"],
    "broker/stored": ["broker/base", "broker/core", "proto"],
    "broker/flow": ["broker/base", "broker/core", "broker/port", "broker/log", "broker/stored", "proto"],
    "broker/supervisor": ["broker/base", "broker/config", "broker/store"],
    "broker/lab": ["broker/base", "broker/core", "broker/stored", "proto"],
    "broker/cli": ["broker/base", "broker/config", "broker/crypto", "broker/port", "broker/lab", "broker/s3", "broker/stored", "broker/core", "proto", "bots/sdk/c"],
    "broker": ["broker", "proto"],  # main.c and what it is composed of
    # bots speak the wire's vocabulary, and base's slices are a part of it
    "bots": ["proto", "broker/base"],
    "tests": ["broker", "bots", "proto"],
}

# Header -> the folders that may know it. Tests may know any.
DOORWAYS = {
    "uv": ["broker/loop", "broker/folder", "broker/s3", "broker/store", "broker/ws", "broker/cli", "bots/sdk/c"],
    "libwebsockets": ["broker/ws"],
    "hiredis": ["broker/store"],
    "sodium": ["broker/crypto"],
    "msgpack": ["proto"],
    "cjson": ["broker/crypto", "broker/cli", "broker/flow", "proto"],
    "yaml": ["broker/config", "bots/guide"],
    "cyaml": ["broker/config", "bots/guide"],
    "curl": ["broker/s3"],
    "openssl": [], "sqlite3": [], "glib": [],
}

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')
ROOTS = ["", "broker/", "tests/"]


def includes(file):
    """(line, is_local, path) of each #include; read from the text, since a path is a string."""
    for number, line in enumerate(file.lines, 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1) == '"', match.group(2)


def resolve(tree, file, target):
    """The path in the project that an include names; None for what the build makes."""
    for start in [file.folder + "/", *ROOTS]:
        if start + target in tree.paths:
            return start + target
    return None


def layer_of(path):
    fitting = [layer for layer in LAYERS if path.startswith(layer + "/")]
    return max(fitting, key=len) if fitting else None


def allowed(layer, path):
    return any(path.startswith(folder + "/") for folder in [layer, *LAYERS[layer]])


def includes_keep_to_the_layers(tree):
    for file in tree.sources():
        layer = layer_of(file.path)
        if layer is None:
            yield Fault(file, 1, "this folder has no layer in tests/tidy/layers.py")
            continue
        for number, is_local, target in includes(file):
            path = resolve(tree, file, target) if is_local else None
            if path is not None and not allowed(layer, path):
                yield Fault(file, number, f"{layer} may not include {target}")
            if is_local and target.startswith("../"):
                yield Fault(file, number, f"{target} climbs out of its folder")


def libraries_keep_to_their_doorways(tree):
    for file in tree.sources():
        for number, is_local, target in includes(file):
            library = re.split(r"[/.]", target)[0]
            if is_local or library not in DOORWAYS or file.is_below("tests"):
                continue
            if not file.is_below(*DOORWAYS[library]):
                yield Fault(file, number, f"<{target}> is known only in {', '.join(DOORWAYS[library]) or 'no folder'}")


RULES = [includes_keep_to_the_layers, libraries_keep_to_their_doorways]
