// SPDX-License-Identifier: Apache-2.0
// Every word that the widget itself says. A page may replace any of them.
export const english = {
    open: "Open chat",
    close: "Close chat",
    unread: "unread",
    title: "Chat",
    greeting: "Hello! Ask us anything.",
    hint: "This conversation stays here. Leave and come back whenever you like.",
    log: "Messages",
    write: "Write a message",
    send: "Send",
    attach: "Attach files",
    you: "You",
    assistant: "Assistant",
    team: "Team",
    typing: "is typing",
    sending: "Sending",
    sent: "Sent",
    delivered: "Delivered",
    read: "Read",
    again: "Try again",
    offline: "Connecting again. Your messages are kept.",
    older: "Loading earlier messages",
    below: "New messages",
    more: "More",
    long: "This message is too long.",
};

export type Strings = typeof english;

// Those of the second load.
export const richEnglish = {
    queued: "A colleague will take over.",
    called: "We will get back to you. Your place in line is kept.",
    uncalled: "You are waiting in line again, at your old place.",
    next: "You are next in line.",
    place: "You are number {n} in line.",
    wait: "About {n} min.",
    opens: "We are back {t}. Your place is kept.",
    joined: "{name} is here now.",
    closed: "This matter is closed. Write any time to go on.",
    known: "You are signed in as {name}.",
    failed: "Not sent",
    remove: "Remove",
    actions: "What to do with this message",
    reply: "Reply",
    edit: "Edit",
    save: "Save",
    cancel: "Cancel",
    delete: "Delete",
    sure: "Delete it for everyone?",
    keep: "Keep it",
    deleted: "This message was deleted.",
    edited: "edited",
    replying: "Your reply to",
    reactions: "Reactions",
    react: "React with",
    undone: "This could not be done.",
    stuck: "We cannot connect right now.",
    damaged: "Something is wrong with this conversation. It cannot go on.",
    erased: "This conversation was deleted.",
    anew: "Start a new one",
    late: "This message is too old to be edited.",
    cards: "Cards",
    map: "Show on a map",
    choose: "Please choose",
    answered: "You have answered this.",
    gone: "This file is not there any more.",
    lost: "The file was not kept. Attach it again.",
    yes: "Yes",
    no: "No",
};

export type RichStrings = typeof richEnglish;

// Those of the third.
export const attachEnglish = {
    files: "Files to send",
    ready: "Ready to send",
    soon: "It is sent when the files are there.",
    many: "No more than ten files at once.",
    large: "Too large: a file may have {size}.",
    empty: "This file is empty.",
    full: "There is no room for more files.",
    never: "Files cannot be sent here.",
    broken: "The upload broke off.",
};

export type AttachStrings = typeof attachEnglish;

// Those of the fourth.
export const callEnglish = {
    call_offer: "You need not wait here.",
    call_kept: "We get back to you, and your place in line is kept.",
    call_open: "Get back to me",
    call_how: "How may we reach you?",
    call_chat: "Here, in this chat",
    call_phone: "By phone",
    call_email: "By email",
    call_number: "Your phone number",
    call_address: "Your email address",
    call_when: "When?",
    call_soon: "As soon as it is my turn",
    call_ask: "Agree",
    call_wait_on: "I will wait",
    call_chat_agreed: "We will answer here. You need not wait.",
    call_phone_agreed: "We will call you.",
    call_email_agreed: "We will write you an email.",
    call_from: "From {t} on",
    call_wait: "In about {n} min.",
    call_turn: "When it is your turn; your place is kept.",
    call_tried: "Tried so far: {n}",
    call_cancel: "Cancel",
    call_bad_number: "Enter a phone number, such as +49 30 123456.",
    call_bad_address: "Enter an email address, such as name@example.org.",
    call_bad_time: "This time is gone. Choose another one.",
};

export type CallStrings = typeof callEnglish;
