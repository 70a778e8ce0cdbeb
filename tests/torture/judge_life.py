# SPDX-License-Identifier: Apache-2.0
"""Invariants 1, 2, 6 and 7 for what is done to words after they were said: edits, deletions, reactions."""
import collections

from case import is_hidden
from history import seq_of

VERBS = {"edited": "edit", "deleted": "delete", "reacted": "react"}
GONE = "deleted"


def every_acked_deed_is_there_once(case):
    """1, 2. An acked edit, deletion or reaction is there once, at its place, as it was meant; and nobody's is there."""
    at_number = collections.defaultdict(list)
    for conversation, entry, part in stored_deeds(case):
        at_number[conversation, part.get("lineage"), part.get("n")].append((entry["at"], part))
        judge_meant(case, conversation, entry, part)
    for number, places in at_number.items():
        if len(places) > 1:
            case.convict(1, "duplicated", f"number {number} is there {len(places)} times: {[at for at, _ in places]}")
    for deed in case.deeds.values():
        if (deed.settled or deed.is_kept) and deed.conversation not in case.were_reset and not case.is_gone(deed.conversation):
            found = [at for number in deed.numbers for at, _ in at_number.get(number, [])]
            if not found:
                case.convict(1, "lost", f"{deed.who} was acked {deed.verb} '{deed.text}' at {deed.settled[-1:]}, and it is not there")
            elif deed.settled and deed.settled[-1][1] not in found:
                case.convict(1, "lost", f"{deed.verb} '{deed.text}' was acked at {deed.settled[-1][1]} and stands at {found}")


def stored_deeds(case):
    for conversation, kept in case.conversations.items():
        for entry in kept["entries"]:
            for part in entry["parts"]:
                if part["kind"] in VERBS:
                    yield conversation, entry, part


def judge_meant(case, conversation, entry, part):
    deed = case.numbers.get((conversation, part.get("lineage"), part.get("n")))
    if deed is None or getattr(deed, "verb", None) != VERBS[part["kind"]]:
        case.convict(2, "phantom", f"nobody {part['kind']} {part['target']} of {conversation}, as {entry['at']} says")
    elif deed.refused:
        case.convict(2, "phantom", f"{deed.verb} '{deed.text}' stands at {entry['at']} though it was refused: {deed.refused}")
    elif part["target"] not in deed.targets:
        case.convict(2, "phantom", f"{deed.verb} '{deed.text}' meant {deed.targets} and stands at {entry['at']} for {part['target']}")
    elif deed.verb == "edit" and not is_hidden(part) and part["body"]["text"] != deed.text:
        case.convict(1, "lost", f"'{deed.text}' stands at {entry['at']} as '{part['body']['text']}'")
    elif deed.verb == "react" and (part["emoji"], part["active"]) != (deed.emoji, deed.active):
        case.convict(1, "lost", f"reaction {deed.emoji} {deed.active} stands at {entry['at']} as {part['emoji']} {part['active']}")


class View:
    """What a conversation says now to somebody who took these entries, oldest first."""

    def __init__(self):
        self.texts = {}  # name of a message's entry -> its texts, or GONE
        self.messages = set()  # those whose entry was taken itself
        self.reactions = {}  # (name, author, emoji) -> active

    def take(self, at, author, texts, hidden, amends):
        if not amends and (texts or hidden):
            self.messages.add(at)
            self.texts[at] = GONE if GONE in hidden else sorted([*texts, *hidden])
        for kind, target, text, emoji, active in amends:
            if kind == "reacted":
                self.reactions[target, tuple(author), emoji] = active
            elif kind == "deleted" or GONE in hidden:
                self.texts[target] = GONE
            elif self.texts.get(target) != GONE:
                self.texts[target] = [text if text is not None else "edited"]

    def of(self, names):
        return ({at: self.texts.get(at) for at in names},
                {key: active for key, active in self.reactions.items() if key[0] in names and active})


def view_of_log(kept):
    view = View()
    for entry in kept["entries"]:
        texts = [part["body"]["text"] for part in entry["parts"] if "body" in part and not is_hidden(part)]
        hidden = [part["body"]["kind"] for part in entry["parts"] if is_hidden(part)]
        amends = [(part["kind"], part["target"], texts[0] if texts else None, part.get("emoji"), part.get("active"))
                  for part in entry["parts"] if part["kind"] in VERBS]
        view.take(entry["at"], [entry["author"]["kind"], entry["author"].get("id")], texts, hidden, amends)
    return view


