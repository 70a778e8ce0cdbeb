// SPDX-License-Identifier: Apache-2.0
// The widget without its looks: the session, whether the panel is open, what is unread, and when a lost
// connection is worth a word (short ones are not: a banner that flaps is worse than none).
import {
    Session, browserLanes, customerView, lines, placeOf, unreadOf, wakeByPage,
    type Line, type ServerFrame,
} from "../client/index.ts";
import { Identity } from "./identity.ts";
import type { BootOptions, Events } from "./options.ts";
import type { Rich } from "./rich.tsx";
import { english, type Strings } from "./strings.ts";

declare const RICH: string; // the second load's file, beside this one

const PATIENCE_MS = 1_500;
const TEXT_BYTES = 8_192;

type Emit = <E extends keyof Events>(event: E, ...values: Parameters<Events[E]>) => void;

export class Model {
    open = false;
    unread = 0;
    away = false; // no connection for a while
    session: Session | null = null;
    rich: Rich | undefined; // the second load, once it is here
    readonly #emit: Emit;
    readonly #identity: Identity;
    readonly #endings: (() => void)[] = [];
    #seen = 0;
    #patience: ReturnType<typeof setTimeout> | undefined;
    #announced = Infinity; // the newest entry that `message` has told, once the history is here
    changed = (): void => {};

    constructor(readonly base: string, public options: BootOptions, emit: Emit) {
        this.#emit = emit;
        this.#identity = new Identity(base, options.tenant);
        const { renewal } = this.#identity.kept();
        this.#endings.push(this.#identity.onChange(() => this.#onStored()));
        if (renewal || options.token) this.#connect();
    }

    get strings(): Strings {
        return { ...english, ...this.options.strings };
    }

    get lines(): Line[] {
        const plain = this.session ? lines(this.session.own!.state, customerView) : [];
        return this.rich?.lines(plain) ?? plain;
    }

    nameOf({ kind, name }: { kind: string; name?: string | undefined }): string {
        if (kind !== "bot") return name ?? this.options.name ?? this.strings.team;
        return (name ?? this.strings.assistant).replace(/^./, (first) => first.toUpperCase()); // often an id
    }

    show(): void {
        if (this.open) return;
        this.open = true;
        this.#connect();
        this.#emit("show");
        this.changed();
    }

    hide(): void {
        if (!this.open) return;
        this.open = false;
        this.#emit("hide");
        this.changed();
    }

    // False when there are too many words for one message.
    fits(text: string): boolean {
        return new TextEncoder().encode(text).length <= (this.session?.welcome?.limits.text_bytes ?? TEXT_BYTES);
    }

    say(text: string, chosen?: string): void {
        this.#connect();
        this.session!.own!.say({ body: { kind: "text", text, chosen }, ...this.rich?.answering() });
    }

    // Loads what shows and does more than words; `then` is for the one who asked.
    enrich(then?: (rich: Rich) => void): void {
        if (this.rich) return then?.(this.rich);
        import(RICH).then((module) => {
            if (!this.session) return; // it has ended meanwhile
            this.rich ??= module.rich(this) as Rich;
            then?.(this.rich);
            this.changed();
        }, () => {}); // no line: the next picture, or the next wish, tries again
    }

    // Files that were chosen, pasted or dropped.
    take(event: any): void {
        const files: File[] = [...(event.clipboardData ?? event.dataTransfer ?? event.target).files];
        if (!files.length) return;
        event.preventDefault();
        this.enrich((rich) => rich.attach(files));
    }

    // Everything here is in front of a reader's eyes.
    seen(): void {
        const thread = this.session?.own;
        const place = thread?.state.at ? placeOf(thread.state.at) : 0;
        if (place <= this.#seen) return;
        this.#seen = place;
        thread!.read();
        if ((this.#identity.kept().read ?? 0) < place) this.#identity.keep({ read: place });
        this.#count();
    }

    // This browser no longer knows the contact.
    forget(): void {
        this.#identity.forget();
    }

    identify(token: () => Promise<string>): void {
        this.options = { ...this.options, token };
        if (this.session?.connection.state === "connected") this.#prove();
        else this.#connect();
    }

    // Ends everything; with `forget` this browser no longer knows the contact.
    end(forget: boolean): void {
        const scope = this.session?.scope;
        if (forget) this.session?.connection.send({ type: "logout", id: "0" });
        for (const end of this.#endings) end();
        clearTimeout(this.#patience);
        this.session?.connection.stop();
        this.session = null;
        if (!forget) return;
        if (scope) browserLanes().forget(scope);
        this.forget();
    }

    #connect(): void {
        if (this.session) return;
        const { scope } = this.#identity.kept();
        const session = new Session({
            url: new URL("v1/socket", this.base).href.replace(/^http/, "ws"),
            token: () => this.#token(), client: { name: "weft-widget", version: "1" },
            role: "customer", lanes: browserLanes(), scope: scope ?? "",
        });
        this.session = session;
        this.#endings.push(session.on((frame) => (frame ? this.#onFrame(frame) : this.#onLink())));
        session.own!.subscribe(() => this.#count());
        this.#endings.push(wakeByPage(session.connection));
        session.connection.start();
        this.#onLink();
    }

    // An anonymous thread is first taken up again, and then proved to be the known contact's.
    #token(): Promise<string> {
        const { token } = this.options;
        return token && !this.#identity.kept().renewal ? token() : this.#identity.anonymous();
    }

    #prove(): void {
        const session = this.session!;
        const done = () => {
            this.#identity.keep({ renewal: undefined });
            session.connection.renew("identified", true);
        };
        this.options.token!().then((token) => session.identify(token)).then(done, (error) => {
            if (error?.retry === "never") done();
        });
    }

    #onFrame(frame: ServerFrame): void {
        if (frame.type === "error" && frame.retry === "never") this.enrich((rich) => rich.refused(frame.code));
        if (frame.type !== "welcome") return;
        const { read } = this.#identity.kept();
        const head = frame.head ? placeOf(frame.head) : 0;
        this.#seen = Math.min(this.#seen, head);
        this.#identity.keep({ scope: this.session!.scope, read: read === undefined || read > head ? head : read });
        this.#announced = Math.min(this.#announced, head);
        if (this.options.token && this.#identity.kept().renewal) this.#prove();
        this.#emit("ready");
    }

    #onLink(): void {
        const { state, ended } = this.session!.connection;
        if (state === "connected") {
            clearTimeout(this.#patience);
            this.#patience = undefined;
            this.away = false;
        } else {
            if (ended) this.enrich();
            this.#patience ??= setTimeout(() => {
                this.away = true;
                this.changed();
            }, PATIENCE_MS);
        }
        this.changed();
    }

    #onStored(): void {
        if (this.#identity.kept().renewal) this.#connect();
        this.#count();
    }

    #count(): void {
        const thread = this.session?.own;
        if (!thread) return;
        const { state } = thread;
        const elsewhere = state.readers.filter((one) => one.who.kind === "customer").map((one) => one.read);
        const unread = unreadOf(state, customerView, Math.max(this.#identity.kept().read ?? 0, ...elsewhere));
        if (unread !== this.unread) this.#emit("unread", (this.unread = unread));
        this.#announce();
        this.changed();
    }

    #announce(): void {
        for (const entry of this.session!.own!.state.entries) {
            const place = placeOf(entry.at);
            if (place <= this.#announced) continue;
            this.#announced = place;
            const { kind, name } = entry.author;
            for (const part of entry.parts)
                if (part.kind === "message" && part.body)
                    this.#emit("message", { text: part.body.text, from: kind, name });
        }
    }
}
