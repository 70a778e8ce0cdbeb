# SPDX-License-Identifier: Apache-2.0
"""The figures of a torture: how much was promised, how long it took to come back, what was found."""
import bisect
import collections

import judge

IS_FAILOVER = {"stop_master", "kill_master", "cut_off_master", "order_failover"}


def percentile(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))] if values else 0


def recoveries(events, faults, left_out=()):
    """Milliseconds from the end of each fault until each device that had, or then said, something was acked; by kind.

    A device that was asleep, or whose line was tampered with, says nothing about the broker and is left out."""
    said, acked, asleep = (collections.defaultdict(list) for _ in range(3))
    for event in events:
        table = {"send": said, "settled": acked, "kept": acked, "asleep": asleep}.get(event["kind"])
        if table is not None and event.get("who") not in left_out:
            table[event["who"]].append(event["t"])
    found = collections.defaultdict(list)
    for fault in faults:
        end = fault["ended"]
        for who, times in said.items():
            # What was in the air at the end, or said in the first quarter of a second after it.
            first = bisect.bisect_left(times, end + 250_000_000)
            back = bisect.bisect_right(acked[who], end)
            in_air = first - back
            nap = bisect.bisect_left(asleep[who], fault["began"] - 5_000_000_000)
            if in_air <= 0 or back >= len(acked[who]) or (nap < len(asleep[who]) and asleep[who][nap] < acked[who][back]):
                continue
            began = max(end, times[first - in_air])
            found[fault["kind"]].append((acked[who][back] - began) / 1e6)
    return found


def figures(events, verdicts, faults, options, extra):
    by_kind = collections.Counter(fault["kind"] for fault in faults)
    times = recoveries(events, faults, extra.pop("left_out"))
    killed = [value for kind, values in times.items() if kind.startswith("kill") and kind not in IS_FAILOVER for value in values]
    failed_over = [value for kind, values in times.items() if kind in IS_FAILOVER for value in values]
    kinds = collections.Counter(event["kind"] for event in events)
    counts = judge.count(verdicts)
    return {
        "acked": len({(event["conversation"], event["lineage"], event["n"]) for event in events if event["kind"] == "settled"}),
        "committed": kinds["committed"], **counts, "resets": kinds["reset"], "erased": kinds["erased"],
        "recovery_ms_p50": round(percentile(killed, 0.5)), "recovery_ms_p99": round(percentile(killed or failed_over, 0.99)),
        "recovery_ms_max": round(max(killed or failed_over, default=0)), "failover_ms_p99": round(percentile(failed_over, 0.99)),
        "faults": len(faults), "faults_by_kind": dict(sorted(by_kind.items())), "nodes": options.nodes,
        "durability": options.durability, "replicas": options.replicas, "seed": options.seed, **extra,
    }, {kind: (len(values), percentile(values, 0.5), percentile(values, 0.99), max(values)) for kind, values in times.items() if values}


def table(result, times):
    lines = [f"{'what':24}{'':>10}"]
    for key in ("seconds", "clients", "nodes", "kills", "faults", "acked", "committed", "entries", "reads", "resets", "erased"):
        lines.append(f"{key:24}{result[key]:>10}")
    for key in ("lost", "duplicated", "disordered", "phantom", "stale_owner_writes", "over_capacity", "crossed", "leaked", "stuck"):
        lines.append(f"{key:24}{result[key]:>10}")
    lines.append("")
    lines.append(f"{'recovery after':24}{'devices':>10}{'p50 ms':>10}{'p99 ms':>10}{'max ms':>10}")
    for kind, (count, middle, late, most) in sorted(times.items()):
        lines.append(f"{kind:24}{count:>10}{middle:>10.0f}{late:>10.0f}{most:>10.0f}")
    return "\n".join(lines)
