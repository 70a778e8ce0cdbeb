// SPDX-License-Identifier: Apache-2.0
// Generated from proto/schema.yaml by proto/generate.py: do not edit.

/** An entry's name, "seq-mark": compare as text, never do arithmetic on it. */
export type Name = string;

export const limits = {
  /** a frame from a client; one from the server is below 256 KiB */
  frame_bytes: 65536,
  /** nesting of objects and lists in a frame */
  depth: 8,
  /** members and list elements in one frame from a client, all levels together */
  elements: 1024,
  /** members of one object */
  members: 64,
  /** the text of one message */
  text_bytes: 8192,
  /** of one lineage in one conversation: so many of its newest numbers find their place again. And of one connection, whatever it sends: so many may await their answer */
  unacked_sends: 64,
  /** of one event of the journey, names and values of its properties together */
  event_bytes: 8192,
  /** refusals that one session may run into: so many at once, then refilled evenly */
  refusals_per_min: 600,
  /** entries in one page of history */
  history_entries: 50,
  /** conversations that one hello resumes */
  cursors: 64,
  /** messages in one commit of a bot */
  commit_messages: 8,
  /** quick replies under one message */
  options: 13,
  /** cards of one carousel */
  cards: 10,
  /** items of one list */
  list_items: 24,
  /** fields of one form */
  form_fields: 12,
  /** pairs of a conversation's state */
  state_pairs: 32,
  /** from the open socket to the hello, and from there to the welcome */
  hello_ms: 5000,
  /** between the server's pings */
  ping_ms: 25000,
  /** silence after which the server takes a connection for dead */
  dead_ms: 40000,
} as const;

export type Role = "customer" | "agent" | "bot" | "service";

export type AuthorKind = "customer" | "agent" | "bot" | "system" | "service";

export type Visibility = "public" | "internal";

export type BodyKind = "text" | "quick_replies" | "system" | "deleted" | "edited" | "card" | "carousel" | "list" | "form" | "location" | "file";

export type PartKind = "message" | "note" | "owner" | "case_opened" | "case_closed" | "queued" | "invited" | "participant" | "identity" | "joined" | "superseded" | "erased" | "edited" | "deleted" | "reacted" | "event" | "callback";

export type FieldKind = "text" | "multiline" | "number" | "email" | "phone" | "date" | "choice" | "checkbox";

export type CallbackChannel = "chat" | "phone" | "email";

export type OwnerKind = "none" | "bot" | "agent";

export type CaseState = "waiting" | "offered" | "active" | "wrap_up";

export type Verdict = "eligible" | "not_online" | "no_room" | "excluded" | "lacks_skill" | "not_asked_for" | "not_preferred" | "out_of_schedule" | "other_queue";

export type Availability = "online" | "away" | "offline";

export type Retry = "never" | "same" | "later" | "resend" | "token";

export type CancelReason = "interrupted" | "human_took_over" | "lease_lost" | "expired" | "withdrawn";

export type ResetReason = "lost_suffix" | "unknown_cursor" | "superseded";

export type Durability = "everysec" | "always" | "replicated";

/** who is calling */
export interface Client {
  name?: string;
  version?: string;
}

/** the last entry that the client holds, per conversation */
export interface Cursor {
  conversation: string;
  at: Name;
}

/** one quick reply */
export interface Option {
  title: string;
  value?: string;
}

/** a named value */
export interface Pair {
  name: string;
  /** absent: remove the name */
  value?: string;
}

/** a button: says its value, or opens a page; one of the two */
export interface Action {
  title: string;
  /** what it says */
  value?: string;
  /** https or http */
  url?: string;
}

/** a picture with words and buttons */
export interface Card {
  title: string;
  subtitle?: string;
  /** its address, https or http */
  image?: string;
  /** what the picture shows */
  alt?: string;
  actions?: Action[];
}

/** one item of a list */
export interface ListItem {
  title: string;
  text?: string;
  /** what choosing it says; absent: the title */
  value?: string;
}

/** one field of a form */
export interface FormField {
  name: string;
  label: string;
  kind: FieldKind;
  /** true: the form is not sent without it */
  must?: boolean;
  /** choice */
  options?: Option[];
}

/** a place on the map */
export interface Place {
  /** degrees, as -33.8568 */
  lat: string;
  lon: string;
  name?: string;
}

