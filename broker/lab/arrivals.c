/* SPDX-License-Identifier: Apache-2.0 */
/* From a table of counts to customers who arrive one by one.
 *
 * Within a slot arrivals are uniform; their number is the count of the table, or Poisson with that
 * mean. Invariant: what customer number i brings along (kind, patience, work) is drawn from a
 * stream of their own, before anybody has decided anything.
 */
#include "lab/arrivals.h"

#include "lab/stream.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_MAX = 256, LINE_MAX_LEN = 128, SLOT_S = 300, CUSTOMERS_MAX = 20000000 };

/* ---- the table ---- */

struct reading {
    struct arrivals *out;
    uint32_t first_day, days_max, line;
    uint32_t days_seen;
    uint64_t last; /* day and slot of the row before, plus 1; 0: none */
    size_t capacity;
    char *why;
};

static bool refuse(struct reading *reading, const char *why)
{
    snprintf(reading->why, WHY_MAX, "%s", why);
    return false;
}

static bool keep(struct reading *reading, struct arrival_slot slot)
{
    struct arrivals *out = reading->out;
    if (out->slot_count == reading->capacity) {
        size_t capacity = reading->capacity == 0 ? 256 : reading->capacity * 2;
        struct arrival_slot *grown = realloc(out->slots, capacity * sizeof *grown);
        if (grown == NULL)
            return refuse(reading, "no memory");
        out->slots = grown;
        reading->capacity = capacity;
    }
    out->slots[out->slot_count++] = slot;
    if (slot.slot + 1 > out->slots_of_day)
        out->slots_of_day = slot.slot + 1;
    return true;
}

/* A whole number that ends with this character. */
static bool read_number(const char **at, char end, uint64_t most, uint64_t *out)
{
    const char *begin = *at;
    uint64_t value = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        value = value * 10 + (uint64_t)(**at - '0');
        if (value > most)
            return false;
    }
    bool is_good = *at > begin && **at == end;
    *at += is_good && end != '\0';
    *out = value;
    return is_good;
}

static bool read_row(struct reading *reading, const char *text)
{
    uint64_t day, slot, calls;
    if (!read_number(&text, ',', UINT32_MAX / 2, &day) ||
            !read_number(&text, ',', ARRIVALS_SLOTS_MAX - 1, &slot) ||
            !read_number(&text, '\0', ARRIVALS_COUNT_MAX, &calls))
        return refuse(reading, "a row is three whole numbers: day, slot (0 to 287), calls");
    uint64_t place = day * ARRIVALS_SLOTS_MAX + slot + 1;
    if (place <= reading->last)
        return refuse(reading, "days and slots must rise from row to row");
    bool is_new_day = reading->last == 0 || (reading->last - 1) / ARRIVALS_SLOTS_MAX != day;
    reading->last = place;
    reading->days_seen += is_new_day;
    if (reading->days_seen <= reading->first_day ||
            reading->days_seen > (uint64_t)reading->first_day + reading->days_max)
        return true;
    uint32_t kept = reading->days_seen - 1 - reading->first_day;
    reading->out->days = kept + 1;
    if (reading->out->days > ARRIVALS_DAYS_MAX)
        return refuse(reading, "too many days");
    return keep(reading, (struct arrival_slot){kept, (uint32_t)slot, (double)calls});
}

static bool read_line(struct reading *reading, char *text)
{
    size_t len = strcspn(text, "\r\n");
    if (text[len] == '\0' && len + 1 == LINE_MAX_LEN)
        return refuse(reading, "the line is too long");
    text[len] = '\0';
    if (reading->line == 1)
        return strcmp(text, "day,slot_5min,calls") == 0 ||
               refuse(reading, "the first line must be: day,slot_5min,calls");
    return len == 0 || read_row(reading, text);
}

bool arrivals_read(const char *path, uint32_t first_day, uint32_t days_max, struct arrivals *out,
        char out_why[256], uint32_t *out_line)
{
    char text[LINE_MAX_LEN];
    *out = (struct arrivals){.slot_s = SLOT_S};
    *out_line = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        snprintf(out_why, WHY_MAX, "the file cannot be read: %s", strerror(errno));
        return false;
    }
    struct reading reading = {
            .out = out, .first_day = first_day, .days_max = days_max, .why = out_why};
    bool is_good = true;
    while (is_good && fgets(text, sizeof text, file) != NULL) {
        reading.line++;
        is_good = read_line(&reading, text);
    }
    *out_line = is_good ? 0 : reading.line;
    if (is_good && ferror(file))
        is_good = refuse(&reading, "the file cannot be read to its end");
    if (is_good && out->slot_count == 0)
        is_good = refuse(&reading, "there are no such days in the file");
    fclose(file);
    if (!is_good)
        arrivals_finish(out);
    return is_good;
}

bool arrivals_constant(double per_hour, uint32_t hours, uint32_t days, struct arrivals *out)
{
    uint32_t slots = hours * 3600 / SLOT_S;
    struct arrival_slot *all = calloc((size_t)slots * days, sizeof *all);
    if (all == NULL)
        return false;
    for (uint32_t day = 0; day < days; day++)
        for (uint32_t slot = 0; slot < slots; slot++)
            all[day * slots + slot] = (struct arrival_slot){day, slot, per_hour * SLOT_S / 3600};
    *out = (struct arrivals){all, (size_t)slots * days, SLOT_S, days, slots};
    return true;
}

