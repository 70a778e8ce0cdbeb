// SPDX-License-Identifier: Apache-2.0
// A session of the integration tests ends its waits by itself, and says what it waited for.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, test } from "node:test";
import { enter } from "../../lib/session.mjs";

const silent = createServer(() => {}); // takes the line, and never says a word
await new Promise((done) => silent.listen(0, "127.0.0.1", done));
const url = `ws://127.0.0.1:${silent.address().port}/v1/socket`;

after(() => silent.close());

test("what never comes is given up, with the question and what came last", { timeout: 60_000 }, async () => {
    const taken = once(silent, "connection"), session = enter(url, "token"), [line] = await taken;
    await assert.rejects(session.until(({ type }) => type === "welcome", 20), /nothing came that fits .*"welcome".*last came nothing/);
    line.destroy();
    const closed = await session.until(({ type }) => type === "closed");
    await assert.rejects(session.until(({ type }) => type === "ack", 20), new RegExp(`last came .*"code":${closed.code}`));
});