/** what was said */
export interface Body {
  kind: BodyKind;
  /** of a kind other than text: what is shown where the kind is not known */
  text: string;
  /** quick_replies: the answers offered */
  options?: Option[];
  /** text: the value of the quick reply, action or item that was chosen */
  chosen?: string;
  /** text: what was filled into the form that `reply_to` names */
  answers?: Pair[];
  /** card: one; carousel */
  cards?: Card[];
  /** list */
  items?: ListItem[];
  /** form */
  fields?: FormField[];
  /** location */
  place?: Place;
  /** file: what the upload was answered with */
  upload?: string;
  /** file: its name. This and the next three are the server's to say; from a client they are ignored */
  name?: string;
  /** file: its type, as its bytes show it */
  type?: string;
  /** file: its size */
  bytes?: number;
  /** file: where it is, on this server; it expires, and is made anew whenever the entry is asked for */
  url?: string;
}

/** what the customer seems to want */
export interface Intent {
  name: string;
  /** how sure */
  percent?: number;
}

/** what a case asks for */
export interface Skill {
  name: string;
  /** true: only agents who have it */
  must?: boolean;
  /** with must: at least this level */
  level?: number;
}

/** the packet that makes sure nobody repeats themselves */
export interface Handoff {
  /** asked, unsure, failed, policy, … */
  reason: string;
  summary?: string;
  skills?: Skill[];
  /** BCP 47 */
  language?: string;
  /** what is known */
  slots?: Pair[];
  /** what is not yet known */
  missing?: string[];
  intents?: Intent[];
  /** what was already tried */
  tried?: string[];
  /** the trend: falling, steady, rising */
  sentiment?: string;
  /** where the case waits; absent: the default queue */
  queue?: string;
  /** of the customer, as the policy names it */
  class?: string;
  /** what is at stake, in the policy's unit */
  value?: number;
  /** in which time the case is to be answered, from when it was first queued */
  promise_ms?: number;
  /** preferred agents: waited for a while, if they are there */
  agents?: string[];
}

/** an author or a reader */
export interface Who {
  kind: AuthorKind;
  id?: string;
  name?: string;
}

/** what was agreed with a customer who need not wait */
export interface CallbackView {
  channel: CallbackChannel;
  /** phone: the number; email: the address */
  address?: string;
  /** not before, in milliseconds since 1970; absent: at the case's turn */
  from_ms?: number;
  /** promised until then; absent: nothing is promised */
  until_ms?: number;
  /** that did not reach them; absent: none */
  attempts?: number;
  /** to agents: after so many the case is closed */
  attempts_max?: number;
}

/** a live case, as supervisors see it */
export interface CaseView {
  conversation: string;
  state: CaseState;
  /** offered, active, wrap_up: whose */
  agent?: string;
  queue?: string;
  channel?: string;
  /** since it was first queued; active: since the agent has it */
  waiting_ms?: number;
  /** of the agent's capacity, in thousandths of a chat */
  weight?: number;
  /** it waits for its agent's other work */
  interrupted?: boolean;
  contact?: string;
  /** waiting: the customer is called back later, not before `from_ms`; without the address */
  callback?: CallbackView;
}

/** a time that may be chosen */
export interface CallbackWindow {
  /** milliseconds since 1970 */
  from_ms: number;
  until_ms: number;
}

/** one of the things that an entry says; the entry holds all its parts or none */
export interface Part {
  kind: PartKind;
  /** message, note, edited */
  body?: Body;
  /** message, note, edited, deleted, reacted: the sender's own lineage, so that it knows its words again */
  lineage?: string;
  /** the sender's number in that lineage */
  n?: number;
  /** message: the entry that is answered */
  reply_to?: Name;
  /** owner: who may speak now; the owner token is this entry's name */
  owner?: OwnerKind;
  /** owner: bot or agent; joined, superseded: the other conversation */
  id?: string;
  /** owner, identity: the name to show */
  name?: string;
  /** case_closed, queued: in the word of who closed or handed over, never sent to the customer; callback: asked, cancelled, returned (they wrote while they waited), reached, not_reached, given_up */
  reason?: string;
  /** queued: the packet; never sent to the customer */
  handoff?: Handoff;
  /** edited, deleted, reacted: the entry that is meant */
  target?: Name;
  /** reacted */
  emoji?: string;
  /** reacted: added; false: taken back */
  active?: boolean;
  /** event */
  properties?: Pair[];
  /** event: when it was, by its sender's clock; the entry's time is the server's */
  event_ms?: number;
  /** callback: what is agreed from now on; absent: nothing any more */
  callback?: CallbackView;
}

