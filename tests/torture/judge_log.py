# SPDX-License-Identifier: Apache-2.0
"""Invariants 3 and 9: the log is dense and a chain, and whoever spoke for the company had the right to."""
import collections

from history import NOTHING, seq_of

CLOCK_SLACK_MS = 250  # entries of two conversations carry two nodes' estimates of one clock


def logs_are_dense_chains(case):
    """3. seq is dense 1..n; each entry links to the one before; time and epoch never fall."""
    for conversation, kept in case.conversations.items():
        judge_records(case, conversation, kept["records"], kept["is_erased"])
        if not kept["is_erased"]:
            judge_entries(case, conversation, kept)
    for name, records in case.store["logs"].items():
        judge_records(case, name, records, False)
    owners = {}
    for event in case.events:
        if event["kind"] == "reset":
            owners = {key: value for key, value in owners.items() if key[1] != event["conversation"]}
        elif event["kind"] == "assigned":
            key = (event["who"], event["conversation"])
            if seq_of(event["owner"]) < seq_of(owners.get(key, NOTHING)):
                case.convict(3, "disordered", f"{event['who']}: the epoch of {event['conversation']} fell from "
                             f"{owners[key]} to {event['owner']}")
            owners[key] = event["owner"]


def judge_records(case, name, records, is_erased):
    if not records:
        case.convict(3, "lost", f"the log of {name} is not there")
        return
    if records[0][0] != 1 and not is_erased:
        case.convict(3, "lost", f"the log of {name} begins at {records[0][0]}")
    for before, after in zip(records, records[1:]):
        if after[0] != before[0] + 1:
            case.convict(3, "disordered", f"the log of {name} goes from {before[0]} to {after[0]}")
        elif after[2] != before[1]:
            case.convict(3, "disordered", f"{name}: entry {after[0]} does not link to {before[0]}-{before[1]}, but to {after[2]}")
        if after[3] < before[3]:
            case.convict(3, "disordered", f"{name}: time falls at {after[0]}")


def judge_entries(case, conversation, kept):
    marks = {record[0]: record[1] for record in kept["records"]}
    before = NOTHING
    for entry in kept["entries"]:
        seq, _, mark = entry["at"].partition("-")
        if marks.get(int(seq)) != mark:
            case.convict(3, "phantom", f"{conversation}: the door shows {entry['at']}, Redis holds {marks.get(int(seq))}")
        if entry["after"] != before:
            case.convict(3, "disordered", f"{conversation}: {entry['at']} says it follows {entry['after']}; before it stands {before}")
        before = entry["at"]


class Owner:
    """Who may answer, entry by entry."""

    def __init__(self):
        self.kind, self.id, self.token = "none", None, NOTHING

    def take(self, entry):
        for part in entry["parts"]:
            if part["kind"] == "owner":
                self.kind, self.id, self.token = part.get("owner", "none"), part.get("id"), entry["at"]
            elif part["kind"] == "case_closed":
                self.kind, self.id, self.token = "none", None, entry["at"]


def only_the_owner_answers(case):
    """9. One owner per epoch; stale writes refused; one effect per turn; capacity never exceeded."""
    spans = collections.defaultdict(list)  # agent -> (from_ms, to_ms, conversation)
    for conversation, kept in case.conversations.items():
        if not kept["is_erased"]:
            walk(case, conversation, kept, spans)
    judge_turns(case)
    for agent, most in case.store.get("capacity", {}).items():
        judge_capacity(case, agent, most, spans[agent])


def walk(case, conversation, kept, spans):
    owner, since = Owner(), None
    for entry in kept["entries"]:
        before = (owner.kind, owner.id, owner.token)
        owner.take(entry)
        if before[:2] != (owner.kind, owner.id) or before[2] != owner.token:
            if before[0] == "agent":
                spans[before[1]].append((since, entry["time_ms"], conversation))
            since = entry["time_ms"]
        judge_author(case, conversation, entry, before, owner)
    if owner.kind == "agent":
        spans[owner.id].append((since, float("inf"), conversation))


def judge_author(case, conversation, entry, before, owner):
    kind = entry["author"]["kind"]
    for part in entry["parts"]:
        if part["kind"] != "message" or "body" not in part:
            continue
        if kind == "bot" and before[0] != "bot" and owner.kind != "bot":
            case.convict(9, "stale_owner", f"{conversation}: a bot spoke at {entry['at']}, the owner was {before}")
        if kind != "agent":
            continue
        words = case.words.get(part["body"]["text"])
        if (before[0], before[1]) != ("agent", entry["author"].get("id")):
            case.convict(9, "stale_owner", f"{conversation}: {entry['author'].get('id')} spoke at {entry['at']}, the owner was {before}")
        elif words and words.owner and words.owner != before[2]:
            case.convict(9, "stale_owner", f"{conversation}: '{words.text}' was said by the owner {words.owner} and stands under {before[2]}")


def judge_turns(case):
    effects = collections.defaultdict(set)
    texts = collections.defaultdict(set)
    for event in case.by_kind["commit"]:
        texts[event["conversation"], event["turn"]].update(event["texts"])
    for event in case.by_kind["committed"]:
        effects[event["conversation"], event["turn"]].add(event["at"])
    for (conversation, turn), said in texts.items():
        stored = {entry["at"] for text in said for where, entry, _ in case.stored.get(text, []) if where == conversation}
        acked = effects[conversation, turn] if conversation not in case.were_reset else set()
        if len(stored | acked) > 1 and not case.is_gone(conversation):
            case.convict(9, "duplicated", f"turn {turn} of {conversation} had several effects: {sorted(stored | acked)}")


def judge_capacity(case, agent, most, spans):
    moments = [(begin + CLOCK_SLACK_MS, 1) for begin, _, _ in spans] + [(end, -1) for _, end, _ in spans]
    load = 0
    for when, change in sorted(moments):
        load += change
        if load > most:
            case.convict(9, "capacity", f"{agent} had {load} chats at {when}, and takes {most}")
            return


RULES = [logs_are_dense_chains, only_the_owner_answers]
