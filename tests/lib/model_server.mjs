// SPDX-License-Identifier: Apache-2.0
// The model broker behind a real port: static files under the strict policy that weftd sends, the door for
// anonymous sessions, and WebSockets. `stop` and `start` again on the same port is a server's restart: sockets
// die, the log stays.
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { ModelBroker } from "./model_broker.mjs";

const { WebSocketServer } = createRequire(new URL("../../broker/web/package.json", import.meta.url))("ws");
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; require-trusted-types-for 'script'";
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8" };

export class ModelServer {
    constructor(root, broker = new ModelBroker()) {
        this.root = root;
        this.broker = broker;
        this.port = 0;
        this.contacts = 0;
        this.http = null;
    }

    get url() {
        return `http://127.0.0.1:${this.port}/`;
    }

    async start() {
        this.http = createServer((request, response) => void this.serve(request, response));
        const sockets = new WebSocketServer({ server: this.http, path: "/v1/socket", handleProtocols: (offered) => offered.has("weft.v1.json") && "weft.v1.json" });
        sockets.on("connection", (socket) => this.adopt(socket));
        this.sockets = sockets;
        await new Promise((resolve) => this.http.listen(this.port, "127.0.0.1", resolve));
        this.port = this.http.address().port;
        return this;
    }

    // As a SIGKILL does it: no bye, no close frame.
    async stop() {
        for (const line of [...this.broker.lines]) line.open = false;
        this.broker.lines.clear();
        for (const socket of this.sockets.clients) socket.terminate();
        const closed = new Promise((resolve) => this.http.close(resolve));
        this.http.closeAllConnections();
        await closed;
    }

    /** Whoever is connected is no longer heard, and hears nothing: lines that died without a word. New ones live. */
    deafen() {
        for (const socket of this.sockets.clients) socket.isDeaf = true;
    }

    adopt(socket) {
        const line = this.broker.connect({
            send: (frame) => socket.isDeaf || socket.send(JSON.stringify(frame)),
            close: (code) => (code === 1006 ? socket.terminate() : socket.close(code)),
        });
        socket.on("message", (data) => socket.isDeaf || line.receive(JSON.parse(data)));
        socket.on("close", () => line.end(1006));
    }

    async serve(request, response) {
        const { pathname } = new URL(request.url, this.url);
        if (request.method === "POST" && pathname === "/v1/sessions") return this.session(request, response);
        const path = normalize(pathname.endsWith("/") ? pathname + "index.html" : pathname);
        const content = await readFile(join(this.root, path)).catch(() => null);
        response.writeHead(content ? 200 : 404, {
            "content-type": TYPES[extname(path)] ?? "application/octet-stream", "content-security-policy": POLICY, "cache-control": "no-store",
        });
        response.end(content ?? "");
    }

    async session(request, response) {
        let text = "";
        for await (const piece of request) text += piece;
        const { renewal } = JSON.parse(text);
        const contact = /^renewal\.([\w-]+)$/.exec(renewal ?? "")?.[1] ?? `c${++this.contacts}`;
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify({ token: `token.${contact}`, expires_in_ms: 300_000, conversation: contact, renewal: `renewal.${contact}` }));
    }
}
