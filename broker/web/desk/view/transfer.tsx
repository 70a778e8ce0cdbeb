// SPDX-License-Identifier: Apache-2.0
// Hands a chat on: to a colleague who is online, or to whoever has the skills; never without a summary.

import { useState } from "preact/hooks";
import { useAround } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icon.tsx";
import { Avatar } from "./list.tsx";
import { plain, TRANSFER_REASONS } from "./words.ts";
import type { Chat } from "../model/chat.ts";
import type { Colleague } from "../model/desk.ts";
import type { Skill } from "../model/wire.ts";

const SUMMARY_MAX = 600;
const SKILLS_MAX = 8;

type To = "agent" | "skills" | "queue";
const QUEUE_MAX = 32;

export function TransferDialog({
    chat,
    colleagues,
    live,
    onClose,
}: {
    chat: Chat;
    colleagues: readonly Colleague[];
    live: boolean;
    onClose: () => void;
}) {
    const { actions } = useAround();
    const [to, setTo] = useState<To>(colleagues.length > 0 ? "agent" : "skills");
    const [agent, setAgent] = useState<string | null>(null);
    const [skills, setSkills] = useState<readonly Skill[]>(chat.handoff?.skills ?? []);
    const [queue, setQueue] = useState(chat.handoff?.queue ?? "");
    const [reason, setReason] = useState(TRANSFER_REASONS[0]![0]);
    const [summary, setSummary] = useState(chat.handoff?.summary ?? "");
    const [asked, setAsked] = useState(false);
    const chosen = colleagues.find((colleague) => colleague.agent === agent) ?? null;
    const missing = missingOf(to, chosen, queue, summary);
    const onSubmit = (event: Event): void => {
        event.preventDefault();
        setAsked(true);
        if (missing !== null || !live) return;
        const handoff = {
            ...chat.handoff,
            reason,
            summary: summary.trim(),
            ...(to === "queue" ? { queue: queue.trim() } : {}),
            skills: to === "skills" ? [...skills] : chat.handoff?.skills,
        };
        actions.transfer(chat.conversation, to === "agent" ? agent : null, handoff);
        onClose();
    };
    return (
        <Dialog title={`Transfer the chat with ${chat.contact}`} name="transfer" onClose={onClose}>
            <form onSubmit={onSubmit} class="form">
                <div class="segments" role="group" aria-label="To whom">
                    <button type="button" aria-pressed={to === "agent"} onClick={() => setTo("agent")}>
                        <Icon name="person" />A colleague
                    </button>
                    <button type="button" aria-pressed={to === "skills"} onClick={() => setTo("skills")}>
                        <Icon name="skill" />
                        Whoever has the skills
                    </button>
                    <button type="button" data-to="queue" aria-pressed={to === "queue"} onClick={() => setTo("queue")}>
                        <Icon name="transfer" />A queue
                    </button>
                </div>
                {to === "agent" && <People colleagues={colleagues} agent={agent} onChoose={setAgent} />}
                {to === "skills" && <Skills skills={skills} onChange={setSkills} />}
                {to === "queue" && <Queue queue={queue} onChange={setQueue} />}
                <Reason reason={reason} onChange={setReason} />
                <Summary summary={summary} onChange={setSummary} />
                <p class="form-wrong" role="alert">
                    {asked ? missing : null}
                    {!live && "Not connected: a chat can be handed on when the line is back."}
                </p>
                <footer class="form-tools">
                    <button type="button" class="button" onClick={onClose}>
                        Cancel
                    </button>
                    <button type="submit" class="button button-main" disabled={!live}>
                        {chosen && to === "agent" ? `Transfer to ${chosen.name}` : "Transfer"}
                    </button>
                </footer>
            </form>
        </Dialog>
    );
}

function Reason({ reason, onChange }: { reason: string; onChange: (reason: string) => void }) {
    return (
        <label class="field">
            <span>Why</span>
            <select value={reason} onChange={(event) => onChange(event.currentTarget.value)}>
                {TRANSFER_REASONS.map(([name, words]) => <option key={name} value={name}>{words}</option>)}
            </select>
        </label>
    );
}

function Summary({ summary, onChange }: { summary: string; onChange: (summary: string) => void }) {
    return (
        <label class="field">
            <span>What the next person must know</span>
            <textarea
                rows={3}
                maxLength={SUMMARY_MAX}
                dir="auto"
                value={summary}
                onInput={(event) => onChange(event.currentTarget.value)}
            />
        </label>
    );
}

