# SPDX-License-Identifier: Apache-2.0
"""Each frame's example in both codecs: test vectors, and the examples of the reference.

Members stand in the order of the schema, numbers and lengths take the shortest form: exactly what
the C codec writes, so tests may compare bytes.
"""

import json

from generator.schema import SchemaError


def ordered(schema, fields, value):
    """The value with the members of its objects in the order of the schema."""
    unknown = set(value) - {field.name for field in fields}
    if unknown:
        raise SchemaError(f"an example has unknown members {sorted(unknown)}")
    known = [field for field in fields if field.name in value]
    return {field.name: ordered_value(schema, field, value[field.name]) for field in known}


def ordered_value(schema, field, value):
    if field.kind != "object":
        return value
    fields = schema.objects[field.of].fields
    if field.is_list:
        return [ordered(schema, fields, item) for item in value]
    return ordered(schema, fields, value)


def example(schema, frame):
    members = {name: value for name, value in frame.example.items() if name != "type"}
    return {"type": frame.name, **ordered(schema, frame.fields, members)}


def json_text(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def sized(count, fixed, fixed_max, heads):
    """The head of a string, list or map of that many bytes, items or members."""
    if count <= fixed_max:
        return bytes([fixed | count])
    for head, width in heads:
        if count < 1 << 8 * width:
            return bytes([head]) + count.to_bytes(width, "big")
    raise ValueError(count)


def pack_number(value):
    if value < 128:
        return bytes([value])
    return sized(value, 0, -1, [(0xCC, 1), (0xCD, 2), (0xCE, 4), (0xCF, 8)])


def pack(value):
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return pack_number(value)
    if isinstance(value, str):
        text = value.encode()
        return sized(len(text), 0xA0, 31, [(0xD9, 1), (0xDA, 2), (0xDB, 4)]) + text
    if isinstance(value, list):
        head = sized(len(value), 0x90, 15, [(0xDC, 2), (0xDD, 4)])
        return head + b"".join(pack(item) for item in value)
    head = sized(len(value), 0x80, 15, [(0xDE, 2), (0xDF, 4)])
    return head + b"".join(pack(key) + pack(item) for key, item in value.items())


def vectors(schema):
    rows = []
    for frame in schema.frames.values():
        value = example(schema, frame)
        row = {"from": frame.source, "json": json_text(value), "msgpack": pack(value).hex()}
        rows.append(json.dumps(row, ensure_ascii=False))
    return "[\n" + ",\n".join(rows) + "\n]\n"
