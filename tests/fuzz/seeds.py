#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes first inputs for the fuzzers, out of the protocol's vectors and of stored shapes: NAME.txt
as replay.c reads it.

usage: seeds.py VECTORS OUT
"""
import json
import pathlib
import sys

# fuzz_scan's first byte: the codec's bit, and six levels of depth.
SCAN_DEPTH = 6 << 1


def line(data):
    """An input as one line of printable ASCII."""
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in (35, 92) else "\\\\" if byte == 92 else f"\\x{byte:02x}"
                   for byte in data)


def text_of(value):
    """A vector's text: a string, or a list of pieces that may repeat."""
    if isinstance(value, str):
        return value
    return "".join(piece if isinstance(piece, str) else piece["repeat"] * piece["times"] for piece in value)


def pack(value):
    """As msgpack; enough of it for what Weft stores."""
    if isinstance(value, bool) or value is None:
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        return bytes([value]) if value < 128 else b"\xcf" + value.to_bytes(8, "big")
    if isinstance(value, str):
        return b"\xd9" + bytes([len(value)]) + value.encode()
    if isinstance(value, bytes):
        return b"\xc4" + bytes([len(value)]) + value
    if isinstance(value, list):
        return bytes([0x90 | len(value)]) + b"".join(map(pack, value))
    return b"\xde" + len(value).to_bytes(2, "big") + b"".join(pack(key) + pack(item) for key, item in value.items())


def packed(kind):
    """An entry in the second form: with a part of this kind, and all that a part may have."""
    def text(value):
        return bytes([len(value)]) + value.encode()
    name = b"\x0c" + bytes.fromhex("9f86d081884c7d65")
    members = text("01jd8x2k7q-a") + b"\x01" + bytes(8) + text("body") + name + text("demo") + text("Ada") + text("asked") + b"\x03\x04" \
        + text("packet") + text("web") + text("de") + text("/")
    part = bytes([kind]) + b"\xff\xff\x07" + b"\x01" + members + b"\x01" + b"\x02" + text("size") + b"\x01" + text("9") + text("mood") + b"\x00"
    return bytes([2, 7 + 8 * (kind in (14, 17))]) + b"\x01" + text("x") + text("Ada") + name + name + b"\x02" + part + bytes([kind, 0])


def stored():
    """What a store could give back: an entry of each kind of part, a pool entry of each kind, …"""
    name, other = "12-9f86d081884c7d65", "13-0a1b2c3d4e5f6071"
    body = pack({"kind": "text", "text": "hi"})
    part = {"i": "demo", "m": "Ada", "r": "asked", "c": "web", "p": "/", "g": "de", "l": "01jd8x2k7q-a", "n": 1, "d": 2,
            "x": 3, "f": 4, "e": name, "b": body, "h": pack({"reason": "asked"}), "q": [{"n": "size", "v": "9"}], "o": 1, "s": 1}
    entry = {"a": 1, "i": "x", "m": "Ada", "u": name, "s": other}
    value = {"c": "a7qk2m", "r": name, "a": "anna", "f": 9, "g": "de", "q": [{"n": "any", "v": 1}], "s": 1, "y": 2,
             "w": [{"n": "any", "v": 900}], "u": ["de"], "m": "Anna", "x": [{"n": "ben", "v": 5}], "o": other, "d": 7, "e": 8,
             "z": [{"n": "skill", "v": 3}], "p": 1, "b": "why", "i": 4, "h": [1, 2, 3, 0], "j": [1, 2, 3, 0], "v": [0, 1, 2]}
    fold = {key: 1 for key in ("phase", "cases", "attempt", "from", "input", "digest", "packet", "queued", "time")}
    fold.update({key: name for key in ("public_tail", "staff_tail", "owner", "last_owner", "closed_at", "turn",
                                       "committed_turn", "committed_at", "request")})
    fold.update(tenant="demo", state=b"\x04\x01\x00size9", lineages=[{"i": "01jd8x2k7q-a", "h": 1, "u": 5,
                                                                      "w": [{"n": 1, "d": 2, "e": name}]}])
    directory = {"t": "demo", "i": "anna", "n": "Anna", "r": "bot", "h": b"x" * 32, "c": 2, "x": ["de"], "s": [{"n": "any", "l": 9}]}
    record = bytes(8) + (99).to_bytes(8, "little")
    yield from (b"\0\1" + record + b"s" * 48, b"\0\2" + record + b"markmark" + b"plain", b"\0\3" + record + b"s" * 48, b"\0\4" + record)
    yield from (b"\1" + pack({**entry, "p": [{**part, "k": kind}]}) for kind in range(1, 20))
    yield from (b"\1" + packed(kind) for kind in range(1, 33))
    yield b"\2" + pack(fold)
    yield from (b"\3" + pack({"v": [{**value, "k": kind}, {"k": 2, "c": "b", "r": other}]}) for kind in range(1, 24))
    yield from (b"\4" + pack({"k": kind, **directory}) for kind in range(1, 6))
    yield from (b"\5" + body, b"\6" + pack({"reason": "asked", "summary": "s", "skills": [{"name": "any"}]}))


def main():
    folder, out = map(pathlib.Path, sys.argv[1:])
    seeds = {"json": [], "msgpack": [], "scan": []}
    for name in ("examples", "accepted", "refused"):
        for row in json.loads((folder / f"{name}.json").read_text(encoding="utf-8")):
            side = bytes([row.get("from") == "server"])
            if "json" in row or "json_hex" in row:
                data = text_of(row["json"]).encode() if "json" in row else bytes.fromhex(row["json_hex"])
                seeds["json"].append(side + data)
                seeds["scan"].append(bytes([SCAN_DEPTH]) + data)
            if "msgpack" in row:
                data = bytes.fromhex(text_of(row["msgpack"]))
                seeds["msgpack"].append(side + data)
                seeds["scan"].append(bytes([SCAN_DEPTH | 1]) + data)
    seeds["stored"] = list(stored())
    out.mkdir(parents=True, exist_ok=True)
    for name, inputs in seeds.items():
        (out / f"{name}.txt").write_text("".join(line(data) + "\n" for data in inputs if len(data) < 8192), encoding="ascii")


if __name__ == "__main__":
    main()
