// SPDX-License-Identifier: Apache-2.0
// The thread of one chat, however long: only a window of rows is in the document, and its slots are used again.
//
// Rows have unknown heights: they are estimated, measured when drawn, and corrected. The row at the top edge is
// the anchor: whatever grows above it (a page of history, a corrected guess), it stays where the eye has it. At the
// end of the thread the end is the anchor instead, so new words push the old ones up.
// Invariant: spacer above + rows of the window + spacer below = the sum of all heights.

import { createRef } from "preact";
import { Pure } from "./context.ts";
import { Icon } from "./icon.tsx";
import { MessageRow, PendingRow, rowView } from "./row.tsx";
import { chosenAfter, lastSaid, progressMarks, quoteOf } from "./marks.ts";
import { moveMenus, type Mode } from "./deeds.tsx";
import { Older } from "./older.tsx";
import { Heights } from "../model/heights.ts";
import { lengthOf, rowAt, withDeeds, type Row, type Thread } from "../model/thread.ts";
import type { Amends } from "../../client/amends.ts";
import type { Pending } from "../model/chat.ts";

const OVERSCAN_PX = 600;
const OLDER_PX = 900;
const END_PX = 48;
const SLOTS = 256;
const LOOKS_MAX = 12; // in one frame: what does not settle by then goes on in the next, and does not hold up the page

export interface MessagesProps {
    readonly conversation: string;
    /** Own edits, deletions and reactions on their way. */
    readonly deeds: Amends;
    readonly writable: boolean;
    readonly thread: Thread;
    readonly pending: readonly Pending[];
    readonly contact: string;
    readonly me: string;
    readonly delivered: number;
    readonly read: number;
    readonly hasOlder: boolean;
    readonly older: "idle" | "loading" | "failed";
    readonly now_ms: number;
    readonly onOlder: () => void;
    readonly onEnd: (atEnd: boolean) => void;
}

interface Window {
    readonly first: number;
    readonly last: number;
    readonly atEnd: boolean;
    readonly missed: number;
    /** The row whose menu or editor is open. */
    readonly open: { readonly key: string; readonly mode: Mode } | null;
}

interface Anchor {
    readonly key: string;
    readonly index: number;
    readonly offset: number;
}

export class Messages extends Pure<MessagesProps, Window> {
    override state: Window = { first: 0, last: -1, atEnd: true, missed: 0, open: null };
    private readonly scroller = createRef<HTMLDivElement>();
    private readonly head = createRef<HTMLDivElement>();
    private readonly body = createRef<HTMLDivElement>();
    private readonly above = createRef<HTMLDivElement>();
    private readonly below = createRef<HTMLDivElement>();
    private readonly heights = new Heights();
    private readonly measured = new Map<string, number>();
    private anchor: Anchor | null = null;
    private atEnd = true;
    private looks = 0;
    private slotBase = 0;
    private width = 0;
    private frame = 0;
    private observer: ResizeObserver | null = null;

    override componentDidMount(): void {
        this.width = this.scroller.current!.clientWidth;
        this.observer = new ResizeObserver(() => this.onResize());
        this.observer.observe(this.scroller.current!);
        this.rebuild(this.props.thread);
        this.look();
    }

    override componentWillUnmount(): void {
        this.observer?.disconnect();
        cancelAnimationFrame(this.frame);
    }

    override componentDidUpdate(before: Readonly<MessagesProps>): void {
        if (before.thread !== this.props.thread) this.follow(before.thread);
        this.measure();
        this.look();
    }

