# SPDX-License-Identifier: Apache-2.0
"""What is done to Weft while it works. Each fault is a coroutine that does it and takes it back; it says what it did.

Kills are counted against --kills; the others come in between. A fault that this machine does not allow is left out, and
said once.
"""
import asyncio
import signal
import time

import partition
import recovery
import wire
from fleet import Failovers

CALM_S = 15  # for whoever still waits for an answer, before and behind a failover
ROUTER_S = 10  # a pool without work needs no router: then nobody takes it over


class Faults:
    def __init__(self, run):
        self.run, self.stage = run, run.stage
        self.random = run.random_for("faults")
        self.done = []  # {kind, began, ended}: nanoseconds
        self.kills = 0
        self.left_out = []
        # (what, weight)
        self.killing = [(self.kill_node, 40), (self.kill_redis, 30), (self.kill_keys, 5), (self.kill_bot, 12), (self.kill_both, 8)]
        self.others = [(self.pause_node, 15), (self.pause_redis, 12), (self.reset_lines, 20), (self.half_open, 8), (self.throttle, 8),
                       (self.delay_lines, 8), (self.slow_readers, 8), (self.erase, 6)]
        if "LD_PRELOAD" in self.stage.environment():
            self.others.append((self.slow_fsync, 12))
        else:
            self.left_out.append("slow fsync: the shim is not built, or the build is sanitized")
        if self.stage.ballast.is_there:
            self.others.append((self.disk_full, 8))
        else:
            self.left_out.append("disk full: no file system may be mounted here")
        if self.stage.fleet:
            self.fail_over()
        if self.run.options.nodes > 1:
            self.killing.append((self.kill_router, 20))
        self.killing, self.others = self.only(self.killing), self.only(self.others)

    def fail_over(self):
        """With a fleet: the embedded Redis is not there, and a kill is a failover."""
        deeds = Failovers(self.stage.fleet, self.random)
        self.killing = [(deeds.kill_master, 40), (deeds.stop_master, 30), (deeds.order_failover, 10), (deeds.kill_replica, 10),
                        (deeds.cut_off_master, 20), (self.kill_node, 20)]
        self.others = [row for row in self.others if row[0] not in (self.pause_redis, self.disk_full)] + [(deeds.silence_replicas, 12)]
        if self.stage.island:
            self.others += [(self.part_from_redis, 14), (self.part_from_clients, 8)]
        else:
            self.left_out.append("partitions: no network namespace may be made here")

    def only(self, rows):
        """Those that --faults names; all without it."""
        wanted = self.run.options.faults
        return [row for row in rows if not wanted or row[0].__name__ in wanted]

    def pick(self, table):
        return self.random.choices([row[0] for row in table], [row[1] for row in table])[0]

    async def go_on(self, kills, seconds):
        """`kills` kills spread over the time, with other faults between them."""
        deeds = [self.killing] * (kills if self.killing else 0) + [self.others] * (max(1, kills * 2 // 3) if self.others else 0)
        self.random.shuffle(deeds)
        began, pace = time.monotonic(), seconds / (len(deeds) + 1)
        for number, table in enumerate(deeds, 1):
            await asyncio.sleep(max(0.0, began + (number + self.random.uniform(-0.45, 0.45)) * pace - time.monotonic()))
            await self.do(self.pick(table), table is self.killing)
        await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))

    async def do(self, deed, is_kill):
        is_failover = deed.__name__ in recovery.IS_FAILOVER
        if is_failover:
            await self.be_answered()
        row = {"kind": deed.__name__, "began": time.monotonic_ns(), "ended": None}
        self.done.append(row)
        self.kills += is_kill
        if is_failover:
            row["ended"] = row["began"]  # what it takes is counted from the first moment
        await deed()
        row["ended"] = row["ended"] or time.monotonic_ns()
        if is_failover:
            await self.be_answered()

    async def be_answered(self):
        """Until whatever is in the air now was answered: what a partition holds up is not the failover's, nor the other way round."""
        waiting = [(client, words) for client in self.run.clients() if not (client.is_over or client.is_asleep)
                   for unacked in client.unacked.values() for words in unacked]
        await self.run.calm(CALM_S, lambda: not any(words in client.unacked[words.conversation] for client, words in waiting
                                                    if not (client.is_over or client.is_asleep)))

    # ---- kill -9 --------------------------------------------------------------------------------------------------
    async def kill_node(self):
        self.stage.kill(self.random.choice(self.stage.nodes()))

    async def kill_router(self):
        """The node that leads a pool; how long its work waits for another one is measured on the side."""
        tenant = self.random.choice(sorted(self.run.canaries))
        times, name = self.stage.router(tenant)
        self.stage.kill(name or self.random.choice(self.stage.nodes()))
        self.run.spawn(self.watch_router(self.done[-1], tenant, times))

    async def watch_router(self, row, tenant, times):
        began = time.monotonic()
        while time.monotonic() < began + ROUTER_S:
            if self.stage.router(tenant)[0] > times:
                row["led_again_ms"] = round(1000 * (time.monotonic() - began))
                return
            await asyncio.sleep(0.02)

    async def kill_redis(self):
        self.stage.kill("redis")

    async def kill_keys(self):
        self.stage.kill("keys")

    async def kill_both(self):
        self.stage.kill("redis")
        self.stage.kill(self.random.choice(self.stage.nodes()))

    async def kill_bot(self):
        number = self.run.workers.kill_one(self.random)
        self.run.spawn(self.run.workers.start_again(number, self.random.uniform(0, 1)))

    # ---- the machine stutters -------------------------------------------------------------------------------------
    async def pause(self, name, seconds):
        pid = self.stage.pid(name)
        if pid > 0 and self.stage.kill(name, signal.SIGSTOP):
            await asyncio.sleep(seconds)
            if self.stage.pid(name) == pid:
                self.stage.kill(name, signal.SIGCONT)

    async def pause_node(self):
        await self.pause(self.random.choice(self.stage.nodes()), self.random.uniform(0.2, 3))

    async def pause_redis(self):
        await self.pause("redis", self.random.uniform(0.2, 2))

    async def slow_fsync(self):
        self.stage.slow_fsync(self.random.choice([20, 50, 150, 400]))
        await asyncio.sleep(self.random.uniform(0.5, 2))
        if self.random.random() < 0.5 and not self.stage.fleet:
            self.stage.kill("redis")  # with words between the write and the fsync
        self.stage.slow_fsync(0)

    async def disk_full(self):
        await asyncio.to_thread(self.stage.ballast.fill)
        await asyncio.sleep(self.random.uniform(0.5, 2))
        self.stage.ballast.clear()

    # ---- bad lines ------------------------------------------------------------------------------------------------
    async def reset_lines(self):
        self.run.proxy.reset(self.random, self.random.uniform(0.2, 1))

    async def half_open(self):
        self.run.proxy.is_flowing.clear()
        await asyncio.sleep(self.random.uniform(1, 8))
        self.run.proxy.reset(self.random, 1)  # whatever was held back never arrives
        self.run.proxy.is_flowing.set()

    async def throttle(self):
        self.run.proxy.bytes_per_s = self.random.choice([50, 400, 3000])
        await asyncio.sleep(self.random.uniform(1, 4))
        self.run.proxy.bytes_per_s = 0

    async def delay_lines(self):
        self.run.proxy.delay_s = self.random.uniform(0.05, 0.4)
        await asyncio.sleep(self.random.uniform(1, 3))
        self.run.proxy.delay_s = 0.0

    async def slow_readers(self):
        """Devices that stop reading for a while, as a phone that swaps."""
        chosen = [device for device in self.run.devices if device.socket and device.socket.is_open and self.random.random() < 0.1]
        for device in chosen:
            device.socket.transport.pause_reading()
        await asyncio.sleep(self.random.uniform(0.5, 3))
        for device in chosen:
            if device.socket.is_open and not device.socket.transport.is_reading():
                device.socket.transport.resume_reading()

    # ---- partitions: of the other host --------------------------------------------------------------------------
    async def part(self, wire_name, seconds):
        self.stage.island.part(wire_name)
        await asyncio.sleep(seconds)
        self.stage.island.join(wire_name)

    async def part_from_redis(self):
        """Its clients are there, and get no ack; whatever it had sent lies in buffers, and arrives late or never."""
        await self.part(partition.STORE, self.random.uniform(0.5, 6))

    async def part_from_clients(self):
        """It goes on with Redis, and talks to nobody."""
        await self.part(partition.DOOR, self.random.uniform(0.5, 8))

    # ---- erasure under load ---------------------------------------------------------------------------------------
    async def erase(self):
        living = [contact for contact in self.run.contacts if contact.conversation and not contact.is_erased]
        if len(living) < 4:
            return
        contact = self.random.choice(living)
        contact.is_erased = True
        try:
            await self.stage.admin("DELETE", f"/v1/admin/conversations/{contact.conversation}")
        except wire.Refused as refused:
            if refused.code != "conversation_erased":  # an answer that was lost, and asked again
                raise
        self.run.history.note("erased", conversation=contact.conversation)
