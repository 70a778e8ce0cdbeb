// SPDX-License-Identifier: Apache-2.0
// weft.js: the only script a page names. Takes over the queue that the page may have begun, and loads the
// widget when the page has come to rest. Nothing is drawn, stored or asked for before `boot`.
//
//   <script>window.Weft ||= function () { (Weft.q ||= []).push(arguments) }</script>
//   <script async src="https://chat.example/weft.js"></script>
declare const WIDGET: string; // the widget's file, beside this one

type Call = ArrayLike<unknown>;
interface Command { (...call: unknown[]): void; q?: Call[] }

const page = window as unknown as { Weft?: Command };
const base = (document.currentScript as HTMLScriptElement).src;
const calls: Call[] = page.Weft?.q ?? [];
let loading = false;
let run = (call: Call): void => {
    calls.push(call);
    if (call[0] === "boot") load();
};

function load(): void {
    if (loading) return;
    loading = true;
    const go = () =>
        import(new URL(WIDGET, base).href).then((widget: { start(base: string): (call: Call) => void }) => {
            run = widget.start(base);
            calls.forEach(run);
        }, () => {
            loading = false;
            setTimeout(load, 5000);
        });
    if (document.readyState === "complete") go();
    else addEventListener("load", go, { once: true });
}

page.Weft = (...call) => run(call);
if (calls.some((call) => call[0] === "boot")) load();
