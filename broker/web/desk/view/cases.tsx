// SPDX-License-Identifier: Apache-2.0
// Supervisors: every case that waits, is being answered or is to be called back later, those whom nobody answers first.

import { useEffect } from "preact/hooks";
import { useAround } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { WAYS } from "./callback.tsx";
import { isoOf, momentOf, spanOf } from "./time.ts";
import { CASE_STATE, plain } from "./words.ts";
import { placesOf } from "../model/routing.ts";
import type { Desk } from "../model/desk.ts";
import type { CallbackView, CaseView } from "../model/wire.ts";

export function CasesDialog({ desk, onClose }: { desk: Desk; onClose: () => void }) {
    const { actions } = useAround();
    const { cases, more } = desk.routing;
    useEffect(() => {
        actions.listCases(true);
        return () => actions.listCases(false);
    }, []);
    return (
        <Dialog title="All cases" name="cases" onClose={onClose}>
            <div class="form">
                {cases === null && <p class="form-note" role="status">Looking…</p>}
                {cases?.length === 0 && <p class="form-none">No case waits, and none is being answered or called back later.</p>}
                {cases !== null && cases.length > 0 && <Table desk={desk} cases={cases} onClose={onClose} />}
                {more && <p class="form-note">There are more than fit here.</p>}
            </div>
        </Dialog>
    );
}

function Table({ desk, cases, onClose }: { desk: Desk; cases: readonly CaseView[]; onClose: () => void }) {
    return (
        <div class="cases-scroll" role="region" aria-label="The list of cases" tabIndex={0}>
            <table class="cases">
                <thead>
                    <tr>
                        <th scope="col">Customer</th>
                        <th scope="col">State</th>
                        <th scope="col">Agent</th>
                        <th scope="col">For</th>
                        <th scope="col">Queue</th>
                        <th scope="col">Weight</th>
                        <th scope="col">
                            <span class="hidden">Do</span>
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {cases.map((one) => (
                        <Row key={`${one.conversation} ${one.state}`} one={one} desk={desk} onClose={onClose} />
                    ))}
                </tbody>
            </table>
        </div>
    );
}

export function agentName(desk: Desk, agent: string | undefined): string {
    if (!agent) return "";
    if (agent === desk.me.agent) return "You";
    return desk.colleagues.get(agent)?.name ?? agent;
}

/** Nobody has it until then. */
function Later({ callback }: { callback: CallbackView }) {
    const { channel, from_ms = 0, attempts = 0 } = callback;
    return (
        <span data-later>
            {WAYS[channel].title}: <time dateTime={isoOf(from_ms)}>{momentOf(from_ms)}</time>
            {attempts > 0 && `, attempt ${attempts + 1}`}
        </span>
    );
}

function Row({ one, desk, onClose }: { one: CaseView; desk: Desk; onClose: () => void }) {
    const { actions } = useAround();
    const contact = one.contact || "Visitor";
    const mine = one.agent === desk.me.agent && one.state === "active";
    const monitor = (): void => {
        if (mine) actions.open(one.conversation);
        else actions.watch(one.conversation, contact);
        onClose();
    };
    return (
        <tr data-case={one.conversation} class={`case case-${one.state}`}>
            <th scope="row">
                <bdi>{contact}</bdi>
            </th>
            <td>
                {one.callback ? <Later callback={one.callback} /> : CASE_STATE[one.state]}
                {one.interrupted && ", interrupted"}
            </td>
            <td>
                <bdi>{agentName(desk, one.agent)}</bdi>
            </td>
            <td class="case-number">{spanOf(one.waiting_ms ?? 0)}</td>
            <td>{[one.queue && plain(one.queue), one.channel].filter(Boolean).join(", ")}</td>
            <td class="case-number">{one.weight === undefined ? "" : placesOf(one.weight)}</td>
            <td class="case-tools">
                <button type="button" class="button button-small" data-monitor aria-label={`${mine ? "Open" : "Monitor"} ${contact}`} onClick={monitor}>
                    {mine ? "Open" : "Monitor"}
                </button>
                <button type="button" class="button button-small" data-why aria-label={`Why ${contact} is there`}
                    onClick={() => actions.ask("explain", one.conversation)}>
                    Why
                </button>
            </td>
        </tr>
    );
}
