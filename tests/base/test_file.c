/* Whatever goes wrong, a reader finds the old content or the new one, and no temporary file
 * stays. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <ntk/file.h>
#include <ntk/memory.h>
#include <ntk/parallel.h>

#include "folder.h"
#include "status.h"

/* --- a folder of its own for each test -------------------------------------------------------- */

static char start[4096], folder[FOLDER_SIZE];

static void enter_folder(void) {
    cr_assert(getcwd(start, sizeof start) != NULL);
    folder_make("file", folder);
    cr_assert(chdir(folder) == 0);
}

static void remove_folder(void) {
    char command[128];
    cr_assert(chdir("/") == 0);
    snprintf(command, sizeof command, "chmod -R u+w '%s' && rm -r '%s'", folder, folder);
    cr_assert(system(command) == 0);
}

TestSuite(file, .init = enter_folder, .fini = remove_folder);

static size_t entries(const char *path) {
    size_t count = 0;
    DIR *open_folder = opendir(path);
    cr_assert(open_folder != NULL);
    for (struct dirent *entry; (entry = readdir(open_folder)) != NULL;) count += entry->d_name[0] != '.';
    closedir(open_folder);
    return count;
}

static bool contains(const char *path, const char *text) {
    char *content = NULL;
    size_t size = 0;
    if (ntk_file_read(path, &content, &size) != NTK_OK) return false;
    const bool equal = size == strlen(text) && memcmp(content, text, size + 1) == 0;
    ntk_release(content);
    return equal;
}

static void write_text(const char *path, const char *text) {
    assert_ok(ntk_file_write(path, text, strlen(text)));
}

/* --- the good case ---------------------------------------------------------------------------- */

Test(file, what_is_written_is_read) {
    enum { SIZE = 200001 };
    char *bytes = malloc(SIZE), *content = NULL;
    size_t size = 0;
    for (size_t i = 0; i < SIZE; i++) bytes[i] = (char)(i * 7 + i / 256); /* zeros included */
    assert_ok(ntk_file_write("bytes", bytes, SIZE));
    assert_ok(ntk_file_read("bytes", &content, &size));
    cr_assert(size == SIZE && memcmp(content, bytes, SIZE) == 0 && content[SIZE] == '\0');
    ntk_release(content);
    cr_assert(ntk_file_write("empty", NULL, 0) == NTK_OK && contains("empty", ""));
    cr_assert(entries(".") == 2);
    free(bytes);
}

Test(file, nothing_is_seen_before_the_commit) {
    write_text("report", "old");
    ntk_file *file = NULL;
    assert_ok(ntk_file_create("report", &file));
    fprintf(ntk_file_stream(file), "new %d", 1);
    fflush(ntk_file_stream(file));
    cr_assert(contains("report", "old"));
    assert_ok(ntk_file_commit(file));
    cr_assert(contains("report", "new 1") && entries(".") == 1);
}

/* What makes several files one: none is replaced before all are on the disk. */
Test(file, a_finished_file_waits_for_its_commit) {
    ntk_file *file = NULL, *full = NULL;
    assert_ok(ntk_file_write("name", "old", 3));
    assert_ok(ntk_file_create("name", &file));
    fputs("new", ntk_file_stream(file));
    assert_ok(ntk_file_finish(file));
    cr_expect(contains("name", "old"));
    cr_expect_eq(entries("."), 2);
    assert_ok(ntk_file_create("/dev/full", &full));
    fputs("text", ntk_file_stream(full));
    cr_expect_eq(ntk_file_finish(full), NTK_ERROR_IO);
    ntk_file_abandon(full);
    assert_ok(ntk_file_commit(file));
    cr_expect(contains("name", "new"));
    assert_ok(ntk_file_create("name", &file));
    assert_ok(ntk_file_finish(file));
    ntk_file_abandon(file);
    cr_expect(contains("name", "new"));
    cr_expect_eq(entries("."), 1);
}

Test(file, an_abandoned_file_leaves_no_trace) {
    write_text("report", "old");
    ntk_file *file = NULL;
    assert_ok(ntk_file_create("report", &file));
    fputs("half", ntk_file_stream(file));
    ntk_file_abandon(file);
    ntk_file_abandon(NULL);
    cr_assert(contains("report", "old") && entries(".") == 1);
}

