/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes frames: an object whose member `type` says which shape it has.
 *
 * Invariant: a side only ever reads what the other side may send. A refused request keeps its id
 * wherever the id stands in the frame, so that the error can be matched to it.
 */
#include "proto/pen.h"
#include "proto/problem.h"
#include "proto/reader.h"

static const struct proto_path outermost = {.index = PROTO_NO_INDEX};
static const struct slice type_key = {"type", 4}, id_key = {"id", 2};

enum { REQUEST_ID_MAX = 64 };

static char *find_value(const struct proto_scan *scan, struct slice key)
{
    for (size_t i = 0; i < scan->member_count; i++)
        if (proto_key_equal(scan->members[i].key, key))
            return scan->members[i].value;
    return NULL;
}

static bool peek_text(const struct proto_source *source, char *at, struct slice *out_text)
{
    const char *end = source->bytes + source->len;
    return source->codec == PROTO_JSON ? proto_json_peek(at, end, out_text)
                                       : proto_msgpack_peek(at, end, out_text);
}

static bool find_kind(const struct proto_source *source, enum proto_from from,
        const struct proto_scan *scan, enum proto_kind *out_kind, struct proto_problem *out_problem)
{
    static const struct proto_field type_field = {.type = PROTO_TYPE_STR};
    struct slice text;
    char *value = find_value(scan, type_key);
    if (value == NULL)
        return proto_problem_missing(out_problem, &outermost, type_key);
    if (!peek_text(source, value, &text)) {
        struct proto_path path = {&outermost, type_key, PROTO_NO_INDEX};
        return proto_problem_type(out_problem, &path, &type_field);
    }
    enum proto_kind kind = proto_kind_find(text);
    if (kind == 0 || proto_kind_info(kind)->from_client != (from == PROTO_FROM_CLIENT))
        return proto_problem_plain(out_problem, PROTO_ERROR_UNKNOWN_FRAME);
    *out_kind = kind;
    return true;
}

/* What pass 2 has already put into the struct. */
static struct slice decoded_id(const struct proto_shape *shape, const void *value)
{
    for (size_t i = 0; i < shape->field_count; i++)
        if (slice_equal(shape->fields[i].name, id_key))
            return *(const struct slice *)(const void *)((const char *)value +
                                                         shape->fields[i].offset);
    return SLICE_NONE;
}

/* The id of a frame that is refused. shape is NULL when pass 2 was not begun. When the id itself
 * is what is wrong, there is none: its bytes are spoilt. */
static struct slice recover_id(const struct proto_source *source, const struct proto_scan *scan,
        const struct proto_shape *shape, const struct proto_frame *frame,
        const struct proto_problem *problem)
{
    struct slice id = shape != NULL ? decoded_id(shape, &frame->as) : SLICE_NONE;
    char *value = find_value(scan, id_key);
    if (id.bytes != NULL || value == NULL || slice_is(id_key, problem->field))
        return id;
    return proto_read_text(source, value, REQUEST_ID_MAX);
}

bool proto_frame_read(const struct proto_source *source, enum proto_from from,
        struct proto_frame *out_frame, struct proto_problem *out_problem)
{
    struct proto_scan scan;
    const struct proto_shape *shape = NULL;
    if (proto_frame_read_straight(source, from, out_frame))
        return true;
    if (!proto_scan_input(source, &scan, out_problem))
        return false;
    if (find_kind(source, from, &scan, &out_frame->kind, out_problem)) {
        shape = proto_kind_info(out_frame->kind)->shape;
        if (proto_read_scanned(source, shape, &out_frame->as, out_problem))
            return true;
    }
    out_problem->id = recover_id(source, &scan, shape, out_frame, out_problem);
    return false;
}

void proto_frame_write(enum proto_codec codec, const struct proto_frame *frame, struct buffer *out)
{
    const struct proto_kind_info *info = proto_kind_info(frame->kind);
    proto_write_typed(codec, info->shape, info->name, &frame->as, out);
}

size_t proto_frame_scratch_max(enum proto_from from)
{
    size_t largest = 0;
    for (unsigned kind = 1; kind <= PROTO_KIND_COUNT; kind++) {
        const struct proto_kind_info *info = proto_kind_info((enum proto_kind)kind);
        size_t size = proto_shape_scratch_max(info->shape);
        if (info->from_client == (from == PROTO_FROM_CLIENT) && size > largest)
            largest = size;
    }
    return largest;
}
