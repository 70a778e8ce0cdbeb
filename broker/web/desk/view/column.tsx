// SPDX-License-Identifier: Apache-2.0
// One open chat: who it is, the packet, the thread, and the place to write.

import { CallbackBar } from "./callback.tsx";
import { Pure, useAround } from "./context.ts";
import { Composer } from "./composer.tsx";
import { Icon, type IconName } from "./icon.tsx";
import { Avatar, Dots, Waiting } from "./list.tsx";
import { wordsAt } from "./marks.ts";
import { Messages } from "./messages.tsx";
import { Packet } from "./packet.tsx";
import { Whisper } from "./whisper.tsx";
import { clockOf } from "./time.ts";
import { endedOf, typingLine } from "./words.ts";
import { hasOlder, writable, type Chat } from "../model/chat.ts";
import { keysOf, type ActionName } from "../model/keys.ts";

export interface ColumnProps {
    readonly chat: Chat;
    readonly me: string;
    readonly supervisor: boolean;
    readonly focused: boolean;
    readonly alone: boolean;
    readonly narrow: boolean;
    readonly live: boolean;
    readonly lost_at_ms: number | null;
    readonly now_ms: number;
    readonly packet: boolean;
}

export class Column extends Pure<ColumnProps> {
    render(props: ColumnProps) {
        return <Open {...props} />;
    }
}

function Open(props: ColumnProps) {
    const { chat, me, focused, alone, live, lost_at_ms, now_ms, packet } = props;
    const { actions } = useAround();
    const { conversation } = chat;
    const focus = () => {
        if (!focused) actions.focus(conversation);
    };
    const { onPaste, onDrop, onDragOver } = takesFiles(chat, (files) => actions.attach(conversation, files));
    return (
        <section
            class={focused && !alone ? "column column-focus" : "column"}
            data-column={conversation}
            aria-label={`Chat with ${chat.contact}`}
            onFocusIn={focus}
            onPointerDown={focus}
            onPaste={onPaste}
            onDrop={onDrop}
            onDragOver={onDragOver}
        >
            <Head {...props} />
            {!live && lost_at_ms !== null && (
                <p class="column-stale" role="status">
                    <Icon name="plug" />
                    Not connected. As of {clockOf(lost_at_ms)}; what you write is sent later.
                </p>
            )}
            <CallbackBar chat={chat} live={live} />
            {chat.handoff && (
                <Packet
                    handoff={chat.handoff}
                    conversation={conversation}
                    open={packet}
                    onToggle={(open) => actions.togglePacket(conversation, open)}
                />
            )}
            <Messages
                key={conversation}
                conversation={conversation}
                deeds={chat.deeds}
                writable={writable(chat)}
                thread={chat.thread}
                pending={chat.pending}
                contact={chat.contact}
                me={me}
                delivered={chat.delivered}
                read={chat.read}
                hasOlder={hasOlder(chat)}
                older={chat.older}
                now_ms={now_ms}
                onOlder={actions.olderOf(conversation)}
                onEnd={actions.endOf(conversation)}
            />
            <p class="typing" aria-live="off">
                {typingLine(chat.typists, chat.contact, me)}
                {chat.typists.length > 0 && <Dots />}
            </p>
            {writable(chat) ? (
                <Composer
                    key={`write-${conversation}`}
                    conversation={conversation}
                    contact={chat.contact}
                    draft_turn={chat.draft_turn}
                    notice={chat.notice}
                    live={live}
                    ownership={chat.ownership}
                    quote={wordsAt(chat.thread, chat.answering)}
                />
            ) : chat.ownership === "watching" ? (
                <Whisper key={`whisper-${conversation}`} chat={chat} live={live} supervisor={props.supervisor} />
            ) : (
                <Ended chat={chat} live={live} />
            )}
        </section>
    );
}

/** Files that are pasted or dropped anywhere in a chat where the agent may write. */
function takesFiles(chat: Chat, attach: (files: File[]) => void) {
    const take = (event: Event, data: DataTransfer | null): void => {
        const files = [...(data?.files ?? [])];
        if (files.length === 0) return;
        event.preventDefault();
        if (writable(chat)) attach(files);
    };
    return {
        onPaste: (event: ClipboardEvent) => take(event, event.clipboardData),
        onDrop: (event: DragEvent) => take(event, event.dataTransfer),
        onDragOver: (event: DragEvent) => event.preventDefault(),
    };
}

