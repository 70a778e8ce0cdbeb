# SPDX-License-Identifier: Apache-2.0
"""The servers that a bench compares: weftd, the floor, and the peers.

Each starts in a folder of its own, has a port, the arguments that weft-load needs for it, and the
pids whose time counts. stop() ends what start() began, and nothing else.
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
from processes import end


class Failed(SystemExit):
    """A server or a workload that came to nothing; `weft bench` goes on with the next one."""


# When and how a Redis rewrites its file: for the floor and the peers as for Weft (broker/store/redis_server.c), whose cost has it.
REWRITES = ["--auto-aof-rewrite-percentage", "100", "--auto-aof-rewrite-min-size", "16mb", "--rdbcompression", "no"]


def wait_for(path, seconds=120):
    late = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > late:
            raise Failed(f"bench: {path} did not appear in {seconds} s")
        time.sleep(0.02)


def children(pid):
    """Redis rewrites its file in one. None where the system keeps no list."""
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]
    except FileNotFoundError:
        return []


def ticks_of(pid):
    """Its own, and those of children that it has waited for; 0 for a child that has just gone."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, fields[11:15]))


def cpu_s(pids):
    """What these have used so far, with their children."""
    alive = [child for pid in pids for child in children(pid) if child not in pids]
    return sum(map(ticks_of, [*alive, *pids])) / os.sysconf("SC_CLK_TCK")


def rss_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) * 1024
    return 0


def call(url, token, body):
    request = urllib.request.Request(
        url, data=json.dumps(body).encode(), headers={"Authorization": "Bearer " + token} if token else {})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


class Server:
    """What all have: a folder, processes, and their end."""

    name = ""
    dialect = "plain"
    durability = None  # as the run's

    def __init__(self, options, folder):
        self.options, self.folder = options, folder / self.name
        self.durability = self.durability or options.durability
        self.processes, self.pids, self.port = [], [], 0
        self.folder.mkdir()

    def spawn(self, command, **more):
        process = subprocess.Popen([str(word) for word in command], **more)
        self.processes.append(process)
        return process

    def redis(self):
        path = self.folder / "redis.sock"
        process = self.spawn(
            ["redis-server", "--port", "0", "--unixsocket", path, "--dir", self.folder, "--appendonly", "yes",
             "--appendfsync", self.durability, "--save", "", *REWRITES],
            stdout=subprocess.DEVNULL)
        wait_for(path)
        return process, path

    def load_arguments(self):
        return ["--port", self.port, "--dialect", self.dialect]

    def stop(self):
        end(self.processes)


class Floor(Server):
    name = "floor"

    def start(self):
        redis, path = self.redis()
        command = self.options.floor_cmd or self.options.bin["weft-floor"]
        floor = self.spawn(
            [command, "0", path, self.options.customers, self.options.agents], stdout=subprocess.PIPE, text=True)
        self.port = int(floor.stdout.readline())
        self.pids = [floor.pid, redis.pid]


class Node(Server):
    """A peer written for Node: ws.mjs, socketio.mjs."""

    def start(self):
        redis, path = self.redis()
        peer = self.spawn(
            [os.environ.get("NODE", "node"), HERE / "peers" / f"{self.name}.mjs", path, self.options.customers,
             self.options.agents], stdout=subprocess.PIPE, text=True)
        self.port = int(peer.stdout.readline())
        self.pids = [peer.pid, redis.pid]


class Ws(Node):
    name = "ws"


class SocketIo(Node):
    name = "socketio"
    dialect = "socketio"


class Nats(Server):
    name = "nats"
    dialect = "nats"

    def start(self):
        sync = "always" if self.durability == "always" else "1s"
        config = self.folder / "nats.conf"
        ports = free_ports(2)
        config.write_text(
            f"listen: 127.0.0.1:{ports[0]}\nwebsocket {{ listen: \"127.0.0.1:{ports[1]}\", no_tls: true }}\n"
            f"jetstream {{ store_dir: \"{self.folder}\" }}\nmax_connections: 65536\n", encoding="utf-8")
        binary = shutil.which("nats-server") or "/usr/sbin/nats-server"
        server = self.spawn([binary, "-c", config, "-l", self.folder / "log"])
        self.port, self.pids, self.note = ports[1], [server.pid], f"sync {sync} is not offered by this version"
        self.make_stream(ports[0])

    @staticmethod
    def make_stream(port):
        body = json.dumps({"name": "bench", "subjects": ["m.>"], "storage": "file", "retention": "limits"})
        for _ in range(100):
            try:
                line = socket.create_connection(("127.0.0.1", port), 5)
                break
            except OSError:
                time.sleep(0.05)
        with line:
            text = f"CONNECT {{\"verbose\":false}}\r\nSUB _B 1\r\nPUB $JS.API.STREAM.CREATE.bench _B {len(body)}\r\n{body}\r\n"
            line.sendall(text.encode())
            seen = b""
            while b"stream_create_response" not in seen:
                piece = line.recv(65536)
                if not piece:
                    raise Failed("bench: nats-server hung up")
                seen += piece
            if b'"error"' in seen:
                raise Failed(f"bench: no stream: {seen.decode()}")


