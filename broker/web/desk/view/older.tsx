// SPDX-License-Identifier: Apache-2.0
// The top of a thread: more comes, could not come, or this is where it began.

export function Older({
    hasOlder,
    older,
    empty,
    onOlder,
}: {
    hasOlder: boolean;
    older: "idle" | "loading" | "failed";
    empty: boolean;
    onOlder: () => void;
}) {
    if (older === "failed") {
        return (
            <p class="thread-older">
                Older messages could not be loaded.{" "}
                <button type="button" class="link" onClick={onOlder}>
                    Try again
                </button>
            </p>
        );
    }
    if (hasOlder) return <p class="thread-older thread-loading">Older messages…</p>;
    return empty ? null : <p class="thread-older">The conversation began here</p>;
}
