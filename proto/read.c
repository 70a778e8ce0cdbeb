/* SPDX-License-Identifier: Apache-2.0 */
/* Reads shapes: pass 1 checks the bytes, pass 2 (here) follows the table.
 *
 * Invariant: nothing is decoded before the whole input was scanned, except what this program has
 * stored itself: there pass 2 looks at whatever it takes. Lists are taken from the
 * scratch arena only after their count was held against the shape. Members that the shape does not
 * know are skipped; null is a value of the wrong type, not an absent one.
 */
#include "proto/base64.h"
#include "proto/cursor.h"
#include "proto/problem.h"
#include "proto/reader.h"

#include "base/check.h"
#include "base/utf8.h"

const struct proto_bounds proto_client_bounds = {
        PROTO_LIMIT_FRAME_BYTES, PROTO_LIMIT_DEPTH, PROTO_LIMIT_ELEMENTS};
const struct proto_bounds proto_trusted_bounds = {1 << 20, 10, 65536};

static const struct proto_path outermost = {.index = PROTO_NO_INDEX};

struct reader {
    enum proto_codec codec;
    char *at, *end;
    struct arena *scratch;
    struct proto_problem *problem;
    bool is_unscanned; /* the pass is the only one; msgpack */
    bool is_damaged;   /* and the input was no msgpack */
};

static bool read_members(struct reader *reader, const struct proto_path *path,
        const struct proto_shape *shape, uint64_t count, char *out);

static bool damaged(struct reader *reader)
{
    check(reader->is_unscanned);
    reader->is_damaged = true;
    return proto_problem_plain(reader->problem, PROTO_ERROR_BAD_FRAME);
}

static bool next(struct reader *reader, struct proto_token *out_token)
{
    if (reader->codec == PROTO_JSON)
        proto_json_next(&reader->at, reader->end, out_token);
    else if (!proto_msgpack_next(&reader->at, reader->end, out_token))
        return damaged(reader);
    return true;
}

static bool skip(struct reader *reader)
{
    if (reader->codec == PROTO_JSON)
        proto_json_skip(&reader->at, reader->end);
    else if (!proto_msgpack_skip(&reader->at, reader->end))
        return damaged(reader);
    return true;
}

/* left counts the members of a msgpack map; JSON sees the end itself. False as well when damaged.
 */
static bool next_member(struct reader *reader, uint64_t *left, struct slice *out_key)
{
    struct proto_token key;
    if (reader->codec == PROTO_JSON)
        return proto_json_member(&reader->at, reader->end, out_key);
    if ((*left)-- == 0)
        return false;
    if (!next(reader, &key))
        return false;
    *out_key = key.bytes;
    return key.value == PROTO_VALUE_STR || damaged(reader);
}

static bool read_str(struct reader *reader, const struct proto_path *path,
        const struct proto_field *field, const struct proto_token *token, char *out)
{
    if (token->value != PROTO_VALUE_STR)
        return proto_problem_type(reader->problem, path, field);
    if (token->bytes.len > field->max)
        return proto_problem_range(reader->problem, path, field);
    if (reader->is_unscanned && !utf8_is_valid(token->bytes))
        return proto_problem_plain(reader->problem, PROTO_ERROR_BAD_UTF8);
    memcpy(out, &token->bytes, sizeof token->bytes);
    return true;
}

/* JSON has no bytes: base64url, decoded where it lies. */
static bool read_bin(struct reader *reader, const struct proto_path *path,
        const struct proto_field *field, const struct proto_token *token, char *out)
{
    struct slice bytes = token->bytes;
    bool is_text = reader->codec == PROTO_JSON && token->value == PROTO_VALUE_STR;
    if (!is_text && token->value != PROTO_VALUE_BIN)
        return proto_problem_type(reader->problem, path, field);
    if (is_text && !proto_base64_decode((char *)bytes.bytes, &bytes.len))
        return proto_problem_type(reader->problem, path, field);
    if (bytes.len > field->max)
        return proto_problem_range(reader->problem, path, field);
    memcpy(out, &bytes, sizeof bytes);
    return true;
}

