# SPDX-License-Identifier: Apache-2.0
"""Two masters (logs, keys) with replicas, and three Sentinels, for tortures of failovers; all on loopback, each ended by its
process.

A server that was killed or cut off comes back as a replica of the new master, as whoever runs Redis would have it.
"""
import asyncio
import signal
import socket
import subprocess
import time

from store import Redis

GROUPS = ("log", "keys")
DOWN_AFTER_MS, FAILOVER_TIMEOUT_MS = 500, 3000
ORDER_AGAIN_S = 4


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, folder, lines, words=(), environment=None, address="127.0.0.1"):
        self.folder, self.words, self.environment = folder, words, environment
        self.port = free_port()
        folder.mkdir()
        self.path = folder / "redis.conf"
        binds = " ".join(dict.fromkeys(["127.0.0.1", address]))
        self.path.write_text("\n".join([f"port {self.port}", f"bind {binds}", "protected-mode no", f"dir {folder}", f"logfile {folder}/server.log", *lines, ""]),
                             encoding="utf-8")
        self.process = None

    def start(self, *more):
        self.process = subprocess.Popen(["redis-server", self.path, *self.words, *more], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, env=self.environment)

    def ask(self, *words):
        """The answer, or None when there is none to be had."""
        try:
            redis = Redis(("127.0.0.1", self.port), timeout_s=1)
            try:
                return redis.ask(*words)
            finally:
                redis.close()
        except OSError:
            return None

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Fleet:
    def __init__(self, folder, replicas, environment, address):
        self.folder, self.replicas, self.environment, self.address = folder, replicas, environment, address
        self.groups, self.sentinels = {}, []

    def start(self):
        for group in GROUPS:
            self.start_group(group)
        lines = []
        for group, servers in self.groups.items():
            lines += [f"sentinel monitor {group} {self.address} {servers[0].port} 2", f"sentinel down-after-milliseconds {group} {DOWN_AFTER_MS}",
                      f"sentinel failover-timeout {group} {FAILOVER_TIMEOUT_MS}"]
        for number in range(3):
            self.sentinels.append(Server(self.folder / f"sentinel-{number}", lines, ("--sentinel",), address=self.address))
            self.sentinels[-1].start()
        self.wait(lambda: all(self.knows_all(sentinel.ask("INFO", "sentinel")) for sentinel in self.sentinels))

    def start_group(self, group):
        servers = self.groups[group] = []
        for number in range(self.replicas + 1):
            lines = ['save ""', "appendonly yes", "appendfsync always", "repl-diskless-sync-delay 0", "repl-timeout 5",
                     "repl-ping-replica-period 1", "stream-node-max-bytes 1024"]
            if number:
                lines.append(f"replicaof {self.address} {servers[0].port}")
            servers.append(Server(self.folder / f"{group}-{number}", lines, environment=self.environment, address=self.address))
            servers[-1].start()
        self.wait(lambda: self.has_all_replicas(servers[0]))

    @staticmethod
    def wait(holds, seconds=120):
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise SystemExit("the fleet of Redis servers did not come up")
            time.sleep(0.05)

    def knows_all(self, words):
        return (words or b"").count(b"slaves=%d,sentinels=3" % self.replicas) == len(GROUPS) and words.count(b"status=ok") == len(GROUPS)

    def has_all_replicas(self, server):
        return (server.ask("INFO", "replication") or b"").count(b"state=online") == self.replicas

    def settings(self):
        sentinels = [f"{self.address}:{sentinel.port}" for sentinel in self.sentinels]
        return {group: {"sentinels": sentinels, "master": group} for group in GROUPS}

    def master(self, group):
        """The server that all Sentinels take for the master, and that takes itself for it."""
        ports = set()
        for sentinel in self.sentinels:
            place = sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", group)
            ports.add(int(place[1]) if place else 0)
        found = [server for server in self.groups[group] if {server.port} == ports]
        return found[0] if found and b"role:master" in (found[0].ask("INFO", "replication") or b"") else None

    async def another_master(self, group, lost, seconds=30, ordered=False):
        """ordered: Sentinel is asked for it, again and again: it refuses while it takes no replica for good enough."""
        end = time.monotonic() + seconds
        asked = 0
        while time.monotonic() < end:
            if ordered and time.monotonic() - asked > ORDER_AGAIN_S:
                asked = time.monotonic()
                await asyncio.to_thread(self.sentinels[0].ask, "SENTINEL", "FAILOVER", group)
            found = await asyncio.to_thread(self.master, group)
            if found and found is not lost:
                return found
            await asyncio.sleep(0.05)
        raise RuntimeError("no failover in time")

    async def be_whole(self, group, master, seconds=30):
        """Until the replicas follow, and the Sentinels know of them again: so that the next failover can be."""
        end = time.monotonic() + seconds
        while not await asyncio.to_thread(self.has_all_replicas, master):
            if time.monotonic() > end:
                raise RuntimeError("the replicas did not come back in time")
            await asyncio.sleep(0.25)
            master = await asyncio.to_thread(self.master, group) or master  # it may have changed once more
            await asyncio.to_thread(self.lead_back, group, master)
        while time.monotonic() < end:
            known = [await asyncio.to_thread(sentinel.ask, "INFO", "sentinel") for sentinel in self.sentinels]
            if all(self.knows_all(words) for words in known):
                return
            await asyncio.sleep(0.1)

    def lead_back(self, group, master):
        """As an operator would: whoever follows nobody, or somebody who is no master any more, follows the master."""
        for server in self.groups[group]:
            words = server.ask("INFO", "replication") if server is not master else None
            if words is not None and b"master_port:%d\r" % master.port not in words:
                server.ask("REPLICAOF", self.address, master.port)

    def stop(self):
        for server in [*sum(self.groups.values(), []), *self.sentinels]:
            if server.process is not None:
                server.kill()


