// SPDX-License-Identifier: Apache-2.0
// Carries out the agent's verbs, and turns what the server says into events. All decisions about what is shown
// are the state's; here are the session, the clock, storage, focus and sound.

import { browserLanes, fileBody, Session, wakeByPage, WeftError, type Draft, type LaneStore } from "../../client/index.ts";
import type { ServerFrame } from "../model/wire.ts";
import { writable } from "../model/chat.ts";
import type { Desk } from "../model/desk.ts";
import type { Event } from "../model/events.ts";
import { seqOf } from "../model/name.ts";
import type { Body, Handoff, Limits, Presence, WelcomeFrame } from "../model/wire.ts";
import { spanOf } from "../view/time.ts";
import { Drafts, keep, unsentIn } from "./keep.ts";
import { Files } from "./files.ts";
import { Helping } from "./helping.ts";
import { enter, Refused, type Entrance } from "./sign_in.ts";
import { Threads } from "./threads.ts";

const SYNC_MS = 4000;
const AWAY_MS = 5 * 60_000;
const SETTLE_MS = 5000;
const HABIT_MS = 30_000;
const OVER = /^closed (1000|1003|1007|1009|4400|4403)$/;

export interface Tell {
    dispatch(event: Event): void;
    desk(): Desk;
    signedOut(reason: string | null): void;
}

/** One signed-in agent on one page. */
export class Office {
    readonly drafts: Drafts;
    readonly threads: Threads;
    readonly helping: Helping;
    readonly files: Files;
    private readonly session: Session;
    private readonly lanes: LaneStore = browserLanes();
    private readonly unhook: () => void;
    private readonly habit: ReturnType<typeof setInterval>;
    private readonly reopening = new Set<string>();
    private entrance: Entrance | null;
    private syncTimer: ReturnType<typeof setTimeout> | undefined;

    constructor(
        entrance: Entrance,
        private readonly tell: Tell,
    ) {
        this.entrance = entrance;
        this.drafts = new Drafts(entrance.agent);
        this.session = new Session({
            url: `${location.origin.replace(/^http/, "ws")}/v1/socket`,
            token: () => this.token(),
            client: { name: "weft-desk", version: "1.0" },
            role: "agent",
            lanes: this.lanes,
        });
        this.files = new Files(this.session);
        this.threads = new Threads(
            this.session,
            this.drafts,
            (conversation) => tell.desk().chats.get(conversation),
            () => tell.desk().me.agent,
            tell.dispatch,
        );
        this.helping = new Helping(this.session, this.threads, tell, (frame) => this.asked(frame));
        this.session.on((frame) => this.onFrame(frame));
        this.unhook = wakeByPage(this.session.connection);
        this.habit = setInterval(() => this.keepWanted(), HABIT_MS);
        this.session.connection.start();
    }

    // ---- verbs -----------------------------------------------------------------------------------

    async presence(status: Presence): Promise<void> {
        this.tell.dispatch({ type: "presence_wanted", status });
        const done = await this.ask({ type: "set_presence", status });
        this.tell.dispatch({ type: "presence_wanted", status: null });
        if (!done) return;
        keep.setWanted({ status, at_ms: Date.now() });
        this.tell.dispatch({ type: "presence", agent: this.tell.desk().me.agent, status });
    }

    async answer(offer: string, verb: "accept" | "decline"): Promise<void> {
        const held = this.tell.desk().offers.find((each) => each.offer === offer);
        if (!held || held.state !== "open") return;
        this.tell.dispatch({ type: "offer_answering", offer, state: verb === "accept" ? "accepting" : "declining" });
        try {
            await this.session.request({ type: verb, offer });
            if (verb === "decline") this.tell.dispatch({ type: "offer_over", offer });
        } catch (error) {
            this.refusedOffer(offer, held.contact, error as WeftError);
        }
    }

    private refusedOffer(offer: string, contact: string, error: WeftError): void {
        if (error.code === "no_such_offer") {
            this.tell.dispatch({ type: "offer_over", offer });
            this.say(`The chat with ${contact} is no longer offered: it expired, or somebody else took it.`, "info");
        } else {
            this.tell.dispatch({ type: "offer_answering", offer, state: "open" });
            if (error.code !== "disconnected") this.say(error.message, "bad");
        }
    }

    async transfer(conversation: string, agent: string | null, handoff: Handoff): Promise<void> {
        await this.onChat(conversation, "transferring", {
            type: "transfer",
            ...(agent === null ? {} : { to_agent: agent }),
            handoff,
        });
    }

    async close(conversation: string, reason: string): Promise<void> {
        await this.onChat(conversation, "closing", { type: "close", reason });
    }

