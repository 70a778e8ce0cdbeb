// SPDX-License-Identifier: Apache-2.0
// `weft simulate` as a script sees it: one object in the last line, with these very fields; nothing else on a pipe; errors
// are a sentence. Numbers are recomputed here where that is possible.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ROOT, WEFT } from "../../lib/weftd.mjs";

const BANK = join(ROOT, "../shared/data/arrivals/bank_calls_5min.csv"); // 130 real days; not part of the project
const POLICIES = ["weft", "round_robin", "longest_idle", "least_busy", "skill_then_idle"];
let folder, small;

function simulate(...args) {
    const { status, stdout, stderr } = spawnSync(WEFT, ["simulate", ...args], { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } });
    return { code: status, out: stdout, words: stderr };
}

/** The object of the last line, of a run that said nothing else but lines before it. */
function answer(...args) {
    const { code, out, words } = simulate(...args, "--json");
    assert.equal(code, 0, words);
    assert.equal(words, ""); // no progress, no warning: this is a pipe
    assert.ok(!out.includes("\r") && !out.includes("\u001b"));
    const object = JSON.parse(out.trimEnd().split("\n").at(-1));
    assert.ok(out.endsWith("}\n"));
    return object;
}

function isPromised(object, names) {
    for (const field of ["target", "policies", "saved_pct_vs_best_other"]) assert.ok(field in object, field);
    assert.deepEqual(Object.keys(object.policies), names);
    for (const [name, one] of Object.entries(object.policies)) {
        for (const field of ["agents", "agents_ci", "answered", "abandoned", "wait_p95_s"])
            assert.equal(typeof one[field], "number", `${name}.${field}`);
        assert.ok(one.agents > 0 && one.agents_ci >= 0, name);
        assert.ok(one.answered >= object.target.answered && one.answered <= 1, name);
        assert.ok(one.abandoned >= 0 && one.abandoned <= object.target.abandoned_max, name);
        assert.deepEqual([one.waiting_while_free, one.capacity_breaches], [0, 0], name);
    }
}

function hasBestOther({ policies, saved_pct_vs_best_other: saved }) {
    const best = Math.min(...["round_robin", "longest_idle", "least_busy"].filter((name) => name in policies).map((name) => policies[name].agents));
    assert.ok(Math.abs(saved - 100 * (1 - policies.weft.agents / best)) < 1.5, `${saved} of ${policies.weft.agents} and ${best}`);
}

