// SPDX-License-Identifier: Apache-2.0
// Launcher and panel. The panel is a dialog that leaves the page usable: focus goes in when it opens, Esc
// brings it back to the launcher, and nothing is trapped.
/** @jsxRuntime classic */
/** @jsx h */
/** @jsxFrag Fragment */
import { Composer } from "./composer.tsx";
import { Fragment, draw, h, type Child } from "./dom.ts";
import { Bubble, Cross } from "./icons.tsx";
import { Face, Messages } from "./messages.tsx";
import type { Model } from "./model.ts";

const OPEN = "weft:open";
const MARK = /^\(\d+\) /;

export class View {
    readonly #messages: Messages;
    readonly #composer: Composer;
    #launcher: HTMLElement | undefined;
    #opener: HTMLElement | undefined; // had the focus when the panel opened
    #open: boolean;
    #waits = false;

    constructor(readonly model: Model, readonly root: ShadowRoot) {
        const redraw = () => this.redraw();
        this.#messages = new Messages(model, redraw);
        this.#composer = new Composer(model, redraw);
        model.changed = redraw;
        this.#open = recall(OPEN) !== ""; // goes on where the last page was left, and takes no focus for it
        if (this.#open) model.show();
        redraw();
    }

    end(): void {
        this.model.changed = () => {};
        this.#messages.end();
        mark(0);
    }

    // However many changes a moment brings, they make one picture.
    redraw(): void {
        if (this.#waits) return;
        this.#waits = true;
        queueMicrotask(() => {
            this.#waits = false;
            const { open, unread } = this.model;
            const inside = this.root.activeElement;
            const keepPlace = this.#messages.place();
            draw(this.root, this.#picture());
            keepPlace();
            mark(unread);
            if (open !== this.#open) this.#moveFocus(open, inside);
        });
    }

    // Into the panel when somebody opens it; back to where it was when it closes around the focus.
    #moveFocus(open: boolean, inside: Element | null): void {
        this.#open = open;
        remember(OPEN, open ? "1" : "");
        if (open) {
            this.#opener = inside ? this.#launcher : document.activeElement as HTMLElement;
            this.#composer.focus();
        } else if (inside) (this.#opener?.isConnected && this.#opener !== document.body ? this.#opener : this.#launcher)?.focus();
    }

    #picture(): Child {
        const { model } = this;
        const { open, unread, strings } = model;
        const toggle = () => (open ? model.hide() : model.show());
        const label = open ? strings.close : unread ? `${strings.open}, ${unread} ${strings.unread}` : strings.open;
        return (
            <>
                {open && (
                    <div class="panel" role="dialog" aria-labelledby="title" onKeyDown={(event: KeyboardEvent) => {
                        if (event.key === "Escape" && !event.isComposing) toggle();
                    }} onPaste={(event: Event) => model.take(event)} onDrop={(event: Event) => model.take(event)}
                        onDragOver={(event: Event) => event.preventDefault()}>
                        <Header model={model} onClose={toggle} />
                        <Banner model={model} />
                        {this.#messages.picture()}
                        {model.rich?.above()}
                        {!model.rich?.over && this.#composer.picture()}
                    </div>
                )}
                {model.options.launcher !== false && (
                    <button ref={(node) => { this.#launcher = node; }} class="launcher" type="button" data-open={open}
                        aria-expanded={open} aria-label={label} onClick={toggle}>
                        {open ? <Cross /> : <Bubble />}
                        {!open && unread > 0 && <span class="badge" aria-hidden="true">{unread > 99 ? "99+" : unread}</span>}
                    </button>
                )}
            </>
        );
    }
}

function Header({ model, onClose }: { model: Model; onClose: () => void }): Child {
    const { strings, options } = model;
    const state = model.session?.own?.state;
    const owner = state?.owner;
    const title = options.name ?? strings.title;
    const name = owner && model.nameOf(owner);
    const person = owner?.kind === "agent" && name;
    const line = state?.queue ? model.rich?.inLine(state.queue) : person ? title : owner?.kind === "bot" && name;
    return (
        <div class="head">
            <Face name={person || title} />
            <div class="titles">
                <h2 id="title" dir="auto">{person || title}</h2>
                <p role="status" dir="auto">{line}</p>
            </div>
            <button class="icon" type="button" aria-label={strings.close} onClick={onClose}><Cross /></button>
        </div>
    );
}

// There from the start, so that a screen reader hears what comes into it.
function Banner({ model }: { model: Model }): Child {
    const { strings, away, rich } = model;
    return (
        <div class="banner" role="status">
            {rich?.ending() || (away && <p><i />{strings.offline}</p>)}
        </div>
    );
}

// The unread count stands before the page's own title, whatever the page makes of that meanwhile.
function mark(unread: number): void {
    const plain = document.title.replace(MARK, "");
    const title = unread ? `(${unread}) ${plain}` : plain;
    if (title !== document.title) document.title = title;
}

export function recall(key: string): string {
    try {
        return sessionStorage.getItem(key) ?? "";
    } catch {
        return "";
    }
}

export function remember(key: string, value: string): void {
    try {
        sessionStorage.setItem(key, value);
    } catch { /* forgotten with the page */ }
}
