// SPDX-License-Identifier: Apache-2.0
// A customer who does not wait in the chat: where to call or write to, how often that was tried, and what came of it.

import { useAround } from "./context.ts";
import { Icon, type IconName } from "./icon.tsx";
import { momentOf } from "./time.ts";
import type { Chat } from "../model/chat.ts";
import type { CallbackView } from "../model/wire.ts";

export const WAYS: Record<CallbackView["channel"], { icon: IconName; title: string }> = {
    chat: { icon: "speak", title: "Answer in the chat" },
    phone: { icon: "phone", title: "Call back" },
    email: { icon: "mail", title: "Write an email" },
};

/** What to do, where, by when, and how often it was tried. */
export function CallbackFacts({ callback }: { callback: CallbackView }) {
    const { channel, address, until_ms, attempts = 0, attempts_max } = callback;
    const { icon, title } = WAYS[channel];
    const scheme = channel === "phone" ? "tel:" : "mailto:";
    return (
        <span class="callback-facts">
            <Icon name={icon} />
            <b>{title}</b>
            {address && (
                <a href={scheme + address} dir="ltr" data-callback-address>
                    {address}
                </a>
            )}
            {until_ms !== undefined && <span>promised until {momentOf(until_ms)}</span>}
            <span>
                {attempts === 0 ? "first attempt" : `attempt ${attempts + 1}`}
                {attempts_max !== undefined && ` of ${attempts_max}`}
            </span>
        </span>
    );
}

/** Above the thread of a chat that is the agent's: the facts, and the two ends. */
export function CallbackBar({ chat, live }: { chat: Chat; live: boolean }) {
    const { actions } = useAround();
    const { callback, conversation } = chat;
    if (callback === null || chat.ownership !== "mine") return null;
    const last = (callback.attempts ?? 0) + 1 >= (callback.attempts_max ?? Infinity);
    const off = !live || chat.busy !== null;
    return (
        <div class="callback" role="group" aria-label="Callback" data-callback>
            <CallbackFacts callback={callback} />
            <span class="callback-answers">
                <button
                    type="button"
                    class="button button-main"
                    disabled={off}
                    data-reached
                    onClick={() => actions.calledBack(conversation, true)}
                >
                    Reached
                </button>
                <button
                    type="button"
                    class="button"
                    disabled={off}
                    data-not-reached
                    title={last ? "The last attempt: the case is closed, and the customer is told" : "The case comes back later"}
                    onClick={() => actions.calledBack(conversation, false)}
                >
                    {last ? "Not reached, close" : "Not reached"}
                </button>
            </span>
        </div>
    );
}
