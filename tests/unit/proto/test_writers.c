/* SPDX-License-Identifier: Apache-2.0 */
/* The shapes that the schema calls frequent have writers of their own, which are generated.
 *
 * Guards: whatever is in the struct, they write what the shape's table says, byte for byte in both
 * codecs, and in a buffer of any size they say whether it fitted.
 */
#include "unit/proto/vectors.h"

enum { ROUNDS = 150, LIST_MAX = 20, OUT_MAX = 1 << 18 };

static uint64_t random_state = 7;

static uint64_t random_below(uint64_t limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (random_state >> 33) % limit;
}

static void fill(const struct proto_shape *shape, struct arena *arena, char *out);

static struct slice some_text(void)
{
    static const char *const texts[] = {"", "a", "Where is my parcel?", "say \"yes\"\n",
            "\xc3\xa4h", "a text of more than thirty-one bytes, and of more than one block",
            "\x01"};
    return slice_of_string(texts[random_below(sizeof texts / sizeof *texts)]);
}

static void fill_value(const struct proto_field *field, struct arena *arena, char *at)
{
    static const uint64_t numbers[] = {
            0, 1, 99, 127, 128, 255, 256, 65536, 4294967296, PROTO_U64_SAFE};
    struct slice text = some_text();
    uint64_t number = numbers[random_below(sizeof numbers / sizeof *numbers)];
    struct name name = {number, {1, 2, 3, 4, 5, 6, 7, 0xff}};
    bool yes = random_below(2) == 0;
    unsigned choice = field->choices ? 1 + (unsigned)random_below(field->choices->count) : 0;
    switch (field->type) {
    case PROTO_TYPE_STR:
    case PROTO_TYPE_BIN:
        memcpy(at, &text, sizeof text);
        return;
    case PROTO_TYPE_U64:
        memcpy(at, &number, sizeof number);
        return;
    case PROTO_TYPE_BOOL:
        memcpy(at, &yes, sizeof yes);
        return;
    case PROTO_TYPE_NAME:
        memcpy(at, &name, sizeof name);
        return;
    case PROTO_TYPE_ENUM:
        memcpy(at, &choice, sizeof choice);
        return;
    case PROTO_TYPE_OBJECT:
        fill(field->shape, arena, at);
        return;
    }
}

static void fill_list(const struct proto_field *field, struct arena *arena, char *out)
{
    size_t count = random_below(LIST_MAX), size = proto_field_item_size(field);
    char *items = arena_take(arena, count * size + 1);
    expect(items != NULL);
    for (size_t i = 0; i < count; i++)
        fill_value(field, arena, items + i * size);
    memcpy(out + field->offset, &items, sizeof items);
    memcpy(out + field->flag_offset, &count, sizeof count);
}

/* Nearly everything that may be there is, now and then: then a map has more than fifteen members.
 */
static void fill(const struct proto_shape *shape, struct arena *arena, char *out)
{
    uint64_t sparse = random_below(3);
    memset(out, 0, shape->size);
    for (size_t i = 0; i < shape->field_count; i++) {
        const struct proto_field *field = &shape->fields[i];
        bool is_there = field->is_required || random_below(8) >= 3 * sparse;
        if (is_there && field->is_list)
            fill_list(field, arena, out);
        else if (is_there)
            fill_value(field, arena, out + field->offset);
        if (is_there && field->has_flag)
            memcpy(out + field->flag_offset, &(bool){true}, sizeof(bool));
    }
}

static char by_table[OUT_MAX], by_writer[OUT_MAX + 1];

/* Not a byte behind its end is touched. */
static void expect_it_says_what_fits(
        enum proto_codec codec, const struct proto_shape *shape, const void *value, size_t needed)
{
    for (size_t i = 0; i < 20; i++) {
        size_t room = i == 0 ? needed : random_below(needed);
        struct buffer tight = buffer_make(by_writer, room);
        by_writer[room] = '!';
        proto_shape_write(codec, shape, value, &tight);
        expect(tight.overflowed == (room < needed) && tight.len <= room && by_writer[room] == '!');
    }
}

static void expect_as_the_table(
        enum proto_codec codec, const struct proto_shape *shape, const void *value)
{
    struct proto_shape bare = *shape;
    bare.writers = NULL;
    struct buffer wanted = buffer_make(by_table, OUT_MAX), got = buffer_make(by_writer, OUT_MAX);
    proto_shape_write(codec, &bare, value, &wanted);
    proto_shape_write(codec, shape, value, &got);
    expect(!wanted.overflowed && !got.overflowed);
    expect_slice(buffer_slice(&got), buffer_slice(&wanted));
    expect_it_says_what_fits(codec, &bare, value, wanted.len);
    expect_it_says_what_fits(codec, shape, value, wanted.len);
}

static void writers_write_what_the_table_says(void)
{
    static const struct proto_shape *const shapes[] = {&proto_who_shape, &proto_body_shape,
            &proto_part_shape, &proto_entry_view_shape, &proto_ack_shape};
    static max_align_t value[512], memory[1 << 18];
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (size_t round = 0; round < ROUNDS; round++) {
            struct arena arena;
            arena_init(&arena, memory, sizeof memory);
            expect(shapes[i]->writers != NULL && shapes[i]->size <= sizeof value);
            fill(shapes[i], &arena, (char *)value);
            expect_as_the_table(PROTO_JSON, shapes[i], value);
            expect_as_the_table(PROTO_MSGPACK, shapes[i], value);
        }
}

int main(int argc, char **argv)
{
    return test_main(
            argc, argv, (struct test_case[]){CASE(writers_write_what_the_table_says), {0}});
}
