// SPDX-License-Identifier: Apache-2.0
// What an agent may do to a message: its menu, the editor in its place, its reactions.
//
// Whether a menu or an editor is open is the thread's state, not the row's, since rows are slots that are used again and
// whose heights are measured. One menu button is a stop of the Tab key, the newest message's; from there the arrow keys
// go from message to message.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useAround, type Around } from "./context.ts";
import { Icon } from "./icon.tsx";
import { overOf } from "./length.ts";
import { whoName } from "./words.ts";
import { reactionsOf } from "../../client/amends.ts";
import type { Row } from "../model/thread.ts";
import type { Who } from "../model/wire.ts";

export type Mode = "menu" | "sure" | "edit";

const EMOJI = ["👍", "❤️", "😊", "😮", "😢", "👎"];

export interface DeedsProps {
    readonly row: Row;
    readonly me: string;
    readonly conversation: string;
    readonly writable: boolean;
    readonly newest: boolean;
    readonly mode: Mode | null;
    readonly onMode: (key: string, mode: Mode | null) => void;
}

const isMe = (who: Who, me: string): boolean => who.kind === "agent" && who.id === me;

const isNote = ({ part, entry }: Row): boolean => part.kind === "note" || entry.visibility === "internal";

/** Who may: the server decides; this only leaves out what it would refuse in any case. */
function allowed({ row, me, writable }: DeedsProps, { now, limits }: Around) {
    const { body } = row.part;
    const gone = !body || body.kind === "deleted";
    const own = isMe(row.entry.author, me);
    const fresh = now() - row.entry.time_ms < (limits()?.edit_ms ?? Infinity);
    const heard = writable || isNote(row);
    return {
        reply: !gone && writable && !isNote(row),
        react: !gone && heard,
        edit: !gone && own && heard && fresh && body.kind === "text",
        remove: !gone && own,
    };
}

/** The button of a message's menu. */
export function More(props: DeedsProps) {
    const { row, newest, mode, onMode } = props;
    const around = useAround();
    if (!Object.values(allowed(props, around)).some(Boolean)) return null;
    return (
        <button
            type="button"
            class="more"
            tabIndex={newest ? 0 : -1}
            aria-label="What to do with this message"
            aria-haspopup="menu"
            aria-expanded={mode !== null}
            onClick={() => onMode(row.key, mode === null ? "menu" : null)}
        >
            <Icon name="more" />
        </button>
    );
}

/** The arrow keys go from one message's menu button to the next. */
export function moveMenus(event: KeyboardEvent): void {
    const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    const here = event.target as HTMLElement;
    if (!step || !here.matches(".more")) return;
    const all = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(".more")];
    const next = all[all.indexOf(here) + step];
    event.preventDefault();
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
}

function ownEmoji({ row, me }: DeedsProps): Set<string> {
    const found = row.amend ? reactionsOf(row.amend) : [];
    return new Set(found.filter(({ who }) => who.some((one) => isMe(one, me))).map(({ emoji }) => emoji));
}

export function Menu(props: DeedsProps) {
    const { row, conversation, mode, onMode } = props;
    const around = useAround();
    const { actions } = around;
    const menu = useRef<HTMLDivElement>(null);
    const may = allowed(props, around);
    const own = ownEmoji(props);
    const { at } = row.entry;
    const close = (): void => {
        menu.current?.closest(".row")?.querySelector<HTMLElement>(".more")?.focus();
        onMode(row.key, null);
    };
    useLayoutEffect(() => {
        menu.current?.querySelector("button")?.focus();
        menu.current?.scrollIntoView({ block: "nearest" });
    }, []);
    const item = (name: string, run: () => void, look = "") => (
        <button type="button" role="menuitem" tabIndex={-1} class={`menu-item ${look}`} onClick={run}>
            {name}
        </button>
    );
    const sure = mode === "sure";
    return (
        <div
            ref={menu}
            class="menu"
            role="menu"
            aria-label={sure ? "Delete it for everyone?" : "What to do with this message"}
            onKeyDown={(event) => onMenuKey(event, close)}
        >
            {sure ? (
                <>
                    <p role="presentation">Delete it for everyone?</p>
                    {item("Keep it", close)}
                    {item("Delete", () => (actions.remove(conversation, at), close()), "menu-bad")}
                </>
            ) : (
                <>
                    {may.react &&
                        EMOJI.map((emoji) => (
                            <button
                                key={emoji}
                                type="button"
                                role="menuitemcheckbox"
                                tabIndex={-1}
                                class="menu-item menu-emoji"
                                aria-checked={own.has(emoji)}
                                aria-label={`React with ${emoji}`}
                                onClick={() => (actions.react(conversation, at, emoji, !own.has(emoji)), close())}
                            >
                                {emoji}
                            </button>
                        ))}
                    {may.reply && item("Reply", () => (onMode(row.key, null), actions.answer(conversation, at)))}
                    {may.edit && item("Edit", () => onMode(row.key, "edit"))}
                    {may.remove && item("Delete…", () => onMode(row.key, "sure"), "menu-bad")}
                </>
            )}
        </div>
    );
}

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

