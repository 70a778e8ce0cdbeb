// SPDX-License-Identifier: Apache-2.0
// Bodies that are more than words, as the agent sees them: what the customer was shown, and what they chose. Nothing here
// can be pressed for the customer; the body's text stands above it in any case.

import { Icon } from "./icon.tsx";
import type { Body } from "../model/wire.ts";

export function RichBody({ body, chosen }: { body: Body; chosen: string | null }) {
    if (body.cards) return <Cards cards={body.cards} chosen={chosen} />;
    if (body.items) return <Items items={body.items} chosen={chosen} />;
    if (body.fields) return <Fields fields={body.fields} />;
    return body.place ? <Place place={body.place} /> : null;
}

function Choice({ title, taken }: { title: string; taken: boolean }) {
    return (
        <span class={taken ? "option option-chosen" : "option"} dir="auto">
            {taken && <Icon name="check" />}
            {title}
            {taken && <span class="hidden"> (chosen)</span>}
        </span>
    );
}

function Cards({ cards, chosen }: { cards: NonNullable<Body["cards"]>; chosen: string | null }) {
    return (
        <ul class="cards" aria-label="Cards shown" tabIndex={cards.length > 1 ? 0 : undefined}>
            {cards.map(({ title, subtitle, image, alt, actions = [] }, index) => (
                <li key={index} class="card">
                    {image && (
                        <img
                            src={image}
                            alt={alt ?? ""}
                            loading="lazy"
                            referrerpolicy="no-referrer"
                            onError={(event) => (event.currentTarget.hidden = true)}
                        />
                    )}
                    <b dir="auto">{title}</b>
                    {subtitle && <p dir="auto">{subtitle}</p>}
                    {actions.map(({ title: name, value, url }) =>
                        url ? (
                            <a key={name} href={url} target="_blank" rel="noopener noreferrer nofollow" dir="auto">
                                {name}
                            </a>
                        ) : (
                            <Choice key={name} title={name} taken={chosen !== null && chosen === (value ?? name)} />
                        ),
                    )}
                </li>
            ))}
        </ul>
    );
}

function Items({ items, chosen }: { items: NonNullable<Body["items"]>; chosen: string | null }) {
    return (
        <ul class="items" aria-label="Choices offered">
            {items.map(({ title, text, value = title }, index) => (
                <li key={index}>
                    <Choice title={title} taken={chosen === value} />
                    {text && <span dir="auto">{text}</span>}
                </li>
            ))}
        </ul>
    );
}

function Fields({ fields }: { fields: NonNullable<Body["fields"]> }) {
    return (
        <ul class="items" aria-label="Form">
            {fields.map(({ name, label, must }) => (
                <li key={name}>
                    <span dir="auto">{label}</span>
                    {must && <small>needed</small>}
                </li>
            ))}
        </ul>
    );
}

function Place({ place }: { place: NonNullable<Body["place"]> }) {
    const { lat, lon, name } = place;
    const href = `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=16/${lat}/${lon}`;
    return (
        <a class="place" href={href} target="_blank" rel="noopener noreferrer nofollow">
            Show on a map{name && `: ${name}`}
        </a>
    );
}
