// SPDX-License-Identifier: Apache-2.0
// The client library's door.
export { Connection, wakeByPage, type LinkState, type Request } from "./connection.ts";
export { caughtUp, sameWho, type Conversation, type Owner, type Reader, type Typist } from "./conversation.ts";
export { browser, type Environment, type Socket } from "./environment.ts";
export { eraseOwn } from "./erase.ts";
export { fileBody, freshUrl, isPicture, sizeOf, ticketOf, upload, type Uploaded, type UploadOptions } from "./files.ts";
export { browserLanes, type LaneStore } from "./lanes.ts";
export { customerView, lines, unreadOf, type Line, type LineStatus, type View } from "./lines.ts";
export { type Draft } from "./outbox.ts";
export { Session, type SessionOptions } from "./session.ts";
export { Thread } from "./thread.ts";
export { Tray, type Attachment, type TrayOptions } from "./tray.ts";
export * from "./wire.ts";
