# SPDX-License-Identifier: Apache-2.0
"""What a thousand readers of one byte a second cost a node, and what others notice of them.

  python3 tests/bench/slow_readers.py BUILD [--readers N] [--seconds S]

Each slow reader is one of fifty devices of a contact whom somebody writes 8 kB messages to, until all of them have been cut; meanwhile
others talk at an even pace. The last line is a JSON object: memory of the node for each slow reader, how many were cut, what those
who came back had missed (nothing), and the others' time from sending to the ack without and with the slow ones.
"""
import argparse
import asyncio
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "torture"))
import wire

DEVICES, OTHERS, OTHERS_MS, TEXT = 50, 20, 50, "x" * 8000
RECEIVE_BYTES, CHECKED = 4096, 20


class Weft:
    def __init__(self, build):
        self.folder = tempfile.TemporaryDirectory(prefix="weft-slow-")
        config = pathlib.Path(self.folder.name) / "weftd.yaml"
        most = 1000000
        config.write_text(json.dumps({
            "data": ".", "listen": {"port": 0}, "tenants": [{"id": "demo"}], "log": {"level": "warn"},
            "timeouts": {"ping_ms": 600000, "dead_ms": 1200000},  # they answer no ping: it is their slowness that is to cut them
            "limits": {"messages_per_min": most, "sessions_per_min_per_ip": most, "connections_max": 10000, "connections_per_ip_max": 10000}}),
            encoding="utf-8")
        self.log_path = config.with_name("weftd.log")
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([build / "broker/weftd", "--config", config], stderr=log)
        up_path = config.with_name("up.json")
        while not up_path.exists():
            time.sleep(0.02)
        up = json.loads(up_path.read_text(encoding="utf-8"))
        self.node = next(pid for name, pid in up["pids"].items() if name == "weftd")
        self.address = ("127.0.0.1", int(up["url"].rsplit(":", 1)[1]))

    def rss_kib(self):
        for line in pathlib.Path(f"/proc/{self.node}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def cut_count(self):
        text = self.log_path.read_text(encoding="utf-8")
        counted = re.findall(r"log\.held_back event=session\.slow lines=(\d+)", text)
        return text.count(" session.slow ") + sum(map(int, counted))

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


class Talker:
    """Somebody with a socket who sends and reads at once."""

    def __init__(self):
        self.n, self.waiting, self.entries, self.took_ms = 0, {}, [], []

    async def enter(self, address, token, cursor=None):
        self.welcome = asyncio.get_running_loop().create_future()
        self.ended = asyncio.get_running_loop().create_future()
        self.socket = await wire.connect(address, self.on_text, self.ended.set_result, within_s=30)
        hello = {"type": "hello", "id": "h", "token": token}
        if cursor:
            hello["cursors"] = [cursor]
        self.socket.send(hello)
        await self.welcome
        return self

    def on_text(self, text):
        frame = json.loads(text)
        if frame["type"] == "welcome":
            self.lineage, self.conversation = frame["lineage"], frame["conversation"]
            self.welcome.set_result(None)
        elif frame["type"] == "ack" and frame["id"] in self.waiting:
            self.waiting.pop(frame["id"]).set_result(None)
        elif frame["type"] in ("entry", "reset", "error"):
            self.entries.append(frame)

    async def say(self, text):
        self.n += 1
        request = f"s{self.n}"
        answered = self.waiting[request] = asyncio.get_running_loop().create_future()
        began = time.monotonic()
        self.socket.send({"type": "send", "id": request, "lineage": self.lineage, "n": self.n, "body": {"kind": "text", "text": text}})
        await answered
        self.took_ms.append((time.monotonic() - began) * 1000)


class SlowReader:
    """A bare socket with hardly any room, read a byte a second once it has said hello."""

    def __init__(self, contact):
        self.contact, self.bytes = contact, b""

    async def enter(self, address):
        loop = asyncio.get_running_loop()
        self.line = socket.socket()
        self.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        self.line.setblocking(False)
        await loop.sock_connect(self.line, address)
        await loop.sock_sendall(self.line, wire.HANDSHAKE.format("%s:%s" % address).encode())
        await self.read_until(b"\r\n\r\n")
        hello = json.dumps({"type": "hello", "id": "h", "token": self.contact["token"]}).encode()
        await loop.sock_sendall(self.line, bytes((0x81, 0xfe)) + len(hello).to_bytes(2, "big") + b"\0\0\0\0" + hello)
        await self.read_until(b'"welcome"')

    async def read_until(self, what):
        while what not in self.bytes:
            piece = await asyncio.get_running_loop().sock_recv(self.line, 65536)
            if not piece:
                raise OSError("the line broke")
            self.bytes += piece

    def read_one(self):
        try:
            self.bytes += self.line.recv(1)
        except (BlockingIOError, ConnectionResetError):
            pass

    def drain(self):
        """Whatever is still to be had of a connection that was cut."""
        self.line.settimeout(5)
        try:
            while piece := self.line.recv(65536):
                self.bytes += piece
        except OSError:
            pass
        self.line.close()
        return [json.loads(text) for text in messages(self.bytes.partition(b"\r\n\r\n")[2])]


def messages(held):
    while len(held) > 1:
        first, size, head = held[0], held[1] & 127, 2
        if size > 125:
            head = 4 if size == 126 else 10
            size = int.from_bytes(held[2:head], "big")
        if len(held) < head + size:
            return
        if first == 0x81:
            yield held[head:head + size]
        held = held[head + size:]


def percentile(values, part):
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * part))], 2) if ordered else None


