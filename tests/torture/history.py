# SPDX-License-Identifier: Apache-2.0
"""What clients did and saw, and what the store holds in the end: the two things that the judge compares.

A history is a list of events, oldest first. Each is a dict with `t` (nanoseconds of the monotonic clock, one clock for
all processes of a machine) and `kind`:

  send       who role tenant conversation lineage n text [owner] [internal]     words leave the device
  amend      who role tenant conversation lineage n verb text target [of] [emoji] [active]
                                                                                 an edit (to text), delete or react leaves the device
  settled    who conversation lineage n at                                       they were acked, or seen, at this place
  kept       who conversation lineage n                                          already_sent: kept, place unknown
  refused    who conversation lineage n text code                                they must not be in the log
  dropped    who conversation lineage n                                          answered; the first try may have been kept
  retried    who conversation lineage n is_same at|code                          a probe: acked words again, or other words
  hello      who contact connection                                              a device begins to come back
  welcome    who contact connection conversation head                            head: the newest entry it may see
  read       who conversation began head [words]                                 a page, or the admin door: its newest entry
  input      who conversation turn words                                         a bot is given a turn; words: [text]
  entry      who connection conversation at after owner author words hidden amends
                owner: [kind, id] or None; words: [[lineage, n, text]]; hidden: kinds of bodies that no longer hold;
                amends: [[edited | deleted | reacted, target, text, emoji, active]]
  restart    who conversation                                                    the next entry begins a stream anew
  reset      who conversation                                                    the server said: forget
  receipts   who conversation reader delivered read
  assigned   who agent conversation owner          released  who agent conversation
  commit     who conversation turn texts           committed who conversation turn texts at
  uncommitted who conversation turn texts code
  erased     conversation                                                        the door said that it is done
  foreign    who tenant words                                                    a frame with another tenant's canary
  trespass   who conversation is_let_in                                          a try to reach another tenant's things
  step       who step [why]                                                      rest, try, told, again: what it waits for, for recovery.py
  held       who role conversation at                                            at the end: the device's cursor

A store is {conversations: {id: {tenant, entries, records, is_erased}}, logs: {name: records}, capacity: {agent: most},
leaks: [words], canaries: {tenant: word}}. `entries` are the admin door's, `records` are [seq, mark, prev, time_ms] as they
stand in Redis, read past Weft.
"""
import json
import time

NOTHING = "0-0000000000000000"


def seq_of(name):
    """The place in an entry's name."""
    return int(name.partition("-")[0])


class History:
    def __init__(self):
        self.events = []

    def note(self, kind, **fields):
        fields["t"] = time.monotonic_ns()
        fields["kind"] = kind
        self.events.append(fields)

    def take_file(self, path):
        """Adds what another process wrote, line by line; a line that was cut by a kill is left out."""
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                if line.endswith("\n"):
                    self.events.append(json.loads(line))

    def in_order(self):
        self.events.sort(key=lambda event: event["t"])
        return self.events

    def save(self, path):
        with open(path, "w", encoding="utf-8") as out:
            for event in self.in_order():
                out.write(json.dumps(event, separators=(",", ":")) + "\n")


def load(path):
    history = History()
    history.take_file(path)
    return history.in_order()
