/* SPDX-License-Identifier: Apache-2.0 */
/* The small tools that everything else stands on: names, maps, arenas, buffers. */
#include "base/arena.h"
#include "base/base32.h"
#include "base/buffer.h"
#include "base/log_line.h"
#include "base/map.h"
#include "base/name.h"
#include "base/slabs.h"
#include "base/spares.h"
#include "lib/captured.h"
#include "lib/test.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

static void a_name_is_read_back_as_written(void)
{
    struct name name = {12, {0x9f, 0x86, 0xd0, 0x81, 0x88, 0x4c, 0x7d, 0x65}}, back;
    char text[NAME_TEXT_MAX];
    struct slice written = slice_make(text, name_write(&name, text));
    expect_text(written, "12-9f86d081884c7d65");
    expect(name_read(written, &back));
    expect(name_equal(&name, &back));
}

/* Each byte at each place of the mark, as the C library would write it. */
static void a_name_is_decimal_digits_and_hex_digits(void)
{
    char text[NAME_TEXT_MAX], wanted[NAME_TEXT_MAX + 1];
    for (unsigned byte = 0; byte < 256; byte++) {
        struct name name = {.seq = UINT64_C(1) << byte % 53};
        int len = snprintf(wanted, sizeof wanted, "%" PRIu64 "-", name.seq);
        for (unsigned i = 0; i < MARK_SIZE; i++) {
            name.mark[i] = (uint8_t)(byte + 37 * i);
            len += snprintf(wanted + len, sizeof wanted - (size_t)len, "%02x", name.mark[i]);
        }
        expect_text(slice_make(text, name_write(&name, text)), wanted);
    }
}

static void expect_digits(uint64_t number)
{
    char text[20], wanted[24];
    size_t len = (size_t)snprintf(wanted, sizeof wanted, "%" PRIu64, number);
    struct buffer buffer = buffer_make(text, len), short_of_room = buffer_make(text, len - 1);
    buffer_put_u64(&short_of_room, number);
    expect(short_of_room.overflowed);
    buffer_put_u64(&buffer, number);
    expect_text(buffer_slice(&buffer), wanted);
}

static void numbers_have_no_sign_and_no_padding(void)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < 2000; i++, number = number < 1000 ? number + 1 : number * 10 / 9)
        expect_digits(number);
    number = 1;
    for (unsigned i = 0; i < 20; i++, number *= 10) {
        expect_digits(number - 1);
        expect_digits(number);
    }
    for (unsigned bit = 0; bit < 64; bit++)
        expect_digits(UINT64_MAX >> bit);
}

static void each_digit_of_an_id_is_known_and_nothing_else(void)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        const char *at = byte ? strchr(base32_digits, (int)byte) : NULL;
        expect_u64(base32_values[byte], at ? (uint64_t)(at - base32_digits) + 1 : 0);
    }
}

/* Sixteen bytes at a time: each byte, at each place of two such steps and a rest. */
static void what_is_no_digit_is_found_wherever_it_is(void)
{
    char text[40];
    for (size_t at = 0; at < sizeof text; at++)
        for (unsigned byte = 0; byte < 256; byte++) {
            memset(text, 'z', sizeof text);
            text[at] = (char)byte;
            for (size_t len = at; len <= sizeof text; len++)
                expect(base32_is_text(slice_make(text, len)) ==
                        (len == at || base32_values[byte] != 0));
        }
}

static void a_name_has_only_one_spelling(void)
{
    static const char *const refused[] = {"", "12", "-9f86d081884c7d65", "012-9f86d081884c7d65",
            "12-9F86d081884c7d65", "12-9f86d081884c7d6", "+1-9f86d081884c7d65",
            "12-9f86d081884c7d655", "9007199254740992-9f86d081884c7d65", "12_9f86d081884c7d65",
            "12-9f86d081884c7d6g"};
    struct name name;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        test_note("row '%s'", refused[i]);
        expect(!name_read(slice_of_string(refused[i]), &name));
    }
    expect(name_read(SLICE_OF("0-0000000000000000"), &name) && name_is_none(&name));
}

/* Each byte at each place of the mark. */
static void a_mark_is_written_in_small_hex_digits(void)
{
    char text[] = "12-9f86d081884c7d65";
    struct name name;
    for (size_t at = 3; at < sizeof text - 1; at++) {
        char right = text[at];
        for (unsigned byte = 0; byte < 256; byte++) {
            text[at] = (char)byte;
            bool is_digit = byte != 0 && strchr("0123456789abcdef", (int)byte) != NULL;
            char again[NAME_TEXT_MAX];
            struct slice written = slice_make(text, sizeof text - 1);
            expect(name_read(written, &name) == is_digit);
            if (is_digit)
                expect_slice(slice_make(again, name_write(&name, again)), written);
        }
        text[at] = right;
    }
}

