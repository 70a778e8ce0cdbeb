# SPDX-License-Identifier: Apache-2.0
"""The writers of frequent objects and frames in frames.c: member after member, without a table."""

import json

from generator.c_header import struct_of

CODECS = ("json", "msgpack")


def writers(schema, item):
    """Both writers of one object or frame, and the list of them that its shape names."""
    functions = [writer(schema, item, codec) for codec in CODECS]
    names = ", ".join(f"{codec}_{item.name}" for codec in CODECS)
    return "\n".join(functions) + f"\nstatic proto_writer *const {item.name}_writers[] = {{{names}}};\n"


def owner_of(item):
    return struct_of(item) if hasattr(item, "source") else f"struct proto_{item.name}"


def writer(schema, item, codec):
    required = sum(field.required for field in item.fields)
    lines = [
        f"static void {codec}_{item.name}(struct proto_pen *pen, struct slice type, const void *from)",
        "{",
        f"    const {owner_of(item)} *value = from;",
        f"    char *start = proto_{codec}_open_map(pen);",
        f"    size_t count = {required} + (type.len > 0);",
        "    if (type.len > 0) {",
        *indented([key(codec, "type"), f"proto_{codec}_word(pen, type);"], 2),
        "    }",
    ]
    for field in item.fields:
        body = [key(codec, field.name), *value_of(schema, field, codec)]
        if field.required:
            lines += indented(body, 1)
        else:
            lines += [f"    if ({presence(field)}) {{", "        count++;", *indented(body, 2), "    }"]
    return "\n".join([*lines, f"    proto_{codec}_end_map(pen, start, count);", "}\n"])


def indented(lines, depth):
    return [" " * 4 * depth + line for line in lines]


def key(codec, name):
    """The key as it is spelt, as a literal."""
    if codec == "json":
        text = f',"{name}":'
        return f"proto_pen_key(pen, {json.dumps(text)}, {len(text)});"
    return f'proto_pen_key(pen, "\\x{0xA0 | len(name):x}" "{name}", {1 + len(name)});'


def presence(field):
    if field.is_list:
        return f"value->{field.name}_count > 0"
    return f"value->{field.name}.bytes != NULL" if field.kind == "str" else f"value->has_{field.name}"


def value_of(schema, field, codec):
    if not field.is_list:
        return [put(schema, field, codec, f"value->{field.name}")]
    count = f"value->{field.name}_count"
    return [
        f"char *{field.name} = proto_{codec}_open_list(pen, {count});",
        f"for (size_t i = 0; i < {count}; i++) {{",
        f"    proto_{codec}_item(pen);",
        "    " + put(schema, field, codec, f"value->{field.name}[i]"),
        "}",
        f"proto_{codec}_end_list(pen, {field.name}, {count});",
    ]


def put(schema, field, codec, value):
    if field.kind == "object" and schema.objects[field.of].often:
        return f"{codec}_{field.of}(pen, SLICE_NONE, &{value});"
    if field.kind == "object":
        return f"proto_write_object(PROTO_{codec.upper()}, pen, &proto_{field.of}_shape, SLICE_NONE, &{value});"
    if field.kind == "enum":
        return f"proto_{codec}_word(pen, proto_word_of(&proto_{field.of}_words, {value}));"
    verb = {"str": "text"}.get(field.kind, field.kind)
    return f"proto_{codec}_{verb}(pen, {'&' if field.kind == 'name' else ''}{value});"
