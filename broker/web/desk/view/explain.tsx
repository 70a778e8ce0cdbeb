// SPDX-License-Identifier: Apache-2.0
// Supervisors: why a case is with its agent, or with nobody. What was recorded with the offer, and how each agent
// fits now by the very functions that decide: who could have it, who comes next, who is passed over and why.

import { useEffect } from "preact/hooks";
import { useAround } from "./context.ts";
import { agentName } from "./cases.tsx";
import { Dialog } from "./dialog.tsx";
import { TermBars } from "./terms.tsx";
import { spanOf } from "./time.ts";
import { CASE_STATE, plain, VERDICT } from "./words.ts";
import type { Desk } from "../model/desk.ts";
import type { Candidate, ExplainedFrame } from "../model/wire.ts";

export function ExplainDialog({ desk, conversation, onClose }: { desk: Desk; conversation: string; onClose: () => void }) {
    const { actions } = useAround();
    const { explained } = desk.routing;
    useEffect(() => actions.explain(conversation), [conversation]);
    const shown = explained?.conversation === conversation ? explained : null;
    return (
        <Dialog title="Why this agent" name="explain" onClose={onClose}>
            <div class="form">
                {shown === null ? (
                    <p class="form-note" role="status">
                        Asking…
                    </p>
                ) : (
                    <Explanation desk={desk} explained={shown} />
                )}
            </div>
        </Dialog>
    );
}

function Explanation({ desk, explained }: { desk: Desk; explained: ExplainedFrame }) {
    const { candidates, terms, agent } = explained;
    const most = Math.max(1, ...candidates.flatMap((one) => one.terms.map((term) => term.value)));
    const runnerUp = candidates.filter((one) => one.verdict === "eligible" && one.agent !== agent)[0];
    const hidden = explained.agents - candidates.length;
    return (
        <div class="why" data-explained={explained.conversation}>
            <dl class="why-facts">
                <Fact name="State" value={`${CASE_STATE[explained.state]}${agent ? `: ${agentName(desk, agent)}` : ""}`} />
                <Fact name="Runner-up" value={runnerUp ? (runnerUp.name ?? runnerUp.agent) : "nobody"} />
                <Fact name="Policy" value={policyOf(explained)} />
                {explained.gap !== undefined && <Fact name="Gap" value={`at most ${explained.gap} ‰ from the best possible`} />}
            </dl>
            {terms && terms.length > 0 && (
                <section aria-labelledby="why-recorded">
                    <h3 id="why-recorded">Recorded when it was offered to {agentName(desk, agent)}</h3>
                    <TermBars terms={terms} theirs />
                </section>
            )}
            <section aria-labelledby="why-now">
                <h3 id="why-now">As it would be decided now</h3>
                <ol class="why-list">
                    {candidates.map((one) => (
                        <One key={one.agent} one={one} most={most} has={one.agent === agent} />
                    ))}
                </ol>
                {hidden > 0 && <p class="form-note">{hidden} more agents were looked at.</p>}
            </section>
        </div>
    );
}

function policyOf({ policy, decided_by }: ExplainedFrame): string {
    const name = (version: number): string => (version === 0 ? "the defaults" : `version ${version}`);
    return decided_by === undefined || decided_by === policy
        ? name(policy)
        : `${name(policy)} (it was decided by ${name(decided_by)})`;
}

function Fact({ name, value }: { name: string; value: string }) {
    return (
        <div class="why-fact">
            <dt>{name}</dt>
            <dd>
                <bdi>{value}</bdi>
            </dd>
        </div>
    );
}

function verdictOf(one: Candidate): string {
    if (one.verdict === "lacks_skill" && one.skill) return `lacks ${plain(one.skill)}`;
    if (one.verdict === "excluded" && one.until_ms !== undefined)
        return `${VERDICT.excluded}, for ${spanOf(one.until_ms)} more`;
    return VERDICT[one.verdict] ?? plain(one.verdict);
}

function One({ one, most, has }: { one: Candidate; most: number; has: boolean }) {
    const can = one.verdict === "eligible";
    return (
        <li class={can ? "why-one why-can" : "why-one"} data-candidate={one.agent}>
            <details open={can || has}>
                <summary>
                    <bdi class="why-name">{one.name ?? one.agent}</bdi>
                    {has && <span class="tag">has it</span>}
                    <span class="why-verdict">{verdictOf(one)}</span>
                    <span class="why-score">{one.score}</span>
                </summary>
                <TermBars terms={one.terms} most={most} theirs />
            </details>
        </li>
    );
}
