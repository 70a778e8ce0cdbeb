// SPDX-License-Identifier: Apache-2.0
// Holds the state: steps at once on each event, draws at most once per frame.
//
// A burst of frames from the server costs one drawing. `onStep` hears every step, also while the page is hidden
// and no frames are drawn: titles and sounds hang there.

import { NEW_DESK, step, type Desk } from "../model/desk.ts";
import type { Event } from "../model/events.ts";

export class Store {
    desk: Desk = NEW_DESK;
    private frame: number | null = null;

    constructor(
        private readonly draw: (desk: Desk) => void,
        private readonly onStep: (desk: Desk, before: Desk) => void,
    ) {}

    readonly dispatch = (event: Event): void => {
        const before = this.desk;
        this.desk = step(before, event);
        if (this.desk === before) return;
        this.onStep(this.desk, before);
        this.redraw();
    };

    redraw(): void {
        this.frame ??= requestAnimationFrame(() => this.drawNow());
    }

    /** Draws what is pending now, for a caller that must reach the new elements (focus). */
    drawNow(): void {
        if (this.frame !== null) cancelAnimationFrame(this.frame);
        this.frame = null;
        this.draw(this.desk);
    }
}