function Queue({ queue, onChange }: { queue: string; onChange: (queue: string) => void }) {
    return (
        <label class="field">
            <span>The queue, as the policy names it</span>
            <input
                data-queue
                maxLength={QUEUE_MAX}
                placeholder="billing"
                value={queue}
                onInput={(event) => onChange(event.currentTarget.value)}
            />
        </label>
    );
}

function missingOf(to: To, chosen: Colleague | null, queue: string, summary: string): string | null {
    if (to === "queue" && queue.trim() === "") return "Name the queue.";
    if (to === "agent" && !chosen) return "Choose a colleague who is online.";
    return summary.trim() === "" ? "Say in a few words what the next person must know." : null;
}

function People({
    colleagues,
    agent,
    onChoose,
}: {
    colleagues: readonly Colleague[];
    agent: string | null;
    onChoose: (agent: string) => void;
}) {
    if (colleagues.length === 0)
        return (
            <p class="form-none">
                No colleague is online. Choose skills instead: the chat waits for the next one who has them.
            </p>
        );
    return (
        <fieldset class="people">
            <legend class="hidden">Colleagues who are online</legend>
            {colleagues.map((colleague) => {
                const full = colleague.capacity !== null && (colleague.chats ?? 0) >= colleague.capacity;
                return (
                    <label key={colleague.agent} class="person">
                        <input
                            type="radio"
                            name="to-agent"
                            value={colleague.agent}
                            checked={agent === colleague.agent}
                            onChange={() => onChoose(colleague.agent)}
                        />
                        <Avatar name={colleague.name} />
                        <span class="person-name">
                            <bdi>{colleague.name}</bdi>
                        </span>
                        <Load colleague={colleague} full={full} />
                    </label>
                );
            })}
        </fieldset>
    );
}

function Load({ colleague, full }: { colleague: Colleague; full: boolean }) {
    if (colleague.chats === null) return null;
    const words =
        colleague.capacity === null ? `${colleague.chats} chats` : `${colleague.chats} of ${colleague.capacity} chats`;
    return (
        <span class={full ? "person-load person-full" : "person-load"}>
            {words}
            {full && ", full"}
        </span>
    );
}

function Skills({ skills, onChange }: { skills: readonly Skill[]; onChange: (skills: readonly Skill[]) => void }) {
    const [name, setName] = useState("");
    const add = (): void => {
        const clean = name.trim().toLowerCase().replace(/\s+/g, "_").slice(0, 64);
        if (clean !== "" && skills.length < SKILLS_MAX && !skills.some((skill) => skill.name === clean)) {
            onChange([...skills, { name: clean, must: true }]);
        }
        setName("");
    };
    const onKeyDown = (event: KeyboardEvent): void => {
        if ((event.key === "Enter" || event.key === ",") && name.trim() !== "") {
            event.preventDefault();
            add();
        }
    };
    return (
        <div class="field">
            <span id="skills-label">Skills that are needed</span>
            <ul class="chips" aria-labelledby="skills-label">
                {skills.map((skill) => (
                    <li key={skill.name} class="chip">
                        <button
                            type="button"
                            class="chip-must"
                            aria-pressed={skill.must === true}
                            title="Required or only preferred"
                            onClick={() =>
                                onChange(
                                    skills.map((other) => (other === skill ? { ...skill, must: !skill.must } : other)),
                                )
                            }
                        >
                            {plain(skill.name)}
                            <small>{skill.must ? "required" : "preferred"}</small>
                        </button>
                        <button
                            type="button"
                            class="chip-drop"
                            aria-label={`Remove ${plain(skill.name)}`}
                            onClick={() => onChange(skills.filter((other) => other !== skill))}
                        >
                            <Icon name="close" />
                        </button>
                    </li>
                ))}
                <li class="chip-new">
                    <input
                        aria-label="Add a skill"
                        placeholder={skills.length === 0 ? "billing, returns, french…" : "Add another"}
                        value={name}
                        maxLength={64}
                        onInput={(event) => setName(event.currentTarget.value)}
                        onKeyDown={onKeyDown}
                        onBlur={add}
                    />
                </li>
            </ul>
            {skills.length === 0 && (
                <small class="field-hint">Without a skill, the best-matched colleague gets the chat.</small>
            )}
        </div>
    );
}
