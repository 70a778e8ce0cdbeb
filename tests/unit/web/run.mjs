// SPDX-License-Identifier: Apache-2.0
// The unit tests of the browser's side:  node tests/unit/web/run.mjs  (after `npm ci` in broker/web)
// Checks the types, bundles each *.test.ts for Node (Debian's Node 18 cannot read TypeScript), runs them.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const web = join(here, "../../../broker/web");
const work = mkdtempSync(join(tmpdir(), "weft-web-"));
const run = (command, args, cwd = here) => spawnSync(command, args, { cwd, stdio: "inherit" }).status ?? 1;

function all() {
    const types = run(process.execPath, [join(web, "node_modules/typescript/bin/tsc"), "--noEmit", "-p", web]);
    if (types) return types;
    const tests = readdirSync(here).filter((name) => /\.test\.(ts|mjs)$/.test(name));
    const bundled = run(join(web, "node_modules/@esbuild/linux-x64/bin/esbuild"), [
        ...tests, "--bundle", "--platform=node", "--format=esm", "--target=node18", "--log-level=warning", "--sourcemap=inline",
        "--out-extension:.js=.mjs", `--outdir=${work}`, `--define:WEB=${JSON.stringify(web)}`]);
    if (bundled) return bundled;
    return run(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=tap", ...tests.map((name) => join(work, name.replace(/\.(ts|mjs)$/, ".mjs")))]);
}

const status = all();
rmSync(work, { recursive: true });
process.exit(status);
