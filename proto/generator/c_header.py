# SPDX-License-Identifier: Apache-2.0
"""frames.h: enums, structs and the declarations of the tables."""

INTRODUCTION = """\
/* SPDX-License-Identifier: Apache-2.0 */
/* Generated from proto/schema.yaml by proto/generate.py: do not edit.
 *
 * A slice that is absent has bytes NULL; a list that is absent has count 0; every other optional
 * member has a has_<member>. Enums count from 1: 0 is "not set", and is never written.
 */
#ifndef WEFT_PROTO_FRAMES_H
#define WEFT_PROTO_FRAMES_H

#include "proto/shape.h"
"""

SCALAR_TYPES = {"str": "struct slice", "u64": "uint64_t", "bool": "bool", "name": "struct name"}


def c_type(field):
    if field.kind == "enum":
        return f"enum proto_{field.of}"
    if field.kind == "object":
        return f"struct proto_{field.of}"
    return SCALAR_TYPES[field.kind]


def struct_of(frame):
    """The struct of a frame; one that has an object's fields uses the object's struct."""
    return f"struct proto_{frame.same_as or frame.name}"


def comment(text, indent=""):
    """One comment, wrapped at 100 columns."""
    lines, line = [], indent + "/*"
    for word in text.replace("*/", "* /").split():
        if len(line) + 1 + len(word) > 96:
            lines.append(line)
            line = indent + " *"
        line += " " + word
    return "\n".join(lines + [line + " */"])


def header(schema):
    parts = [INTRODUCTION]
    parts.append(limits(schema))
    parts += [enum(name, values) for name, values in schema.enums.items()]
    parts.append(error_codes(schema))
    parts.append(close_codes(schema))
    parts += [struct(f"struct proto_{o.name}", o.doc, o.fields) for o in schema.objects.values()]
    parts += [frame_struct(f) for f in schema.frames.values() if not f.same_as]
    parts.append(kinds(schema))
    parts.append(union(schema))
    parts.append(shapes(schema))
    parts.append(TABLES)
    return "\n".join(parts) + "\n#endif\n"


def limits(schema):
    lines = [
        f"    PROTO_LIMIT_{name.upper()} = {value['value']}, /* {value['doc']} */"
        for name, value in schema.limits.items()
    ]
    return "enum {\n" + "\n".join(lines) + "\n};\n"


def enum(name, values):
    lines = []
    for index, (value, doc) in enumerate(values.items()):
        start = " = 1" if index == 0 else ""
        lines.append(f"    PROTO_{name.upper()}_{value.upper()}{start}, /* {doc} */")
    return f"enum proto_{name} {{\n" + "\n".join(lines) + "\n};\n"


def error_codes(schema):
    lines = [f"    PROTO_ERROR_{code.upper()}," for code in schema.errors]
    return "enum proto_error_code {\n    PROTO_ERROR_NONE,\n" + "\n".join(lines) + "\n};\n"


def close_codes(schema):
    lines = [
        f"    PROTO_CLOSE_{value['name'].upper()} = {code}, /* {value['doc']} */"
        for code, value in schema.close_codes.items()
    ]
    return "enum proto_close_code {\n" + "\n".join(lines) + "\n};\n"


def member(field):
    if field.is_list:
        return [f"const {c_type(field)} *{field.name};", f"size_t {field.name}_count;"]
    declaration = f"{c_type(field)} {field.name};"
    if field.required or field.kind == "str":
        return [declaration]
    return [f"bool has_{field.name};", declaration]


def remark(field):
    words = ["required" if field.required else "", field.doc]
    return ": ".join(word for word in words if word)


def struct(tag, doc, fields):
    lines = [comment(doc), f"{tag} {{"]
    for field in fields:
        declaration = "    " + " ".join(member(field))
        note = f" /* {remark(field)} */" if remark(field) else ""
        if len(declaration + note) > 100:
            lines.append(comment(remark(field), "    "))
            note = ""
        lines.append(declaration + note)
    return "\n".join(lines + ["};\n"])


def frame_struct(frame):
    source = " and ".join(f"{role}s" for role in frame.roles) or "the server"
    planned = " (planned)" if frame.planned else ""
    return struct(struct_of(frame), f"From {source}{planned}. {frame.doc}", frame.fields)


def kinds(schema):
    lines = []
    for index, name in enumerate(schema.frames):
        lines.append(f"    PROTO_KIND_{name.upper()}{' = 1' if index == 0 else ''},")
    count = f"enum {{ PROTO_KIND_COUNT = {len(schema.frames)} }};"
    return "enum proto_kind {\n" + "\n".join(lines) + "\n};\n" + count + "\n"


def union(schema):
    lines = ["struct proto_frame {", "    enum proto_kind kind;", "    union {"]
    lines += [f"        {struct_of(f)} {f.name};" for f in schema.frames.values()]
    return "\n".join(lines + ["    } as;", "};\n"])


def shapes(schema):
    lines = [f"extern const struct proto_enum proto_{name}_words;" for name in schema.enums]
    lines += [f"extern const struct proto_shape proto_{name}_shape;" for name in schema.objects]
    own = [f for f in schema.frames.values() if not f.same_as]
    lines += [f"extern const struct proto_shape proto_{f.name}_shape;" for f in own]
    return "\n".join(lines) + "\n"


TABLES = """\
struct proto_kind_info {
    struct slice name;
    const struct proto_shape *shape;
    bool from_client, is_planned;
    unsigned roles;         /* a bit 1u << enum proto_role for each role that may send it */
    enum proto_kind answer; /* 0 when it is not answered */
};

/* What the schema says of a kind of frame. */
const struct proto_kind_info *proto_kind_info(enum proto_kind kind);
/* 0 when there is no frame of this name. */
enum proto_kind proto_kind_find(struct slice name);

struct proto_error_info {
    struct slice code, message;
    enum proto_retry retry;
    unsigned close; /* the WebSocket close code when the connection ends with it, else 0 */
};

/* What the schema says of an error; code is not PROTO_ERROR_NONE. */
const struct proto_error_info *proto_error_info(enum proto_error_code code);
/* PROTO_ERROR_NONE when there is no such code: a newer peer's. */
enum proto_error_code proto_error_find(struct slice code);
"""
