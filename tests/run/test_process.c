/* Child processes: how each kind of ending is told, limits, and what the child sees. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <ntk/memory.h>

#include "fixture.h"
#include "run/process.h"

static const char *folder;

static void begin(void) { folder = fixture_folder(); }

TestSuite(process, .init = begin, .fini = fixture_remove, .timeout = 30);

static ntk_process run_shell(const char *script, double seconds, double megabytes) {
    const char *out = fixture_join(folder, "out"), *error = fixture_join(folder, "err");
    const char *const arguments[] = {"sh", "-c", script, NULL};
    const char *const environment[] = {"TOY=new", "HOME=/replaced", NULL};
    const ntk_process_options options = {arguments, environment, out, error, seconds, megabytes, NULL};
    ntk_process process, *const processes[] = {&process};
    setenv("TOY", "old", 1);
    setenv("KEPT", "kept", 1);
    assert_ok(ntk_process_start(&options, &process));
    while (process.ending == NTK_ENDING_NONE) ntk_process_wait(processes, 1, 0.1);
    return process;
}

Test(process, endings_are_told_apart) {
    ntk_process process = run_shell("exit 3", 10, 4096);
    cr_expect(process.ending == NTK_ENDING_EXIT && process.code == 3);
    process = run_shell("kill -SEGV $$", 10, 4096);
    cr_expect(process.ending == NTK_ENDING_SIGNAL && process.code == SIGSEGV);
    process = run_shell("sleep 10", 0.2, 4096);
    cr_expect_eq(process.ending, NTK_ENDING_TIME);
    cr_expect(process.seconds > 0.2 && process.seconds < 5);
    char text[128];
    ntk_process_describe(&process, text, sizeof text);
    cr_expect_str_eq(text, "exceeded its time limit of 0.2 s and was stopped");
}

Test(process, the_environment_is_replaced_where_asked) {
    run_shell("echo $TOY $HOME $KEPT", 10, 4096);
    char *said = fixture_read(fixture_join(folder, "out"));
    cr_expect_str_eq(said, "new /replaced kept\n");
}

Test(process, progress_arrives_and_nonsense_is_ignored) {
    const ntk_process process = run_shell("printf '0.25\\n0.7' >&3; printf '5\\n7\\nnan\\n' >&3", 10, 4096);
    cr_expect_eq(process.fraction, 0.75);
}

static const char *in_folder(const char *name) { return fixture_join(folder, name); }

static void start_attached(const char *script, ntk_process *process) {
    const char *const arguments[] = {"sh", "-c", script, NULL}, *const environment[] = {"TOY=new", NULL};
    const ntk_process_options options = {arguments, environment, in_folder("out"), in_folder("err"), 10,
                                         4096,      folder};
    assert_ok(ntk_process_start(&options, process));
}

/* It works in the folder that it is given, reports its progress, and keeps the caller's group. */
Test(process, an_attached_process_works_in_its_folder) {
    ntk_process process, *const processes[] = {&process};
    start_attached("pwd -P; echo $TOY; ps -o pgid= -p $$; echo 0.5 >&3; exit 4", &process);
    while (process.ending == NTK_ENDING_NONE) ntk_process_wait(processes, 1, 0.1);
    cr_expect(process.ending == NTK_ENDING_EXIT && process.code == 4);
    cr_expect_eq(process.fraction, 0.5);
    char place[256], toy[16];
    long group = 0;
    cr_expect_eq(sscanf(fixture_read(in_folder("out")), "%255[^\n]\n%15s\n%ld", place, toy, &group), 3);
    cr_expect_str_eq(place, folder);
    cr_expect_str_eq(toy, "new");
    cr_expect_eq(group, getpgrp());
    const char *const arguments[] = {"/nowhere/program", NULL}, *const environment[] = {NULL};
    const ntk_process_options options = {arguments, environment, in_folder("out"), in_folder("err"), 10,
                                         4096,      folder};
    cr_expect_eq(ntk_process_start(&options, &process), NTK_ERROR_IO);
    cr_expect_not_null(strstr(ntk_error_detail(), "/nowhere/program cannot be started"), "%s",
                       ntk_error_detail());
}

/* Who starts it may be killed and can then end nobody. */
Test(process, an_attached_process_ends_with_its_starter) {
    const pid_t starter = fork();
    if (starter == 0) {
        ntk_process process;
        start_attached("echo $$; sleep 20", &process);
        while (fixture_read(in_folder("out"))[0] == '\0') usleep(1000);
        _exit(0);
    }
    waitpid(starter, NULL, 0);
    const pid_t pid = (pid_t)strtol(fixture_read(in_folder("out")), NULL, 10);
    cr_assert_gt(pid, 0);
    int tries = 0;
    while (kill(pid, 0) == 0 && tries++ < 2000) usleep(1000);
    cr_expect_lt(tries, 2000, "it goes on");
}

