# SPDX-License-Identifier: Apache-2.0
"""The figures of a torture: how much was promised, how long it took to come back, what was found."""
import collections

import judge
import recovery


def percentile(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))] if values else 0


def is_kill(kind):
    return kind.startswith("kill") and kind not in recovery.IS_FAILOVER


def figures(events, verdicts, faults, options, extra):
    by_kind = collections.Counter(fault["kind"] for fault in faults)
    rows = recovery.recoveries(events, faults, extra.pop("left_out"))
    times = collections.defaultdict(list)
    for row in rows:
        if not row["is_overlapped"]:
            times[row["kind"]].append(row["ms"])
    killed = [value for kind, values in times.items() if is_kill(kind) for value in values]
    failed_over = [value for kind, values in times.items() if kind in recovery.IS_FAILOVER for value in values]
    overlapped = [row["ms"] for row in rows if row["is_overlapped"] and (is_kill(row["kind"]) or row["kind"] in recovery.IS_FAILOVER)]
    kinds = collections.Counter(event["kind"] for event in events)
    counts = judge.count(verdicts)
    return {
        "acked": len({(event["conversation"], event["lineage"], event["n"]) for event in events if event["kind"] == "settled"}),
        "committed": kinds["committed"], **counts, "resets": kinds["reset"], "erased": kinds["erased"],
        "recovery_ms_p50": round(percentile(killed, 0.5)), "recovery_ms_p99": round(percentile(killed or failed_over, 0.99)),
        "recovery_ms_max": round(max(killed or failed_over, default=0)), "failover_ms_p99": round(percentile(failed_over, 0.99)),
        "failover_ms_max": round(max(failed_over, default=0)),
        "overlapped": len(overlapped), "overlapped_ms_max": round(max(overlapped, default=0)),
        "router_ms_max": max((fault["led_again_ms"] for fault in faults if "led_again_ms" in fault), default=0),
        "faults": len(faults), "faults_by_kind": dict(sorted(by_kind.items())), "nodes": options.nodes,
        "durability": options.durability, "replicas": options.replicas, "seed": options.seed, **extra,
        "slowest": recovery.slowest(rows, events, faults),
    }, {kind: (len(values), percentile(values, 0.5), percentile(values, 0.99), max(values)) for kind, values in times.items() if values}


def table(result, times):
    lines = [f"{'what':24}{'':>10}"]
    for key in ("seconds", "clients", "nodes", "kills", "faults", "acked", "committed", "entries", "reads", "resets", "erased"):
        lines.append(f"{key:24}{result[key]:>10}")
    for key in ("lost", "duplicated", "disordered", "phantom", "stale_owner_writes", "undeleted", "over_capacity", "crossed", "leaked", "stuck"):
        lines.append(f"{key:24}{result[key]:>10}")
    lines.append("")
    lines.append(f"{'recovery after':24}{'devices':>10}{'p50 ms':>10}{'p99 ms':>10}{'max ms':>10}")
    for kind, (count, middle, late, most) in sorted(times.items()):
        lines.append(f"{kind:24}{count:>10}{middle:>10.0f}{late:>10.0f}{most:>10.0f}")
    if result["router_ms_max"]:
        lines.append(f"{'another router, at most':24}{'':>10}{'':>10}{'':>10}{result['router_ms_max']:>10}")
    return "\n".join(lines)
