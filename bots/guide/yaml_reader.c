/* SPDX-License-Identifier: Apache-2.0 */
/* From a YAML document to structs.
 *
 * Invariant: the first problem is kept, with its line, and after it nothing more is read: one wrong
 * line gives one message. Nothing is guessed: an unknown member is an error, since it is nearly
 * always a slip of the pen whose author believes that it works.
 */
#include "bots/guide/yaml_reader.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct yaml_reader {
    yaml_document_t document;
    const char *name;
    struct arena *arena;
    char *problem;
    size_t problem_size;
    bool has_failed;
};

static yaml_node_t *node_of(struct yaml_reader *reader, int node)
{
    yaml_node_t *found = yaml_document_get_node(&reader->document, node);
    check(found != NULL);
    return found;
}

bool yaml_has_failed(const struct yaml_reader *reader)
{
    return reader->has_failed;
}

static void fail_at(struct yaml_reader *reader, size_t line, const char *sentence)
{
    if (!reader->has_failed)
        snprintf(reader->problem, reader->problem_size, "%s:%zu: %s", reader->name, line, sentence);
    reader->has_failed = true;
}

void yaml_fail(struct yaml_reader *reader, int node, const char *format, ...)
{
    char sentence[240];
    va_list values;
    va_start(values, format);
    vsnprintf(sentence, sizeof sentence, format, values);
    va_end(values);
    fail_at(reader, node_of(reader, node)->start_mark.line + 1, sentence);
}

void *yaml_take(struct yaml_reader *reader, int node, size_t size)
{
    void *taken = arena_take(reader->arena, size);
    if (taken == NULL)
        yaml_fail(reader, node, "the file holds too much");
    return taken;
}

const char *yaml_text(struct yaml_reader *reader, int node)
{
    const yaml_node_t *found = node_of(reader, node);
    if (found->type != YAML_SCALAR_NODE || found->data.scalar.length == 0) {
        yaml_fail(reader, node, "a text is expected here");
        return NULL;
    }
    char *text = yaml_take(reader, node, found->data.scalar.length + 1);
    if (text != NULL)
        memcpy(text, found->data.scalar.value, found->data.scalar.length);
    return text;
}

bool yaml_is_list(struct yaml_reader *reader, int node)
{
    return node_of(reader, node)->type == YAML_SEQUENCE_NODE;
}

bool yaml_is_mapping(struct yaml_reader *reader, int node)
{
    return node_of(reader, node)->type == YAML_MAPPING_NODE;
}

size_t yaml_count(struct yaml_reader *reader, int node)
{
    const yaml_node_t *found = node_of(reader, node);
    if (found->type == YAML_SEQUENCE_NODE)
        return (size_t)(found->data.sequence.items.top - found->data.sequence.items.start);
    if (found->type == YAML_MAPPING_NODE)
        return (size_t)(found->data.mapping.pairs.top - found->data.mapping.pairs.start);
    return 0;
}

int yaml_item(struct yaml_reader *reader, int list, size_t i)
{
    return node_of(reader, list)->data.sequence.items.start[i];
}

const char *yaml_key(struct yaml_reader *reader, int mapping, size_t i)
{
    int key = node_of(reader, mapping)->data.mapping.pairs.start[i].key;
    const yaml_node_t *found = node_of(reader, key);
    return found->type == YAML_SCALAR_NODE ? (const char *)found->data.scalar.value : "?";
}

int yaml_value(struct yaml_reader *reader, int mapping, size_t i)
{
    return node_of(reader, mapping)->data.mapping.pairs.start[i].value;
}

static size_t find_member(const struct yaml_member *members, size_t count, const char *key)
{
    size_t i = 0;
    while (i < count && strcmp(members[i].key, key) != 0)
        i++;
    return i;
}

static void tell_missing(struct yaml_reader *reader, int node, const char *what,
        const struct yaml_member *members, size_t count, uint64_t seen)
{
    for (size_t i = 0; i < count; i++)
        if (members[i].is_required && !(seen >> i & 1))
            yaml_fail(reader, node, "%s needs \"%s\"", what, members[i].key);
}

void yaml_read_members(struct yaml_reader *reader, int node, const char *what,
        const struct yaml_member *members, size_t count, void *target)
{
    uint64_t seen = 0;
    if (!yaml_is_mapping(reader, node)) {
        yaml_fail(reader, node, "%s is written as \"name: value\" lines", what);
        return;
    }
    for (size_t i = 0; i < yaml_count(reader, node) && !reader->has_failed; i++) {
        const char *key = yaml_key(reader, node, i);
        int value = yaml_value(reader, node, i);
        size_t member = find_member(members, count, key);
        if (member == count)
            yaml_fail(reader, value, "%s has no \"%s\"", what, key);
        else if (seen >> member & 1)
            yaml_fail(reader, value, "\"%s\" is there twice", key);
        else
            members[member].read(reader, value, (char *)target + members[member].offset);
        if (member < count)
            seen |= UINT64_C(1) << member;
    }
    tell_missing(reader, node, what, members, count, seen);
}

static bool load(struct yaml_reader *reader, struct slice yaml)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return false;
    yaml_parser_set_input_string(&parser, (const unsigned char *)yaml.bytes, yaml.len);
    bool is_loaded = yaml_parser_load(&parser, &reader->document);
    if (!is_loaded)
        fail_at(reader, parser.problem_mark.line + 1,
                parser.problem ? parser.problem : "this is not YAML");
    yaml_parser_delete(&parser);
    return is_loaded;
}

bool yaml_read_root(struct slice yaml, const char *name, struct arena *arena, yaml_read_fn *read,
        void *target, char *problem, size_t problem_size)
{
    struct yaml_reader reader = {
            .name = name, .arena = arena, .problem = problem, .problem_size = problem_size};
    if (!load(&reader, yaml))
        return false;
    if (yaml_document_get_root_node(&reader.document) == NULL)
        fail_at(&reader, 1, "the file is empty");
    else
        read(&reader, 1, target);
    yaml_document_delete(&reader.document);
    return !reader.has_failed;
}
