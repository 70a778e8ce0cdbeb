# SPDX-License-Identifier: Apache-2.0
"""What Weft is meant to reach, and how far a run has come: `weft bench --show` prints it.

Each goal is of a workload: a sentence, how it is read from the result, the target, the stretch, and
whether more is better. Ratios are of medians over the rounds of one run, servers taking turns.
"""


def peer(name):
    return lambda result: result["peers"].get(name, {}).get("weft_is_times")


def field(name):
    return lambda result: result.get(name)


def lost_or_doubled(result):
    return result["lost"] + result["doubled"] if "lost" in result else None


GOALS = {
    "chat": [
        ("messages/s, of the floor, everysec", field("ratio_to_floor"), 0.6, 0.8, True),
        ("messages/s, of the floor, both at always", field("always_to_floor"), 0.6, 0.8, True),
        ("times Socket.IO + Redis Streams", peer("socketio"), 5, 7, True),
        ("times ws + XADD", peer("ws"), 2, 2.8, True),
        ("times NATS JetStream", peer("nats"), 1.1, 1.5, True),
        ("CPU s per 100k messages, broker + Redis", field("cpu_s_per_100k"), 3.4, 2.6, False),
        ("fsync always against own everysec", field("always_to_everysec"), 0.7, 0.85, True)],
    "chat-1000": [("p99 at 1,000 customer messages/s, times the floor's", field("p99_to_floor"), 2, 1.5, False)],
    "chat-5000": [("p99 at 5,000 customer messages/s, times the floor's", field("p99_to_floor"), 2, 1.5, False)],
    "idle": [("bytes of the node per idle authenticated connection", field("rss_per_conn"), 3072, 1536, False)],
    "accept": [("connects/s, fresh signed token", field("connects_per_s"), 6000, 8000, True)],
    "tickets": [("connects/s, resume ticket", field("connects_per_s"), 10000, 14000, True)],
    "two-nodes": [("CPU a message of two nodes, times one node's", field("cpu_to_one_node"), 1.6, 1.3, False)],
    "storm": [("resumes/s", field("resumes_per_s"), 5000, 8000, True),
              ("entries lost or doubled in the storm", lost_or_doubled, 0, 0, False)],
}


def verdict(value, target, stretch, more_is_better):
    def reaches(limit):
        return value >= limit if more_is_better else value <= limit
    if reaches(target):
        return "met, and the stretch" if reaches(stretch) else "met"
    return f"missed by {abs(value / target - 1):.0%}" if target else "missed"


def short(value):
    return f"{value:,.4g}" if value < 1000 else f"{value:,.0f}"


def show_goals(results):
    """A line for each goal of these workloads, whether it came to a figure or not."""
    print("\n| goal | target | stretch | measured | of the target | |\n|---|---|---|---|---|---|")
    for result in results:
        for sentence, read, target, stretch, more_is_better in GOALS.get(result["workload"], []):
            value = read(result)
            cells = ["-", "-", "not measured"] if value is None else [
                short(value), f"{value / target:.2f}" if target else "-", verdict(value, target, stretch, more_is_better)]
            note = " (INVALID: " + ", ".join(result["invalid"]) + ")" if result["invalid"] else ""
            print(f"| {sentence} | {'>=' if more_is_better else '<='} {target:,g} | {stretch:,g} | {' | '.join(cells)}{note} |")
