// SPDX-License-Identifier: Apache-2.0
// Builds the browser's side into a folder:  node build.mjs OUT
//
//   index.html weft.js weft-module.js desk/index.html    stable names, revalidated
//   assets/<name>-<hash>.js, .css                        named by their content, kept for ever; `rich`, `attach`, `call`: the widget's later loads
//   <file>.gz                                            beside each, for the server to send as it is
//
// Calls esbuild's binary itself: npm 9 cannot install the package that would choose a platform's binary.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const esbuild = join(here, "node_modules/@esbuild/linux-x64/bin/esbuild");
const common = ["--minify", "--charset=utf8", "--legal-comments=none", "--log-level=warning", "--target=es2022,chrome99,firefox101,safari16.4"];

// Members of the widget's own objects, which neither the wire, nor storage, nor a page names: they get short names.
const INNER = "--mangle-props=^(outbox|session|connection|model|typists|redraw|changed|caseKnown|readers|spare|laneId|nextId|newId"
    + "|nameOf|world|threads|apply|queue|enrich|answering|receive|renew|called|lanes|bubble|skew|saveLanes|holdUntil|until|ended|lines)$";

function bundle(args) {
    const run = spawnSync(esbuild, [...common, ...args], { cwd: here, stdio: ["ignore", "inherit", "inherit"] });
    if (run.error) throw run.error;
    if (run.status !== 0) process.exit(run.status ?? 1);
}

const text = (path) => readFileSync(path, "utf8");

function put(out, name, content) {
    const path = join(out, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    const packed = [6, 7, 8, 9].map((memLevel) => gzipSync(content, { level: 9, memLevel })); // where blocks end differs
    writeFileSync(path + ".gz", packed.reduce((best, one) => (one.length < best.length ? one : best)));
}

function hashed(name, extension, content) {
    return `assets/${name}-${createHash("sha256").update(content).digest("hex").slice(0, 10)}.${extension}`;
}

// A script and, where it has one, its style sheet: minified, under names of their content.
function asset(out, work, name, source, extra = []) {
    bundle([source, "--bundle", "--format=esm", `--outfile=${join(work, name + ".js")}`,
        "--loader:.css=text", "--jsx=automatic", "--jsx-import-source=preact", ...extra]);
    const content = text(join(work, name + ".js"));
    const path = hashed(name, "js", content);
    put(out, path, content);
    return path;
}

function style(out, work, name, source) {
    bundle([source, "--bundle", `--outfile=${join(work, name + ".css")}`]);
    const content = text(join(work, name + ".css"));
    const path = hashed(name, "css", content);
    put(out, path, content);
    return path;
}

// A script that another one loads when it needs it.
function later(name, path) {
    return [`--define:${name}="./${basename(path)}"`, `--external:./${basename(path)}`];
}

// A style sheet that a script imports as text: its minified copy takes its place.
function textStyle(work, name, source) {
    const target = join(work, "text", name);
    bundle([source, `--outfile=${target}`]);
    return `--alias:${name}=${target}`;
}

function page(out, name, source, values) {
    let content = text(join(here, source));
    for (const [key, value] of Object.entries(values)) content = content.replaceAll(`{{${key}}}`, value);
    const left = content.match(/\{\{\w+\}\}/);
    if (left) throw new Error(`${source}: nothing for ${left[0]}`);
    put(out, name, content);
}

export function build(target) {
    const out = resolve(target);
    const work = join(out, ".work");
    for (const name of ["assets", "desk", "index.html", "weft.js", "weft-module.js", ".work"]) rmSync(join(out, name), { recursive: true, force: true });
    mkdirSync(work, { recursive: true });

    const sheet = textStyle(work, "widget.css", "widget/widget.css");
    const short = [INNER, `--mangle-cache=${join(work, "names.json")}`]; // the same short names in all loads
    writeFileSync(join(work, "names.json"), "{}");
    const attach = asset(out, work, "attach", "widget/attach.tsx", [...short, textStyle(work, "attach.css", "widget/attach.css")]);
    const call = asset(out, work, "call", "widget/call.tsx", [...short, textStyle(work, "call.css", "widget/call.css")]);
    const rich = asset(out, work, "rich", "widget/rich.tsx", [...short, textStyle(work, "rich.css", "widget/rich.css"), ...later("ATTACH", attach), ...later("CALL", call)]);
    const widget = asset(out, work, "widget", "widget/widget.ts", [...short, sheet, ...later("RICH", rich)]);
    bundle(["widget/loader.ts", "--bundle", "--format=iife", `--define:WIDGET="./${widget}"`, `--outfile=${join(work, "weft.js")}`]);
    put(out, "weft.js", text(join(work, "weft.js")));
    bundle(["widget/entry.ts", "--bundle", "--format=esm", `--define:WIDGET="./${widget}"`, `--outfile=${join(work, "weft-module.js")}`]);
    put(out, "weft-module.js", text(join(work, "weft-module.js")));

    page(out, "index.html", "demo/index.html", {
        script: asset(out, work, "demo", "demo/demo.ts"),
        style: style(out, work, "demo", "demo/demo.css"),
    });
    if (existsSync(join(here, "desk/index.html")))
        page(out, "desk/index.html", "desk/index.html", {
            script: asset(out, work, "desk", "desk/desk.tsx"),
            style: style(out, work, "desk", "desk/desk.css"),
        });
    rmSync(work, { recursive: true, force: true });
    return report(out);
}

function report(out) {
    const names = readdirSync(out, { recursive: true }).map(String).filter((name) => name.endsWith(".gz")).sort();
    return names.map((name) => ({ name: name.slice(0, -3), gz: readFileSync(join(out, name)).length }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    if (process.argv.length !== 3) {
        console.error("usage: node build.mjs OUT");
        process.exit(64);
    }
    for (const file of build(process.argv[2])) console.error(`${String(file.gz).padStart(7)} B gz  ${file.name}`);
}