    private follow(before: Thread): void {
        const { thread } = this.props;
        const grown = lengthOf(thread) - lengthOf(before);
        const missed = this.atEnd ? 0 : this.behind(rowAt(before, lengthOf(before) - 1)?.key);
        if (missed > 0) this.setState((was) => ({ ...was, missed: was.missed + missed }));
        if (before.rows === thread.rows && before.start === thread.start) {
            for (let index = lengthOf(before); index < lengthOf(thread); index += 1) {
                this.heights.push(this.guess(index));
            }
            return;
        }
        const kept = rowAt(before, 0)?.key;
        const shift = kept !== undefined && rowAt(thread, grown)?.key === kept ? grown : this.find(kept);
        this.slotBase -= shift;
        if (this.anchor) this.anchor = { ...this.anchor, index: this.anchor.index + shift };
        this.rebuild(thread);
    }

    /** How many rows came behind this one: also when a page of older ones came with them. */
    private behind(key: string | undefined): number {
        const length = lengthOf(this.props.thread);
        for (let count = 0; count < length; count += 1) if (rowAt(this.props.thread, length - 1 - count)!.key === key) return count;
        return 0;
    }

    private find(key: string | undefined): number {
        const length = lengthOf(this.props.thread);
        for (let index = 0; index < length; index += 1) if (rowAt(this.props.thread, index)!.key === key) return index;
        return 0;
    }

    private guess(index: number): number {
        const row = rowAt(this.props.thread, index)!;
        const known = this.measured.get(row.key);
        if (known !== undefined) return known;
        if (row.part.kind !== "message" && row.part.kind !== "note") return 34;
        const perLine = Math.max(24, Math.floor((this.width * 0.72) / 7));
        return 30 + Math.ceil(((row.part.body?.text.length ?? 0) + 1) / perLine) * 20;
    }

    private rebuild(thread: Thread): void {
        this.heights.reset(lengthOf(thread), (index) => this.guess(index));
    }

    private onResize(): void {
        const width = this.scroller.current!.clientWidth;
        if (width !== this.width) {
            this.width = width;
            this.measured.clear();
            this.rebuild(this.props.thread);
            this.measure();
        }
        this.hold();
        this.look();
    }

    /** Takes the true heights of the rows that are drawn, and puts the anchor back to its place. */
    private measure(): void {
        const { first, last } = this.state;
        const rows = this.body.current!.children;
        const heights: number[] = [];
        for (const row of rows) heights.push(row.getBoundingClientRect().height);
        for (let index = first; index <= last; index += 1) {
            const row = rowAt(this.props.thread, index);
            const height = heights[index - first];
            if (!row || height === undefined || height === 0) continue;
            this.measured.set(row.key, height);
            this.heights.set(index, height);
        }
        this.space();
        this.hold();
    }

    private space(): void {
        const { first, last } = this.state;
        const top = this.heights.top(first);
        this.above.current!.style.height = `${top}px`;
        this.below.current!.style.height = `${Math.max(0, this.heights.total() - this.heights.top(last + 1))}px`;
    }

    private hold(): void {
        const scroller = this.scroller.current!;
        if (this.atEnd) {
            scroller.scrollTop = scroller.scrollHeight;
            return;
        }
        if (!this.anchor) return;
        const place = this.headHeight() + this.heights.top(this.anchor.index) + this.anchor.offset;
        if (Math.abs(place - scroller.scrollTop) >= 1) scroller.scrollTop = place;
    }

    private headHeight(): number {
        return this.head.current?.offsetHeight ?? 0;
    }

    private readonly onScroll = (): void => {
        cancelAnimationFrame(this.frame);
        this.frame = requestAnimationFrame(() => {
            const scroller = this.scroller.current!;
            const rest = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
            this.setEnd(rest <= END_PX);
            const depth = Math.max(0, scroller.scrollTop - this.headHeight());
            const index = this.heights.at(depth);
            const row = rowAt(this.props.thread, index);
            const offset = scroller.scrollTop - this.headHeight() - this.heights.top(index);
            this.anchor = row ? { key: row.key, index, offset } : null;
            this.look();
        });
    };

    private setEnd(atEnd: boolean): void {
        if (atEnd === this.atEnd) return;
        this.atEnd = atEnd;
        this.setState((was) => ({ ...was, atEnd, missed: 0 }));
        this.props.onEnd(atEnd);
    }

