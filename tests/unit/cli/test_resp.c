/* SPDX-License-Identifier: Apache-2.0 */
/* The doctor's questions to Redis: where they go, and what is too much of an answer. The answers
 * lie in a socket pair before they are asked for. */
#include "cli/doctor/resp.h"
#include "lib/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const ping[] = {"PING", NULL};

static int listen_on(int family, const struct sockaddr *address, socklen_t len)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, address, len) == 0 && listen(fd, 4) == 0)
        return fd;
    close(fd);
    return -1;
}

static void a_host_is_reached_by_its_address(void)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof four;
    struct config_redis redis = {0};
    struct resp resp;
    int fd = listen_on(AF_INET, (struct sockaddr *)&four, sizeof four);
    expect(fd >= 0 && getsockname(fd, (struct sockaddr *)&four, &len) == 0);
    snprintf(redis.host, sizeof redis.host, "127.0.0.1");
    redis.port = ntohs(four.sin_port);
    expect(resp_open(&redis, "", &resp));
    resp_close(&resp);
    close(fd);
    expect(!resp_open(&redis, "", &resp)); /* nobody is there any more */
    expect_u64((uint64_t)errno, ECONNREFUSED);
    snprintf(redis.host, sizeof redis.host, "::1");
    expect(!resp_open(&redis, "", &resp));
    snprintf(redis.host, sizeof redis.host, "a.name");
    expect(!resp_open(&redis, "", &resp));
    expect_u64((uint64_t)errno, EINVAL);
}

static void a_path_that_is_no_socket_is_told(void)
{
    struct config_redis redis = {0};
    struct resp resp;
    char path[300];
    expect(!resp_open(&redis, test_folder(), &resp)); /* a folder */
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    expect(!resp_open(&redis, path, &resp));
    expect_u64((uint64_t)errno, ENAMETOOLONG);
    snprintf(redis.socket, sizeof redis.socket, "%s/nothing", test_folder());
    expect(!resp_open(&redis, "", &resp));
    expect_u64((uint64_t)errno, ENOENT);
}

static void without_a_descriptor_nothing_is_opened(void)
{
    struct rlimit limit, none;
    struct config_redis redis = {0};
    struct resp resp;
    expect(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    none = (struct rlimit){0, limit.rlim_max};
    expect(setrlimit(RLIMIT_NOFILE, &none) == 0);
    bool is_open = resp_open(&redis, "x", &resp);
    int reason = errno;
    expect(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    expect(!is_open);
    expect_u64((uint64_t)reason, EMFILE);
}

/* Whether the answer was taken. */
static bool ask(const char *bytes, size_t len, char out_answer[RESP_ANSWER_MAX])
{
    int ends[2];
    expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    expect(send(ends[0], bytes, len, 0) == (ssize_t)len);
    shutdown(ends[0], SHUT_WR);
    struct resp resp = {ends[1]};
    bool is_good = resp_ask(&resp, ping, out_answer);
    resp_close(&resp);
    close(ends[0]);
    return is_good;
}

static void answers_are_lines(void)
{
    static char answer[RESP_ANSWER_MAX];
    expect(ask("*2\r\n$4\r\nsave\r\n:12\r\n", 20, answer));
    expect_text(slice_of_string(answer), "save\n12\n");
    expect(!ask("-ERR no\r\n", 9, answer));
    expect(answer[0] == '-');
}

static void too_much_is_refused(void)
{
    static char answer[RESP_ANSWER_MAX], bytes[2 * RESP_ANSWER_MAX];
    memset(bytes, 'a', sizeof bytes);
    bytes[0] = '+';
    expect(!ask(bytes, sizeof bytes, answer)); /* a line without an end */
    int len = snprintf(bytes, sizeof bytes, "*200\r\n");
    for (int i = 0; i < 200; i++)
        len += snprintf(bytes + len, sizeof bytes - (size_t)len, "+%0100d\r\n", i);
    expect(!ask(bytes, (size_t)len, answer)); /* more lines than there is room for */
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(a_host_is_reached_by_its_address),
                    CASE(a_path_that_is_no_socket_is_told),
                    CASE(without_a_descriptor_nothing_is_opened), CASE(answers_are_lines),
                    CASE(too_much_is_refused), {0}});
}
