// SPDX-License-Identifier: Apache-2.0
// What an agent does in chats that are not their own, and what a supervisor asks the server for. Who may is the
// server's business: what it refuses is said to the agent, nothing is shown before it is so.

import type { Session } from "../../client/index.ts";
import type { CasesFrame, DoneFrame, ExplainedFrame, ServerFrame } from "../model/wire.ts";
import type { Tell } from "./office.ts";
import type { Threads } from "./threads.ts";

const CASES_MS = 3000;

export class Helping {
    private timer: ReturnType<typeof setTimeout> | undefined;
    private listing = false;

    constructor(
        private readonly session: Session,
        private readonly threads: Threads,
        private readonly tell: Tell,
        /** Asks the server, and tells the agent when it refuses: then null. */
        private readonly ask: (frame: { type: string; [member: string]: unknown }) => Promise<ServerFrame | null>,
    ) {}

    /** True when the frame was one of these. */
    hear(frame: ServerFrame): boolean {
        const { dispatch } = this.tell;
        if (frame.type === "wrap_up") {
            const contact = this.tell.desk().chats.get(frame.conversation)?.contact ?? "Visitor";
            dispatch({ ...frame, contact, now_ms: Date.now() });
        } else if (frame.type === "invited") {
            dispatch({ type: "invited", conversation: frame.conversation, name: frame.name ?? frame.by });
        } else if (frame.type === "weight") {
            dispatch(frame);
        } else {
            return false;
        }
        return true;
    }

    async watch(conversation: string, contact: string): Promise<boolean> {
        const held = this.threads.get(conversation)?.state.at;
        if (!(await this.ask({ type: "watch", conversation, ...(held ? { at: held } : {}) }))) return false;
        this.tell.dispatch({ type: "watching", conversation, contact });
        this.threads.follow(conversation, true);
        this.tell.dispatch({ type: "open", conversation, now_ms: Date.now() });
        return true;
    }

    /** Asked for, or as a supervisor: speaks beside the owner from now on. */
    async join(conversation: string, contact: string): Promise<void> {
        const done = (await this.ask({ type: "join", conversation })) as DoneFrame | null;
        if (done === null) this.tell.dispatch({ type: "invitation_over", conversation });
        if (!done?.at) return;
        this.tell.dispatch({ type: "joined", conversation, owner: done.at, contact });
        this.threads.follow(conversation, false);
        this.tell.dispatch({ type: "open", conversation, now_ms: Date.now() });
    }

    async leave(conversation: string): Promise<void> {
        if (await this.ask({ type: "leave", conversation })) this.tell.dispatch({ type: "left", conversation });
    }

    async unwatch(conversation: string): Promise<void> {
        await this.ask({ type: "unwatch", conversation });
        this.tell.dispatch({ type: "left", conversation });
        this.tell.dispatch({ type: "dismiss", conversation });
        this.threads.drop(conversation);
    }

    /** `assigned` follows. */
    async takeOver(conversation: string): Promise<void> {
        await this.ask({ type: "take_over", conversation });
    }

    async invite(conversation: string, agent: string): Promise<boolean> {
        const owner = this.tell.desk().chats.get(conversation)?.owner;
        return !!owner && (await this.ask({ type: "invite", conversation, owner, agent })) !== null;
    }

    async wrappedUp(conversation: string): Promise<void> {
        await this.ask({ type: "wrapped_up", conversation });
    }

    async explain(conversation: string): Promise<void> {
        this.tell.dispatch({ type: "explained", explained: null });
        const explained = (await this.ask({ type: "explain", conversation })) as ExplainedFrame | null;
        if (explained) this.tell.dispatch({ type: "explained", explained });
    }

    /** While somebody looks at the list it is asked for again and again: no frame says that it changed. */
    list(open: boolean): void {
        this.listing = open;
        clearTimeout(this.timer);
        if (open) void this.look();
    }

    private async look(): Promise<void> {
        if (this.session.connection.state === "connected") {
            const answer = (await this.ask({ type: "list_cases" })) as CasesFrame | null;
            if (answer) this.tell.dispatch({ type: "cases", cases: answer.cases, more: answer.more ?? false });
            else this.listing = false;
        }
        clearTimeout(this.timer);
        if (this.listing) this.timer = setTimeout(() => void this.look(), CASES_MS);
    }

    /** A new line knows nothing of what was looked at on the last one. */
    resume(): void {
        for (const [conversation, chat] of this.tell.desk().chats) {
            if (chat.ownership !== "watching" && chat.ownership !== "joined") continue;
            void this.watch(conversation, chat.contact).then((may) => {
                if (!may) this.tell.dispatch({ type: "left", conversation });
            });
        }
    }

    end(): void {
        this.list(false);
    }
}
