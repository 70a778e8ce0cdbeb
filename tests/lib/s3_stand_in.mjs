// SPDX-License-Identifier: Apache-2.0
// s3_stand_in.py as a process: `const store = await startStore(); store.tell("fault=503&count=2"); store.stop()`.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const SECRET = "s3cret/with+signs";

export async function startStore() {
    const child = spawn("python3", [fileURLToPath(new URL("s3_stand_in.py", import.meta.url))], { stdio: ["ignore", "pipe", "inherit"] });
    const leave = () => child.kill("SIGKILL");
    process.once("exit", leave);
    const port = await new Promise((done) => child.stdout.once("data", (text) => done(Number(text))));
    const endpoint = `http://127.0.0.1:${port}`;
    return {
        endpoint,
        /** What it holds and was asked, after a command of its control. */
        tell: async (command = "") => (await fetch(`${endpoint}/control?${command}`, { method: "POST" })).json(),
        /** The `files` section of a weftd.yaml. */
        files: (secretFile) => ({ endpoint, region: "eu-test-1", bucket: "attachments", prefix: "weft/", key_id: "WEFTTESTKEY", secret_file: secretFile }),
        stop: () => { process.off("exit", leave); leave(); },
    };
}
