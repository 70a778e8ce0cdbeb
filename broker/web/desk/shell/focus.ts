// SPDX-License-Identifier: Apache-2.0
// Where the keyboard is: puts the cursor where the agent goes on, and catches it when its place leaves the screen.

import type { Store } from "./store.ts";

export class Focus {
    constructor(
        private readonly root: HTMLElement,
        private readonly store: Store,
    ) {}

    /** Puts the cursor where the agent writes; false when that chat is not on the screen (yet). */
    write(conversation: string, kind: "reply" | "note" | null): boolean {
        const place = this.column(conversation);
        if (!place) return false;
        if (kind !== null) this.press(conversation, `[data-kind=${kind}]`);
        const narrow = this.store.desk.columns.fit === 0;
        const target = narrow && kind === null ? "[data-tool=hide]" : ".composer-field, .ended .button";
        place.querySelector<HTMLElement>(target)?.focus();
        return true;
    }

    /** Presses what is there in a chat's column, if it is there. */
    press(conversation: string, selector: string): void {
        this.column(conversation)?.querySelector<HTMLElement>(selector)?.click();
    }

    /** Where the focus goes when what held it has left the screen. */
    rest(): void {
        this.store.drawNow();
        if (document.activeElement !== document.body && document.activeElement !== null) return;
        const { focus } = this.store.desk.columns;
        if (focus !== null && this.write(focus, null)) return;
        this.root.querySelector<HTMLElement>(".chat-item, .presence input:checked")?.focus();
    }

    private column(conversation: string): HTMLElement | null {
        return this.root.querySelector(`[data-column="${CSS.escape(conversation)}"]`);
    }
}
