// SPDX-License-Identifier: Apache-2.0
// Shortcuts: which keys mean which action, read from the place of the key (`code`), so that they do not move
// with the keyboard's language. All can be bound anew; a binding is text such as "Alt+KeyA".

export type ActionName =
    | "palette"
    | "accept"
    | "decline"
    | "next_chat"
    | "previous_chat"
    | "next_column"
    | "reply"
    | "note"
    | "packet"
    | "transfer"
    | "close"
    | "hide"
    | "online"
    | "away"
    | "offline"
    | "sound"
    | "reconnect"
    | "sign_out"
    | "reopen"
    | "dismiss"
    | "invite"
    | "leave"
    | "cases"
    | "explain"
    | "join"
    | "take_over"
    | "unwatch"
    | "wrapped_up";

export type Bindings = Readonly<Partial<Record<ActionName, string>>>;

export const DEFAULT_BINDINGS: Bindings = {
    palette: "Mod+KeyK",
    accept: "Alt+KeyA",
    decline: "Alt+KeyD",
    next_chat: "Alt+ArrowDown",
    previous_chat: "Alt+ArrowUp",
    next_column: "Alt+KeyO",
    reply: "Alt+KeyR",
    note: "Alt+KeyN",
    packet: "Alt+KeyP",
    transfer: "Alt+KeyT",
    close: "Alt+KeyC",
    hide: "Alt+KeyH",
    invite: "Alt+KeyI",
    cases: "Alt+KeyS",
    explain: "Alt+KeyY",
    wrapped_up: "Alt+KeyW",
    online: "Alt+Digit1",
    away: "Alt+Digit2",
    offline: "Alt+Digit3",
};

export interface Pressed {
    readonly code: string;
    readonly key: string;
    readonly ctrlKey: boolean;
    readonly altKey: boolean;
    readonly shiftKey: boolean;
    readonly metaKey: boolean;
}

const MODIFIER = /^(Control|Alt|Shift|Meta|AltGraph)/;

/** The pressed keys as a binding; null for a bare modifier, or a bare key, which belongs to the text being typed. */
export function bindingOf(pressed: Pressed, mac: boolean): string | null {
    if (MODIFIER.test(pressed.key) || pressed.code === "") return null;
    const mod = mac ? pressed.metaKey : pressed.ctrlKey;
    const parts: string[] = [];
    if (mod) parts.push("Mod");
    if (mac && pressed.ctrlKey) parts.push("Ctrl");
    if (pressed.altKey) parts.push("Alt");
    if (pressed.shiftKey) parts.push("Shift");
    const bare = parts.length === 0 || (parts.length === 1 && parts[0] === "Shift");
    if (bare && !/^F\d+$/.test(pressed.code)) return null;
    return [...parts, pressed.code].join("+");
}

export function actionOf(pressed: Pressed, bindings: Bindings, mac: boolean): ActionName | null {
    const binding = bindingOf(pressed, mac);
    if (binding === null) return null;
    for (const [action, bound] of Object.entries(bindings)) if (bound === binding) return action as ActionName;
    return null;
}

const MAC: Record<string, string> = { Mod: "⌘", Ctrl: "⌃", Alt: "⌥", Shift: "⇧" };
const SHOWN: Record<string, string> = { ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→", Mod: "Ctrl" };

/** The keys to show, one by one: ["Ctrl", "K"]. */
export function keysOf(binding: string | undefined, mac: boolean): string[] {
    if (!binding) return [];
    return binding.split("+").map((part) => {
        if (mac && MAC[part]) return MAC[part];
        return SHOWN[part] ?? part.replace(/^(Key|Digit)/, "");
    });
}
