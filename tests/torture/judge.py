#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges a history against the store that it left behind, by eleven invariants.

usage: judge.py FOLDER

FOLDER holds history.jsonl and store.json, as a torture leaves them behind when it finds something (history.py tells what
is in them). Prints each violation; exit status 1 when there is one.
"""
import collections
import json
import pathlib
import sys

import judge_life
import judge_log
import judge_readers
import judge_words
from case import Case
from history import load


def tenants_stay_apart(case):
    """10. Tenant canaries never cross."""
    for event in case.by_kind["foreign"]:
        case.convict(10, "crossed", f"{event['who']} of {event['tenant']} was sent: {event['words'][:200]}")
    for event in case.by_kind["trespass"]:
        if event["is_let_in"]:
            case.convict(10, "crossed", f"{event['who']} was let into {event['conversation']} of another tenant")
    for conversation, kept in case.conversations.items():
        for tenant, canary in case.store["canaries"].items():
            if tenant != kept["tenant"] and canary in json.dumps(kept["entries"]):
                case.convict(10, "crossed", f"{conversation} of {kept['tenant']} holds words of {tenant}")


def the_erased_is_gone(case):
    """11. After erasure no plaintext in RDB, AOF, replicas, archive, logs or cores."""
    for words in case.store["leaks"]:
        case.convict(11, "leak", words)
    for conversation in case.erased:
        kept = case.conversations.get(conversation)
        if kept and (not kept["is_erased"] or kept["entries"] or len(kept["records"]) > 1):
            case.convict(11, "leak", f"{conversation} was erased and is readable: {len(kept['records'])} records")


RULES = [*judge_words.RULES, *judge_life.RULES, *judge_log.RULES, *judge_readers.RULES, tenants_stay_apart, the_erased_is_gone]


def judge(events, store):
    """The verdicts, each {invariant, sort, words}; none: nothing to be found. `events` are in order of time."""
    case = Case(events, store)
    for rule in RULES:
        rule(case)
    return case.verdicts


def count(verdicts):
    sorts = collections.Counter(verdict["sort"] for verdict in verdicts)
    return {"lost": sorts["lost"] + sorts["gap"] + sorts["diverged"], "duplicated": sorts["duplicated"],
            "disordered": sorts["disordered"] + sorts["stale_read"] + sorts["receipt"], "phantom": sorts["phantom"],
            "stale_owner_writes": sorts["stale_owner"], "undeleted": sorts["undeleted"], "over_capacity": sorts["capacity"],
            "crossed": sorts["crossed"], "leaked": sorts["leak"], "violations": len(verdicts)}


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 64
    folder = pathlib.Path(sys.argv[1])
    store = json.loads((folder / "store.json").read_text(encoding="utf-8"))
    verdicts = judge(load(folder / "history.jsonl"), store)
    for verdict in verdicts:
        print(f"invariant {verdict['invariant']}: {verdict['words']}")
    print(json.dumps(count(verdicts)))
    return 1 if verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