/* A child's child that outlives the limit would go on using the processors. */
Test(process, the_whole_group_is_killed) {
    run_shell("sleep 20 & echo $!; wait", 0.3, 4096);
    char *said = fixture_read(fixture_join(folder, "out"));
    const pid_t grandchild = (pid_t)strtol(said, NULL, 10);
    cr_assert_gt(grandchild, 1);
    for (int look = 0; look < 100 && kill(grandchild, 0) == 0; look++) {
        char path[64], state = 'R';
        snprintf(path, sizeof path, "/proc/%ld/stat", (long)grandchild);
        FILE *file = fopen(path, "r");
        if (file != NULL && fscanf(file, "%*d %*s %c", &state) != 1) state = 'R';
        if (file != NULL) fclose(file);
        if (state == 'Z') break; /* dead, and nobody has asked yet */
        usleep(10000);
        cr_expect_lt(look, 99, "the child's child is alive");
    }
}

Test(process, a_program_that_does_not_exist_is_named) {
    const char *out = fixture_join(folder, "out"), *error = fixture_join(folder, "err");
    const char *const arguments[] = {"/nowhere/ntk", NULL}, *const environment[] = {NULL};
    const ntk_process_options options = {arguments, environment, out, error, 1, 4096, NULL};
    ntk_process process;
    assert_fails(ntk_process_start(&options, &process), NTK_ERROR_IO, "/nowhere/ntk");
}

Test(process, last_words_are_the_last_line_that_says_something) {
    run_shell("printf 'first\\nsecond \\n\\n \\n' >&2", 10, 4096);
    char *words;
    assert_ok(ntk_process_last_words(fixture_join(folder, "err"), &words));
    cr_expect_str_eq(words, "second");
    ntk_release(words);
    assert_ok(ntk_process_last_words(fixture_join(folder, "nothing"), &words));
    cr_expect_str_empty(words);
    ntk_release(words);
}

/* ---- launched -------------------------------------------------------------------------------- */

static void launch(const char *script, double seconds, ntk_process *process) {
    const char *const arguments[] = {"sh", "-c", script, NULL}, *const environment[] = {"TOY=new", NULL};
    const ntk_process_options options = {arguments, environment, in_folder("out"), in_folder("err"), seconds,
                                         4096,      NULL};
    assert_ok(ntk_process_launch(&options, in_folder("progress"), process));
}

/* It is asked before it is killed, ends what it has started, and its file of progress goes. */
Test(process, a_launcher_that_takes_too_long_is_asked_to_end) {
    ntk_process process, *const processes[] = {&process};
    launch("trap 'echo asked; exit 7' TERM; while :; do sleep 0.05; done", 0.5, &process);
    fixture_write(folder, "progress", "0.25\n");
    while (process.ending == NTK_ENDING_NONE) {
        ntk_process_wait(processes, 1, 0.1);
        if (process.ending == NTK_ENDING_NONE) cr_expect_eq(process.fraction, 0.25);
    }
    cr_expect_eq(process.ending, NTK_ENDING_TIME);
    cr_expect_str_eq(fixture_read(in_folder("out")), "asked\n");
    cr_expect_lt(process.seconds, 8);
    cr_expect_eq(access(in_folder("progress"), F_OK), -1);
}

Test(process, a_launcher_ends_with_its_starter) {
    const pid_t starter = fork();
    if (starter == 0) {
        ntk_process process;
        launch("trap 'echo asked; exit' TERM; echo $$; while :; do sleep 0.05; done", 20, &process);
        while (fixture_read(in_folder("out"))[0] == '\0') usleep(1000);
        _exit(getpgid(process.pid) == process.pid ? 0 : 1);
    }
    int status, tries = 0;
    cr_assert(waitpid(starter, &status, 0) == starter && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    while (strstr(fixture_read(in_folder("out")), "asked") == NULL && tries++ < 2000) usleep(1000);
    cr_expect_lt(tries, 2000, "it goes on");
}

Test(process, the_words_of_a_rank_come_before_those_of_its_launcher) {
    char *words;
    run_shell("printf 'ntk: warning: slow\n-----\nrank 2 exited on signal 9 (Killed).\n-----\n' >&2", 10,
              4096);
    assert_ok(ntk_process_launched_words(in_folder("err"), &words));
    cr_expect_str_eq(words, "rank 2 exited on signal 9 (Killed).");
    ntk_release(words);
    run_shell("printf 'ntk: width 64: it blew up\n-----\nExit code: 5\n-----\n' >&2", 10, 4096);
    assert_ok(ntk_process_launched_words(in_folder("err"), &words));
    cr_expect_str_eq(words, "ntk: width 64: it blew up");
    ntk_release(words);
}