    /** Chooses the window of rows for what is to be seen, and asks for older ones near the top. */
    private look(): void {
        const scroller = this.scroller.current;
        if (!scroller || this.looks > LOOKS_MAX) return;
        if (this.looks === 0) requestAnimationFrame(this.lookAgain);
        this.looks += 1;
        const { count } = this.heights;
        const depth = scroller.scrollTop - this.headHeight();
        const first = count === 0 ? 0 : this.heights.at(Math.max(0, depth - OVERSCAN_PX));
        const last = count === 0 ? -1 : this.heights.at(Math.max(0, depth + scroller.clientHeight + OVERSCAN_PX));
        const { state } = this;
        if (first !== state.first || Math.min(last, first + SLOTS - 1) !== state.last) {
            this.setState((was) => ({ ...was, first, last: Math.min(last, first + SLOTS - 1) }));
        }
        if (state.last >= 0 && scroller.scrollTop < OLDER_PX && this.props.hasOlder && this.props.older === "idle") {
            this.props.onOlder();
        }
    }

    /** In the next frame. */
    private readonly lookAgain = (): void => {
        const isUnsettled = this.looks > LOOKS_MAX;
        this.looks = 0;
        if (isUnsettled) this.look();
    };

    private readonly toEnd = (): void => {
        this.setEnd(true);
        this.hold();
        this.look();
        this.scroller.current!.focus();
    };

    private readonly onMode = (key: string, mode: Mode | null): void => {
        this.setState((was) => ({ ...was, open: mode === null ? null : { key, mode } }));
    };

    private drawn() {
        const { thread, contact, me, delivered, read, now_ms, conversation, deeds, writable } = this.props;
        const { first, last, open } = this.state;
        const rows = [];
        const newest = lastSaid(thread);
        const marks = progressMarks(thread, me, delivered, read);
        for (let index = first; index <= Math.min(last, lengthOf(thread) - 1); index += 1) {
            const row = withDeeds(rowAt(thread, index) as Row, deeds);
            const slot = (((index + this.slotBase) % SLOTS) + SLOTS) % SLOTS;
            const view = rowView(row, rowAt(thread, index - 1), rowAt(thread, index + 1), now_ms);
            rows.push(
                <MessageRow
                    key={slot}
                    row={row}
                    contact={contact}
                    me={me}
                    chosen={chosenAfter(thread, index)}
                    quote={quoteOf(thread, index)}
                    progress={marks.get(row.key) ?? null}
                    conversation={conversation}
                    writable={writable}
                    newest={index === newest}
                    mode={open?.key === row.key ? open.mode : null}
                    onMode={this.onMode}
                    {...view}
                />,
            );
        }
        return rows;
    }

    render({ hasOlder, older, contact, pending, thread, onOlder }: MessagesProps, { atEnd, missed }: Window) {
        return (
            <div class="thread">
                <div
                    class="thread-scroll"
                    ref={this.scroller}
                    onScroll={this.onScroll}
                    tabIndex={0}
                    role="log"
                    aria-live="off"
                    aria-busy={older === "loading"}
                    aria-label={`Conversation with ${contact}`}
                >
                    <div ref={this.head} class="thread-head">
                        <Older hasOlder={hasOlder} older={older} empty={lengthOf(thread) === 0} onOlder={onOlder} />
                    </div>
                    <div ref={this.above} class="thread-space" />
                    <div ref={this.body} class="thread-rows" onKeyDown={moveMenus}>
                        {this.drawn()}
                    </div>
                    <div ref={this.below} class="thread-space" />
                    {pending.map((sent) => (
                        <PendingRow key={sent.key} pending={sent} />
                    ))}
                </div>
                {!atEnd && (
                    <button type="button" class="to-end" onClick={this.toEnd}>
                        <Icon name="down" />
                        {missed > 0 ? `${missed} new` : "Latest"}
                    </button>
                )}
            </div>
        );
    }
}
