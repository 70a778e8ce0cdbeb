# SPDX-License-Identifier: Apache-2.0
"""proto/js/frames.ts: the frames as a browser sees them."""

import json

INTRODUCTION = """\
// SPDX-License-Identifier: Apache-2.0
// Generated from proto/schema.yaml by proto/generate.py: do not edit.

/** An entry's name, "seq-mark": compare as text, never do arithmetic on it. */
export type Name = string;
"""

SCALAR_TYPES = {"str": "string", "u64": "number", "bool": "boolean", "name": "Name"}


def pascal(name):
    return "".join(word.capitalize() for word in name.split("_"))


def frame_type(frame):
    return pascal(frame.name) + "Frame"


def ts_type(field):
    base = SCALAR_TYPES.get(field.kind) or pascal(field.of)
    return base + ("[]" if field.is_list else "")


def doc_line(text, indent=""):
    return f"{indent}/** {text} */" if text else None


def members(fields):
    lines = []
    for field in fields:
        lines.append(doc_line(field.doc, "  "))
        lines.append(f"  {field.name}{'' if field.required else '?'}: {ts_type(field)};")
    return [line for line in lines if line]


def interface(name, doc, fields, first=()):
    lines = [doc_line(doc), f"export interface {name} {{", *first, *members(fields), "}"]
    return "\n".join(line for line in lines if line) + "\n"


def enum(name, values):
    words = " | ".join(json.dumps(value) for value in values)
    return f"export type {pascal(name)} = {words};\n"


def frame(item):
    planned = "Planned. " if item.planned else ""
    first = [f"  type: {json.dumps(item.name)};"]
    return interface(frame_type(item), planned + item.doc, item.fields, first)


def union(name, frames):
    lines = "\n".join(f"  | {frame_type(item)}" for item in frames)
    return f"export type {name} =\n{lines};\n"


def limits(schema):
    lines = []
    for name, value in schema.limits.items():
        lines += [doc_line(value["doc"], "  "), f"  {name}: {value['value']},"]
    return "export const limits = {\n" + "\n".join(lines) + "\n} as const;\n"


def errors(schema):
    lines = [
        f"  {code}: {{ retry: {json.dumps(value['retry'])}, close: {value['close']},"
        f" message: {json.dumps(value['message'], ensure_ascii=False)} }},"
        for code, value in schema.errors.items()
    ]
    return (
        "/** close: the WebSocket close code when the connection ends with it, else 0. */\n"
        "export const errors = {\n" + "\n".join(lines) + "\n} as const;\n"
        "export type ErrorCode = keyof typeof errors;\n"
    )


def close_codes(schema):
    lines = []
    for code, value in schema.close_codes.items():
        lines.append(doc_line(value["doc"], "  "))
        again = "true" if value["again"] else "false"
        lines.append(f"  {code}: {{ name: {json.dumps(value['name'])}, again: {again} }},")
    return (
        "/** again: whether connecting again makes sense. */\n"
        "export const closeCodes = {\n" + "\n".join(lines) + "\n} as const;\n"
    )


def module(schema):
    frames = schema.frames.values()
    parts = [INTRODUCTION, limits(schema)]
    parts += [enum(name, values) for name, values in schema.enums.items()]
    parts += [interface(pascal(o.name), o.doc, o.fields) for o in schema.objects.values()]
    parts += [frame(item) for item in frames]
    parts.append(union("ClientFrame", [f for f in frames if f.source == "client"]))
    parts.append(union("ServerFrame", [f for f in frames if f.source == "server"]))
    parts += [errors(schema), close_codes(schema)]
    return "\n".join(parts)
