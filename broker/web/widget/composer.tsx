// SPDX-License-Identifier: Apache-2.0
// Where the customer writes. Enter sends, Shift+Enter begins a line; a draft outlives the page.
/** @jsxRuntime classic */
/** @jsx h */
/** @jsxFrag Fragment */
import { h, type Child } from "./dom.ts";
import { Arrow, Clip } from "./icons.tsx";
import type { Model } from "./model.ts";
import { recall, remember } from "./view.tsx";

const DRAFT = "weft:draft";
const HEIGHT_PX_MAX = 132;

export class Composer {
    #text = recall(DRAFT);
    #long = false;
    #area: HTMLTextAreaElement | undefined;
    #files: HTMLInputElement | undefined;

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

    #send(): void {
        const text = this.#text.trim();
        this.#long = !this.model.fits(text);
        if (!this.#long) {
            if (this.model.rich?.tray?.holds(() => this.#send())) return;
            if (text) {
                this.model.say(text);
                this.#write("");
            }
        }
        this.redraw();
        this.focus();
    }

    picture(): Child {
        const { model } = this;
        const { strings } = model;
        return (
            <form onSubmit={(event: Event) => {
                event.preventDefault();
                this.#send();
            }}>
                {this.#long && <p role="alert">{strings.long}</p>}
                <div class="field">
                    <button class="icon clip" type="button" aria-label={strings.attach} onClick={() => this.#files!.click()}><Clip /></button>
                    <input type="file" multiple hidden value="" ref={(node) => { this.#files = node; }} onChange={(event: Event) => model.take(event)} />
                    <textarea rows={1} dir="auto" aria-label={strings.write} placeholder={strings.write} enterkeyhint="send"
                        value={this.#text} onInput={() => this.#write(this.#area!.value)}
                        ref={(node) => {
                            this.#area = node;
                            queueMicrotask(() => this.#fit());
                        }}
                        onKeyDown={(event: KeyboardEvent) => {
                            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
                            event.preventDefault();
                            this.#send();
                        }} />
                    <button class="send" aria-label={strings.send} aria-disabled={!this.#text.trim() && !model.rich?.tray?.any}><Arrow /></button>
                </div>
            </form>
        );
    }
}