/** an entry inside a page of history */
export interface EntryView {
  conversation: string;
  /** the entry's own name */
  at: Name;
  /** the entry before it that you may see; 0-0000000000000000 for the first of all */
  after: Name;
  /** milliseconds since 1970, never falling within a conversation */
  time_ms: number;
  author: Who;
  /** internal when no part is public */
  visibility: Visibility;
  parts: Part[];
}

/** the limits in force */
export interface LimitSet {
  frame_bytes: number;
  text_bytes: number;
  unacked_sends: number;
  history_entries: number;
  ping_ms: number;
  dead_ms: number;
  messages_per_min?: number;
  /** of one attached file, of any type; 0: this session uploads nothing */
  upload_bytes?: number;
  /** how long after a message its author may edit it; 0: never */
  edit_ms?: number;
}

/** a bot worker */
export interface BotInfo {
  name: string;
  version?: string;
  /** turns it will take at once */
  credits: number;
}

/** a customer's message to a bot */
export interface Input {
  at: Name;
  time_ms?: number;
  body: Body;
}

/** what is known of the contact */
export interface Context {
  contact: string;
  name?: string;
  /** the contact has proved who they are */
  proven?: boolean;
  language?: string;
  /** where the conversation was opened */
  page?: string;
  channel?: string;
  /** cases before this one */
  cases?: number;
}

/** one term of a score, in thousandths */
export interface Term {
  name: string;
  value: number;
}

/** how an agent fits a live case, as it would be decided now */
export interface Candidate {
  agent: string;
  name?: string;
  verdict: Verdict;
  /** the sum of the terms */
  score: number;
  terms: Term[];
  /** lacks_skill: the first that is missing */
  skill?: string;
  /** excluded: for so long from now */
  until_ms?: number;
}

/** The first frame on a socket. One of token and ticket. */
export interface HelloFrame {
  type: "hello";
  id: string;
  /** a signed token, or a bot's or service's key */
  token?: string;
  /** from the last welcome */
  ticket?: string;
  cursors?: Cursor[];
  client?: Client;
  /** bots only */
  bot?: BotInfo;
}

/** Is the line alive? For clients that cannot see WebSocket pings. */
export interface PingFrame {
  type: "ping";
  id: string;
}

/** Ends this session: the server says bye and closes the socket. The client forgets its token and its ticket; the tickets that its subject was given until now are void on all nodes, the token is not. */
export interface LogoutFrame {
  type: "logout";
  id: string;
}

/** Says something. (lineage, n) makes it exactly once: n counts 1, 2, 3, … within a lineage, in each conversation for itself; the same (lineage, n) again gets the same place, and is refused with another body. An agent's public words carry the owner token. */
export interface SendFrame {
  type: "send";
  id: string;
  /** customers may leave it out: it is theirs */
  conversation?: string;
  /** from welcome */
  lineage: string;
  /** 1, 2, 3, … of this lineage in this conversation */
  n: number;
  body: Body;
  /** internal: a note (agents only); public when absent */
  visibility?: Visibility;
  /** agents, public: the owner token that they hold */
  owner?: Name;
  reply_to?: Name;
}

/** How far this reader has received and read. Only ever moves forward. */
export interface ReceiptFrame {
  type: "receipt";
  conversation?: string;
  delivered?: Name;
  read?: Name;
}

/** The author is typing. Forgotten after 6 s without another one. */
export interface TypingFrame {
  type: "typing";
  conversation?: string;
  active: boolean;
}

/** A page of what came before. */
export interface HistoryFrame {
  type: "history";
  id: string;
  conversation?: string;
  /** the `after` of the oldest entry held … the page ends with that entry; absent: the newest page */
  before?: Name;
  limit?: number;
}

/** An anonymous contact proves who they are with a token that the brand's server has signed. */
export interface IdentifyFrame {
  type: "identify";
  id: string;
  token: string;
}

