// SPDX-License-Identifier: Apache-2.0
// The conversation. Stays at the end while the reader is there, stays put while they read above, and
// loads what came before when they reach the top.
/** @jsxRuntime classic */
/** @jsx h */
/** @jsxFrag Fragment */
import type { Line } from "../client/index.ts";
import { Fragment, h, type Child } from "./dom.ts";
import { Down } from "./icons.tsx";
import type { Model } from "./model.ts";

const NEAR_PX = 48;
const GROUP_MS = 5 * 60_000;
const LINK = /(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/;

export class Messages {
    #log: HTMLElement | undefined;
    #atEnd = true;
    #below = false; // something new came while the reader was above
    #loading = false;
    #last = "";
    readonly #look = (): void => {
        if (this.#log?.isConnected && this.#atEnd && document.visibilityState === "visible") this.model.seen();
    };

    constructor(readonly model: Model, readonly redraw: () => void) {
        document.addEventListener("visibilitychange", this.#look);
    }

    end(): void {
        document.removeEventListener("visibilitychange", this.#look);
    }

    // Remembers where the reader is; call the answer when the next picture stands.
    place(): () => void {
        const was = this.#log;
        const height = was?.scrollHeight ?? 0;
        const first = firstKey(was);
        return () => {
            const log = this.#log;
            if (!log?.isConnected) return;
            const last = this.model.lines.at(-1);
            const fresh = last !== undefined && last.key !== this.#last;
            this.#last = last?.key ?? "";
            if (log !== was || this.#atEnd || (fresh && last.mine)) this.#toEnd();
            else if (firstKey(log) !== first) log.scrollTop += log.scrollHeight - height;
            else if (fresh) this.#setBelow(true);
            this.#look();
        };
    }

    #setBelow(below: boolean): void {
        if (this.#below === below) return;
        this.#below = below;
        this.redraw();
    }

    #toEnd(): void {
        this.#log!.scrollTop = this.#log!.scrollHeight;
        this.#atEnd = true;
        this.#setBelow(false);
    }

    #onScroll(): void {
        const { scrollHeight, scrollTop, clientHeight } = this.#log!;
        this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX;
        if (this.#atEnd) this.#setBelow(false);
        else if (scrollTop < NEAR_PX) void this.#older();
        this.#look();
    }

    async #older(): Promise<void> {
        const thread = this.model.session!.own!;
        if (!thread.state.more || this.#loading) return;
        this.#loading = true;
        this.redraw();
        await thread.older();
        this.#loading = false;
        this.redraw();
    }

    picture(): Child {
        const { model } = this;
        const { strings, options } = model;
        const state = model.session?.own?.state;
        const typist = state?.typists.find((one) => one.who.kind !== "customer")?.who;
        const visible = model.lines.filter((line) => line.body?.text);
        if (model.lines.some(isRich)) model.enrich();
        const latest = visible.filter((line) => line.mine).at(-1);
        return (
            <div class="middle">
                <div class="log" ref={(node) => { this.#log = node; }} onScroll={() => this.#onScroll()}
                    tabIndex={0} role="log" aria-label={strings.log} aria-busy={this.#loading}>
                    {!state?.more && !model.rich?.over && <div class="intro" dir="auto"><b>{options.greeting ?? strings.greeting}</b>{strings.hint}</div>}
                    {this.#loading && <p class="event">{strings.older}</p>}
                    {visible.map((line, i) =>
                        <Row model={model} line={line} before={visible[i - 1]} after={visible[i + 1]} latest={line === latest} />)}
                    {typist && <p class="typing" key="typing"><i /><i /><i />
                        <span class="hidden">{model.nameOf(typist)} {strings.typing}</span></p>}
                </div>
                {this.#below && <button class="below" type="button" onClick={() => this.#toEnd()}><Down />{strings.below}</button>}
            </div>
        );
    }
}

const firstKey = (log?: HTMLElement): string | undefined => log?.querySelector<HTMLElement>("[data-key]")?.dataset.key;

// What the first load cannot show: bodies other than words, what became of words, what happened to the case, and failures.
const isRich = ({ body, part, reply_to, status }: Line): unknown =>
    reply_to || status === "failed" || (body ? /^[^ts]/.test(body.kind) : part!.kind !== "case_opened" && part!.owner !== "bot");

interface RowProps { model: Model; line: Line; before: Line | undefined; after: Line | undefined; latest: boolean }

const isEvent = (line: Line): boolean => line.kind === "event" || line.body!.kind === "system";

const joins = (a: Line | undefined, b: Line | undefined): boolean =>
    !!a && !!b && !isEvent(a) && !isEvent(b) && a.mine === b.mine
    && (a.mine || a.author!.id === b.author!.id) && b.time_ms - a.time_ms < GROUP_MS;

function Row({ model, line, before, after, latest }: RowProps): Child {
    const { key, mine, time_ms } = line;
    const { strings, options } = model;
    const newDay = !before || new Date(before.time_ms).toDateString() !== new Date(time_ms).toDateString();
    const day = newDay && <p class="event day" key={"day " + key}>{dayOf(time_ms, options.language)}</p>;
    if (isEvent(line)) return <>{day}<p class="event" dir="auto" key={key} data-key={key}>{line.body!.text}</p></>;
    const first = !joins(before, line);
    const last = !joins(line, after);
    const name = mine ? strings.you : model.nameOf(line.author!);
    const bubble = <div class="bubble"><p dir="auto">{linked(line.body!.text)}</p></div>;
    const { rich } = model;
    return (
        <>
            {day}
            <div class="row" key={key} data-key={key} data-mine={mine} data-first={first} data-last={last} data-status={line.status}>
                {!mine && last && <Face name={name} />}
                <div class="words">
                    <span class={first && !mine ? "name" : "hidden"} dir="auto">{name}</span>
                    {rich ? rich.bubble(line, bubble) : bubble}
                    {(last || line.status === "failed") && <Foot model={model} line={line} latest={latest} />}
                </div>
                {line.at && line.body!.kind !== "deleted" && <button class="icon more" type="button" aria-label={strings.more}
                    onClick={({ target }: any) => model.enrich((rich) => rich.menu(line, target))}>⋯</button>}
            </div>
            {!after && model.rich?.after(line)}
        </>
    );
}

export function Face({ name }: { name: string }): Child {
    return <span class="face" aria-hidden="true">{[...name][0]?.toUpperCase()}</span>;
}

// Time and, under the newest own message, how far it came. Its changes are not read aloud; a failure is (see rich.tsx).
function Foot({ model, line, latest }: { model: Model; line: Line; latest: boolean }): Child {
    const { strings, options } = model;
    const { status } = line;
    if (status === "failed") return model.rich?.failed(line);
    const time = new Intl.DateTimeFormat(options.language, { hour: "numeric", minute: "2-digit" }).format(line.time_ms);
    return <div class="foot" aria-live="off">{time}{status && (latest || status === "sending") && " · " + strings[status]}</div>;
}

// Addresses become links; everything else stays text.
const linked = (text: string): Child => text.split(LINK).map((piece, i) =>
    i % 2 ? <a href={piece} target="_blank" rel="noopener noreferrer nofollow">{piece}</a> : piece);

function dayOf(time_ms: number, language?: string): string {
    const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(time_ms).setHours(0, 0, 0, 0)) / 86_400_000);
    return days < 2 ? new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-days, "day")
        : new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" }).format(time_ms);
}
