// SPDX-License-Identifier: Apache-2.0
// Every word that the desk shows, in one place, so that another language is another file of this shape.

import { sizeOf } from "../../client/files.ts";
import type { Chat, Typist } from "../model/chat.ts";
import type { Handoff, Part, Presence, Who } from "../model/wire.ts";

export const PRESENCE: Record<Presence, string> = { online: "Online", away: "Away", offline: "Offline" };

export const PRESENCE_HINT: Record<Presence, string> = {
    online: "New chats are offered to you",
    away: "You keep your chats and get no new ones",
    offline: "Your chats go back to the queue after a short while",
};

const REASONS: Record<string, string> = {
    asked: "The customer asked for a person",
    unsure: "The bot was not sure",
    failed: "The bot could not answer",
    policy: "The company's rules ask for a person",
    expertise: "Needs somebody who knows this better",
    language: "Needs another language",
    shift: "A colleague's shift ended",
    workload: "A colleague had too much at once",
    no_bot: "No bot was there to answer",
};

export function reasonOf(reason: string): string {
    const known = REASONS[reason];
    if (known) return known;
    return titled(reason);
}

/** A name from a machine (`party_size`) as words. */
export function plain(name: string): string {
    return name.replace(/[_-]+/g, " ").trim();
}

/** The same as a name or a sentence begins: a bot's id `order-help` is read as "Order help". */
function titled(name: string): string {
    const words = plain(name);
    return words.charAt(0).toUpperCase() + words.slice(1);
}

export const CLOSE_REASONS: ReadonlyArray<readonly [string, string]> = [
    ["solved", "Solved"],
    ["no_answer", "The customer no longer answers"],
    ["duplicate", "Handled in another chat"],
    ["spam", "Spam"],
    ["other", "Something else"],
];

export const TRANSFER_REASONS: ReadonlyArray<readonly [string, string]> = [
    ["expertise", "Needs somebody who knows this better"],
    ["language", "Needs another language"],
    ["workload", "I have too much at once"],
    ["shift", "My shift ends"],
];

const ENDED: Record<string, string> = {
    handed_on: "You handed this chat on.",
    transferred: "This chat went to a colleague.",
    requeued: "This chat went back to the queue.",
    left: "You left this chat.",
    elsewhere: "This chat went to somebody else while you were not connected.",
    superseded: "This thread goes on in another one.",
    closed: "This chat is closed.",
};

export function endedOf(chat: Chat): string {
    if (chat.ownership === "closed") {
        const reason = CLOSE_REASONS.find(([name]) => name === chat.released);
        return reason ? `Closed: ${reason[1].charAt(0).toLowerCase()}${reason[1].slice(1)}.` : "This chat is closed.";
    }
    return ENDED[chat.released ?? ""] ?? "This chat is no longer yours.";
}

const REFUSED: Record<string, string> = {
    fenced: "Somebody else owns this chat now, so this was not sent. Your words are here again.",
    case_closed: "The chat was closed before this was sent. Your words are here again.",
    out_of_range: "This is longer than a message may be. Your words are here again.",
    body_unsupported: "The server does not take a message of this kind. Your words are here again.",
    unknown_conversation: "This chat is no longer open to you, so this was not sent. Your words are here again.",
    conversation_erased: "This conversation was erased, so this was not sent.",
    quarantined: "This conversation cannot go on: its log is damaged. This was not sent, and your words are here again.",
};

export function refusedOf(code: string): string {
    return REFUSED[code] ?? `The server did not take this (${plain(code)}). Your words are here again.`;
}

/** Why a file that was said is not there. */
export function fileRefusedOf(name: string, code: string): string {
    const why = code === "fenced" || code === "unknown_conversation" ? "this chat is somebody else's now"
        : code === "case_closed" ? "the chat was closed before" : code === "no_such_upload" ? "it waited too long. Attach it again" : plain(code);
    return `${name} was not sent: ${why}.`;
}

/** Why a file did not go up. */
export function fileFaultOf(code: string, limit?: number): string {
    switch (code) {
        case "too_large":
            return limit ? `Too large: a file may have ${sizeOf(limit)}.` : "Too large.";
        case "empty":
            return "This file is empty.";
        case "store_full":
        case "quota":
            return "There is no room for more files.";
        case "unknown_conversation":
            return "This chat is somebody else's now.";
        case "unsupported":
        case "forbidden":
        case "body_unsupported":
        case "bad_request":
            return "Files cannot be sent here.";
        default:
            return "The upload broke off.";
    }
}

const FOR_GOOD = ["too_large", "empty", "unsupported", "forbidden", "body_unsupported", "bad_request", "unknown_conversation"];

export const mayGoBetter = (code: string): boolean => !FOR_GOOD.includes(code);

const DEEDS: Record<string, string> = { edit: "edited", delete: "deleted", react: "reacted to" };

/** Why nothing came of an edit, a deletion or a reaction. */
export function deedRefusedOf(deed: string, code: string): string {
    const what = `The message could not be ${DEEDS[deed]}`;
    if (code === "too_late") return `${what}: it is too old by now.`;
    if (code === "message_deleted") return `${what}: it was deleted.`;
    if (code === "fenced" || code === "unknown_conversation") return `${what}: this chat is somebody else's now.`;
    return `${what} (${plain(code)}).`;
}

