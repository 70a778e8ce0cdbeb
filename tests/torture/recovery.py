# SPDX-License-Identifier: Apache-2.0
"""How long each device waited after a fault, and for what: the wait is cut at the device's own steps, so that the pieces add up to it.

  rest      between two tries to connect            line     from the try to the greeting, a token on the way among it
  greeting  from hello to welcome                   told     a hello or words were answered "again in … ms"
  answer    words had left; their answer came later
"""
import bisect
import collections

IS_FAILOVER = {"stop_master", "kill_master", "cut_off_master", "order_failover"}
ANSWERS = {"settled", "kept", "refused", "dropped"}
SPREAD_NS = 250_000_000
BEFORE = {"rest": "rest", "try": "line", "hello": "greeting", "welcome": "answer", "told": "told", "again": "answer"}
SLOWEST = 12


def answers(events, left_out=()):
    """Of each device the (said, answered) of its words, by the time they were said; a no is an answer, too.

    Words that were never answered are not here: they are `stuck`, or their conversation was erased."""
    found, waiting = collections.defaultdict(list), {}
    for event in events:
        kind, who = event["kind"], event.get("who")
        if who in left_out or not (kind == "send" or kind in ANSWERS):
            continue
        key = (who, event["conversation"], event["lineage"], event["n"])
        if kind == "send":
            waiting[key] = event["t"]
        elif key in waiting:
            found[who].append((waiting.pop(key), event["t"]))
    for rows in found.values():
        rows.sort()
    return found


def first_answer(rows, end):
    """The first that was answered of what was in the air at `end`, or said in the quarter of a second after it."""
    until = bisect.bisect_left(rows, (end + SPREAD_NS,))
    in_air = [row for row in rows[max(0, until - 64):until] if row[1] > end]
    return min(in_air, key=lambda row: row[1]) if in_air else None


def recoveries(events, faults, left_out=()):
    """A row for each fault and device that had, or then said, something: {kind, fault, who, began, answered, ms, is_overlapped}.

    Where another fault ended within the wait, the wait is counted from that end, as that fault's. What it had lasted when that one
    began is told, too, but apart: `is_overlapped`, at least so long. A device that was asleep, or whose line was tampered with,
    says nothing about the broker and is left out."""
    asleep, found = collections.defaultdict(list), []
    for event in events:
        if event["kind"] == "asleep":
            asleep[event["who"]].append(event["t"])
    for who, rows in answers(events, left_out).items():
        for number, fault in enumerate(faults):
            first = first_answer(rows, fault["ended"])
            if first is None:
                continue
            nap = bisect.bisect_left(asleep[who], fault["began"] - 5_000_000_000)
            if nap < len(asleep[who]) and asleep[who][nap] <= first[1]:
                continue
            began = max(fault["ended"], first[0])
            later = [other["began"] for other in faults if other is not fault and began < other["ended"] < first[1]]
            until = max(began, min(later)) if later else first[1]
            found.append({"kind": fault["kind"], "fault": number, "who": who, "began": began, "answered": first[1],
                          "ms": (until - began) / 1e6, "is_overlapped": bool(later)})
    return found


def steps_of(events):
    """Of each device (t, what it waits for from then on, words for a reader)."""
    found = collections.defaultdict(list)
    for event in events:
        kind = event.get("step") if event["kind"] == "step" else event["kind"]
        if kind in BEFORE and "who" in event:
            found[event["who"]].append((event["t"], BEFORE[kind], event.get("why", kind)))
    return found


def explain(row, steps):
    """The row's wait, by what was waited for; and its steps, in milliseconds from its beginning."""
    rows, parts, told = steps[row["who"]], collections.Counter(), []
    at, waits_for = row["began"], "answer"
    first = bisect.bisect_left(rows, (row["began"],))
    if first > 0:
        waits_for = rows[first - 1][1]
        told.append([round((rows[first - 1][0] - row["began"]) / 1e6), rows[first - 1][2]])
    for moment, next_wait, words in rows[first:]:
        if moment >= row["answered"]:
            break
        parts[waits_for] += (moment - at) / 1e6
        at, waits_for = moment, next_wait
        told.append([round((moment - row["began"]) / 1e6), words])
    parts[waits_for] += (row["answered"] - at) / 1e6
    return {kind: round(value) for kind, value in parts.items()}, told


def slowest(rows, events, faults):
    """The rows that took longest, with what they waited for and which faults came in between."""
    steps, found = steps_of(events), []
    for row in sorted((row for row in rows if not row["is_overlapped"]), key=lambda row: -row["ms"])[:SLOWEST]:
        parts, told = explain(row, steps)
        between = [[round((fault["began"] - row["began"]) / 1e6), fault["kind"]] for number, fault in enumerate(faults)
                   if number != row["fault"] and fault["began"] < row["answered"] and fault["ended"] > row["began"] - 5_000_000_000]
        found.append({"kind": row["kind"], "who": row["who"], "ms": round(row["ms"]), "waited_for": parts, "steps": told[-16:], "beside": between})
    return found
