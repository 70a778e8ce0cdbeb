#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The workload events: a company's servers post full batches at POST /v1/events, each event of another contact.

    post_events.py --port PORT --tokens FILE --customers N --seconds S

Speaks as weft-load does: a line when it begins to measure, and one with the figures. An event counts
when the answer says that it is kept. FILE holds a service's key.
"""
import argparse
import http.client
import itertools
import json
import pathlib
import resource
import threading
import time

POSTERS, BATCH, WARM_UP_S = 4, 128, 1.0


def cpu_s():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Posters:
    def __init__(self, options):
        self.options = options
        self.key = pathlib.Path(options.tokens).read_text(encoding="utf-8").strip()
        self.numbers = itertools.count()
        self.run = f"{time.time_ns():x}"
        self.begin = self.end = time.monotonic() + 3600  # until it is known
        self.taken, self.errors = [], []

    def body(self):
        first = next(self.numbers) * BATCH
        return json.dumps({"events": [
            {"contact": f"load-{number % self.options.customers}", "event": f"{self.run}-{number}", "name": "page_viewed",
             "properties": [{"name": "page", "value": "/treadmills/warranty"}, {"name": "seconds", "value": "41"}]}
            for number in range(first, first + BATCH)]})

    def post(self):
        line = http.client.HTTPConnection("127.0.0.1", self.options.port, timeout=60)
        while time.monotonic() < self.end:
            body, began = self.body(), time.monotonic()
            line.request("POST", "/v1/events", body, {"Authorization": "Bearer " + self.key})
            answer = line.getresponse()
            said = json.loads(answer.read())
            if answer.status == 503:
                time.sleep(0.05)
            elif answer.status != 200 or said["tracked"] != BATCH:
                raise SystemExit(f"post_events: {answer.status} {said}")
            elif self.begin <= began and time.monotonic() <= self.end:
                self.taken.append(time.monotonic() - began)

    def guarded(self):
        try:
            self.post()
        except (OSError, http.client.HTTPException, SystemExit) as error:
            self.errors.append(error)
            self.end = 0


def figures(taken, seconds, used, wall):
    taken = sorted(taken) or [0]
    parts = {name: round(taken[min(int(len(taken) * part), len(taken) - 1)] * 1e3, 3)
             for name, part in (("p50_ms", 0.5), ("p99_ms", 0.99), ("p999_ms", 0.999))}
    return {"workload": "events", "messages": len(taken) * BATCH, "msgs_per_s": len(taken) * BATCH / seconds, **parts,
            "generator_cpu_s": round(used, 2), "generator_share": round(used / wall, 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tokens", required=True)
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=5)
    posters = Posters(parser.parse_args())
    threads = [threading.Thread(target=posters.guarded) for _ in range(POSTERS)]
    for thread in threads:
        thread.start()
    time.sleep(WARM_UP_S)
    print('{"measuring":true}', flush=True)
    posters.begin, used = time.monotonic(), cpu_s()
    if not posters.errors:
        posters.end = posters.begin + posters.options.seconds
    for thread in threads:
        thread.join()
    if posters.errors:
        raise SystemExit(f"post_events: {posters.errors[0]}")
    wall = time.monotonic() - posters.begin
    print(json.dumps(figures(posters.taken, posters.options.seconds, cpu_s() - used, wall)), flush=True)


if __name__ == "__main__":
    main()
