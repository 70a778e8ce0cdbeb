/* SPDX-License-Identifier: Apache-2.0 */
/* Reads frames in one pass, if they are spelled as programs spell them: `type` first, then the
 * members in the order of the shape, none that is not known; JSON without a space between them.
 *
 * Invariant: what it takes, the two passes take as well, and as the same; whatever it does not
 * take it leaves to them, from the beginning: it changes no byte of the input, and never says what
 * is wrong with it. Each byte is looked at once, but those of texts that have escapes.
 */
#include "proto/cursor.h"
#include "proto/json_text.h"
#include "proto/reader.h"

#include "base/utf8.h"

struct straight {
    enum proto_codec codec;
    char *at, *end;
    size_t depth_left, elements_left;
    struct arena *scratch;
};

/* A map or list that is open. */
struct opened {
    uint64_t count; /* msgpack: members or items that it announced */
    uint64_t taken;
};

static bool take_value(struct straight *straight, const struct proto_field *field, char *out);

static bool take_one(size_t *left)
{
    if (*left == 0)
        return false;
    --*left;
    return true;
}

static size_t left_of(const struct straight *straight)
{
    return (size_t)(straight->end - straight->at);
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

static bool take(struct straight *straight, char wanted)
{
    bool is_next = straight->at < straight->end && *straight->at == wanted;
    straight->at += is_next;
    return is_next;
}

static bool take_word(struct straight *straight, struct slice word)
{
    if (left_of(straight) < word.len || !proto_texts_equal(straight->at, word.bytes, word.len))
        return false;
    straight->at += word.len;
    return true;
}

/* What has escapes is decoded in the scratch. */
static bool take_json_text(struct straight *straight, struct slice *out_text)
{
    bool has_escapes;
    if (!take(straight, '"'))
        return false;
    char *start = straight->at;
    straight->at += proto_json_string_end(start, straight->end, &has_escapes) - start;
    *out_text = slice_make(start, (size_t)(straight->at - start));
    if (!take(straight, '"'))
        return false;
    if (has_escapes) {
        *out_text = arena_copy(straight->scratch, *out_text);
        if (out_text->bytes != NULL)
            out_text->len = proto_json_unescape((char *)out_text->bytes, out_text->len);
    }
    return out_text->bytes != NULL;
}

static bool take_json_u64(struct straight *straight, uint64_t *out_number)
{
    enum { DIGITS_MAX = 16 };
    const char *start = straight->at;
    uint64_t number = 0;
    for (; straight->at < straight->end && *straight->at >= '0' && *straight->at <= '9';
            straight->at++)
        number = number * 10 + (uint64_t)(*straight->at - '0');
    size_t len = (size_t)(straight->at - start);
    *out_number = number;
    return (len == 1 || (len > 1 && len <= DIGITS_MAX && *start != '0')) &&
           number <= PROTO_U64_SAFE;
}

static bool take_json_bool(struct straight *straight, bool *out_value)
{
    *out_value = take_word(straight, SLICE_OF("true"));
    return *out_value || take_word(straight, SLICE_OF("false"));
}

/* The opening brace or a comma, then the key, which stands in the table behind a comma. */
__attribute__((always_inline)) static inline bool take_json_key(
        struct straight *straight, const struct proto_field *field, bool is_first)
{
    struct slice rest = {field->json_key + 1, field->name.len + 3}; /* quotes and colon */
    const char *at = straight->at;
    bool is_next = left_of(straight) > rest.len && at[0] == (is_first ? '{' : ',') &&
                   at[2] == rest.bytes[1] && proto_texts_equal(at + 1, rest.bytes, rest.len);
    straight->at += is_next ? 1 + rest.len : 0;
    return is_next;
}

/* ---- msgpack ----------------------------------------------------------------------------------
 */

/* The next value, which must be such a one. */
static bool take_token(
        struct straight *straight, enum proto_value wanted, struct proto_token *out_token)
{
    return proto_msgpack_next(&straight->at, straight->end, out_token) &&
           out_token->value == wanted;
}

static bool take_msgpack_text(struct straight *straight, struct slice *out_text)
{
    struct proto_token token;
    if (!take_token(straight, PROTO_VALUE_STR, &token) || !utf8_is_valid(token.bytes))
        return false;
    *out_text = token.bytes;
    return true;
}

__attribute__((always_inline)) static inline bool take_msgpack_key(
        struct straight *straight, struct slice name)
{
    enum { FIX_STR = 0xa0, FIX_STR_MAX = 31 };
    const char *at = straight->at;
    bool is_next = left_of(straight) > name.len && name.len <= FIX_STR_MAX &&
                   (uint8_t)at[0] == (FIX_STR | name.len) &&
                   proto_texts_equal(at + 1, name.bytes, name.len);
    straight->at += is_next ? 1 + name.len : 0;
    return is_next;
}

/* ---- either -----------------------------------------------------------------------------------
 */

static bool take_text(struct straight *straight, struct slice *out_text)
{
    return straight->codec == PROTO_JSON ? take_json_text(straight, out_text)
                                         : take_msgpack_text(straight, out_text);
}

/* JSON's opening brace goes with the first key. */
static bool open_map(struct straight *straight, struct opened *out_map)
{
    struct proto_token token = {0};
    bool is_map = straight->codec == PROTO_JSON || take_token(straight, PROTO_VALUE_MAP, &token);
    *out_map = (struct opened){token.number, 0};
    return is_map && take_one(&straight->depth_left);
}

__attribute__((always_inline)) static inline bool take_key(
        struct straight *straight, struct opened *map, const struct proto_field *field)
{
    bool is_next = straight->codec == PROTO_JSON
                           ? take_json_key(straight, field, map->taken == 0)
                           : map->taken < map->count && take_msgpack_key(straight, field->name);
    map->taken += is_next;
    return is_next;
}

static inline bool map_is_at_end(const struct straight *straight, const struct opened *map)
{
    if (straight->codec == PROTO_MSGPACK)
        return map->taken == map->count;
    return straight->at < straight->end && *straight->at == '}';
}

static bool close_map(struct straight *straight, const struct opened *map)
{
    straight->depth_left++;
    if (straight->codec == PROTO_MSGPACK)
        return map->taken == map->count;
    return (map->taken > 0 || take(straight, '{')) && take(straight, '}');
}

/* JSON tells how many items there are at the end: as many as may be. */
static bool open_list(
        struct straight *straight, const struct proto_field *field, struct opened *out_list)
{
    struct proto_token token = {.number = field->count_max};
    bool is_list = straight->codec == PROTO_JSON ? take(straight, '[')
                                                 : take_token(straight, PROTO_VALUE_LIST, &token);
    *out_list = (struct opened){token.number, 0};
    return is_list && token.number <= field->count_max && take_one(&straight->depth_left);
}

static bool is_at_end(struct straight *straight, const struct opened *list)
{
    return straight->codec == PROTO_JSON ? take(straight, ']') : list->taken == list->count;
}

static bool take_separator(struct straight *straight, const struct opened *list)
{
    return straight->codec == PROTO_MSGPACK || list->taken == 0 || take(straight, ',');
}

/* ---- values -----------------------------------------------------------------------------------
 */

static bool take_str(struct straight *straight, const struct proto_field *field, char *out)
{
    struct slice text;
    if (!take_text(straight, &text) || text.len > field->max)
        return false;
    memcpy(out, &text, sizeof text);
    return true;
}

static bool take_u64(struct straight *straight, const struct proto_field *field, char *out)
{
    struct proto_token token;
    bool is_number = straight->codec == PROTO_JSON ? take_json_u64(straight, &token.number)
                                                   : take_token(straight, PROTO_VALUE_U64, &token);
    if (!is_number || token.number > field->max)
        return false;
    memcpy(out, &token.number, sizeof token.number);
    return true;
}

static bool take_bool(struct straight *straight, char *out)
{
    struct proto_token token;
    bool value = false, is_bool = straight->codec == PROTO_JSON
                                          ? take_json_bool(straight, &value)
                                          : take_token(straight, PROTO_VALUE_BOOL, &token);
    if (is_bool && straight->codec == PROTO_MSGPACK)
        value = token.number != 0;
    memcpy(out, &value, sizeof value);
    return is_bool;
}

static bool take_name(struct straight *straight, char *out)
{
    struct slice text;
    struct name name;
    if (!take_text(straight, &text) || !name_read(text, &name))
        return false;
    memcpy(out, &name, sizeof name);
    return true;
}

static bool take_enum(struct straight *straight, const struct proto_field *field, char *out)
{
    struct slice text;
    unsigned value = take_text(straight, &text) ? proto_enum_find(field->choices, text) : 0;
    memcpy(out, &value, sizeof value);
    return value != 0;
}

/* There is room for as many as may be; what was not needed of it is given back, unless lists of
 * the items lie behind it. */
static bool take_list(struct straight *straight, const struct proto_field *field, char *out)
{
    struct opened list;
    size_t size = proto_field_item_size(field);
    if (!open_list(straight, field, &list))
        return false;
    char *items = arena_take_raw(straight->scratch, list.count * size);
    size_t behind = straight->scratch->used;
    for (; items != NULL && !is_at_end(straight, &list); list.taken++)
        if (list.taken == list.count || !take_separator(straight, &list) ||
                !take_one(&straight->elements_left) ||
                !take_value(straight, field, items + list.taken * size))
            return false;
    if (straight->scratch->used == behind)
        straight->scratch->used -= (list.count - list.taken) * size;
    straight->depth_left++;
    memcpy(out + field->offset, &items, sizeof items);
    memcpy(out + field->flag_offset, &(size_t){list.taken}, sizeof(size_t));
    return items != NULL;
}

static bool take_member(struct straight *straight, const struct proto_field *field, char *out)
{
    if (!take_one(&straight->elements_left))
        return false;
    if (field->is_list)
        return take_list(straight, field, out);
    if (field->has_flag)
        memcpy(out + field->flag_offset, &(bool){true}, sizeof(bool));
    return take_value(straight, field, out + field->offset);
}

/* Those of an open map, and its end. */
static bool take_members(
        struct straight *straight, struct opened *map, const struct proto_shape *shape, char *out)
{
    memset(out, 0, shape->size);
    size_t i = 0;
    for (; i < shape->field_count && !map_is_at_end(straight, map); i++) {
        const struct proto_field *field = &shape->fields[i];
        bool is_there = take_key(straight, map, field);
        if (is_there ? !take_member(straight, field, out) : field->is_required)
            return false;
    }
    for (; i < shape->field_count; i++)
        if (shape->fields[i].is_required)
            return false;
    return close_map(straight, map);
}

static bool take_object(struct straight *straight, const struct proto_shape *shape, char *out)
{
    struct opened map;
    return open_map(straight, &map) && take_members(straight, &map, shape, out);
}

static bool take_value(struct straight *straight, const struct proto_field *field, char *out)
{
    switch (field->type) {
    case PROTO_TYPE_STR:
        return take_str(straight, field, out);
    case PROTO_TYPE_BIN:
        return false; /* no frame has any */
    case PROTO_TYPE_U64:
        return take_u64(straight, field, out);
    case PROTO_TYPE_BOOL:
        return take_bool(straight, out);
    case PROTO_TYPE_NAME:
        return take_name(straight, out);
    case PROTO_TYPE_ENUM:
        return take_enum(straight, field, out);
    case PROTO_TYPE_OBJECT:
        return take_object(straight, field->shape, out);
    }
    return false;
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static bool take_frame(
        struct straight *straight, enum proto_from from, struct proto_frame *out_frame)
{
    static const struct proto_field type_field = {PROTO_KEY_(type), .type = PROTO_TYPE_STR};
    struct opened map;
    struct slice type;
    if (!open_map(straight, &map) || !take_key(straight, &map, &type_field) ||
            !take_one(&straight->elements_left) || !take_text(straight, &type))
        return false;
    enum proto_kind kind = proto_kind_find(type);
    if (kind == 0 || proto_kind_info(kind)->from_client != (from == PROTO_FROM_CLIENT))
        return false;
    out_frame->kind = kind;
    return take_members(straight, &map, proto_kind_info(kind)->shape, (char *)&out_frame->as) &&
           straight->at == straight->end;
}

bool proto_frame_read_straight(
        const struct proto_source *source, enum proto_from from, struct proto_frame *out_frame)
{
    struct straight straight = {source->codec, source->bytes, source->bytes + source->len,
            source->bounds->depth, source->bounds->elements, source->scratch};
    size_t mark = source->scratch->used;
    if (source->len <= source->bounds->bytes && take_frame(&straight, from, out_frame))
        return true;
    source->scratch->used = mark;
    return false;
}
