// SPDX-License-Identifier: Apache-2.0
// Everything that can be done, found by its words, each with its shortcut; F2 gives it another one.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useAround } from "./context.ts";
import { Icon } from "./icon.tsx";
import { Keys } from "./keys.tsx";
import { found, type Command } from "../model/commands.ts";
import { bindingOf, keysOf, type ActionName } from "../model/keys.ts";

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };

interface Choosing {
    readonly place: number;
    readonly count: number;
    readonly command: Command | undefined;
    readonly setAt: (at: number) => void;
    readonly run: (command: Command | undefined) => void;
}

/** The palette's keys: moving, doing, and binding an action anew. */
function useChoosing({ place, count, command, setAt, run }: Choosing) {
    const { actions, mac } = useAround();
    const [binding, setBinding] = useState(false);
    const bind = (event: KeyboardEvent, action: ActionName): void => {
        event.preventDefault();
        event.stopPropagation();
        if (event.key === "Escape") setBinding(false);
        const pressed = bindingOf(event, mac);
        if (pressed === null) return;
        actions.bind(action, pressed);
        setBinding(false);
    };
    const onKeyDown = (event: KeyboardEvent): void => {
        const action = command?.action ?? null;
        if (binding && action !== null) return bind(event, action);
        const by = STEPS[event.key];
        if (by !== undefined) setAt(Math.max(0, Math.min(count - 1, place + by)));
        else if (event.key === "Enter") run(command);
        else if (event.key === "F2" && action !== null) setBinding(true);
        else return;
        event.preventDefault();
    };
    return { binding, onKeyDown };
}

export function Palette({ commands, onClose }: { commands: readonly Command[]; onClose: () => void }) {
    const { actions } = useAround();
    const dialog = useRef<HTMLDialogElement>(null);
    const [typed, setTyped] = useState("");
    const [at, setAt] = useState(0);
    const matches = found(commands, typed);
    const place = Math.min(at, Math.max(0, matches.length - 1));
    const command = matches[place];
    const run = (chosen: Command | undefined): void => {
        if (!chosen) return;
        dialog.current!.close();
        onClose();
        actions.run(chosen);
    };
    const { binding, onKeyDown } = useChoosing({ place, count: matches.length, command, setAt, run });
    useLayoutEffect(() => {
        const before = document.activeElement as HTMLElement | null;
        if (!dialog.current!.open) dialog.current!.showModal();
        return () => {
            if (document.activeElement === document.body && before?.isConnected) before.focus();
        };
    }, []);
    useEffect(() => {
        dialog.current!.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
    }, [place, typed]);
    const onCancel = (event: Event): void => {
        event.preventDefault();
        if (!binding) onClose();
    };
    const onInput = (text: string): void => {
        setTyped(text);
        setAt(0);
    };
    return (
        <dialog
            ref={dialog}
            class="dialog palette"
            aria-label="Search or do"
            onKeyDown={onKeyDown}
            onCancel={onCancel}
            onClick={(event) => event.target === dialog.current && onClose()}
        >
            <div class="dialog-inside">
                <Find typed={typed} current={command} onInput={onInput} />
                <Choices matches={matches} place={place} binding={binding} onPoint={setAt} onRun={run} />
                <Help />
            </div>
        </dialog>
    );
}

function Find({ typed, current, onInput }: {
    typed: string;
    current: Command | undefined;
    onInput: (text: string) => void;
}) {
    return (
        <div class="palette-find">
            <Icon name="search" />
            <input
                role="combobox"
                aria-expanded="true"
                aria-controls="palette-list"
                aria-autocomplete="list"
                aria-label="Search or do"
                aria-activedescendant={current ? `palette-${current.id}` : undefined}
                placeholder="What do you want to do?"
                value={typed}
                onInput={(event) => onInput(event.currentTarget.value)}
                autofocus
            />
        </div>
    );
}

function Choices({ matches, place, binding, onPoint, onRun }: {
    matches: readonly Command[];
    place: number;
    binding: boolean;
    onPoint: (index: number) => void;
    onRun: (command: Command) => void;
}) {
    const { bindings, mac } = useAround();
    return (
        <>
            <ul id="palette-list" class="palette-list" role="listbox" aria-label="Actions">
                {matches.map((command, index) => (
                    <Choice
                        key={command.id}
                        command={command}
                        selected={index === place}
                        binding={binding && index === place}
                        title={matches[index - 1]?.group === command.group ? null : command.group}
                        keys={command.action ? keysOf(bindings[command.action], mac) : []}
                        onPoint={() => onPoint(index)}
                        onRun={() => onRun(command)}
                    />
                ))}
            </ul>
            {matches.length === 0 && <p class="palette-none">Nothing like that can be done here.</p>}
        </>
    );
}

function Choice({ command, selected, binding, title, keys, onPoint, onRun }: {
    command: Command;
    selected: boolean;
    binding: boolean;
    title: string | null;
    keys: string[];
    onPoint: () => void;
    onRun: () => void;
}) {
    return (
        <>
            {title !== null && <li class="palette-group" role="presentation">{title}</li>}
            <li
                id={`palette-${command.id}`}
                role="option"
                aria-selected={selected}
                class="palette-item"
                onPointerMove={onPoint}
                onClick={onRun}
            >
                <bdi>{command.words}</bdi>
                {binding
                    ? <span class="palette-binding" role="status">Press the new keys…</span>
                    : <Keys keys={keys} />}
            </li>
        </>
    );
}

const HELP: ReadonlyArray<readonly [readonly string[], string]> = [
    [["↑", "↓"], "choose"],
    [["Enter"], "do it"],
    [["F2"], "other shortcut"],
    [["Esc"], "leave"],
];

function Help() {
    return (
        <p class="palette-help">
            {HELP.map(([keys, words]) => <span key={words}><Keys keys={keys} /> {words}</span>)}
        </p>
    );
}
