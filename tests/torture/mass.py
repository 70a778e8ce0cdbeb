# SPDX-License-Identifier: Apache-2.0
"""The two mass cases: thousands dropped at once, and thousands that hardly read. The clients are weft-storm, in C."""
import asyncio
import json
import pathlib
import re
import subprocess
import sys
import threading
from statistics import median

from stage import Stage

CHATTERS, ROUNDS, FAST_S, SLOW_S = 100, 4, 3, 7
BYTES_MAX = 256 * 1024
DISK_MIB_MIN = 6144  # long messages as fast as they are taken, in every phase


class Mass:
    """A Weft, and weft-storm as its clients."""

    def __init__(self, options):
        self.options = options
        options.disk_mib = max(options.disk_mib, DISK_MIB_MIN)
        self.stage = Stage(options.build, options)
        self.process = None

    def __enter__(self):
        self.stage.start()
        answer = asyncio.run(self.stage.admin("POST", "/v1/admin/tenants", {"id": "storm", "name": "Storm"}))
        self.secret = answer["signing_secret"]
        self.key = asyncio.run(self.stage.admin("POST", "/v1/admin/tenants/storm/keys", {"role": "service", "name": "shop"}))["key"]
        self.port = self.stage.address[1]
        return self

    def start(self, mode, *words):
        self.process = subprocess.Popen(
            [self.options.build / "tests/torture/weft-storm", mode, str(self.port), "storm", self.secret, *map(str, words)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("weft-storm ended early; the end of Weft's log:\n" + self.stage.tail())
        return json.loads(line)

    def __exit__(self, *_):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.stage.stop()
        self.stage.remove(False)

    def memory(self):
        """Bytes of the broker's processes, and of the kernel's buffers of their connections."""
        bytes_ = 0
        for name in self.stage.nodes():
            for line in pathlib.Path(f"/proc/{self.stage.pid(name)}/status").read_text(encoding="utf-8").splitlines():
                if line.startswith("VmRSS:"):
                    bytes_ += int(line.split()[1]) * 1024
        told = subprocess.run(["ss", "-tnmH", "sport", "=", f":{self.port}"], capture_output=True, text=True, check=True).stdout
        kernel = sum(int(value) for words in re.findall(r"skmem:\(([^)]*)\)", told) for name, value in re.findall(r"([a-z]+)(\d+)", words)
                     if name in ("r", "w", "f"))
        return bytes_, kernel


class Peak:
    """The most memory while it is open."""

    def __init__(self, mass):
        self.mass, self.most, self.is_over = mass, mass.memory(), threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.is_over.wait(1):
            self.most = tuple(map(max, self.most, self.mass.memory()))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()


def storm(options):
    """All of them dropped by a kill -9 of every node, with words in the air; then back, by the protocol's jitter."""
    with Mass(options) as mass:
        mass.start("storm", options.storm)
        there = mass.hear()
        print(f"{there['there']} clients are there, after {there['ms']} ms; now every node is killed", file=sys.stderr)
        mass.tell("speak")
        mass.hear()
        for node in mass.stage.nodes():
            mass.stage.kill(node)
        result = mass.hear()
    result["nodes"] = options.nodes
    is_good = result["gaps"] == result["duplicates"] == result["resets"] == 0 and \
        result["resumed"] == result["settled"] == result["clients"] == there["there"]
    return result, is_good


def slow_readers(options):
    """The same long messages to readers that read, and to readers that take a byte a second, in turns, while others chat."""
    rounds, bytes_each, kernel_bytes_each = [], 0, 0
    with Mass(options) as mass:
        mass.start("slow", options.slow_readers, CHATTERS, mass.key)
        mass.hear()
        for _ in range(ROUNDS):
            with Peak(mass):  # looking costs the others time, too: in both phases
                mass.tell(f"fast {FAST_S}")
                fast = mass.hear()
            before = mass.memory()
            with Peak(mass) as peak:
                mass.tell(f"slow {SLOW_S}")
                rounds.append((fast, mass.hear()))
            bytes_each = max(bytes_each, (peak.most[0] - before[0]) // options.slow_readers)
            kernel_bytes_each = max(kernel_bytes_each, (peak.most[1] - before[1]) // options.slow_readers)
        mass.tell("end")
        result = mass.hear()
    told = [sum(one["told"] for one in phases) for phases in zip(*rounds)]
    fast_ms, slow_ms = (round(median(ms for one in phases for ms in one["p99_ms_of_seconds"]), 2) for phases in zip(*rounds))
    result |= {"nodes": options.nodes, "fast_p99_ms": fast_ms, "slow_p99_ms": slow_ms, "p99_change_percent": round(100 * (slow_ms / max(fast_ms, 0.01) - 1), 1),
               "fast_p99_ms_of_phases": [fast["p99_ms"] for fast, _ in rounds], "slow_p99_ms_of_phases": [slow["p99_ms"] for _, slow in rounds],
               "told_fast": told[0], "told_slow": told[1], "bytes_each": bytes_each, "kernel_bytes_each": kernel_bytes_each}
    is_good = result["gaps"] == result["duplicates"] == result["resets"] == 0 and result["caught_up"] == result["readers"] and \
        result["bytes_each"] <= BYTES_MAX and all(one["told"] > 0 and one["chats"] > 0 for phases in rounds for one in phases)
    return result, is_good


def run(options):
    result, is_good = (storm if options.storm else slow_readers)(options)
    if options.json:
        print(json.dumps(result))
    else:
        for key, value in result.items():
            print(f"{key:24}{' '.join(map(str, value)) if isinstance(value, list) else value:>12}")
        print("1 passed, 0 failed" if is_good else "0 passed, 1 failed")
    return 0 if is_good else 1
