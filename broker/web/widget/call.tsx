// SPDX-License-Identifier: Apache-2.0
// The fourth load: who need not wait. Offers to be called back, asks for what that needs, and says what was agreed; it stands above the
// field, and comes when the server says that a callback is offered or agreed.
/** @jsxRuntime classic */
/** @jsx h */
/** @jsxFrag Fragment */
import sheet from "call.css";
import type { CallbackChannel, CallbackFrame, CallbackView, WeftError } from "../client/index.ts";
import { h, type Child } from "./dom.ts";
import type { Rich } from "./rich.tsx";
import { callEnglish, type CallStrings, type RichStrings, type Strings } from "./strings.ts";

export class Call {
    #open = false;
    #busy = false;
    #fault = "";
    #way: CallbackChannel | undefined;
    #address = "";
    #from = 0; // 0: at the case's turn

    constructor(readonly rich: Rich) {
        const styles = new CSSStyleSheet();
        styles.replaceSync(sheet);
        rich.root.adoptedStyleSheets.push(styles);
    }

    get strings(): Strings & RichStrings & CallStrings {
        return { ...callEnglish, ...this.rich.strings };
    }

    picture({ ways, windows, agreed }: CallbackFrame): Child {
        if (agreed) return this.#agreed(agreed);
        return ways && this.#offer(ways as CallbackChannel[], windows ?? []);
    }

    #agreed(agreed: CallbackView): Child {
        const { strings } = this;
        const { channel, address, attempts = 0 } = agreed;
        return (
            <div class="call" key="call">
                <div class="said">
                    <p role="status" dir="auto"><b>{strings[`call_${channel}_agreed`]}</b>
                        {address && <small><bdi dir="ltr">{address}</bdi></small>}
                        <small>{this.#when(agreed)}</small>
                        {attempts > 0 && <small>{strings.call_tried.replace("{n}", String(attempts))}</small>}</p>
                    <button class="pill" type="button" disabled={this.#busy}
                        onClick={() => this.#ask({ type: "cancel_callback" })}>{strings.call_cancel}</button>
                </div>
                {this.#failed()}
            </div>
        );
    }

    // As honest as what is known: the time agreed, the opening, an estimate, or only that the place is kept.
    #when({ from_ms, until_ms }: CallbackView): string {
        const { strings, rich } = this;
        const { own, world, skew } = rich.model.session!;
        const { queue } = own!.state;
        const now = world.now() + skew;
        if (from_ms && until_ms && until_ms > now) return this.#span(from_ms, until_ms);
        if (from_ms && from_ms > now) return strings.call_from.replace("{t}", this.#moment(from_ms));
        if (queue?.opens) return strings.call_from.replace("{t}", this.#moment(queue.opens));
        return queue?.wait_ms ? strings.call_wait.replace("{n}", String(Math.ceil(queue.wait_ms / 60_000))) : strings.call_turn;
    }

    #moment(at: number): string {
        return new Date(at).toLocaleString(this.#language, { weekday: "long", hour: "numeric", minute: "2-digit" });
    }

    #span(from: number, until: number): string {
        return new Intl.DateTimeFormat(this.#language, { weekday: "long", hour: "numeric", minute: "2-digit" }).formatRange(from, until);
    }

    get #language(): string | undefined {
        return this.rich.model.options.language;
    }

    #offer(ways: CallbackChannel[], windows: { from_ms: number; until_ms: number }[]): Child {
        const { strings } = this;
        return (
            <div class="call" key="offer">
                <div class="said">
                    <p dir="auto"><b>{strings.call_offer}</b><small>{strings.call_kept}</small></p>
                    {!this.#open && <button class="pill" type="button" aria-expanded="false" onClick={() => this.#unfold(true)}>{strings.call_open}</button>}
                </div>
                {this.#open && this.#form(ways, windows)}
            </div>
        );
    }

    #unfold(open: boolean): void {
        this.#open = open;
        this.#fault = "";
        if (!open) this.rich.focusField();
        this.rich.model.changed();
    }

    #form(ways: CallbackChannel[], windows: { from_ms: number; until_ms: number }[]): Child {
        const { strings } = this;
        const way = ways.includes(this.#way!) ? this.#way! : ways[0]!;
        const choose = (run: (value: string) => void) => (event: Event) => {
            run((event.target as HTMLSelectElement).value);
            this.#fault = "";
            this.rich.model.changed();
        };
        return (
            <form noValidate onSubmit={(event: Event) => {
                event.preventDefault();
                this.#submit(way);
            }} ref={(node: HTMLElement) => queueMicrotask(() => node.querySelector<HTMLElement>("select,input,button")?.focus())}>
                {ways.length > 1 && <label key="way">{strings.call_how}
                    <select onInput={choose((value) => { this.#way = value as CallbackChannel; })}>
                        {ways.map((one) => <option value={one} key={one}>{strings[`call_${one}`]}</option>)}
                    </select></label>}
                {way === "phone" && <label key="phone">{strings.call_number}
                    <input type="tel" autocomplete="tel" dir="ltr" aria-invalid={this.#fault !== ""}
                        onInput={(event: Event) => { this.#address = (event.target as HTMLInputElement).value; }} /></label>}
                {way === "email" && <label key="email">{strings.call_address}
                    <input type="email" autocomplete="email" dir="ltr" aria-invalid={this.#fault !== ""}
                        onInput={(event: Event) => { this.#address = (event.target as HTMLInputElement).value; }} /></label>}
                {windows.length > 0 && way !== "chat" && <label key="when">{strings.call_when}
                    <select onInput={choose((value) => { this.#from = Number(value); })}>
                        <option value="0" key="0">{strings.call_soon}</option>
                        {windows.map(({ from_ms, until_ms }) =>
                            <option value={String(from_ms)} key={String(from_ms)}>{this.#span(from_ms, until_ms)}</option>)}
                    </select></label>}
                {this.#failed()}
                <div class="buttons">
                    <button class="pill" type="button" onClick={() => this.#unfold(false)}>{strings.call_wait_on}</button>
                    <button class="pill main" disabled={this.#busy}>{strings.call_ask}</button>
                </div>
            </form>
        );
    }

    #submit(channel: CallbackChannel): void {
        const address = channel === "chat" ? undefined : this.#address.trim();
        const from_ms = (channel !== "chat" && this.#from) || undefined;
        this.#ask({ type: "ask_callback", channel, address, from_ms });
    }

    #failed(): Child {
        return this.#fault && <p class="failed" role="alert" key="failed">{this.#fault}</p>;
    }

    #ask(frame: { type: "cancel_callback" } | { type: "ask_callback"; channel: CallbackChannel; address?: string | undefined; from_ms?: number | undefined }): void {
        const { strings, rich } = this;
        this.#busy = true;
        this.#fault = "";
        rich.model.changed();
        rich.model.session!.request(frame).then(() => {
            this.#open = false;
            this.#from = 0;
            rich.focusField();
        }, ({ code }: WeftError) => {
            this.#fault = code === "callback_bad_address" ? strings[frame.type === "ask_callback" && frame.channel === "email" ? "call_bad_address" : "call_bad_number"]
                : code === "callback_outside_hours" ? strings.call_bad_time : strings.undone;
        }).then(() => {
            this.#busy = false;
            rich.model.changed();
        });
    }
}

export const call = (rich: Rich): Call => new Call(rich);
