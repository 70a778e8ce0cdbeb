// SPDX-License-Identifier: Apache-2.0
// Bodies that are more than words: cards, lists, forms, places, and how a customer answers them. The body's text is shown
// above them by the caller, so whoever cannot see the rest has what it says.
/** @jsxRuntime classic */
/** @jsx h */
/** @jsxFrag Fragment */
import type { Line } from "../client/index.ts";
import type { Body, Card, FormField, Pair, Place } from "../client/wire.ts";
import { h, type Child } from "./dom.ts";
import type { Rich } from "./rich.tsx";

const TYPES: Record<string, string> = { phone: "tel", multiline: "text", choice: "text" };

export function bodyOf(rich: Rich, line: Line): Child {
    const { cards, items, fields, place } = line.body!;
    if (cards) return <CardRow rich={rich} cards={cards} />;
    if (items) return <Items rich={rich} body={line.body!} />;
    if (fields) return rich.said(line.at!) ? <span class="note" key="form">{rich.strings.answered}</span> : <Form rich={rich} line={line} />;
    return place && <Where rich={rich} place={place} />;
}

function CardRow({ rich, cards }: { rich: Rich; cards: Card[] }): Child {
    return (
        <ul class="cards" key="cards" tabIndex={cards.length > 1 ? 0 : undefined} aria-label={rich.strings.cards}>
            {cards.map(({ title, subtitle, image, alt = "", actions = [] }) => (
                <li class="card">
                    {image && <img src={image} alt={alt} loading="lazy" referrerpolicy="no-referrer" onError={(event: Event) => (event.target as HTMLElement).remove()} />}
                    <div><b dir="auto">{title}</b>{subtitle && <p dir="auto">{subtitle}</p>}</div>
                    {actions.map((action) => (action.url
                        ? <a dir="auto" href={action.url} target="_blank" rel="noopener noreferrer nofollow">{action.title}</a>
                        : <button type="button" dir="auto" onClick={() => rich.model.say(action.title, action.value)}>{action.title}</button>))}
                </li>
            ))}
        </ul>
    );
}

function Items({ rich, body }: { rich: Rich; body: Body }): Child {
    return (
        <ul class="items" key="items">
            {body.items!.map(({ title, text, value = title }) => (
                <li><button type="button" onClick={() => rich.model.say(title, value)}>
                    <b dir="auto">{title}</b>{text && <span dir="auto">{text}</span>}
                </button></li>
            ))}
        </ul>
    );
}

function Where({ rich, place }: { rich: Rich; place: Place }): Child {
    const { lat, lon, name } = place;
    const href = `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=16/${lat}/${lon}`;
    return <a class="place" key="place" href={href} target="_blank" rel="noopener noreferrer nofollow">{rich.strings.map}{name && `: ${name}`}</a>;
}

function Form({ rich, line }: { rich: Rich; line: Line }): Child {
    const fields = line.body!.fields!;
    const send = (event: Event): void => {
        event.preventDefault();
        const data = new FormData(event.target as HTMLFormElement);
        const answers: Pair[] = fields.map((field) => ({ name: field.name, value: answerOf(field, data) })).filter((pair) => pair.value !== "");
        const words = fields.map((field) => `${field.label}: ${wordsOf(rich, field, answerOf(field, data))}`);
        rich.do({ body: { kind: "text", text: words.join("\n"), answers }, reply_to: line.at });
    };
    return (
        <form class="form" key="form" onSubmit={send}>
            {fields.map((field) => <Field rich={rich} field={field} />)}
            <div class="buttons"><button class="pill main">{rich.strings.send}</button></div>
        </form>
    );
}

function Field({ rich, field }: { rich: Rich; field: FormField }): Child {
    const { name, label, kind, must = false, options = [] } = field;
    if (kind === "checkbox") return <label dir="auto"><input type="checkbox" name={name} required={must} />{label}</label>;
    return (
        <label dir="auto">{label}{must && " *"}
            {kind === "multiline" ? <textarea name={name} required={must} rows={3} dir="auto" />
                : kind === "choice" ? <select name={name} required={must}>
                    <option value="">{rich.strings.choose}</option>
                    {options.map(({ title, value = title }) => <option value={value}>{title}</option>)}
                </select> : <input type={TYPES[kind] ?? kind} name={name} required={must} dir="auto" step={kind === "number" ? "any" : undefined} />}
        </label>
    );
}

const answerOf = ({ name, kind }: FormField, data: FormData): string =>
    (kind === "checkbox" ? (data.has(name) ? "yes" : "no") : String(data.get(name) ?? "").trim());

function wordsOf({ strings }: Rich, { kind, options = [] }: FormField, answer: string): string {
    if (kind === "checkbox") return answer === "yes" ? strings.yes : strings.no;
    return options.find(({ title, value = title }) => value === answer)?.title ?? answer;
}
