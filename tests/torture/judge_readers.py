# SPDX-License-Identifier: Apache-2.0
"""Invariants 6, 7, 8: what the readers were told, in which order, and that it only grows."""
import bisect
import collections

from case import is_public
from history import NOTHING, seq_of


class Stream:
    """What one device holds of one conversation, as the server sent it."""

    def __init__(self):
        self.at = None
        self.may_begin = True
        self.held = []


def readers_miss_nothing(case):
    """6. Subscribers: strictly increasing, no gap without an explicit reset; final convergence."""
    streams = collections.defaultdict(Stream)
    for event in case.events:
        key = (event.get("who"), event.get("conversation"))
        if event["kind"] == "reset":
            streams[key] = Stream()
        elif event["kind"] == "restart":
            streams[key].may_begin = True
        elif event["kind"] == "entry":
            take_entry(case, streams[key], event)
    last = {}
    for conversation, kept in case.conversations.items():
        shown = [entry for entry in kept["entries"] if is_public(entry)]
        last[conversation] = shown[-1]["at"] if shown else NOTHING
    for event in case.by_kind["held"]:
        kept = case.conversations.get(event["conversation"])
        if kept is None or case.is_gone(event["conversation"]):
            continue
        want = last[event["conversation"]]
        if event["role"] == "customer" and event["at"] != want:
            case.convict(6, "diverged", f"{event['who']} ended at {event['at']}, the log of {event['conversation']} at {want}")
    for (who, conversation), stream in streams.items():
        if conversation in case.conversations and not case.is_gone(conversation):
            judge_held(case, who, conversation, stream)


def take_entry(case, stream, event):
    at, after = event["at"], event["after"]
    if seq_of(after) >= seq_of(at):
        case.convict(6, "disordered", f"{event['who']}: entry {at} says that it follows {after}")
    if stream.at is not None and not stream.may_begin and after != stream.at:
        if seq_of(at) <= seq_of(stream.at):
            sort = "duplicated" if any(row["at"] == at for row in stream.held) else "disordered"
            case.convict(6, sort, f"{event['who']} was sent {at} of {event['conversation']} after {stream.at}")
            return
        case.convict(6, "gap", f"{event['who']} held {stream.at} of {event['conversation']} and was sent {at}, which follows {after}")
    if stream.may_begin:
        stream.held = []
    stream.may_begin = False
    stream.at = at
    stream.held.append(event)


def judge_held(case, who, conversation, stream):
    """Each entry that the device holds is in the log, word for word."""
    stored = {entry["at"]: entry for entry in case.conversations[conversation]["entries"]}
    for event in stream.held:
        entry = stored.get(event["at"])
        if entry is None:
            case.convict(6, "diverged", f"{who} holds {event['at']} of {conversation}, which is not in the log")
            return
        texts = {case.text_of(conversation, part) for part in entry["parts"] if "body" in part}
        if not {text for _, _, text in event["words"]} <= texts:
            case.convict(6, "diverged", f"{who} holds other words of {event['at']} of {conversation} than the log")
            return


class Floor:
    """The newest place that anybody of a conversation knew of, by time."""

    def __init__(self):
        self.times, self.places = [], []

    def raise_to(self, moment, seq):
        if not self.places or seq > self.places[-1]:
            self.times.append(moment)
            self.places.append(seq)

    def at(self, moment):
        index = bisect.bisect_left(self.times, moment)
        return self.places[index - 1] if index else 0


def what_was_known_is_there(case):
    """7. Read-your-writes and monotonic reads across reconnects, devices, channels."""
    floors = collections.defaultdict(Floor)
    hellos = {}
    public = {(conversation, entry["at"]) for conversation, kept in case.conversations.items() for entry in kept["entries"] if is_public(entry)}
    for event in case.events:
        kind, conversation = event["kind"], event.get("conversation")
        if kind == "reset":
            floors.pop(conversation, None)
        elif kind == "entry" and event.get("is_public", True):
            floors[conversation].raise_to(event["t"], seq_of(event["at"]))
        elif kind == "settled":
            if (conversation, event["at"]) in public:
                floors[conversation].raise_to(event["t"], seq_of(event["at"]))
        elif kind == "hello":
            hellos[event["who"], event["connection"]] = event["t"]
        elif kind == "welcome" and conversation:
            began = hellos.get((event["who"], event["connection"]))
            if began is not None:
                judge_read(case, event, floors[conversation].at(began))
        elif kind == "read":
            judge_read(case, event, floors[conversation].at(event["began"]))


def judge_read(case, event, floor):
    if seq_of(event["head"]) < floor and not case.is_gone(event["conversation"]):
        case.convict(7, "stale_read", f"{event['who']} was told that {event['conversation']} ends at {event['head']}, "
                     f"when {floor} was already known")


def receipts_only_grow(case):
    """8. Receipts monotone: read <= delivered <= head."""
    last = {}
    heads = {conversation: kept["records"][-1][0] for conversation, kept in case.conversations.items() if kept["records"]}
    for event in case.events:
        conversation = event.get("conversation")
        if event["kind"] == "reset":
            last = {key: value for key, value in last.items() if key[1] != conversation}
        if event["kind"] != "receipts":
            continue
        key = (event["who"], conversation, event["reader"])
        before = last.get(key, (0, 0))
        read = seq_of(event["read"]) if event["read"] else before[1]
        delivered = seq_of(event["delivered"]) if event["delivered"] else max(before[0], read)  # read implies delivered
        if read > delivered:
            case.convict(8, "receipt", f"{key}: read {read}, delivered {delivered}")
        if delivered > heads.get(conversation, delivered):
            case.convict(8, "receipt", f"{key}: delivered {delivered}, the log ends at {heads[conversation]}")
        if delivered < before[0] or read < before[1]:
            case.convict(8, "receipt", f"{key}: fell from {before} to {(delivered, read)}")
        last[key] = (delivered, read)


RULES = [readers_miss_nothing, what_was_known_is_there, receipts_only_grow]
