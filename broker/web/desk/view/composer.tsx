// SPDX-License-Identifier: Apache-2.0
// Where the agent writes. The words live in the text field and in the drafts, not in the state: a key press
// draws nothing else, so it is on the screen at once, whatever arrives meanwhile.

import { createRef } from "preact";
import { Attached } from "./attached.tsx";
import { overOf } from "./length.ts";
import { Pure, AroundContext, type Around } from "./context.ts";
import { Icon } from "./icon.tsx";
import { Keys } from "./keys.tsx";
import type { Chat } from "../model/chat.ts";

const GROWS = typeof CSS !== "undefined" && CSS.supports("field-sizing", "content");

interface State {
    readonly note: boolean;
    readonly empty: boolean;
    readonly over: number;
    /** Grows with each change of the files that wait, and of what is wanted with them. */
    readonly files: number;
}

export interface ComposerProps {
    readonly conversation: string;
    readonly contact: string;
    readonly draft_turn: number;
    readonly notice: string | null;
    readonly live: boolean;
    readonly ownership: Chat["ownership"];
    /** The words that are answered. */
    readonly quote: string | null;
}

export class Composer extends Pure<ComposerProps, State> {
    static override contextType = AroundContext;
    declare context: Around;
    override state: State = { note: false, empty: true, over: 0, files: 0 };
    private readonly field = createRef<HTMLTextAreaElement>();
    private readonly chooser = createRef<HTMLInputElement>();
    private unfollow: () => void = () => undefined;
    private wish = false; // Send was pressed, and some file is still on its way

    override componentDidMount(): void {
        this.unfollow = this.context.actions.followTray(this.props.conversation, () => this.onFiles());
        this.load();
    }

    override componentWillUnmount(): void {
        this.unfollow();
    }

    override componentDidUpdate(before: Readonly<ComposerProps>): void {
        const { conversation, draft_turn } = this.props;
        if (before.conversation !== conversation || before.draft_turn !== draft_turn) this.load();
    }

    private load(): void {
        const draft = this.context.actions.draft(this.props.conversation);
        this.field.current!.value = draft.text;
        this.weigh(draft.note);
    }

    private weigh(note: boolean): void {
        const { value } = this.field.current!;
        const { state } = this;
        const over = overOf(value, this.context.limits());
        const next: State = { ...state, note, empty: value.trim() === "", over: Math.max(over, -512) };
        if (next.note !== state.note || next.empty !== state.empty || next.over !== state.over) this.setState(next);
        if (!GROWS) this.grow();
    }

    private grow(): void {
        const field = this.field.current!;
        field.style.height = "auto";
        field.style.height = `${field.scrollHeight + 2}px`;
    }

    private readonly onInput = (): void => {
        const { actions } = this.context;
        const { conversation, notice } = this.props;
        const { value } = this.field.current!;
        actions.keepDraft(conversation, { text: value, note: this.state.note });
        actions.typing(conversation, value.trim() !== "" && !this.state.note);
        if (notice !== null) actions.noticeRead(conversation);
        this.weigh(this.state.note);
        this.want(false); // they write on
    };

    private onFiles(): void {
        const tray = this.context.actions.tray(this.props.conversation);
        this.setState((was) => ({ ...was, files: was.files + 1 }));
        if (this.wish && tray && !tray.busy && !tray.failed) this.send();
    }

    private want(wish: boolean): void {
        if (wish !== this.wish) this.setState((was) => ({ ...was, files: was.files + 1 }));
        this.wish = wish;
    }

    private readonly onChosen = (): void => {
        const input = this.chooser.current!;
        this.context.actions.attach(this.props.conversation, [...input.files!]);
        input.value = "";
        this.field.current!.focus();
    };

