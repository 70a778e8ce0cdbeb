# SPDX-License-Identifier: Apache-2.0
"""How the cost of one more grows with how many there are: `weft bench --curves`.

Costs are CPU seconds and bytes, not wall times, so a busy machine changes them little. Each curve
goes up through its sizes as long as its share of the time lasts, and where memory and disk suffice:
what a size needs is said before it begins, and looked at while it is filled. What was not reached
is said, and the run ends with 1. A curve is flat when its last size costs at most twice its
cheapest one.
"""
import argparse
import concurrent.futures
import http.client
import json
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from servers import Failed, Weft, call, cpu_s, rss_bytes

GB = 1 << 30
MEMORY_LEFT, DISK_LEFT = int(1.5 * GB), 2 * GB
BATCH, POSTERS, LOOK_EVERY = 128, 4, 100
CHUNK = 8192  # contacts that get their entries round by round before the next ones are born
COLD = 4000
PROGRESS_S = 30
REFUSED_S_MAX, REWRITE_S_MAX = 60, 600
CONNECTIONS_MAX = 19000


def settles_s(size):
    """What rests is put away a thousand a second, and given back to the system after the last."""
    return 8 + min(size, 40000) / 900


class Short(Failed):
    """Memory or disk does not suffice, or a store took no more."""


def memory_left():
    text = pathlib.Path("/proc/meminfo").read_text(encoding="utf-8")
    return int(re.search(r"MemAvailable:\s+(\d+)", text)[1]) * 1024


def disk_left():
    return shutil.disk_usage(tempfile.gettempdir()).free


def check_left(what, memory=0, disk=0):
    """memory, disk: what is needed beside what is left for the others."""
    for name, left, needed in (("memory", memory_left(), memory + MEMORY_LEFT), ("disk", disk_left(), disk + DISK_LEFT)):
        if left < needed:
            raise Short(f"{what}: {needed / GB:.1f} GB of {name} are needed, {left / GB:.1f} GB are left")


class Stage:
    """A weftd for one size."""

    def __init__(self, options):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="weft-curve-"))
        self.server = Weft(argparse.Namespace(**{**vars(options), "connections": CONNECTIONS_MAX}), self.folder)

    def __enter__(self):
        try:
            self.server.start()
        except BaseException:
            self.__exit__()
            raise
        return self.server

    def __exit__(self, *_):
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def load(options, server, workload, *more):
    """Runs weft-load. Returns its figures, the CPU s until it began to measure, and while it did."""
    command = [options.bin["weft-load"], workload, *server.load_arguments(workload), *more]
    begin = cpu_s(server.pids)
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    warm = cpu_s(server.pids)
    line = process.stdout.readline()
    end = cpu_s(server.pids)
    if process.wait() != 0:
        raise Failed(f"weft-load failed, curve {workload}")
    return json.loads(line), warm - begin, end - warm


# ---- the curves: each yields (size, {what: cost}) ------------------------------------------------

def connections(options, size):
    with Stage(options) as server:
        empty = sum(map(rss_bytes, server.nodes))
        command = [options.bin["weft-load"], "idle", *server.load_arguments("idle"), "--customers", size, "--seconds", settles_s(size) + 5]
        begin = cpu_s(server.nodes)
        process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        warm = cpu_s(server.nodes)
        time.sleep(settles_s(size))
        full, before, began = sum(map(rss_bytes, server.nodes)), cpu_s(server.nodes), time.monotonic()
        process.stdout.readline()
        idle = (cpu_s(server.nodes) - before) / (time.monotonic() - began)
        if process.wait() != 0:
            raise Failed("weft-load failed; its reason is above (20,000 descriptors are needed for 19,000 connections)")
        return {"node bytes each": (full - empty) / size, "CPU us to come": (warm - begin) / size * 1e6,
                "CPU us a second each": idle / size * 1e6}


def post_one(line, key, body):
    """Until it is taken: a busy node says later, a store that is full goes on saying so."""
    late = time.monotonic() + REFUSED_S_MAX
    while True:
        line.request("POST", "/v1/events", body, {"Authorization": "Bearer " + key})
        answer = line.getresponse()
        text = answer.read()
        if answer.status == 200:
            return
        if answer.status != 503 or time.monotonic() > late:
            raise Short(f"/v1/events: {answer.status} {text[:200]!r}")
        time.sleep(0.1)


