// SPDX-License-Identifier: Apache-2.0
// The agent's verbs: what a view can ask for. The shell carries them out.

import type { Command } from "../model/commands.ts";
import type { ActionName } from "../model/keys.ts";
import type { Handoff, Presence } from "../model/wire.ts";
import type { Tray } from "../../client/tray.ts";
import type { FileProps } from "../view/files.tsx";
import type { Draft } from "./keep.ts";

/** cases: about none. */
export type QuestionKind = "transfer" | "close" | "invite" | "explain" | "cases";

export interface Actions {
    draft(conversation: string): Draft;
    keepDraft(conversation: string, draft: Draft): void;
    typing(conversation: string, active: boolean): void;
    noticeRead(conversation: string): void;
    /** Says it, as the answer to what `answer` chose, if that was public as this is. */
    say(conversation: string, text: string, note: boolean): void;
    /** The files of this chat that are not sent yet; sayFiles sends those that are ready. */
    tray(conversation: string): Tray | null;
    followTray(conversation: string, look: () => void): () => void;
    attach(conversation: string, files: readonly File[]): void;
    sayFiles(conversation: string, note: boolean): void;
    addressOf(upload: string): string | null | undefined;
    freshAddress(conversation: string, at: string, upload: string): Promise<string | null>;
    view(picture: FileProps | null): void;
    answer(conversation: string, at: string | null): void;
    edit(conversation: string, target: string, text: string): void;
    remove(conversation: string, target: string): void;
    react(conversation: string, target: string, emoji: string, active: boolean): void;
    /** Functions of one conversation that stay the same ones from drawing to drawing. */
    olderOf(conversation: string): () => void;
    endOf(conversation: string): (atEnd: boolean) => void;

    presence(status: Presence): void;
    accept(offer: string): void;
    decline(offer: string): void;
    transfer(conversation: string, agent: string | null, handoff: Handoff): void;
    close(conversation: string, reason: string): void;
    reopen(conversation: string): void;
    calledBack(conversation: string, reached: boolean): void;
    dismiss(conversation: string): void;

    watch(conversation: string, contact: string): void;
    join(conversation: string, contact: string): void;
    leave(conversation: string): void;
    unwatch(conversation: string): void;
    takeOver(conversation: string): void;
    invite(conversation: string, agent: string): void;
    invitationOver(conversation: string): void;
    wrappedUp(conversation: string): void;
    /** While the list of all cases is before the supervisor's eyes. */
    listCases(open: boolean): void;
    explain(conversation: string): void;

    open(conversation: string): void;
    focus(conversation: string): void;
    hide(conversation: string): void;
    togglePacket(conversation: string, open: boolean): void;
    ask(kind: QuestionKind | null, conversation: string | null): void;
    palette(open: boolean): void;
    run(command: Pick<Command, "action" | "conversation">): void;
    bind(action: ActionName, binding: string): void;
    sound(): void;
    noticeOver(id: number): void;
    reconnect(): void;
    signOut(): void;
}