    private readonly onKeyDown = (event: KeyboardEvent): void => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.ctrlKey || event.altKey) return;
        event.preventDefault();
        this.send();
    };

    private readonly onSubmit = (event: Event): void => {
        event.preventDefault();
        this.send();
    };

    private send(): void {
        const field = this.field.current!;
        const text = field.value.trim();
        const { actions, limits } = this.context;
        const { conversation } = this.props;
        const tray = actions.tray(conversation);
        if (overOf(text, limits()) > 0) return;
        if (tray?.failed) return field.form!.querySelector<HTMLElement>(".attached-fault button, .attached .tool")!.focus();
        this.want(tray?.busy === true);
        if (this.wish) return;
        actions.sayFiles(conversation, this.state.note);
        if (text === "") return;
        actions.say(conversation, text, this.state.note);
        field.value = "";
        actions.keepDraft(conversation, { text: "", note: this.state.note });
        this.weigh(this.state.note);
        field.focus();
    }

    private turn(note: boolean): void {
        const { actions } = this.context;
        const { conversation } = this.props;
        const { value } = this.field.current!;
        actions.keepDraft(conversation, { text: value, note });
        actions.typing(conversation, !note && value.trim() !== "");
        this.weigh(note);
        this.field.current!.focus();
    }

    private hint(): string {
        const { contact, live, ownership } = this.props;
        if (this.state.note) return "Only your side sees this note";
        if (!live) return "You can write; it is sent when the connection is back";
        return ownership === "checking" ? "Making sure that this chat is still yours…" : `Write to ${contact}`;
    }

    render({ notice, conversation, contact, quote }: ComposerProps, { note, empty, over }: State) {
        const tray = this.context.actions.tray(conversation);
        const field = `write-${conversation}`;
        return (
            <form class={note ? "composer composer-note" : "composer"} onSubmit={this.onSubmit}>
                {notice !== null && (
                    <p class="composer-notice" role="alert">
                        <Icon name="warn" />
                        {notice}
                    </p>
                )}
                <div class="composer-kinds" role="group" aria-label="Who sees this">
                    <button
                        type="button"
                        class="kind"
                        aria-pressed={!note}
                        data-kind="reply"
                        onClick={() => this.turn(false)}
                    >
                        Reply
                    </button>
                    <button
                        type="button"
                        class="kind kind-note"
                        aria-pressed={note}
                        data-kind="note"
                        onClick={() => this.turn(true)}
                    >
                        <Icon name="note" />
                        Note
                    </button>
                    {over > -512 && (
                        <span class={over > 0 ? "composer-over composer-too-long" : "composer-over"} role="status">
                            {over > 0 ? `${over} bytes too long` : `${-over} bytes left`}
                        </span>
                    )}
                    <span class="composer-keys">
                        <Keys keys={["Enter"]} /> sends
                    </span>
                </div>
                {quote !== null && !note && (
                    <div class="composer-quote">
                        <Icon name="reply" />
                        <p dir="auto">
                            <span class="hidden">Your reply to: </span>
                            {quote}
                        </p>
                        <button type="button" class="tool" aria-label="Do not reply to it" onClick={() => this.context.actions.answer(conversation, null)}>
                            <Icon name="close" />
                        </button>
                    </div>
                )}
                {tray && <Attached tray={tray} wish={this.wish} onLeft={() => this.field.current!.focus()} />}
                <div class="composer-line">
                    <button
                        type="button"
                        class="tool"
                        aria-label="Attach files"
                        title="Attach files (or paste, or drop them here)"
                        data-attach
                        onClick={() => this.chooser.current!.click()}
                    >
                        <Icon name="attach" />
                    </button>
                    <input ref={this.chooser} type="file" multiple hidden onChange={this.onChosen} />
                    <textarea
                        id={field}
                        ref={this.field}
                        class="composer-field"
                        rows={1}
                        dir="auto"
                        maxLength={20000}
                        aria-label={note ? `Internal note about ${contact}` : `Message to ${contact}`}
                        placeholder={this.hint()}
                        autocomplete="off"
                        onInput={this.onInput}
                        onKeyDown={this.onKeyDown}
                        enterkeyhint="send"
                    />
                    <button
                        type="submit"
                        class="button button-main composer-send"
                        disabled={(empty && !tray?.items.length) || over > 0}
                        aria-label={note ? "Add note" : "Send"}
                    >
                        <Icon name={note ? "check" : "send"} />
                    </button>
                </div>
            </form>
        );
    }
}
