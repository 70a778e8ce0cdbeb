// SPDX-License-Identifier: Apache-2.0
// One row of a thread: a message, a note, or a line by Weft, with the day above it where a new day begins.

import { Pure } from "./context.ts";
import { Icon } from "./icon.tsx";
import { clockOf, dayOf, fullTimeOf, isoOf, sameDay } from "./time.ts";
import { systemLine, whoName } from "./words.ts";
import type { Row } from "../model/thread.ts";
import type { Pending } from "../model/chat.ts";
import { RichBody } from "./bodies.tsx";
import { File } from "./files.tsx";
import { Editor, Menu, More, Reactions, type Mode } from "./deeds.tsx";
import type { Body } from "../model/wire.ts";

const GROUP_MS = 4 * 60_000;

export interface RowView {
    readonly day: string | null;
    readonly head: boolean;
    readonly tail: boolean;
}

function isSaid(row: Row): boolean {
    return (row.part.kind === "message" || row.part.kind === "note") && row.part.body?.kind !== "system";
}

function together(left: Row | undefined, right: Row | undefined): boolean {
    if (!left || !right || !isSaid(left) || !isSaid(right) || left.part.kind !== right.part.kind) return false;
    const [from, to] = [left.entry, right.entry];
    return (
        from.author.kind === to.author.kind &&
        from.author.id === to.author.id &&
        to.time_ms - from.time_ms < GROUP_MS &&
        sameDay(from.time_ms, to.time_ms)
    );
}

/** What the neighbours decide about a row: whether it opens a day, opens or ends a run of one author's words. */
export function rowView(row: Row, before: Row | undefined, after: Row | undefined, now_ms: number): RowView {
    const newDay = !before || !sameDay(before.entry.time_ms, row.entry.time_ms);
    return {
        day: newDay ? dayOf(row.entry.time_ms, now_ms) : null,
        head: !together(before, row),
        tail: !together(row, after),
    };
}

interface RowProps extends RowView {
    readonly row: Row;
    readonly contact: string;
    readonly me: string;
    readonly chosen: string | null;
    readonly progress: "sent" | "delivered" | "read" | null;
    /** The words that it answers, as they stand now. */
    readonly quote: string | null;
    readonly conversation: string;
    readonly writable: boolean;
    readonly newest: boolean;
    readonly mode: Mode | null;
    readonly onMode: (key: string, mode: Mode | null) => void;
}

export class MessageRow extends Pure<RowProps> {
    render({ day, ...props }: RowProps) {
        const { row, contact, me } = props;
        return (
            <div class="row">
                {day !== null && (
                    <div class="day">
                        <span>{day}</span>
                    </div>
                )}
                {isSaid(row) ? (
                    <Said {...props} />
                ) : (
                    <p class="line">
                        <bdi>{systemLine(row.part, contact, me)}</bdi> <Time at={row.entry.time_ms} />
                    </p>
                )}
            </div>
        );
    }
}

function Said(props: Omit<RowProps, "day">) {
    const { row, contact, me, head, tail, chosen, progress, quote, conversation, writable, newest, mode, onMode } = props;
    const deeds = { row, me, conversation, writable, newest, mode, onMode };
    const { entry, part } = row;
    const note = part.kind === "note" || entry.visibility === "internal";
    const side = entry.author.kind === "customer" ? "theirs" : "ours";
    const kind = note ? "note" : entry.author.kind;
    const body = part.body;
    if (!body) return null;
    return (
        <div class={`said said-${side} said-${kind}${head ? " said-head" : ""}${tail ? " said-tail" : ""}`}>
            {head && (
                <div class="said-who">
                    {note && <Icon name="note" />}
                    <bdi class="said-name">{whoName(entry.author, contact, me)}</bdi>
                    {note && <span class="said-kind">internal note</span>}
                    {entry.author.kind === "bot" && <span class="said-kind">bot</span>}
                    <Time at={entry.time_ms} />
                </div>
            )}
            {quote !== null && (
                <blockquote class="said-quote" dir="auto">
                    {quote}
                </blockquote>
            )}
            {mode === "edit" ? (
                <Editor {...deeds} />
            ) : (
                <div class="said-line">
                    {body.kind === "file" && <File key={body.upload} body={body} conversation={conversation} at={entry.at} />}
                    {!isNamed(body) && <div class={body.kind === "deleted" ? "bubble bubble-deleted" : "bubble"} dir="auto">
                        {body.text}
                    </div>}
                    <More {...deeds} />
                </div>
            )}
            {isEdited(row) && <span class="said-edited">edited</span>}
            <RichBody body={body} chosen={chosen} />
            {body.kind !== "deleted" && row.amend && <Reactions {...deeds} contact={contact} />}
            {(mode === "menu" || mode === "sure") && <Menu {...deeds} key={mode} />}
            {body.options && body.options.length > 0 && <Options body={body} chosen={chosen} />}
            {progress && <Progress progress={progress} />}
        </div>
    );
}

/** A file whose words are its name alone. */
function isNamed(body: Body): boolean {
    return body.kind === "file" && (body.name === undefined || body.text === body.name);
}

/** The words are not the first ones. */
function isEdited(row: Row): boolean {
    const kind = row.part.body?.kind;
    return kind === "edited" || (row.amend !== undefined && row.amend.body !== null && kind !== "deleted");
}

function Options({ body, chosen }: { body: Body; chosen: string | null }) {
    return (
        <ul class="options" aria-label="Answers offered">
            {body.options!.map((option, index) => {
                const taken = chosen !== null && (chosen === option.value || chosen === option.title);
                return (
                    <li key={index} class={taken ? "option option-chosen" : "option"} dir="auto">
                        {taken && <Icon name="check" />}
                        {option.title}
                        {taken && <span class="hidden"> (chosen)</span>}
                    </li>
                );
            })}
        </ul>
    );
}

const PROGRESS = { sent: "Sent", delivered: "Delivered", read: "Read" } as const;

function Progress({ progress }: { progress: "sent" | "delivered" | "read" }) {
    return (
        <div class={`progress progress-${progress}`}>
            <Icon name={progress === "sent" ? "check" : "checks"} />
            {PROGRESS[progress]}
        </div>
    );
}

function Time({ at }: { at: number }) {
    return (
        <time dateTime={isoOf(at)} title={fullTimeOf(at)}>
            {clockOf(at)}
        </time>
    );
}

/** Own words that are not in the log yet. */
export class PendingRow extends Pure<{ readonly pending: Pending }> {
    render({ pending }: { pending: Pending }) {
        return (
            <div class="row">
                <div
                    class={`said said-ours said-head said-tail said-waiting ${pending.note ? "said-note" : "said-agent"}`}
                >
                    {pending.file ? (
                        <File body={pending.file} conversation="" at={null} />
                    ) : (
                        <div class="bubble" dir="auto">
                            {pending.text}
                        </div>
                    )}
                    <div class="progress progress-waiting">
                        <Icon name={pending.acked ? "check" : "clock"} />
                        {pending.acked ? "Sent" : "Sending…"}
                    </div>
                </div>
            </div>
        );
    }
}