struct numbered {
    struct map_node node;
    char key[16];
};

static void a_map_finds_what_was_put_and_not_what_was_removed(void)
{
    static struct numbered items[1000];
    struct map map = {0};
    for (size_t i = 0; i < 1000; i++) {
        int len = snprintf(items[i].key, sizeof items[i].key, "k%zu", i);
        map_put(&map, &items[i].node, slice_make(items[i].key, (size_t)len));
    }
    for (size_t i = 0; i < 1000; i += 2)
        map_remove(&map, &items[i].node);
    size_t seen = 0;
    for (const struct map_node *at = map_next(&map, NULL); at; at = map_next(&map, at))
        seen++;
    expect_u64(seen, 500);
    for (size_t i = 0; i < 1000; i++) {
        struct map_node *found = map_find(&map, slice_of_string(items[i].key));
        expect(found == (i % 2 ? &items[i].node : NULL));
    }
    map_finish(&map);
}

/* All beginnings of two texts, which differ in what a look at the end alone would miss. */
static void keys_of_any_length_are_told_apart(void)
{
    static const char one[] = "01jb2c3d4e5f6g7h8j9k0m1n2p", other[] = "21ab2c3d4e5f6g7h8j9k0m1n2p";
    static struct numbered items[2 * sizeof one];
    struct map map = {0};
    size_t count = 0;
    for (size_t len = 0; len < sizeof one; len++) {
        map_put(&map, &items[count++].node, slice_make(one, len));
        if (len > 0)
            map_put(&map, &items[count++].node, slice_make(other, len));
    }
    for (size_t i = 0; i < count; i++)
        expect(map_find(&map, items[i].node.key) == &items[i].node);
    expect(map_find(&map, SLICE_OF("01jb2c3d4e5f6g7h8j9k0m1n2q")) == NULL);
    map_finish(&map);
}

static void what_an_arena_gives_is_zeroed_unless_it_is_asked_for_raw(void)
{
    _Alignas(16) char storage[64];
    static const char zeros[32];
    struct arena arena;
    memset(storage, 'x', sizeof storage);
    arena_init(&arena, storage, sizeof storage);
    expect(memcmp(arena_take(&arena, 32), zeros, 32) == 0);
    expect(arena_take_raw(&arena, 32) == storage + 32 && storage[63] == 'x');
    expect(arena_take_raw(&arena, 1) == NULL);
    arena_reset(&arena);
    memset(arena_take_raw(&arena, 32), 'y', 32);
    arena_reset(&arena);
    expect(memcmp(arena_take(&arena, 32), zeros, 32) == 0);
}

static void a_full_arena_and_a_full_buffer_say_so(void)
{
    _Alignas(16) char storage[64];
    struct arena arena;
    arena_init(&arena, storage, sizeof storage);
    expect(arena_take(&arena, 40) != NULL);
    expect(arena_take(&arena, 40) == NULL);
    expect(arena_take(&arena, 16) != NULL);
    struct buffer buffer = buffer_make(storage, 4);
    buffer_put(&buffer, "abc", 3);
    buffer_put(&buffer, "de", 2);
    expect(buffer.overflowed);
    expect_text(buffer_slice(&buffer), "abc");
    buffer_put(&buffer, "f", 1);
    expect_u64(buffer.len, 3);
}

static void what_a_buffer_keeps_is_a_copy(void)
{
    char storage[8], from[] = "abcde";
    struct buffer buffer = buffer_make(storage, sizeof storage);
    struct slice kept = buffer_keep(&buffer, slice_of_string(from));
    from[0] = 'x';
    expect_text(kept, "abcde");
    expect_text(buffer_keep(&buffer, SLICE_OF("fgh")), "fgh");
    expect(buffer_keep(&buffer, SLICE_OF("i")).bytes == NULL && buffer.overflowed);
}

static void spares_keep_so_many_blocks_and_no_larger_ones(void)
{
    enum { SIZE = 64, KEPT_MAX = 2 };
    struct spares spares;
    void *blocks[KEPT_MAX + 1];
    spares_init(&spares, SIZE, KEPT_MAX);
    unsigned kept_max = spares.kept_max; /* 0 under the address sanitizer */
    expect(kept_max == KEPT_MAX || kept_max == 0);
    void *large = spares_take(&spares, SIZE + 1);
    for (size_t i = 0; i < KEPT_MAX + 1; i++)
        expect((blocks[i] = spares_take(&spares, i)) != NULL);
    spares_give_back(&spares, large, SIZE + 1);
    spares_give_back(&spares, NULL, SIZE);
    expect_u64(spares.kept, 0);
    for (size_t i = 0; i < KEPT_MAX + 1; i++)
        spares_give_back(&spares, blocks[i], i);
    expect_u64(spares.kept, kept_max);
    void *again = spares_take(&spares, SIZE);
    memset(again, 1, SIZE); /* a block is whole, whatever it was taken for before */
    expect(kept_max == 0 || again == blocks[kept_max - 1]);
    spares_give_back(&spares, again, SIZE);
    spares_finish(&spares);
    expect_u64(spares.kept, 0);
}