    /** Reached: the chat goes on. Not reached: it comes back later, or is closed after the last attempt. */
    async calledBack(conversation: string, reached: boolean): Promise<void> {
        await this.onChat(conversation, "recording", { type: "callback_outcome", reached });
    }

    async reopen(conversation: string): Promise<void> {
        this.tell.dispatch({ type: "busy", conversation, busy: "reopening" });
        this.reopening.add(conversation);
        const done = await this.ask({ type: "reopen", conversation });
        setTimeout(() => this.settle(conversation, "reopening"), done ? SETTLE_MS : 0);
    }

    private async onChat(
        conversation: string,
        busy: "transferring" | "closing" | "recording",
        frame: { type: string; [member: string]: unknown },
    ) {
        const chat = this.tell.desk().chats.get(conversation);
        if (!chat || chat.owner === null) return;
        this.tell.dispatch({ type: "busy", conversation, busy });
        const done = await this.ask({ ...frame, conversation, owner: chat.owner });
        // `released` follows; should it not, the chat is not left locked.
        setTimeout(() => this.settle(conversation, busy), done ? SETTLE_MS : 0);
    }

    private settle(conversation: string, busy: "transferring" | "closing" | "reopening" | "recording"): void {
        if (busy === "reopening") this.reopening.delete(conversation);
        const chat = this.tell.desk().chats.get(conversation);
        if (chat?.busy === busy) this.tell.dispatch({ type: "busy", conversation, busy: null });
    }

    say(text: string, tone: "info" | "bad"): void {
        this.tell.dispatch({ type: "notice", text, tone });
    }

    send(conversation: string, text: string, note: boolean): void {
        this.sayBody(conversation, { kind: "text", text }, note);
    }

    /** Those that are ready, each as a message of its own. */
    sendFiles(conversation: string, note: boolean): void {
        for (const ready of this.files.tray(conversation).take()) this.sayBody(conversation, fileBody(ready), note);
    }

    get limits(): Limits | null {
        return this.session.welcome?.limits ?? null;
    }

    private sayBody(conversation: string, body: Body, note: boolean): void {
        const chat = this.tell.desk().chats.get(conversation);
        const thread = this.threads.get(conversation);
        if (!chat || !thread) return;
        if (note) thread.say({ body, visibility: "internal" });
        else if (chat.owner !== null) {
            thread.say({ body, owner: chat.owner, reply_to: chat.answering ?? undefined });
            if (chat.answering !== null) this.tell.dispatch({ type: "answering", conversation, at: null });
        }
    }

    /** Edits, deletes, reacts: in one row with the words, and as safe as they are. */
    do(conversation: string, deed: Draft): void {
        this.threads.get(conversation)?.say(deed);
    }

    /** The agent looks at the end of this chat. */
    look(conversation: string): void {
        const chat = this.tell.desk().chats.get(conversation);
        const thread = this.threads.get(conversation);
        if (!chat || !thread || !writable(chat) || chat.thread.last === null) return;
        const seq = seqOf(chat.thread.last);
        if (seq <= chat.own_read) return;
        thread.read();
        this.tell.dispatch({ type: "seen", conversation, seq });
    }

    dismiss(conversation: string): void {
        this.tell.dispatch({ type: "dismiss", conversation });
        if (this.tell.desk().chats.has(conversation)) return;
        this.threads.drop(conversation);
        this.files.drop(conversation);
    }

    reconnect(): void {
        this.session.connection.wake();
    }

    async signOut(): Promise<void> {
        keep.setRenewal(null);
        keep.setWanted(null);
        this.drafts.forget();
        const scope = this.session.scope;
        await Promise.race([
            this.session.request({ type: "logout" }).catch(() => null),
            new Promise((done) => setTimeout(done, 1500)),
        ]);
        if (scope) this.lanes.forget(scope);
        this.end();
        this.tell.signedOut("You signed out.");
    }

    end(): void {
        clearInterval(this.habit);
        this.helping.end();
        this.files.end();
        clearTimeout(this.syncTimer);
        this.unhook();
        this.session.connection.stop();
    }

    // ---- from the server -------------------------------------------------------------------------

    private async token(): Promise<string> {
        const first = this.entrance;
        this.entrance = null;
        if (first) return first.token;
        const renewal = keep.renewal();
        try {
            if (renewal === null) throw new Refused("signed_out", "signed out");
            const entrance = await enter({ renewal });
            keep.setRenewal(entrance.renewal ?? renewal);
            return entrance.token;
        } catch (error) {
            if (error instanceof Refused) setTimeout(() => this.expel("Your sign-in has ended. Ask for a new link."));
            throw error;
        }
    }

