# SPDX-License-Identifier: Apache-2.0
"""A client as the protocol wants one: one socket at a time, a cursor per conversation, an outbox that outlives breaks.

Everything that it does and sees goes into the history. What to say, and what to do with frames, is its heirs' matter.
"""
import asyncio
import collections
import json
import time

import wire
from history import seq_of

SILENCE_S, PATIENCE_S = 3.0, 6.0  # without a sign: ask; then take the line for dead
STEADY_S = 1.0  # a life of so long, and the jitter begins anew
HEAL_MAX = 64
SEEN_MAX = 24
EMOJI = ("\N{THUMBS UP SIGN}", "\N{PARTY POPPER}")
KEPT = "kept"  # in the log, at a place that was not told
FINAL_CODES = {1003, 1007, 1009, 4400, 4403}


class Words:
    """Words, or a deed to words (an edit, a deletion, a reaction): both are numbered in one row, and kept until they are acked."""

    def __init__(self, conversation, lineage, n, text, more):
        self.conversation, self.lineage, self.n, self.text, self.more = conversation, lineage, n, text, more
        self.verb, self.target = "send", None
        self.at = None  # the place that is known now
        self.was_acked = False
        self.has_left = False  # the server may have it
        self.is_deleted = False
        self.done = asyncio.get_running_loop().create_future()

    def target_at(self):
        """Of a deed: the place that it means now, or None as long as nobody knows where its words stand."""
        at = self.target.at if isinstance(self.target, Words) else self.target
        return at if at and at != KEPT else None

    def frame(self):
        frame = {"type": self.verb, "conversation": self.conversation, "lineage": self.lineage, "n": self.n, **self.more}
        if self.target is not None:
            frame["target"] = self.target_at()
        if self.verb in ("send", "edit"):
            frame["body"] = {"kind": "text", "text": self.text}
        return frame


def shown(entry):
    """What an entry shows: words [lineage, n, text]; hidden: kinds of bodies that no longer hold; amends [verb, target, text, emoji, active]."""
    words, hidden, amends = [], [], []
    for part in entry["parts"]:
        body = part.get("body")
        holds = body and body["kind"] not in ("deleted", "edited")
        if body and not holds:
            hidden.append(body["kind"])
        elif body:
            words.append([part.get("lineage"), part.get("n"), body["text"]])
        if part["kind"] in ("edited", "deleted", "reacted"):
            amends.append([part["kind"], part["target"], body["text"] if holds else None, part.get("emoji"), part.get("active")])
    return {"words": words, "hidden": hidden, "amends": amends, "author": [entry["author"]["kind"], entry["author"].get("id")]}