class Failovers:
    """The faults of a fleet; each ends when the fleet is whole again."""

    def __init__(self, fleet, random):
        self.fleet, self.random = fleet, random

    async def choose(self):
        """A group, mostly the logs', and its master now."""
        group = self.random.choices(GROUPS, [5, 1])[0]
        return group, await self.current(group)

    async def current(self, group):
        while True:
            master = await asyncio.to_thread(self.fleet.master, group)
            if master:
                return master
            await asyncio.sleep(0.05)

    async def kill_master(self):
        group, lost = await self.choose()
        lost.kill()
        master = await self.fleet.another_master(group, lost)
        lost.start("--replicaof", f"{self.fleet.address} {master.port}")
        await self.fleet.be_whole(group, master)

    async def stop_master(self):
        """Held up until another is master; then it goes on as if nothing had been, for a moment as a second master."""
        group, lost = await self.choose()
        lost.process.send_signal(signal.SIGSTOP)
        master = await self.fleet.another_master(group, lost)
        await asyncio.sleep(self.random.uniform(0, 0.5))
        lost.process.send_signal(signal.SIGCONT)
        await asyncio.sleep(self.random.uniform(0.1, 0.5))
        await asyncio.to_thread(lost.ask, "REPLICAOF", self.fleet.address, master.port)
        await self.fleet.be_whole(group, master)

    def others(self, group, master):
        return [server for server in self.fleet.groups[group] if server is not master]

    async def silence_replicas(self):
        """The master is alone with its clients: it must not get an ack out."""
        group, master = await self.choose()
        for server in self.others(group, master):
            server.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self.random.uniform(0.3, 2.5))
        for server in self.others(group, master):
            server.process.send_signal(signal.SIGCONT)
        await self.fleet.be_whole(group, await self.current(group))

    async def cut_off_master(self):
        """The same, and then it is gone, with all that was written while it was alone: none of it was promised."""
        group, lost = await self.choose()
        replicas = self.others(group, lost)
        for server in replicas:
            server.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self.random.uniform(0.3, 1.5))
        lost.kill()
        for server in replicas:
            server.process.send_signal(signal.SIGCONT)
        master = await self.fleet.another_master(group, lost)
        lost.start("--replicaof", f"{self.fleet.address} {master.port}")
        await self.fleet.be_whole(group, master)

    async def order_failover(self):
        group, lost = await self.choose()
        master = await self.fleet.another_master(group, lost, ordered=True)
        await self.fleet.be_whole(group, master)

    async def kill_replica(self):
        group, master = await self.choose()
        lost = self.random.choice(self.others(group, master))
        lost.kill()
        await asyncio.sleep(self.random.uniform(0, 1))
        lost.start("--replicaof", f"{self.fleet.address} {master.port}")
        await self.fleet.be_whole(group, master)
