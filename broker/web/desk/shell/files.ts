// SPDX-License-Identifier: Apache-2.0
// Files of an agent: one tray for each chat, held as long as the page, and the addresses that were asked for anew.

import { freshUrl, ticketOf, Tray, upload, type Session } from "../../client/index.ts";

const URL_HERE = (): string => `${location.origin}/`;

/** What is known of a file's address: a newer one; null: the message does not show it any more. */
export type Address = string | null;

export class Files {
    private readonly trays = new Map<string, { readonly tray: Tray; readonly looks: Set<() => void> }>();
    private readonly addresses = new Map<string, Address>();

    constructor(private readonly session: Session) {}

    /** What was chosen for a chat and is not sent yet. `look` is called whenever it changes, until the answer is. */
    follow(conversation: string, look: () => void): () => void {
        const { looks } = this.of(conversation);
        looks.add(look);
        return () => void looks.delete(look);
    }

    tray(conversation: string): Tray {
        return this.of(conversation).tray;
    }

    drop(conversation: string): void {
        this.trays.get(conversation)?.tray.end();
        this.trays.delete(conversation);
    }

    end(): void {
        for (const conversation of [...this.trays.keys()]) this.drop(conversation);
    }

    known(upload: string): Address | undefined {
        return this.addresses.get(upload);
    }

    /** Rejects when there is no line. */
    async fresh(conversation: string, at: string, upload: string): Promise<Address> {
        const asked = freshUrl(this.session, conversation, at, upload).catch((error: { code?: string }) => {
            if (error.code === "not_found") return null;
            throw error;
        });
        const address = await asked;
        this.addresses.set(upload, address);
        return address;
    }

    private of(conversation: string) {
        let held = this.trays.get(conversation);
        if (!held) {
            const looks = new Set<() => void>();
            const tray = new Tray({
                upload: (file, more) =>
                    upload(file, { url: URL_HERE(), token: ticketOf(this.session), conversation, ...more }),
                limit: () => this.session.welcome?.limits.upload_bytes,
                changed: () => {
                    for (const look of looks) look();
                },
            });
            held = { tray, looks };
            this.trays.set(conversation, held);
        }
        return held;
    }
}
