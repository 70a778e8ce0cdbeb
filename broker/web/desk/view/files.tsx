// SPDX-License-Identifier: Apache-2.0
// Files as an agent sees them: a picture in the thread and large before it, others by name and size. Only what the server
// lists as a picture is ever drawn; all else is a download, whatever its name says.
//
// Addresses expire. A picture that does not come and a file that is asked for get theirs anew, once for each address.

import { useState } from "preact/hooks";
import { useAround } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icon.tsx";
import { isPicture, sizeOf } from "../../client/files.ts";
import type { Body } from "../model/wire.ts";

export interface FileProps {
    readonly body: Body;
    readonly conversation: string;
    /** Its entry; null: it is on its way, and has no address yet. */
    readonly at: string | null;
}

const lands = (url: string): string => new URL(`.${url}`, `${location.origin}/`).href;

/** The address that is good now, and a way to another one. */
function useAddress({ body, conversation, at }: FileProps) {
    const { actions } = useAround();
    const upload = body.upload ?? "";
    const [, draw] = useState(0);
    const known = actions.addressOf(upload);
    const url = known === undefined ? (body.url ?? null) : known;
    const renew = async (): Promise<string | null> => {
        if (at === null) return null;
        const next = await actions.freshAddress(conversation, at, upload).catch(() => url);
        draw((count) => count + 1);
        return next;
    };
    return {
        href: url === null ? undefined : lands(url),
        gone: known === null,
        renew,
        /** An image of this address did not come. */
        failed: () => void (known === undefined && renew()),
    };
}

function openTab(href: string): void {
    const link = document.createElement("a");
    Object.assign(link, { href, target: "_blank", rel: "noopener" });
    link.click();
}

function Chip({ name, size, gone }: { name: string; size: string; gone: boolean }) {
    return (
        <>
            <span class="file-kind" aria-hidden="true">
                {endingOf(name)}
            </span>
            <span class="file-words">
                <b dir="auto">{name}</b>
                <small dir="auto">{gone ? "Not there any more" : size}</small>
            </span>
        </>
    );
}

export function File(props: FileProps) {
    const { actions } = useAround();
    const { body } = props;
    const { href, gone, renew, failed } = useAddress(props);
    const name = body.name ?? body.text;
    const size = sizeOf(body.bytes ?? 0);
    if (href === undefined)
        return (
            <div class="file">
                <Chip name={name} size={size} gone={gone} />
            </div>
        );
    if (isPicture(body.type))
        return (
            <button type="button" class="file file-picture" onClick={() => void renew().then((next) => next !== null && actions.view(props))}>
                <img src={href} alt={`${name}, ${size}`} onError={failed} />
            </button>
        );
    const open = (event: Event): void => {
        event.preventDefault();
        void renew().then((next) => next !== null && openTab(lands(next)));
    };
    return (
        <a class="file" href={href} target="_blank" rel="noopener" onClick={open}>
            <Chip name={name} size={size} gone={gone} />
        </a>
    );
}

/** A picture as large as the window lets it be. */
export function Viewer({ shown, onClose }: { shown: FileProps; onClose: () => void }) {
    const { href, failed } = useAddress(shown);
    const name = shown.body.name ?? shown.body.text;
    return (
        <Dialog title={name} name="picture" onClose={onClose}>
            <div class="viewer">{href !== undefined && <img src={href} alt={name} onError={failed} />}</div>
            <p class="viewer-tools">
                <span dir="auto">{sizeOf(shown.body.bytes ?? 0)}</span>
                {href !== undefined && (
                    <a class="button" href={href} download={name}>
                        <Icon name="down" />
                        Download
                    </a>
                )}
            </p>
        </Dialog>
    );
}

/** What stands for a file of no picture: the end of its name. */
export function endingOf(name: string): string {
    return /\.(\w{1,4})$/.exec(name)?.[1]!.toUpperCase() ?? "…";
}
