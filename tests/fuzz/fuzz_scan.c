/* SPDX-License-Identifier: Apache-2.0 */
/* The two passes over any input, without a shape: the first byte chooses codec and bounds.
 *
 * Guards: the scan keeps to its bounds; what it has accepted can be walked value by value to its
 * end, and not further.
 */
#include "fuzz.h"
#include "proto/cursor.h"

static struct proto_scan scan;

static void walk(enum proto_codec codec, char *bytes, size_t len)
{
    char *at = bytes, *end = bytes + len;
    if (codec == PROTO_JSON)
        proto_json_skip(&at, end);
    else
        check(proto_msgpack_skip(&at, end));
    check(at <= end);
    while (codec == PROTO_JSON && at < end && strchr(" \t\r\n", *at) != NULL)
        at++;
    check(at == end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum proto_codec codec = data[0] & 1 ? PROTO_MSGPACK : PROTO_JSON;
    size_t len = size - 1, depth = 1 + (data[0] >> 1) % PROTO_DEPTH_MAX;
    size_t elements = data[0] & 64 ? 8 : 1024;
    char *bytes = fuzz_copy(data + 1, len);
    scan = (struct proto_scan){
            .at = bytes, .end = bytes + len, .depth_left = depth, .elements_left = elements};
    bool is_good = codec == PROTO_JSON ? proto_json_scan(&scan) : proto_msgpack_scan(&scan);
    check(scan.elements_left <= elements && scan.member_count <= elements);
    if (is_good)
        walk(codec, bytes, len);
    free(bytes);
    return 0;
}
