// SPDX-License-Identifier: Apache-2.0
// Files that a message shows: pictures as they are, others by name and size. Addresses expire: a picture that does not come,
// and a file that is asked for, get theirs anew.
/** @jsxRuntime classic */
/** @jsx h */
/** @jsxFrag Fragment */
import type { Line } from "../client/index.ts";
import { freshUrl, isPicture, sizeOf } from "../client/files.ts";
import { Fragment, h, type Child } from "./dom.ts";
import type { Rich } from "./rich.tsx";

export class Files {
    readonly #urls = new Map<string, string>(); // by upload: newer than the entry's own; "": there is none any more

    constructor(readonly rich: Rich) {}

    shown({ body, at }: Line): Child {
        const { upload: id = "", name = "", text, type, bytes = 0, url } = body!;
        const known = this.#urls.get(id) ?? url;
        const address = known ? this.#address(known) : undefined;
        const shows = address && isPicture(type);
        const open = (event: Event): void => {
            event.preventDefault();
            void this.#fresh(id, at!, known!).then((fresh) => fresh && openTab(this.#address(fresh)));
        };
        const named = name || text;
        const size = sizeOf(bytes, this.rich.model.options.language);
        if (known === "") return <p class="file" key="file">{named}<small>{this.rich.strings.gone}</small></p>;
        return (
            <a class={shows ? "file picture" : "file"} key="file" href={address} target="_blank" rel="noopener" onClick={address ? open : undefined}>
                {shows
                    ? <img src={address} alt={`${named}, ${size}`} onError={() => this.#renew(id, at!, known!)} />
                    : <><span class="kind" aria-hidden="true">{endingOf(named)}</span><span><b dir="auto">{named}</b><small dir="auto">{size}</small></span></>}
            </a>
        );
    }

    #address(url: string): string {
        return new URL("." + url, this.rich.model.base).href;
    }

    // Once for each address: a picture that does not come with its newest one stays a gap.
    #renew(id: string, at: string, url: string): void {
        if (this.#urls.get(id) !== url) void this.#fresh(id, at, url);
    }

    // Without a line the known address must do.
    async #fresh(id: string, at: string, known: string): Promise<string> {
        const { session, changed } = this.rich.model;
        const { own } = session!;
        try {
            this.#urls.set(id, await freshUrl(session!, own!.state.id, at, id));
        } catch (error) {
            if ((error as { code?: string }).code === "not_found") this.#urls.set(id, "");
        }
        changed();
        return this.#urls.get(id) ?? known;
    }
}

// What stands for a file of no picture: the end of its name.
export const endingOf = (name: string): string => /\.(\w{1,4})$/.exec(name)?.[1]!.toUpperCase() ?? "…";

function openTab(address: string): void {
    const link = document.createElement("a");
    link.href = address;
    link.target = "_blank";
    link.rel = "noopener";
    link.click();
}
