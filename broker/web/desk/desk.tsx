// SPDX-License-Identifier: Apache-2.0
// The desk's entry: lets the agent in, ties state, session and views together, and listens to the keyboard.
//
// Keeps: one store, at most one office (a signed-in agent), one drawing per frame. What is on the screen but is
// nobody else's business (the palette, a question, folded packets) is the scene.

import { render } from "preact";
import { App, type Scene } from "./view/app.tsx";
import { AroundContext, type Around } from "./view/context.ts";
import { keysOf, actionOf, DEFAULT_BINDINGS, type ActionName, type Bindings } from "./model/keys.ts";
import { commandsOf } from "./model/commands.ts";
import { fitOf, shownColumns } from "./model/columns.ts";
import { listed } from "./model/select.ts";
import { writable } from "./model/chat.ts";
import type { Desk } from "./model/desk.ts";
import type { Actions } from "./shell/actions.ts";
import { keep, keepColumns, keptColumns } from "./shell/keep.ts";
import { Focus } from "./shell/focus.ts";
import { chime, entitle, OFFER_CHIME, WORDS_CHIME } from "./shell/notice.ts";
import { Office } from "./shell/office.ts";
import { enter, Refused, takeCode, type Entrance } from "./shell/sign_in.ts";
import { Store } from "./shell/store.ts";

const RETRY_MS = 2000;
const NOTICE_MS = 9000;
const MOVES: readonly ActionName[] = ["next_chat", "previous_chat", "next_column"];
const FRESH_MS = 10_000;
const mac = /Mac|iPhone|iPad/.test(navigator.platform);
const root = document.getElementById("desk")!;
const habits = keep.habits();

let office: Office | null = null;
let scene: Scene = {
    palette: false,
    question: null,
    sound: habits.sound,
    packets: new Map(),
    said: "",
    offered: "",
    trouble: false,
    picture: null,
};
let around: Around;
let focusNext: string | null = null;
let expiry: ReturnType<typeof setTimeout> | undefined;
const notAtEnd = new Set<string>();

const store = new Store(draw, onStep);
const focus = new Focus(root, store);

function draw(desk: Desk): void {
    render(
        <AroundContext.Provider value={around}>
            <App desk={desk} scene={scene} />
        </AroundContext.Provider>,
        root,
    );
    if (focusNext !== null && focus.write(focusNext, null)) focusNext = null;
    look();
}

function show(change: Partial<Scene>): void {
    scene = { ...scene, ...change };
    store.redraw();
}

/** For what takes the focus: the next key is meant for it already. */
function showNow(change: Partial<Scene>): void {
    show(change);
    store.drawNow();
}

// ---- what follows from a step ------------------------------------------------------------------------

function onStep(desk: Desk, before: Desk): void {
    entitle(desk);
    if (desk.phase === "signed_in" && desk.columns.opened !== before.columns.opened) keepColumns(desk.columns.opened);
    if (desk.offers !== before.offers) onOffers(desk, before);
    if (desk.chats !== before.chats) onChats(desk, before);
    const notice = desk.notices[desk.notices.length - 1];
    if (notice && desk.notices !== before.notices && desk.notices.length >= before.notices.length) {
        setTimeout(() => store.dispatch({ type: "notice_over", id: notice.id }), NOTICE_MS);
    }
}

function onOffers(desk: Desk, before: Desk): void {
    clearTimeout(expiry);
    const first = desk.offers[0];
    if (first) {
        expiry = setTimeout(
            () => store.dispatch({ type: "tick", now_ms: Date.now() }),
            Math.max(0, first.expires_at_ms - Date.now()) + 20,
        );
    }
    const fresh = desk.offers.find((offer) => !before.offers.some((held) => held.offer === offer.offer));
    if (!fresh) return;
    const keys = keysOf(around.bindings.accept, mac).join(" ");
    show({ offered: `New chat offered: ${fresh.contact}. ${fresh.handoff?.summary ?? ""} ${keys} accepts.` });
    if (scene.sound) chime(OFFER_CHIME);
}

/** Speaks new words of customers, for those who do not see them. */
function onChats(desk: Desk, before: Desk): void {
    for (const [conversation, chat] of desk.chats) {
        const held = before.chats.get(conversation);
        if (!held || chat.last === held.last || !chat.last || !writable(chat)) continue;
        if (chat.last.who.kind !== "customer" || around.now() - chat.last.time_ms > FRESH_MS) continue;
        show({ said: `${chat.contact}: ${chat.last.text.slice(0, 200)}` });
        if (scene.sound && document.hidden) chime(WORDS_CHIME);
    }
}

/** The chat that has the focus is read, as far as its end is really before the agent's eyes. */
function look(): void {
    const { focus } = store.desk.columns;
    if (focus === null || notAtEnd.has(focus) || document.hidden || !document.hasFocus()) return;
    office?.look(focus);
}

function fit(): void {
    const columns = fitOf(document.documentElement.clientWidth);
    if (columns !== store.desk.columns.fit) store.dispatch({ type: "columns", fit: columns });
}

// ---- the way in ----------------------------------------------------------------------------------------