def post_all(server, key, bodies):
    """bodies: an iterator; whoever has posted one takes the next. One that fails, or an interrupt, ends all."""
    lock, over = threading.Lock(), threading.Event()

    def take():
        with lock:
            return None if over.is_set() else next(bodies, None)

    def post():
        line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        try:
            for count, body in enumerate(iter(take, None)):
                if count % LOOK_EVERY == 0:
                    check_left("while filling")
                post_one(line, key, body)
        except (OSError, http.client.HTTPException) as error:
            raise Short(f"/v1/events: {error}") from error
        finally:
            over.set()  # there are no more, or it failed
            line.close()

    with concurrent.futures.ThreadPoolExecutor(POSTERS) as pool:
        try:
            for posted in concurrent.futures.as_completed([pool.submit(post) for _ in range(POSTERS)]):
                posted.result()
        finally:
            over.set()


def batch_of(entry, contacts):
    """One event of each of these contacts."""
    words = "/" + "x" * 150
    return json.dumps({"events": [
        {"contact": f"c{i}", "event": f"e{entry}", "name": "page_viewed",
         "properties": [{"name": "page", "value": words}]} for i in contacts]})


def round_of(entry, contacts):
    for first in range(0, len(contacts), BATCH):
        yield batch_of(entry, contacts[first:first + BATCH])


def bodies_of(entries, size):
    """So many events of each of so many contacts, each an entry of its own: a batch of one contact comes long after the
    one before it. A chunk is born before the chunk before it gets its other events, so each of them finds its contact."""
    chunks = [range(first, min(first + CHUNK, size)) for first in range(0, size, CHUNK)]
    for born, other in zip([*chunks, range(0)], [range(0), *chunks]):
        yield from round_of(0, born)
        for entry in range(1, entries):
            yield from round_of(entry, other)


def told(bodies, count, say):
    """The same, with a word on how far it is."""
    last = time.monotonic()
    for done, body in enumerate(bodies):
        if time.monotonic() - last > PROGRESS_S:
            last = time.monotonic()
            say(f"  filled {done / count:.0%}")
        yield body


def wait_for_rewrite(server):
    """While Redis rewrites its file, its memory is shared with a child, and counted for neither."""
    late = time.monotonic() + REWRITE_S_MAX
    while "aof_rewrite_in_progress:1" in redis_info(server) and time.monotonic() < late:
        time.sleep(0.5)


def redis_info(server):
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(60)
        line.connect(str(server.folder / "data/run/log.sock"))
        line.sendall(b"INFO persistence\r\n")
        return line.recv(65536).decode(errors="replace")


def folder_bytes(folder):
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            pass  # a rewrite has just replaced it
    return total


