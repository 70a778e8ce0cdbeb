# SPDX-License-Identifier: Apache-2.0
"""Invariants 1, 2, 4, 5: what was said is there once, as it was said, where it was acked, and in order."""
import collections

from history import seq_of


def every_acked_word_is_there_once(case):
    """1. Every acked (tenant, conversation, sender, number) is there exactly once, bytes equal."""
    at_number = collections.defaultdict(list)
    for text, places in case.stored.items():
        for conversation, entry, part in places:
            if part.get("lineage"):
                at_number[conversation, part["lineage"], part.get("n")].append((entry["at"], text))
        spoken = [entry["at"] for _, entry, _ in places if entry["author"]["kind"] != "system"]  # Weft's own sentences come again
        if len(spoken) > 1:
            case.convict(1, "duplicated", f"'{text}' is there {len(spoken)} times: {', '.join(spoken)}")
    for number, places in at_number.items():
        if len(places) > 1:
            case.convict(1, "duplicated", f"number {number} is there {len(places)} times: {places}")
    for words in case.words.values():
        if (words.settled or words.is_kept) and not case.is_gone(words.conversation):
            judge_acked(case, words, at_number)
    for event in case.by_kind["committed"]:
        judge_committed(case, event)


def judge_acked(case, words, at_number):
    found = [place for number in words.numbers for place in at_number.get(number, [])]
    if not any(text == words.text for _, text in found):
        others = f"; under its number stands {found}" if found else ""
        case.convict(1, "lost", f"{words.who} was acked '{words.text}' at {words.settled[-1:]}, "
                     f"and it is not in {words.conversation}{others}")
    elif words.settled and words.settled[-1][1] not in [at for at, text in found if text == words.text]:
        case.convict(1, "lost", f"'{words.text}' was acked at {words.settled[-1][1]} and stands at {found}")


def judge_committed(case, event):
    if case.is_gone(event["conversation"]):
        return
    for text in event["texts"]:
        places = [entry["at"] for conversation, entry, _ in case.stored.get(text, [])
                  if conversation == event["conversation"]]
        if not places:
            case.convict(1, "lost", f"the commit of turn {event['turn']} was acked at {event['at']}, and '{text}' is nowhere")
        elif event["at"] not in places and event["conversation"] not in case.were_reset:
            case.convict(1, "lost", f"'{text}' was acked at {event['at']} and stands at {places}")


def nothing_is_there_that_nobody_said(case):
    """2. Each entry was invoked; failed sends are absent."""
    committed = collections.defaultdict(list)  # text -> events of commits
    for event in case.by_kind["commit"]:
        for text in event["texts"]:
            committed[text].append(event)
    acked = {(event["conversation"], event["turn"], text) for event in case.by_kind["committed"] for text in event["texts"]}
    refused = {(event["conversation"], event["turn"], text): event["code"]
               for event in case.by_kind["uncommitted"] for text in event["texts"]}
    for text, places in case.stored.items():
        for conversation, entry, part in places:
            kind = entry["author"]["kind"]
            if kind == "system":
                continue
            if kind == "bot":
                mine = [event for event in committed[text] if event["conversation"] == conversation]
                keys = [(conversation, event["turn"], text) for event in mine]
                if not mine:
                    case.convict(2, "phantom", f"no bot said '{text}', {entry['at']} of {conversation}")
                elif all(key in refused and key not in acked for key in keys):
                    case.convict(2, "phantom", f"'{text}' stands at {entry['at']} though its commit was refused: {refused[keys[0]]}")
                continue
            judge_spoken(case, text, conversation, entry, part)


def judge_spoken(case, text, conversation, entry, part):
    words = case.words.get(text)
    if words is None or words.conversation != conversation:
        case.convict(2, "phantom", f"nobody said '{text}', {entry['at']} of {conversation}")
    elif (conversation, part.get("lineage"), part.get("n")) not in words.numbers:
        case.convict(2, "phantom", f"'{text}' was never said under {part.get('lineage')} {part.get('n')}")
    elif words.refused:
        case.convict(2, "phantom", f"'{text}' stands at {entry['at']} though it was refused: {words.refused}")
    elif words.is_internal != (part["kind"] == "note"):
        case.convict(2, "phantom", f"'{text}' was said as {'a note' if words.is_internal else 'a message'} and is a {part['kind']}")


def a_retry_gets_the_same_place(case):
    """4. A retry returns the same place; the same number with another body is refused."""
    for words in case.all_said():
        places = {at for _, at in words.settled}
        if len(places) > 1 and words.conversation not in case.were_reset:
            case.convict(4, "duplicated", f"'{words.text}' was acked at several places: {sorted(places)}")
    for event in case.by_kind["retried"]:
        words = case.numbers.get((event["conversation"], event["lineage"], event["n"]))
        if words is None or words.conversation in case.were_reset:
            continue
        if not event["is_same"]:
            if "at" in event:
                case.convict(4, "duplicated", f"other words under the number of '{words.text}' were acked at {event['at']}")
        elif "at" in event and words.settled and event["at"] != words.settled[0][1]:
            case.convict(4, "duplicated", f"'{words.text}' again: acked at {event['at']}, first at {words.settled[0][1]}")
        elif event.get("code") in ("different_body", "resend"):
            case.convict(4, "lost", f"'{words.text}' was acked, and again was answered {event['code']}")


def time_is_the_order(case):
    """5. ack(a) before invoke(b) => a stands before b; each sender's words in the order of their numbers."""
    moments = collections.defaultdict(list)  # conversation -> (t, is_begin, seq, text)
    for words in case.all_said():
        if words.settled and words.conversation not in case.were_reset and not case.is_gone(words.conversation):
            seq = seq_of(words.settled[0][1])
            moments[words.conversation].append((words.began, 1, seq, words.text))
            moments[words.conversation].append((words.settled[0][0], 0, seq, words.text))
    for conversation, rows in moments.items():
        newest, newest_text = 0, ""
        for _, is_begin, seq, text in sorted(rows):
            if is_begin and seq <= newest:
                case.convict(5, "disordered", f"{conversation}: '{text}' was said after '{newest_text}' was acked at {newest}, "
                             f"and stands at {seq}")
            elif not is_begin and seq > newest:
                newest, newest_text = seq, text
    for conversation, kept in case.conversations.items():
        judge_numbers(case, conversation, kept["entries"])


def judge_numbers(case, conversation, entries):
    last = {}
    for entry in sorted(entries, key=lambda entry: seq_of(entry["at"])):
        for part in entry["parts"]:
            if part["kind"] not in ("message", "note", "edited", "deleted", "reacted") or not part.get("lineage"):
                continue
            before = last.get(part["lineage"], 0)
            if part["n"] < before:
                case.convict(5, "disordered", f"{conversation}: number {part['n']} of {part['lineage']} stands after {before}")
            last[part["lineage"]] = part["n"]


RULES = [every_acked_word_is_there_once, nothing_is_there_that_nobody_said, a_retry_gets_the_same_place, time_is_the_order]