function onMenuKey(event: KeyboardEvent, close: () => void): void {
    const items = [...(event.currentTarget as HTMLElement).querySelectorAll("button")];
    const here = items.indexOf(document.activeElement as HTMLButtonElement);
    const step = STEPS[event.key];
    if (event.key === "Escape" || event.key === "Tab") close();
    else if (event.key === "Home") items[0]!.focus();
    else if (event.key === "End") items[items.length - 1]!.focus();
    else if (step) items[(here + step + items.length) % items.length]!.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
}

/** The words of an own message, to be changed where they stand. */
export function Editor({ row, conversation, onMode }: DeedsProps) {
    const { actions, limits } = useAround();
    const [over, setOver] = useState(0);
    const field = useRef<HTMLTextAreaElement>(null);
    const was = row.part.body!.text;
    const stop = (save: boolean): void => {
        const place = field.current!.closest(".row");
        const text = field.current!.value.trim();
        const excess = save ? overOf(text, limits()) : 0;
        if (excess > 0) return setOver(excess);
        if (save && text !== "" && text !== was) actions.edit(conversation, row.entry.at, text);
        onMode(row.key, null);
        requestAnimationFrame(() => place?.querySelector<HTMLElement>(".more")?.focus());
    };
    useLayoutEffect(() => {
        field.current!.value = was;
        field.current!.focus();
        field.current!.scrollIntoView({ block: "nearest" });
    }, []);
    return (
        <form
            class="editor"
            onSubmit={(event) => {
                event.preventDefault();
                stop(true);
            }}
            onKeyDown={(event) => {
                if (event.isComposing || (event.key !== "Escape" && (event.key !== "Enter" || event.shiftKey))) return;
                event.preventDefault();
                event.stopPropagation();
                stop(event.key === "Enter");
            }}
        >
            <textarea ref={field} class="composer-field" rows={2} dir="auto" aria-label="Edit the message" />
            <div class="editor-tools">
                {over > 0 && (
                    <span class="composer-too-long" role="alert">
                        {over} bytes too long
                    </span>
                )}
                <button type="button" class="button" onClick={() => stop(false)}>
                    Cancel
                </button>
                <button type="submit" class="button button-main">
                    Save
                </button>
            </div>
        </form>
    );
}

export function Reactions(props: DeedsProps & { readonly contact: string }) {
    const { row, me, contact, conversation } = props;
    const around = useAround();
    const { actions } = around;
    const reactions = reactionsOf(row.amend!);
    const may = allowed(props, around).react;
    if (reactions.length === 0) return null;
    return (
        <ul class="reactions" aria-label="Reactions">
            {reactions.map(({ emoji, who }) => {
                const names = who.map((one) => whoName(one, contact, me)).join(", ");
                const own = who.some((one) => isMe(one, me));
                return (
                    <li key={emoji}>
                        <button
                            type="button"
                            class="reaction"
                            title={names}
                            aria-pressed={own}
                            disabled={!may}
                            onClick={() => actions.react(conversation, row.entry.at, emoji, !own)}
                        >
                            {emoji}
                            {who.length > 1 && ` ${who.length}`}
                            <span class="hidden"> by {names}</span>
                        </button>
                    </li>
                );
            })}
        </ul>
    );
}
