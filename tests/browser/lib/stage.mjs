// SPDX-License-Identifier: Apache-2.0
// What every story about the widget needs: the built pages (WEFT_WEB: a built folder; else they are built), a
// browser, and for each test a model server and devices of its own.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach } from "node:test";
import { fileURLToPath } from "node:url";
import { ModelServer } from "../../lib/model_server.mjs";
import { PATIENCE_MS, openBrowser, openDevice, openPage } from "./browser.mjs";

const BUILD = fileURLToPath(new URL("../../../broker/web/build.mjs", import.meta.url));

export const GUIDE = { kind: "bot", id: "guide", name: "Guide" };
export const ANNA = { kind: "agent", id: "a1", name: "Anna Berg" };

export class Stage {
    constructor() {
        before(() => this.#open());
        after(() => this.#close());
        beforeEach(async () => {
            this.devices = [];
            this.server = await new ModelServer(this.root).start();
        });
        afterEach(async () => {
            await Promise.all(this.devices.map((one) => one.close()));
            await this.server.stop();
        });
    }

    async #open() {
        this.root = process.env.WEFT_WEB ?? mkdtempSync(join(tmpdir(), "weft-widget-"));
        if (!process.env.WEFT_WEB) {
            const built = spawnSync(process.execPath, [BUILD, this.root], { encoding: "utf8" });
            assert.equal(built.status, 0, built.stderr);
        }
        this.browser = await openBrowser();
    }

    async #close() {
        await this.browser?.close();
        if (!process.env.WEFT_WEB) rmSync(this.root, { recursive: true });
    }

    get broker() {
        return this.server.broker;
    }

    async device(options) {
        const one = await openDevice(this.browser, options);
        one.setDefaultTimeout(PATIENCE_MS);
        this.devices.push(one);
        return one;
    }

    async visit(options, path = "") {
        return openPage(await this.device(options), this.server.url + path);
    }

    // The first anonymous visitor of a test is c1.
    conversation(id = "c1") {
        return this.broker.conversation(id);
    }

    log(id) {
        return this.conversation(id).entries.flatMap((entry) => entry.parts).filter((part) => part.body).map((part) => part.body.text);
    }

    // Until the log is as it should be: what is on the screen may be ahead of it.
    async until(holds) {
        for (const end = Date.now() + PATIENCE_MS; !holds();) {
            if (Date.now() > end) assert.fail("not in time: " + holds);
            await new Promise((resolve) => setTimeout(resolve, 15));
        }
    }

    // Answers as a real one would: a bot asks, offers answers, hands over; an agent takes the chat.
    play() {
        const { broker } = this;
        broker.onMessage = (thread, entry) => {
            const { text } = entry.parts[0].body;
            if (text.includes("parcel")) greet(broker, thread);
            else if (text === "France") handOver(broker, thread);
            else if (text.includes("thank")) takeOver(broker, thread, entry);
        };
    }
}

function greet(broker, thread) {
    broker.append(thread, { kind: "system" }, [{ kind: "case_opened" }, { kind: "owner", owner: "bot", id: "guide", name: "Guide" }]);
    broker.say(thread, GUIDE, { kind: "text", text: "I can look that up. Which country is it going to?" });
    const options = [{ title: "France", value: "fr" }, { title: "Norway", value: "no" }, { title: "Somewhere else" }];
    broker.say(thread, GUIDE, { kind: "quick_replies", text: "Pick one, or just write.", options });
}

function handOver(broker, thread) {
    const text = "Parcel 4711 waits in Lyon since Tuesday: https://example.org/parcels/4711. A colleague can call the depot.";
    broker.say(thread, GUIDE, { kind: "text", text });
    broker.append(thread, { kind: "system" }, [{ kind: "queued", reason: "asked" }]);
    broker.tell(thread, { type: "queue", position: 2, wait_ms: 60_000 });
}

function takeOver(broker, thread, entry) {
    broker.append(thread, { kind: "system" }, [{ kind: "owner", owner: "agent", id: ANNA.id, name: ANNA.name }]);
    broker.tell(thread, { type: "receipts", who: ANNA, delivered: entry.at, read: entry.at });
    broker.say(thread, ANNA, { kind: "text", text: "Good morning! I have the depot on the line: it leaves Lyon today." });
    broker.tell(thread, { type: "typist", who: ANNA, active: true });
}
