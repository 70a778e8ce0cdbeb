// SPDX-License-Identifier: Apache-2.0
// A modal question: the browser's own dialog, which keeps the focus inside, closes on Escape, and gives it back.

import { useLayoutEffect, useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { Icon } from "./icon.tsx";

export function Dialog({
    title,
    name,
    onClose,
    children,
}: {
    title: string;
    name: string;
    onClose: () => void;
    children: ComponentChildren;
}) {
    const ref = useRef<HTMLDialogElement>(null);
    useLayoutEffect(() => {
        const dialog = ref.current!;
        const before = document.activeElement as HTMLElement | null;
        if (!dialog.open) dialog.showModal();
        return () => {
            dialog.close();
            if (before?.isConnected) before.focus();
        };
    }, []);
    const onClick = (event: MouseEvent): void => {
        if (event.target === ref.current) onClose();
    };
    const onCancel = (event: Event): void => {
        event.preventDefault();
        onClose();
    };
    return (
        <dialog
            ref={ref}
            class={`dialog dialog-${name}`}
            aria-labelledby={`dialog-${name}`}
            onClick={onClick}
            onCancel={onCancel}
        >
            <div class="dialog-inside">
                <header class="dialog-head">
                    <h2 id={`dialog-${name}`}>{title}</h2>
                    <button type="button" class="tool" aria-label="Cancel" onClick={onClose}>
                        <Icon name="close" />
                    </button>
                </header>
                {children}
            </div>
        </dialog>
    );
}
