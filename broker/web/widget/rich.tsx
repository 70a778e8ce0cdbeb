// SPDX-License-Identifier: Apache-2.0
// The second load: everything about messages beyond plain words. What happened to the case; edits, deletions, reactions, quotes; cards, lists, forms,
// places, files and quick replies with their answers; the menu that does what the customer may do to a message.
//
// It comes when the first such thing is there, when something is refused for good, or a menu is asked for, so that the first load stays small. Draws nothing
// itself: it gives pieces of picture to the first load, which draws them, and its style sheet to the shadow root.
/** @jsxRuntime classic */
/** @jsx h */
/** @jsxFrag Fragment */
import sheet from "rich.css";
import { NO_AMENDS, TOMBSTONE, amendsIn, amendsOnTheWay, reactionsOf, together, type Amends } from "../client/amends.ts";
import { eraseOwn } from "../client/erase.ts";
import type { Draft, Line, Part } from "../client/index.ts";
import { pendingOf } from "../client/outbox.ts";
import type { Attach } from "./attach.tsx";
import { bodyOf } from "./bodies.tsx";
import type { Call } from "./call.tsx";
import { Fragment, h, type Child } from "./dom.ts";
import { Files } from "./files.tsx";
import type { Model } from "./model.ts";
import { richEnglish, type RichStrings, type Strings } from "./strings.ts";

declare const ATTACH: string, CALL: string; // files of the third and the fourth load, beside this one

const EMOJI = ["👍", "❤️", "😊", "😮", "😢", "👎"];
const QUOTE_CHARS = 120;

const clipped = (text: string): string => ([...text].length > QUOTE_CHARS ? [...text].slice(0, QUOTE_CHARS).join("") + "…" : text);

export class Rich {
    #held: { entries: unknown; amends: Amends } = { entries: null, amends: NO_AMENDS };
    #amends: Amends = NO_AMENDS;
    #lines: Line[] = [];
    #last = new Map<string | undefined, string>(); // the key of an entry's last line: reactions stand there
    #menu = { key: "", sure: false };
    #opener: HTMLElement | undefined;
    #edit = { key: "", text: "", long: false };
    #reply: Line | undefined;
    readonly files: Files;
    over = ""; // why nothing more can be said in this conversation
    tray: Attach | undefined; // the third load, once it is here
    #called: Call | undefined; // and the fourth

    constructor(readonly model: Model) {
        const styles = new CSSStyleSheet();
        styles.replaceSync(sheet);
        this.root.adoptedStyleSheets.push(styles);
        this.files = new Files(this);
    }

    get strings(): Strings & RichStrings {
        return { ...richEnglish, ...this.model.strings };
    }

    get root(): ShadowRoot {
        return document.querySelector("weft-chat")!.shadowRoot!;
    }