function begin(entrance: Entrance): void {
    keep.setRenewal(entrance.renewal ?? keep.renewal());
    const { agent, name, tenant } = entrance;
    store.dispatch({ type: "signed_in", agent, name, tenant });
    store.dispatch({ type: "kept_columns", columns: keptColumns() });
    office = new Office(entrance, {
        dispatch: store.dispatch,
        desk: () => store.desk,
        signedOut: (reason) => {
            office = null;
            show({ palette: false, question: null, picture: null });
            store.dispatch({ type: "signed_out", reason });
        },
    });
}

async function letIn(code: string | null): Promise<void> {
    const renewal = keep.renewal();
    if (code === null && renewal === null) return store.dispatch({ type: "signed_out", reason: null });
    try {
        begin(await enter(code === null ? { renewal: renewal! } : { code }));
    } catch (error) {
        if (!(error instanceof Refused)) {
            show({ trouble: true });
            setTimeout(() => void letIn(code), RETRY_MS);
        } else if (code !== null && renewal !== null) {
            await letIn(null);
        } else {
            keep.setRenewal(null);
            const reason = code === null ? "Your sign-in has ended." : "This link was used before, or is too old.";
            store.dispatch({ type: "signed_out", reason });
        }
    }
}

// ---- verbs ---------------------------------------------------------------------------------------------

function open(conversation: string): void {
    store.dispatch({ type: "open", conversation, now_ms: Date.now() });
    focusNext = conversation;
    store.drawNow();
}

function move(by: number): void {
    const chats = listed(store.desk);
    const at = chats.findIndex((chat) => chat.conversation === store.desk.columns.focus);
    const next = chats[at < 0 ? 0 : (at + by + chats.length) % chats.length];
    if (next) open(next.conversation);
}

function moveColumn(): void {
    const shown = shownColumns(store.desk.columns);
    const next = shown[(shown.indexOf(store.desk.columns.focus ?? "") + 1) % Math.max(1, shown.length)];
    if (next !== undefined) open(next);
}

function fold(conversation: string, opened: boolean): void {
    show({ packets: new Map(scene.packets).set(conversation, opened) });
}

const stable = new Map<string, { older: () => void; end: (atEnd: boolean) => void }>();

function ofChat(conversation: string) {
    let held = stable.get(conversation);
    if (!held) {
        held = {
            older: () => void office?.threads.older(conversation),
            end: (atEnd) => {
                if (atEnd) notAtEnd.delete(conversation);
                else notAtEnd.add(conversation);
                look();
            },
        };
        stable.set(conversation, held);
    }
    return held;
}

function setBindings(bindings: Bindings): void {
    around = { ...around, bindings };
    const own = Object.fromEntries(
        Object.entries(bindings).filter(([name, keys]) => DEFAULT_BINDINGS[name as ActionName] !== keys),
    );
    keep.setHabits({ sound: scene.sound, bindings: own as Record<string, string> });
    store.redraw();
}

function bind(action: ActionName, binding: string): void {
    const others = Object.entries(around.bindings).map(([name, keys]) => [name, keys === binding ? "" : keys]);
    setBindings({ ...Object.fromEntries(others), [action]: binding });
}

function run(action: ActionName, conversation: string): void {
    const offer = store.desk.offers.find((each) => each.state === "open")?.offer;
    const contact = store.desk.chats.get(conversation)?.contact ?? "Visitor";
    const verbs: Record<ActionName, () => void> = {
        palette: () => actions.palette(!scene.palette),
        accept: () => offer !== undefined && actions.accept(offer),
        decline: () => offer !== undefined && actions.decline(offer),
        next_chat: () => move(1),
        previous_chat: () => move(-1),
        next_column: moveColumn,
        reply: () => void focus.write(conversation, "reply"),
        note: () => void focus.write(conversation, "note"),
        packet: () => focus.press(conversation, "[data-packet]"),
        transfer: () => actions.ask("transfer", conversation),
        close: () => actions.ask("close", conversation),
        hide: () => actions.hide(conversation),
        online: () => actions.presence("online"),
        away: () => actions.presence("away"),
        offline: () => actions.presence("offline"),
        sound: () => actions.sound(),
        reconnect: () => actions.reconnect(),
        sign_out: () => actions.signOut(),
        reopen: () => actions.reopen(conversation),
        dismiss: () => actions.dismiss(conversation),
        invite: () => actions.ask("invite", conversation),
        leave: () => actions.leave(conversation),
        cases: () => actions.ask("cases", ""),
        explain: () => actions.ask("explain", conversation),
        join: () => actions.join(conversation, contact),
        take_over: () => actions.takeOver(conversation),
        unwatch: () => actions.unwatch(conversation),
        wrapped_up: () => actions.wrappedUp(conversation),
    };
    verbs[action]();
}

