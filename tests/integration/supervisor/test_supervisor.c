/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor with real Redis servers and hollow nodes and bots: who comes back, who is refused,
 * and that nobody is ever left behind.
 */
#include "lib/test.h"
#include "stage.h"

#include <arpa/inet.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACK_MS_MAX = 60000 }; /* the promise is 2000; busy machines are slow */

static struct stage stage, second;
static struct stage_up up;
static char words[4096], lines[2048];

/* Two nodes and a bot. */
static const char *full_crew(const char *data)
{
    snprintf(lines, sizeof lines,
            "processes: 2\ntenants: [{id: demo}]\n"
            "bots: [{name: guide, tenant: demo, command: ['%s', --bot, '%s/%s.yaml']}]\n",
            getenv("FAKE_WEFTD"), test_folder(), data);
    return lines;
}

static void start_full(const char *data)
{
    stage_init(&stage, data, full_crew(data));
    stage_start(&stage, NULL, NULL);
    expect(stage_await_up(&stage, &up));
}

static void the_file_tells_where_everything_is(void)
{
    char wanted[CONFIG_PATH_MAX + 256], port[16];
    start_full("tells");
    expect_u64(up.pid_count, 5);
    expect(stage_pid(&up, "redis") && stage_pid(&up, "keys") && stage_pid(&up, "weftd"));
    expect(stage_pid(&up, "weftd-1") && stage_pid(&up, "bot"));
    expect_u64((uint64_t)up.supervisor, (uint64_t)stage.supervisor);
    expect(sscanf(up.url, "http://127.0.0.1:%15[0-9]", port) == 1);
    snprintf(wanted, sizeof wanted, "ws://127.0.0.1:%s/v1/socket", port);
    expect_text(slice_of_string(up.ws_url), wanted);
    snprintf(wanted, sizeof wanted, "http://127.0.0.1:%s/desk/", port);
    expect_text(slice_of_string(up.desk_url), wanted);
    expect(stage_await_file(&stage, "run/seen-1", words, sizeof words));
    snprintf(wanted, sizeof wanted, "port=%s url= key=", port);
    expect_text(slice_of_string(words), wanted);
    expect(stage_await_file(&stage, "run/seen-bot", words, sizeof words));
    snprintf(wanted, sizeof wanted, "port= url=ws://127.0.0.1:%s/v1/socket key=%s/run/guide.key",
            port, stage.data);
    expect_text(slice_of_string(words), wanted);
    stage_finish(&stage);
}

static void each_killed_process_is_back(void)
{
    start_full("killed");
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < up.pid_count; i++) {
            char name[32];
            pid_t before = up.pids[i];
            memcpy(name, up.names[i], sizeof name);
            test_note("%s, round %d", name, round);
            expect(kill(before, SIGKILL) == 0);
            expect(stage_await_other_pid(&stage, name, before, BACK_MS_MAX, &up));
            expect(kill(stage_pid(&up, name), 0) == 0);
        }
    stage_finish(&stage);
}

static void stopping_goes_from_nodes_to_stores_and_leaves_nobody(void)
{
    start_full("stopped");
    stage_signal(&stage, SIGTERM);
    expect_u64((uint64_t)stage_await_end(&stage, words, sizeof words), 0);
    expect(stage_await_nobody(&up));
    expect(stage_await_file(&stage, "run/bye-0", words, sizeof words));
    expect_text(slice_of_string(words), "store answered");
    expect(stage_await_file(&stage, "run/bye-bot", words, sizeof words));
    expect_text(slice_of_string(words), "store answered");
    expect(!stage_has_file(&stage, "up.json") && !stage_has_file(&stage, "run/log.sock"));
    stage_finish(&stage);
}

static void a_killed_supervisor_leaves_nobody_and_can_start_again(void)
{
    start_full("orphaned");
    stage_signal(&stage, SIGKILL);
    stage_await_end(&stage, words, sizeof words);
    stage_start(&stage, NULL, NULL); /* at once, beside what is still dying */
    expect(stage_await_nobody(&up));
    expect(stage_await_other_pid(&stage, "redis", stage_pid(&up, "redis"), 20000, &up));
    expect_u64((uint64_t)up.supervisor, (uint64_t)stage.supervisor);
    stage_finish(&stage);
}

static void a_second_weftd_on_the_same_data_is_refused(void)
{
    char wanted[CONFIG_PATH_MAX + 128];
    start_full("shared");
    second = stage;
    stage_start(&second, NULL, NULL);
    expect_u64((uint64_t)stage_await_end(&second, words, sizeof words), 73);
    snprintf(wanted, sizeof wanted,
            "weftd: another weftd (process %d) already runs on the data in %s\n",
            (int)stage.supervisor, stage.data);
    expect_text(slice_of_string(words), wanted);
    expect(stage_has_file(&stage, "up.json"));
    stage_finish(&stage);
}

static void a_taken_port_is_told_by_its_number(void)
{
    char wanted[128];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on); /* as another weftd would have */
    expect(bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 1) == 0);
    expect(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    snprintf(lines, sizeof lines, "listen: {port: %d}\n", ntohs(address.sin_port));
    stage_init(&stage, "taken", lines);
    stage_start(&stage, NULL, NULL);
    expect_u64((uint64_t)stage_await_end(&stage, words, sizeof words), 69);
    snprintf(wanted, sizeof wanted, "weftd: port %d on 127.0.0.1 is taken by another program\n",
            ntohs(address.sin_port));
    expect_text(slice_of_string(words), wanted);
    close(fd);
    stage_finish(&stage);
}

