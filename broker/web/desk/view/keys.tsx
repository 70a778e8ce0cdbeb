// SPDX-License-Identifier: Apache-2.0
// Keys as they are shown beside what they do.

export function Keys({ keys }: { keys: readonly string[] }) {
    if (keys.length === 0) return null;
    return (
        <span class="keys" dir="ltr">
            {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
            ))}
        </span>
    );
}
