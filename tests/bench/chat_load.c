/* SPDX-License-Identifier: Apache-2.0 */
/* The load of the chat workload: customers in conversations of their own, each saying one thing
 * after the other, acked before the next.
 *
 *   chat_load PORT CUSTOMERS SECONDS [TENANT SIGNING_SECRET]
 *
 * With a tenant it speaks to weftd, with tokens that it signs as the brand's server would; without,
 * to the floor, which asks for none. Prints one line of JSON. Loopback only; ends by itself.
 *
 * Invariant: the same bytes go to both servers but for the hello; a message counts when its ack has
 * come; the clock starts when everybody has been welcomed.
 */
#include "base/check.h"
#include "port/crypto.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CUSTOMERS_MAX = 4000, FRAME_MAX = 4096, SAMPLES_MAX = 4000000, WARM_UP_MS = 500 };

enum phase { OPENING, GREETING, TALKING };

struct customer {
    int fd;
    enum phase phase;
    uint64_t n, sent_ns;
    char lineage[32];
    size_t held;
    char in[FRAME_MAX * 4];
};

static struct customer customers[CUSTOMERS_MAX];
static uint32_t *samples_us;
static size_t sample_count;
static unsigned welcomed, wanted;
static bool is_measuring;
static const char *tenant_id;
static uint8_t secret[SIGNING_SECRET_SIZE];
static char filler[201];

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000;
}

static void send_all(const struct customer *customer, const void *bytes, size_t len)
{
    ssize_t sent = send(customer->fd, bytes, len, MSG_NOSIGNAL);
    check(sent == (ssize_t)len); /* small frames, an empty socket buffer */
}

/* A masked text frame; the mask is zero, which is a mask. */
static void send_frame(const struct customer *customer, const char *text, size_t len)
{
    uint8_t frame[FRAME_MAX + 8];
    size_t head = len < 126 ? 6 : 8;
    check(len <= FRAME_MAX);
    frame[0] = 0x81;
    frame[1] = (uint8_t)(0x80 | (len < 126 ? len : 126));
    if (len >= 126) {
        frame[2] = (uint8_t)(len >> 8);
        frame[3] = (uint8_t)len;
    }
    memset(frame + head - 4, 0, 4);
    memcpy(frame + head, text, len);
    send_all(customer, frame, head + len);
}

static void greet(const struct customer *customer)
{
    char text[FRAME_MAX], subject[32], token[TOKEN_MAX];
    struct buffer out = buffer_make(token, sizeof token);
    uint64_t now_ms = wall_ms();
    if (tenant_id != NULL) {
        snprintf(subject, sizeof subject, "x:load-%zu", (size_t)(customer - customers));
        struct token_claims claims = {.tenant = slice_of_string(tenant_id),
                .role = SLICE_OF("customer"),
                .subject = slice_of_string(subject),
                .issued_ms = now_ms,
                .expires_ms = now_ms + 3600000};
        check(token_sign(secret, &claims, &out));
    }
    int len = snprintf(text, sizeof text, "{\"type\":\"hello\",\"id\":\"1\",\"token\":\"%.*s\"}",
            (int)out.len, token);
    send_frame(customer, text, (size_t)len);
}

static void speak(struct customer *customer)
{
    char text[FRAME_MAX];
    customer->n++;
    customer->sent_ns = now_ns();
    int len = snprintf(text, sizeof text,
            "{\"type\":\"send\",\"id\":\"%" PRIu64 "\",\"lineage\":\"%s\",\"n\":%" PRIu64
            ",\"body\":{\"kind\":\"text\",\"text\":\"%s\"}}",
            customer->n, customer->lineage, customer->n, filler);
    send_frame(customer, text, (size_t)len);
}

static void open_customer(struct customer *customer, uint16_t port, int poll_fd)
{
    char request[512];
    int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
            .sin_port = htons(port),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    customer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(customer->fd >= 0);
    if (connect(customer->fd, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("chat_load: connect");
        exit(2);
    }
    setsockopt(customer->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    int len = snprintf(request, sizeof request,
            "GET /v1/socket HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: weft.v1.json\r\n\r\n",
            port);
    send_all(customer, request, (size_t)len);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = customer};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, customer->fd, &event);
}

static void on_welcome(struct customer *customer, const char *text, size_t len)
{
    const char *at = memmem(text, len, "\"lineage\":\"", 11);
    snprintf(customer->lineage, sizeof customer->lineage, "%.24s",
            at ? at + 11 : "000000000a-0000000000000");
    customer->phase = TALKING;
    welcomed++;
}

