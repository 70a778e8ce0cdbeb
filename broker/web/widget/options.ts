// SPDX-License-Identifier: Apache-2.0
// What a page may ask of the widget, and what the widget tells the page.
import type { AttachStrings, RichStrings, Strings } from "./strings.ts";

export interface BootOptions {
    tenant: string;
    url?: string; // the broker, when weft.js comes from elsewhere: https://chat.example
    token?: () => Promise<string>; // signed by the brand's own server; asked again whenever one is needed
    name?: string; // the brand, in the title of the panel
    greeting?: string; // stands above an empty conversation
    color?: string; // the accent, any CSS colour; white must be readable on it
    side?: "end" | "start"; // the corner
    launcher?: boolean; // false: the page has its own button and calls `show`
    language?: string; // BCP 47, for dates; the page's by default
    strings?: Partial<Strings & RichStrings & AttachStrings>;
}

export interface Events {
    ready: () => void;
    show: () => void;
    hide: () => void;
    unread: (count: number) => void;
    message: (message: { text: string; from: "customer" | "agent" | "bot" | "system" | "service"; name?: string | undefined }) => void;
}

export interface Weft {
    (command: "boot", options: BootOptions): void;
    (command: "update", options: Partial<BootOptions>): void;
    (command: "shutdown" | "show" | "hide"): void;
    (command: "identify", token: () => Promise<string>): void;
    <E extends keyof Events>(command: "on" | "off", event: E, run: Events[E]): void;
}
