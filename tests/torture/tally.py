# SPDX-License-Identifier: Apache-2.0
"""The figures of a torture: how much was promised, how long it took to come back, what was found."""
import bisect
import collections

import judge

IS_FAILOVER = {"stop_master", "kill_master", "cut_off_master", "order_failover"}


def percentile(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * part))] if values else 0


ANSWERS = {"settled", "kept", "refused", "dropped"}


def answers(events, left_out=()):
    """Of each device the (said, answered) of its words, by the time they were said; a no is an answer, too.

    Words that were never answered are not here: they are `stuck`, or their conversation was erased."""
    found, waiting = collections.defaultdict(list), {}
    for event in events:
        kind, who = event["kind"], event.get("who")
        if who in left_out or not (kind == "send" or kind in ANSWERS):
            continue
        key = (who, event["conversation"], event["lineage"], event["n"])
        if kind == "send":
            waiting[key] = event["t"]
        elif key in waiting:
            found[who].append((waiting.pop(key), event["t"]))
    for rows in found.values():
        rows.sort()
    return found


def recoveries(events, faults, left_out=()):
    """Milliseconds from the end of each fault until each device that had, or then said, something was answered; by kind.

    A device that was asleep, or whose line was tampered with, says nothing about the broker and is left out."""
    asleep, found = collections.defaultdict(list), collections.defaultdict(list)
    for event in events:
        if event["kind"] == "asleep":
            asleep[event["who"]].append(event["t"])
    for who, rows in answers(events, left_out).items():
        for fault in faults:
            end = fault["ended"]
            # What was in the air at the end, or said in the first quarter of a second after it.
            until = bisect.bisect_left(rows, (end + 250_000_000,))
            in_air = [row for row in rows[max(0, until - 64):until] if row[1] > end]
            if not in_air:
                continue
            first = min(in_air, key=lambda row: row[1])
            nap = bisect.bisect_left(asleep[who], fault["began"] - 5_000_000_000)
            if nap == len(asleep[who]) or asleep[who][nap] > first[1]:
                found[fault["kind"]].append((first[1] - max(end, first[0])) / 1e6)
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
        "router_ms_max": max((fault["led_again_ms"] for fault in faults if "led_again_ms" in fault), default=0),
        "faults": len(faults), "faults_by_kind": dict(sorted(by_kind.items())), "nodes": options.nodes,
        "durability": options.durability, "replicas": options.replicas, "seed": options.seed, **extra,
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