static void on_text(struct customer *customer, const char *text, size_t len)
{
    if (customer->phase == GREETING && memmem(text, len, "\"type\":\"welcome\"", 16) != NULL) {
        on_welcome(customer, text, len);
    } else if (customer->phase == TALKING && memmem(text, len, "\"type\":\"ack\"", 12) != NULL) {
        if (is_measuring && sample_count < SAMPLES_MAX)
            samples_us[sample_count++] = (uint32_t)((now_ns() - customer->sent_ns) / 1000);
        speak(customer);
    } else if (memmem(text, len, "\"type\":\"error\"", 14) != NULL) {
        fprintf(stderr, "chat_load: %.*s\n", (int)len, text);
        exit(2);
    }
}

/* Takes one frame off the front. Returns its whole length, 0 when it is not there yet. */
static size_t take_frame(struct customer *customer, const char *bytes, size_t len)
{
    size_t head = 2, size;
    if (len < 4)
        return 0;
    size = (uint8_t)bytes[1] & 127;
    if (size == 126) {
        size = (size_t)(uint8_t)bytes[2] << 8 | (uint8_t)bytes[3];
        head = 4;
    }
    check(size != 127);
    if (len < head + size)
        return 0;
    if ((bytes[0] & 15) == 1)
        on_text(customer, bytes + head, size);
    return head + size;
}

static void on_readable(struct customer *customer)
{
    ssize_t got = recv(
            customer->fd, customer->in + customer->held, sizeof customer->in - customer->held, 0);
    size_t at = 0, used;
    if (got <= 0) {
        fprintf(stderr, "chat_load: the server closed a connection\n");
        exit(2);
    }
    customer->held += (size_t)got;
    if (customer->phase == OPENING) {
        const char *end = memmem(customer->in, customer->held, "\r\n\r\n", 4);
        if (end == NULL)
            return;
        at = (size_t)(end + 4 - customer->in);
        customer->phase = GREETING;
        greet(customer);
    }
    while ((used = take_frame(customer, customer->in + at, customer->held - at)) > 0)
        at += used;
    customer->held -= at;
    memmove(customer->in, customer->in + at, customer->held);
}

static void turn(int poll_fd)
{
    struct epoll_event events[256];
    int count = epoll_wait(poll_fd, events, 256, 100);
    for (int i = 0; i < count; i++)
        on_readable(events[i].data.ptr);
}

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static double percentile_ms(double part)
{
    size_t at = (size_t)((double)sample_count * part);
    return sample_count ? (double)samples_us[at < sample_count ? at : sample_count - 1] / 1000.0
                        : 0;
}

static void report(double seconds)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    qsort(samples_us, sample_count, sizeof *samples_us, compare);
    printf("{\"customers\":%u,\"messages\":%zu,\"msgs_per_s\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,"
           "\"generator_cpu_s\":%.2f}\n",
            wanted, sample_count, (double)sample_count / seconds, percentile_ms(0.5),
            percentile_ms(0.99),
            (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                    (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 6) {
        fprintf(stderr, "usage: chat_load PORT CUSTOMERS SECONDS [TENANT SIGNING_SECRET]\n");
        return 64;
    }
    size_t secret_len = 0;
    uint16_t port = (uint16_t)strtoul(argv[1], NULL, 10);
    wanted = (unsigned)strtoul(argv[2], NULL, 10);
    double seconds = strtod(argv[3], NULL);
    tenant_id = argc == 6 ? argv[4] : NULL;
    check(crypto_start() && wanted > 0 && wanted <= CUSTOMERS_MAX);
    if (argc == 6)
        check(base64url_read(slice_of_string(argv[5]), secret, sizeof secret, &secret_len) &&
                secret_len == sizeof secret);
    memset(filler, 'x', sizeof filler - 1);
    samples_us = malloc(SAMPLES_MAX * sizeof *samples_us);
    int poll_fd = epoll_create1(EPOLL_CLOEXEC);
    check(samples_us != NULL && poll_fd >= 0);
    for (unsigned i = 0; i < wanted; i++)
        open_customer(&customers[i], port, poll_fd);
    while (welcomed < wanted)
        turn(poll_fd);
    for (unsigned i = 0; i < wanted; i++)
        speak(&customers[i]);
    uint64_t begin = now_ns() + (uint64_t)WARM_UP_MS * 1000000u;
    while (now_ns() < begin)
        turn(poll_fd);
    is_measuring = true;
    uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);
    while (now_ns() < end)
        turn(poll_fd);
    report(seconds);
    return 0;
}