Test(file, permissions_follow_the_umask) {
    struct stat info;
    umask(027);
    write_text("report", "text");
    cr_assert(stat("report", &info) == 0 && (info.st_mode & 0777) == 0640);
}

Test(file, a_left_over_of_the_same_name_is_not_touched) {
    char name[64];
    for (int counter = 0; counter < 3; counter++) {
        snprintf(name, sizeof name, "report.%ld-%d.new", (long)getpid(), counter);
        FILE *stream = fopen(name, "w");
        fclose(stream);
    }
    write_text("report", "text");
    cr_assert(contains("report", "text") && contains(name, "") && entries(".") == 4);
}

/* --- what stands there already ---------------------------------------------------------------- */

static mode_t kind_of(const char *path) {
    struct stat info;
    cr_assert(lstat(path, &info) == 0, "%s is gone", path);
    return info.st_mode & S_IFMT;
}

/* A link beside its target, one through a folder, one to a name that is free: all are links
 * afterwards. */
Test(file, a_symbolic_link_is_followed) {
    cr_assert(mkdir("a", 0777) == 0 && mkdir("b", 0777) == 0);
    write_text("a/report", "old");
    cr_assert(symlink("report", "a/beside") == 0);
    cr_assert(symlink("../a/beside", "b/far") == 0); /* a link to a link */
    cr_assert(symlink("../b/free", "a/dangling") == 0);
    write_text("b/far", "new");
    cr_assert(kind_of("b/far") == S_IFLNK && kind_of("a/beside") == S_IFLNK);
    cr_assert(kind_of("a/report") == S_IFREG && contains("a/report", "new"));
    write_text("a/dangling", "made");
    cr_assert(kind_of("a/dangling") == S_IFLNK && contains("b/free", "made"));
    cr_assert(entries("a") == 3 && entries("b") == 2, "a temporary file stayed");
}

Test(file, a_circle_of_links_is_reported) {
    cr_assert(symlink("two", "one") == 0 && symlink("one", "two") == 0);
    assert_fails(ntk_file_write("one", "new", 3), NTK_ERROR_IO, strerror(ELOOP));
    cr_assert(entries(".") == 2);
}

/* The umask has no say in a file that was there. */
Test(file, permissions_of_a_replaced_file_stay) {
    const mode_t modes[] = {0600, 0664, 0755};
    umask(027);
    for (size_t i = 0; i < 3; i++) {
        struct stat info;
        write_text("report", "old");
        cr_assert(chmod("report", modes[i]) == 0);
        write_text("report", "new");
        cr_assert(stat("report", &info) == 0 && (info.st_mode & 07777) == modes[i], "%o became %o", modes[i],
                  info.st_mode & 07777);
    }
}

Test(file, the_owner_of_a_replaced_file_stays) {
    struct stat info;
    if (geteuid() != 0) cr_skip("only root may give files away");
    write_text("report", "old");
    cr_assert(chown("report", 12345, 23456) == 0 && chmod("report", 0640) == 0);
    write_text("report", "new");
    cr_assert(stat("report", &info) == 0 && info.st_uid == 12345 && info.st_gid == 23456);
    cr_assert((info.st_mode & 07777) == 0640 && contains("report", "new"));
}