class Client:
    role = None

    def __init__(self, run, who, tenant, address):
        self.run, self.who, self.tenant, self.address = run, who, tenant, address
        self.note = run.history.note
        self.random = run.random_for(who)
        self.socket = self.lineage = self.ticket = None
        self.connection = self.attempt = self.next_id = self.deeds = 0
        self.not_before = self.welcomed_at = 0.0
        self.is_over = self.is_asleep = False
        self.close_code = wire.BROKEN
        self.cursors = {}
        self.unacked = collections.defaultdict(list)  # conversation -> Words in order
        self.acked = collections.defaultdict(lambda: collections.deque(maxlen=HEAL_MAX))
        self.counts = collections.Counter()  # (conversation, lineage) -> the last n
        self.greeting = None
        self.by_id = {}
        self.seen = collections.defaultdict(lambda: collections.deque(maxlen=SEEN_MAX))  # conversation -> names of messages
        self.resending = set()
        self.held_back = set()  # conversations where a deed waits for the place of its words
        self.waiting = {}
        self.online = asyncio.Event()
        self.closed = asyncio.Event()
        self.woken = asyncio.Event()

    # ---- being there ----------------------------------------------------------------------------------------------
    async def live(self):
        while not self.is_over:
            if self.is_asleep:
                self.woken.clear()
                await self.woken.wait()
                continue
            try:
                await self.come()
            except (OSError, wire.Refused) as fault:
                await self.rest(f"no line: {fault}")
                continue
            await self.closed.wait()
            self.leave_requests()
            if not self.is_over:
                await self.rest(f"closed: {self.close_code}")

    async def rest(self, why):
        seconds = max(self.jitter(), self.not_before - time.monotonic())
        self.note("step", who=self.who, step="rest", why=f"{why}, so {1000 * seconds:.0f} ms of rest")
        await asyncio.sleep(seconds)

    def jitter(self):
        if self.welcomed_at and time.monotonic() - self.welcomed_at > STEADY_S:
            self.attempt = 0
        self.welcomed_at = 0.0
        self.attempt += 1
        return self.random.random() * min(15.0, 0.4 * 2 ** (self.attempt - 1))

    async def come(self):
        self.note("step", who=self.who, step="try")
        proof = {"ticket": self.ticket} if self.ticket else {"token": await self.token()}
        self.closed.clear()
        self.connection += 1
        mine = self.connection
        self.socket = await wire.connect(self.address, self.on_text, lambda code: self.on_close(mine, code))
        cursors = [{"conversation": key, "at": at} for key, at in list(self.cursors.items())[:64]]
        self.greeting = {"type": "hello", "id": "hello", **proof, "cursors": cursors, **self.hello_more()}
        self.greet(mine)

    def greet(self, connection):
        if connection == self.connection and self.socket.is_open and not self.online.is_set():
            self.note("hello", who=self.who, contact=self.contact(), connection=self.connection)
            self.socket.send(self.greeting)

    def on_close(self, connection, code):
        if connection != self.connection:
            return
        self.close_code = code
        if code == 4401:
            self.ticket = None
        if code in FINAL_CODES:
            self.is_over = True
            self.run.on_final(self, code)
        self.closed.set()
        self.online.clear()

    def leave_requests(self):
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(wire.Broken())
                future.exception()  # nobody may be waiting any more
        self.waiting.clear()

    def look_alive(self):
        """Called each second: a line that is silent is asked, and given up."""
        if self.socket is None or not self.socket.is_open:
            return
        silence = time.monotonic() - self.socket.heard
        if silence > PATIENCE_S:
            self.socket.abort()
        elif silence > SILENCE_S:
            self.socket.send({"type": "ping", "id": "alive"})

    def drop_line(self):
        if self.socket:
            self.socket.abort()

    def sleep(self):
        """As a phone in a pocket: not there, until `wake`."""
        self.is_asleep = True
        self.note("asleep", who=self.who)
        self.drop_line()

    def wake(self):
        self.is_asleep = False
        self.woken.set()

    def stop(self):
        self.is_over = True
        self.woken.set()
        self.drop_line()

    # ---- what comes -----------------------------------------------------------------------------------------------
    def on_text(self, text):
        for canary in self.run.foreign_canaries(self.tenant):
            if canary in text:
                self.note("foreign", who=self.who, tenant=self.tenant, words=text.decode())
        frame = json.loads(text)
        take = getattr(self, "on_" + frame["type"], None)
        if take:
            take(frame)
        future = self.waiting.pop(frame.get("id"), None)
        if future and not future.done():
            if frame["type"] == "error":
                future.set_exception(wire.Refused(frame["code"], frame["retry"], frame.get("retry_after_ms", 500)))
                future.exception()
            else:
                future.set_result(frame)

    def on_welcome(self, frame):
        self.note("welcome", who=self.who, contact=self.contact(), connection=self.connection,
                  conversation=frame.get("conversation"), head=frame.get("head", "0-0"))
        self.lineage = self.lineage or frame.get("lineage")
        self.fresh_lineage = frame.get("lineage")
        self.ticket = frame.get("ticket", self.ticket)
        self.welcomed_at = time.monotonic()
        self.not_before = 0.0
        self.online.set()
        for conversation in list(self.unacked):
            self.put_again(conversation)

    def on_entry(self, frame):
        conversation, at = frame["conversation"], frame["at"]
        owner = next(([part.get("owner"), part.get("id")] for part in frame["parts"] if part["kind"] == "owner"), None)
        self.note("entry", who=self.who, connection=self.connection, conversation=conversation, at=at, after=frame["after"],
                  owner=owner, is_public=frame["visibility"] == "public", **shown(frame))
        held = self.cursors.get(conversation)
        if held is not None and frame["after"] != held and seq_of(at) > seq_of(held):
            self.drop_line()  # a gap; the judge sees it too
            return
        self.cursors[conversation] = at
        for part in frame["parts"]:
            if "n" in part:
                self.settle(conversation, part.get("lineage"), part["n"], at)
        if any(part["kind"] == "message" for part in frame["parts"]):
            self.seen[conversation].append(at)

    def on_ack(self, frame):
        if "lineage" in frame:
            self.settle(frame["conversation"], frame["lineage"], frame["n"], frame["at"])

    def on_reset(self, frame):
        conversation = frame["conversation"]
        self.note("reset", who=self.who, conversation=conversation, reason=frame["reason"])
        self.cursors.pop(conversation, None)
        self.seen.pop(conversation, None)
        self.unacked[conversation] = [*self.acked[conversation], *self.unacked[conversation]]
        self.acked[conversation].clear()
        for words in self.unacked[conversation]:
            words.at = None  # until it is acked again, here or elsewhere
        self.put_again(conversation)

    def on_receipts(self, frame):
        who = frame["who"]
        self.note("receipts", who=self.who, conversation=frame["conversation"], reader=f"{who['kind']}:{who.get('id', '')}",
                  delivered=frame.get("delivered"), read=frame.get("read"))

    def on_bye(self, frame):
        self.not_before = time.monotonic() + frame["retry_after_ms"] / 1000

    def on_error(self, frame):
        self.note("step", who=self.who, step="told", why=f"{frame['code']}, again in {frame.get('retry_after_ms', 500)} ms")
        if frame.get("id") == "hello" and frame["retry"] in ("same", "later"):
            asyncio.get_running_loop().call_later(frame.get("retry_after_ms", 500) / 1000, self.greet, self.connection)
        words = self.by_id.get(frame.get("id"))
        if words is None:
            return
        code, retry = frame["code"], frame["retry"]
        if code == "already_sent":
            self.note("kept", who=self.who, conversation=words.conversation, lineage=words.lineage, n=words.n)
            self.finish(words, KEPT)
        elif retry in ("same", "later"):
            asyncio.get_running_loop().call_later(frame.get("retry_after_ms", 500) / 1000, self.put_if_waiting, words)
        elif retry == "resend":
            self.put_again_soon(words.conversation)
        else:
            self.on_never(words, code)

    def on_never(self, words, code):
        """Refused for good: its number was not used, and what is behind it moves up."""
        if words.was_acked:  # a branch of the log was lost, and the other one has no room for it
            self.drop(words)
        else:
            self.note("refused", who=self.who, conversation=words.conversation, lineage=words.lineage, n=words.n, text=words.text, code=code)
            self.finish(words, None)
        self.counts[words.conversation, words.lineage] -= 1
        for later in self.unacked[words.conversation]:
            if later.lineage == words.lineage and later.n > words.n:
                later.n -= 1
                self.note_said(later)

    # ---- what goes ------------------------------------------------------------------------------------------------
    async def request(self, frame, within_s=10):
        """The answer; Refused, or Broken when the line is gone or silent."""
        if not self.online.is_set():
            raise wire.Broken()
        self.next_id += 1
        key = f"r{self.next_id}"
        future = self.waiting[key] = asyncio.get_running_loop().create_future()
        self.socket.send({**frame, "id": key})
        try:
            return await asyncio.wait_for(future, within_s)
        except TimeoutError:
            self.waiting.pop(key, None)
            raise wire.Broken() from None

    def say(self, conversation, text, lineage=None, **more):
        """Words on their way; `done` of what is returned tells the place, or None when they were refused."""
        lineage = lineage or self.lineage
        self.counts[conversation, lineage] += 1
        words = Words(conversation, lineage, self.counts[conversation, lineage], text, more)
        return self.begin(words)

    def amend(self, verb, target, conversation, lineage=None, text=None, **more):
        """An edit (to `text`), a deletion, a reaction (emoji, active), of own Words or of the entry of a name."""
        lineage = lineage or self.lineage
        self.counts[conversation, lineage] += 1
        self.deeds += 1
        deed = Words(conversation, lineage, self.counts[conversation, lineage], text or f"{verb} {self.deeds}", more)
        deed.verb, deed.target = verb, target
        return self.begin(deed)

    def amend_something(self, conversation, lineage, new_words):
        """One deed to what was said lately, or None when there is nothing to do it to."""
        mine = [words for words in self.acked[conversation] if words.verb == "send" and words.at != KEPT and not words.is_deleted]
        dice = self.random.random()
        if dice < 0.4 and mine:
            return self.amend("edit", self.random.choice(mine), conversation, lineage, text=f"{new_words()} edited")
        if dice < 0.6 and mine:
            words = self.random.choice(mine)
            words.is_deleted = True
            return self.amend("delete", words, conversation, lineage)
        if not self.seen[conversation]:
            return None
        return self.amend("react", self.random.choice(self.seen[conversation]), conversation, lineage,
                          emoji=self.random.choice(EMOJI), active=self.random.random() < 0.7)

    def begin(self, words):
        self.note_said(words)
        self.unacked[words.conversation].append(words)
        self.put_unless_held_back(words)
        return words

    def note_said(self, words):
        row = {"who": self.who, "role": self.role, "tenant": self.tenant, "conversation": words.conversation, "lineage": words.lineage,
               "n": words.n, "text": words.text}
        if words.verb == "send":
            self.note("send", **row, owner=words.more.get("owner"), internal=words.more.get("visibility") == "internal")
            return
        of = words.target.text if isinstance(words.target, Words) else None
        self.note("amend", **row, verb=words.verb, of=of, target=words.target_at(), emoji=words.more.get("emoji"),
                  active=words.more.get("active"))

    def put_unless_held_back(self, words):
        """Behind a deed that waits for the place of its words all others wait, too: numbers leave none out."""
        if words.conversation in self.held_back or (words.target is not None and words.target_at() is None):
            self.held_back.add(words.conversation)
            return
        self.put(words)

    def put(self, words):
        if not self.online.is_set():
            return
        self.next_id += 1
        key = f"s{self.next_id}"
        self.by_id[key] = words
        words.has_left = True
        words.keys = [*getattr(words, "keys", []), key]
        self.socket.send({**words.frame(), "id": key})

    def put_if_waiting(self, words):
        if words in self.unacked[words.conversation] and words.conversation not in self.held_back:
            self.note("step", who=self.who, step="again")
            self.put(words)

    def put_again(self, conversation):
        self.held_back.discard(conversation)
        for words in self.unacked[conversation]:
            self.put_unless_held_back(words)

    def put_again_soon(self, conversation):
        """Each of a row of words is answered `resend`: one answer does for all of them."""
        if conversation in self.resending:
            return
        self.resending.add(conversation)

        def put_all():
            self.resending.discard(conversation)
            self.put_again(conversation)
        asyncio.get_running_loop().call_later(0.02, put_all)

    def settle(self, conversation, lineage, n, at):
        if not lineage:
            return
        for words in self.unacked[conversation]:
            if words.lineage == lineage and words.n == n:
                self.note("settled", who=self.who, conversation=conversation, lineage=lineage, n=n, at=at)
                self.finish(words, at)
                if conversation in self.held_back:
                    self.put_again_soon(conversation)
                return
        for words in self.acked[conversation]:
            if words.lineage == lineage and words.n == n and words.at != at:
                self.note("settled", who=self.who, conversation=conversation, lineage=lineage, n=n, at=at)
                words.at = at
                if conversation in self.held_back:
                    self.put_again_soon(conversation)

    def drop(self, words):
        """Answered, and neither kept nor to be said again."""
        self.note("dropped", who=self.who, conversation=words.conversation, lineage=words.lineage, n=words.n)
        self.finish(words, None)

    def finish(self, words, at):
        self.unacked[words.conversation].remove(words)
        words.at = at
        if at:
            words.was_acked = True
            self.acked[words.conversation].append(words)
        for key in getattr(words, "keys", []):
            self.by_id.pop(key, None)
        if not words.done.done():
            words.done.set_result(at)

    def is_settled(self):
        return not any(self.unacked.values())

    # ---- what heirs say -------------------------------------------------------------------------------------------
    async def token(self):
        raise NotImplementedError

    def contact(self):
        return self.who

    def hello_more(self):
        return {}
