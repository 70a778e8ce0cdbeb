# SPDX-License-Identifier: Apache-2.0
"""frames.c: the shapes, and the tables of enums, kinds and errors."""

import json

from generator.c_header import c_type, struct_of
from generator.c_writers import writers

INTRODUCTION = """\
/* SPDX-License-Identifier: Apache-2.0 */
/* Generated from proto/schema.yaml by proto/generate.py: do not edit. */
#include "proto/pen.h"

#define WORD(text) {text, sizeof text - 1}
"""


def source(schema):
    parts = [INTRODUCTION]
    parts += [words(name, values) for name, values in schema.enums.items()]
    for item in schema.objects.values():
        parts += shapes(schema, item, f"struct proto_{item.name}")
    for frame in schema.frames.values():
        if not frame.same_as:
            parts += shapes(schema, frame, struct_of(frame))
    parts.append(kind_table(schema))
    parts.append(error_table(schema))
    parts.append(FUNCTIONS)
    return "\n".join(parts)


def c_string(text):
    return json.dumps(text, ensure_ascii=False)


def words(name, values):
    lines = [f"    WORD({c_string(value)})," for value in values]
    table = f"static const struct slice {name}_words[] = {{\n" + "\n".join(lines) + "\n};\n"
    return table + f"const struct proto_enum proto_{name}_words = {{{name}_words, {len(values)}}};\n"


def field_row(owner, field):
    """One row of a shape, as a person would write it with the macros of shape.h."""
    presence = "REQUIRED" if field.required else "OPTIONAL"
    macro = "PROTO_" + field.kind.upper() + ("_LIST" if field.is_list else "")
    arguments = [owner, field.name, presence]
    if field.is_list:
        arguments.append(str(field.max))
    if field.kind == "str":
        arguments.append(str(field.item_max if field.is_list else field.max))
    elif field.kind == "u64":
        arguments.append("PROTO_U64_SAFE" if field.max is None or field.is_list else str(field.max))
    elif field.kind == "enum":
        arguments += [c_type(field), f"&proto_{field.of}_words"]
    elif field.kind == "object":
        arguments += [c_type(field), f"&proto_{field.of}_shape"]
    return f"    {macro}({', '.join(arguments)}),"


def shapes(schema, item, owner):
    """The item's shape, behind its own writers if it is frequent."""
    rows = "\n".join(field_row(owner, field) for field in item.fields)
    table = f"static const struct proto_field {item.name}_fields[] = {{\n{rows}\n}};\n"
    macro, more = ("PROTO_SHAPE_WITH", f", {item.name}_writers") if item.often else ("PROTO_SHAPE", "")
    made = f"const struct proto_shape proto_{item.name}_shape = {macro}({owner}, {item.name}_fields{more});\n"
    return [writers(schema, item), table + made] if item.often else [table + made]


def kind_table(schema):
    rows = []
    for frame in schema.frames.values():
        roles = " | ".join(f"1u << PROTO_ROLE_{role.upper()}" for role in frame.roles) or "0"
        values = [
            f"WORD({c_string(frame.name)})",
            f"&proto_{frame.same_as or frame.name}_shape",
            "true" if frame.source == "client" else "false",
            "true" if frame.planned else "false",
            roles,
            f"PROTO_KIND_{frame.answer.upper()}" if frame.answer else "0",
        ]
        rows.append(f"    [PROTO_KIND_{frame.name.upper()}] = {{{', '.join(values)}}},")
    return "static const struct proto_kind_info kinds[] = {\n" + "\n".join(rows) + "\n};\n"


def error_table(schema):
    rows = []
    for code, value in schema.errors.items():
        values = [
            f"WORD({c_string(code)})",
            f"WORD({c_string(value['message'])})",
            f"PROTO_RETRY_{value['retry'].upper()}",
            str(value["close"]),
        ]
        rows.append(f"    [PROTO_ERROR_{code.upper()}] = {{{', '.join(values)}}},")
    return "static const struct proto_error_info errors[] = {\n" + "\n".join(rows) + "\n};\n"


FUNCTIONS = """\
const struct proto_kind_info *proto_kind_info(enum proto_kind kind)
{
    check(kind >= 1 && (unsigned)kind <= PROTO_KIND_COUNT);
    return &kinds[kind];
}

enum proto_kind proto_kind_find(struct slice name)
{
    for (unsigned kind = 1; kind <= PROTO_KIND_COUNT; kind++)
        if (slice_equal(kinds[kind].name, name))
            return (enum proto_kind)kind;
    return (enum proto_kind)0;
}

const struct proto_error_info *proto_error_info(enum proto_error_code code)
{
    check(code >= 1 && code < sizeof errors / sizeof *errors);
    return &errors[code];
}

enum proto_error_code proto_error_find(struct slice code)
{
    for (unsigned i = 1; i < sizeof errors / sizeof *errors; i++)
        if (slice_equal(errors[i].code, code))
            return (enum proto_error_code)i;
    return PROTO_ERROR_NONE;
}
"""
