# SPDX-License-Identifier: Apache-2.0
"""The Weft under torture: a folder of its own, real processes, killed by their ids and only those that it started."""
import asyncio
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import wire
from fleet import Fleet
from partition import Island, is_own_network

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from processes import end

CRASH_PATIENCE_S = 120


class Ballast:
    """A small file system of its own for the data, so that it can be filled up. Not there where mounting is not allowed."""

    def __init__(self, folder, mib):
        self.folder = folder
        self.is_there = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0700", "weft-torture", folder],
            stderr=subprocess.DEVNULL, check=False).returncode == 0

    def fill(self):
        """Takes all the room that is left."""
        room = os.statvfs(self.folder)
        file = os.open(self.folder / "ballast", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(file, 0, room.f_bavail * room.f_frsize)
            while True:
                os.write(file, b"\0" * 4096)
        except OSError:
            pass
        finally:
            os.close(file)

    def clear(self):
        (self.folder / "ballast").unlink(missing_ok=True)

    def remove(self, is_kept):
        """Leaves nothing mounted; what is to be kept is copied to where it was."""
        if not self.is_there:
            return
        self.clear()
        aside = self.folder.with_name("data-kept")
        if is_kept:
            subprocess.run(["cp", "-a", self.folder, aside], check=False)
        subprocess.run(["umount", "-l", self.folder], check=False)
        if is_kept:
            self.folder.rmdir()
            aside.rename(self.folder)


class Stage:
    def __init__(self, build, options):
        self.build, self.options = build, options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weft-torture-"))
        self.data = self.folder / "data"
        self.data.mkdir(mode=0o700)
        self.ballast = Ballast(self.data, options.disk_mib)
        self.log = open(self.folder / "weftd.log", "ab")
        self.delay = self.folder / "fsync_ms"
        self.delay.write_bytes(b"\0" * 8)
        self.process = None
        self.island = Island(self.folder) if options.replicas and is_own_network() else None
        where = self.island.store_address if self.island else "127.0.0.1"
        self.fleet = Fleet(self.folder, options.replicas, self.environment(), where) if options.replicas else None
        self.far_address = None
        self.token = None

    # ---- beginning and end ----------------------------------------------------------------------------------------
    def settings(self):
        many = 1_000_000
        more = {"replicas": self.options.replicas, "redis": self.fleet.settings()} if self.fleet else {}
        return {
            **more,
            "data": str(self.data), "listen": {"address": "127.0.0.1", "port": 0}, "processes": self.options.nodes,
            "durability": self.options.durability, "log": {"level": "info"},
            "limits": {"sessions_per_min_per_ip": many, "messages_per_min": many, "agent_messages_per_min": many,
                       "connections_max": 16000, "connections_per_ip_max": 16000},
            "timeouts": {"turn_lease_ms": 2000, "turn_deadline_ms": 8000, "bot_absent_ms": 1500,
                         "presence_grace_ms": 4000},
        }

    def environment(self):
        shim = self.build / "tests/torture/libslow_fsync.so"
        more = {"LD_PRELOAD": str(shim), "SLOW_FSYNC_FILE": str(self.delay)} if shim.exists() and not is_sanitized(self.build) else {}
        return {**os.environ, **more}

    def start(self):
        if self.fleet:
            self.fleet.start()
        config = self.folder / "weftd.yaml"
        config.write_text(json.dumps(self.settings()), encoding="utf-8")  # JSON is YAML too
        self.process = subprocess.Popen([self.build / "broker/weftd", "--config", config], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, env=self.environment())
        late = time.monotonic() + CRASH_PATIENCE_S
        while not (self.up() and self.up().get("supervisor") == self.process.pid):
            if self.process.poll() is not None or time.monotonic() > late:
                raise SystemExit("weftd did not start:\n" + self.tail())
            time.sleep(0.02)
        self.token = pathlib.Path(self.up()["admin_token_file"]).read_text(encoding="utf-8").strip()
        if self.island:
            self.far_address = self.island.start(self.build / "broker/weftd", self.settings(), self.data / "keys/master.key", self.environment())

    def stop(self):
        end([self.process] if self.process else [])
        if self.island:
            self.island.stop()
        if self.fleet:
            self.fleet.stop()
        self.log.close()

    def remove(self, is_kept):
        self.ballast.remove(is_kept)
        if not is_kept:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- what is there --------------------------------------------------------------------------------------------
    def up(self):
        try:
            return json.loads((self.data / "up.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def tail(self, lines=30):
        return "\n".join((self.folder / "weftd.log").read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    @property
    def address(self):
        return ("127.0.0.1", int(self.up()["url"].rsplit(":", 1)[1]))

    def nodes(self):
        return [name for name in self.up()["pids"] if name.startswith("weftd")]

    def router(self, tenant):
        """(how often the lead of its pool was taken, by which node last), as Weft's log tells; (0, None) before the first time."""
        found = [int(line.split(" node=")[1].split()[0]) for line in self.log_lines("pool.led") if line.rstrip().endswith(f" tenant={tenant}")]
        return len(found), (f"weftd-{found[-1]}" if found[-1] else "weftd") if found else None

    def log_lines(self, event):
        with open(self.folder / "weftd.log", encoding="utf-8", errors="replace") as lines:
            return [line for line in lines if f" {event} " in line]

    def pid(self, name):
        return self.up()["pids"].get(name, 0)

    def kill(self, name, how=signal.SIGKILL):
        """Only what this Weft's supervisor says it runs; returns whether there was something."""
        pid = self.pid(name)
        if pid <= 0:
            return False
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            return False
        return True

    def slow_fsync(self, milliseconds):
        with open(self.delay, "r+b") as file:
            file.write(milliseconds.to_bytes(8, "little"))

    async def admin(self, method, path, body=None):
        return await wire.insist(self.address, method, path, body, self.token)

    def log_address(self):
        """Of the Redis that holds the logs now."""
        if not self.fleet:
            return self.data / "run/log.sock"
        master = self.fleet.master("log")
        if master is None:
            raise OSError("no master")
        return ("127.0.0.1", master.port)


def is_sanitized(build):
    """The address sanitizer wants to be loaded first."""
    options = build / "meson-info/intro-buildoptions.json"
    if not options.exists():
        return False
    values = {row["name"]: row["value"] for row in json.loads(options.read_text(encoding="utf-8"))}
    return "address" in str(values.get("b_sanitize", ""))


class Workers:
    """Bot workers as processes: killed and started again."""

    def __init__(self, stage, address, tenant, canary, key, count, seed):
        self.stage, self.address, self.tenant, self.canary, self.key, self.seed = stage, address, tenant, canary, key, seed
        self.count = count
        self.processes = {}
        self.lives = 0
        self.files = []

    def start(self):
        for number in range(self.count):
            self.start_one(number)

    def start_one(self, number):
        self.lives += 1
        path = self.stage.folder / f"worker-{number}-{self.lives}.jsonl"
        self.files.append(path)
        process = subprocess.Popen(
            ["/usr/bin/env", "python3", "-B", str(pathlib.Path(__file__).parent / "worker.py"), str(self.address[1]), f"robo/{number}.{self.lives}",
             self.tenant, self.canary, f"{self.seed}-{self.lives}", str(path)], stdin=subprocess.PIPE, stdout=self.stage.log,
            stderr=self.stage.log, text=True)
        process.stdin.write(self.key + "\n")
        process.stdin.flush()
        self.processes[number] = process

    def kill_one(self, random):
        number = random.choice(sorted(self.processes))
        process = self.processes[number]
        process.kill()
        process.wait()
        return number

    def stop(self):
        for process in self.processes.values():
            process.kill()
            process.wait()

    async def start_again(self, number, after_s):
        await asyncio.sleep(after_s)
        self.start_one(number)
