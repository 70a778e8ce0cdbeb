// SPDX-License-Identifier: Apache-2.0
// An offered chat: why it comes here, how long it has waited, and how long the offer stands.

import { CallbackFacts } from "./callback.tsx";
import { Pure, useAround, useSecond } from "./context.ts";
import { Icon } from "./icon.tsx";
import { Keys } from "./keys.tsx";
import { languageOf } from "./packet.tsx";
import { spanOf } from "./time.ts";
import { Terms } from "./terms.tsx";
import { plain, reasonOf } from "./words.ts";
import { keysOf } from "../model/keys.ts";
import type { Offer } from "../model/desk.ts";

function Left({ offer }: { offer: Offer }) {
    useSecond();
    const left = Math.max(0, Math.ceil((offer.expires_at_ms - Date.now()) / 1000));
    return <span class={left <= 5 ? "offer-left offer-left-short" : "offer-left"}>{left} s left</span>;
}

function Waited({ offer }: { offer: Offer }) {
    useSecond();
    return <>waiting {spanOf(Date.now() - offer.waiting_since_ms)}</>;
}

/** The bar that shrinks: one animation that began when the offer did. */
function Bar({ offer }: { offer: Offer }) {
    const whole = Math.max(1, offer.expires_at_ms - offer.shown_at_ms);
    const gone = Date.now() - offer.shown_at_ms;
    const start = (element: HTMLDivElement | null): void => {
        if (!element) return;
        element.style.animationDuration = `${whole}ms`;
        element.style.animationDelay = `${-gone}ms`;
    };
    return (
        <div class="offer-bar" aria-hidden="true">
            <div ref={start} class="offer-bar-left" />
        </div>
    );
}

export class OfferCard extends Pure<{ readonly offer: Offer; readonly first: boolean }> {
    render({ offer, first }: { offer: Offer; first: boolean }) {
        return <Card offer={offer} first={first} />;
    }
}

function Card({ offer, first }: { offer: Offer; first: boolean }) {
    const { actions, bindings, mac } = useAround();
    const { handoff } = offer;
    const busy = offer.state !== "open";
    const title = `offer-${offer.offer}`;
    return (
        <article class="offer" aria-labelledby={title} data-offer={offer.offer}>
            <Bar offer={offer} />
            <header class="offer-head">
                <h3 id={title}>
                    <bdi>{offer.contact}</bdi>
                </h3>
                <Left offer={offer} />
            </header>
            <p class="offer-why">
                {handoff ? reasonOf(handoff.reason) : "A customer asks for an answer"} · <Waited offer={offer} />
            </p>
            {handoff?.summary && (
                <p class="offer-summary" dir="auto">
                    {handoff.summary}
                </p>
            )}
            {offer.callback && (
                <p class="offer-callback">
                    <CallbackFacts callback={offer.callback} />
                </p>
            )}
            <p class="offer-tags">
                {(handoff?.skills ?? []).map((skill) => (
                    <span key={skill.name} class="tag tag-skill">
                        <Icon name="skill" />
                        {plain(skill.name)}
                    </span>
                ))}
                {handoff?.language && <span class="tag">{languageOf(handoff.language)}</span>}
            </p>
            <Terms terms={offer.terms} title="Why you" />
            <div class="offer-answers">
                <button
                    type="button"
                    class="button button-main"
                    disabled={busy}
                    data-accept
                    onClick={() => actions.accept(offer.offer)}
                >
                    {offer.state === "accepting" ? "Accepting…" : "Accept"}
                    {first && <Keys keys={keysOf(bindings.accept, mac)} />}
                </button>
                <button
                    type="button"
                    class="button"
                    disabled={busy}
                    data-decline
                    onClick={() => actions.decline(offer.offer)}
                >
                    {offer.state === "declining" ? "Declining…" : "Decline"}
                    {first && <Keys keys={keysOf(bindings.decline, mac)} />}
                </button>
            </div>
        </article>
    );
}
