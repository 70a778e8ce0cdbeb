// SPDX-License-Identifier: Apache-2.0
// The handover packet: what the bot or colleague before already knows, so that nobody asks again.

import { Pure } from "./context.ts";
import { Icon } from "./icon.tsx";
import { plain, reasonOf, sentimentOf } from "./words.ts";
import type { Handoff } from "../model/wire.ts";

export interface PacketProps {
    readonly handoff: Handoff;
    readonly conversation: string;
    readonly open: boolean;
    readonly onToggle: (open: boolean) => void;
}

const languages =
    typeof Intl.DisplayNames === "function" ? new Intl.DisplayNames(undefined, { type: "language" }) : null;

export function languageOf(code: string): string {
    try {
        return languages?.of(code) ?? code;
    } catch {
        return code;
    }
}

export class Packet extends Pure<PacketProps> {
    render({ handoff, open, onToggle, conversation }: PacketProps) {
        const id = `packet-${conversation}`;
        return (
            <div class={open ? "packet packet-open" : "packet"}>
                <button
                    type="button"
                    class="packet-head"
                    aria-expanded={open}
                    aria-controls={id}
                    data-packet
                    onClick={() => onToggle(!open)}
                >
                    <span class="hidden">Handover: </span>
                    <span class="packet-reason">{reasonOf(handoff.reason)}</span>
                    {!open && handoff.summary && (
                        <span class="packet-brief">
                            <bdi>{handoff.summary}</bdi>
                        </span>
                    )}
                    <Icon name="fold" />
                </button>
                <div id={id} class="packet-body" hidden={!open}>
                    {open && <Facts handoff={handoff} />}
                </div>
            </div>
        );
    }
}

function Facts({ handoff }: { handoff: Handoff }) {
    const { summary, slots = [], missing = [], tried = [], intents = [], skills = [], language } = handoff;
    const sentiment = sentimentOf(handoff);
    return (
        <>
            {summary && (
                <p class="packet-summary" dir="auto">
                    {summary}
                </p>
            )}
            {(slots.length > 0 || missing.length > 0) && (
                <dl class="slots">
                    {slots.map((slot) => (
                        <div key={slot.name} class="slot">
                            <dt>{plain(slot.name)}</dt>
                            <dd dir="auto">{slot.value ?? ""}</dd>
                        </div>
                    ))}
                    {missing.map((name) => (
                        <div key={`missing-${name}`} class="slot slot-missing">
                            <dt>{plain(name)}</dt>
                            <dd>not known yet</dd>
                        </div>
                    ))}
                </dl>
            )}
            {tried.length > 0 && (
                <div class="packet-tried">
                    <h3>Already tried</h3>
                    <ul>
                        {tried.map((what, index) => (
                            <li key={index} dir="auto">
                                {what}
                            </li>
                        ))}
                    </ul>
                </div>
            )}
            <p class="packet-tags">
                {intents.map((intent) => (
                    <span key={intent.name} class="tag">
                        {plain(intent.name)}
                        {intent.percent !== undefined && <b>{intent.percent}&nbsp;%</b>}
                    </span>
                ))}
                {skills.map((skill) => (
                    <span key={`skill-${skill.name}`} class="tag tag-skill">
                        <Icon name="skill" />
                        {plain(skill.name)}
                    </span>
                ))}
                {language && <span class="tag">{languageOf(language)}</span>}
                {sentiment && <span class={`tag tag-${handoff.sentiment}`}>{sentiment}</span>}
            </p>
        </>
    );
}