def stored(options, size):
    """Conversations of ten entries each, all but a few of them at rest. Cold: half of all, at least, were used since, so
    beyond twice the conversations that the node keeps it has to be read. Again: the same ones once more."""
    entries = 10
    with Stage(options) as server:
        tenant = server.new_tenant("stored")
        key = call(f"{server.url}/v1/admin/tenants/{tenant['tenant']}/keys", server.admin,
                   {"role": "service", "name": "filler"})["key"]
        redis_before, node_before = rss_bytes(server.pids[-1]), sum(map(rss_bytes, server.nodes))
        begin = cpu_s(server.pids)
        posts = (entries - 1) * (size // BATCH + 1)  # the birth is the first entry
        post_all(server, key, told(bodies_of(entries - 1, size), posts, options.say))
        filled = cpu_s(server.pids)
        time.sleep(settles_s(size))
        wait_for_rewrite(server)
        costs = {"Redis bytes each": (rss_bytes(server.pids[-1]) - redis_before) / size,
                 "node bytes each": (sum(map(rss_bytes, server.nodes)) - node_before) / size,
                 "disk bytes each": folder_bytes(server.folder) / size,
                 "CPU us an entry": (filled - begin) / (size * entries) * 1e6}
        some = range(0, size // 2, max(size // 2 // COLD, 1))
        for state in ("cold", "again"):
            begin = cpu_s(server.pids)
            post_all(server, key, round_of(state, some))
            costs[f"CPU us for one more, {state}"] = (cpu_s(server.pids) - begin) / len(some) * 1e6
        figures, _, used = load(options, server, "journey", "--customers", 200, "--seconds", 3)
        costs["CPU us for one more, by socket"] = used / max(figures["messages"], 1) * 1e6
        return costs


def entries_of_one(options, size):
    seconds = 3
    with Stage(options) as server:
        empty = rss_bytes(server.pids[-1])
        figures, fill, used = load(options, server, "history", "--customers", 1, "--entries", size, "--seconds", seconds)
        fill -= used / seconds  # it reads pages for a second before it measures
        return {"CPU us an entry": fill / size * 1e6, "CPU us a page of 50": used / max(figures["pages_per_s"] * seconds, 1) * 1e6,
                "Redis bytes an entry": (rss_bytes(server.pids[-1]) - empty) / size}


def route(options, agents, waiting):
    try:
        done = subprocess.run([options.bin["bench_route"], str(agents), "64", str(waiting)], stdout=subprocess.PIPE, text=True,
                              check=True, timeout=600)
    except subprocess.SubprocessError as error:
        raise Failed(str(error)) from error
    found = dict(re.findall(r"^(\w+)\s.*us_per_decide=([\d.]+)", done.stdout, re.M))
    rate = dict(re.findall(r"^(\w+)\s.*decisions_per_s=(\d+)", done.stdout, re.M))
    return {"us a decide, steady": float(found.get("steady", 0)), "us a decision, backlog": 1e6 / max(float(rate.get("backlog", 1)), 1)}


# Bytes of memory and of disk that one more of the size needs at most, with room for a fork's copies
# and for the old file beside the new one while Redis rewrites it.
NEEDS = {"connections": (20000, 0), "conversations": (12000, 20000), "entries": (1500, 2500)}
CURVES = {
    "connections": ("idle connections", [1000, 5000, 10000, 19000], connections),
    "conversations": ("conversations stored, 10 entries each", [1000, 10000, 100000, 1000000], stored),
    "entries": ("entries in one conversation", [1000, 10000, 100000, 1000000], entries_of_one),
    "agents": ("agents, 3,000 cases waiting", [100, 1000, 10000], lambda options, size: route(options, size, 3000)),
    "waiting": ("cases waiting, 1,000 agents", [1000, 10000, 100000], lambda options, size: route(options, 1000, size)),
}


# ---- what people read ----------------------------------------------------------------------------

def bar(value, most):
    return "▏▎▍▌▋▊▉█"[min(int(8 * value / most), 7)] if most > 0 else " "


def show(title, rows):
    names = list(rows[0][1])
    print(f"\n{title}\n| {'size':>9} | " + " | ".join(names) + " |\n|" + "---|" * (len(names) + 1))
    for size, costs in rows:
        cells = [f"{costs[name]:,.4g} {bar(costs[name], max(other[name] for _, other in rows))}" for name in names]
        print(f"| {size:>9,} | " + " | ".join(cells) + " |")
    for name in names:
        least, last = min(costs[name] for _, costs in rows), rows[-1][1][name]
        if len(rows) > 1 and least > 0 and last > 2 * least:
            print(f"not flat: {name}, {last / least:.1f} times the least")


def expected_s(rows, took, size):
    """By a straight line through the last two sizes; after the first, twice its time."""
    if len(took) < 2:
        return 2 * took[-1] if took else 0
    slope = (took[-1] - took[-2]) / (rows[-1][0] - rows[-2][0])
    return took[-1] + max(slope, 0) * (size - rows[-1][0])


def measure(name, size, options, say):
    """The costs of one size. Raises Failed when it came to nothing."""
    memory, disk = (size * each for each in NEEDS.get(name, (0, 0)))
    check_left(f"{name}: {size:,}", memory, disk)
    say(f"{name}: {size:,}, with up to {memory / GB:.1f} GB of memory and {disk / GB:.1f} GB of disk")
    return CURVES[name][2](options, size)


def run_one(name, options, say):
    """One curve: its rows, and why it ended before its end, or None."""
    sizes = options.curve_sizes or CURVES[name][1]
    end, rows, took = time.monotonic() + options.curve_seconds, [], []
    for size in sizes:
        expected = expected_s(rows, took, size)
        if time.monotonic() + expected > end:
            return rows, f"{name}: {size:,} would take some {expected:,.0f} s: more than is left of --curve-seconds {options.curve_seconds:g}"
        began = time.monotonic()
        try:
            rows.append((size, measure(name, size, options, say)))
        except Failed as failed:
            return rows, str(failed)
        took.append(time.monotonic() - began)
        say(f"{name}: {size:,} took {took[-1]:,.0f} s")
    return rows, None


def run(options, say):
    """One curve after the other. Returns them as values for JSON; with "ended" where one was not measured to its end."""
    results, options.say = [], say
    for name, (title, _, _) in CURVES.items():
        if options.curves != ["all"] and name not in options.curves:
            continue
        rows, ended = run_one(name, options, say)
        if rows:
            show(title, rows)
        results.append({"curve": name, "rows": [{"size": size, **costs} for size, costs in rows]})
        if ended is not None:
            print(f"NOT REACHED: {ended}")
            results[-1]["ended"] = ended
    return results
