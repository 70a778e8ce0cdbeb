// SPDX-License-Identifier: Apache-2.0
// Times for people, in the browser's language.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const dateOfYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

function dayNumber(time_ms: number): number {
    const at = new Date(time_ms);
    return Math.floor((time_ms - at.getTimezoneOffset() * MINUTE) / (24 * HOUR));
}

export function clockOf(time_ms: number): string {
    return clock.format(time_ms);
}

/** The clock today, with the day on other days. */
export function momentOf(time_ms: number): string {
    return sameDay(time_ms, Date.now()) ? clock.format(time_ms) : `${date.format(time_ms)}, ${clock.format(time_ms)}`;
}

export function fullTimeOf(time_ms: number): string {
    return full.format(time_ms);
}

export function isoOf(time_ms: number): string {
    return new Date(time_ms).toISOString();
}

export function sameDay(left_ms: number, right_ms: number): boolean {
    return dayNumber(left_ms) === dayNumber(right_ms);
}

export function dayOf(time_ms: number, now_ms: number): string {
    const days = dayNumber(time_ms) - dayNumber(now_ms);
    if (days === 0 || days === -1) {
        const word = relative.format(days, "day");
        return word.charAt(0).toUpperCase() + word.slice(1);
    }
    const sameYear = new Date(time_ms).getFullYear() === new Date(now_ms).getFullYear();
    return (sameYear ? date : dateOfYear).format(time_ms);
}

/** For a list: the clock today, the date before. */
export function briefOf(time_ms: number, now_ms: number): string {
    return sameDay(time_ms, now_ms) ? clock.format(time_ms) : short.format(time_ms);
}

/** How long: "8 s", "3 min", "2 h 5 min", "4 d". */
export function spanOf(span_ms: number): string {
    const span = Math.max(0, span_ms);
    if (span < MINUTE) return `${Math.floor(span / SECOND)}\u00a0s`;
    if (span < HOUR) return `${Math.floor(span / MINUTE)}\u00a0min`;
    if (span < 24 * HOUR) {
        const minutes = Math.floor((span % HOUR) / MINUTE);
        return minutes > 0 && span < 6 * HOUR
            ? `${Math.floor(span / HOUR)}\u00a0h ${minutes}\u00a0min`
            : `${Math.floor(span / HOUR)}\u00a0h`;
    }
    return `${Math.floor(span / (24 * HOUR))}\u00a0d`;
}
