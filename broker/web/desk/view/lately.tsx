// SPDX-License-Identifier: Apache-2.0
// What asks for a moment beside the chats: colleagues who ask the agent in, cases to finish in peace, and the room
// that is left.

import { useAround, useSecond } from "./context.ts";
import { Icon } from "./icon.tsx";
import { placesOf, type Invitation, type Routing, type WrapUp } from "../model/routing.ts";

export function Invitations({ invitations, live }: { invitations: readonly Invitation[]; live: boolean }) {
    const { actions } = useAround();
    if (invitations.length === 0) return null;
    return (
        <section class="lately" aria-labelledby="invitations-title" role="group">
            <h2 id="invitations-title" class="side-title">
                Asked in<span class="count">{invitations.length}</span>
            </h2>
            {invitations.map(({ conversation, name }) => (
                <article key={conversation} class="asked" data-invitation={conversation}>
                    <p role="status">
                        <Icon name="invite" />
                        <span>
                            <bdi>{name}</bdi> asks you into a chat
                        </span>
                    </p>
                    <div class="asked-answers">
                        <button type="button" class="button button-main button-small" data-join disabled={!live}
                            onClick={() => actions.join(conversation, `A chat of ${name}`)}>
                            Join
                        </button>
                        <button type="button" class="button button-small" data-look disabled={!live}
                            onClick={() => actions.watch(conversation, `A chat of ${name}`)}>
                            Look first
                        </button>
                        <button type="button" class="button button-small"
                            onClick={() => actions.invitationOver(conversation)}>
                            Not now
                        </button>
                    </div>
                </article>
            ))}
        </section>
    );
}

export function WrapUps({ wraps, live }: { wraps: readonly WrapUp[]; live: boolean }) {
    if (wraps.length === 0) return null;
    return (
        <section class="lately" aria-labelledby="wraps-title">
            <h2 id="wraps-title" class="side-title">
                To finish<span class="count">{wraps.length}</span>
            </h2>
            {wraps.map((wrap) => (
                <Wrap key={wrap.conversation} wrap={wrap} live={live} />
            ))}
        </section>
    );
}

function Wrap({ wrap, live }: { wrap: WrapUp; live: boolean }) {
    useSecond();
    const { actions } = useAround();
    const left = Math.max(0, Math.ceil((wrap.ends_at_ms - Date.now()) / 1000));
    return (
        <article class="wrap" data-wrap={wrap.conversation}>
            <p>
                <bdi>{wrap.contact}</bdi>
                <span class="wrap-left" role="timer" aria-label={`${left} seconds left to finish`}>
                    {left} s
                </span>
            </p>
            <button type="button" class="button button-small" data-wrapped disabled={!live}
                aria-label={`Done with ${wrap.contact}`} onClick={() => actions.wrappedUp(wrap.conversation)}>
                Done
            </button>
        </article>
    );
}

/** How much of the agent's capacity is taken; silent chats take little of it. */
export function Room({ routing, capacity }: { routing: Routing; capacity: number | null }) {
    if (routing.load === null || capacity === null || capacity === 0) return null;
    const full = routing.load >= capacity * 1000;
    const words = `${placesOf(routing.load)} of ${capacity} ${capacity === 1 ? "place" : "places"} taken`;
    return (
        <p class={full ? "room room-full" : "room"} data-room>
            <meter aria-label="Capacity taken" min={0} max={capacity * 1000} value={Math.min(routing.load, capacity * 1000)}>
                {words}
            </meter>
            <bdi>{words}</bdi>
        </p>
    );
}
