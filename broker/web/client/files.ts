// SPDX-License-Identifier: Apache-2.0
// Files: up over HTTP, before the message that names them; down by an address that is signed, and expires.
//
//   const sent = await upload(file, { url: "https://chat.example/", token: ticketOf(session), onProgress, signal });
//   thread.say({ body: fileBody(sent) });
//   link.href = new URL("." + (await freshUrl(session, conversation, at, sent.upload)), "https://chat.example/").href;
//
// An upload that fails leaves nothing behind on the server, and may be tried again as a whole. Nothing here is told
// to the conversation: a file that no message names within an hour is removed.
import type { Session } from "./session.ts";
import { WeftError, errorOf, type Body, type Name, type PageFrame } from "./wire.ts";

export interface UploadOptions {
    url: string; // the broker, with a slash at its end
    token: (refused: boolean) => Promise<string>; // a token or a ticket; `refused`: the last one does not open any more
    name?: string | undefined; // absent: the file's own
    conversation?: string | undefined; // agents say which; a customer has one
    onProgress?: ((sent: number) => void) | undefined; // bytes that left
    signal?: AbortSignal | undefined; // cancels
}

export interface Uploaded { upload: string; name: string; type: string; bytes: number }

const CUT_MS = 60_000; // without any progress

// Rejects with a WeftError: the server's, `disconnected` when the line broke, or `cancelled`.
export async function upload(file: Blob, options: UploadOptions): Promise<Uploaded> {
    const name = options.name ?? (file as File).name ?? "file";
    const target = new URL("v1/uploads", options.url);
    target.search = `name=${encodeURIComponent(name)}` + (options.conversation ? `&conversation=${options.conversation}` : "");
    const go = async (refused: boolean): Promise<Uploaded> =>
        send(file, target.href, await orCancelled(options.token(refused), options.signal), options);
    try {
        return await go(false);
    } catch (error) {
        if ((error as WeftError).retry !== "token") throw error;
        return go(true);
    }
}

const broken = (): WeftError => new WeftError("disconnected", "The upload broke off.", "same");
const cancelled = (): WeftError => new WeftError("cancelled", "The upload was cancelled.", "never");

function orCancelled<T>(wish: Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(cancelled());
        signal?.addEventListener("abort", () => reject(cancelled()), { once: true });
        wish.then(resolve, reject);
    });
}

// fetch tells nothing of what has left, so this is done the older way.
function send(file: Blob, target: string, token: string, { onProgress, signal }: UploadOptions): Promise<Uploaded> {
    const request = new XMLHttpRequest();
    let still: ReturnType<typeof setTimeout>;
    const wait = (): void => {
        clearTimeout(still);
        still = setTimeout(() => request.abort(), CUT_MS);
    };
    const stop = (): void => request.abort();
    signal?.addEventListener("abort", stop);
    return new Promise<Uploaded>((resolve, reject) => {
        request.upload.onprogress = ({ loaded }) => {
            wait();
            onProgress?.(loaded);
        };
        request.onload = () => {
            const answer = answerOf(request);
            if (answer instanceof WeftError) reject(answer);
            else resolve(answer);
        };
        request.onerror = request.onabort = () =>
            reject(signal?.aborted ? cancelled() : broken());
        request.open("POST", target);
        request.setRequestHeader("authorization", "Bearer " + token);
        wait();
        request.send(file);
    }).finally(() => {
        clearTimeout(still);
        signal?.removeEventListener("abort", stop);
    });
}

// Something between here and the server may answer in its own words.
function answerOf({ status, responseText }: XMLHttpRequest): Uploaded | WeftError {
    try {
        const { error, ...sent } = JSON.parse(responseText);
        return error ? errorOf(error) : sent;
    } catch {
        return status === 413 ? new WeftError("too_large", "The file is too large.", "never") : broken();
    }
}

// The session's resume ticket, which opens this door too. One that no longer does is replaced by coming back.
export const ticketOf = (session: Session) => (refused: boolean): Promise<string> => new Promise((resolve) => {
    if (session.welcome && !refused) return resolve(session.welcome.ticket);
    const end = session.on((frame) => {
        if (frame?.type !== "welcome") return;
        end();
        resolve(frame.ticket);
    });
    if (refused) session.connection.renew("ticket", true);
});

// What a message says of a file. All but `upload` is for the sender's own screen: the server looks for itself.
export const fileBody = ({ upload, name, type, bytes }: Uploaded): Body => ({ kind: "file", text: name, upload, name, type, bytes });

// A new address of a file that the entry `at` shows. Rejects when it does not any more, or when there is no line.
export async function freshUrl(session: Session, conversation: string, at: Name, upload: string): Promise<string> {
    const page = (await session.request({ type: "history", conversation, before: at, limit: 1 })) as PageFrame;
    const part = page.entries.flatMap((entry) => entry.parts).find(({ body }) => body?.upload === upload);
    if (!part?.body?.url) throw new WeftError("not_found", "This file is gone.", "never");
    return part.body.url;
}

const SHOWN = ["image/png", "image/jpeg", "image/gif", "image/webp"];

// Pictures that may be shown in place: the server's list. An SVG is none, since it can run.
export const isPicture = (type?: string): boolean => SHOWN.includes(type ?? "");

export function sizeOf(bytes: number, language?: string): string {
    const [unit, by] = bytes < 1e6 ? ["kilobyte", 1e3] as const : ["megabyte", 1e6] as const;
    const value = Math.max(0.1, bytes / by);
    return new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}
