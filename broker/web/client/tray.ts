// SPDX-License-Identifier: Apache-2.0
// The files that somebody has chosen and not sent yet: each goes up at once, RUNNING at a time, and is kept here
// until it is sent or taken away.
//
// Keeps: a file leaves the tray by `take` once, and only when the server has all of it; what broke stays, says why, and
// may be tried again. A server that says "later", and soon, is asked again by itself.
import { isPicture, type Uploaded, type UploadOptions } from "./files.ts";
import { WeftError } from "./wire.ts";

export interface Attachment {
    readonly key: string;
    readonly file: File;
    readonly picture: string | undefined; // an address for as long as it is here
    sent: number; // bytes that left
    ready: Uploaded | undefined;
    error: string | undefined; // a code; the upload has ended
    stop: AbortController;
    tries: number;
}

export interface TrayOptions {
    upload: (file: File, options: Pick<UploadOptions, "onProgress" | "signal">) => Promise<Uploaded>;
    limit: () => number | undefined; // bytes of one file; 0: none is taken
    changed: () => void;
}

const FILES_MAX = 10;
const RUNNING = 3; // a conversation may have four
const SOON_MS = 10_000;
const TRIES = 4;

export class Tray {
    items: readonly Attachment[] = [];
    full = false; // more were given than there is room for
    #count = 0;

    constructor(readonly options: TrayOptions) {}

    get busy(): boolean {
        return this.items.some((one) => !one.ready && !one.error);
    }

    get failed(): boolean {
        return this.items.some((one) => one.error);
    }

    add(files: readonly File[]): void {
        const room = FILES_MAX - this.items.length;
        this.full = files.length > room;
        const fresh = files.slice(0, room).map((file): Attachment => ({
            key: `file${++this.#count}`, file, picture: isPicture(file.type) ? URL.createObjectURL(file) : undefined,
            sent: 0, ready: undefined, error: this.#fault(file), stop: new AbortController(), tries: 0,
        }));
        this.items = [...this.items, ...fresh];
        this.#next();
    }

    // Cancels it, if it is still on its way.
    remove(one: Attachment): void {
        one.stop.abort();
        this.#drop([one]);
        this.#next();
    }

    retry(one: Attachment): void {
        one.error = this.#fault(one.file);
        one.tries = 0;
        this.#next();
    }

    // What is ready, in its order; it is the caller's to send.
    take(): Uploaded[] {
        const ready = this.items.filter((one) => one.ready);
        this.#drop(ready);
        return ready.map((one) => one.ready!);
    }

    end(): void {
        for (const one of [...this.items]) this.remove(one);
    }

    #drop(gone: readonly Attachment[]): void {
        if (!gone.length) return;
        for (const { picture } of gone) if (picture) URL.revokeObjectURL(picture);
        this.items = this.items.filter((one) => !gone.includes(one));
        this.full = false;
        this.options.changed();
    }

    #fault({ size }: File): string | undefined {
        const limit = this.options.limit() ?? Infinity;
        return limit === 0 ? "unsupported" : size === 0 ? "empty" : size > limit ? "too_large" : undefined;
    }

    #next(): void {
        const open = this.items.filter((one) => !one.ready && !one.error);
        for (const one of open.slice(0, RUNNING)) if (!one.tries) void this.#run(one);
        this.options.changed();
    }

    async #run(one: Attachment): Promise<void> {
        one.tries += 1;
        one.sent = 0;
        const onProgress = (sent: number): void => {
            one.sent = sent;
            this.options.changed();
        };
        try {
            one.ready = await this.options.upload(one.file, { onProgress, signal: one.stop.signal });
        } catch (error) {
            const { code = "internal", retry_after_ms: wait = Infinity } = error as Partial<WeftError>;
            if (wait < SOON_MS && one.tries < TRIES) return void setTimeout(() => this.items.includes(one) && this.#run(one), wait);
            one.error = code;
        }
        this.#next();
    }
}
