# SPDX-License-Identifier: Apache-2.0
"""Agents: they accept and decline, answer, write notes, hand on and close; and try what they may not."""
import asyncio

import wire
from client import Client


class Seat:
    """What the tabs of one agent share."""

    def __init__(self, run, name, tenant, code, capacity):
        self.run, self.name, self.tenant, self.code, self.capacity = run, name, tenant, code, capacity
        self.renewal = None
        self.said = 0
        self.asking = asyncio.Lock()

    async def token(self):
        async with self.asking:
            body = {"renewal": self.renewal} if self.renewal else {"code": self.code}
            answer = await wire.call(self.run.door, "POST", "/v1/agents/sessions", body)
            self.renewal = answer["renewal"]
            return answer["token"]


class Tab(Client):
    role = "agent"

    def __init__(self, seat, number, address):
        super().__init__(seat.run, f"{seat.name}/{number}", seat.tenant, address)
        self.seat, self.number = seat, number
        self.chats = {}  # conversation -> (owner, task)
        self.old_tokens = []
        self.lineages = {}  # conversation -> the lineage in use there, where the first is spoilt

    async def token(self):
        return await self.seat.token()

    def words(self, kind):
        self.seat.said += 1
        return f"{self.run.canary(self.tenant)} {self.who} {kind} {self.seat.said}"

    # ---- what comes -----------------------------------------------------------------------------------------------
    def on_welcome(self, frame):
        super().on_welcome(frame)
        self.run.spawn(self.be_there())

    async def be_there(self):
        await self.insist({"type": "set_presence", "status": "online"})

    def on_offer(self, frame):
        if self.number == 1 or self.random.random() < 0.3:
            self.run.spawn(self.consider(frame["offer"]))

    async def consider(self, offer):
        await asyncio.sleep(self.random.uniform(0, 0.1))
        verb = "decline" if self.number == 1 and self.random.random() < 0.05 else "accept"
        await self.insist({"type": verb, "offer": offer})

    async def insist(self, frame):
        """Asks until it is done, or never will be: what the store could not do just now, a person tries again."""
        while not self.is_over:
            await self.online.wait()
            try:
                await self.request(frame)
                return
            except wire.Refused as refused:
                if refused.retry == "never":
                    return
                await asyncio.sleep(refused.retry_after_ms / 1000)
            except wire.Broken:
                await asyncio.sleep(0.1)

    def on_presence(self, frame):
        if frame.get("agent") == self.seat.name and frame["status"] == "away" and not self.run.is_winding_down:
            self.run.spawn(self.be_there())  # set away after missed offers: back to work

    def on_assigned(self, frame):
        conversation, owner = frame["conversation"], frame["owner"]
        self.note("assigned", who=self.who, agent=self.seat.name, conversation=conversation, owner=owner)
        self.note("restart", who=self.who, conversation=conversation)
        before = self.chats.get(conversation)
        if before and before[0] == owner:
            return
        if before:
            before[1].cancel()
        self.chats[conversation] = (owner, self.run.spawn(self.serve(conversation, owner)))

    def on_released(self, frame):
        conversation = frame["conversation"]
        self.note("released", who=self.who, agent=self.seat.name, conversation=conversation)
        owner, task = self.chats.pop(conversation, (None, None))
        if task:
            task.cancel()
            self.old_tokens = [*self.old_tokens[-20:], (conversation, owner)]

    def on_never(self, words, code):
        if code in ("unknown_conversation", "bad_lineage", "different_body") and len(words.keys) > 1:
            self.lineages[words.conversation] = None  # a first try may have been kept: this number is spoilt
            self.drop(words)
        elif code in ("conversation_erased",):
            self.drop(words)
        else:
            super().on_never(words, code)

    def lineage_for(self, conversation):
        """The tab's own; where a number of it is spoilt, a fresh one, or None until there is one."""
        if conversation not in self.lineages:
            return self.lineage
        if self.lineages[conversation] is None and self.fresh_lineage not in (self.lineage, getattr(self, "spoilt", None)):
            self.spoilt = self.lineages[conversation] = self.fresh_lineage
        return self.lineages[conversation]

    # ---- a chat ---------------------------------------------------------------------------------------------------
    async def serve(self, conversation, owner):
        """From `assigned` to `released`. Only the first tab leads; the second puts in a word now and then."""
        for _ in range(self.random.randrange(1, 4) if self.number == 1 else self.random.randrange(0, 2)):
            await asyncio.sleep(self.random.expovariate(1 / self.run.plan.agent_pace_s))
            if not await self.put_in(conversation, owner):
                return
        if self.number != 1:
            return
        await self.try_the_forbidden()
        await asyncio.sleep(self.random.expovariate(1 / self.run.plan.agent_pace_s))
        await self.end(conversation, owner)

    async def put_in(self, conversation, owner):
        lineage = self.lineage_for(conversation)
        if lineage is None:
            self.drop_line()  # the next welcome brings a fresh lineage
            await asyncio.sleep(0.5)
            return True
        if self.unacked[conversation]:
            return True
        dice = self.random.random()
        words = self.amend_something(conversation, lineage, lambda: self.words("says")) if dice < 0.2 else None
        if words:
            pass
        elif dice < 0.36:
            words = self.say(conversation, self.words("aside"), lineage, visibility="internal")
        else:
            words = self.say(conversation, self.words("says"), lineage, owner=owner)
        return await asyncio.shield(words.done) is not None or words.verb != "send"

    async def end(self, conversation, owner):
        dice = self.random.random()
        frame = {"type": "close", "conversation": conversation, "owner": owner, "reason": "solved"}
        if dice < 0.2 and not self.run.is_winding_down:
            frame = {"type": "transfer", "conversation": conversation, "owner": owner,
                     "handoff": {"reason": "expertise", "summary": f"{self.run.canary(self.tenant)} handed on"}}
        await self.insist(frame)

    async def try_the_forbidden(self):
        """Words under an owner token of the past, and another tenant's conversation."""
        dice = self.random.random()
        if dice < 0.3 and self.old_tokens:
            conversation, owner = self.random.choice(self.old_tokens)
            if conversation not in self.chats and not self.unacked[conversation] and self.lineage_for(conversation):
                words = self.say(conversation, self.words("stale"), self.lineage_for(conversation), owner=owner)
                await asyncio.shield(words.done)
        elif dice < 0.4:
            conversation = self.run.conversation_of_another(self.tenant)
            if conversation is None:
                return
            try:
                await self.request({"type": "watch", "conversation": conversation})
                is_let_in = True
            except wire.Refused:
                is_let_in = False
            except wire.Broken:
                return
            self.note("trespass", who=self.who, conversation=conversation, is_let_in=is_let_in)
