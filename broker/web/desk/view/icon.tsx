// SPDX-License-Identifier: Apache-2.0
// The desk's icons: lines on a 20 x 20 grid, in the colour of the text around them, silent for readers.

const PATHS = {
    close: "M5 5l10 10M15 5L5 15",
    attach: "M7 10.5l4.8-4.8a2.3 2.3 0 0 1 3.3 3.3l-6.3 6.3a3.9 3.9 0 0 1-5.5-5.5L9 4.2",
    check: "M4 10.5l4 4 8-9",
    checks: "M2 10.5l4 4 7.5-8.5M9.5 13.5l1 1 7.5-8.5",
    clock: "M10 3.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13zM10 6.5V10l2.5 2",
    transfer: "M4 7h11l-3-3M16 13H5l3 3",
    done: "M10 3.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13zM7 10.2l2.2 2.2L13.2 8",
    hide: "M4 10h12",
    back: "M12 4l-6 6 6 6",
    down: "M10 4v12M5 11l5 5 5-5",
    fold: "M5 8l5 5 5-5",
    menu: "M4 6h12M4 10h12M4 14h12",
    more: "M5 10h.01M10 10h.01M15 10h.01",
    reply: "M8 5L3.5 9.5 8 14M4 9.5h7a5 5 0 0 1 5 5",
    search: "M9 4a5 5 0 1 0 0 10a5 5 0 0 0 0-10zM12.8 12.8L16.5 16.5",
    note: "M5 9h10v7H5zM7 9V7a3 3 0 0 1 6 0v2",
    send: "M4 10h11M11 5.5l4.5 4.5-4.5 4.5",
    bell: "M5.5 13.5V9a4.5 4.5 0 0 1 9 0v4.5l1 1h-11zM8.5 16.5h3",
    mute: "M5.5 13.5V9a4.5 4.5 0 0 1 6-4.2M14.5 9v4.5l1 1h-11M8.5 16.5h3M4 4l12 12",
    proven: "M10 3l5.5 2v4.5c0 3.5-2.3 6-5.5 7.5c-3.2-1.5-5.5-4-5.5-7.5V5zM7.5 10l1.8 1.8L12.8 8.3",
    person: "M10 10a3 3 0 1 0 0-6a3 3 0 0 0 0 6zM4 16.5c.6-3 3-4.5 6-4.5s5.4 1.5 6 4.5",
    skill: "M10 3.5l2 4.3 4.6.5-3.4 3.2.9 4.6L10 13.8l-4.1 2.3.9-4.6L3.4 8.3 8 7.8z",
    plug: "M7 3v4M13 3v4M5 7h10v2.5a5 5 0 0 1-10 0zM10 14.5V17",
    warn: "M10 3.5l7 12.5H3zM10 8.5v3.5M10 14h.01",
    keys: "M3.5 6h13v8.5h-13zM6 9h.01M9 9h.01M12 9h.01M14.5 9h.01M7 11.8h6",
    eye: "M2.5 10C5 5.8 15 5.8 17.5 10C15 14.2 5 14.2 2.5 10zM10 12.2a2.2 2.2 0 1 0 0-4.4a2.2 2.2 0 0 0 0 4.4z",
    invite: "M8 10a3 3 0 1 0 0-6a3 3 0 0 0 0 6zM2.5 16.5c.6-3 2.8-4.5 5.5-4.5s4.9 1.5 5.5 4.5M15 6v5M12.5 8.5h5",
    speak: "M3.5 5h13v8.5H9L5.5 16.5v-3h-2zM7 9.2h6",
    take: "M10 3v9M6 8.5l4 4 4-4M4 13.5V17h12v-3.5",
    why: "M7.2 7.6a2.8 2.8 0 1 1 4 2.6c-.9.4-1.2.9-1.2 1.9M10 15h.01",
    rest: "M13.5 12.5A5.5 5.5 0 0 1 7.5 5a5.5 5.5 0 1 0 6 7.5z",
    phone: "M5 3.5h3l1.2 3.6-1.8 1.4a9 9 0 0 0 4.1 4.1l1.4-1.8 3.6 1.2v3c0 .8-.7 1.5-1.5 1.5C8.8 16.5 3.5 11.2 3.5 5c0-.8.7-1.5 1.5-1.5z",
    mail: "M3 5h14v10H3zM3 5.5l7 5.5 7-5.5",
    exit: "M8 4H4v12h4M12 6.5l3.5 3.5-3.5 3.5M15 10H7.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
    return (
        <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
            <path d={PATHS[name]} />
        </svg>
    );
}

/** The mark: threads over and under each other. */
export function Mark() {
    return (
        <svg class="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path class="mark-warp" d="M6 2v6.5M6 15.5V22M12 2v0M12 5v14M18 2v6.5M18 15.5V22" />
            <path class="mark-weft" d="M2 7h8M14 7h8M2 12h8M14 12h8M2 17h8M14 17h8" />
            <path class="mark-warp" d="M12 2v20" />
        </svg>
    );
}

/** The picture of the empty desk. */
export function Loom() {
    const threads = [0, 1, 2, 3, 4, 5, 6, 7];
    return (
        <svg class="loom" viewBox="0 0 240 120" aria-hidden="true" focusable="false">
            {threads.map((index) => (
                <path key={index} class="loom-warp" d={`M${36 + index * 24} 8V112`} />
            ))}
            {threads.slice(0, 4).map((index) => (
                <path
                    key={`w${index}`}
                    class={index === 1 ? "loom-weft loom-weft-lit" : "loom-weft"}
                    d={weave(28 + index * 22, index % 2 === 0)}
                />
            ))}
        </svg>
    );
}

function weave(y: number, over: boolean): string {
    let path = `M24 ${y}`;
    for (let index = 0; index < 8; index += 1) {
        const lift = (index % 2 === 0) === over ? -8 : 8;
        path += `Q${36 + index * 24} ${y + lift} ${48 + index * 24} ${y}`;
    }
    return path;
}
