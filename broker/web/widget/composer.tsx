// SPDX-License-Identifier: Apache-2.0
// Where the customer writes. Enter sends, Shift+Enter begins a line; a draft outlives the page.
/** @jsxRuntime classic */
/** @jsx h */
/** @jsxFrag Fragment */
import { h, type Child } from "./dom.ts";
import { Arrow } from "./icons.tsx";
import type { Model } from "./model.ts";
import { recall, remember } from "./view.tsx";

const DRAFT = "weft:draft";
const HEIGHT_PX_MAX = 132;

export class Composer {
    #text = recall(DRAFT);
    #long = false;
    #area: HTMLTextAreaElement | undefined;

    constructor(readonly model: Model, readonly redraw: () => void) {}

    focus(): void {
        this.#area?.focus();
    }

    #fit(): void {
        const area = this.#area!;
        area.style.height = "auto";
        area.style.height = Math.min(area.scrollHeight, HEIGHT_PX_MAX) + "px";
    }

    #write(text: string): void {
        this.#text = text;
        this.#long = false;
        remember(DRAFT, text);
        this.#area!.value = text;
        this.#fit();
        this.model.session?.own?.typing(text !== "");
        this.redraw();
    }

    #send(event: Event): void {
        event.preventDefault();
        const text = this.#text.trim();
        this.#long = !!text && !this.model.say(text);
        if (text && !this.#long) this.#write("");
        this.redraw();
        this.focus();
    }

    picture(): Child {
        const { strings } = this.model;
        return (
            <form onSubmit={(event: Event) => this.#send(event)}>
                {this.#long && <p role="alert">{strings.long}</p>}
                <div class="field">
                    <textarea rows={1} dir="auto" aria-label={strings.write} placeholder={strings.write} enterkeyhint="send"
                        value={this.#text} onInput={() => this.#write(this.#area!.value)}
                        ref={(node) => {
                            this.#area = node;
                            queueMicrotask(() => this.#fit());
                        }}
                        onKeyDown={(event: KeyboardEvent) => {
                            if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#send(event);
                        }} />
                    <button class="send" aria-label={strings.send} aria-disabled={!this.#text.trim()}><Arrow /></button>
                </div>
            </form>
        );
    }
}
