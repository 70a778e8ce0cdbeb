// SPDX-License-Identifier: Apache-2.0
// The page for who is not signed in: what happened, and how to get in.

import { Mark } from "./icon.tsx";

export function SignIn({ reason }: { reason: string | null }) {
    return (
        <main class="sign-in">
            <div class="sign-in-card">
                <h1>
                    <Mark />
                    Weft desk
                </h1>
                {reason !== null && (
                    <p class="sign-in-reason" role="alert">
                        {reason}
                    </p>
                )}
                <h2>You need a link to come in</h2>
                <p>
                    Ask whoever runs Weft at your company for your link. It works once, on one browser; this browser
                    then stays signed in.
                </p>
                <p class="sign-in-small">
                    The link looks like <code>{location.origin}/desk/#code=…</code>
                </p>
            </div>
        </main>
    );
}

export function Starting({ trouble }: { trouble: boolean }) {
    return (
        <main class="sign-in" aria-busy="true">
            <div class="starting" role="status">
                <Mark />
                <p>{trouble ? "The server does not answer yet. Trying again…" : "Opening your desk…"}</p>
            </div>
        </main>
    );
}
