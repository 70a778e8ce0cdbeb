#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real processes under real load, killed and held up in every way; then everything that anybody was told is judged.

usage: torture.py BUILD [--kills N] [--seconds S] [--nodes N] [--contacts N] [--seed TEXT] [--durability WORD]
                        [--replicas N] [--storm N | --slow-readers N] [--keep] [--json]

Prints a table, or with --json one line of JSON as the last. Exit status: 0 nothing found, 1 a violation (the folder with the
history, the store and the logs is kept, and named), 64 wrong usage.
"""
import argparse
import asyncio
import json
import pathlib
import random
import sys
import time

import judge
import mass
import partition
import tally
import wire
from agent import Seat, Tab
from customer import Contact, Device
from faults import Faults
from history import History, seq_of
from proxy import Proxy
from stage import Stage, Workers
from store import collect, search_files

SETTLE_S, CONVERGE_S = 60, 20
STUCK_S = 45  # longer than an offer may lie with an agent who is not there (offer_ms): then it goes on to the next
LINES_MAX = 40


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(64, f"torture: {message}\n")


def arguments(words):
    parser = Parser(prog="torture.py", description="Weft under kill -9, bad lines and full disks, judged by its clients' histories.")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=None, help="processes killed with kill -9 (default: one for 4 seconds)")
    parser.add_argument("--seconds", type=float, default=None, help="how long faults go on (default: 4 for each kill, at least 30)")
    parser.add_argument("--nodes", type=int, default=1, help="broker processes")
    parser.add_argument("--contacts", type=int, default=80, help="people, with two devices each")
    parser.add_argument("--pace", type=float, default=1.5, help="seconds between two things that a device does")
    parser.add_argument("--seed", default=None, help="of the load and the faults; the order of events stays the machine's")
    parser.add_argument("--durability", default="always", choices=["always", "everysec"])
    parser.add_argument("--replicas", type=int, default=0, help="under three Sentinels, with so many replicas; kills are failovers then")
    parser.add_argument("--storm", type=int, default=0, help="instead: so many clients dropped at once, by a kill -9 of every node")
    parser.add_argument("--slow-readers", type=int, default=0, help="instead: so many that read a byte a second, while others chat")
    parser.add_argument("--disk-mib", type=int, default=1024, help="size of the data's file system")
    parser.add_argument("--faults", type=lambda words: words.split(","), default=[], help="only these, by their names in the table")
    parser.add_argument("--keep", action="store_true", help="keep the folder in any case")
    parser.add_argument("--json", action="store_true", help="the last line is one object")
    options = parser.parse_args(words)
    if options.kills is None:
        options.kills = max(1, int((options.seconds or 40) / 4))
    if options.seconds is None:
        options.seconds = max(30.0, options.kills * 4.0)
    if options.kills < 0 or options.seconds <= 0 or not 1 <= options.nodes <= 64 or not 4 <= options.contacts <= 2000 or not 0 <= options.replicas <= 4 or \
            not 0 <= max(options.storm, options.slow_readers) <= 15000:
        parser.error("a number is out of range")
    if not (options.build / "broker/weftd").exists():
        parser.error(f"there is no broker/weftd in {options.build}: build it")
    options.seed = options.seed or f"{random.SystemRandom().getrandbits(32):08x}"
    options.handoff_share, options.agent_pace_s = 0.08, 0.5
    return options


class Run:
    """One torture: its clients, its faults, and what came of them."""

    def __init__(self, options):
        self.plan = self.options = options
        self.history = History()
        self.stage = Stage(options.build, options)
        self.contacts, self.seats, self.devices, self.tabs = [], [], [], []
        self.tasks = set()
        self.is_winding_down = self.is_over = False
        self.began = time.monotonic()
        self.canaries = {tenant: f"{word}{random.Random(options.seed + tenant).getrandbits(40):010x}"
                         for tenant, word in (("brook", "heron"), ("field", "stoat"))}
        self.workers = self.proxy = self.faults = None
        self.unexpected = []

    # ---- for the clients ------------------------------------------------------------------------------------------
    @property
    def door(self):
        return self.address

    def random_for(self, name):
        return random.Random(f"{self.options.seed} {name}")

    def canary(self, tenant):
        return self.canaries[tenant]

    def foreign_canaries(self, tenant):
        return [word.encode() for other, word in self.canaries.items() if other != tenant]

    def conversation_of_another(self, tenant):
        others = [contact.conversation for contact in self.contacts if contact.tenant != tenant and contact.conversation]
        return others[0] if others else None

    def on_final(self, client, code):
        if code != 4403:
            self.unexpected.append(f"{client.who} was closed with {code}")

    def spawn(self, coroutine):
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.on_task)
        return task

    def on_task(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and task.exception():
            self.unexpected.append(repr(task.exception()))
            if not self.is_over:
                print(f"torture: {task.exception()!r}", file=sys.stderr)

    # ---- the people -----------------------------------------------------------------------------------------------
    async def people(self):
        for tenant in self.canaries:
            await self.stage.admin("POST", "/v1/admin/tenants", {"id": tenant, "name": tenant.title()})
        answer = await self.stage.admin("POST", "/v1/admin/tenants/brook/keys", {"role": "bot", "name": "robo"})
        self.workers = Workers(self.stage, self.address, "brook", self.canaries["brook"], answer["key"], 2, self.options.seed)
        self.workers.start()
        await self.hire("brook", max(4, self.options.contacts // 10))
        await self.hire("field", max(2, self.options.contacts // 20))
        for number in range(self.options.contacts):
            tenant = "field" if number % 5 == 4 else "brook"
            contact = Contact(self, f"contact-{number}", tenant, self.options.pace)
            self.contacts.append(contact)
            for which in (1, 2):
                address = self.proxy.address if (number + which) % 4 == 0 else self.address_for(number + 2 * which)
                self.devices.append(Device(contact, which, address))
        for client in [*self.tabs, *self.devices]:
            self.spawn(client.live())
        for device in self.devices:
            self.spawn(device.act())
        self.spawn(self.watch_lines())

    def address_for(self, number):
        """A third are clients of the other host, where there is one."""
        return self.stage.far_address if self.stage.far_address and number % 3 == 0 else self.address

    async def hire(self, tenant, count):
        for number in range(count):
            name = f"{tenant}-agent-{number}"
            answer = await self.stage.admin("POST", f"/v1/admin/tenants/{tenant}/agents", {"id": name, "name": name, "capacity": 6})
            seat = Seat(self, name, tenant, answer["code"], 6)
            self.seats.append(seat)
            self.tabs += [Tab(seat, which, self.proxy.address if number % 5 == 4 else self.address_for(number + which)) for which in (1, 2)]

    async def watch_lines(self):
        while not self.is_over:
            await asyncio.sleep(1)
            for client in [*self.tabs, *self.devices]:
                client.look_alive()
            if sys.stderr.isatty() and not self.is_over:
                self.show_progress()

    def show_progress(self):
        unacked = sum(len(words) for device in self.devices for words in device.unacked.values())
        online = sum(device.online.is_set() for device in self.devices)
        last = self.faults.done[-1]["kind"] if self.faults and self.faults.done else "-"
        print(f"\r{time.monotonic() - self.began:6.0f} s  {len(self.history.events):8} events  {online:4} devices there  {unacked:4} unacked  "
              f"{self.faults.kills if self.faults else 0:4} kills  last: {last:16}", end="", file=sys.stderr, flush=True)

    # ---- the course of things -------------------------------------------------------------------------------------
    async def torture(self):
        self.stage.start()
        self.address = self.stage.address
        self.proxy = Proxy(lambda: self.address)
        await self.proxy.start()
        await self.people()
        self.faults = Faults(self)
        for words in self.faults.left_out:
            print(f"torture: left out: {words}", file=sys.stderr)
        await self.calm(20, lambda: all(device.lineage for device in self.devices))
        await self.faults.go_on(self.options.kills, self.options.seconds)
        self.is_winding_down = True
        await self.calm(SETTLE_S, lambda: all(client.is_settled() for client in self.clients()))
        store = await self.rest()
        self.is_over = True
        for client in self.clients():
            client.stop()
        self.workers.stop()
        self.proxy.stop()
        for task in list(self.tasks):
            task.cancel()
        return store

    def clients(self):
        return [*self.tabs, *self.devices]

    async def calm(self, seconds, holds):
        end = time.monotonic() + seconds
        while not holds() and time.monotonic() < end:
            await asyncio.sleep(0.1)

    async def rest(self):
        """Until everybody holds what the log holds, no case waits, and nothing moves; or nothing gets better any more."""
        end, best = time.monotonic() + CONVERGE_S, None
        while True:
            mark = len(self.history.events)
            store = await collect(self.stage, self.contacts, {seat.name: seat.capacity for seat in self.seats}, self.canaries,
                                  self.stage.log_address())
            missing = self.behind(store) + self.waiting(store) + self.moving(mark)
            if not missing:
                break
            if best is None or len(missing) < best:
                best, end = len(missing), time.monotonic() + STUCK_S
            if time.monotonic() > end:
                self.stuck = self.waiting(store)
                break
            await asyncio.sleep(1)
        for device in self.devices:
            if not device.is_over and device.person.conversation:
                self.history.note("held", who=device.who, role="customer", conversation=device.person.conversation,
                                  at=device.cursors.get(device.person.conversation, "0-0000000000000000"))
        return store

    stuck = ()

    def behind(self, store):
        rows = []
        for device in self.devices:
            kept = store["conversations"].get(device.person.conversation)
            if kept is None or kept["is_erased"] or device.is_over:
                continue
            shown = [entry["at"] for entry in kept["entries"] if entry["visibility"] == "public"]
            if shown and device.cursors.get(device.person.conversation) != shown[-1]:
                rows.append(f"{device.who} is at {device.cursors.get(device.person.conversation)}, the log at {shown[-1]}")
        return rows

    def moving(self, mark):
        """Who still speaks, and what was said while the store was read: it would not know of that."""
        rows = [f"{tab.who} still serves {conversation}" for tab in self.tabs for conversation, (_, task) in tab.chats.items() if not task.done()]
        return rows + [f"{event['who']}: {event['kind']}" for event in self.history.events[mark:] if event["kind"] in ("send", "amend", "entry", "settled")]

    def waiting(self, store):
        """Cases that wait though there are agents, and words that nobody acked."""
        rows = [f"{client.who} still waits for an ack of '{words.text}'" for client in self.clients() if not client.is_over
                for unacked in client.unacked.values() for words in unacked if words.conversation not in self.erased()]
        for conversation, kept in store["conversations"].items():
            kinds = [(part["kind"], part.get("owner")) for entry in kept["entries"] for part in entry["parts"]
                     if part["kind"] in ("owner", "case_opened", "case_closed")]
            if kinds and kinds[-1] in (("owner", "none"), ("case_opened", None)):
                rows.append(f"the case of {conversation} still waits for an agent")
        return rows

    def erased(self):
        return {contact.conversation for contact in self.contacts if contact.is_erased}

    # ---- the verdict ----------------------------------------------------------------------------------------------
    def verdict(self, store):
        for path in self.workers.files:
            if path.exists():
                self.history.take_file(path)
        events = self.history.in_order()
        store["leaks"] = search_files([self.stage.folder], self.canaries.values(), self.workers.files)
        verdicts = judge.judge(events, store)
        verdicts += [{"invariant": 6, "sort": "stuck", "words": words} for words in self.stuck]
        apart = {client.who for client in self.clients() if client.address != self.address}
        result, times = tally.figures(events, verdicts, self.faults.done, self.options, {
            "stuck": len(self.stuck), "kills": self.faults.kills, "seconds": round(time.monotonic() - self.began),
            "clients": len(self.clients()) + 2, "entries": sum(event["kind"] == "entry" for event in events),
            "reads": sum(event["kind"] in ("read", "welcome") for event in events), "left_out": apart,
            "unexpected": len(self.unexpected)})
        result["violations"] = len(verdicts)
        return verdicts, result, times


def say_verdict(run, store, verdicts, result, times):
    out = sys.stderr if run.options.json else sys.stdout
    print("\n" + tally.table(result, times), file=out)
    for verdict in verdicts[:LINES_MAX]:
        print(f"VIOLATION of invariant {verdict['invariant']}: {verdict['words']}", file=out)
    if len(verdicts) > LINES_MAX:
        print(f"… and {len(verdicts) - LINES_MAX} more", file=out)
    for words in run.unexpected[:10]:
        print(f"unexpected: {words}", file=out)
    if verdicts or run.options.keep:
        run.history.save(run.stage.folder / "history.jsonl")
        (run.stage.folder / "store.json").write_text(json.dumps(store), encoding="utf-8")
        (run.stage.folder / "faults.json").write_text(json.dumps(run.faults.done), encoding="utf-8")
        print(f"kept: {run.stage.folder}", file=out)
    if run.options.json:
        print(json.dumps(result))
    else:
        print("1 passed, 0 failed" if not verdicts else "0 passed, 1 failed")
    sys.stdout.flush()


def main():
    options = arguments(sys.argv[1:])
    if options.storm or options.slow_readers:
        return mass.run(options)
    if options.replicas:
        partition.enter_own_network()
    run = Run(options)
    is_kept = options.keep
    try:
        store = asyncio.run(run.torture())
        verdicts, result, times = run.verdict(store)
        is_kept = is_kept or bool(verdicts)
        say_verdict(run, store, verdicts, result, times)
        return 1 if verdicts else 0
    except BaseException:
        print(f"torture: seed {options.seed}; the end of Weft's log:\n{run.stage.tail()}", file=sys.stderr)
        raise
    finally:
        if run.workers:
            run.workers.stop()
        run.stage.stop()
        run.stage.remove(is_kept)


if __name__ == "__main__":
    sys.exit(main())