export function whoName(who: Who, contact: string, me: string): string {
    if (who.kind === "customer") return contact;
    if (who.kind === "agent" && who.id === me) return "You";
    if (who.kind === "bot") return who.name ? titled(who.name) : "Bot";
    if (who.name) return who.name;
    if (who.kind === "agent") return "Colleague";
    return who.kind === "service" ? "Service" : "Weft";
}

/** The sentence of a row that is not a message. */
export function systemLine(part: Part, contact: string, me: string): string {
    switch (part.kind) {
        case "owner":
            if (part.owner === "agent") {
                return part.id === me ? "You took the chat" : `${part.name ?? "A colleague"} took the chat`;
            }
            return part.owner === "bot" ? `${part.name ? titled(part.name) : "The bot"} answers` : "Nobody owns the chat";
        case "case_opened":
            return "The case was opened";
        case "case_closed": {
            const reason = CLOSE_REASONS.find(([name]) => name === part.reason)?.[1] ?? plain(part.reason ?? "");
            return reason ? `The case was closed: ${reason.toLowerCase()}` : "The case was closed";
        }
        case "queued": {
            if (part.reason === "reopened") return "Waits for an agent again";
            const reason = part.handoff?.reason ?? part.reason;
            return reason ? `Handed over: ${lower(reasonOf(reason))}` : "Waits for a person";
        }
        case "callback":
            return callbackLine(part);
        case "identity":
            return `${part.name ?? contact} proved who they are`;
        case "invited":
            return `${part.id === me ? "You were" : `${part.name ?? "A colleague"} was`} asked in`;
        case "participant":
            return `${part.id === me ? "You" : (part.name ?? "A colleague")} ${part.active === false ? "left" : "joined the chat"}`;
        case "joined":
            return "An earlier thread of this customer joined this one";
        case "superseded":
            return "This thread goes on in another one";
        case "erased":
            return "What was said here was erased";
        case "event": {
            const details = (part.properties ?? []).map(({ name, value }) => `${plain(name)}: ${value ?? ""}`).join(", ");
            return `Journey: ${plain(part.name ?? "")}${details ? ` (${details})` : ""}`;
        }
        default:
            return part.body?.text ?? "";
    }
}

const CALLBACK_ENDS: Record<string, string> = {
    cancelled: "The callback was cancelled: they wait in the chat",
    returned: "They came back and wrote: no callback is needed",
    reached: "Callback: reached",
    given_up: "Callback: not reached, for the last time",
};

function callbackLine({ callback, reason }: Part): string {
    if (!callback) return CALLBACK_ENDS[reason ?? ""] ?? "No callback any more";
    const how = callback.channel === "chat" ? "an answer in the chat" : callback.channel === "phone" ? "a call" : "an email";
    if (reason === "not_reached") return `Callback: not reached (${callback.attempts ?? 1}); tried again later`;
    return `Asked for ${how} instead of waiting`;
}

function lower(text: string): string {
    return text.charAt(0).toLowerCase() + text.slice(1);
}

export function typingLine(typists: readonly Typist[], contact: string, me: string): string {
    const names = typists.map((typist) => whoName(typist.who, contact, me));
    if (names.length === 0) return "";
    return names.length === 1
        ? `${names[0]} is typing`
        : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]} are typing`;
}

const SENTIMENT: Record<string, string> = {
    falling: "Mood is falling",
    steady: "Mood is steady",
    rising: "Mood is rising",
};

export function sentimentOf(handoff: Handoff): string | null {
    return handoff.sentiment ? (SENTIMENT[handoff.sentiment] ?? plain(handoff.sentiment)) : null;
}

const TERMS: Record<string, string> = {
    direct: "Sent to you",
    fairness: "Your turn",
    skill: "Your skills",
    skills: "Your skills",
    language: "Language",
    load: "You have room",
    last_agent: "You know them",
    continuity: "You know them",
    age: "They wait long",
    willing: "Has not refused",
    calm: "Nothing interrupted",
    class: "Customer's class",
    value: "What is at stake",
    promise: "The promised time",
    affinity: "Topic",
};

export function termOf(name: string): string {
    return TERMS[name] ?? titled(name);
}

/** The same of somebody else: the policy's own name. */
export function termName(name: string): string {
    return titled(name);
}

export const DURABILITY: Record<string, string> = {
    everysec: "Each message is stored before it is confirmed, and safe on disk within a second.",
    always: "Each message is safe on disk before it is confirmed.",
    replicated: "Each message is safe on disk and on the replicas before it is confirmed.",
};

export const CASE_STATE: Record<string, string> = {
    waiting: "Waits",
    offered: "Is offered",
    active: "Is answered",
    wrap_up: "Is being finished",
};

export const VERDICT: Record<string, string> = {
    eligible: "could have it",
    not_online: "is not online",
    no_room: "has no room",
    excluded: "declined it, or let it expire",
    lacks_skill: "lacks a skill",
    not_asked_for: "it waits for somebody else by name",
    not_preferred: "it waits for preferred agents",
    out_of_schedule: "is out of schedule",
    other_queue: "serves another queue",
};
