/* SPDX-License-Identifier: Apache-2.0 */
/* The directory's entries: what is written is read again, as it was; what is damaged is told from
 * what is of a later version. */
#include "flow/directory_codec.h"
#include "lib/test.h"

#include <stdlib.h>
#include <string.h>

static char stored[4096], scratch_bytes[1 << 16];

static struct slice encode(const struct directory_value *value)
{
    struct buffer out = buffer_make(stored, sizeof stored);
    directory_encode(value, &out);
    expect(!out.overflowed);
    return buffer_slice(&out);
}

static enum directory_fault decode(struct slice plain, struct directory_value **out_value)
{
    struct arena scratch;
    arena_init(&scratch, scratch_bytes, sizeof scratch_bytes);
    return directory_decode(plain, &scratch, out_value);
}

static struct directory_value agent(void)
{
    return (struct directory_value){.kind = DIRECTORY_AGENT,
            .tenant = SLICE_OF("acme"),
            .id = SLICE_OF("anna"),
            .name = SLICE_OF("Anna"),
            .number = 4,
            .texts = {SLICE_OF("de"), SLICE_OF("en")},
            .text_count = 2,
            .skills = {{SLICE_OF("billing"), 700}},
            .skill_count = 1,
            .queues = {SLICE_OF("sales"), SLICE_OF("support")},
            .queue_count = 2,
            .channels = {{SLICE_OF("web"), 1000}, {SLICE_OF("mail"), 250}},
            .channel_count = 2,
            .shift = SLICE_OF("late"),
            .auto_accept = true};
}

static void an_agent_is_read_as_written(void)
{
    struct directory_value value = agent(), *read;
    expect(decode(encode(&value), &read) == DIRECTORY_GOOD);
    expect(read->kind == DIRECTORY_AGENT && read->auto_accept && !read->is_supervisor);
    expect_text(read->tenant, "acme");
    expect_text(read->id, "anna");
    expect_u64(read->number, 4);
    expect_u64(read->queue_count, 2);
    expect_text(read->queues[1], "support");
    expect_u64(read->channel_count, 2);
    expect_text(read->channels[1].name, "mail");
    expect_u64(read->channels[1].weight, 250);
    struct agent_profile profile = directory_profile(read);
    expect_u64(profile.channel_count, 2);
    expect_text(profile.channels[0].name, "web");
    expect_u64(profile.channels[1].weight, 250);
    expect_text(profile.queues[0], "sales");
    expect_text(profile.skills[0].name, "billing");
    free(read);
}

/* Each setting is taken alone, and all of them make the whole. */
static void settings_are_taken_one_by_one(void)
{
    struct directory_value whole = agent(), value = {.kind = DIRECTORY_AGENT};
    struct agent_profile profile = directory_profile(&whole);
    value.tenant = whole.tenant;
    value.id = whole.id;
    for (unsigned setting = 0; setting <= AGENT_SETTINGS; setting++) {
        expect(setting > AGENT_SHIFT || value.shift.len == 0);
        expect(setting > AGENT_QUEUES || value.queue_count == 0);
        directory_take_setting(&value, &profile, (enum agent_setting)setting);
    }
    char wanted[sizeof stored];
    struct slice text = encode(&whole);
    memcpy(wanted, text.bytes, text.len);
    expect_slice(encode(&value), slice_make(wanted, text.len));
}

static void whatever_is_cut_is_damaged(void)
{
    struct directory_value value = agent(), *read;
    struct slice whole = encode(&value);
    for (size_t len = 0; len < whole.len; len++) {
        test_note("%zu of %zu bytes", len, whole.len);
        expect(decode(slice_make(whole.bytes, len), &read) == DIRECTORY_DAMAGED);
    }
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(an_agent_is_read_as_written),
                    CASE(settings_are_taken_one_by_one), CASE(whatever_is_cut_is_damaged), {0}});
}
