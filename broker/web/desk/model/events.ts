// SPDX-License-Identifier: Apache-2.0
// Everything that can happen to the desk: what the server said, what the agent did, what the clock did.

import type { Amends } from "../../client/amends.ts";
import type { Busy, Chat, Pending, Typist } from "./chat.ts";
import type { Column } from "./columns.ts";
import type { LineStatus, Notice } from "./desk.ts";
import type { RoutingEvent } from "./routing.ts";
import type { CallbackView, EntryView, Handoff, Presence, Term } from "./wire.ts";

export type Event =
    | RoutingEvent
    | { readonly type: "signed_out"; readonly reason: string | null }
    | { readonly type: "signed_in"; readonly agent: string; readonly name: string; readonly tenant: string }
    | { readonly type: "line"; readonly status: LineStatus; readonly now_ms: number }
    | {
          readonly type: "welcome";
          readonly status: Presence | null;
          readonly supervisor?: boolean;
          readonly time_ms: number;
          readonly now_ms: number;
          readonly durability: string;
      }
    | { readonly type: "sync_over"; readonly sync: number }
    | {
          readonly type: "presence";
          readonly agent: string;
          readonly name?: string;
          readonly status: Presence;
          readonly chats?: number;
          readonly capacity?: number;
          readonly weight?: number;
      }
    | { readonly type: "presence_wanted"; readonly status: Presence | null }
    | {
          readonly type: "offer";
          readonly offer: string;
          readonly conversation: string;
          readonly expires_in_ms: number;
          readonly waiting_ms?: number;
          readonly contact?: string;
          readonly handoff?: Handoff;
          readonly callback?: CallbackView;
          readonly terms?: Term[];
          readonly now_ms: number;
      }
    | { readonly type: "offer_answering"; readonly offer: string; readonly state: "open" | "accepting" | "declining" }
    | { readonly type: "offer_over"; readonly offer: string }
    | {
          readonly type: "assigned";
          readonly conversation: string;
          readonly owner: string;
          readonly contact?: string;
          readonly proven?: boolean;
          readonly handoff?: Handoff;
          readonly callback?: CallbackView;
      }
    | { readonly type: "watching"; readonly conversation: string; readonly contact: string }
    | { readonly type: "joined"; readonly conversation: string; readonly owner: string; readonly contact: string }
    | { readonly type: "left"; readonly conversation: string }
    | { readonly type: "orphan"; readonly conversation: string }
    | { readonly type: "released"; readonly conversation: string; readonly reason: string }
    | { readonly type: "busy"; readonly conversation: string; readonly busy: Busy }
    | { readonly type: "entry"; readonly entry: EntryView }
    | {
          readonly type: "page";
          readonly conversation: string;
          readonly entries: readonly EntryView[];
          readonly more: boolean;
      }
    | { readonly type: "older"; readonly conversation: string; readonly state: Chat["older"] }
    | { readonly type: "reader"; readonly conversation: string; readonly delivered: number; readonly read: number }
    | { readonly type: "seen"; readonly conversation: string; readonly seq: number }
    | { readonly type: "typists"; readonly conversation: string; readonly typists: readonly Typist[] }
    | { readonly type: "reset"; readonly conversation: string }
    | { readonly type: "pending"; readonly conversation: string; readonly pending: readonly Pending[] }
    | { readonly type: "deeds"; readonly conversation: string; readonly deeds: Amends }
    | { readonly type: "answering"; readonly conversation: string; readonly at: string | null }
    | { readonly type: "returned"; readonly conversation: string; readonly notice: string }
    | { readonly type: "notice_read"; readonly conversation: string }
    | { readonly type: "open"; readonly conversation: string; readonly now_ms: number }
    | { readonly type: "hide"; readonly conversation: string }
    | { readonly type: "dismiss"; readonly conversation: string }
    | { readonly type: "columns"; readonly fit: number }
    | { readonly type: "kept_columns"; readonly columns: readonly Column[] }
    | { readonly type: "notice"; readonly text: string; readonly tone: Notice["tone"] }
    | { readonly type: "notice_over"; readonly id: number }
    | { readonly type: "tick"; readonly now_ms: number };

export type Of<T extends Event["type"]> = Extract<Event, { type: T }>;
