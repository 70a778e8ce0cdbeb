// SPDX-License-Identifier: Apache-2.0
// The widget's door: carries out the page's calls, and hangs the widget into the page, in a shadow root
// of its own, so that neither's styles reach the other.
import sheet from "widget.css";
import { Model } from "./model.ts";
import type { BootOptions, Events } from "./options.ts";
import { View } from "./view.tsx";

export type { BootOptions, Events, Weft } from "./options.ts";

type Listener = (...values: never[]) => void;

export function start(script: string): (call: ArrayLike<unknown>) => void {
    const listeners = new Map<string, Set<Listener>>();
    let model: Model | null = null;
    let host: HTMLElement | null = null;
    let view: View | null = null;

    const emit = (event: keyof Events, ...values: unknown[]): void =>
        listeners.get(event)?.forEach((run) => (run as (...values: unknown[]) => void)(...values));

    const listen = (event: string): Set<Listener> => {
        if (!listeners.has(event)) listeners.set(event, new Set());
        return listeners.get(event)!;
    };

    const end = (forget: boolean): void => {
        model?.end(forget);
        view?.end();
        host?.remove();
        model = host = view = null;
    };

    const dress = (): void => {
        if (!model || !host) return;
        const { color, side = "end" } = model.options;
        host.dataset.side = side;
        if (color) host.style.setProperty("--weft-accent", color);
        view?.redraw();
    };

    const boot = (options: BootOptions): void => {
        end(false);
        const base = new URL("./", options.url ? options.url.replace(/\/?$/, "/") : script).href;
        model = new Model(base, options, emit);
        host = hang();
        view = new View(model, host.shadowRoot!);
        dress();
    };

    const commands: Record<string, (first: any, second: any) => void> = {
        boot,
        update(options: Partial<BootOptions>) {
            if (!model) return;
            model.options = { ...model.options, ...options };
            dress();
        },
        show: () => model?.show(),
        hide: () => model?.hide(),
        identify: (token) => model?.identify(token),
        shutdown: () => end(true),
        on: (event, run) => void listen(event).add(run),
        off: (event, run) => void listen(event).delete(run),
    };

    return (call) => {
        const command = commands[String(call[0])];
        if (command) command(call[1], call[2]);
        else console.warn("Weft: no such command:", call[0]);
    };
}

function hang(): HTMLElement {
    const host = document.createElement("weft-chat");
    const root = host.attachShadow({ mode: "open" });
    const styles = new CSSStyleSheet();
    styles.replaceSync(sheet);
    root.adoptedStyleSheets = [styles];
    document.body.append(host);
    return host;
}
