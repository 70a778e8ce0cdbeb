// SPDX-License-Identifier: Apache-2.0
// Files for tests to attach, and the ways in which people do it.
import { deflateSync } from "node:zlib";

function chunk(kind, data) {
    const framed = Buffer.concat([Buffer.from(kind), data]);
    const out = Buffer.alloc(framed.length + 8);
    out.writeUInt32BE(data.length);
    framed.copy(out, 4);
    out.writeUInt32BE(sum(framed), framed.length + 4);
    return out;
}

// Debian's Node has no zlib.crc32 yet.
function sum(bytes) {
    let value = ~0;
    for (const byte of bytes) {
        value ^= byte;
        for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (0xedb88320 & -(value & 1));
    }
    return ~value >>> 0;
}

/** A picture that a browser can show: two colours, one over the other. */
export function png(width, height, top = [31, 95, 91], bottom = [214, 170, 90]) {
    const rows = Buffer.alloc(height * (width * 3 + 1));
    for (let y = 0; y < height; y += 1)
        for (let x = 0; x < width; x += 1)
            Buffer.from(y * width > x * height ? bottom : top).copy(rows, y * (width * 3 + 1) + 1 + x * 3);
    const head = Buffer.alloc(13);
    head.writeUInt32BE(width);
    head.writeUInt32BE(height, 4);
    head.set([8, 2, 0, 0, 0], 8);
    return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

export const PHOTO = { name: "damage.png", mimeType: "image/png", buffer: png(640, 400) };
export const INVOICE = { name: "invoice 2026+8812.pdf", mimeType: "application/pdf", buffer: Buffer.concat([Buffer.from("%PDF-1.7\n"), Buffer.alloc(48_000, "p")]) };
export const DRAWING = { name: "logo.svg", mimeType: "image/svg+xml", buffer: Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' onload='document.title=\"run\"'/>") };

/** By the button: the browser's own chooser opens. */
export async function choose(page, button, ...files) {
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), button.click()]);
    await chooser.setFiles(files);
}

/** `kind`: paste or drop, of a file, on a place of the page. */
export async function give(place, kind, { name, mimeType, buffer }) {
    await place.evaluate((node, [as, called, type, text]) => {
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0))], called, { type }));
        const more = { bubbles: true, composed: true, cancelable: true };
        const event = as === "paste" ? new ClipboardEvent("paste", { ...more, clipboardData: data }) : new DragEvent("drop", { ...more, dataTransfer: data });
        node.dispatchEvent(event);
        if (!event.defaultPrevented) throw new Error(`nobody took what was given by ${as}`);
    }, [kind, name, mimeType, buffer.toString("base64")]);
}

/** The next upload is held back; what the answer does with it: (route) => route.continue(). */
export async function hold(page) {
    let go;
    const held = new Promise((done) => { go = done; });
    await page.route("**/v1/uploads?*", async (route) => (await held)(route), { times: 1 });
    return (act) => go(act);
}

/** The next upload is refused as a server does it. */
export function refuse(page, status, code, more = {}) {
    const error = { code, message: code, retry: "later", ...more };
    return page.route("**/v1/uploads?*", (route) => route.fulfill({ status, json: { error } }), { times: 1 });
}
