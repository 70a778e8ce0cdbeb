# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/reference/protocol.md, between their markers; the prose around them stays."""

from generator import examples
from generator.schema import SchemaError

SCALAR_NAMES = {"str": "text", "u64": "number", "bool": "bool", "name": "name"}
END = "<!-- /generated -->"


def fill(text, schema):
    """The text with each marker section replaced. A new file gets all sections."""
    text = text or skeleton()
    for name, make in SECTIONS.items():
        start = f"<!-- generated:{name} -->\n"
        before, found, rest = text.partition(start)
        _, closed, after = rest.partition(END)
        if not found or not closed:
            raise SchemaError(f"docs/reference/protocol.md needs a section generated:{name}")
        text = before + start + "\n" + make(schema) + "\n" + END + after
    return text


def skeleton():
    parts = ["# The wire protocol, version 1\n"]
    for name, title in TITLES.items():
        marker = f"<!-- generated:{name} -->\n{END}\n"
        parts.append(f"## {title}\n\n{marker}")
    return "\n".join(parts)


def cell(text):
    return str(text).replace("|", "\\|")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def code(text):
    return f"`{text}`"


def type_text(field):
    base = SCALAR_NAMES.get(field.kind)
    if base is None:
        kind = "enum" if field.kind == "enum" else "object"
        base = f"[{field.of}](#{kind}-{field.of})"
    return f"list of {base}" if field.is_list else base


def max_text(field):
    if field.is_list:
        each = f", each {field.item_max} bytes" if field.item_max else ""
        return f"{field.max} elements{each}"
    if field.max is None:
        return ""
    return f"{field.max} bytes" if field.kind == "str" else str(field.max)


def field_table(fields):
    rows = [
        (code(f.name), type_text(f), max_text(f), "yes" if f.required else "", f.doc)
        for f in fields
    ]
    return table(("field", "type", "at most", "required", ""), rows)


def sources(frame):
    return ", ".join(frame.roles) if frame.source == "client" else "the server"


def frame_index(schema):
    rows = [
        (
            f"[{f.name}](#{f.name})",
            sources(f),
            f"[{f.answer}](#{f.answer})" if f.answer else "",
            "planned" if f.planned else "",
        )
        for f in schema.frames.values()
    ]
    return table(("frame", "from", "answered by", ""), rows)


def frame_section(schema, frame):
    lines = [f"### {frame.name}", "", frame.doc, ""]
    if frame.planned:
        lines += ["**Planned:** the frame is read, and refused with `unsupported`.", ""]
    answer = f" Answered by [{frame.answer}](#{frame.answer})." if frame.answer else ""
    lines += [f"From {sources(frame)}.{answer}", "", field_table(frame.fields)]
    example = examples.json_text(examples.example(schema, frame))
    return "\n".join(lines + ["```json", example, "```", ""])


def frames(schema):
    sections = [frame_section(schema, frame) for frame in schema.frames.values()]
    return frame_index(schema) + "\n" + "\n".join(sections)


def objects(schema):
    sections = [
        f"### Object {item.name}\n\n{item.doc}\n\n{field_table(item.fields)}"
        for item in schema.objects.values()
    ]
    return "\n".join(sections)


def enums(schema):
    sections = []
    for name, values in schema.enums.items():
        rows = [(code(value), doc) for value, doc in values.items()]
        sections.append(f"### Enum {name}\n\n{table(('value', 'meaning'), rows)}")
    return "\n".join(sections)


def limits(schema):
    rows = [(code(name), value["value"], value["doc"]) for name, value in schema.limits.items()]
    return table(("limit", "value", "of"), rows)


def errors(schema):
    rows = [
        (code(name), value["retry"], value["close"] or "", value["message"])
        for name, value in schema.errors.items()
    ]
    return table(("code", "retry", "closes with", "message"), rows)


def close_codes(schema):
    rows = [
        (number, code(value["name"]), "yes" if value["again"] else "no", value["doc"])
        for number, value in schema.close_codes.items()
    ]
    return table(("code", "name", "connect again", "meaning"), rows)


SECTIONS = {
    "limits": limits,
    "frames": frames,
    "objects": objects,
    "enums": enums,
    "errors": errors,
    "close_codes": close_codes,
}
TITLES = {
    "limits": "Limits",
    "frames": "Frames",
    "objects": "Objects",
    "enums": "Enums",
    "errors": "Errors",
    "close_codes": "Close codes",
}
