// SPDX-License-Identifier: Apache-2.0
// The whole desk: the side, the open chats beside it, the question that is open, and what was just announced.

import { useAround } from "./context.ts";
import { CasesDialog } from "./cases.tsx";
import { CloseDialog } from "./close.tsx";
import { Column } from "./column.tsx";
import { ExplainDialog } from "./explain.tsx";
import { Viewer, type FileProps } from "./files.tsx";
import { Icon, Loom } from "./icon.tsx";
import { InviteDialog } from "./invite.tsx";
import { Palette } from "./palette.tsx";
import { Side } from "./side.tsx";
import { SignIn, Starting } from "./sign_in.tsx";
import { TransferDialog } from "./transfer.tsx";
import { commandsOf } from "../model/commands.ts";
import { shownColumns } from "../model/columns.ts";
import { reachable } from "../model/select.ts";
import type { QuestionKind } from "../shell/actions.ts";
import type { Desk } from "../model/desk.ts";

export interface Question {
    readonly kind: QuestionKind;
    readonly conversation: string;
}

/** What is on the screen without being the server's or the log's business. */
export interface Scene {
    readonly palette: boolean;
    readonly question: Question | null;
    readonly sound: boolean;
    /** Packets that the agent opened or folded; the others follow the chat. */
    readonly packets: ReadonlyMap<string, boolean>;
    readonly said: string;
    readonly offered: string;
    readonly trouble: boolean;
    /** Before the agent's eyes, large. */
    readonly picture: FileProps | null;
}

export function App({ desk, scene }: { desk: Desk; scene: Scene }) {
    if (desk.phase === "starting") return <Starting trouble={scene.trouble} />;
    if (desk.phase === "signed_out") return <SignIn reason={desk.reason} />;
    return (
        <main class={desk.columns.focus === null ? "desk desk-list" : "desk desk-chat"}>
            <h1 class="hidden">Weft desk of {desk.me.name}</h1>
            <Side desk={desk} sound={scene.sound} />
            <section class="work" aria-label="Open chats">
                <Work desk={desk} scene={scene} />
            </section>
            <Asked desk={desk} scene={scene} />
            <Notices desk={desk} />
            <div class="hidden" role="status" aria-live="polite">
                {scene.said}
            </div>
            <div class="hidden" role="alert" aria-live="assertive">
                {scene.offered}
            </div>
        </main>
    );
}

function Work({ desk, scene }: { desk: Desk; scene: Scene }) {
    const shown = shownColumns(desk.columns);
    if (shown.length === 0) return <Empty desk={desk} />;
    const today = new Date().setHours(0, 0, 0, 0);
    return (
        <>
            {shown.map((conversation) => {
                const chat = desk.chats.get(conversation);
                if (!chat)
                    return (
                        <section
                            key={conversation}
                            class="column column-coming"
                            aria-busy="true"
                            aria-label="A chat is being opened"
                        />
                    );
                return (
                    <Column
                        key={conversation}
                        chat={chat}
                        me={desk.me.agent}
                        supervisor={desk.routing.supervisor}
                        focused={desk.columns.focus === conversation}
                        alone={shown.length === 1}
                        narrow={desk.columns.fit === 0}
                        live={desk.line.status === "live"}
                        lost_at_ms={desk.line.lost_at_ms}
                        now_ms={today}
                        packet={scene.packets.get(conversation) ?? !chat.answered}
                    />
                );
            })}
        </>
    );
}

function emptyWords({ chats, offers, me }: Desk): readonly [title: string, more: string] {
    if (chats.size > 0) return ["Choose a chat", "Those who wait longest stand first in the list."];
    if (offers.length > 0) return ["A chat is offered to you", "Accept it, and the whole story opens here."];
    if (me.status !== "online")
        return ["You are not taking chats", "Go online, and chats that fit you are offered here."];
    return ["All quiet", "You are online. The next chat that fits you is offered here."];
}

function Empty({ desk }: { desk: Desk }) {
    const { actions } = useAround();
    const { me, line } = desk;
    const [title, more] = emptyWords(desk);
    return (
        <div class="empty">
            <Loom />
            <h2>{title}</h2>
            <p>{more}</p>
            {desk.chats.size === 0 && me.status !== "online" && (
                <button
                    type="button"
                    class="button button-main button-large"
                    data-go-online
                    disabled={line.status !== "live" || me.wanted === "online"}
                    onClick={() => actions.presence("online")}
                >
                    Go online
                </button>
            )}
        </div>
    );
}

function Asked({ desk, scene }: { desk: Desk; scene: Scene }) {
    const { actions } = useAround();
    const live = desk.line.status === "live";
    const { question } = scene;
    const chat = question ? desk.chats.get(question.conversation) : undefined;
    const close = (): void => actions.ask(null, null);
    if (scene.picture) return <Viewer shown={scene.picture} onClose={() => actions.view(null)} />;
    if (scene.palette)
        return <Palette commands={commandsOf(desk, scene.sound)} onClose={() => actions.palette(false)} />;
    if (question?.kind === "cases") return <CasesDialog desk={desk} onClose={close} />;
    if (question?.kind === "explain")
        return <ExplainDialog key={question.conversation} desk={desk} conversation={question.conversation} onClose={close} />;
    if (!question || !chat) return null;
    if (question.kind === "invite")
        return <InviteDialog key={chat.conversation} chat={chat} colleagues={reachable(desk)} live={live} onClose={close} />;
    if (question.kind === "close")
        return <CloseDialog key={chat.conversation} chat={chat} live={live} onClose={close} />;
    return (
        <TransferDialog key={chat.conversation} chat={chat} colleagues={reachable(desk)} live={live} onClose={close} />
    );
}

function Notices({ desk }: { desk: Desk }) {
    const { actions } = useAround();
    return (
        <div class="notices" role="status" aria-live="polite">
            {desk.notices.map((notice) => (
                <p key={notice.id} class={`notice notice-${notice.tone}`}>
                    {notice.tone === "bad" && <Icon name="warn" />}
                    <bdi>{notice.text}</bdi>
                    <button
                        type="button"
                        class="tool"
                        aria-label="Dismiss this notice"
                        onClick={() => actions.noticeOver(notice.id)}
                    >
                        <Icon name="close" />
                    </button>
                </p>
            ))}
        </div>
    );
}
