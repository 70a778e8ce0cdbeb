/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that knows libyaml: a bounded file becomes a tree, a fault becomes a sentence.
 *
 * Invariant: a document is open exactly when document_open said so, and it has one root at most.
 * Aliases cost nothing: libyaml keeps them as a node's number, and the reader follows rows of a
 * table, never the file's own nesting.
 */
#include "config/document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_MAX = 256, SEGMENT_MAX = 64 };

static char *read_file(const char *path, size_t *out_len, char why[WHY_MAX])
{
    FILE *file = fopen(path, "re");
    char *bytes = file ? malloc(DOCUMENT_SIZE_MAX + 1) : NULL;
    size_t len = bytes ? fread(bytes, 1, DOCUMENT_SIZE_MAX + 1, file) : 0;
    bool is_read = bytes != NULL && !ferror(file);
    if (!is_read)
        snprintf(why, WHY_MAX, "the file cannot be read: %s", strerror(errno));
    else if (len > DOCUMENT_SIZE_MAX)
        snprintf(why, WHY_MAX, "the file is too large: at most %d bytes", DOCUMENT_SIZE_MAX);
    if (file != NULL)
        fclose(file);
    if (!is_read || len > DOCUMENT_SIZE_MAX) {
        free(bytes);
        return NULL;
    }
    *out_len = len;
    return bytes;
}

static struct mark mark_of(yaml_mark_t mark)
{
    return (struct mark){(uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

/* libyaml gives bytes that are no text by their offset only. */
static struct mark mark_of_offset(const char *bytes, size_t offset)
{
    struct mark mark = {1, 1};
    for (size_t i = 0; i < offset; i++) {
        mark.line += bytes[i] == '\n';
        mark.column = bytes[i] == '\n' ? 1 : mark.column + 1;
    }
    return mark;
}

static void explain(const yaml_parser_t *parser, const char *bytes, size_t len, char why[WHY_MAX],
        struct mark *out_mark)
{
    bool is_text = parser->error != YAML_READER_ERROR;
    size_t offset = parser->problem_offset < len ? parser->problem_offset : len;
    *out_mark = is_text ? mark_of(parser->problem_mark) : mark_of_offset(bytes, offset);
    snprintf(why, WHY_MAX, "this is not YAML: %s", parser->problem ? parser->problem : "no memory");
}

/* Loads one document and makes sure that no second one follows. */
static bool load(yaml_parser_t *parser, struct document *document, char why[WHY_MAX],
        struct mark *out_mark, bool *out_is_refused)
{
    yaml_document_t second;
    if (!yaml_parser_load(parser, &document->tree))
        return false;
    if (yaml_document_get_root_node(&document->tree) == NULL)
        return true;
    bool is_loaded = yaml_parser_load(parser, &second);
    if (is_loaded && yaml_document_get_root_node(&second) != NULL) {
        *out_mark = mark_of(second.start_mark);
        snprintf(why, WHY_MAX, "a second document starts here; the file must hold one");
        *out_is_refused = true;
    }
    if (is_loaded)
        yaml_document_delete(&second);
    if (!is_loaded || *out_is_refused)
        yaml_document_delete(&document->tree);
    return is_loaded && !*out_is_refused;
}

bool document_parse(struct document *document, const char *bytes, size_t len, char out_why[256],
        struct mark *out_mark)
{
    yaml_parser_t parser;
    bool is_refused = false;
    *document = (struct document){0};
    *out_mark = (struct mark){0};
    if (!yaml_parser_initialize(&parser)) {
        snprintf(out_why, WHY_MAX, "no memory");
        return false;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
    document->is_open = load(&parser, document, out_why, out_mark, &is_refused);
    if (!document->is_open && !is_refused)
        explain(&parser, bytes, len, out_why, out_mark);
    yaml_parser_delete(&parser);
    return document->is_open;
}

bool document_open(
        struct document *document, const char *path, char out_why[256], struct mark *out_mark)
{
    size_t len = 0;
    char *bytes = read_file(path, &len, out_why);
    *document = (struct document){0};
    *out_mark = (struct mark){0};
    bool is_open = bytes != NULL && document_parse(document, bytes, len, out_why, out_mark);
    free(bytes);
    return is_open;
}

void document_close(struct document *document)
{
    if (document->is_open)
        yaml_document_delete(&document->tree);
    document->is_open = false;
}

static yaml_node_t *node_of(struct document *document, int node)
{
    return node == 0 ? NULL : yaml_document_get_node(&document->tree, node);
}

int document_root(struct document *document)
{
    return yaml_document_get_root_node(&document->tree) == NULL ? 0 : 1;
}

struct mark document_mark(struct document *document, int node)
{
    yaml_node_t *found = node_of(document, node);
    return found == NULL ? (struct mark){0} : mark_of(found->start_mark);
}

bool document_is_list(struct document *document, int node)
{
    yaml_node_t *found = node_of(document, node);
    return found != NULL && found->type == YAML_SEQUENCE_NODE;
}

bool document_is_mapping(struct document *document, int node)
{
    yaml_node_t *found = node_of(document, node);
    return found != NULL && found->type == YAML_MAPPING_NODE;
}

bool document_is_nothing(struct document *document, int node)
{
    yaml_node_t *found = node_of(document, node);
    return found == NULL || (found->type == YAML_SCALAR_NODE && found->data.scalar.length == 0 &&
                                    found->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
}

const char *document_kind(struct document *document, int node)
{
    if (document_is_nothing(document, node))
        return "nothing";
    if (document_is_list(document, node))
        return "a list";
    if (document_is_mapping(document, node))
        return "settings";
    return document_text(document, node) ? "a text" : "a text with a NUL";
}

const char *document_text(struct document *document, int node)
{
    yaml_node_t *found = node_of(document, node);
    if (found == NULL || found->type != YAML_SCALAR_NODE)
        return NULL;
    const char *text = (const char *)found->data.scalar.value;
    return strlen(text) == found->data.scalar.length ? text : NULL;
}

int document_item(struct document *document, int node, size_t index)
{
    yaml_node_t *found = node_of(document, node);
    if (found == NULL || found->type != YAML_SEQUENCE_NODE)
        return 0;
    size_t count = (size_t)(found->data.sequence.items.top - found->data.sequence.items.start);
    return index < count ? found->data.sequence.items.start[index] : 0;
}

int document_pair(struct document *document, int node, size_t index, int *out_value)
{
    yaml_node_t *found = node_of(document, node);
    if (found == NULL || found->type != YAML_MAPPING_NODE)
        return 0;
    size_t count = (size_t)(found->data.mapping.pairs.top - found->data.mapping.pairs.start);
    if (index >= count)
        return 0;
    *out_value = found->data.mapping.pairs.start[index].value;
    return found->data.mapping.pairs.start[index].key;
}

int document_find(struct document *document, int node, const char *key)
{
    int value = 0;
    for (size_t i = 0;; i++) {
        int name = document_pair(document, node, i, &value);
        const char *text = document_text(document, name);
        if (name == 0 || (text != NULL && strcmp(text, key) == 0))
            return name == 0 ? 0 : value;
    }
}

int document_at(struct document *document, const char *path)
{
    int node = document_root(document);
    while (node != 0 && *path != '\0') {
        char segment[SEGMENT_MAX];
        size_t len = strcspn(path, ".");
        snprintf(segment, sizeof segment, "%.*s", (int)len, path);
        node = document_is_list(document, node)
                       ? document_item(document, node, strtoul(segment, NULL, 10))
                       : document_find(document, node, segment);
        path += len + (path[len] == '.');
    }
    return node;
}
