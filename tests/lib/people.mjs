// SPDX-License-Identifier: Apache-2.0
// People who attach files, over raw HTTP and a plain socket: for the tests of attachments.
//
//   const people = peopleOf(weftd);
//   const ada = await people.visitor(tenant);          a session, its token, and a socket that has heard welcome
//   const up = await people.upload(ada.token, bytes);  {status, upload, name, type, bytes} or {status, error}
//   await ada.file(up.upload);  (await ada.shown(up.upload)).url
import { connect } from "../../docs/reference/examples/websocket.mjs";

export function peopleOf(weftd) {
    async function door(path, body) {
        return (await fetch(weftd.url + path, { method: "POST", body: JSON.stringify(body) })).json();
    }
    async function makeTenant(name) { return (await weftd.admin("POST", "/v1/admin/tenants", { name })).tenant; }
    async function upload(token, bytes, query = "name=a.png", headers = {}) {
        const answer = await fetch(`${weftd.url}/v1/uploads?${query}`, { method: "POST", body: bytes,
            headers: { Authorization: `Bearer ${token}`, ...headers } });
        return { status: answer.status, ...(await answer.json()) };
    }
    const get = (url) => fetch(weftd.url + url);
    async function agent(tenant, name) {
        const { code } = await weftd.admin("POST", `/v1/admin/tenants/${tenant}/agents`, { name });
        const session = await door("/v1/agents/sessions", { code });
        return { ...session, ...(await enter(session.token)) };
    }
    async function enter(token) {
        const frames = [], hopes = [];
        const put = (frame) => socket.send(JSON.stringify(frame));
        const socket = connect(weftd.wsUrl, "weft.v1.json", {
            open: () => put({ type: "hello", id: "hello", token }),
            message: (text) => { frames.push(JSON.parse(text)); for (const hope of hopes) hope(frames.at(-1)); },
            close: () => {},
        });
        const until = (fits) => new Promise((done) => {
            const found = frames.find(fits);
            if (found) done(found);
            else hopes.push((frame) => fits(frame) && done(frame));
        });
        let count = 0, n = 0;
        const ask = (frame) => { const id = `${++count}`; put({ ...frame, id }); return until((answer) => answer.id === id); };
        const welcome = await until((frame) => frame.id === "hello");
        const act = async (frame) => {
            const answer = await ask({ lineage: welcome.lineage, n: n + 1, ...frame });
            n += answer.type === "ack";
            return answer;
        };
        const file = (id, text = "a.png") => act({ type: "send", body: { kind: "file", text, upload: id } });
        const shown = (id) => until((frame) => frame.type === "entry" && frame.parts.some((part) => part.body?.upload === id))
            .then((frame) => frame.parts.find((part) => part.body?.upload === id).body);
        return { welcome, ask, act, file, shown, until, leave: () => socket.close(1000) };
    }
    async function visitor(tenant) {
        const session = await door("/v1/sessions", { tenant });
        return { ...session, ...(await enter(session.token)) };
    }
    return { agent, door, enter, get, makeTenant, upload, visitor };
}