/** A step of the contact's journey: a page, a cart, a delivery. Kept in order, as durably as a message, and once: what is sent again under the same `event` is answered as done, as long as no 64 other events of the conversation came in between. Agents see it; it is nobody's words, and opens no case. */
export interface EventFrame {
  type: "event";
  id: string;
  /** services: whose journey it is */
  conversation?: string;
  /** the event's own id, made up once by its sender, and kept when it is sent again */
  event: string;
  /** what happened */
  name: string;
  /** when it was, by the sender's clock */
  event_ms?: number;
  /** each with a value; names and values together at most the limit `event_bytes` */
  properties?: Pair[];
}

/** Changes the words of an own message, for as long as the server's window lasts. (lineage, n) counts as in `send`, and in one row with it. Entries that hold the older words show a body of kind `edited` from then on. */
export interface EditFrame {
  type: "edit";
  id: string;
  conversation?: string;
  target: Name;
  lineage: string;
  n: number;
  body: Body;
}

/** Takes an own message back, for everyone: from then on a body of kind `deleted` stands in its place, wherever it is shown. Counts as `edit` does. */
export interface DeleteFrame {
  type: "delete";
  id: string;
  conversation?: string;
  target: Name;
  lineage: string;
  n: number;
}

/** Adds or removes a reaction to a message. Counts as `edit` does. Per entry, author and emoji the last one holds. */
export interface ReactFrame {
  type: "react";
  id: string;
  conversation?: string;
  target: Name;
  lineage: string;
  n: number;
  emoji: string;
  active: boolean;
}

/** The customer need not wait, and is called back: the case keeps its place by its age. What is agreed is told by `callback`. Writing a message ends it: the case then waits as any other, with the same age. */
export interface AskCallbackFrame {
  type: "ask_callback";
  id: string;
  conversation?: string;
  /** one of those offered */
  channel: CallbackChannel;
  /** phone: 5 to 15 digits, with or without a plus sign; email: an address; chat: absent */
  address?: string;
  /** when one of the windows begins; absent: at the case's turn */
  from_ms?: number;
}

/** The customer waits after all. Done also when there is nothing to cancel. */
export interface CancelCallbackFrame {
  type: "cancel_callback";
  id: string;
  conversation?: string;
}

/** The agent comes, steps aside, or goes. */
export interface SetPresenceFrame {
  type: "set_presence";
  id: string;
  status: Availability;
}

/** Takes an offer. `assigned` follows. */
export interface AcceptFrame {
  type: "accept";
  id: string;
  offer: Name;
}

/** Leaves an offer to somebody else. */
export interface DeclineFrame {
  type: "decline";
  id: string;
  offer: Name;
  reason?: string;
}

/** Ends the case; the conversation lives on. */
export interface CloseFrame {
  type: "close";
  id: string;
  conversation: string;
  owner: Name;
  /** solved when absent */
  reason?: string;
}

/** Opens a new case on a conversation that this agent had last. An offer of it follows, to this agent first. */
export interface ReopenFrame {
  type: "reopen";
  id: string;
  conversation: string;
}

/** Hands the case on, to an agent or to whoever has the skills. */
export interface TransferFrame {
  type: "transfer";
  id: string;
  conversation: string;
  owner: Name;
  /** absent: the best-matched agent */
  to_agent?: string;
  handoff: Handoff;
}

/** What became of calling the customer back. Reached: the case goes on as any other. Not reached: it goes back to the queue, and is due again after the policy's interval; after the last attempt it is closed, and the customer is told so. */
export interface CallbackOutcomeFrame {
  type: "callback_outcome";
  id: string;
  conversation: string;
  owner: Name;
  reached: boolean;
}

/** The agent has finished with a closed case: the place is free before the wrap-up's deadline. */
export interface WrappedUpFrame {
  type: "wrapped_up";
  id: string;
  conversation: string;
}

/** Supervisors: the case is theirs from now on, whoever had it. `assigned` follows. */
export interface TakeOverFrame {
  type: "take_over";
  id: string;
  conversation: string;
}

/** The owner asks a colleague into the conversation, who may then join. */
export interface InviteFrame {
  type: "invite";
  id: string;
  conversation: string;
  owner: Name;
  agent: string;
}

/** An invited colleague, or a supervisor, joins: may speak beside the owner. done's `at` is the token for it. */
export interface JoinFrame {
  type: "join";
  id: string;
  conversation: string;
}

