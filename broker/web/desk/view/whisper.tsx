// SPDX-License-Identifier: Apache-2.0
// Under a chat that is only read along: a word to the agent, which the customer can never see, and what else a
// looker-on may do. There is no way to write to the customer here; that begins with barging in.

import { useRef, useState } from "preact/hooks";
import { useAround } from "./context.ts";
import { Icon } from "./icon.tsx";
import type { Chat } from "../model/chat.ts";

const WORDS_MAX = 2000;

export function Whisper({ chat, live, supervisor }: { chat: Chat; live: boolean; supervisor: boolean }) {
    const { actions } = useAround();
    const { conversation, contact } = chat;
    return (
        <div class="whisper">
            <Words conversation={conversation} />
            <div class="whisper-tools" role="group" aria-label="More than reading along">
                <button type="button" class="button" data-barge disabled={!live} title="Everybody sees that you joined"
                    onClick={() => actions.join(conversation, contact)}>
                    <Icon name="speak" />
                    {supervisor ? "Barge in" : "Join"}
                </button>
                {supervisor && <TakeOver conversation={conversation} live={live} />}
                <button type="button" class="button" data-unwatch onClick={() => actions.unwatch(conversation)}>
                    Stop reading
                </button>
            </div>
        </div>
    );
}

function TakeOver({ conversation, live }: { conversation: string; live: boolean }) {
    const { actions } = useAround();
    const [sure, setSure] = useState(false);
    return (
        <button type="button" class="button" data-take-over disabled={!live} title="The case is yours from then on"
            onBlur={() => setSure(false)} onClick={() => (sure ? actions.takeOver(conversation) : setSure(true))}>
            <Icon name="take" />
            {sure ? "Take it from them?" : "Take over"}
        </button>
    );
}

function Words({ conversation }: { conversation: string }) {
    const { actions } = useAround();
    const field = useRef<HTMLTextAreaElement>(null);
    const hint = `whisper-hint-${conversation}`;
    const send = (): void => {
        const text = field.current!.value.trim();
        if (text === "") return;
        actions.say(conversation, text, true);
        field.current!.value = "";
        field.current!.focus();
    };
    const onKeyDown = (event: KeyboardEvent): void => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        send();
    };
    const onSubmit = (event: Event): void => {
        event.preventDefault();
        send();
    };
    return (
        <form class="composer composer-note" onSubmit={onSubmit}>
            <p id={hint} class="whisper-hint">
                <Icon name="note" />
                Whisper: colleagues in this chat see it, the customer never does.
            </p>
            <div class="composer-line">
                <textarea ref={field} class="composer-field" rows={2} dir="auto" maxLength={WORDS_MAX}
                    aria-label="Whisper to the agent" aria-describedby={hint} onKeyDown={onKeyDown} />
                <button type="submit" class="button button-main composer-send" data-whisper aria-label="Whisper">
                    <Icon name="send" />
                </button>
            </div>
        </form>
    );
}
