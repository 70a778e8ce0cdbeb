#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures Weft against the floor and against its peers; `weft bench` runs it.

Everything runs on the loopback in a temporary folder that is removed, and ends with the script.
The servers take turns, round by round, in one run: single figures say little on a shared machine, the
ratio of the medians says something, and a run that was disturbed is called invalid.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import curves
import routing
from goals import GOALS, show_goals
from servers import AlwaysFloor, AlwaysWeft, Failed, Floor, Nats, SocketIo, TwoNodes, Weft, Ws, cpu_s, rss_bytes

WORKLOADS = {
    "chat": "customers and agents, 200 bytes either way, as fast as it goes",
    "chat-1000": "the same with 1,000 customer messages a second, whatever the server does",
    "chat-5000": "the same with 5,000",
    "fan-out": "five devices of each contact",
    "bots": "a message and a bot's turn for the answer",
    "two-nodes": "chat with processes: 2, CPU against one node",
    "history": "pages of 50 entries",
    "journey": "steps of the journey, each kept before it is done",
    "events": "the company's servers post batches of 128 of them",
    "accept": "connects with a fresh signed token",
    "tickets": "connects with a resume ticket",
    "storm": "10,000 dropped at once, all come back",
    "idle": "10,000 connections that say nothing",
    **routing.WORKLOADS,
}
HERE = pathlib.Path(__file__).resolve().parent
LOAD = "tests/bench/load"
COMPARED = {"chat", "chat-1000", "chat-5000"}
GENERATOR_SHARE_MAX, STRANGERS_SHARE_MAX = 0.9, 0.1
IDLE_SETTLES_S = 20  # what rests is put away, a thousand a second, and given back to the system


class Help(argparse.HelpFormatter):
    """As the other commands print it."""

    def add_usage(self, usage, actions, groups, prefix=None):
        super().add_usage(usage, actions, groups, prefix or "Usage: ")


def arguments():
    parser = argparse.ArgumentParser(prog="weft bench", formatter_class=Help,
                                     description="Measures Weft against the floor and its peers.")
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD",
                        help="all when absent: " + ", ".join(WORKLOADS))
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--peers", action="store_true", help="Socket.IO, ws + XADD and NATS JetStream as well")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--floor-cmd", type=pathlib.Path, metavar="PATH",
                        help="another floor: PATH 0 REDIS_SOCKET CUSTOMERS AGENTS, prints its port")
    parser.add_argument("--durability", default="everysec", choices=["always", "everysec"])
    parser.add_argument("--codec", default="json", choices=["json", "msgpack"])
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--connections", type=int, default=10000, help="for idle and storm")
    parser.add_argument("--cases", type=int, default=5000, help="for assignments")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--show", action="store_true",
                        help="all that has a goal, with peers and both durabilities, as a table; some ten minutes")
    parser.add_argument("--curves", nargs="*", metavar="CURVE", help="cost as work grows: " + ", ".join(curves.CURVES))
    parser.add_argument("--curve-seconds", type=float, default=300, help="for each curve; what takes longer is left out")
    parser.add_argument("--curve-sizes", nargs="+", type=int, metavar="N", help="these sizes and not the curve's own")
    parser.add_argument("--against", type=pathlib.Path, metavar="FILE",
                        help="a kept result: says which ratios moved by more than a tenth")
    options = parser.parse_args()
    unknown = [name for name in options.workloads if name not in WORKLOADS]
    if unknown:
        parser.error(f"there is no workload '{unknown[0]}'; there are: {', '.join(WORKLOADS)}")
    wrong = [name for name in options.curves or [] if name not in curves.CURVES]
    if wrong:
        parser.error(f"there is no curve '{wrong[0]}'; there are: {', '.join(curves.CURVES)}")
    if options.curves is not None:
        options.curves = options.curves or ["all"]
    options.workloads = options.workloads or list(GOALS if options.show else WORKLOADS)
    options.peers = options.peers or (options.show and "chat" in options.workloads)
    return options


def say(text):
    print(text, file=sys.stderr, flush=True)


# ---- one round -----------------------------------------------------------------------------------

def machine_s():
    fields = pathlib.Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0].split()[1:]
    idle = int(fields[3]) + int(fields[4])
    return (sum(map(int, fields[:8])) - idle) / os.sysconf("SC_CLK_TCK")