/** Leaves a conversation that was joined. */
export interface LeaveFrame {
  type: "leave";
  id: string;
  conversation: string;
}

/** Supervisors: every case that waits, is being answered, or is to be called back later. */
export interface ListCasesFrame {
  type: "list_cases";
  id: string;
}

/** Supervisors: why a live case is with this agent, or with nobody, and how each agent fits it. */
export interface ExplainFrame {
  type: "explain";
  id: string;
  conversation: string;
}

/** Follows a conversation that the agent may see, from a cursor on. */
export interface WatchFrame {
  type: "watch";
  id: string;
  conversation: string;
  at?: Name;
}

/** Stops following. */
export interface UnwatchFrame {
  type: "unwatch";
  id: string;
  conversation: string;
}

/** The worker lives; the lease of the turn is extended. */
export interface ProgressFrame {
  type: "progress";
  conversation: string;
  turn: Name;
}

/** Planned. A provisional piece of the answer; retracted when the turn ends otherwise. */
export interface ChunkFrame {
  type: "chunk";
  conversation: string;
  turn: Name;
  i: number;
  text: string;
}

/** Planned. A message before the end of the turn. */
export interface InterimFrame {
  type: "interim";
  id: string;
  conversation: string;
  turn: Name;
  body: Body;
}

/** Ends a turn, once: messages, state, labels and the change of owner are one entry, all or none. The same commit again gets the same place. */
export interface CommitFrame {
  type: "commit";
  id: string;
  conversation: string;
  turn: Name;
  messages?: Body[];
  /** patch: a pair without a value removes the name */
  state?: Pair[];
  labels?: string[];
  /** the case goes to the queue */
  handoff?: Handoff;
  /** the case is solved */
  close?: boolean;
}

/** The worker cannot answer this turn. */
export interface FailFrame {
  type: "fail";
  id: string;
  conversation: string;
  turn: Name;
  retryable: boolean;
  reason?: string;
}

/** The hello was accepted. */
export interface WelcomeFrame {
  type: "welcome";
  id: string;
  role: Role;
  tenant: string;
  session: string;
  /** of several nodes, the one that serves this session; the next may be served by another */
  node?: string;
  /** the contact's, agent's or bot's id */
  subject?: string;
  name?: string;
  /** customers: their conversation */
  conversation?: string;
  /** customers: the contact has proved who they are */
  proven?: boolean;
  /** customers: the newest entry that they may see */
  head?: Name;
  /** for this device's or tab's sends, unless it still has one with unacked sends */
  lineage?: string;
  /** opens the next socket without a token */
  ticket: string;
  ticket_expires_in_ms: number;
  limits: LimitSet;
  /** what an ack means */
  durability: Durability;
  /** agents: the presence in force */
  status?: Availability;
  /** agents: true: may list, watch, join, take over and explain any case */
  supervisor?: boolean;
  time_ms: number;
}

/** A colleague asks this agent into a conversation. */
export interface InvitedFrame {
  type: "invited";
  conversation: string;
  by: string;
  name?: string;
}

/** Live cases, the newest changes not included. */
export interface CasesFrame {
  type: "cases";
  id: string;
  cases: CaseView[];
  /** there are more than are told */
  more?: boolean;
}

/** Computed from the pool's state by the functions that decide; candidates: the eligible ones best first (the second is the runner-up), then the others by score. */
export interface ExplainedFrame {
  type: "explained";
  id: string;
  conversation: string;
  state: CaseState;
  /** whom it was offered to, or who has it */
  agent?: string;
  /** what was recorded when it was offered to that agent */
  terms?: Term[];
  /** the number of the policy that decided then */
  decided_by?: number;
  /** the number of the policy in force; candidates are judged by it */
  policy: number;
  /** of the newest batch of offers: how far from the best possible at most, per mille */
  gap?: number;
  /** so many were looked at */
  agents: number;
  /** the customer is to be called back; nobody is looked at before `from_ms` */
  callback?: CallbackView;
  candidates: Candidate[];
}

/** What a chat of this agent weighs from now on: less while nobody speaks, in full when somebody does. */
export interface WeightFrame {
  type: "weight";
  conversation: string;
  /** of the agent's capacity, in thousandths of a chat */
  weight: number;
}

