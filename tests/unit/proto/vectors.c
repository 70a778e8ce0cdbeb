/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the files of proto/vectors with cJSON, a reader that shares nothing with the one under
 * test.
 *
 * A text is a string, or a list of pieces; a piece is a string or {repeat, times}. Inputs are read
 * from memory that ends where the input ends: a read beyond it is a fault, with or without ASan.
 */
#include "unit/proto/vectors.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"

enum {
    INPUT_MAX = 128 * 1024,
    SCRATCH_SIZE = 4 * 1024 * 1024,
    OUTPUT_MAX = 256 * 1024,
    STORE_SIZE = 4 * 1024 * 1024
};

/* All rows and texts, for as long as the process runs. */
static struct arena *store(void)
{
    static char memory[STORE_SIZE];
    static struct arena arena;
    if (arena.bytes == NULL)
        arena_init(&arena, memory, sizeof memory);
    return &arena;
}

static struct slice keep(struct slice text)
{
    struct slice kept = arena_copy(store(), text);
    check(kept.bytes != NULL || text.len == 0);
    return text.len > 0 ? kept : SLICE_OF("");
}

static cJSON *parse_file(const char *name)
{
    static char text[256 * 1024];
    char path[512];
    snprintf(path, sizeof path, "%s/%s.json", PROTO_VECTORS, name);
    FILE *file = fopen(path, "rb");
    check(file != NULL);
    size_t len = fread(text, 1, sizeof text, file);
    check(len < sizeof text && !ferror(file));
    fclose(file);
    return cJSON_ParseWithLength(text, len);
}

static void put_piece(struct buffer *out, const cJSON *piece)
{
    const cJSON *repeat = cJSON_GetObjectItemCaseSensitive(piece, "repeat");
    const cJSON *times = cJSON_GetObjectItemCaseSensitive(piece, "times");
    if (cJSON_IsString(piece))
        buffer_put_slice(out, slice_of_string(piece->valuestring));
    for (int i = 0; times != NULL && i < times->valueint; i++)
        buffer_put_slice(out, slice_of_string(repeat->valuestring));
    check(!out->overflowed);
}

static struct slice text_of(const cJSON *row, const char *key)
{
    static char text[2 * INPUT_MAX];
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(row, key), *piece;
    if (value == NULL)
        return SLICE_NONE;
    struct buffer out = buffer_make(text, sizeof text);
    if (!cJSON_IsArray(value))
        put_piece(&out, value);
    else
        cJSON_ArrayForEach(piece, value) put_piece(&out, piece);
    return keep(buffer_slice(&out));
}

static struct slice hex_of(const cJSON *row, const char *key)
{
    static char bytes[INPUT_MAX];
    struct slice text = text_of(row, key);
    for (size_t i = 0; i < text.len / 2; i++) {
        char pair[3] = {text.bytes[2 * i], text.bytes[2 * i + 1], '\0'};
        bytes[i] = (char)strtoul(pair, NULL, 16);
    }
    return text.bytes ? keep(slice_make(bytes, text.len / 2)) : SLICE_NONE;
}

static struct vector row_of(const cJSON *row)
{
    struct slice json = text_of(row, "json");
    return (struct vector){
            .what = text_of(row, "what"),
            .from = slice_is(text_of(row, "from"), "server") ? PROTO_FROM_SERVER
                                                             : PROTO_FROM_CLIENT,
            .json = json.bytes ? json : hex_of(row, "json_hex"),
            .msgpack = hex_of(row, "msgpack"),
            .same_as = text_of(row, "same_as"),
            .code = text_of(row, "code"),
            .field = text_of(row, "field"),
            .id = text_of(row, "id"),
    };
}

struct vectors vectors_load(const char *name)
{
    cJSON *rows = parse_file(name), *row;
    check(cJSON_IsArray(rows) && cJSON_GetArraySize(rows) > 0);
    size_t size = (size_t)cJSON_GetArraySize(rows) * sizeof(struct vector);
    struct vectors vectors = {arena_take(store(), size), 0};
    check(vectors.rows != NULL);
    cJSON_ArrayForEach(row, rows) vectors.rows[vectors.count++] = row_of(row);
    cJSON_Delete(rows);
    return vectors;
}

char *vectors_guarded(struct slice input)
{
    static char *ends[2];
    static unsigned turn;
    if (ends[0] == NULL)
        for (int i = 0; i < 2; i++) {
            size_t page = (size_t)sysconf(_SC_PAGESIZE);
            char *start = mmap(NULL, INPUT_MAX + page, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            check(start != MAP_FAILED && mprotect(start + INPUT_MAX, page, PROT_NONE) == 0);
            ends[i] = start + INPUT_MAX;
        }
    check(input.len <= INPUT_MAX);
    char *bytes = ends[turn++ % 2] - input.len;
    if (input.len > 0)
        memcpy(bytes, input.bytes, input.len);
    return bytes;
}

/* JSON: a blank before it. msgpack: the first key's length in a byte of its own. */
struct slice vectors_spelled_otherwise(enum proto_codec codec, struct slice input)
{
    static char text[INPUT_MAX + 1];
    const unsigned char *bytes = (const unsigned char *)input.bytes;
    unsigned map = input.len > 0 ? bytes[0] : 0;
    size_t at = codec == PROTO_JSON ? 0 : map == 0xde ? 3 : map == 0xdf ? 5 : 1;
    check(input.len <= INPUT_MAX);
    if (codec == PROTO_MSGPACK && (at >= input.len || (bytes[at] & 0xe0) != 0xa0))
        return SLICE_NONE;
    memcpy(text, input.bytes, at);
    memcpy(text + at + 1, input.bytes + at, input.len - at);
    text[at] = (char)(codec == PROTO_JSON ? ' ' : 0xd9);
    if (codec == PROTO_MSGPACK)
        text[at + 1] = (char)(bytes[at] & 0x1f);
    return slice_make(text, input.len + 1);
}

bool vectors_read(enum proto_codec codec, enum proto_from from, struct slice input,
        struct proto_frame *out_frame, struct proto_problem *out_problem)
{
    static char memory[2][SCRATCH_SIZE];
    static unsigned turn;
    struct arena scratch;
    arena_init(&scratch, memory[turn++ % 2], SCRATCH_SIZE);
    struct proto_source source = {
            codec, vectors_guarded(input), input.len, &proto_client_bounds, &scratch};
    return proto_frame_read(&source, from, out_frame, out_problem);
}

struct slice vectors_write(enum proto_codec codec, const struct proto_frame *frame)
{
    static char memory[4][OUTPUT_MAX];
    static unsigned turn;
    struct buffer out = buffer_make(memory[turn++ % 4], OUTPUT_MAX);
    proto_frame_write(codec, frame, &out);
    check(!out.overflowed);
    return buffer_slice(&out);
}