    private expel(reason: string): void {
        keep.setRenewal(null);
        this.end();
        this.tell.signedOut(reason);
    }

    private async ask(frame: { type: string; [member: string]: unknown }): Promise<boolean> {
        return (await this.asked(frame)) !== null;
    }

    /** Asks the server; tells the agent when it refuses. */
    private async asked(frame: { type: string; [member: string]: unknown }): Promise<ServerFrame | null> {
        try {
            return await this.session.request(frame);
        } catch (error) {
            const { code, message } = error as WeftError;
            this.say(
                code === "disconnected"
                    ? "The connection broke before this was confirmed. Look whether it was done."
                    : message,
                "bad",
            );
            return null;
        }
    }

    private onFrame(frame: ServerFrame | null): void {
        if (frame === null) return this.onState();
        const { dispatch } = this.tell;
        if (this.helping.hear(frame)) return;
        switch (frame.type) {
            case "welcome":
                return this.onWelcome(frame);
            case "assigned":
                dispatch(frame);
                return this.threads.follow(frame.conversation);
            case "released":
                return dispatch(frame);
            case "offer":
                dispatch({ ...frame, now_ms: Date.now() });
                // The case that the agent has just opened again comes as an offer: they have said yes already.
                if (this.reopening.delete(frame.conversation)) void this.answer(frame.offer, "accept");
                return;
            case "cancel":
                return this.onCancel(frame.offer, frame.reason);
            case "presence":
                return dispatch(frame);
            default:
        }
    }

    private onCancel(offer: string | undefined, reason: string): void {
        const held = this.tell.desk().offers.find((each) => each.offer === offer);
        if (!offer || !held) return;
        this.tell.dispatch({ type: "offer_over", offer });
        if (held.state === "declining") return;
        if (reason === "withdrawn") this.say(`The chat with ${held.contact} went elsewhere.`, "info");
        if (reason === "expired") this.say(`The offer of ${held.contact} expired.`, "info");
    }

    private onState(): void {
        const { state, reason } = this.session.connection;
        if (state === "connected") return;
        this.tell.dispatch({
            type: "line",
            status: state === "connecting" ? "connecting" : "waiting",
            now_ms: Date.now(),
        });
        if (state !== "disconnected") return;
        const { chats } = this.tell.desk();
        this.threads.letGo((conversation) => {
            const chat = chats.get(conversation);
            return !chat || (!writable(chat) && chat.ownership !== "watching");
        });
        if (OVER.test(reason)) setTimeout(() => this.expel(overOf(reason)));
    }

    private onWelcome(welcome: WelcomeFrame): void {
        const lost = this.tell.desk().line.lost_at_ms;
        this.tell.dispatch({
            type: "welcome",
            status: welcome.status ?? null,
            supervisor: welcome.supervisor ?? false,
            time_ms: welcome.time_ms,
            now_ms: Date.now(),
            durability: welcome.durability,
        });
        clearTimeout(this.syncTimer);
        const { sync } = this.tell.desk();
        this.syncTimer = setTimeout(() => {
            this.tell.dispatch({ type: "sync_over", sync });
            this.findOrphans();
        }, SYNC_MS);
        this.helping.resume();
        this.resumePresence(welcome.status ?? "offline", lost);
    }

    /** Words of before a reload, for chats that did not come back: sent once more, they end in the draft or the log. */
    private findOrphans(): void {
        for (const conversation of unsentIn(this.session.scope)) {
            if (this.tell.desk().chats.has(conversation)) continue;
            this.tell.dispatch({ type: "orphan", conversation });
            this.threads.follow(conversation);
        }
    }

    /** Takes the last wish up again after a short absence; after a long one the agent decides. */
    private resumePresence(status: Presence, lost_at_ms: number | null): void {
        const wanted = keep.wanted();
        if (!wanted || wanted.status === status) return;
        const away_ms = Date.now() - (lost_at_ms ?? wanted.at_ms);
        if (away_ms < AWAY_MS) {
            void this.presence(wanted.status);
            return;
        }
        keep.setWanted(null);
        this.say(`You were gone for ${spanOf(away_ms)}, so you are ${status} now.`, "info");
    }

    private keepWanted(): void {
        const { line, me } = this.tell.desk();
        if (line.status === "live" && keep.wanted()) keep.setWanted({ status: me.status, at_ms: Date.now() });
    }
}

function overOf(reason: string): string {
    if (reason.endsWith("4403")) return "Your access was ended. Ask whoever runs Weft at your company.";
    return reason.endsWith("1000")
        ? "You signed out."
        : "This page and the server do not understand each other. Load the page again.";
}
