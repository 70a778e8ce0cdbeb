// SPDX-License-Identifier: Apache-2.0
// How the desk calls for attention: the tab's title, and two soft tones for those who want them.

import { tabTitle } from "../model/select.ts";
import type { Desk } from "../model/desk.ts";

let audio: AudioContext | null = null;

function tone(at: number, pitch: number, context: AudioContext): void {
    const source = context.createOscillator();
    const volume = context.createGain();
    source.type = "sine";
    source.frequency.value = pitch;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.12, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.5);
    source.connect(volume).connect(context.destination);
    source.start(at);
    source.stop(at + 0.55);
}

export function chime(pitches: readonly number[]): void {
    try {
        audio ??= new AudioContext();
        const context = audio;
        void context.resume();
        pitches.forEach((pitch, index) => tone(context.currentTime + index * 0.14, pitch, context));
    } catch {
        // No sound device: the title and the live region still speak.
    }
}

export const OFFER_CHIME = [587, 880] as const;
export const WORDS_CHIME = [660] as const;

let titled = "";

export function entitle(desk: Desk): void {
    const title = tabTitle(desk);
    if (title === titled) return;
    titled = title;
    document.title = title;
}
