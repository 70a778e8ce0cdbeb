// SPDX-License-Identifier: Apache-2.0
// Two weftd with data folders of their own, as on two machines, on the same two Redis servers: they are one Weft, and
// what is left of it when one of them goes.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { contactToken } from "../../../docs/reference/examples/token.mjs";
import { startFleet } from "../../lib/redis_fleet.mjs";
import { enterWhere, hasText, say } from "../../lib/session.mjs";
import { startWeftd, WEFT } from "../../lib/weftd.mjs";

let fleet, settings, here, there;

before(async () => {
    fleet = await startFleet({ log: 0, keys: 0 }, 0);
    const server = (name) => ({ host: "127.0.0.1", port: fleet.groups[name].servers[0].port });
    settings = { bots: [], timeouts: { presence_grace_ms: 60_000 }, redis: { log: server("log"), keys: server("keys") } };
    here = await startWeftd(settings);
    there = await startWeftd({ ...settings, processes: 2 }, { masterKeyOf: here });
});
after(async () => {
    for (const one of [there, here, fleet]) await one?.stop();
});

async function makeAgent(host, tenant, name) {
    const { code } = await host.admin("POST", `/v1/admin/tenants/${tenant}/agents`, { name });
    const answer = await fetch(`${host.url}/v1/agents/sessions`, { method: "POST", body: JSON.stringify({ code }) });
    return (await answer.json()).token;
}

const enterAt = (host, token) => enterWhere(host.wsUrl, token, () => true);

test("a customer of one host and an agent of the other; then one host is gone", async () => {
    const { tenant, signing_secret: secret } = await here.admin("POST", "/v1/admin/tenants", { name: "Two hosts" });
    const ada = () => contactToken(secret, tenant, "crm-1", "Ada");
    const token = await makeAgent(here, tenant, "Anna"); // made here, at work there
    const agent = await enterAt(there, token);
    await agent.ask({ type: "set_presence", status: "online" });
    const customer = await enterAt(here, ada());
    assert.notEqual(customer.welcome.node, agent.welcome.node);
    await say(customer, "Hello");
    const { conversation } = customer.welcome;
    const { offer } = await agent.until(({ type }) => type === "offer");
    await agent.ask({ type: "accept", offer });
    const { owner } = await agent.until(({ type }) => type === "assigned");
    for (let i = 0; i < 5; i++) {
        await say(agent, `to the customer ${i}`, { owner, conversation });
        await customer.until(hasText(`to the customer ${i}`));
        await say(customer, `to the agent ${i}`);
        await agent.until(hasText(`to the agent ${i}`));
    }
    assert.deepEqual(agent.texts(), customer.texts());

    await there.stop("SIGKILL"); // the whole machine
    there = null;
    const again = await enterAt(here, token);
    assert.equal((await again.until(({ type }) => type === "assigned")).owner, owner);
    await say(again, "from here now", { owner, conversation });
    await customer.until(hasText("from here now"));
    await say(customer, "welcome back");
    await again.until(hasText("welcome back"));
    for (const session of [agent, again, customer]) session.leave();
});

test("a host that comes joins in, and knows who was made before", async () => {
    const { tenant, signing_secret: secret } = await here.admin("POST", "/v1/admin/tenants", { name: "Later" });
    const customer = await enterAt(here, contactToken(secret, tenant, "crm-1", "Ada"));
    await say(customer, "Before it came");
    there = await startWeftd(settings, { masterKeyOf: here });
    const phone = await enterAt(there, contactToken(secret, tenant, "crm-1", "Ada"));
    await phone.until(hasText("Before it came"));
    await say(phone, "After it came");
    await customer.until(hasText("After it came"));
    for (const session of [customer, phone]) session.leave();
});

// Its own data folder makes a master key of its own.
test("a host with another master key is refused at its start, and says why; the right one goes on", async () => {
    const { signing_secret: secret, tenant } = await here.admin("POST", "/v1/admin/tenants", { name: "Safe" });
    const customer = await enterAt(here, contactToken(secret, tenant, "crm-1", "Ada"));
    const refused = await startWeftd({ ...settings, processes: 2 }).then(() => "started", (error) => error.message);
    assert.match(refused, /^weftd ended \(77\)/);
    assert.match(refused, /keys\/master\.key is not the key that these stores were written with: copy it from a host that works/);
    assert.match(refused, / node\.wrong_master_key /);
    await say(customer, "Still here");
    customer.leave();
    await here.restart(); // the right key is right again
});

test("the doctor says which host has the wrong key", () => {
    const grade = () => {
        const found = spawnSync(WEFT, ["doctor", "--config", here.configPath, "--json"], { encoding: "utf8" }).stdout;
        return JSON.parse(found).filter(({ about }) => about === "master key").map((finding) => finding.grade);
    };
    const path = join(here.dataDir, "keys/master.key"), right = readFileSync(path);
    assert.deepEqual(grade(), ["ok"]);
    writeFileSync(path, Buffer.alloc(32, 7));
    assert.deepEqual(grade(), ["fail"]);
    writeFileSync(path, right);
});
