// SPDX-License-Identifier: Apache-2.0
// What the agent can do right now: the palette's list, and what each shortcut stands for.

import { writable } from "./chat.ts";
import type { Desk } from "./desk.ts";
import type { ActionName } from "./keys.ts";
import { listed } from "./select.ts";

export interface Command {
    readonly id: string;
    readonly words: string;
    readonly group: "Do" | "Chats" | "You";
    readonly action: ActionName | null;
    readonly conversation: string | null;
}

function offerCommands(desk: Desk): Command[] {
    const offer = desk.offers.find((each) => each.state === "open");
    if (!offer) return [];
    return [
        {
            id: "accept",
            words: `Accept the chat with ${offer.contact}`,
            group: "Do",
            action: "accept",
            conversation: null,
        },
        {
            id: "decline",
            words: `Decline the chat with ${offer.contact}`,
            group: "Do",
            action: "decline",
            conversation: null,
        },
    ];
}

function chatCommands(desk: Desk): Command[] {
    const conversation = desk.columns.focus;
    const chat = conversation === null ? undefined : desk.chats.get(conversation);
    if (!chat) return [];
    const make = (action: ActionName, words: string): Command => ({
        id: action,
        words,
        group: "Do",
        action,
        conversation,
    });
    const live = desk.line.status === "live";
    const can = live && chat.ownership === "mine" && chat.busy === null;
    const commands: Command[] = [];
    if (writable(chat))
        commands.push(make("reply", `Write to ${chat.contact}`), make("note", "Write an internal note"));
    if (chat.handoff) commands.push(make("packet", "Show or hide the handover"));
    if (can)
        commands.push(make("invite", `Ask a colleague into the chat with ${chat.contact}`));
    if (live && chat.ownership === "joined") commands.push(make("leave", `Leave the chat with ${chat.contact}`));
    if (live && chat.ownership === "watching") {
        if (desk.routing.supervisor)
            commands.push(make("join", `Barge in: speak to ${chat.contact}`), make("take_over", `Take ${chat.contact} over`));
        commands.push(make("unwatch", `Stop reading along with ${chat.contact}`));
    }
    if (live && desk.routing.supervisor) commands.push(make("explain", `Why the chat with ${chat.contact} is where it is`));
    if (can)
        commands.push(make("transfer", `Transfer ${chat.contact}`), make("close", `Close the case of ${chat.contact}`));
    if (chat.ownership === "closed" && live) commands.push(make("reopen", `Open the case of ${chat.contact} again`));
    if (!writable(chat) && chat.ownership !== "watching") commands.push(make("dismiss", `Done with ${chat.contact}`));
    commands.push(make("hide", "Hide this column"));
    if (desk.columns.opened.length > 1) commands.push(make("next_column", "Go to the next open chat"));
    return commands;
}

function ownCommands(desk: Desk, sound: boolean): Command[] {
    const make = (action: ActionName, words: string): Command => ({
        id: action,
        words,
        group: "You",
        action,
        conversation: null,
    });
    const commands: Command[] = [];
    if (desk.line.status === "live") {
        const wrap = desk.routing.wraps[0];
        if (desk.routing.supervisor) commands.push(make("cases", "Look at all cases"));
        if (wrap) commands.push({ ...make("wrapped_up", `Finished with ${wrap.contact}`), conversation: wrap.conversation });
        if (desk.me.status !== "online") commands.push(make("online", "Go online"));
        if (desk.me.status !== "away") commands.push(make("away", "Go away for a while"));
        if (desk.me.status !== "offline") commands.push(make("offline", "Go offline"));
    } else {
        commands.push(make("reconnect", "Connect now"));
    }
    commands.push(make("sound", sound ? "Turn the sound off" : "Turn the sound on"), make("sign_out", "Sign out"));
    return commands;
}

export function commandsOf(desk: Desk, sound: boolean): Command[] {
    const chats = listed(desk);
    const moves: Command[] =
        chats.length < 2
            ? []
            : [
                  {
                      id: "next_chat",
                      words: "Next chat in the list",
                      group: "Chats",
                      action: "next_chat",
                      conversation: null,
                  },
                  {
                      id: "previous_chat",
                      words: "Previous chat in the list",
                      group: "Chats",
                      action: "previous_chat",
                      conversation: null,
                  },
              ];
    const opens = chats.map((chat): Command => ({
        id: `open-${chat.conversation}`,
        words: `Open ${chat.contact}`,
        group: "Chats",
        action: null,
        conversation: chat.conversation,
    }));
    return [...offerCommands(desk), ...chatCommands(desk), ...opens, ...moves, ...ownCommands(desk, sound)];
}

/** Commands whose words hold all that was typed, in any order; those that begin with it first. */
export function found(commands: readonly Command[], typed: string): Command[] {
    const words = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return [...commands];
    const holds = commands.filter((command) => words.every((word) => command.words.toLocaleLowerCase().includes(word)));
    const begins = (command: Command): number =>
        command.words
            .toLocaleLowerCase()
            .split(" ")
            .some((word) => word.startsWith(words[0]!))
            ? 0
            : 1;
    return holds
        .map((command, index) => ({ command, index }))
        .sort((left, right) => begins(left.command) - begins(right.command) || left.index - right.index)
        .map(({ command }) => command);
}
