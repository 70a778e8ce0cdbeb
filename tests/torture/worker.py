#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A bot worker of the torture, a process of its own so that it can be killed. Its history goes into a file, line by line.

usage: worker.py PORT NAME TENANT CANARY SEED HISTORY      the key comes on standard input
"""
import asyncio
import json
import random
import sys
import time

import wire

LATE_S = 2.6  # longer than the lease that the torture configures


class Worker:
    def __init__(self, address, name, tenant, canary, seed, history, key):
        self.address, self.name, self.tenant, self.canary, self.key = address, name, tenant, canary, key
        self.random = random.Random(seed)
        self.out = open(history, "a", buffering=1, encoding="utf-8")
        self.socket = None
        self.closed = asyncio.Event()
        self.waiting = {}
        self.tasks = set()
        self.said = self.next_id = 0

    def note(self, kind, **fields):
        self.out.write(json.dumps({"t": time.monotonic_ns(), "kind": kind, "who": self.name, **fields}) + "\n")

    async def live(self):
        attempt = 0
        while True:
            self.closed.clear()
            try:
                self.socket = await wire.connect(self.address, self.on_text, lambda code: self.closed.set())
                self.socket.send({"type": "hello", "id": "hello", "token": self.key,
                                  "bot": {"name": "robo", "version": "1", "credits": 64}})
                attempt = 0
                await self.closed.wait()
            except OSError:
                pass
            for future in self.waiting.values():
                future.cancel()
            self.waiting.clear()
            await asyncio.sleep(self.random.random() * min(2.0, 0.2 * 2 ** attempt))
            attempt += 1

    def on_text(self, text):
        frame = json.loads(text)
        if frame["type"] == "turn":
            task = asyncio.get_running_loop().create_task(self.answer(frame))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        future = self.waiting.pop(frame.get("id"), None)
        if future and not future.done():
            future.set_result(frame)

    async def ask(self, frame):
        self.next_id += 1
        key = str(self.next_id)
        future = self.waiting[key] = asyncio.get_running_loop().create_future()
        self.socket.send({**frame, "id": key})
        try:
            return await asyncio.wait_for(future, 10)
        except (TimeoutError, asyncio.CancelledError):
            return None  # outcome unknown: the turn comes again, here or elsewhere

    async def answer(self, turn):
        dice = self.random.random()
        named = {"conversation": turn["conversation"], "turn": turn["turn"]}
        self.note("input", **named, words=[item["body"]["text"] for item in turn["input"] if item["body"]["kind"] not in ("deleted", "edited")])
        if dice < 0.02:
            await asyncio.sleep(LATE_S)  # the lease is over: this commit must be refused
        elif dice < 0.5:
            await asyncio.sleep(self.random.expovariate(1 / 0.03))
        if 0.02 <= dice < 0.03:
            await self.ask({"type": "fail", **named, "retryable": True})
            return
        commit = {"type": "commit", **named, **self.content(turn)}
        texts = [body["text"] for body in commit["messages"]]
        self.note("commit", **named, texts=texts)
        times = 2 if self.random.random() < 0.05 else 1  # the same commit again is answered with the same place
        answers = await asyncio.gather(*(self.ask(commit) for _ in range(times)))
        for answer in answers:
            if answer and answer["type"] == "ack":
                self.note("committed", **named, texts=texts, at=answer["at"])
            elif answer and answer["type"] == "error" and answer["retry"] == "never":
                self.note("uncommitted", **named, texts=texts, code=answer["code"])
            elif answer and answer["type"] == "error" and answer["retry"] in ("same", "later"):
                await asyncio.sleep(answer.get("retry_after_ms", 500) / 1000)
                again = await self.ask(commit)
                if again and again["type"] == "ack":
                    self.note("committed", **named, texts=texts, at=again["at"])

    def content(self, turn):
        """What is said. It names worker and try, so that no two commits say the same."""
        texts = []
        for _ in range(self.random.randrange(1, 3)):
            self.said += 1
            texts.append(f"{self.canary} {self.name} {self.said}")
        content = {"messages": [{"kind": "text", "text": text} for text in texts],
                   "state": [{"name": "turns", "value": f"{self.canary} {self.said}"}]}
        if any("human please" in item["body"]["text"] for item in turn["input"]):
            content["handoff"] = {"reason": "asked", "summary": f"{self.canary} wants a person",
                                  "slots": [{"name": "order", "value": f"{self.canary} 4711"}]}
        elif self.random.random() < 0.05:
            content["close"] = True
        return content


def main():
    port, name, tenant, canary, seed, history = sys.argv[1:7]
    key = sys.stdin.readline().strip()

    async def run():
        await Worker(("127.0.0.1", int(port)), name, tenant, canary, seed, history, key).live()
    asyncio.run(run())


if __name__ == "__main__":
    main()
