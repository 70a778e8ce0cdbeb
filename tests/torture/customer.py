# SPDX-License-Identifier: Apache-2.0
"""Customers: a contact with several devices, who write, read, look back, fall asleep, and test what they were promised."""
import asyncio
import time

import wire
from client import Client, shown
from history import seq_of


class Contact:
    """What the devices of one person share: the conversation, and the renewal that opens it."""

    def __init__(self, run, name, tenant, pace_s):
        self.run, self.name, self.tenant, self.pace_s = run, name, tenant, pace_s
        self.conversation = self.renewal = None
        self.said = 0
        self.is_erased = False
        self.asking = asyncio.Lock()

    async def token(self):
        async with self.asking:
            more = {"renewal": self.renewal} if self.renewal else {}
            answer = await wire.call(self.run.door, "POST", "/v1/sessions", {"tenant": self.tenant, **more})
            self.renewal = answer["renewal"]
            if self.conversation is None:
                self.conversation = answer["conversation"]
            return answer["token"]


class Device(Client):
    role = "customer"

    def __init__(self, contact, number, address):
        super().__init__(contact.run, f"{contact.name}/{number}", contact.tenant, address)
        self.person = contact

    async def token(self):
        return await self.person.token()

    def contact(self):
        return self.person.name

    def words(self):
        self.person.said += 1
        wish = " human please" if self.random.random() < self.run.plan.handoff_share else ""
        return f"{self.run.canary(self.tenant)} {self.who} {self.person.said}{wish}{' and more' * self.random.randrange(12)}"

    def on_never(self, words, code):
        if code == "conversation_erased":
            self.drop(words)
            return
        super().on_never(words, code)

    async def act(self):
        """One thing after another, until the run winds down."""
        await self.online.wait()
        while not (self.run.is_winding_down or self.is_over):
            await asyncio.sleep(self.random.expovariate(1 / self.person.pace_s))
            if self.run.is_winding_down or self.is_over or self.is_asleep:
                continue
            await self.choose(self.random.random())

    async def choose(self, dice):
        conversation = self.person.conversation
        if dice < 0.70:
            for _ in range(1 if self.random.random() < 0.8 else self.random.randrange(2, 6)):
                if len(self.unacked[conversation]) < 48:
                    self.say(conversation, self.words())
        elif dice < 0.80:
            await self.change_something(conversation)
        elif dice < 0.86:
            self.send_receipt(conversation)
        elif dice < 0.90:
            await self.look_back(conversation)
        elif dice < 0.94:
            await self.retry(conversation)
        elif dice < 0.97:
            self.note("asleep", who=self.who)
            self.drop_line()
        elif self.is_settled():
            self.sleep()
            await asyncio.sleep(self.random.uniform(0.2, 4))
            self.wake()

    async def change_something(self, conversation):
        """Edits, deletes or reacts. Whether that is allowed is known when it is answered, and only then what is said next has a number."""
        if not self.unacked[conversation]:
            deed = self.amend_something(conversation, self.lineage, self.words)
            if deed:
                await asyncio.shield(deed.done)

    def send_receipt(self, conversation):
        at = self.cursors.get(conversation)
        if at and self.online.is_set():
            verb = "read" if self.random.random() < 0.5 else "delivered"
            self.socket.send({"type": "receipt", "conversation": conversation, verb: at})

    async def look_back(self, conversation):
        began = time.monotonic_ns()
        try:
            page = await self.request({"type": "history", "conversation": conversation, "limit": 10})
        except (wire.Broken, wire.Refused):
            return
        entries = page.get("entries", [])
        newest = max((entry["at"] for entry in entries), key=seq_of, default="0-0")
        self.note("read", who=self.who, conversation=conversation, began=began, head=newest,
                  words=[words for entry in entries for words in shown(entry)["words"]])

    async def retry(self, conversation):
        """Acked words again, or other words under their number: the answers are promised."""
        said = [words for words in self.acked[conversation] if words.verb == "send"]
        if not said:
            return
        words = self.random.choice(said)
        is_same = self.random.random() < 0.6
        text = words.text if is_same else words.text + " (changed)"
        row = {"who": self.who, "conversation": conversation, "lineage": words.lineage, "n": words.n, "is_same": is_same}
        try:
            answer = await self.request({"type": "send", "conversation": conversation, "lineage": words.lineage, "n": words.n,
                                         "body": {"kind": "text", "text": text}})
            self.note("retried", **row, at=answer["at"])
        except wire.Refused as refused:
            self.note("retried", **row, code=refused.code)
        except wire.Broken:
            pass
