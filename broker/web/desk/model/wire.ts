// SPDX-License-Identifier: Apache-2.0
// The wire's types as the desk uses them: those of the client library.

export type * from "../../client/wire.ts";
import type { Availability, WelcomeFrame } from "../../client/wire.ts";

export type Presence = Availability;
export type Limits = WelcomeFrame["limits"];
