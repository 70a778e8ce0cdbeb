// SPDX-License-Identifier: Apache-2.0
// The left side of the desk: who I am and how I am, offers, my chats, and the state of the line.

import { useState } from "preact/hooks";
import { useAround } from "./context.ts";
import { Icon, Mark } from "./icon.tsx";
import { Keys } from "./keys.tsx";
import { ChatList } from "./list.tsx";
import { Invitations, Room, WrapUps } from "./lately.tsx";
import { OfferCard } from "./offer.tsx";
import { spanOf } from "./time.ts";
import { DURABILITY, PRESENCE, PRESENCE_HINT } from "./words.ts";
import { useSecond } from "./context.ts";
import { keysOf } from "../model/keys.ts";
import { listed, ownChats } from "../model/select.ts";
import { shownColumns } from "../model/columns.ts";
import type { Desk, Line } from "../model/desk.ts";
import type { Presence } from "../model/wire.ts";

export function Side({ desk, sound }: { desk: Desk; sound: boolean }) {
    const chats = listed(desk);
    return (
        <section class="side" aria-label="Your desk">
            <Head desk={desk} sound={sound} />
            <PresenceSwitch desk={desk} />
            <div class="side-scroll">
                {desk.offers.length > 0 && (
                    <section class="offers" aria-labelledby="offers-title">
                        <h2 id="offers-title" class="side-title">
                            Offered to you<span class="count">{desk.offers.length}</span>
                        </h2>
                        {desk.offers.map((offer, index) => (
                            <OfferCard key={offer.offer} offer={offer} first={index === 0} />
                        ))}
                    </section>
                )}
                <Invitations invitations={desk.routing.invitations} live={desk.line.status === "live"} />
                <WrapUps wraps={desk.routing.wraps} live={desk.line.status === "live"} />
                <section class="chats" aria-labelledby="chats-title">
                    <h2 id="chats-title" class="side-title">
                        Your chats
                        {chats.length > 0 && (
                            <span class="count">
                                {ownChats(desk)}
                                {desk.me.capacity !== null && ` of ${desk.me.capacity}`}
                            </span>
                        )}
                    </h2>
                    {chats.length === 0 ? (
                        <p class="chats-none">
                            {desk.synced || desk.chats.size > 0
                                ? "No chat is yours right now."
                                : "Looking for your chats…"}
                        </p>
                    ) : (
                        <ChatList
                            chats={chats}
                            shown={shownColumns(desk.columns)}
                            focus={desk.columns.focus}
                            me={desk.me.agent}
                            routing={desk.routing}
                        />
                    )}
                    <Room routing={desk.routing} capacity={desk.me.capacity} />
                </section>
            </div>
            <LineState line={desk.line} />
        </section>
    );
}

function Head({ desk, sound }: { desk: Desk; sound: boolean }) {
    const { actions, bindings, mac } = useAround();
    return (
        <header class="side-head">
            <Mark />
            <div class="side-who">
                <p class="side-name">
                    <bdi>{desk.me.name}</bdi>
                </p>
                <p>
                    <bdi>{desk.me.tenant}</bdi>
                </p>
            </div>
            <button
                type="button"
                class="tool"
                data-tool="palette"
                aria-label="Search or do"
                title={`Search or do (${keysOf(bindings.palette, mac).join(" ")})`}
                onClick={() => actions.palette(true)}
            >
                <Icon name="search" />
            </button>
            {desk.routing.supervisor && (
                <button
                    type="button"
                    class="tool"
                    data-tool="cases"
                    aria-label="All cases"
                    title={`All cases (${keysOf(bindings.cases, mac).join(" ")})`}
                    onClick={() => actions.ask("cases", "")}
                >
                    <Icon name="eye" />
                </button>
            )}
            <button
                type="button"
                class="tool"
                data-tool="sound"
                aria-pressed={sound}
                aria-label="Sound"
                title={sound ? "Sound is on" : "Sound is off"}
                onClick={() => actions.sound()}
            >
                <Icon name={sound ? "bell" : "mute"} />
            </button>
            <Leave />
        </header>
    );
}

function Leave() {
    const { actions } = useAround();
    const [sure, setSure] = useState(false);
    if (sure) {
        return (
            <button
                type="button"
                class="button button-small"
                data-tool="sign_out"
                onBlur={() => setSure(false)}
                onClick={() => actions.signOut()}
            >
                Sign out?
            </button>
        );
    }
    return (
        <button type="button" class="tool" aria-label="Sign out" title="Sign out" onClick={() => setSure(true)}>
            <Icon name="exit" />
        </button>
    );
}

const STATES: readonly Presence[] = ["online", "away", "offline"];

function PresenceSwitch({ desk }: { desk: Desk }) {
    const { actions } = useAround();
    const { me, line } = desk;
    const live = line.status === "live";
    return (
        <fieldset class="presence" disabled={!live}>
            <legend class="hidden">Your presence</legend>
            {STATES.map((status) => (
                <label
                    key={status}
                    class={`presence-choice presence-${status}${me.wanted === status ? " presence-wanted" : ""}`}
                    title={PRESENCE_HINT[status]}
                >
                    <input
                        type="radio"
                        name="presence"
                        value={status}
                        checked={(me.wanted ?? me.status) === status}
                        onChange={() => actions.presence(status)}
                    />
                    <span class="presence-dot" aria-hidden="true" />
                    {PRESENCE[status]}
                </label>
            ))}
        </fieldset>
    );
}

function Lost({ since_ms }: { since_ms: number }) {
    useSecond();
    return <>for {spanOf(Date.now() - since_ms)}</>;
}

function LineState({ line }: { line: Line }) {
    const { actions, bindings, mac } = useAround();
    const live = line.status === "live";
    return (
        <footer class={live ? "line-state line-live" : "line-state line-lost"}>
            <p role="status" title={live && line.durability ? DURABILITY[line.durability] : undefined}>
                <span class="line-dot" aria-hidden="true" />
                {live ? "Connected" : "Connecting…"}
            </p>
            {!live && line.lost_at_ms !== null && (
                <span class="line-since">
                    <Lost since_ms={line.lost_at_ms} />
                </span>
            )}
            {live ? (
                <span class="line-hint">
                    <Keys keys={keysOf(bindings.palette, mac)} /> all actions
                </span>
            ) : (
                <button type="button" class="button button-small" data-reconnect onClick={() => actions.reconnect()}>
                    Try now
                </button>
            )}
        </footer>
    );
}