static bool read_u64(struct reader *reader, const struct proto_path *path,
        const struct proto_field *field, const struct proto_token *token, char *out)
{
    uint64_t max = field->max;
    if (reader->codec == PROTO_JSON && max > PROTO_U64_SAFE)
        max = PROTO_U64_SAFE;
    if (token->value != PROTO_VALUE_U64)
        return proto_problem_type(reader->problem, path, field);
    if (token->number > max)
        return proto_problem_range(reader->problem, path, field);
    memcpy(out, &token->number, sizeof token->number);
    return true;
}

static bool read_bool(struct reader *reader, const struct proto_path *path,
        const struct proto_field *field, const struct proto_token *token, char *out)
{
    bool value = token->number != 0;
    if (token->value != PROTO_VALUE_BOOL)
        return proto_problem_type(reader->problem, path, field);
    memcpy(out, &value, sizeof value);
    return true;
}

static bool read_name(struct reader *reader, const struct proto_path *path,
        const struct proto_field *field, const struct proto_token *token, char *out)
{
    struct name name;
    if (token->value != PROTO_VALUE_STR || !name_read(token->bytes, &name))
        return proto_problem_type(reader->problem, path, field);
    memcpy(out, &name, sizeof name);
    return true;
}

static bool read_enum(struct reader *reader, const struct proto_path *path,
        const struct proto_field *field, const struct proto_token *token, char *out)
{
    if (token->value != PROTO_VALUE_STR)
        return proto_problem_type(reader->problem, path, field);
    unsigned value = proto_enum_find(field->choices, token->bytes);
    if (value == 0)
        return proto_problem_range(reader->problem, path, field);
    memcpy(out, &value, sizeof value);
    return true;
}

static bool read_value(struct reader *reader, const struct proto_path *path,
        const struct proto_field *field, char *out)
{
    struct proto_token token;
    if (!next(reader, &token))
        return false;
    switch (field->type) {
    case PROTO_TYPE_STR:
        return read_str(reader, path, field, &token, out);
    case PROTO_TYPE_BIN:
        return read_bin(reader, path, field, &token, out);
    case PROTO_TYPE_U64:
        return read_u64(reader, path, field, &token, out);
    case PROTO_TYPE_BOOL:
        return read_bool(reader, path, field, &token, out);
    case PROTO_TYPE_NAME:
        return read_name(reader, path, field, &token, out);
    case PROTO_TYPE_ENUM:
        return read_enum(reader, path, field, &token, out);
    case PROTO_TYPE_OBJECT:
        if (token.value != PROTO_VALUE_MAP)
            return proto_problem_type(reader->problem, path, field);
        return read_members(reader, path, field->shape, token.number, out);
    }
    check_failed("a field has a type", __FILE__, __LINE__, __func__);
}

static bool read_list(struct reader *reader, const struct proto_path *path,
        const struct proto_field *field, char *out)
{
    struct proto_token token;
    if (!next(reader, &token))
        return false;
    if (token.value != PROTO_VALUE_LIST)
        return proto_problem_type(reader->problem, path, field);
    if (token.number > field->count_max)
        return proto_problem_count(reader->problem, path, field);
    size_t count = (size_t)token.number, size = proto_field_item_size(field);
    static char nothing[1]; /* so that an empty list is told from one that is absent */
    char *items = count > 0 ? arena_take(reader->scratch, count * size) : nothing;
    if (items == NULL)
        return proto_problem_plain(reader->problem, PROTO_ERROR_TOO_LARGE);
    struct proto_path item = *path;
    for (size_t i = 0; i < count; i++) {
        item.index = (long)i;
        if (!read_value(reader, &item, field, items + i * size))
            return false;
    }
    if (reader->codec == PROTO_JSON)
        proto_json_close_list(&reader->at);
    memcpy(out + field->offset, &items, sizeof items);
    memcpy(out + field->flag_offset, &count, sizeof count);
    return true;
}

static bool read_member(struct reader *reader, const struct proto_path *path,
        const struct proto_field *field, char *out)
{
    struct proto_path here = {path, field->name, PROTO_NO_INDEX};
    if (field->is_list)
        return read_list(reader, &here, field, out);
    if (!read_value(reader, &here, field, out + field->offset))
        return false;
    if (field->has_flag)
        memcpy(out + field->flag_offset, &(bool){true}, sizeof(bool));
    return true;
}

