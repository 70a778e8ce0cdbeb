// SPDX-License-Identifier: Apache-2.0
// The folder of the files is full: on a small file system of its own, in a mount namespace that only this weftd sees.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, test } from "node:test";
import { peopleOf } from "../../lib/people.mjs";
import { startWeftd } from "../../lib/weftd.mjs";

const MOUNT = ["sh", "-c", 'mkdir -p "$0" && mount -t tmpfs -o size=1m,mode=0700 weft-test "$0" && exec "$@"'];
const SIZE = 300_000;
const own = [["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]]
    .find((words) => spawnSync(words[0], [...words.slice(1), ...MOUNT, "/mnt", "true"]).status === 0);
let weftd;
after(() => weftd?.stop());

test("a full folder takes no more files, keeps what it has, and takes them again when there is room",
    { skip: own ? false : "no mount namespace may be made here" }, async () => {
        weftd = await startWeftd({ bots: [], limits: { upload_bytes_per_contact: 10 * SIZE } },
            { inFront: (data) => [...own, ...MOUNT, join(data, "files")] });
        const { get, makeTenant, upload, visitor } = peopleOf(weftd);
        const tenant = await makeTenant("Own"), ada = await visitor(tenant), eve = await visitor(tenant);
        const first = await upload(ada.token, Buffer.alloc(SIZE, "a"), "name=a.txt");
        assert.equal((await ada.file(first.upload)).type, "ack");
        const taken = [];
        let answer = await upload(eve.token, Buffer.alloc(SIZE, "e"), "name=e.txt");
        for (; answer.status === 201 && taken.length < 5; answer = await upload(eve.token, Buffer.alloc(SIZE, "e"), "name=e.txt"))
            taken.push(answer.upload);
        assert.deepEqual([answer.status, answer.error?.code, answer.error?.retry, taken.length], [507, "store_full", "later", 2]);
        assert.ok(answer.error.retry_after_ms > 0);
        assert.equal((await upload(ada.token, Buffer.alloc(SIZE, "a"))).status, 507, "and nobody else's");

        // Words are kept, as is what was uploaded before; half an upload leaves nothing, so a small file still fits.
        assert.equal((await ada.act({ type: "send", body: { kind: "text", text: "still here" } })).type, "ack");
        assert.equal((await (await get((await ada.shown(first.upload)).url)).text()).length, SIZE);
        assert.equal((await eve.file(taken[0])).type, "ack");
        assert.equal((await upload(ada.token, Buffer.alloc(1000, "s"), "name=s.txt")).status, 201);

        await weftd.admin("DELETE", `/v1/admin/conversations/${eve.conversation}`);
        const again = await upload(ada.token, Buffer.alloc(SIZE, "b"), "name=b.txt");
        assert.equal(again.status, 201);
        assert.equal((await ada.file(again.upload)).type, "ack");
        assert.equal((await (await get((await ada.shown(again.upload)).url)).text())[0], "b");
    });
