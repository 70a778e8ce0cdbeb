// SPDX-License-Identifier: Apache-2.0
// The files that wait above the composer until they are sent: how far each is, what went wrong, and how to go on.

import { useAround } from "./context.ts";
import { Icon } from "./icon.tsx";
import { endingOf } from "./files.tsx";
import { fileFaultOf, mayGoBetter } from "./words.ts";
import { sizeOf } from "../../client/files.ts";
import type { Attachment, Tray } from "../../client/tray.ts";

export function Attached({ tray, wish, onLeft }: { tray: Tray; wish: boolean; onLeft: () => void }) {
    if (tray.items.length === 0) return null;
    return (
        <div class="attached">
            <ul aria-label="Files to send">
                {tray.items.map((one) => (
                    <One key={one.key} tray={tray} one={one} onLeft={onLeft} />
                ))}
            </ul>
            <p role="status">{stateOf(tray, wish)}</p>
        </div>
    );
}

function stateOf(tray: Tray, wish: boolean): string {
    if (tray.full) return "No more than ten files at once.";
    if (tray.busy) return wish ? "It is sent when the files are there." : "";
    return tray.failed ? "" : "Ready to send";
}

function One({ tray, one, onLeft }: { tray: Tray; one: Attachment; onLeft: () => void }) {
    const { limits } = useAround();
    const { file, picture, error } = one;
    return (
        <li>
            {picture ? <img src={picture} alt="" /> : <span class="file-kind" aria-hidden="true">{endingOf(file.name)}</span>}
            <div class="file-words">
                <b dir="auto">{file.name}</b>
                {error ? (
                    <p class="attached-fault" role="alert">
                        {fileFaultOf(error, limits()?.upload_bytes)}
                        {mayGoBetter(error) && (
                            <button type="button" onClick={() => tray.retry(one)}>
                                Try again
                            </button>
                        )}
                    </p>
                ) : one.ready ? (
                    <small dir="auto">{sizeOf(file.size)}</small>
                ) : (
                    <progress max={file.size} value={one.sent} aria-label={file.name} />
                )}
            </div>
            <button
                type="button"
                class="tool"
                aria-label={`${error ? "Remove" : "Cancel"}: ${file.name}`}
                onClick={() => (tray.remove(one), onLeft())}
            >
                <Icon name="close" />
            </button>
        </li>
    );
}
