// SPDX-License-Identifier: Apache-2.0
// What every story about the desk needs: the built pages (WEFT_WEB: a built folder; else they are built), a browser, and for each
// test a model server, a device, and the page of Anna, who is signed in and online.
//
//   const scenes = new DeskScenes();
//   test("…", () => scenes.play("desk-name", { own: ["c-omar"] }, async ({ page, desk, server, context, clean }) => { … }));
//
// A scene ends with a screenshot of its name, and with no complaint of axe, the console or the security policy.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { PATIENCE_MS, openBrowser, openDevice, openPage, shoot, violations } from "./browser.mjs";
import { stage } from "./desk_stage.mjs";
import { DeskServer } from "./model_desk.mjs";

const BUILD = fileURLToPath(new URL("../../../broker/web/build.mjs", import.meta.url));
export const WIDE = { viewport: { width: 1280, height: 800 } };

export class DeskScenes {
    constructor() {
        before(async () => {
            this.root = process.env.WEFT_WEB ?? mkdtempSync(join(tmpdir(), "weft-desk-"));
            if (!process.env.WEFT_WEB) assert.equal(spawnSync(process.execPath, [BUILD, this.root], { stdio: ["ignore", "ignore", "inherit"] }).status, 0);
            this.browser = await openBrowser();
        });
        after(async () => {
            await this.browser?.close();
            if (!process.env.WEFT_WEB) rmSync(this.root, { recursive: true });
        });
    }

    /** own: Anna's chats. prepare: the world before she comes. but: what the console may complain of. axe: false leaves that check out. */
    async play(name, { own = [], device = WIDE, axe = true, but = /^$/, prepare = () => {} }, play) {
        const server = await new DeskServer(this.root).start();
        stage(server.desk);
        server.desk.agents.get("anna").status = "online";
        await prepare(server.desk);
        for (const conversation of own) server.desk.give("anna", conversation);
        const context = await openDevice(this.browser, device);
        const page = await openPage(context, server.link("anna"));
        page.setDefaultTimeout(PATIENCE_MS);
        const clean = async (part) => {
            await shoot(page, part ? `${name}-${part}` : name);
            if (axe) assert.deepEqual(await violations(page), [], part);
        };
        try {
            await page.waitForSelector(".line-live");
            await play({ page, server, desk: server.desk, context, clean });
            await clean();
            assert.deepEqual(page.complaints.filter((line) => !but.test(line)), []);
        } catch (error) {
            await shoot(page, `${name}-failed`).catch(() => {});
            throw error;
        } finally {
            await context.close();
            await server.stop();
        }
    }
}

/** Waits until the test's own side of the world is as it should be. */
export async function until(what, holds) {
    for (const end = Date.now() + PATIENCE_MS; !holds();) {
        if (Date.now() > end) assert.fail(`not in time: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 15));
    }
}
