# SPDX-License-Identifier: Apache-2.0
"""A second host in a network of its own, joined to ours by two wires that can be parted: one to Redis, one to its clients.

All of it lies in a network namespace that the torture makes for itself, and vanishes with it; the machine's own network is
not touched. A wire that is parted swallows packets and says nothing, as a switch that died. Where no namespace may be made
the host is left out.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from processes import end

IS_INSIDE = "WEFT_TORTURE_NETWORK"
STORE, DOOR = "store", "door"
NETWORKS = {STORE: "10.213.1", DOOR: "10.213.2"}  # ours is .1, the other host's .2


def enter_own_network():
    """Begins this program anew in a network namespace; comes back where that is not allowed, and inside."""
    if os.environ.get(IS_INSIDE) or not all(map(shutil.which, ("ip", "nsenter", "unshare"))):
        return
    trial = "ip link add trial-br type bridge && ip link add trial-a type veth peer name trial-b"
    if subprocess.run(["unshare", "--net", "sh", "-c", trial], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        return
    os.environ[IS_INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--net", "--", sys.executable, "-B", *sys.argv])


def is_own_network():
    return IS_INSIDE in os.environ


def ip(*words):
    subprocess.run(["ip", *words], check=True, stdout=subprocess.DEVNULL)


class Island:
    """The other host: its network, and the weftd in it."""

    def __init__(self, folder):
        self.data = folder / "data-far"
        self.log_path = folder / "weftd-far.log"
        self.config = folder / "weftd-far.yaml"
        self.process = self.log = None
        ip("link", "set", "lo", "up")
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self.await_namespace()
        self.inside = ["nsenter", "--target", str(self.holder.pid), "--net", "--"]
        subprocess.run([*self.inside, "ip", "link", "set", "lo", "up"], check=True)
        for name, network in NETWORKS.items():
            self.lay(name, network)

    @property
    def store_address(self):
        """Where our Redis servers are for both hosts."""
        return NETWORKS[STORE] + ".1"

    def await_namespace(self):
        ours = os.readlink("/proc/self/ns/net")
        late = time.monotonic() + 60
        while os.readlink(f"/proc/{self.holder.pid}/ns/net") == ours:
            if time.monotonic() > late:
                raise SystemExit("no network namespace came to be")
            time.sleep(0.01)

    def lay(self, name, network):
        ip("link", "add", f"br-{name}", "type", "bridge")
        ip("addr", "add", f"{network}.1/24", "dev", f"br-{name}")
        ip("link", "set", f"br-{name}", "up")
        ip("link", "add", f"{name}-here", "type", "veth", "peer", "name", f"{name}-far", "netns", str(self.holder.pid))
        self.join(name)
        ip("link", "set", f"{name}-here", "up")
        for words in (["addr", "add", f"{network}.2/24", "dev", f"{name}-far"], ["link", "set", f"{name}-far", "up"]):
            subprocess.run([*self.inside, "ip", *words], check=True)

    def part(self, name):
        ip("link", "set", f"{name}-here", "nomaster")

    def join(self, name):
        ip("link", "set", f"{name}-here", "master", f"br-{name}")

    def start(self, binary, settings, master_key, environment):
        """A weftd like the other, with the same store and the same master key; returns its address."""
        keys = self.data / "keys"
        keys.mkdir(mode=0o700, parents=True)
        self.data.chmod(0o700)
        shutil.copy2(master_key, keys / master_key.name)
        listen = {"address": NETWORKS[DOOR] + ".2", "port": 0}
        self.config.write_text(json.dumps({**settings, "data": str(self.data), "listen": listen}), encoding="utf-8")
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen([*self.inside, binary, "--config", self.config], stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, env=environment)
        late = time.monotonic() + 120
        while not (self.data / "up.json").exists():
            if self.process.poll() is not None or time.monotonic() > late:
                raise SystemExit("the other host's weftd did not start:\n" + self.log_path.read_text(encoding="utf-8", errors="replace")[-3000:])
            time.sleep(0.02)
        url = json.loads((self.data / "up.json").read_text(encoding="utf-8"))["url"]
        return (listen["address"], int(url.rsplit(":", 1)[1]))

    def stop(self):
        for name in NETWORKS:
            self.join(name)
        end([self.process] if self.process else [])
        self.holder.kill()
        self.holder.wait()
        if self.log:
            self.log.close()
