# SPDX-License-Identifier: Apache-2.0
"""Loads proto/schema.yaml into plain classes and refuses what the generators could not express.

Everything that is derived from the schema starts here, so that C, TypeScript and the reference
cannot disagree about what a field is.
"""

from dataclasses import dataclass, field
import re

import yaml

SCALARS = ("str", "u64", "bool", "name")


class SchemaError(Exception):
    pass


@dataclass
class Field:
    name: str
    kind: str  # str, u64, bool, name, enum, object
    of: str = ""  # the enum's or object's name
    is_list: bool = False
    max: int | None = None  # str: bytes; u64: value; list: elements
    item_max: int | None = None  # list of str: bytes of each
    required: bool = False
    doc: str = ""


@dataclass
class Object:
    name: str
    doc: str
    fields: list[Field]
    often: bool = False


@dataclass
class Frame:
    name: str
    doc: str
    fields: list[Field]
    source: str  # client, server
    example: dict
    roles: list[str] = field(default_factory=list)
    planned: bool = False
    answer: str = ""
    same_as: str = ""  # the object whose fields these are
    often: bool = False


@dataclass
class Schema:
    limits: dict
    enums: dict
    objects: dict
    frames: dict
    errors: dict
    close_codes: dict


def load(path):
    with open(path, encoding="utf-8") as file:
        raw = yaml.safe_load(file)
    objects = {name: read_object(name, value) for name, value in raw["objects"].items()}
    owners = {id(value["fields"]): name for name, value in raw["objects"].items()}
    frames = {name: read_frame(name, value, owners) for name, value in raw["frames"].items()}
    check_keys("limit", raw["limits"], {"value", "doc"})
    check_keys("error", raw["errors"], {"retry", "close", "message"})
    check_keys("close code", raw["close_codes"], {"name", "again", "doc"})
    schema = Schema(raw["limits"], raw["enums"], objects, frames, raw["errors"], raw["close_codes"])
    check(schema)
    return schema


def check_keys(what, table, keys):
    """An unquoted comma in a flow mapping makes a new key: it is caught here."""
    for name, value in table.items():
        if set(value) != keys:
            raise SchemaError(f"{what} {name}: has {sorted(value)}, not {sorted(keys)}")


def refuse_unknown(where, raw, known):
    if set(raw) - known:
        raise SchemaError(f"{where}: unknown keys {sorted(set(raw) - known)}")


def read_object(name, raw):
    refuse_unknown(name, raw, {"doc", "often", "fields"})
    return Object(name, raw["doc"], read_fields(name, raw["fields"]), raw.get("often", False))


def read_frame(name, raw, owners):
    refuse_unknown(name, raw, {"from", "roles", "planned", "doc", "answer", "often", "fields", "example"})
    return Frame(
        name=name,
        doc=" ".join(raw["doc"].split()),
        fields=read_fields(name, raw["fields"]),
        source=raw["from"],
        example=raw["example"],
        roles=raw.get("roles", []),
        planned=raw.get("planned", False),
        answer=raw.get("answer", ""),
        same_as=owners.get(id(raw["fields"]), ""),
        often=raw.get("often", False),
    )


def read_fields(owner, raw):
    return [read_field(owner, name, value) for name, value in raw.items()]


def read_field(owner, name, raw):
    refuse_unknown(f"{owner}.{name}", raw, {"type", "max", "item_max", "required", "doc"})
    words = raw["type"].split()
    is_list = words[0] == "list"
    if is_list:
        words = words[1:] if words[1] in SCALARS else ["object"] + words[1:]
    return Field(
        name=name,
        kind=words[0],
        of=words[1] if len(words) > 1 else "",
        is_list=is_list,
        max=raw.get("max"),
        item_max=raw.get("item_max"),
        required=raw.get("required", False),
        doc=raw.get("doc", ""),
    )


def check(schema):
    clash = set(schema.objects) & set(schema.frames)
    clash |= set(schema.enums) & (set(schema.frames) | set(schema.objects))
    if clash:
        raise SchemaError(f"used twice as the name of an enum, object or frame: {sorted(clash)}")
    known = set()
    for item in schema.objects.values():
        check_fields(schema, item.name, item.fields, known)
        known.add(item.name)
    for frame in schema.frames.values():
        check_fields(schema, frame.name, frame.fields, known)
        check_frame(schema, frame)


def check_fields(schema, owner, fields, known_objects):
    for item in fields:
        where = f"{owner}.{item.name}"
        is_frame_type = item.name == "type" and owner in schema.frames
        if not re.fullmatch(r"[a-z][a-z0-9_]*", item.name) or is_frame_type:
            raise SchemaError(f"{where}: not a usable name")
        if item.kind not in SCALARS + ("enum", "object"):
            raise SchemaError(f"{where}: unknown type {item.kind}")
        if item.kind == "enum" and item.of not in schema.enums:
            raise SchemaError(f"{where}: there is no enum {item.of}")
        if item.kind == "object" and item.of not in known_objects:
            raise SchemaError(f"{where}: there is no object {item.of} above")
        if (item.kind == "str" or item.is_list) and item.max is None:
            raise SchemaError(f"{where}: needs a max")
        if item.is_list and item.kind == "str" and item.item_max is None:
            raise SchemaError(f"{where}: needs an item_max")


def check_frame(schema, frame):
    if frame.source not in ("client", "server"):
        raise SchemaError(f"frame {frame.name}: from is client or server")
    if frame.example.get("type") != frame.name:
        raise SchemaError(f"frame {frame.name}: the example is of another type")
    missing = [f.name for f in frame.fields if f.required and f.name not in frame.example]
    if missing:
        raise SchemaError(f"frame {frame.name}: the example misses {missing}")
    unknown = set(frame.example) - {f.name for f in frame.fields} - {"type"}
    if unknown:
        raise SchemaError(f"frame {frame.name}: the example has unknown {sorted(unknown)}")
    if frame.answer and frame.answer not in schema.frames:
        raise SchemaError(f"frame {frame.name}: there is no answer {frame.answer}")
    for role in frame.roles:
        if role not in schema.enums["role"]:
            raise SchemaError(f"frame {frame.name}: there is no role {role}")
