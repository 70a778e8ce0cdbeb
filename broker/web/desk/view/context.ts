// SPDX-License-Identifier: Apache-2.0
// What every view may reach without its parents passing it on: the agent's verbs, shortcuts, and the second hand.

import { Component, createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Actions } from "../shell/actions.ts";
import type { Limits } from "../model/wire.ts";
import type { Bindings } from "../model/keys.ts";

export interface Around {
    readonly actions: Actions;
    readonly bindings: Bindings;
    readonly mac: boolean;
    /** Server time now, as well as it is known. */
    readonly now: () => number;
    /** As the server told them last; null: it has not yet. */
    readonly limits: () => Limits | null;
}

export const AroundContext = createContext<Around | null>(null);

export function useAround(): Around {
    const around = useContext(AroundContext);
    if (!around) throw new Error("a view outside of the desk");
    return around;
}

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | null = null;

function listen(listener: () => void): () => void {
    listeners.add(listener);
    timer ??= setInterval(() => {
        if (document.visibilityState === "visible") for (const each of [...listeners]) each();
    }, 1000);
    return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && timer !== null) {
            clearInterval(timer);
            timer = null;
        }
    };
}

/** Draws the calling view again each second, and only that view. */
export function useSecond(): void {
    const [, setCount] = useState(0);
    useEffect(() => listen(() => setCount((count) => count + 1)), []);
}

/** A view that is drawn again only when one of its properties is another one. */
export abstract class Pure<Props extends object, State = Record<string, never>> extends Component<Props, State> {
    override shouldComponentUpdate(next: Readonly<Props>, state: Readonly<State>): boolean {
        return state !== this.state || differ(this.props, next);
    }
}

export function differ(left: object, right: object): boolean {
    const was = left as Record<string, unknown>;
    const is = right as Record<string, unknown>;
    for (const name in is) if (is[name] !== was[name]) return true;
    for (const name in was) if (!(name in is)) return true;
    return false;
}