const actions: Actions = {
    draft: (conversation) => office?.drafts.get(conversation) ?? { text: "", note: false },
    keepDraft: (conversation, draft) => office?.drafts.set(conversation, draft),
    typing: (conversation, active) => office?.threads.get(conversation)?.typing(active),
    noticeRead: (conversation) => store.dispatch({ type: "notice_read", conversation }),
    say: (conversation, text, note) => office?.send(conversation, text, note),
    tray: (conversation) => office?.files.tray(conversation) ?? null,
    followTray: (conversation, look) => office?.files.follow(conversation, look) ?? (() => undefined),
    attach: (conversation, files) => office?.files.tray(conversation).add(files),
    sayFiles: (conversation, note) => office?.sendFiles(conversation, note),
    addressOf: (upload) => office?.files.known(upload),
    freshAddress: (conversation, at, upload) => office?.files.fresh(conversation, at, upload) ?? Promise.resolve(null),
    view: (picture) => show({ picture }),
    answer: (conversation, at) => {
        store.dispatch({ type: "answering", conversation, at });
        if (at !== null) void focus.write(conversation, "reply");
    },
    edit: (conversation, target, text) => office?.do(conversation, { type: "edit", target, body: { kind: "text", text } }),
    remove: (conversation, target) => office?.do(conversation, { type: "delete", target }),
    react: (conversation, target, emoji, active) => office?.do(conversation, { type: "react", target, emoji, active }),
    olderOf: (conversation) => ofChat(conversation).older,
    endOf: (conversation) => ofChat(conversation).end,
    presence: (status) => void office?.presence(status),
    accept: (offer) => {
        focusNext = store.desk.offers.find((each) => each.offer === offer)?.conversation ?? null;
        void office?.answer(offer, "accept");
    },
    decline: (offer) => void office?.answer(offer, "decline"),
    transfer: (conversation, agent, handoff) => void office?.transfer(conversation, agent, handoff),
    close: (conversation, reason) => void office?.close(conversation, reason),
    calledBack: (conversation, reached) => void office?.calledBack(conversation, reached),
    reopen: (conversation) => void office?.reopen(conversation),
    dismiss: (conversation) => {
        office?.dismiss(conversation);
        office?.drafts.set(conversation, { text: "", note: false });
        stable.delete(conversation);
        notAtEnd.delete(conversation);
        focus.rest();
    },
    watch: (conversation, contact) => {
        focusNext = conversation;
        void office?.helping.watch(conversation, contact);
    },
    join: (conversation, contact) => {
        focusNext = conversation;
        void office?.helping.join(conversation, contact);
    },
    leave: (conversation) => void office?.helping.leave(conversation),
    unwatch: (conversation) => {
        void office?.helping.unwatch(conversation);
        focus.rest();
    },
    takeOver: (conversation) => void office?.helping.takeOver(conversation),
    invite: (conversation, agent) => void office?.helping.invite(conversation, agent),
    invitationOver: (conversation) => store.dispatch({ type: "invitation_over", conversation }),
    wrappedUp: (conversation) => void office?.helping.wrappedUp(conversation),
    listCases: (opened) => office?.helping.list(opened),
    explain: (conversation) => void office?.helping.explain(conversation),
    open,
    focus: (conversation) => store.dispatch({ type: "open", conversation, now_ms: Date.now() }),
    hide: (conversation) => {
        store.dispatch({ type: "hide", conversation });
        focus.rest();
    },
    togglePacket: fold,
    ask: (kind, conversation) =>
        showNow({ question: kind && conversation !== null ? { kind, conversation } : null, palette: false }),
    palette: (opened) => showNow({ palette: opened, question: null }),
    run: (command) => {
        if (command.action === null) open(command.conversation!);
        else run(command.action, command.conversation ?? "");
    },
    bind,
    sound: () => {
        show({ sound: !scene.sound });
        setBindings(around.bindings);
        if (scene.sound) chime(OFFER_CHIME);
    },
    noticeOver: (id) => store.dispatch({ type: "notice_over", id }),
    reconnect: () => office?.reconnect(),
    signOut: () => void office?.signOut(),
};

function onKeyDown(event: KeyboardEvent): void {
    const action = actionOf(event, around.bindings, mac);
    if (action === null || store.desk.phase !== "signed_in") return;
    if (event.repeat && !MOVES.includes(action)) return; // a key held too long must not accept a second chat
    const modal = document.querySelector("dialog[open]") !== null;
    if (modal && !(scene.palette && action === "palette")) return;
    const possible = commandsOf(store.desk, scene.sound).find((command) => command.action === action);
    if (!possible && action !== "palette") return;
    event.preventDefault();
    run(action, possible?.conversation ?? "");
}

around = {
    actions,
    bindings: { ...DEFAULT_BINDINGS, ...habits.bindings },
    mac,
    now: () => Date.now() + store.desk.skew_ms,
    limits: () => office?.limits ?? null,
};
fit();
addEventListener("resize", fit);
addEventListener("focus", look);
addEventListener("keydown", onKeyDown);
document.addEventListener("visibilitychange", () => {
    if (!document.hidden) store.redraw();
    look();
});
addEventListener("hashchange", () => {
    const code = takeCode();
    if (code !== null)
        void enter({ code }).then(
            (entrance) => {
                keep.setRenewal(entrance.renewal);
                location.reload();
            },
            () => undefined,
        );
});
store.drawNow();
void letIn(takeCode());