def shape(workload, options):
    """What weft-load is told beside the server."""
    people = ["--customers", options.customers]
    if workload.startswith("chat") or workload == "two-nodes":
        rate = workload.partition("-")[2] if workload.startswith("chat-") else "0"
        return "chat", [*people, "--agents", options.agents, "--rate", rate]
    if workload in ("idle", "storm"):
        return workload, ["--customers", options.connections]
    if workload == "fan-out":
        return workload, ["--customers", max(options.customers // 5, 1), "--devices", 5]
    if workload == "history":
        return workload, ["--customers", 8]
    return workload, people


def load(server, workload, options):
    name, more = shape(workload, options)
    given = server.load_arguments(name) if isinstance(server, Weft) else server.load_arguments()
    seconds = options.seconds + IDLE_SETTLES_S if workload == "idle" else options.seconds
    generator = [sys.executable, "-B", HERE / "post_events.py"] if workload == "events" else [options.bin["weft-load"], name]
    command = [*generator, *given, *more, "--seconds", seconds]
    return subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)


def one_round(server, workload, options):
    rss_before = sum(map(rss_bytes, server.nodes)) if workload == "idle" else 0
    process, ready = load(server, workload, options), None
    process.stdout.readline()  # everybody is there, and warm
    if workload == "idle":
        time.sleep(IDLE_SETTLES_S)
        ready = (sum(map(rss_bytes, server.nodes)) - rss_before) / options.connections
    before, machine_before, began = cpu_s(server.pids), machine_s(), time.monotonic()
    line = process.stdout.readline()
    used, machine, wall = cpu_s(server.pids) - before, machine_s() - machine_before, time.monotonic() - began
    if process.wait() != 0:
        raise Failed(f"the generator failed on {server.name}")
    process.stdout.close()
    figures = json.loads(line)
    if figures.get("messages") == 0:
        raise Failed(f"{server.name} delivered nothing")
    strangers = machine - used - figures["generator_cpu_s"]
    figures["cpu_s"] = used
    if figures.get("messages"):
        figures["cpu_s_per_100k"] = used * 1e5 / figures["messages"]
    if ready is not None:
        figures["rss_per_conn"] = ready
        figures["idle_cpu_share"] = used / wall
    figures["invalid"] = [reason for reason, is_so in (
        ("the generator was the bottleneck", figures["generator_share"] > GENERATOR_SHARE_MAX),
        ("the server was too far behind the rate", figures.get("skipped", 0) > 0),
        ("the machine was not quiet", workload != "idle" and strangers > STRANGERS_SHARE_MAX * wall * os.cpu_count() + 1),
    ) if is_so]
    return figures


def round_or_why_not(server, workload, options):
    """What one server does not manage takes the others' figures away from nobody."""
    try:
        return one_round(server, workload, options)
    except Failed as failed:
        say(f"bench: {failed}, workload {workload}")
        return {"invalid": [str(failed)]}


# ---- a workload ----------------------------------------------------------------------------------

def servers_for(workload, options, folder):
    if workload == "two-nodes":
        kinds = [Weft, TwoNodes]
    elif workload in COMPARED:
        kinds = [Floor, Weft, *([Ws, SocketIo, Nats] if options.peers and workload == "chat" else []),
                 *([AlwaysFloor, AlwaysWeft] if options.show and workload == "chat" else [])]
    else:
        kinds = [Weft]
    # Who comes back may be there before the node has heard that they had gone.
    connections = options.connections * (2 if workload == "storm" else 1)
    return [kind(argparse.Namespace(**{**vars(options), "connections": connections}), folder) for kind in kinds]


def median(rounds, name):
    values = [figures[name] for figures in rounds if name in figures]
    return statistics.median(values) if values else None


def part_of(value, other, digits=3):
    """None when one of them was not measured."""
    return None if value is None or other is None else round(value / max(other, 0.001), digits)


def result_of(workload, options, rounds):
    """rounds: figures by the server's name. Ratios are of medians over the rounds of this run."""
    weft = rounds["weft"]
    result = {"workload": workload, "durability": options.durability, "codec": options.codec}
    keys = ("msgs_per_s", "p50_ms", "p99_ms", "p999_ms", "ack_p50_ms", "ack_p99_ms", "cpu_s_per_100k", "rss_per_conn",
            "idle_cpu_share", "connects_per_s", "resumes_per_s", "storm_s", "lost", "doubled", "pages_per_s")
    for key in keys:
        if median(weft, key) is not None:
            result[key] = round(median(weft, key), 3)
    if "floor" in rounds:
        floor = rounds["floor"]
        for key in ("msgs_per_s", "p99_ms", "cpu_s_per_100k"):
            result["floor_" + key] = part_of(median(floor, key), 1)
        result["ratio_to_floor"] = part_of(result.get("msgs_per_s"), result["floor_msgs_per_s"])
        result["p99_to_floor"] = part_of(result.get("p99_ms"), result["floor_p99_ms"])
    if "weft-two" in rounds:
        result["cpu_to_one_node"] = part_of(median(rounds["weft-two"], "cpu_s_per_100k"), result.get("cpu_s_per_100k"))
    if "weft-always" in rounds:
        always = median(rounds["weft-always"], "msgs_per_s")
        result["always_to_floor"] = part_of(always, median(rounds["floor-always"], "msgs_per_s"))
        result["always_to_everysec"] = part_of(always, result.get("msgs_per_s"))
    result["peers"] = {
        name: {"msgs_per_s": median(figures, "msgs_per_s"), "p99_ms": median(figures, "p99_ms"),
               "cpu_s_per_100k": part_of(median(figures, "cpu_s_per_100k"), 1),
               "weft_is_times": part_of(result.get("msgs_per_s"), median(figures, "msgs_per_s"), 2)}
        for name, figures in rounds.items()
        if name in ("ws", "socketio", "nats") and median(figures, "msgs_per_s") and result.get("msgs_per_s")}
    spread = [figures["msgs_per_s"] for figures in weft if "msgs_per_s" in figures]
    result["spread"] = round((max(spread) - min(spread)) / max(statistics.median(spread), 1), 3) if spread else None
    result["invalid"] = sorted({reason for figures in rounds.values() for each in figures for reason in each["invalid"]})
    return result


def measure(workload, options):
    if workload in routing.WORKLOADS:
        return routing.measure(workload, options, say)
    if workload == "idle":  # what one round leaves in the allocator would flatter the next
        return result_of(workload, options, merged(measure_rounds(workload, options, 1) for _ in range(options.rounds)))
    return result_of(workload, options, measure_rounds(workload, options, options.rounds))


def measured_or_why_not(workload, options):
    try:
        return measure(workload, options)
    except Failed as failed:
        say(str(failed))
        return {"workload": workload, "peers": {}, "invalid": [str(failed)]}


def merged(parts):
    whole = {}
    for part in parts:
        for name, rounds in part.items():
            whole.setdefault(name, []).extend(rounds)
    return whole


def measure_rounds(workload, options, count):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="weft-bench-"))
    servers = servers_for(workload, options, folder)
    rounds = {server.name: [] for server in servers}
    try:
        for server in servers:
            server.start()
        for number in range(count):
            for server in servers:
                say(f"{workload}: round {number + 1} of {count}, {server.name}")
                rounds[server.name].append(round_or_why_not(server, workload, options))
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return rounds


