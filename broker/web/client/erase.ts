// SPDX-License-Identifier: Apache-2.0
// What a customer's device does when it is told `conversation_erased`: it forgets the conversation, too.
import type { Session } from "./session.ts";

// Nothing of the own conversation stays, neither in memory nor in the store of lanes, whichever page wrote it there. The session
// has no scope until its next welcome, so that lanes which are just being restored find no conversation to come back to.
export function eraseOwn(session: Session): void {
    const own = session.own!;
    session.lanes?.forget(session.scope);
    session.scope = "";
    own.apply({ type: "erased", laneId: session.newId() });
    own.read(); // up to nowhere
}
