// SPDX-License-Identifier: Apache-2.0
// The gate: what a page must load, in bytes after gzip. A separate process builds, as deploy does.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";

test("the loader weighs at most 1,200 B, the whole widget 15,000 B, what comes when it is needed 8,000 B, for files 4,000 B, for callbacks 2,500 B", () => {
    const out = mkdtempSync(join(tmpdir(), "weft-size-"));
    try {
        const built = spawnSync(process.execPath, [join(WEB, "build.mjs"), out], { encoding: "utf8" });
        assert.equal(built.status, 0, built.stderr);
        const weigh = (name) => {
            const packed = readFileSync(join(out, name + ".gz"));
            assert.deepEqual(gunzipSync(packed), readFileSync(join(out, name)));
            return packed.length;
        };
        const loader = weigh("weft.js");
        const widget = readdirSync(join(out, "assets")).filter((name) => /^widget-.*\.js$/.test(name));
        assert.equal(widget.length, 1);
        const whole = loader + weigh(join("assets", widget[0]));
        const after = (name, by) => {
            const found = readdirSync(join(out, "assets")).filter((one) => one.startsWith(`${name}-`) && one.endsWith(".js"));
            assert.equal(found.length, 1);
            assert.match(readFileSync(join(out, "assets", by), "utf8"), new RegExp(`import\\("\\./${found[0]}"\\)`), "it is loaded by import alone");
            return found[0];
        };
        const rich = after("rich", widget[0]);
        const attach = after("attach", rich);
        const call = after("call", rich);
        const [second, third, fourth] = [rich, attach, call].map((name) => weigh(join("assets", name)));
        console.log(`# loader ${loader} B, whole ${whole} B, second load ${second} B, third ${third} B, fourth ${fourth} B`);
        assert.ok(fourth <= 2_500, `fourth load ${fourth} B`);
        assert.ok(third <= 4_000, `third load ${third} B`);
        assert.ok(second <= 8_000, `second load ${second} B`);
        assert.ok(loader <= 1_200, `loader ${loader} B`);
        assert.ok(whole <= 15_000, `whole ${whole} B`);
    } finally {
        rmSync(out, { recursive: true });
    }
});
