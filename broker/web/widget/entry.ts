// SPDX-License-Identifier: Apache-2.0
// The widget for pages with a bundler:  import { Weft } from "https://chat.example/weft-module.js"
// The same calls as those of the page's global, typed; the widget itself is loaded at the first of them.
import type { Weft as Calls } from "./options.ts";

export type { BootOptions, Events } from "./options.ts";

declare const WIDGET: string; // the widget's file, beside this one

let widget: Promise<(call: ArrayLike<unknown>) => void> | undefined;

export const Weft: Calls = (...call: unknown[]): void => {
    widget ??= import(new URL(WIDGET, import.meta.url).href).then((module) => module.start(import.meta.url));
    void widget.then((run) => run(call));
};
