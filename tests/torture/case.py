# SPDX-License-Identifier: Apache-2.0
"""The matter as the judges take it up: events by kind, words by sender, entries by conversation; and the verdicts."""
import collections

from history import seq_of


class Words:
    """One thing that somebody said, under all numbers that it was sent with."""

    def __init__(self, event):
        self.text = event["text"]
        self.conversation = event["conversation"]
        self.tenant = event["tenant"]
        self.who = event["who"]
        self.role = event["role"]
        self.owner = event.get("owner")
        self.is_internal = event.get("internal", False)
        self.began = event["t"]
        self.numbers = set()
        self.settled = []  # (t, at), oldest first
        self.is_kept = False
        self.refused = None


class Deed(Words):
    """An edit, a deletion or a reaction, under all numbers that it was sent with."""

    def __init__(self, event):
        super().__init__(event)
        self.verb, self.of = event["verb"], event.get("of")
        self.emoji, self.active = event.get("emoji"), event.get("active")
        self.targets = set()


class Case:
    def __init__(self, events, store):
        self.events = events
        self.store = store
        self.conversations = store["conversations"]
        self.verdicts = []
        self.by_kind = collections.defaultdict(list)
        self.words = {}  # text -> Words
        self.deeds = {}  # (who, text) -> Deed; the text of one that has none names it
        self.numbers = {}  # (conversation, lineage, n) -> Words or Deed, the last that used it
        for event in events:
            self.by_kind[event["kind"]].append(event)
            take = getattr(self, "take_" + event["kind"], None)
            if take:
                take(event)
        self.erased = {event["conversation"] for event in self.by_kind["erased"]}
        self.were_reset = {event["conversation"] for event in self.by_kind["reset"]}
        self.stored = self.read_store()

    def take_send(self, event):
        words = self.words.setdefault(event["text"], None) or Words(event)
        self.words[event["text"]] = words
        number = (event["conversation"], event["lineage"], event["n"])
        words.numbers.add(number)
        self.numbers[number] = words

    def take_amend(self, event):
        deed = self.deeds.setdefault((event["who"], event["text"]), None) or Deed(event)
        self.deeds[event["who"], event["text"]] = deed
        number = (event["conversation"], event["lineage"], event["n"])
        deed.numbers.add(number)
        if event["target"]:
            deed.targets.add(event["target"])
        self.numbers[number] = deed

    def take_settled(self, event):
        words = self.numbers.get((event["conversation"], event["lineage"], event["n"]))
        if words:
            words.settled.append((event["t"], event["at"]))

    def take_kept(self, event):
        words = self.numbers.get((event["conversation"], event["lineage"], event["n"]))
        if words:
            words.is_kept = True

    def take_refused(self, event):
        words = self.words.get(event["text"]) or self.deeds.get((event["who"], event["text"]))
        if words:
            words.refused = event["code"]

    def read_store(self):
        """Every message and note: (conversation, entry, part), by text."""
        stored = collections.defaultdict(list)
        for conversation, kept in self.conversations.items():
            for entry in kept["entries"]:
                for part in entry["parts"]:
                    if part["kind"] in ("message", "note") and "body" in part:
                        stored[self.text_of(conversation, part)].append((conversation, entry, part))
        return stored

    def text_of(self, conversation, part):
        """The words of a part; of one that was edited or deleted later, what its sender says that they were."""
        if not is_hidden(part):
            return part["body"]["text"]
        words = self.numbers.get((conversation, part.get("lineage"), part.get("n")))
        return words.text if words else part["body"]["text"]

    def all_said(self):
        return [*self.words.values(), *self.deeds.values()]

    def convict(self, invariant, sort, words):
        """sort: lost duplicated disordered phantom stale_owner and others; it is what the figures count."""
        self.verdicts.append({"invariant": invariant, "sort": sort, "words": words})

    def is_gone(self, conversation):
        return conversation in self.erased or self.conversations.get(conversation, {}).get("is_erased", False)


def is_hidden(part):
    """A body that stands for words that no longer hold."""
    return part.get("body", {}).get("kind") in ("deleted", "edited")


def is_public(entry):
    return entry["visibility"] == "public"


def by_place(entry):
    return seq_of(entry["at"])
