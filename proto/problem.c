/* SPDX-License-Identifier: Apache-2.0 */
/* Turns what is wrong with an input into a code, the field's path and a sentence.
 *
 * Invariant: the sentence holds names and limits of the schema only, never a piece of the input, so
 * it may be logged and sent back.
 */
#include "proto/problem.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static void put_path(struct buffer *out, const struct proto_path *path)
{
    if (path->up != NULL && path->up->name.len > 0) {
        put_path(out, path->up);
        buffer_put_char(out, '.');
    }
    buffer_put_slice(out, path->name);
    if (path->index == PROTO_NO_INDEX)
        return;
    buffer_put_char(out, '[');
    buffer_put_u64(out, (uint64_t)path->index);
    buffer_put_char(out, ']');
}

__attribute__((format(printf, 4, 5))) static bool say(struct proto_problem *problem,
        enum proto_error_code code, const struct proto_path *path, const char *format, ...)
{
    struct buffer field = buffer_make(problem->field, PROTO_FIELD_PATH_MAX);
    put_path(&field, path);
    problem->field[field.len] = '\0';
    problem->code = code;
    int len =
            snprintf(problem->message, sizeof problem->message, "The field '%s' ", problem->field);
    va_list values;
    va_start(values, format);
    vsnprintf(problem->message + len, sizeof problem->message - (size_t)len, format, values);
    va_end(values);
    return false;
}

bool proto_problem_plain(struct proto_problem *problem, enum proto_error_code code)
{
    problem->code = code;
    problem->field[0] = '\0';
    snprintf(problem->message, sizeof problem->message, "%.*s",
            SLICE_ARGS(proto_error_info(code)->message));
    return false;
}

bool proto_problem_missing(
        struct proto_problem *problem, const struct proto_path *path, struct slice name)
{
    struct proto_path missing = {path, name, PROTO_NO_INDEX};
    return say(problem, PROTO_ERROR_MISSING_FIELD, &missing, "is required.");
}

static const char *type_text(enum proto_type type)
{
    switch (type) {
    case PROTO_TYPE_STR:
        return "text";
    case PROTO_TYPE_BIN:
        return "bytes";
    case PROTO_TYPE_U64:
        return "a whole number, not negative";
    case PROTO_TYPE_BOOL:
        return "true or false";
    case PROTO_TYPE_NAME:
        return "a name such as 12-9f86d081884c7d65";
    case PROTO_TYPE_ENUM:
        return "one of the words of the protocol";
    case PROTO_TYPE_OBJECT:
        return "an object";
    }
    return "something else";
}

bool proto_problem_type(struct proto_problem *problem, const struct proto_path *path,
        const struct proto_field *field)
{
    bool is_list = field->is_list && path->index == PROTO_NO_INDEX;
    return say(problem, PROTO_ERROR_WRONG_TYPE, path, "must be %s.",
            is_list ? "a list" : type_text(field->type));
}

static bool say_words(struct proto_problem *problem, const struct proto_path *path,
        const struct proto_enum *choices)
{
    char text[PROTO_MESSAGE_MAX];
    struct buffer words = buffer_make(text, sizeof text);
    for (size_t i = 0; i < choices->count; i++) {
        buffer_put_slice(&words, i > 0 ? SLICE_OF(", ") : SLICE_NONE);
        buffer_put_slice(&words, choices->words[i]);
    }
    return say(
            problem, PROTO_ERROR_OUT_OF_RANGE, path, "must be one of %.*s.", (int)words.len, text);
}

bool proto_problem_range(struct proto_problem *problem, const struct proto_path *path,
        const struct proto_field *field)
{
    if (field->type == PROTO_TYPE_ENUM)
        return say_words(problem, path, field->choices);
    bool is_number = field->type == PROTO_TYPE_U64;
    return say(problem, PROTO_ERROR_OUT_OF_RANGE, path, "is %s than %" PRIu64 "%s.",
            is_number ? "larger" : "longer", field->max, is_number ? "" : " bytes");
}

bool proto_problem_count(struct proto_problem *problem, const struct proto_path *path,
        const struct proto_field *field)
{
    return say(problem, PROTO_ERROR_OUT_OF_RANGE, path, "has more than %u elements.",
            field->count_max);
}
