/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML file as a tree of numbered nodes, each with its place in the file. Node 0 is "no node". */
#ifndef WEFT_CONFIG_DOCUMENT_H
#define WEFT_CONFIG_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yaml.h>

enum { DOCUMENT_SIZE_MAX = 256 * 1024 };

/* 1-based; line 0: no place. */
struct mark {
    uint32_t line, column;
};

struct document {
    yaml_document_t tree;
    bool is_open;
};

/* Reads the whole file. errors: false with a sentence and, where there is one, its place; nothing
 * to close then. */
bool document_open(
        struct document *document, const char *path, char out_why[256], struct mark *out_mark);
/* The same of a text in memory; it is not needed any more afterwards. */
bool document_parse(struct document *document, const char *bytes, size_t len, char out_why[256],
        struct mark *out_mark);
void document_close(struct document *document);

/* 0 when the file is empty. */
int document_root(struct document *document);
struct mark document_mark(struct document *document, int node);
/* For messages: "a list", "settings", … */
const char *document_kind(struct document *document, int node);
bool document_is_list(struct document *document, int node);
bool document_is_mapping(struct document *document, int node);
/* An absent node, or one with nothing after its colon. */
bool document_is_nothing(struct document *document, int node);

/* A scalar's text, borrowed from the document; NULL for a list, settings, or a NUL byte inside. */
const char *document_text(struct document *document, int node);
/* The list's node at the index; 0 past its end. */
int document_item(struct document *document, int node, size_t index);
/* The key's node of the mapping's pair at the index; 0 past its end. */
int document_pair(struct document *document, int node, size_t index, int *out_value);
/* The value of that key; 0 when there is none. */
int document_find(struct document *document, int node, const char *key);
/* The value at a path such as "redis.log" or "bots.1.name", from the root; 0 when there is none. */
int document_at(struct document *document, const char *path);

#endif
