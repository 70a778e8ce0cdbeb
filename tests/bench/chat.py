#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The chat workload, weftd against the floor: interleaved rounds in one run, medians, ratios.

usage: chat.py BUILD [--durability always|everysec] [--customers N] [--seconds S] [--rounds R]

BUILD is a release build folder with weftd, chat_load and floor. Everything runs on the loopback in a
temporary folder that is removed, and ends with the script. Single figures say little on a shared
machine: look at the ratio, and at whether the rounds agree.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.request


def arguments():
    parser = argparse.ArgumentParser(description="weftd against the floor")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--durability", default="always", choices=["always", "everysec"])
    parser.add_argument("--customers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def wait_for(path, seconds=20):
    end = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > end:
            raise SystemExit(f"chat.py: {path} did not appear in {seconds} s")
        time.sleep(0.02)


def start_weft(build, folder, durability):
    config = folder / "weftd.yaml"
    config.write_text(
        f"listen: {{port: 0}}\ndata: {folder}/weft\ndurability: {durability}\nlog: {{level: warn}}\n"
        "limits: {messages_per_min: 1000000, connections_max: 4000, connections_per_ip_max: 4000,"
        " conversations_hot_max: 20000}\n", encoding="utf-8")
    process = subprocess.Popen([build / "broker/weftd", "--config", config])
    wait_for(folder / "weft/up.json")
    up = json.loads((folder / "weft/up.json").read_text(encoding="utf-8"))
    token = pathlib.Path(up["admin_token_file"]).read_text(encoding="utf-8").strip()
    request = urllib.request.Request(
        up["url"] + "/v1/admin/tenants", data=b'{"name":"load"}', headers={"Authorization": "Bearer " + token})
    with urllib.request.urlopen(request) as answer:
        tenant = json.load(answer)
    pids = [up["pids"]["weftd"], up["pids"]["redis"]]
    return process, pids, [up["url"].rsplit(":", 1)[1]], [tenant["tenant"], tenant["signing_secret"]]


def start_floor(build, folder, durability):
    (folder / "floor").mkdir()
    socket = folder / "floor/redis.sock"
    redis = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", socket, "--dir", folder / "floor", "--appendonly",
         "yes", "--appendfsync", durability, "--save", ""], stdout=subprocess.DEVNULL)
    wait_for(socket)
    floor = subprocess.Popen([build / "tests/bench/floor", "0", socket], stdout=subprocess.PIPE, text=True)
    return [redis, floor], [floor.pid, redis.pid], [floor.stdout.readline().strip()]


def cpu_s(pids):
    ticks = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def one_round(options, pids, port, credentials):
    before = cpu_s(pids)
    command = [options.build / "tests/bench/chat_load", *port, str(options.customers), str(options.seconds)]
    done = subprocess.run([*command, *credentials], capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout)
    figures["cpu_s_per_100k"] = (cpu_s(pids) - before) / max(figures["messages"], 1) * 1e5
    return figures


def median(rounds, name):
    return statistics.median(figures[name] for figures in rounds)


def main():
    options = arguments()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="weft-bench-"))
    processes = []
    try:
        weft, weft_pids, weft_port, credentials = start_weft(options.build, folder, options.durability)
        processes.append(weft)
        floors, floor_pids, floor_port = start_floor(options.build, folder, options.durability)
        processes.extend(floors)
        rounds = {"floor": [], "weft": []}
        for _ in range(options.rounds):
            rounds["floor"].append(one_round(options, floor_pids, floor_port, []))
            rounds["weft"].append(one_round(options, weft_pids, weft_port, credentials))
        for name, figures in rounds.items():
            print(f"{name:6}" + "".join(
                f"  {key} {median(figures, key):.2f}" for key in ("msgs_per_s", "p50_ms", "p99_ms", "cpu_s_per_100k")))
        ratio = median(rounds["weft"], "msgs_per_s") / median(rounds["floor"], "msgs_per_s")
        print(json.dumps({"workload": "chat", "durability": options.durability,
                          "msgs_per_s": median(rounds["weft"], "msgs_per_s"),
                          "floor_msgs_per_s": median(rounds["floor"], "msgs_per_s"),
                          "ratio_to_floor": round(ratio, 3), "rounds": rounds}))
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