/* The reader gets every byte, and the FIFO is one afterwards. */
static void expect_fifo_written_through(const char *path) {
    static char sent[200000];
    memset(sent, 'x', sizeof sent);
    const pid_t reader = fork();
    if (reader == 0) {
        char *content = NULL;
        size_t size = 0;
        if (ntk_file_read("fifo", &content, &size) != NTK_OK) _exit(1);
        _exit(size == sizeof sent && memcmp(content, sent, size) == 0 ? 0 : 2);
    }
    assert_ok(ntk_file_write(path, sent, sizeof sent));
    int status = 0;
    cr_assert(waitpid(reader, &status, 0) == reader && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_assert(kind_of("fifo") == S_IFIFO);
}

Test(file, a_fifo_is_written_through) {
    cr_assert(mkfifo("fifo", 0600) == 0 && symlink("fifo", "link") == 0);
    expect_fifo_written_through("fifo");
    expect_fifo_written_through("link");
    cr_assert(kind_of("link") == S_IFLNK && entries(".") == 2);
}

/* Nodes of our own, with the numbers of /dev/null and /dev/full. */
Test(file, a_device_is_written_through) {
    if (mknod("null", S_IFCHR | 0666, makedev(1, 3)) != 0 ||
        mknod("full", S_IFCHR | 0666, makedev(1, 7)) != 0)
        cr_skip("this process may not make devices");
    FILE *probe = fopen("null", "w");
    if (probe == NULL) cr_skip("this file system has no devices");
    fclose(probe);
    write_text("null", "text");
    cr_assert(kind_of("null") == S_IFCHR && contains("null", ""));
    assert_fails(ntk_file_write("full", "text", 4), NTK_ERROR_IO, strerror(ENOSPC));
    cr_assert(kind_of("full") == S_IFCHR && entries(".") == 2);
}

/* "-", and the name that the proc file system gives it: behind what the file holds already. */
Test(file, standard_output_and_input_have_names) {
    write_text("all", "begin ");
    const pid_t child = fork();
    if (child == 0) {
        if (freopen("all", "a", stdout) == NULL) _exit(1);
        if (ntk_file_write("-", "one ", 4) != NTK_OK) _exit(2);
        if (ntk_file_write("/proc/self/fd/1", "two", 3) != NTK_OK) _exit(3);
        if (freopen("all", "r", stdin) == NULL) _exit(4);
        _exit(contains("-", "begin one two") ? 0 : 5);
    }
    int status = 0;
    cr_assert(waitpid(child, &status, 0) == child && WIFEXITED(status));
    cr_assert_eq(WEXITSTATUS(status), 0);
    cr_assert(contains("all", "begin one two") && entries(".") == 1);
}

/* 255 bytes are the longest name; a temporary name beside it would be longer. */
Test(file, the_longest_name_can_be_written) {
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    write_text(name, "old");
    write_text(name, "new");
    cr_assert(contains(name, "new") && entries(".") == 1);
}

/* --- faults of the disk ----------------------------------------------------------------------- */

static void check_untouched(ntk_status status) {
    assert_fails(status, NTK_ERROR_IO, "report");
    cr_assert(contains("report", "old") && entries(".") == 1);
}

Test(file, a_full_disk_is_reported_by_write) {
    static char large[1 << 20];
    write_text("report", "old");
    fill_the_disk_at(4096);
    check_untouched(ntk_file_write("report", large, sizeof large));
    assert_says(strerror(EFBIG));
}

Test(file, a_full_disk_met_by_the_last_flush_is_reported_by_commit) {
    write_text("report", "old");
    fill_the_disk_at(10);
    ntk_file *file = NULL;
    assert_ok(ntk_file_create("report", &file));
    cr_assert(fputs("more than ten bytes", ntk_file_stream(file)) >= 0); /* in the buffer */
    check_untouched(ntk_file_commit(file));
}

/* The failed write comes first, and all that follows succeeds: its error must not be forgotten. */
Test(file, a_write_that_failed_long_ago_is_reported_by_commit) {
    static char large[1 << 16];
    write_text("report", "old");
    fill_the_disk_at(4096);
    ntk_file *file = NULL;
    assert_ok(ntk_file_create("report", &file));
    cr_assert(fwrite(large, 1, sizeof large, ntk_file_stream(file)) < sizeof large);
    cr_assert(fseek(ntk_file_stream(file), 0, SEEK_SET) == 0);
    cr_assert(fputs("small", ntk_file_stream(file)) >= 0 && fflush(ntk_file_stream(file)) == 0);
    check_untouched(ntk_file_commit(file));
}

/* Permission bits do not bind root, so root becomes somebody else first. */
Test(file, a_read_only_folder_is_reported) {
    write_text("report", "old");
    cr_assert(chmod(".", 0555) == 0);
    if (geteuid() == 0) cr_assert(seteuid(65534) == 0);
    check_untouched(ntk_file_write("report", "new", 3));
    assert_says(strerror(EACCES));
    if (getuid() == 0) cr_assert(seteuid(0) == 0);
}

Test(file, a_missing_folder_is_reported) {
    cr_assert(ntk_file_write("nowhere/report", "new", 3) == NTK_ERROR_IO);
    assert_says("nowhere/report");
    write_text("plain", "old");
    cr_assert(ntk_file_write("plain/report", "new", 3) == NTK_ERROR_IO);
    cr_assert(contains("plain", "old") && entries(".") == 1);
}

Test(file, a_folder_in_the_way_is_reported) {
    cr_assert(mkdir("report", 0777) == 0);
    cr_assert(ntk_file_write("report", "new", 3) == NTK_ERROR_IO);
    cr_assert(entries(".") == 1 && entries("report") == 0);
}

Test(file, a_killed_writer_leaves_the_old_content) {
    write_text("report", "old");
    const pid_t child = fork();
    if (child == 0) {
        ntk_file *file = NULL;
        if (ntk_file_create("report", &file) != NTK_OK) _exit(1);
        fputs("half of the new con", ntk_file_stream(file));
        fflush(ntk_file_stream(file));
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    cr_assert(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    cr_assert(contains("report", "old"));
}

/* --- several writers -------------------------------------------------------------------------- */

enum { ROUNDS = 40, LENGTH = 50000 };

/* Units 0 and 1 write a file of their own letter, unit 2 reads: always one letter throughout. */
static ntk_status write_or_read(size_t unit, void *context) {
    static char text[2][LENGTH];
    (void)context;
    if (unit < 2) memset(text[unit], "ab"[unit], LENGTH);
    for (int round = 0; round < ROUNDS; round++) {
        if (unit < 2) {
            NTK_TRY(ntk_file_write("shared", text[unit], LENGTH));
            continue;
        }
        char *content = NULL;
        size_t size = 0, equal = 0;
        NTK_TRY(ntk_file_read("shared", &content, &size));
        while (equal < size && content[equal] == content[0]) equal++;
        ntk_release(content);
        if (size != LENGTH || equal != LENGTH) return ntk_fail(NTK_ERROR_FORMAT, "a mixture of two writers");
    }
    return NTK_OK;
}

Test(file, two_writers_at_once_never_mix) {
    assert_ok(ntk_set_workers(3));
    assert_ok(write_or_read(0, NULL)); /* so that the reader finds something */
    assert_ok(ntk_map(3, write_or_read, NULL));
    cr_assert(entries(".") == 1);
}

/* --- reading and folders ---------------------------------------------------------------------- */

Test(file, what_cannot_be_read_is_reported) {
    char *content = folder;
    size_t size = 1;
    cr_assert(ntk_file_read("missing", &content, &size) == NTK_ERROR_IO);
    cr_assert(content == NULL && size == 0);
    assert_says("missing");
    assert_says(strerror(ENOENT));
    cr_assert(ntk_file_read(".", &content, &size) == NTK_ERROR_IO && content == NULL);
}

/* A pipe tells no size, so the buffer has to grow. */
Test(file, a_pipe_is_read_whole) {
    char *content = NULL;
    size_t size = 0;
    cr_assert(mkfifo("pipe", 0600) == 0);
    const pid_t child = fork();
    if (child == 0) {
        FILE *stream = fopen("pipe", "w");
        for (int i = 0; i < 300000; i++) fputc('a' + i % 26, stream);
        fclose(stream);
        _exit(0);
    }
    assert_ok(ntk_file_read("pipe", &content, &size));
    cr_assert(size == 300000);
    for (size_t i = 0; i < size; i++) cr_assert(content[i] == (char)('a' + i % 26));
    ntk_release(content);
    waitpid(child, NULL, 0);
}

Test(file, folders_are_made_with_their_parents) {
    struct stat info;
    char path[64];
    cr_assert(ntk_folder_create("a/b/c") == NTK_OK && stat("a/b/c", &info) == 0 && S_ISDIR(info.st_mode));
    assert_ok(ntk_folder_create("a/b/c"));
    cr_assert(ntk_folder_create("a/d/") == NTK_OK && stat("a/d", &info) == 0);
    snprintf(path, sizeof path, "%s/e//f", folder);
    cr_assert(ntk_folder_create(path) == NTK_OK && stat("e/f", &info) == 0);
    write_text("plain", "text");
    cr_assert(ntk_folder_create("plain") == NTK_ERROR_IO && ntk_folder_create("plain/g") == NTK_ERROR_IO);
    cr_assert(ntk_folder_create("") == NTK_ERROR_ARGUMENT);
}