async def talk(others, seconds):
    """Everybody says something every 50 ms; returns how long each took, ms."""
    end = time.monotonic() + seconds

    async def one(talker):
        while time.monotonic() < end:
            began = time.monotonic()
            await talker.say("Where is my parcel?")
            await asyncio.sleep(max(0, OTHERS_MS / 1000 - (time.monotonic() - began)))

    for talker in others:
        talker.took_ms.clear()
    await asyncio.gather(*map(one, others))
    return [took for talker in others for took in talker.took_ms]


async def drip(readers, state):
    while not state["over"]:
        for reader in readers:
            reader.read_one()
        state["rss"] = max(state["rss"], state["weft"].rss_kib())
        await asyncio.sleep(1)


async def write_until_cut(weft, writers, wanted, state):
    while weft.cut_count() < wanted:
        await asyncio.gather(*(writer.say(TEXT) for writer in writers))
        state["rss"] = max(state["rss"], weft.rss_kib())
        await asyncio.sleep(0.1)


async def come_back(weft, reader):
    """How many messages are missing or double between what a cut reader held and what it gets on return."""
    held = [frame for frame in reader.drain() if frame["type"] == "entry"]
    cursor = {"conversation": reader.contact["conversation"], "at": held[-1]["at"]} if held else None
    talker = await Talker().enter(weft.address, reader.contact["token"], cursor)
    last = reader.contact["writer"].n
    numbers = []
    for _ in range(200):
        numbers = [part["n"] for frame in held + talker.entries if frame["type"] == "entry" for part in frame["parts"] if "n" in part]
        if numbers and numbers[-1] == last:
            break
        await asyncio.sleep(0.05)
    talker.socket.abort()
    return 0 if numbers == list(range(1, last + 1)) else 1


async def measure(weft, options):
    async def contact():
        return await wire.call(weft.address, "POST", "/v1/sessions", {"tenant": "demo"})

    others = [await Talker().enter(weft.address, (await contact())["token"]) for _ in range(OTHERS)]
    contacts = [await contact() for _ in range((options.readers + DEVICES - 1) // DEVICES)]
    for each in contacts:
        each["writer"] = await Talker().enter(weft.address, each["token"])
    readers = [SlowReader(contacts[i // DEVICES]) for i in range(options.readers)]
    for reader in readers:
        await reader.enter(weft.address)
    alone = await talk(others, options.seconds)
    state = {"weft": weft, "rss": 0, "over": False}
    before = weft.rss_kib()
    dripping = asyncio.create_task(drip(readers, state))
    writing = asyncio.create_task(write_until_cut(weft, [each["writer"] for each in contacts], options.readers, state))
    beside = []
    while not writing.done():
        beside += await talk(others, 1)
    await writing
    state["over"] = True
    await dripping
    missed = sum([await come_back(weft, reader) for reader in readers[::max(1, len(readers) // CHECKED)]])
    return {"readers": options.readers, "node_rss_kib_before": before, "node_rss_kib_most": state["rss"],
            "kib_per_reader": round((state["rss"] - before) / options.readers, 1), "cut": weft.cut_count(), "came_back_with_a_gap": missed,
            "ack_ms_p50_alone": percentile(alone, 0.5), "ack_ms_p99_alone": percentile(alone, 0.99),
            "ack_ms_p50_beside": percentile(beside, 0.5), "ack_ms_p99_beside": percentile(beside, 0.99)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--readers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    weft = Weft(options.build.resolve())
    try:
        result = asyncio.run(measure(weft, options))
    finally:
        weft.stop()
    print(json.dumps(result))
    sys.exit(1 if result["kib_per_reader"] > 256 or result["came_back_with_a_gap"] else 0)


if __name__ == "__main__":
    main()
