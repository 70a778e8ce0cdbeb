// SPDX-License-Identifier: Apache-2.0
// Which chats stand side by side. As many columns show as fit (fit 0: a phone, the list or one chat); those used
// last win, and keep their places.

export interface Column {
    readonly conversation: string;
    readonly used_ms: number;
}

export interface Columns {
    readonly opened: readonly Column[];
    readonly focus: string | null;
    readonly fit: number;
}

export const EMPTY_COLUMNS: Columns = { opened: [], focus: null, fit: 1 };
const OPENED_MAX = 6;
const NARROW_PX = 760;
const SIDE_PX = 320;
const COLUMN_PX = 440;
const FIT_MAX = 4;

/** How many columns stand beside the list on a page of this width. */
export function fitOf(width_px: number): number {
    if (width_px < NARROW_PX) return 0;
    return Math.max(1, Math.min(FIT_MAX, Math.floor((width_px - SIDE_PX) / COLUMN_PX)));
}

/** The conversations to show, in their order on the screen. */
export function shownColumns(columns: Columns): string[] {
    const byUse = [...columns.opened].sort((left, right) => right.used_ms - left.used_ms);
    const kept = new Set(byUse.slice(0, Math.max(1, columns.fit)).map((column) => column.conversation));
    return columns.opened.filter((column) => kept.has(column.conversation)).map((column) => column.conversation);
}

/** Opens a chat and gives it the focus. Where no column is free it takes the place of the one unused longest. */
export function openColumn(columns: Columns, conversation: string, now_ms: number): Columns {
    const used: Column = { conversation, used_ms: now_ms };
    const there = columns.opened.some((column) => column.conversation === conversation);
    const shown = new Set(shownColumns(columns));
    if (there && (shown.has(conversation) || shown.size < columns.fit)) {
        const opened = columns.opened.map((column) => (column.conversation === conversation ? used : column));
        return { ...columns, opened, focus: conversation };
    }
    const others = columns.opened.filter((column) => column.conversation !== conversation);
    if (shown.size < columns.fit) return { ...columns, opened: [...others, used], focus: conversation };
    const oldest = others
        .filter((column) => shown.has(column.conversation))
        .reduce((least, column) => (column.used_ms < least.used_ms ? column : least), others[0] ?? used);
    const opened = others.map((column) => (column === oldest ? used : column));
    const hidden = others.includes(oldest) ? [oldest] : [used];
    return { ...columns, opened: [...opened, ...hidden].slice(0, OPENED_MAX), focus: conversation };
}

/** A chat that has just become the agent's own: shown when asked for or when a column is free, else left in the list. */
export function arrange(columns: Columns, conversation: string, wanted: boolean): Columns {
    if (columns.opened.some((column) => column.conversation === conversation)) {
        return columns.focus === null ? { ...columns, focus: conversation } : columns;
    }
    const latest = Math.max(0, ...columns.opened.map((column) => column.used_ms));
    if (wanted) return openColumn(columns, conversation, latest + 1);
    if (shownColumns(columns).length >= columns.fit) return columns;
    const opened = [...columns.opened, { conversation, used_ms: latest }];
    return { ...columns, opened, focus: columns.focus ?? conversation };
}

export function closeColumn(columns: Columns, conversation: string): Columns {
    const opened = columns.opened.filter((column) => column.conversation !== conversation);
    if (opened.length === columns.opened.length) return columns;
    const shown = shownColumns({ ...columns, opened });
    const focus = columns.focus === conversation ? (shown[shown.length - 1] ?? null) : columns.focus;
    return { ...columns, opened, focus };
}

/** The columns of before a reload; the chats in them come with the sync. */
export function keptAs(columns: Columns, kept: readonly Column[]): Columns {
    const opened = kept.slice(0, OPENED_MAX);
    const shown = new Set(shownColumns({ ...columns, opened }));
    const latest = opened.reduce<Column | null>((best, column) => (best && best.used_ms >= column.used_ms ? best : column), null);
    const focus = columns.fit > 0 && latest && shown.has(latest.conversation) ? latest.conversation : null;
    return { ...columns, opened, focus };
}

/** Lets go of the columns whose chats are no longer on the desk. */
export function keepOnly(columns: Columns, there: (conversation: string) => boolean): Columns {
    return columns.opened.reduce(
        (now, column) => (there(column.conversation) ? now : closeColumn(now, column.conversation)),
        columns,
    );
}
