// SPDX-License-Identifier: Apache-2.0
// The third load: files on their way up. They wait above the field until they are sent; those that are ready go before the
// words that were written with them, each as a message of its own. It comes when the first file is chosen, pasted or dropped.
/** @jsxRuntime classic */
/** @jsx h */
/** @jsxFrag Fragment */
import sheet from "attach.css";
import { fileBody, sizeOf, ticketOf, upload } from "../client/files.ts";
import { Tray, type Attachment } from "../client/tray.ts";
import { h, type Child } from "./dom.ts";
import { endingOf } from "./files.tsx";
import type { Rich } from "./rich.tsx";
import { attachEnglish, type AttachStrings, type RichStrings, type Strings } from "./strings.ts";

const AGAIN = ["disconnected", "rate_limited", "busy", "store_unavailable", "internal", "quota", "store_full"]; // may go better

export class Attach {
    readonly tray: Tray;
    #wish: (() => void) | undefined; // to send, as soon as everything is there

    constructor(readonly rich: Rich) {
        const { model } = rich;
        this.tray = new Tray({
            upload: (file, more) => upload(file, { url: model.base, token: ticketOf(model.session!), ...more }),
            limit: () => model.session?.welcome?.limits.upload_bytes,
            changed: () => this.#changed(),
        });
        const styles = new CSSStyleSheet();
        styles.replaceSync(sheet);
        rich.root.adoptedStyleSheets.push(styles);
        rich.root.addEventListener("input", () => { this.#wish = undefined; }); // they write on
    }

    get strings(): Strings & RichStrings & AttachStrings {
        return { ...attachEnglish, ...this.rich.strings };
    }

    get any(): boolean {
        return this.tray.items.length > 0;
    }

    add(files: File[]): void {
        this.tray.add(files);
    }

    // Before words are sent: sends what is ready. True: not now; `send` is called when all of it is there.
    holds(send: () => void): boolean {
        const { tray, rich } = this;
        if (!tray.busy && !tray.failed) {
            for (const ready of tray.take()) rich.model.session!.own!.say({ body: fileBody(ready), ...rich.answering() });
            return false;
        }
        this.#wish = send;
        if (tray.failed) rich.root.querySelector<HTMLElement>(".tray .failed button")?.focus();
        rich.model.changed();
        return true;
    }

    #changed(): void {
        const { tray } = this;
        const wish = !tray.busy && !tray.failed && this.#wish;
        if (wish) {
            this.#wish = undefined;
            wish();
        }
        this.rich.model.changed();
    }

    picture(): Child {
        const { tray, strings } = this;
        return tray.items.length > 0 && (
            <div class="tray" key="tray">
                <ul aria-label={strings.files}>{tray.items.map((one) => this.#attachment(one))}</ul>
                <p class="note" role="status">{tray.full ? strings.many : tray.busy ? this.#wish && strings.soon : !tray.failed && strings.ready}</p>
            </div>
        );
    }

    #attachment(one: Attachment): Child {
        const { tray, strings } = this;
        const { key, file, picture, error, ready, sent } = one;
        const mayGoBetter = AGAIN.includes(error ?? "");
        return (
            <li key={key}>
                {picture ? <img src={picture} alt="" /> : <span class="kind" aria-hidden="true">{endingOf(file.name)}</span>}
                <div>
                    <b dir="auto">{file.name}</b>
                    {error ? <p class="failed" role="alert">{this.#fault(error)}
                        {mayGoBetter && <button type="button" onClick={() => tray.retry(one)}>{strings.again}</button>}</p>
                        : ready ? <span dir="auto">{this.#size(file.size)}</span>
                            : <progress max={file.size} value={sent} aria-label={file.name} />}
                </div>
                <button class="icon" type="button" aria-label={`${error ? strings.remove : strings.cancel}: ${file.name}`}
                    onClick={() => {
                        tray.remove(one);
                        this.rich.focusField();
                    }}>×</button>
            </li>
        );
    }

    #fault(code: string): string {
        const { strings, rich: { model } } = this;
        const limit = model.session?.welcome?.limits.upload_bytes;
        switch (code) {
            case "too_large": return strings.large.replace("{size}", limit ? this.#size(limit) : "…");
            case "empty": return strings.empty;
            case "store_full": case "quota": return strings.full;
            case "unsupported": case "forbidden": case "bad_origin": case "body_unsupported": case "bad_request": return strings.never;
            default: return strings.broken;
        }
    }

    #size(bytes: number): string {
        return sizeOf(bytes, this.rich.model.options.language);
    }
}

export const attach = (rich: Rich): Attach => new Attach(rich);