def all_see_the_same_in_the_end(case):
    """6. A device that holds the end of the log shows of each message what the log says now: its words, their edit, or none."""
    views, ends = collections.defaultdict(View), {}
    for event in case.events:
        key = (event.get("who"), event.get("conversation"))
        if event["kind"] == "reset":
            views.pop(key, None)
        elif event["kind"] == "entry":
            ends[key] = event["at"]
            views[key].take(event["at"], event.get("author", ()), [text for _, _, text in event["words"]], event.get("hidden", ()),
                            event.get("amends", ()))
    logs = {conversation: view_of_log(kept) for conversation, kept in case.conversations.items() if not case.is_gone(conversation)}
    for event in case.by_kind["held"]:
        key = (event["who"], event["conversation"])
        if event["role"] == "customer" and event["conversation"] in logs and ends.get(key) == event["at"]:
            compare(case, key, views[key], logs[event["conversation"]])


def compare(case, key, mine, log):
    shown, there = mine.of(mine.messages), log.of(mine.messages)
    for at, texts in shown[0].items():
        if texts != there[0][at]:
            case.convict(6, "undeleted" if there[0][at] == GONE else "diverged",
                         f"{key[0]} shows {texts} at {at} of {key[1]}, the log says {there[0][at]}")
    if shown[1] != there[1]:
        case.convict(6, "diverged", f"{key[0]} shows other reactions in {key[1]} than the log: {set(shown[1].items()) ^ set(there[1].items())}")


def what_was_taken_away_stays_away(case):
    """7. Whoever asks after a deletion or an edit was acked or seen gets the older words nowhere; and none go without a deed."""
    known = {}  # (conversation, number of the deed) -> when anybody knew of it
    for event in case.events:
        if event["kind"] == "settled":
            known.setdefault((event["conversation"], event["lineage"], event["n"]), event["t"])
    taken = {}  # (conversation, text) -> (when that it is gone was known, place of the deed)
    for conversation, kept in case.conversations.items():
        if not case.is_gone(conversation) and conversation not in case.were_reset:
            judge_log_of(case, conversation, kept, known, taken)
    hellos = {}
    for event in case.events:
        if event["kind"] == "hello":
            hellos[event["who"], event["connection"]] = event["t"]
        elif event["kind"] == "entry":
            began = hellos.get((event["who"], event.get("connection")), 0)
            judge_shown(case, event, taken, [text for _, _, text in event["words"]], began)
        elif event["kind"] == "read":
            judge_shown(case, event, taken, [text for _, _, text in event.get("words", ())], event["began"])
        elif event["kind"] == "input":
            judge_input(case, event, taken)


def judge_log_of(case, conversation, kept, known, taken):
    """Walks the log as it is read now: which words are gone, by which deed; and whether what is shown of them agrees with it."""
    in_force, shown_at, hides = {}, {}, {}
    for entry in kept["entries"]:
        for part in entry["parts"]:
            if part["kind"] in ("message", "note") and "body" in part:
                in_force[entry["at"]] = [case.text_of(conversation, part)]
                shown_at.setdefault(entry["at"], []).append((entry["at"], part))
            elif part["kind"] in ("edited", "deleted"):
                target = part["target"]
                moment = known.get((conversation, part.get("lineage"), part.get("n")))
                for text in in_force.get(target, ()):
                    taken[conversation, text] = (moment, entry["at"])
                hides[target] = [*hides.get(target, ()), (entry["at"], part["kind"])]
                in_force[target] = [case.text_of(conversation, part)] if part["kind"] == "edited" else []
                if part["kind"] == "edited":
                    shown_at.setdefault(target, []).append((entry["at"], part))
    for target, rows in shown_at.items():
        for at, part in rows:
            later = [kind for place, kind in hides.get(target, ()) if seq_of(place) > seq_of(at)]
            want = GONE if "deleted" in later else "edited" if later else None
            have = part["body"]["kind"] if is_hidden(part) else None
            if have != want:
                case.convict(7, "undeleted" if have is None else "lost",
                             f"{conversation}: {at} shows its words as {have or 'in force'}; by the log they are {want or 'in force'}")


def judge_shown(case, event, taken, texts, began):
    for text in texts:
        moment, place = taken.get((event["conversation"], text), (None, None))
        if moment is not None and moment < began:
            case.convict(7, "undeleted", f"{event['who']} asked for {event['conversation']} and got '{text}', which {place} had taken away before")


def judge_input(case, event, taken):
    for text in event["words"]:
        _, place = taken.get((event["conversation"], text), (None, None))
        if place and seq_of(place) < seq_of(event["turn"]):
            case.convict(7, "undeleted", f"turn {event['turn']} of {event['conversation']} brought '{text}', which {place} had taken away")


RULES = [every_acked_deed_is_there_once, all_see_the_same_in_the_end, what_was_taken_away_stays_away]
