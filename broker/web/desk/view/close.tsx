// SPDX-License-Identifier: Apache-2.0
// Ends a case, with the reason that reports will count.

import { useState } from "preact/hooks";
import { useAround } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { CLOSE_REASONS } from "./words.ts";
import type { Chat } from "../model/chat.ts";

export function CloseDialog({ chat, live, onClose }: { chat: Chat; live: boolean; onClose: () => void }) {
    const { actions } = useAround();
    const [reason, setReason] = useState(CLOSE_REASONS[0]![0]);
    const onSubmit = (event: Event): void => {
        event.preventDefault();
        if (!live) return;
        actions.close(chat.conversation, reason);
        onClose();
    };
    return (
        <Dialog title={`Close the case of ${chat.contact}`} name="close" onClose={onClose}>
            <form onSubmit={onSubmit} class="form">
                <fieldset class="reasons">
                    <legend class="hidden">How it ended</legend>
                    {CLOSE_REASONS.map(([name, words]) => (
                        <label key={name} class="reason">
                            <input
                                type="radio"
                                name="reason"
                                value={name}
                                checked={reason === name}
                                onChange={() => setReason(name)}
                            />
                            {words}
                        </label>
                    ))}
                </fieldset>
                {chat.waiting_since_ms !== null && <p class="form-note">The customer still waits for an answer.</p>}
                <p class="form-wrong" role="alert">
                    {!live && "Not connected: the case can be closed when the line is back."}
                </p>
                <footer class="form-tools">
                    <button type="button" class="button" onClick={onClose}>
                        Cancel
                    </button>
                    <button type="submit" class="button button-main" disabled={!live}>
                        Close the case
                    </button>
                </footer>
            </form>
        </Dialog>
    );
}
