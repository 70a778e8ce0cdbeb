// SPDX-License-Identifier: Apache-2.0
// The agent's chats, who waits longest first, and the offers above them.

import { Pure, useAround, useSecond } from "./context.ts";
import { Icon } from "./icon.tsx";
import { briefOf, isoOf, spanOf } from "./time.ts";
import { endedOf, typingLine, whoName } from "./words.ts";
import { writable, type Chat } from "../model/chat.ts";
import { isIdle, type Routing } from "../model/routing.ts";
import { steady } from "../model/select.ts";

export interface ListProps {
    readonly chats: readonly Chat[];
    readonly shown: readonly string[];
    readonly focus: string | null;
    readonly me: string;
    readonly routing: Routing;
}

/** Moves the focus along the list with the arrow keys, as in any list of things to choose from. */
function onKeyDown(event: KeyboardEvent): void {
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const by = moves[event.key];
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const list = event.currentTarget as HTMLElement;
    const items = [...list.querySelectorAll<HTMLElement>(".chat-item")];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const next = items[at + by];
    if (next) {
        event.preventDefault();
        next.focus();
    }
}

const STEADY_MS = 1200;

/**
 * The list. Its order stands still while the mouse moves over it, so that a chat does not slip away from under the
 * click that was meant for it; what is new meanwhile comes last.
 */
export class ChatList extends Pure<ListProps> {
    private order: readonly string[] = [];
    private movedAt = -Infinity;
    private timer: ReturnType<typeof setTimeout> | undefined;

    override componentWillUnmount(): void {
        clearTimeout(this.timer);
    }

    private readonly onMove = (event: PointerEvent): void => {
        if (event.pointerType !== "touch") this.movedAt = performance.now();
    };

    private ordered(chats: readonly Chat[]): readonly Chat[] {
        const wait = this.movedAt + STEADY_MS - performance.now();
        clearTimeout(this.timer);
        if (wait > 0) this.timer = setTimeout(() => this.forceUpdate(), wait);
        const ordered = wait > 0 ? steady(chats, this.order) : chats;
        this.order = ordered.map((chat) => chat.conversation);
        return ordered;
    }

    render({ chats, shown, focus, me, routing }: ListProps) {
        return (
            <ul class="chat-list" onKeyDown={onKeyDown} onPointerMove={this.onMove} aria-label="Your chats">
                {this.ordered(chats).map((chat) => (
                    <ChatItem
                        key={chat.conversation}
                        chat={chat}
                        shown={shown.includes(chat.conversation)}
                        focused={focus === chat.conversation}
                        me={me}
                        idle={isIdle(routing, chat.conversation)}
                    />
                ))}
            </ul>
        );
    }
}

interface ItemProps {
    readonly chat: Chat;
    readonly shown: boolean;
    readonly focused: boolean;
    readonly me: string;
    /** It weighs little: nobody has spoken for a while. */
    readonly idle: boolean;
}

class ChatItem extends Pure<ItemProps> {
    render(props: ItemProps) {
        return <Item {...props} />;
    }
}

function Item({ chat, shown, focused, me, idle }: ItemProps) {
    const { actions } = useAround();
    const ended = !writable(chat);
    const classes = ["chat-item", focused && "chat-item-focus", shown && "chat-item-shown", ended && "chat-item-ended"];
    return (
        <li>
            <button
                type="button"
                class={classes.filter(Boolean).join(" ")}
                aria-current={focused ? "true" : undefined}
                data-chat={chat.conversation}
                onClick={() => actions.open(chat.conversation)}
            >
                <Avatar name={chat.contact} />
                <span class="chat-item-top">
                    <bdi class="chat-item-name">{chat.contact}</bdi>
                    {idle && !ended && (
                        <span class="idle" title="Silent for a while: it leaves room for another chat">
                            <Icon name="rest" />
                            idle
                        </span>
                    )}
                    <Stamp chat={chat} />
                </span>
                <span class="chat-item-bottom">
                    <Words chat={chat} me={me} />
                    {chat.unread > 0 && !ended && (
                        <span class="unread">
                            {chat.unread}
                            <span class="hidden"> unread</span>
                        </span>
                    )}
                </span>
            </button>
        </li>
    );
}

function Words({ chat, me }: { chat: Chat; me: string }) {
    if (chat.ownership === "watching") return <span class="chat-item-words">You are reading along</span>;
    if (!writable(chat)) return <span class="chat-item-words">{endedOf(chat)}</span>;
    if (chat.notice !== null)
        return (
            <span class="chat-item-words chat-item-warn">
                <Icon name="warn" />
                Not sent, see the draft
            </span>
        );
    const typing = typingLine(chat.typists, chat.contact, me);
    if (typing !== "")
        return (
            <span class="chat-item-words chat-item-typing" dir="auto">
                {typing}
                <Dots />
            </span>
        );
    if (!chat.last) return <span class="chat-item-words">Nothing was said yet</span>;
    const { who, text, note } = chat.last;
    const by = who.kind === "customer" ? "" : `${whoName(who, chat.contact, me)}: `;
    return (
        <span class="chat-item-words" dir="auto">
            {note && <Icon name="note" />}
            {by}
            <bdi>{text.slice(0, 140)}</bdi>
        </span>
    );
}

export function Dots() {
    return (
        <span class="dots" aria-hidden="true">
            <i />
            <i />
            <i />
        </span>
    );
}

function Stamp({ chat }: { chat: Chat }) {
    if (chat.waiting_since_ms !== null && writable(chat)) return <Waiting since_ms={chat.waiting_since_ms} />;
    if (!chat.last) return null;
    return (
        <time class="chat-item-time" dateTime={isoOf(chat.last.time_ms)}>
            {briefOf(chat.last.time_ms, Date.now())}
        </time>
    );
}

/** How long the customer has waited for an answer: warmer the longer it is. */
export function Waiting({ since_ms, words }: { since_ms: number; words?: boolean }) {
    useSecond();
    const { now } = useAround();
    const waited = Math.max(0, now() - since_ms);
    const heat = waited > 5 * 60_000 ? "hot" : waited > 60_000 ? "warm" : "cool";
    return (
        <span class={`waiting waiting-${heat}`}>
            <Icon name="clock" />
            <span class="hidden">waiting </span>
            {spanOf(waited)}
            {words && <span class="waiting-words"> waiting</span>}
        </span>
    );
}

const TINTS = 6;

export function Avatar({ name }: { name: string }) {
    let sum = 0;
    for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)!) % 9973;
    const first = [...name.trim()][0] ?? "?";
    return (
        <span class={`avatar avatar-${sum % TINTS}`} aria-hidden="true">
            {first.toLocaleUpperCase()}
        </span>
    );
}