    get #thread() {
        return this.model.session!.own!;
    }

    // The lines with the words in force.
    lines(plain: Line[]): Line[] {
        if (!this.model.session) return plain;
        const { entries, outbox } = this.#thread.state;
        if (this.#held.entries !== entries) this.#held = { entries, amends: amendsIn(entries) };
        const me = entries.find((entry) => entry.author.kind === "customer")?.author ?? { kind: "customer" };
        this.#amends = together(this.#held.amends, amendsOnTheWay(pendingOf(outbox), me));
        this.#last = new Map(plain.filter((line) => line.body).map((line) => [line.at, line.key]));
        return (this.#lines = plain.map((line) => {
            const body = (line.body && line.at && this.#amends.get(line.at)?.body) || line.body;
            if (body?.kind === "deleted") return { ...line, body: { ...TOMBSTONE, text: this.strings.deleted } };
            return { ...line, body: body ?? { kind: "system", text: this.#event(line.part!) } };
        }));
    }

    // What happened to the case, in words; none: it is not for the customer's eyes.
    #event(part: Part): string {
        const { strings } = this;
        switch (part.kind) {
            case "owner": return part.owner === "agent" && part.name ? strings.joined.replace("{name}", part.name) : "";
            case "queued": return strings.queued;
            case "callback": return part.callback ? !part.callback.attempts ? strings.called : "" : part.reason === "cancelled" || part.reason === "returned" ? strings.uncalled : "";
            case "case_closed": return strings.closed;
            case "identity": return part.name ? strings.known.replace("{name}", part.name) : "";
            default: return "";
        }
    }

    inLine({ position, wait_ms, opens }: { position: number; wait_ms?: number; opens?: number }): string {
        const { strings } = this;
        const format = { weekday: "long", hour: "numeric", minute: "2-digit" } as const;
        if (opens) return strings.opens.replace("{t}", new Date(opens).toLocaleString(undefined, format));
        const place = position === 1 ? strings.next : strings.place.replace("{n}", String(position));
        return wait_ms ? place + " " + strings.wait.replace("{n}", String(Math.ceil(wait_ms / 60_000))) : place;
    }

    bubble(line: Line, plain: Child): Child {
        const { key, at, body } = line;
        if (body!.kind === "deleted") return <div class="gone">{plain}</div>;
        const { strings } = this;
        const amend = at && this.#amends.get(at);
        const edited = body!.kind === "edited" || (amend && amend.body);
        const quoted = line.reply_to && this.#lines.find((one) => one.at === line.reply_to && one.body);
        return (
            <>
                {quoted && <blockquote class="quote" dir="auto">{clipped(quoted.body!.text)}</blockquote>}
                {this.#edit.key === key ? this.#editor(line) : body!.kind !== "file" ? plain : <>
                    {body!.text !== body!.name && plain}
                    {this.files.shown(line)}
                </>}
                {edited && <span class="note" key="edited">{strings.edited}</span>}
                {bodyOf(this, line)}
                {this.#reactions(line)}
                {this.#failures(line)}
                {this.#menu.key === key && this.#actions(line)}
            </>
        );
    }

    // Under the newest line: the answers that it offers.
    after({ mine, body }: Line): Child {
        return !mine && body!.options && (
            <div class="replies">
                {body!.options.map(({ title, value = title }) =>
                    <button type="button" dir="auto" onClick={() => this.model.say(title, value)}>{title}</button>)}
            </div>
        );
    }

    // Files that were chosen: they go up, and stand above the field.
    attach(files: File[]): void {
        if (this.tray) return this.tray.add(files);
        import(ATTACH).then((module) => {
            this.tray ??= module.attach(this) as Attach;
            this.tray.add(files);
        }, () => {});
    }

    // Some refusals are of the conversation itself: it is damaged, and stays on the screen; or erased, and does not. Until the
    // next welcome, which may be to another one.
    refused(code: string): void {
        const { model } = this;
        const erased = code === "conversation_erased";
        if (this.over === code || (!erased && code !== "quarantined")) return;
        this.over = code;
        const welcomed = model.session!.on((frame) => {
            if (frame?.type !== "welcome") return;
            this.over = "";
            welcomed();
        });
        if (erased) {
            eraseOwn(model.session!);
            this.#reply = undefined;
        }
        const wrote = this.root.activeElement?.closest("form");
        model.changed();
        if (wrote) queueMicrotask(() => this.root.querySelector<HTMLElement>(".banner button")?.focus());
    }

    // The line will not come back by itself, or the conversation does not go on. Whom the brand knows comes to the same damaged
    // conversation again, until an operator has seen to it.
    ending(): Child {
        const { over, strings, model } = this;
        if (!over && !model.session?.connection.ended) return null;
        const again = !over || (over === "quarantined" && model.options.token);
        return (
            <p>
                {!over ? strings.stuck : over === "quarantined" ? strings.damaged : strings.erased}{" "}
                <button type="button" onClick={() => this.#comeBack()}>{again ? strings.again : strings.anew}</button>
            </p>
        );
    }

    #comeBack(): void {
        const { connection } = this.model.session!;
        if (this.over) {
            this.model.forget();
            connection.renew("over", true);
        }
        connection.start();
        connection.wake();
    }

    // Above the field: what the next words answer, and the files that go with them.
    above(): Child {
        const { strings } = this;
        return !this.over && (
            <>
                {this.#reply && <div class="above" key="above">
                    <p dir="auto"><span class="hidden">{strings.replying} </span>{clipped(this.#reply.body!.text)}</p>
                    <button class="pill" type="button" onClick={() => this.#answer(undefined)}>{strings.cancel}</button>
                </div>}
                {this.tray?.picture()}
                {this.#call()}
            </>
        );
    }

    // What is offered to who need not wait, and what they agreed to.
    #call(): Child {
        const { called } = this.model.session?.own?.state ?? {};
        if (!called?.ways && !called?.agreed) return null;
        if (this.#called) return this.#called.picture(called);
        import(CALL).then((module) => {
            this.#called ??= module.call(this) as Call;
            this.model.changed();
        }, () => {});
        return null;
    }

    answering(): Partial<Draft> {
        const reply_to = this.#reply?.at;
        this.#reply = undefined;
        return { reply_to };
    }

    said(key: string): boolean {
        return this.#lines.some((line) => line.mine && line.reply_to === key);
    }

    do(draft: Draft): void {
        this.#thread.say(draft);
        this.model.changed();
    }

    menu(line: Line, opener: HTMLElement): void {
        this.#opener = opener;
        this.#menu = { key: this.#menu.key === line.key ? "" : line.key, sure: false };
        this.model.changed();
    }

    #close(focus = true): void {
        this.#menu = { key: "", sure: false };
        if (focus) this.#opener?.focus();
        this.model.changed();
    }

    #reactions({ key, at }: Line): Child {
        const amend = at && this.#last.get(at) === key && this.#amends.get(at);
        const found = amend ? reactionsOf(amend) : [];
        const { strings, model } = this;
        return found.length > 0 && (
            <ul class="reactions" key="reactions" aria-label={strings.reactions}>
                {found.map(({ emoji, who }) => {
                    const own = who.some((one) => one.kind === "customer");
                    const names = who.map((one) => (one.kind === "customer" ? strings.you : model.nameOf(one))).join(", ");
                    return (
                        <li key={emoji}><button type="button" aria-pressed={own ? "true" : "false"} title={names} onClick={() => this.#react(at!, emoji, !own)}>
                            {emoji}{who.length > 1 && " " + who.length}<span class="hidden"> {names}</span></button></li>
                    );
                })}
            </ul>
        );
    }

    #react(target: string, emoji: string, active: boolean): void {
        this.do({ type: "react", target, emoji, active });
    }

    // Words that were refused for good.
    failed({ key, error }: Line): Child {
        const { strings } = this;
        const lost = error === "no_such_upload";
        return (
            <p class="foot failed" role="alert">{lost ? strings.lost : strings.failed}
                {!lost && <button type="button" onClick={() => this.#thread.retry(key)}>{strings.again}</button>}
                <button type="button" onClick={() => this.#thread.discard(key)}>{strings.remove}</button>
            </p>
        );
    }

    // Deeds that were refused for good, under the message that was meant.
    #failures({ at }: Line): Child {
        const { strings } = this;
        return at && pendingOf(this.#thread.state.outbox).filter((word) => word.target === at && word.status === "failed").map((word) => (
            <p class="foot failed" role="alert" key={word.key}>{word.error === "too_late" ? strings.late : strings.undone}
                <button type="button" onClick={() => this.#thread.discard(word.key)}>{strings.remove}</button>
            </p>
        ));
    }

    #actions(line: Line): Child {
        const { strings } = this;
        const { at, mine, body } = line;
        const own = new Set(reactionsOf(this.#amends.get(at!) ?? { body: null, reactions: new Map() })
            .filter(({ who }) => who.some((one) => one.kind === "customer")).map(({ emoji }) => emoji));
        const item = (label: string, run: () => void, look = "") =>
            <button type="button" role="menuitem" tabIndex={-1} class={look} key={label} onClick={run}>{label}</button>;
        return (
            <div class="menu" key={this.#menu.sure ? "sure" : "menu"} role="menu" aria-label={this.#menu.sure ? strings.sure : strings.actions} aria-live="off"
                ref={(node: HTMLElement) => queueMicrotask(() => {
                    node.querySelector("button")?.focus();
                    node.scrollIntoView({ block: "nearest" });
                })}
                onKeyDown={(event: KeyboardEvent) => this.#onKey(event)}>
                {this.#menu.sure ? <>
                    <p role="presentation">{strings.sure}</p>
                    {item(strings.keep, () => this.#close())}
                    {item(strings.delete, () => this.#delete(at!), "bad")}
                </> : <>
                    {EMOJI.map((emoji) =>
                        <button type="button" role="menuitemcheckbox" tabIndex={-1} class="emoji" key={emoji} aria-checked={own.has(emoji) ? "true" : "false"}
                            aria-label={strings.react + " " + emoji} onClick={() => {
                                this.#react(at!, emoji, !own.has(emoji));
                                this.#close();
                            }}>{emoji}</button>)}
                    {item(strings.reply, () => this.#answer(line))}
                    {mine && body!.kind === "text" && this.#isFresh(line) && item(strings.edit, () => this.#begin(line))}
                    {mine && item(strings.delete, () => {
                        this.#menu.sure = true;
                        this.model.changed();
                    }, "bad")}
                </>}
            </div>
        );
    }

    // The keys of a menu; Esc and Tab leave it, and the panel stays.
    #onKey(event: KeyboardEvent): void {
        const items = [...(event.currentTarget as HTMLElement).querySelectorAll("button")];
        const here = items.indexOf(this.root.activeElement as HTMLButtonElement);
        const step = ({ ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 } as Record<string, number>)[event.key];
        const goal = event.key === "Home" ? 0 : event.key === "End" ? items.length - 1 : step ? (here + step + items.length) % items.length : -1;
        if (event.key === "Escape" || event.key === "Tab") this.#close();
        else if (goal >= 0) items[goal]!.focus();
        else return;
        event.stopPropagation();
        event.preventDefault();
    }

    #delete(target: string): void {
        this.do({ type: "delete", target });
        this.#close(false);
        this.focusField();
    }

    #answer(line: Line | undefined): void {
        this.#reply = line;
        this.#close(false);
        this.focusField();
    }

    focusField(): void {
        this.root.querySelector<HTMLElement>(".field textarea")?.focus();
    }

    // Whether words may still be edited. A server that does not say how long is asked by trying.
    #isFresh({ time_ms }: Line): boolean {
        const { welcome, world, skew } = this.model.session!;
        return world.now() + skew - time_ms < (welcome?.limits.edit_ms ?? Infinity);
    }

    #begin(line: Line): void {
        this.#edit = { key: line.key, text: line.body!.text, long: false };
        this.#close(false);
    }

    #editor(line: Line): Child {
        const { strings } = this;
        const stop = (save: boolean): void => {
            const text = this.#edit.text.trim();
            if (save && !this.model.fits(text)) {
                this.#edit.long = true;
                return this.model.changed();
            }
            this.#edit = { key: "", text: "", long: false };
            if (save && text && text !== line.body!.text) this.#thread.say({ type: "edit", target: line.at!, body: { ...line.body!, text } });
            this.#close();
        };
        return (
            <form class="edit" key="edit" onSubmit={(event: Event) => {
                event.preventDefault();
                stop(true);
            }} onKeyDown={(event: KeyboardEvent) => {
                if (event.isComposing || (event.key !== "Escape" && (event.key !== "Enter" || event.shiftKey))) return;
                event.stopPropagation();
                event.preventDefault();
                stop(event.key === "Enter");
            }}>
                <textarea dir="auto" aria-label={strings.edit} value={this.#edit.text}
                    onInput={(event: Event) => { this.#edit.text = (event.target as HTMLTextAreaElement).value; }}
                    ref={(node: HTMLTextAreaElement) => queueMicrotask(() => node.focus())} />
                {this.#edit.long && <p class="failed" role="alert">{strings.long}</p>}
                <div class="buttons">
                    <button class="pill" type="button" onClick={() => stop(false)}>{strings.cancel}</button>
                    <button class="pill main">{strings.save}</button>
                </div>
            </form>
        );
    }
}

export const rich = (model: Model): Rich => new Rich(model);