function Head({ chat, narrow, live, supervisor }: ColumnProps) {
    const { actions } = useAround();
    const { conversation, busy } = chat;
    const can = live && chat.ownership === "mine" && busy === null;
    return (
        <header class="column-head">
            {narrow && (
                <Tool icon="back" name="Back to the list" action="hide" onClick={() => actions.hide(conversation)} />
            )}
            <Avatar name={chat.contact} />
            <div class="column-title">
                <h2>
                    <bdi>{chat.contact}</bdi>
                    {chat.proven && (
                        <span class="proven" title="Proved who they are">
                            <Icon name="proven" />
                            <span class="hidden">, proved who they are</span>
                        </span>
                    )}
                </h2>
                <p class="column-state">
                    <State chat={chat} />
                </p>
            </div>
            {supervisor && (
                <Tool icon="why" name="Why this agent" action="explain" onClick={() => actions.ask("explain", conversation)} />
            )}
            {chat.ownership === "joined" && (
                <Tool
                    icon="exit"
                    name="Leave the chat"
                    action="leave"
                    disabled={!live}
                    onClick={() => actions.leave(conversation)}
                />
            )}
            {writable(chat) && chat.ownership !== "joined" && (
                <>
                    <Tool
                        icon="invite"
                        name="Ask a colleague in"
                        action="invite"
                        disabled={!can}
                        onClick={() => actions.ask("invite", conversation)}
                    />
                    <Tool
                        icon="transfer"
                        name="Transfer"
                        action="transfer"
                        disabled={!can}
                        onClick={() => actions.ask("transfer", conversation)}
                    />
                    <Tool
                        icon="done"
                        name="Close the case"
                        action="close"
                        disabled={!can}
                        onClick={() => actions.ask("close", conversation)}
                    />
                </>
            )}
            {!narrow && (
                <Tool icon="hide" name="Hide this column" action="hide" onClick={() => actions.hide(conversation)} />
            )}
        </header>
    );
}

function State({ chat }: { chat: Chat }) {
    if (chat.busy === "recording") return <>Recording…</>;
    if (chat.busy === "closing") return <>Closing…</>;
    if (chat.busy === "transferring") return <>Handing over…</>;
    if (chat.busy === "reopening") return <>Opening again…</>;
    if (chat.ownership === "watching") return <>Reading along, unseen</>;
    if (chat.ownership === "joined") return <>You joined this chat</>;
    if (!writable(chat)) return <>{chat.ownership === "closed" ? "Closed" : "No longer yours"}</>;
    if (chat.ownership === "checking") return <>Checking…</>;
    if (chat.waiting_since_ms !== null) return <Waiting since_ms={chat.waiting_since_ms} words />;
    return (
        <span class="answered">
            <Icon name="check" />
            Answered
        </span>
    );
}

function Tool({
    icon,
    name,
    action,
    disabled,
    onClick,
}: {
    icon: IconName;
    name: string;
    action: ActionName;
    disabled?: boolean;
    onClick: () => void;
}) {
    const { bindings, mac } = useAround();
    const keys = keysOf(bindings[action], mac).join(" ");
    return (
        <button
            type="button"
            class="tool"
            aria-label={name}
            title={keys ? `${name} (${keys})` : name}
            disabled={disabled}
            data-tool={action}
            onClick={onClick}
        >
            <Icon name={icon} />
        </button>
    );
}

function Ended({ chat, live }: { chat: Chat; live: boolean }) {
    const { actions } = useAround();
    const { conversation } = chat;
    return (
        <div class="ended" role="status">
            {chat.notice !== null && (
                <p class="composer-notice">
                    <Icon name="warn" />
                    {chat.notice}
                </p>
            )}
            {chat.notice !== null && <Leftover conversation={conversation} turn={chat.draft_turn} />}
            <p class="ended-words">{endedOf(chat)}</p>
            <div class="ended-tools">
                {chat.ownership === "closed" && (
                    <button
                        type="button"
                        class="button"
                        disabled={!live || chat.busy !== null}
                        data-reopen
                        onClick={() => actions.reopen(conversation)}
                    >
                        {chat.busy === "reopening" ? "Opening again…" : "Open again"}
                    </button>
                )}
                <button
                    type="button"
                    class="button button-main"
                    data-dismiss
                    onClick={() => actions.dismiss(conversation)}
                >
                    Done with it
                </button>
            </div>
        </div>
    );
}

/** Words that came back when the chat was already somebody else's: to be copied, there is no place to send them. */
function Leftover({ conversation, turn }: { conversation: string; turn: number }) {
    const { actions } = useAround();
    const { text } = actions.draft(conversation);
    return text === "" ? null : (
        <blockquote class="leftover" dir="auto" data-turn={turn}>
            {text}
        </blockquote>
    );
}