/* Slabs come and go with what lies in them, and the oldest that has room is used first. */
static void slabs_go_when_nothing_is_left_in_them(void)
{
    enum { SIZE = 64 * 1024, IN_A_SLAB = SLAB_BYTES / SIZE - 1, BLOCKS = 2 * IN_A_SLAB + 1 };
    struct slabs slabs;
    char *blocks[BLOCKS];
    slabs_init(&slabs, SIZE);
    slabs_give_back(&slabs, NULL);
    for (size_t i = 0; i < BLOCKS; i++) {
        expect((blocks[i] = slabs_take(&slabs)) != NULL && (uintptr_t)blocks[i] % 64 == 0);
        memset(blocks[i], (int)i, SIZE);
    }
    unsigned slabs_are_used = slabs.count; /* 0 under the address sanitizer */
    expect(slabs_are_used == 3 || slabs_are_used == 0);
    for (size_t i = 0; i < BLOCKS; i++)
        expect(blocks[i][0] == (char)i && blocks[i][SIZE - 1] == (char)i);
    slabs_give_back(&slabs, blocks[BLOCKS - 1]); /* alone in the third */
    expect_u64(slabs.count, slabs_are_used > 0 ? 2 : 0);
    slabs_give_back(&slabs, blocks[IN_A_SLAB]);
    slabs_give_back(&slabs, blocks[3]);
    char *again = slabs_take(&slabs);
    expect(slabs_are_used == 0 || again == blocks[IN_A_SLAB]);
    slabs_give_back(&slabs, again);
    for (size_t i = 0; i < BLOCKS - 1; i++)
        if (i != IN_A_SLAB && i != 3)
            slabs_give_back(&slabs, blocks[i]);
    expect_u64(slabs.count, 0);
}

/* ---- log lines ---------------------------------------------------------------------------------
 */

static void an_event_that_repeats_is_written_so_often_and_then_counted(void)
{
    struct captured captured = capture_standard_error();
    for (int i = 0; i < 1000; i++)
        log_line(LOG_WARN, "test.flood", "number=%d", i);
    log_line(LOG_WARN, "test.other", "number=1");
    log_line_settle(0); /* it is not over yet */
    size_t written = captured_lines(&captured, "test.flood");
    log_line_settle(UINT64_MAX / 2);
    log_line_settle(UINT64_MAX / 2);
    size_t told = captured_lines(&captured, " warn log.held_back event=test.flood lines=980 ");
    captured_end(&captured);
    expect_u64(written, LOG_PACE_LINES);
    expect_u64(told, 1);
}

static void debug_lines_and_other_events_are_not_held_back(void)
{
    struct captured captured = capture_standard_error();
    log_line_setup(LOG_DEBUG, NULL);
    for (int i = 0; i < LOG_PACE_LINES; i++)
        log_line(LOG_WARN, "test.full", "number=%d", i);
    for (int i = 0; i < 100; i++)
        log_line(LOG_DEBUG, "test.debug", "number=%d", i);
    for (int i = 0; i < LOG_PACE_LINES; i++)
        log_line(LOG_ERROR, "test.error", "number=%d", i);
    log_line_setup(LOG_INFO, NULL);
    log_line_settle(UINT64_MAX / 2);
    size_t written = captured_lines(&captured, " test.");
    captured_end(&captured);
    expect_u64(written, 100 + 2 * LOG_PACE_LINES);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_name_is_read_back_as_written),
                    CASE(a_name_has_only_one_spelling), CASE(a_mark_is_written_in_small_hex_digits),
                    CASE(a_name_is_decimal_digits_and_hex_digits),
                    CASE(numbers_have_no_sign_and_no_padding),
                    CASE(each_digit_of_an_id_is_known_and_nothing_else),
                    CASE(what_is_no_digit_is_found_wherever_it_is),
                    CASE(a_map_finds_what_was_put_and_not_what_was_removed),
                    CASE(keys_of_any_length_are_told_apart),
                    CASE(what_an_arena_gives_is_zeroed_unless_it_is_asked_for_raw),
                    CASE(a_full_arena_and_a_full_buffer_say_so),
                    CASE(what_a_buffer_keeps_is_a_copy),
                    CASE(spares_keep_so_many_blocks_and_no_larger_ones),
                    CASE(slabs_go_when_nothing_is_left_in_them),
                    CASE(an_event_that_repeats_is_written_so_often_and_then_counted),
                    CASE(debug_lines_and_other_events_are_not_held_back), {0}});
}