class Weft(Server):
    name = "weft"
    processes_wanted = 1

    def start(self):
        config = self.folder / "weftd.yaml"
        limit = 1000000
        config.write_text(
            f"listen: {{port: 0}}\ndata: {self.folder}/data\ndurability: {self.durability}\n"
            f"processes: {self.processes_wanted}\nlog: {{level: warn}}\n"
            f"limits: {{messages_per_min: {limit}, agent_messages_per_min: {limit}, sessions_per_min_per_ip: {limit},"
            f" connections_max: {self.connections_max()}, connections_per_ip_max: 20000, conversations_hot_max: 40000}}\n",
            encoding="utf-8")
        self.config = config
        self.spawn([self.options.bin["weftd"], "--config", config])
        up_path = self.folder / "data/up.json"
        wait_for(up_path)
        up = json.loads(up_path.read_text(encoding="utf-8"))
        self.url, self.port = up["url"], int(up["url"].rsplit(":", 1)[1])
        self.admin = pathlib.Path(up["admin_token_file"]).read_text(encoding="utf-8").strip()
        nodes = [node["pid"] if isinstance(node, dict) else node for node in up.get("nodes", [])]
        self.nodes = nodes or [up["pids"]["weftd"]]
        self.pids = self.nodes + [up["pids"]["redis"]]
        self.people, self.bots = self.new_tenant("people"), None
        codes = [call(f"{self.url}/v1/admin/tenants/{self.people['tenant']}/agents", self.admin, {
            "name": f"Agent {i}", "capacity": self.options.customers // max(self.options.agents, 1) + 1})["code"]
            for i in range(self.options.agents)]
        self.renewals = [{"code": code} for code in codes]
        self.tokens = self.folder / "tokens"

    def connections_max(self):
        """What weftd takes by itself, or what is called: libwebsockets is dearer with more (explanation/libraries.md)."""
        return max(10000, self.options.connections + 1000)

    def new_tenant(self, name):
        return call(f"{self.url}/v1/admin/tenants", self.admin, {"name": name})

    def call_agents(self):
        sessions = [call(f"{self.url}/v1/agents/sessions", "", proof) for proof in self.renewals]
        self.renewals = [{"renewal": session["renewal"]} for session in sessions]
        self.tokens.write_text("".join(session["token"] + "\n" for session in sessions), encoding="utf-8")
        return ["--tokens", self.tokens]

    def call_bots(self):
        if self.bots is None:
            self.bots = self.new_tenant("bots")
            self.new_key(self.bots, "bot")
        return ["--tokens", self.folder / "bot"]

    def new_key(self, tenant, role):
        key = call(f"{self.url}/v1/admin/tenants/{tenant['tenant']}/keys", self.admin, {"role": role, "name": "load"})["key"]
        (self.folder / role).write_text(key + "\n", encoding="utf-8")
        return ["--tokens", self.folder / role]

    def load_arguments(self, workload="chat"):
        tenant = self.people
        more = []
        if workload == "chat":
            more = self.call_agents()
        elif workload == "bots":
            more = self.call_bots()
            tenant = self.bots
        elif workload == "events":
            return ["--port", self.port, *self.new_key(self.new_tenant(workload), "service")]
        elif workload != "idle":
            tenant = self.new_tenant(workload)
        return ["--port", self.port, "--dialect", self.options.codec, "--tenant", tenant["tenant"], "--secret",
                tenant["signing_secret"], *more]


class AlwaysFloor(Floor):
    name = "floor-always"
    durability = "always"


class AlwaysWeft(Weft):
    name = "weft-always"
    durability = "always"


class TwoNodes(Weft):
    name = "weft-two"
    processes_wanted = 2


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
