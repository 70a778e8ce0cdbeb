# SPDX-License-Identifier: Apache-2.0
"""The workloads of routing: a real weftd, its own Redis at fsync `always`, people in one Node process (routing.mjs)."""
import json
import os
import pathlib
import statistics
import subprocess

from servers import Failed

WORKLOADS = {
    "assignments": "a backlog is handed out to agents who come online, every step durable",
    "offers": "1,000 agents at 70 % utilisation: from a message to the offer",
}
HERE = pathlib.Path(__file__).resolve().parent


def one_round(workload, options):
    numbers = [options.cases, 64] if workload == "assignments" else [1000, 0.7, max(options.seconds, 20)]
    command = [os.environ.get("NODE", "node"), HERE / "routing.mjs", workload, *numbers]
    run = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, check=False,
                         env={**os.environ, "WEFT_BUILD": str(options.build.resolve())})
    if run.returncode != 0:
        raise Failed(f"bench: {workload} failed")
    return json.loads(run.stdout.strip().split("\n")[-1])


def measure(workload, options, say):
    """The medians over the rounds."""
    rounds = []
    for number in range(options.rounds):
        say(f"{workload}: round {number + 1} of {options.rounds}")
        rounds.append(one_round(workload, options))
    result = {key: statistics.median(each[key] for each in rounds) if isinstance(value, (int, float)) else value
              for key, value in rounds[0].items()}
    result["invalid"] = sorted({reason for each in rounds for reason in each["invalid"]})
    return {**result, "rounds": len(rounds), "peers": {}}