static void data_that_cannot_be_written_is_told(void)
{
    char wanted[CONFIG_PATH_MAX + 128];
    stage_init(&stage, "blocked", "");
    snprintf(wanted, sizeof wanted, "%s/log", stage.data);
    FILE *file = fopen(wanted, "w"); /* a file where a folder should be */
    expect(file != NULL && fclose(file) == 0);
    snprintf(lines, sizeof lines, "data: %s/log/data\n", stage.data);
    file = fopen(stage.config_path, "w");
    expect(file != NULL && fputs(lines, file) > 0 && fclose(file) == 0);
    stage_start(&stage, NULL, NULL);
    expect_u64((uint64_t)stage_await_end(&stage, words, sizeof words), 74);
    snprintf(wanted, sizeof wanted,
            "weftd: the data folder %s/log/data cannot be made or written: Not a directory\n",
            stage.data);
    expect_text(slice_of_string(words), wanted);
    stage_finish(&stage);
}

static void mount_small_disk(struct stage *at)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("small", at->data, "tmpfs", 0, "size=1m") != 0)
        _exit(125);
}

static void a_full_disk_is_told_at_the_start(void)
{
    char wanted[CONFIG_PATH_MAX + 128];
    stage_init(&stage, "full", "");
    stage_start(&stage, NULL, mount_small_disk);
    int code = stage_await_end(&stage, words, sizeof words);
    stage_finish(&stage);
    if (code == 125)
        test_skip("a small disk cannot be mounted here");
    expect_u64((uint64_t)code, 74);
    snprintf(wanted, sizeof wanted,
            "weftd: the disk of the data folder %s is full: 1 MiB free, at least 64 are needed\n",
            stage.data);
    test_note("%s", words);
    expect(strncmp(words, wanted, strcspn(wanted, ":") + 1) == 0);
    expect(strstr(words, "is full: ") && strstr(words, "at least 64 are needed\n"));
}

static void a_deep_data_folder_gets_short_sockets(void)
{
    char deep[256] = "";
    memset(deep, 'd', 150);
    stage_init(&stage, deep, "");
    stage_start(&stage, NULL, NULL);
    expect(stage_await_up(&stage, &up));
    expect(stage_pid(&up, "redis") != 0 && !stage_has_file(&stage, "run/log.sock"));
    stage_signal(&stage, SIGTERM);
    expect_u64((uint64_t)stage_await_end(&stage, words, sizeof words), 0);
    stage_finish(&stage);
}

static void a_reload_reaches_the_nodes(void)
{
    stage_init(&stage, "reload", "");
    stage_start(&stage, NULL, NULL);
    expect(stage_await_up(&stage, &up));
    stage_signal(&stage, SIGHUP);
    expect(stage_await_file(&stage, "run/hup", words, sizeof words));
    expect_text(slice_of_string(words), "0");
    stage_finish(&stage);
}

static void a_bot_that_cannot_start_holds_nobody_up(void)
{
    stage_init(&stage, "botless",
            "tenants: [{id: demo}]\nbots: [{name: b, tenant: demo, command: ['false']}]\n");
    stage_start(&stage, NULL, NULL);
    expect(stage_await_up(&stage, &up));
    stage_finish(&stage);
}

static void a_node_that_never_gets_ready_ends_the_start(void)
{
    stage_init(&stage, "never", "");
    stage_start(&stage, "false", NULL);
    expect_u64((uint64_t)stage_await_end(&stage, words, sizeof words), 70);
    expect(strstr(words, "weftd: 'false' does not start: it ended 8 times") != NULL);
    expect(!stage_has_file(&stage, "up.json"));
    stage_finish(&stage);
}

static void be_silent(struct stage *at)
{
    (void)at;
    setenv("FAKE_SILENT", "1", 1);
}

static void a_stop_during_the_start_is_obeyed(void)
{
    stage_init(&stage, "early", "");
    stage_start(&stage, NULL, be_silent);
    expect(stage_await_file(&stage, "run/seen-0", words, sizeof words));
    expect(!stage_has_file(&stage, "up.json"));
    stage_signal(&stage, SIGINT);
    expect_u64((uint64_t)stage_await_end(&stage, words, sizeof words), 0);
    stage_finish(&stage);
}

static void name_manager(struct stage *at)
{
    char path[CONFIG_PATH_MAX];
    snprintf(path, sizeof path, "%.80s/notify", at->data);
    setenv("NOTIFY_SOCKET", path, 1);
}

static void the_service_manager_is_told(void)
{
    char text[64] = "";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval limit = {20, 0};
    stage_init(&stage, "notify", "");
    snprintf(address.sun_path, sizeof address.sun_path, "%.80s/notify", stage.data);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    expect(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    stage_start(&stage, NULL, name_manager);
    expect(recv(fd, text, sizeof text - 1, 0) > 0);
    expect_text(slice_of_string(text), "READY=1");
    stage_finish(&stage);
    close(fd);
}

int main(int argc, char **argv)
{
    return test_main(argc, argv,
            (struct test_case[]){CASE(the_file_tells_where_everything_is),
                    CASE(each_killed_process_is_back),
                    CASE(stopping_goes_from_nodes_to_stores_and_leaves_nobody),
                    CASE(a_killed_supervisor_leaves_nobody_and_can_start_again),
                    CASE(a_second_weftd_on_the_same_data_is_refused),
                    CASE(a_taken_port_is_told_by_its_number),
                    CASE(data_that_cannot_be_written_is_told),
                    CASE(a_full_disk_is_told_at_the_start),
                    CASE(a_deep_data_folder_gets_short_sockets), CASE(a_reload_reaches_the_nodes),
                    CASE(a_bot_that_cannot_start_holds_nobody_up),
                    CASE(a_node_that_never_gets_ready_ends_the_start),
                    CASE(a_stop_during_the_start_is_obeyed), CASE(the_service_manager_is_told),
                    {0}});
}
