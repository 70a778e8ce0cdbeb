// SPDX-License-Identifier: Apache-2.0
// The people and conversations that the desk's tests and screenshots play with.

const MINUTE = 60_000;

const ADA = {
    reason: "asked", summary: "Parcel 4711 has been in Lyon since Tuesday. She needs it before Saturday's trip and would take a pick-up point.",
    language: "en", sentiment: "falling",
    skills: [{ name: "parcels", must: true }, { name: "english" }],
    slots: [{ name: "order", value: "FO-20931" }, { name: "parcel", value: "4711" }, { name: "needed_by", value: "Saturday, 28 November" }],
    missing: ["pick_up_point"],
    intents: [{ name: "where_is_my_parcel", percent: 93 }, { name: "change_delivery", percent: 61 }],
    tried: ["Looked up the carrier's status: no scan since Tuesday", "Offered to wait two more days: she said no"],
};

const OMAR = {
    reason: "unsure", summary: "Asks whether the Alto 2 tent belongs to the October recall.", language: "en",
    skills: [{ name: "products" }], slots: [{ name: "product", value: "Alto 2 tent" }], missing: ["serial_number"],
    intents: [{ name: "recall_check", percent: 54 }],
};

const LIN = { reason: "asked", summary: "Wants an invoice with another company name.", skills: [{ name: "billing", must: true }], slots: [{ name: "invoice", value: "2026-8812" }] };

const NOOR = {
    reason: "policy", summary: "تسأل عن استبدال الحذاء بمقاس أكبر قبل نهاية الأسبوع.", language: "ar", skills: [{ name: "returns", must: true }, { name: "arabic", must: true }],
    slots: [{ name: "order", value: "FO-21007" }], missing: ["size"],
};

function dialogue(desk, id, start_ms, lines) {
    let time_ms = start_ms;
    for (const [who, text, after_s = 25, more = {}] of lines) {
        time_ms += after_s * 1000;
        if (who === "customer") desk.customerSays(id, text, { time_ms, ...more });
        else if (who === "bot") desk.botSays(id, text, { time_ms, ...more });
        else desk.append(desk.conversation(id), who === "agent" ? { kind: "agent", id: "anna", name: "Anna Weber" } : { kind: "system" }, text, { time_ms, ...more });
    }
}

/** Fills an empty model with agents and chats; `give` then makes a chat the agent's own. */
export function stage(desk) {
    const now = desk.now();
    desk.addAgent("anna", "Anna Weber", { capacity: 4 });
    desk.addAgent("tom", "Tom Okafor", { status: "online", chats: 1, capacity: 4 });
    desk.addAgent("mei", "Mei Tanaka", { status: "online", chats: 3, capacity: 3 });
    desk.addAgent("jonas", "Jonas Lindqvist", { status: "away", chats: 2, capacity: 4 });

    desk.conversation("c-ada", { contact: "Ada Bellini", proven: true, handoff: ADA });
    dialogue(desk, "c-ada", now - 26 * 60 * MINUTE, [
        ["system", [{ kind: "case_opened" }]],
        ["customer", "Hi, do the Alto tents fit two people and a dog?"],
        ["bot", "Yes: the Alto 2 has 3.1 m² of floor. Most people with a dog under 25 kg are happy with it."],
        ["customer", "Perfect, ordered one!", 90],
        ["system", [{ kind: "case_closed", reason: "solved" }]],
    ]);
    dialogue(desk, "c-ada", now - 9 * MINUTE, [
        ["system", [{ kind: "case_opened" }]],
        ["customer", "Where is my parcel? It says Lyon since Tuesday"],
        ["bot", "I see parcel 4711 in Lyon, with no scan since Tuesday. What would help you most?", 2, { options: [{ title: "Wait two more days", value: "wait" }, { title: "Send it to a pick-up point", value: "pickup" }, { title: "Talk to a person", value: "person" }] }],
        ["customer", "Talk to a person", 40, { chosen: "person" }],
        ["bot", "A colleague takes over. They see everything you told me.", 1],
        ["system", [{ kind: "queued", reason: "asked", handoff: ADA }], 0],
        ["customer", "thanks. we leave on Saturday morning so it really has to be here on Friday", 35],
    ]);

    desk.conversation("c-omar", { contact: "Omar Haddad", handoff: OMAR });
    dialogue(desk, "c-omar", now - 12 * MINUTE, [
        ["system", [{ kind: "case_opened" }]],
        ["customer", "I read about a recall. Is my tent one of them?"],
        ["bot", "Some tents of the Alto series are. I would rather not guess: let me get somebody who knows.", 3],
        ["system", [{ kind: "queued", reason: "unsure", handoff: OMAR }], 0],
        ["system", [{ kind: "owner", owner: "agent", id: "anna", name: "Anna Weber" }], 8],
        ["agent", [{ kind: "message", body: { kind: "text", text: "Hello Omar, Anna here. I can check that with the serial number: it is on the small white label inside the left pocket." } }], 30],
        ["customer", "One moment, the tent is in the cellar", 60],
        ["customer", "Found it: AL2-0931-77", 200],
        ["agent", [{ kind: "note", body: { kind: "text", text: "AL2-09xx is on Tom's list. Replacement poles, not the whole tent." } }], 50, { visibility: "internal" }],
        ["agent", [{ kind: "message", body: { kind: "text", text: "Thank you. Yours is one of them, I am sorry. Only the poles are concerned, so you keep the tent and we send you new poles." } }], 20],
    ]);

    desk.conversation("c-lin", { contact: "Lin Zhao", handoff: LIN });
    dialogue(desk, "c-lin", now - 5 * MINUTE, [
        ["customer", "Hello, I need invoice 2026-8812 with our new company name please"],
        ["bot", "Only a person can change an invoice. I hand you over.", 2],
        ["system", [{ kind: "queued", reason: "asked", handoff: LIN }], 0],
    ]);

    desk.conversation("c-noor", { contact: "نور الحسن", handoff: NOOR });
    dialogue(desk, "c-noor", now - 2 * MINUTE, [["customer", "مرحبا، هل يمكنني استبدال الحذاء FO-21007 بمقاس 39؟"]]);
    return desk;
}