/** A closed case of this agent keeps its place for so long; 0: no longer. */
export interface WrapUpFrame {
  type: "wrap_up";
  conversation: string;
  ends_in_ms: number;
}

/** The send or commit is durable, at this place. */
export interface AckFrame {
  type: "ack";
  id: string;
  conversation: string;
  lineage?: string;
  n?: number;
  at: Name;
  time_ms?: number;
}

/** The request was carried out. */
export interface DoneFrame {
  type: "done";
  id: string;
  /** the entry that did it, if one did */
  at?: Name;
  /** identify: the conversation that goes on, which may be another one */
  conversation?: string;
}

/** One entry of a conversation. Entries of a conversation arrive in order, each once per session. */
export interface EntryFrame {
  type: "entry";
  conversation: string;
  /** the entry's own name */
  at: Name;
  /** the entry before it that you may see; 0-0000000000000000 for the first of all */
  after: Name;
  /** milliseconds since 1970, never falling within a conversation */
  time_ms: number;
  author: Who;
  /** internal when no part is public */
  visibility: Visibility;
  parts: Part[];
}

/** A page of history, oldest first. May hold fewer entries than asked for; `more` tells whether older ones exist. */
export interface PageFrame {
  type: "page";
  id: string;
  conversation: string;
  entries: EntryView[];
  more: boolean;
}

/** How far a reader is. */
export interface ReceiptsFrame {
  type: "receipts";
  conversation: string;
  who: Who;
  delivered?: Name;
  read?: Name;
}

/** Somebody is typing, or no longer. Forget it after 6 s. */
export interface TypistFrame {
  type: "typist";
  conversation: string;
  who: Who;
  active: boolean;
}

/** To agents: a colleague's presence. */
export interface PresenceFrame {
  type: "presence";
  agent: string;
  name?: string;
  status: Availability;
  chats?: number;
  capacity?: number;
  /** what they have weighs, in thousandths of a chat */
  weight?: number;
}

/** To one agent: a case that waits for them, until the deadline. */
export interface OfferFrame {
  type: "offer";
  offer: Name;
  conversation: string;
  expires_in_ms: number;
  /** since the case was first queued */
  waiting_ms?: number;
  /** the name to show */
  contact?: string;
  handoff?: Handoff;
  /** why this agent */
  terms?: Term[];
  /** the customer does not wait here, and is to be called back */
  callback?: CallbackView;
}

/** An offer or a turn is no longer yours. */
export interface CancelFrame {
  type: "cancel";
  offer?: Name;
  turn?: Name;
  conversation?: string;
  reason: CancelReason;
}

/** To an agent: this chat is yours, and this is its owner token. Sent on accept, and for each own chat after welcome; its entries follow. */
export interface AssignedFrame {
  type: "assigned";
  conversation: string;
  owner: Name;
  contact?: string;
  proven?: boolean;
  handoff?: Handoff;
  /** the customer is to be called back; `callback_outcome` says what became of it */
  callback?: CallbackView;
}

/** To an agent: this chat is no longer yours. */
export interface ReleasedFrame {
  type: "released";
  conversation: string;
  /** closed, transferred, requeued */
  reason: string;
}

/** To the customer: the place in the queue. */
export interface QueueFrame {
  type: "queue";
  conversation: string;
  /** 1 is next; 0: no longer waiting, or not yet: a callback comes later */
  position: number;
  /** an honest estimate; absent when there is none */
  wait_ms?: number;
  /** outside the queue's hours: until they begin; absent within them, and when they never do */
  opens_in_ms?: number;
}

/** To the customer of a case that waits: by which ways they may be called back, or what was agreed. Nothing of it: no longer. */
export interface CallbackFrame {
  type: "callback";
  conversation: string;
  /** values of callback_channel; absent: it is not offered (any more) */
  ways?: string[];
  /** times to choose from; absent: at the case's turn */
  windows?: CallbackWindow[];
  agreed?: CallbackView;
}

/** To a bot: answer this. */
export interface TurnFrame {
  type: "turn";
  turn: Name;
  conversation: string;
  attempt: number;
  /** send progress at least this often */
  lease_ms: number;
  /** from now */
  deadline_ms: number;
  context: Context;
  /** what the customer said since the last turn; empty: the case was just opened */
  input: Input[];
  state?: Pair[];
}

