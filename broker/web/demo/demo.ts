// SPDX-License-Identifier: Apache-2.0
// What a brand's own page does: it boots the widget for its tenant. Where the customer has an account, the
// brand's server signs a token for them and the page hands it over. This page has no server of its own, so it
// takes such a signed token from its address (`#token=…`), which never reaches any server's log.
import type { Weft } from "../widget/options.ts";

type Command = Weft & { q?: unknown[] };
const page = window as unknown as { Weft?: Command };
if (!page.Weft) {
    const queue: unknown[] = [];
    page.Weft = Object.assign((...call: unknown[]) => void queue.push(call), { q: queue }) as unknown as Command;
}

const KEY = "demo:token";
const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname + location.search);
}
const token = sessionStorage.getItem(KEY);

page.Weft("boot", {
    tenant: "demo", name: "Fjord & Fell", greeting: "Hello! What can we do for you?",
    ...(token ? { token: async () => token } : {}),
});
document.getElementById("ask")!.addEventListener("click", () => page.Weft!("show"));
