// SPDX-License-Identifier: Apache-2.0
// Asks a colleague into a chat: they may read along and speak beside the agent, who keeps the case.

import { useAround } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { Avatar } from "./list.tsx";
import type { Chat } from "../model/chat.ts";
import type { Colleague } from "../model/desk.ts";

interface InviteProps {
    readonly chat: Chat;
    readonly colleagues: readonly Colleague[];
    readonly live: boolean;
    readonly onClose: () => void;
}

export function InviteDialog({ chat, colleagues, live, onClose }: InviteProps) {
    const { actions } = useAround();
    const invite = (agent: string): void => {
        actions.invite(chat.conversation, agent);
        onClose();
    };
    return (
        <Dialog title={`Ask a colleague into the chat with ${chat.contact}`} name="invite" onClose={onClose}>
            <div class="form">
                <p class="form-note">The case stays yours. Both of you may speak; the customer sees who joins.</p>
                {colleagues.length === 0 && <p class="form-none">No colleague is online.</p>}
                <ul class="people" aria-label="Colleagues who are online">
                    {colleagues.map(({ agent, name }) => (
                        <li key={agent} class="person">
                            <Avatar name={name} />
                            <span class="person-name">
                                <bdi>{name}</bdi>
                            </span>
                            <button type="button" class="button button-small" data-invite={agent} disabled={!live}
                                aria-label={`Ask in ${name}`} onClick={() => invite(agent)}>
                                Ask in
                            </button>
                        </li>
                    ))}
                </ul>
            </div>
        </Dialog>
    );
}