/** Forget what you hold of this conversation: what follows begins anew. */
export interface ResetFrame {
  type: "reset";
  conversation: string;
  reason: ResetReason;
  /** superseded: the conversation that goes on */
  follow?: string;
}

/** A request was refused, or the connection is about to end. */
export interface ErrorFrame {
  type: "error";
  /** the request's */
  id?: string;
  code: string;
  /** a sentence for a person */
  message: string;
  retry: Retry;
  retry_after_ms?: number;
  /** resend: the first n to send again */
  resend_from?: number;
}

/** The server closes this socket in good order. Come back after retry_after_ms. */
export interface ByeFrame {
  type: "bye";
  /** draining, logout, slow, idle */
  reason: string;
  retry_after_ms: number;
}

/** The line is alive. */
export interface PongFrame {
  type: "pong";
  id: string;
}

export type ClientFrame =
  | HelloFrame
  | PingFrame
  | LogoutFrame
  | SendFrame
  | ReceiptFrame
  | TypingFrame
  | HistoryFrame
  | IdentifyFrame
  | EventFrame
  | EditFrame
  | DeleteFrame
  | ReactFrame
  | AskCallbackFrame
  | CancelCallbackFrame
  | SetPresenceFrame
  | AcceptFrame
  | DeclineFrame
  | CloseFrame
  | ReopenFrame
  | TransferFrame
  | CallbackOutcomeFrame
  | WrappedUpFrame
  | TakeOverFrame
  | InviteFrame
  | JoinFrame
  | LeaveFrame
  | ListCasesFrame
  | ExplainFrame
  | WatchFrame
  | UnwatchFrame
  | ProgressFrame
  | ChunkFrame
  | InterimFrame
  | CommitFrame
  | FailFrame;

export type ServerFrame =
  | WelcomeFrame
  | InvitedFrame
  | CasesFrame
  | ExplainedFrame
  | WeightFrame
  | WrapUpFrame
  | AckFrame
  | DoneFrame
  | EntryFrame
  | PageFrame
  | ReceiptsFrame
  | TypistFrame
  | PresenceFrame
  | OfferFrame
  | CancelFrame
  | AssignedFrame
  | ReleasedFrame
  | QueueFrame
  | CallbackFrame
  | TurnFrame
  | ResetFrame
  | ErrorFrame
  | ByeFrame
  | PongFrame;