void arrivals_finish(struct arrivals *arrivals)
{
    free(arrivals->slots);
    *arrivals = (struct arrivals){0};
}

/* ---- the customers ---- */

static uint32_t draw_kind(const struct scenario *scenario, struct stream stream)
{
    double sum = 0;
    for (uint32_t i = 0; i < scenario->kind_count; i++)
        sum += scenario->kinds[i].share;
    double left = stream_unit(&stream) * sum;
    for (uint32_t i = 0; i + 1 < scenario->kind_count; i++) {
        left -= scenario->kinds[i].share;
        if (left < 0)
            return i;
    }
    return scenario->kind_count - 1;
}

static void draw_customer(
        const struct scenario *scenario, uint64_t seed, uint64_t number, struct customer *customer)
{
    struct stream patience = stream_of(seed, number, STREAM_PATIENCE);
    struct stream service = stream_of(seed, number, STREAM_SERVICE);
    double work = scenario->service == SERVICE_EXPONENTIAL
                          ? stream_exponential(&service, 1)
                          : stream_lognormal(&service, scenario->variation);
    customer->work_ms = work * scenario->service_s * 1000;
    customer->kind = draw_kind(scenario, stream_of(seed, number, STREAM_KIND));
    customer->patience_ms =
            scenario->patience_s > 0
                    ? (uint64_t)llround(stream_exponential(&patience, scenario->patience_s * 1000))
                    : UINT64_MAX;
}

static int by_time(const void *left, const void *right)
{
    uint64_t a = ((const struct customer *)left)->arrives_ms;
    uint64_t b = ((const struct customer *)right)->arrives_ms;
    return (a > b) - (a < b);
}

/* How many come in the slot. rest carries the part that is not yet a whole customer. */
static uint64_t count_of(const struct scenario *scenario, const struct arrival_slot *slot,
        uint64_t seed, uint64_t number, double *rest)
{
    double mean = slot->count * scenario->arrival_share;
    if (scenario->is_poisson) {
        struct stream stream = stream_of(seed, number, STREAM_COUNT);
        return stream_poisson(&stream, mean);
    }
    double whole = floor(mean + *rest + 1e-9);
    *rest += mean - whole;
    return (uint64_t)whole;
}

static bool reserve(struct customers *customers, size_t *capacity, uint64_t more)
{
    size_t wanted = customers->count + more;
    if (wanted <= *capacity)
        return true;
    if (wanted > CUSTOMERS_MAX)
        return false;
    size_t grown = wanted * 2;
    struct customer *all = realloc(customers->all, grown * sizeof *all);
    if (all == NULL)
        return false;
    customers->all = all;
    *capacity = grown;
    return true;
}

bool customers_make(const struct scenario *scenario, const struct arrivals *arrivals, uint64_t seed,
        struct customers *out)
{
    size_t capacity = 0;
    double rest = 0;
    *out = (struct customers){.days = arrivals->days,
            .from_s = scenario->opens_s,
            .to_s = scenario->opens_s + arrivals->slots_of_day * arrivals->slot_s};
    for (size_t i = 0; i < arrivals->slot_count; i++) {
        const struct arrival_slot *slot = &arrivals->slots[i];
        uint64_t count = count_of(scenario, slot, seed, i, &rest);
        uint64_t begin_ms = ((uint64_t)slot->day * SCENARIO_DAY_S + scenario->opens_s +
                                    (uint64_t)slot->slot * arrivals->slot_s) *
                            1000;
        struct stream times = stream_of(seed, i, STREAM_TIMES);
        if (!reserve(out, &capacity, count)) {
            customers_finish(out);
            return false;
        }
        struct customer *first = out->all + out->count;
        for (uint64_t k = 0; k < count; k++)
            first[k].arrives_ms =
                    begin_ms + (uint64_t)(stream_unit(&times) * arrivals->slot_s * 1000);
        if (count > 0)
            qsort(first, count, sizeof *first, by_time);
        for (uint64_t k = 0; k < count; k++)
            draw_customer(scenario, seed, out->count + k, &first[k]);
        out->count += count;
    }
    return true;
}

bool customers_of_interval(
        const struct customers *customers, uint32_t from_s, uint32_t to_s, struct customers *out)
{
    *out = (struct customers){.days = customers->days, .from_s = from_s, .to_s = to_s};
    out->all = malloc((customers->count + 1) * sizeof *out->all);
    if (out->all == NULL)
        return false;
    for (size_t i = 0; i < customers->count; i++) {
        uint64_t second = customers->all[i].arrives_ms / 1000 % SCENARIO_DAY_S;
        if (second >= from_s && second < to_s)
            out->all[out->count++] = customers->all[i];
    }
    return true;
}

void customers_finish(struct customers *customers)
{
    free(customers->all);
    *customers = (struct customers){0};
}