/* Members mostly come in the order of the shape: the search starts behind the last one. */
static size_t find_field(const struct proto_shape *shape, struct slice key, size_t start)
{
    for (size_t i = start; i < shape->field_count; i++)
        if (proto_key_equal(shape->fields[i].name, key))
            return i;
    for (size_t i = 0; i < start; i++)
        if (proto_key_equal(shape->fields[i].name, key))
            return i;
    return shape->field_count;
}

static bool check_required(struct reader *reader, const struct proto_path *path,
        const struct proto_shape *shape, uint64_t seen)
{
    for (size_t i = 0; i < shape->field_count; i++)
        if (shape->fields[i].is_required && (seen >> i & 1) == 0)
            return proto_problem_missing(reader->problem, path, shape->fields[i].name);
    return true;
}

static bool read_members(struct reader *reader, const struct proto_path *path,
        const struct proto_shape *shape, uint64_t count, char *out)
{
    uint64_t seen = 0;
    size_t expected = 0;
    struct slice key;
    check(shape->field_count <= PROTO_FIELDS_MAX);
    memset(out, 0, shape->size);
    while (next_member(reader, &count, &key)) {
        size_t index = find_field(shape, key, expected);
        if (index == shape->field_count) {
            if (!skip(reader))
                return false;
            continue;
        }
        if (!read_member(reader, path, &shape->fields[index], out))
            return false;
        seen |= UINT64_C(1) << index;
        expected = index + 1;
    }
    return !reader->is_damaged && check_required(reader, path, shape, seen);
}

static void clear(struct proto_problem *problem)
{
    problem->code = PROTO_ERROR_NONE;
    problem->id = SLICE_NONE;
    problem->field[0] = problem->message[0] = '\0';
}

bool proto_scan_input(const struct proto_source *source, struct proto_scan *scan,
        struct proto_problem *out_problem)
{
    check(source->bounds->depth <= PROTO_DEPTH_MAX);
    clear(out_problem);
    if (source->len > source->bounds->bytes)
        return proto_problem_plain(out_problem, PROTO_ERROR_TOO_LARGE);
    scan->at = source->bytes;
    scan->end = source->bytes + source->len;
    scan->depth_left = source->bounds->depth;
    scan->elements_left = source->bounds->elements;
    scan->member_count = 0;
    bool accepted = source->codec == PROTO_JSON ? proto_json_scan(scan) : proto_msgpack_scan(scan);
    return accepted || proto_problem_plain(out_problem, scan->code);
}

bool proto_read_scanned(const struct proto_source *source, const struct proto_shape *shape,
        void *out, struct proto_problem *out_problem)
{
    struct reader reader = {source->codec, source->bytes, source->bytes + source->len,
            source->scratch, out_problem};
    struct proto_token token = {0};
    check(next(&reader, &token));
    if (!read_members(&reader, &outermost, shape, token.number, out))
        return false;
    check(source->codec == PROTO_JSON ? reader.at <= reader.end : reader.at == reader.end);
    return true;
}

bool proto_stored_read(const struct proto_source *source, const struct proto_shape *shape,
        void *out, struct proto_problem *out_problem)
{
    struct reader reader = {PROTO_MSGPACK, source->bytes, source->bytes + source->len,
            source->scratch, out_problem, .is_unscanned = true};
    struct proto_token token;
    clear(out_problem);
    if (!next(&reader, &token))
        return false;
    if (token.value != PROTO_VALUE_MAP)
        return damaged(&reader);
    return read_members(&reader, &outermost, shape, token.number, out) &&
           (reader.at == reader.end || damaged(&reader));
}

struct slice proto_read_text(const struct proto_source *source, char *at, size_t len_max)
{
    struct reader reader = {source->codec, at, source->bytes + source->len, NULL, NULL};
    struct proto_token token;
    check(next(&reader, &token));
    bool is_text = token.value == PROTO_VALUE_STR && token.bytes.len <= len_max;
    return is_text ? token.bytes : SLICE_NONE;
}

bool proto_shape_read(const struct proto_source *source, const struct proto_shape *shape, void *out,
        struct proto_problem *out_problem)
{
    struct proto_scan scan;
    return proto_scan_input(source, &scan, out_problem) &&
           proto_read_scanned(source, shape, out, out_problem);
}