# ---- what people read ----------------------------------------------------------------------------

UNITS = {"msgs_per_s": "messages/s", "ratio_to_floor": "of the floor", "p50_ms": "ms p50", "p99_ms": "ms p99",
         "p99_to_floor": "x the floor's p99", "cpu_s_per_100k": "CPU s per 100k", "rss_per_conn": "bytes a connection",
         "idle_cpu_share": "of a core", "connects_per_s": "connects/s", "resumes_per_s": "resumes/s", "storm_s": "s in all",
         "lost": "lost", "doubled": "doubled", "pages_per_s": "pages/s",
         "assignments_per_s": "assignments/s", "offer_p50_ms": "ms p50 to the offer", "offer_p99_ms": "ms p99 to the offer",
         "utilisation": "of the capacity used", "cpu_to_one_node": "x the CPU of one node"}


def show(result):
    figures = [f"{result[key]:,g} {unit}" for key, unit in UNITS.items() if result.get(key) is not None]
    print(f"{result['workload']:<10} {', '.join(figures)}")
    for name, peer in result["peers"].items():
        print(f"{'':<10} {peer['weft_is_times']:g} times {name} ({peer['msgs_per_s']:,g} messages/s, p99 {peer['p99_ms']:g} ms)")
    for reason in result["invalid"]:
        print(f"{'':<10} INVALID: {reason}")


def compare(results, path):
    """Says which ratios moved against a kept result. Returns whether any did."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    kept = {result["workload"]: result for result in stored.get("results", [stored])}
    moved = False
    for result in results:
        old_result = kept.get(result["workload"], {})
        for key in ("ratio_to_floor", "always_to_floor", "always_to_everysec", "p99_to_floor", "cpu_to_one_node"):
            old, new = old_result.get(key), result.get(key)
            if old and new and abs(new / old - 1) > 0.1:
                moved = True
                print(f"moved: {result['workload']} {key} {old:g} -> {new:g}")
    return moved


def install_peers():
    folder = HERE / "peers"
    if not (folder / "node_modules").is_dir():
        say("installing the peers")
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"], cwd=folder, check=True)
    if not (shutil.which("nats-server") or pathlib.Path("/usr/sbin/nats-server").exists()):
        raise SystemExit("bench: nats-server is missing; apt-get install nats-server")


def build(options):
    """The generator, the floor and what the curves want, beside the weftd that is measured."""
    names = ["weft-load", "weft-floor"] + (["bench_route"] if {"all", "agents", "waiting"} & set(options.curves or []) else [])
    done = subprocess.run(["ninja", "-C", options.build, *(f"{LOAD}/{name}" for name in names)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bench: the load generator could not be built:\n{(done.stdout + done.stderr)[-2000:]}")
    options.bin = {"weftd": options.build / "broker/weftd"} | {name: options.build / LOAD / name for name in names}


def end_by_signal(number, _frame):
    raise SystemExit(128 + number)  # what was started is ended, and the folders go, on the way out


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, end_by_signal)
    if options.peers:
        install_peers()
    build(options)
    if options.curves:
        grown = curves.run(options, say)
        if options.json:
            print(json.dumps({"curves": grown}))
        raise SystemExit(1 if any("ended" in curve for curve in grown) else 0)
    results = []
    for workload in options.workloads:
        results.append(measured_or_why_not(workload, options))
        show(results[-1])
    if options.show:
        show_goals(results)
    moved = options.against is not None and compare(results, options.against)
    if options.json:
        print(json.dumps(results[0] if len(results) == 1 else {"results": results}))
    raise SystemExit(1 if moved or any(result["invalid"] for result in results) else 0)


if __name__ == "__main__":
    main()
