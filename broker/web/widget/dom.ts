// SPDX-License-Identifier: Apache-2.0
// The widget's renderer: JSX elements become DOM nodes, and the next picture changes only what differs.
//
// Preact would take a third of the 15,000 bytes that the whole widget may weigh; the widget draws from one
// model and needs neither components with a state of their own nor their life cycle. A child is known again
// by its key, or else by its tag and its number among the siblings of that tag. Nodes that stay are not
// moved, so focus and scroll survive.
import type { JSX as Preact } from "preact";

// A piece of text has no tag.
export interface Element { tag: string; props: Props; kids: Element[]; key: string; text?: string; node?: Node }
type Props = Record<string, any>;
export type Child = Element | string | number | boolean | null | undefined | Child[];

export declare namespace h {
    namespace JSX {
        type Element = Child;
        interface ElementChildrenAttribute { children: unknown }
        interface IntrinsicAttributes { key?: string | undefined }
        type IntrinsicElements = {
            [Tag in keyof Preact.IntrinsicElements]:
                Omit<Preact.IntrinsicElements[Tag], "ref" | "children"> & { ref?: (node: any) => void; children?: Child };
        };
    }
}

const SVG = "http://www.w3.org/2000/svg";

export function h(tag: string | ((props: any) => Child), props: Props | null, ...kids: Child[]): Child {
    if (typeof tag === "function") return tag({ ...props, children: kids });
    return { tag, props: props ?? {}, kids: flat(kids), key: props?.key ?? "" };
}

export const Fragment = ({ children }: { children?: Child }): Child => children;

function flat(child: Child): Element[] {
    if (Array.isArray(child)) return child.flatMap(flat);
    if (child == null || typeof child === "boolean") return [];
    return [typeof child === "object" ? child : { tag: "", props: {}, kids: [], key: "", text: String(child) }];
}

const drawn = new WeakMap<Node, Element[]>();

// Shows `picture` in `root`, in place of the one before.
export function draw(root: Node, picture: Child): void {
    const fresh = flat(picture);
    children(root, drawn.get(root) ?? [], fresh, null);
    drawn.set(root, fresh);
}

function named(elements: Element[]): Map<string, Element> {
    const counts = new Map<string, number>();
    return new Map(elements.map((element) => {
        const count = (counts.get(element.tag) ?? 0) + 1;
        if (!element.key) counts.set(element.tag, count);
        return [element.key || element.tag + " " + count, element];
    }));
}

function children(parent: Node, old: Element[], fresh: Element[], space: string | null): void {
    const before = named(old);
    const now = named(fresh);
    for (const [name, was] of before)
        if (now.get(name)?.tag !== was.tag) parent.removeChild(was.node!);
    let here = parent.firstChild;
    for (const [name, element] of now) {
        const known = before.get(name);
        const was = known?.tag === element.tag ? known : undefined;
        const node = one(element, was, space);
        if (node === here) here = here.nextSibling;
        else parent.insertBefore(node, here);
    }
}

function one(element: Element, was: Element | undefined, space: string | null): Node {
    const { tag, props } = element;
    const inner = tag === "svg" ? SVG : space;
    const node = element.node = was?.node
        ?? (!tag ? document.createTextNode("") : inner ? document.createElementNS(inner, tag) : document.createElement(tag));
    if (!tag) {
        if (was?.text !== element.text) node.nodeValue = element.text!;
        return node;
    }
    for (const name in { ...was?.props, ...props }) set(node as HTMLElement, name, was?.props[name], props[name]);
    children(node, was?.kids ?? [], element.kids, inner);
    if (!was) props.ref?.(node);
    return node;
}

function set(node: any, name: string, was: unknown, value: any): void {
    if (name === "key" || name === "ref" || (was === value && name !== "value")) return;
    if (name.startsWith("on")) node[name.toLowerCase()] = value ?? null;
    else if (name === "value") {
        if (node.value !== value) node.value = value;
    } else if (value == null || (value === false && !name.includes("-"))) node.removeAttribute(name);
    else node.setAttribute(name, value === true && !name.includes("-") ? "" : value);
}
