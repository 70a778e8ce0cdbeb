#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""weft bench runs, twice over on the same server, in both codecs, and says what it promises to say.

Nothing is asserted of speed: a run that is called invalid is as good as another here.
Usage: test_bench.py BUILD
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from servers import children, cpu_s

HERE = pathlib.Path(__file__).resolve().parent
FIELDS = {"workload", "msgs_per_s", "floor_msgs_per_s", "ratio_to_floor", "p50_ms", "p99_ms", "cpu_s_per_100k", "peers", "invalid"}
SMALL = ["--rounds", "2", "--seconds", "0.3", "--customers", "20", "--agents", "2", "--connections", "20", "--json"]


def bench(*words):
    done = subprocess.run([sys.executable, "-B", str(HERE / "bench.py"), "--build", sys.argv[1], *SMALL, *words],
                          capture_output=True, text=True, errors="replace", timeout=240, check=False)
    assert done.returncode in (0, 1), f"exit {done.returncode}\n{done.stdout[-1000:]}\n{done.stderr[-3000:]}"
    return json.loads(done.stdout.splitlines()[-1])


def agents_of_an_earlier_round_go_on():
    result = bench("chat")
    assert set(result) >= FIELDS, FIELDS - set(result)
    assert result["msgs_per_s"] > 0 and result["ratio_to_floor"] > 0


def packed_messages_are_answered():
    results = bench("chat", "bots", "--codec", "msgpack")["results"]
    assert all(result["msgs_per_s"] > 0 for result in results), results


def nobody_has_more_unacked_than_is_allowed():
    result = bench("chat-5000", "--agents", "1", "--durability", "always")
    assert "the generator failed on weft" not in result["invalid"], result


def what_is_counted_otherwise_is_counted():
    results = {result["workload"]: result for result in bench("journey", "events", "history", "storm", "tickets")["results"]}
    assert results["journey"]["msgs_per_s"] > 0 and results["events"]["msgs_per_s"] > 0
    assert results["history"]["pages_per_s"] > 0
    assert results["tickets"]["connects_per_s"] > 0
    assert results["storm"]["lost"] == results["storm"]["doubled"] == 0, results["storm"]


def what_moved_is_said():
    with tempfile.TemporaryDirectory() as folder:
        kept = pathlib.Path(folder) / "kept.json"
        kept.write_text(json.dumps({"workload": "chat", "ratio_to_floor": 1000}), encoding="utf-8")
        done = subprocess.run([sys.executable, "-B", str(HERE / "bench.py"), "--build", sys.argv[1], "chat", "--against",
                               str(kept), *SMALL], capture_output=True, text=True, errors="replace", timeout=240, check=False)
        assert done.returncode == 1 and "moved: chat ratio_to_floor 1000 ->" in done.stdout, done.stdout


def curve(*words, of="conversations", **more):
    command = [sys.executable, "-B", str(HERE / "bench.py"), "--build", sys.argv[1], "--curves", of, "--json", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **more)


def a_curve_goes_up_through_its_sizes():
    done = curve("--curve-sizes", "64", "130", "--curve-seconds", "500")
    found = json.loads(done.communicate(timeout=500)[0].splitlines()[-1])["curves"]
    assert done.returncode == 0 and [row["size"] for row in found[0]["rows"]] == [64, 130], found
    assert all(row["disk bytes each"] > 0 and "Redis bytes each" in row for row in found[0]["rows"]), found


def the_routing_core_has_curves():
    done = curve("--curve-sizes", "100", of="agents")
    found = json.loads(done.communicate(timeout=240)[0].splitlines()[-1])["curves"]
    assert done.returncode == 0 and found[0]["rows"][0]["us a decide, steady"] > 0, found


def what_does_not_fit_is_not_begun():
    done = curve("--curve-sizes", "9000000000")
    said = done.communicate(timeout=60)[0]
    assert done.returncode == 1 and "NOT REACHED: conversations: 9,000,000,000:" in said and "GB of memory are needed" in said, said


def who_is_ended_leaves_nothing_behind():
    with tempfile.TemporaryDirectory(prefix="wb-") as folder:
        bench = curve("--curve-sizes", "100000", env={**os.environ, "TMPDIR": folder})
        while not list(pathlib.Path(folder).glob("*/weft/data/up.json")) and bench.poll() is None:
            time.sleep(0.05)
        bench.terminate()
        said = bench.communicate(timeout=240)[0]
        assert bench.returncode == 128 + signal.SIGTERM and not os.listdir(folder), (bench.returncode, said, os.listdir(folder))


def what_a_child_uses_is_counted():
    """Else Redis, as it rewrites its file, is taken for a stranger who disturbs."""
    busy = subprocess.Popen(["sh", "-c", "(while :; do :; done) & echo $!; wait; read -r end"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    child = int(busy.stdout.readline())
    late = time.monotonic() + 60
    while (while_alive := cpu_s([busy.pid])) < 0.5 and time.monotonic() < late:
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    while children(busy.pid):
        time.sleep(0.01)
    afterwards = cpu_s([busy.pid])
    busy.communicate()
    assert while_alive >= 0.5 and afterwards >= while_alive, (while_alive, afterwards)


CASES = [agents_of_an_earlier_round_go_on, packed_messages_are_answered, nobody_has_more_unacked_than_is_allowed,
         what_is_counted_otherwise_is_counted, what_moved_is_said, a_curve_goes_up_through_its_sizes,
         the_routing_core_has_curves, what_does_not_fit_is_not_begun, who_is_ended_leaves_nothing_behind, what_a_child_uses_is_counted]


def main():
    failed = 0
    print(f"1..{len(CASES)}")
    for number, case in enumerate(CASES, 1):
        try:
            case()
            print(f"ok {number} - {case.__name__}", flush=True)
        except (AssertionError, subprocess.TimeoutExpired, KeyError) as error:
            failed += 1
            print(f"not ok {number} - {case.__name__}\n# " + str(error).replace("\n", "\n# "), flush=True)
    raise SystemExit(failed > 0)


if __name__ == "__main__":
    main()