/** close: the WebSocket close code when the connection ends with it, else 0. */
export const errors = {
  bad_frame: { retry: "never", close: 4400, message: "The frame is not well-formed." },
  bad_utf8: { retry: "never", close: 1007, message: "The frame holds text that is not UTF-8." },
  too_deep: { retry: "never", close: 4400, message: "The frame is nested too deeply." },
  too_many_elements: { retry: "never", close: 4400, message: "The frame has too many members and elements." },
  duplicate_key: { retry: "never", close: 4400, message: "A member occurs twice in one object." },
  too_large: { retry: "never", close: 1009, message: "The frame is larger than the limit." },
  wrong_opcode: { retry: "never", close: 1003, message: "JSON travels in text frames, MessagePack in binary frames." },
  unknown_frame: { retry: "never", close: 0, message: "There is no frame of this type." },
  missing_field: { retry: "never", close: 0, message: "A required field is missing." },
  wrong_type: { retry: "never", close: 0, message: "A field has the wrong type." },
  out_of_range: { retry: "never", close: 0, message: "A field is longer or larger than the limit." },
  unsupported: { retry: "never", close: 0, message: "This server does not do that yet." },
  body_unsupported: { retry: "never", close: 0, message: "Messages of this kind are not supported yet." },
  hello_first: { retry: "token", close: 4401, message: "The first frame must be a hello." },
  hello_timeout: { retry: "token", close: 4408, message: "No hello came in time." },
  hello_twice: { retry: "never", close: 4400, message: "This connection has already said hello." },
  unauthenticated: { retry: "token", close: 4401, message: "The credential is not valid." },
  token_expired: { retry: "token", close: 4401, message: "The token or ticket has expired." },
  forbidden: { retry: "never", close: 0, message: "This role may not do that." },
  unknown_conversation: { retry: "never", close: 0, message: "There is no such conversation for you." },
  conversation_erased: { retry: "never", close: 0, message: "This conversation was erased." },
  quarantined: { retry: "never", close: 0, message: "This conversation's log is damaged and is kept as it is; an operator was told." },
  newer_log: { retry: "later", close: 0, message: "A newer version of Weft wrote to this conversation; this server may only read it." },
  bad_lineage: { retry: "never", close: 0, message: "The lineage was not issued by this server, or is too old: use the one from welcome." },
  resend: { retry: "resend", close: 0, message: "Earlier messages of this lineage are missing: send them again from there." },
  already_sent: { retry: "never", close: 0, message: "This message was accepted before; its place is no longer at hand, find it in the history." },
  different_body: { retry: "never", close: 0, message: "Another message was already sent under this number." },
  too_many_unacked: { retry: "later", close: 0, message: "Too many messages are waiting for their ack." },
  fenced: { retry: "never", close: 0, message: "Somebody else owns this conversation now." },
  case_closed: { retry: "never", close: 0, message: "The case is closed." },
  case_open: { retry: "never", close: 0, message: "A case is open already." },
  no_such_offer: { retry: "never", close: 0, message: "The offer is no longer open." },
  no_such_agent: { retry: "never", close: 0, message: "There is no such agent." },
  no_room: { retry: "later", close: 0, message: "The agent has no room for another chat." },
  no_such_message: { retry: "never", close: 0, message: "There is no such message, or it is not yours to change." },
  message_deleted: { retry: "never", close: 0, message: "The message was deleted." },
  too_late: { retry: "never", close: 0, message: "The message is too old to be edited." },
  identity_taken: { retry: "never", close: 0, message: "This contact has already proved to be somebody else." },
  not_waiting: { retry: "never", close: 0, message: "The case does not wait: there is nothing to call back for." },
  callback_not_offered: { retry: "never", close: 0, message: "A callback is not offered here, or not in this way." },
  callback_bad_address: { retry: "never", close: 0, message: "This is not a number or an address that we could use." },
  callback_outside_hours: { retry: "never", close: 0, message: "We cannot call back at that time: choose another one." },
  no_callback: { retry: "never", close: 0, message: "No callback is agreed for this case." },
  rate_limited: { retry: "later", close: 0, message: "Too many requests: wait a little." },
  store_unavailable: { retry: "same", close: 0, message: "The message could not be stored just now; nothing is lost, try again." },
  store_full: { retry: "later", close: 0, message: "The store is full: nothing was written. Keep it, and try again a little later." },
  busy: { retry: "later", close: 0, message: "The server is busy: wait a little." },
  not_found: { retry: "never", close: 0, message: "There is nothing at this address." },
  bad_origin: { retry: "never", close: 0, message: "This website may not use this server." },
  bad_request: { retry: "never", close: 0, message: "The request is not well-formed." },
  conflict: { retry: "never", close: 0, message: "That exists already." },
  no_such_upload: { retry: "never", close: 0, message: "There is no such upload for this conversation: it was not finished, or not used in time." },
  quota: { retry: "later", close: 0, message: "This conversation holds as many files as it may." },
  internal: { retry: "later", close: 1011, message: "Something went wrong on our side." },
} as const;
export type ErrorCode = keyof typeof errors;

/** again: whether connecting again makes sense. */
export const closeCodes = {
  /** logged out or done */
  1000: { name: "normal", again: false },
  /** the server drains: a bye with retry_after_ms came before */
  1001: { name: "going_away", again: true },
  /** a binary frame under weft.v1.json or a text frame under weft.v1.msgpack */
  1003: { name: "wrong_opcode", again: false },
  /** text that is not UTF-8 */
  1007: { name: "bad_utf8", again: false },
  /** a frame over the limit */
  1009: { name: "too_large", again: false },
  /** our fault */
  1011: { name: "internal", again: true },
  /** a frame that cannot be read; the error before it says why */
  4400: { name: "bad_frame", again: false },
  /** get a new token, then connect again */
  4401: { name: "unauthenticated", again: true },
  /** the session, contact or tenant is gone */
  4403: { name: "revoked", again: false },
  /** no hello in time, none that could be answered in time, or no sign of life */
  4408: { name: "timeout", again: true },
  /** the client read too slowly; resume by cursor, nothing is lost */
  4413: { name: "slow_consumer", again: true },
  /** too many connections or frames: wait before you come back */
  4429: { name: "too_many", again: true },
} as const;