before(() => {
    folder = mkdtempSync(join(tmpdir(), "weft-simulate-"));
    small = join(folder, "small.csv");
    const rows = Array.from({ length: 2 * 36 }, (_, i) => `${Math.floor(i / 36)},${i % 36},${20 + (i % 36)}`);
    writeFileSync(small, ["day,slot_5min,calls", ...rows, ""].join("\n"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("one object with the promised fields, on a file of the test's own", () => {
    const all = answer("--arrivals", small, "--replications", "3");
    isPromised(all, POLICIES);
    assert.deepEqual(all.target, { answered: 0.8, within_s: 20, abandoned_max: 0.03 });
    hasBestOther(all);
    const two = answer("--arrivals", small, "--target", "0.9/30", "--policies", "weft,longest_idle", "--replications", "2");
    isPromised(two, ["weft", "longest_idle"]);
    assert.deepEqual(two.target, { answered: 0.9, within_s: 30, abandoned_max: 0.03 });
    assert.equal(two.best_other, "longest_idle");
    assert.equal(answer("--arrivals", small, "--policies", "weft", "--replications", "1").saved_pct_vs_best_other, null);
});

test("equal seeds, equal bytes; another seed, other customers", () => {
    const run = (seed) => simulate("--arrivals", small, "--policies", "weft,least_busy", "--replications", "2", "--seed", seed, "--json").out;
    assert.equal(run("5"), run("5"));
    assert.notEqual(run("5"), run("6"));
});

test("one object with the promised fields, on a bank's calls", (t) => {
    if (!existsSync(BANK)) return t.skip(`${BANK} is not there`);
    const object = answer("--arrivals", BANK, "--scenario", join(ROOT, "deploy/scenarios/chained.yaml"), "--replications", "2", "--days", "1");
    isPromised(object, POLICIES);
    hasBestOther(object);
    assert.ok(object.policies.weft.agents > 10 && object.policies.weft.agents < 30);
});

test("intervals, a schedule and a picture", () => {
    const svg = join(folder, "day.svg");
    const object = answer("--arrivals", small, "--policies", "weft,least_busy", "--replications", "2", "--intervals", "60", "--shift-hours", "2", "--svg", svg);
    assert.equal(object.shift_hours, 2);
    assert.deepEqual(object.intervals.map(({ from }) => from), ["07:00", "08:00", "09:00"]);
    for (const { agents, scheduled } of object.intervals)
        for (const name of ["weft", "least_busy"]) assert.ok(scheduled[name] >= agents[name], JSON.stringify({ agents, scheduled }));
    for (const { schedule } of Object.values(object.policies)) {
        assert.equal(schedule.agents, schedule.shifts.reduce((sum, { agents }) => sum + agents, 0));
        assert.ok(schedule.answered >= 0.8 && schedule.abandoned <= 0.03);
    }
    const picture = readFileSync(svg, "utf8");
    assert.ok(picture.startsWith("<svg ") && picture.endsWith("</svg>\n"));
    assert.ok(!/nan|inf/i.test(picture.replaceAll("font-family", "")));
    assert.match(picture, /agents by time of day/);
});

test("a table for people", () => {
    const { code, out, words } = simulate("--rate", "120", "--days", "1", "--policies", "weft,round_robin", "--replications", "2", "--intervals", "240");
    assert.equal(code, 0, words);
    assert.match(out, /^weft +\d+\.\d ± /m);
    assert.match(out, /nobody waited while an eligible agent was free, and nobody got more than fits/);
    assert.match(out, /who comes with weft: \d+ from 07:00 to 15:00/);
    assert.match(out, /^11:00 .*█/m);
});

test("--bench ends with the promised fields", () => {
    const object = answer("--bench", "--agents", "200", "--skills", "16", "--waiting", "300");
    for (const field of ["agents", "skills", "waiting", "quality", "dual_gap", "cpu_ms", "decisions_per_s"])
        assert.equal(typeof object[field], "number", field);
    assert.deepEqual([object.agents, object.skills, object.waiting], [200, 16, 300]);
    assert.ok(object.quality >= 0.99 && object.quality <= 1 && Math.abs(1 - object.quality - object.dual_gap) < 1e-5);
});

test("--instance --dump: anyone can recompute the proof", () => {
    const file = join(folder, "instance.json");
    const instance = {
        agents: [{ id: "anna", capacity: 2 }, { id: "bela" }], cases: [{ id: "c1" }, { id: "c2" }, { id: "c3" }, { id: "c4" }],
        values: [[1.2, 0.7], [0.9, null], [0.8, 0.75], [0.3, 0.2]],
    };
    writeFileSync(file, JSON.stringify(instance));
    const dump = answer("--instance", file, "--dump");
    const at = (list, id) => list.findIndex((one) => one.id === id);
    let primal = 0;
    for (const { case: one, agent, value } of dump.assignment) {
        assert.equal(instance.values[at(instance.cases, one)][at(instance.agents, agent)], value);
        primal += value;
    }
    assert.ok(Math.abs(primal - 2.85) < 1e-9); // c1 and c2 to anna, c3 to bela: the best there is
    const price = (i) => dump.prices.find(({ agent }) => agent === instance.agents[i].id).price;
    const profit = (i) => dump.profits.find((one) => one.case === instance.cases[i].id).profit;
    let bound = instance.agents.reduce((sum, { capacity = 1 }, i) => sum + price(i) * capacity, 0);
    instance.cases.forEach((_, i) => { bound += profit(i); });
    instance.values.forEach((row, i) => row.forEach((value, k) => assert.ok(value === null || price(k) + profit(i) >= value - 1e-9)));
    assert.ok(Math.abs(bound - dump.dual) < 1e-9 && bound >= primal - 1e-9);
});

test("what is wrong is said in a sentence, with the line", () => {
    const bad = join(folder, "bad.csv"), scenario = join(folder, "bad.yaml");
    writeFileSync(bad, "day,slot_5min,calls\n0,0,5\n0,1,minus\n");
    writeFileSync(scenario, "patience: {mean_s: -4}\n");
    const cases = [
        [[], 64, /--arrivals FILE or --rate N/],
        [["--arrivals", join(folder, "nothing.csv")], 2, /nothing\.csv: /],
        [["--arrivals", bad], 2, /bad\.csv:3: /],
        [["--arrivals", small, "--scenario", scenario], 2, /bad\.yaml:1: /],
        [["--arrivals", small, "--target", "often"], 64, /--target is such as 0\.8\/20/],
        [["--arrivals", small, "--policies", "weft,weft"], 64, /--policies are different ones of/],
        [["--arrivals", small, "--policies", "best"], 64, /--policies are different ones of/],
        [["--arrivals", small, "--first-day", "9"], 2, /small\.csv: /],
        [["--arrivals", small, "--svg", join(folder, "no/day.svg"), "--replications", "1"], 2, /cannot be written/],
        [["--instance", bad], 2, /bad\.csv: /],
    ];
    for (const [args, code, words] of cases) {
        const run = simulate(...args, "--json");
        assert.equal(run.code, code, `${args}: ${run.words}`);
        assert.match(run.words, words);
        assert.equal(run.out, "", String(args));
    }
});
