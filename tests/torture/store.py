# SPDX-License-Identifier: Apache-2.0
"""What is left in the end: the admin door's entries, the records as Redis holds them, and the bytes on the disk."""
import asyncio
import mmap
import os
import pathlib
import socket

import wire

SEALED = 3  # the others are plain; as broker/log/record.h


class Redis:
    """As much of Redis's protocol as reading takes."""

    def __init__(self, address, timeout_s=30):
        family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout_s)
        self.socket.connect(address if isinstance(address, tuple) else str(address))
        self.file = self.socket.makefile("rb")

    def ask(self, *words):
        pieces = [b"*%d\r\n" % len(words)]
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode()
            pieces.append(b"$%d\r\n%s\r\n" % (len(word), word))
        self.socket.sendall(b"".join(pieces))
        return self.answer()

    def answer(self):
        line = self.file.readline()
        sort, rest = line[:1], line[1:-2]
        if sort == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if sort == b"*":
            return None if rest == b"-1" else [self.answer() for _ in range(int(rest))]
        if sort == b":":
            return int(rest)
        if sort == b"-":
            raise OSError(rest.decode())
        if sort == b"+":
            return rest
        raise OSError("Redis said nothing")

    def scan(self, pattern):
        cursor = b"0"
        while True:
            cursor, keys = self.ask("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
            yield from keys
            if cursor == b"0":
                return

    def close(self):
        self.socket.close()


def read_record(place, fields):
    """[seq, mark, prev, time_ms] of a record as it is stored."""
    bytes_ = fields[1]
    seq = int(place.partition(b"-")[0])
    mark = bytes_[-16:-8] if bytes_[0] == SEALED else bytes_[17:25]
    return [seq, mark.hex(), bytes_[1:9].hex(), int.from_bytes(bytes_[9:17], "big")]


def read_log(redis, key):
    rows, start = [], "-"
    while True:
        page = redis.ask("XRANGE", key, start, "+", "COUNT", 500)
        rows += [read_record(place, fields) for place, fields in page]
        if len(page) < 500:
            return rows
        start = b"(" + page[-1][0]


async def read_entries(stage, conversation):
    """All that the door shows, or None when it says that the conversation was erased."""
    rows, after = [], 0
    while True:
        try:
            page = await stage.admin("GET", f"/v1/admin/conversations/{conversation}/entries?after={after}&limit=50")
        except wire.Refused as refused:
            if refused.code == "conversation_erased":
                return None
            raise
        rows += page["entries"]
        if not page["more"]:
            return rows
        after = page["next"]


async def collect(stage, contacts, capacity, canaries, redis_address):
    redis = Redis(redis_address)
    logs = {key.decode(): key for key in redis.scan("*")}
    store = {"conversations": {}, "logs": {}, "capacity": capacity, "canaries": canaries, "leaks": []}
    gate = asyncio.Semaphore(8)

    async def one(contact):
        async with gate:
            entries = await read_entries(stage, contact.conversation)
        key = next((key for name, key in logs.items() if name.endswith("}c:" + contact.conversation)), None)
        store["conversations"][contact.conversation] = {
            "tenant": contact.tenant, "entries": entries or [], "is_erased": entries is None,
            "records": read_log(redis, key) if key else []}

    await asyncio.gather(*(one(contact) for contact in contacts if contact.conversation))
    for name, key in logs.items():
        if name.endswith("}log") or name == "{w}directory":
            store["logs"][name] = read_log(redis, key)
    redis.close()
    return store


def search_files(folders, canaries, allowed=()):
    """Files that hold one of the words in plain text."""
    found = []
    for folder in folders:
        for path, _, names in os.walk(folder):
            for name in names:
                whole = os.path.join(path, name)
                if pathlib.Path(whole) in allowed or not os.path.isfile(whole) or os.path.getsize(whole) == 0:
                    continue
                with open(whole, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as text:
                    for canary in canaries:
                        at = text.find(canary.encode())
                        if at >= 0:
                            found.append(f"{os.path.relpath(whole, folder)} holds plain words: {text[max(0, at - 40):at + 60]!r}")
    return found
