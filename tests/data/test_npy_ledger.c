/* The ledger of shards: what it holds is what whole lines tell, and one process at a time has
 * it. */
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <ntk/file.h>
#include <ntk/memory.h>

#include "data/npy_ledger.h"
#include "status.h"
#include "temporary.h"

TestSuite(npy_ledger, .init = temporary_create, .fini = temporary_remove, .timeout = 60);

enum { KEY = 7 };

static ntk_npy_ledger *lock_ledger(void) {
    ntk_npy_ledger *ledger = NULL;
    assert_ok(ntk_npy_ledger_lock(temporary_path("shards"), KEY, 3, &ledger));
    return ledger;
}

static void write_text(const char *text) {
    assert_ok(ntk_file_write(temporary_path("shards"), text, strlen(text)));
}

static void expect_text(const char *wanted) {
    char *text = NULL;
    size_t size = 0;
    assert_ok(ntk_file_read(temporary_path("shards"), &text, &size));
    cr_expect_str_eq(text, wanted);
    ntk_release(text);
}

#define FIRST "ntk matrix 1 key 0000000000000007 of 3 shards\n"

Test(npy_ledger, holds_who_is_done) {
    ntk_npy_ledger *ledger = lock_ledger();
    cr_expect_not(ledger->begun);
    assert_ok(ntk_npy_ledger_begin(ledger));
    assert_ok(ntk_npy_ledger_note(ledger, 3));
    cr_expect_eq(ntk_npy_ledger_missing(ledger), 2);
    ntk_npy_ledger_unlock(ledger);
    expect_text(FIRST "done 3\n");
    ledger = lock_ledger();
    cr_expect(ledger->begun && !ledger->done[0] && !ledger->done[1] && ledger->done[2]);
    ntk_npy_ledger_remove(ledger);
    cr_expect_neq(access(temporary_path("shards"), F_OK), 0);
}

/* "done 1" of a torn line may have been "done 12", and "done" is nobody. */
Test(npy_ledger, torn_lines_do_not_count) {
    write_text(FIRST "done 2\ndone 1");
    ntk_npy_ledger *ledger = lock_ledger();
    cr_expect(ledger->begun && !ledger->done[0] && ledger->done[1]);
    assert_ok(ntk_npy_ledger_note(ledger, 3));
    ntk_npy_ledger_unlock(ledger);
    expect_text(FIRST "done 2\ndone 3\n");
    write_text("ntk matrix 1 key 00000000");
    ledger = lock_ledger();
    cr_expect_not(ledger->begun);
    ntk_npy_ledger_unlock(ledger);
    cr_expect_neq(access(temporary_path("shards"), F_OK), 0, "nothing has begun: nothing stays");
}

Test(npy_ledger, others_are_refused_and_stay) {
    static const char *const texts[] = {"ntk matrix 1 key 0000000000000008 of 3 shards\n",
                                        "ntk matrix 1 key 0000000000000007 of 4 shards\n",
                                        "ntk matrix 2 key 0000000000000007 of 3 shards\n",
                                        "\n",
                                        FIRST "done 4\n",
                                        FIRST "done 0\n",
                                        FIRST "rows 1\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ntk_npy_ledger *ledger = NULL;
        write_text(texts[i]);
        cr_expect_eq(ntk_npy_ledger_lock(temporary_path("shards"), KEY, 3, &ledger), NTK_ERROR_FORMAT, "%s",
                     texts[i]);
        cr_expect_null(ledger);
        expect_text(texts[i]);
    }
}

/* Whoever waited for a ledger that was removed gets one of its name, not the one that is gone. The
 * child says by a byte that it begins to wait, and by its status what it found. */
Test(npy_ledger, waits_and_does_not_take_what_is_removed) {
    int ready[2];
    cr_assert_eq(pipe(ready), 0);
    ntk_npy_ledger *ledger = lock_ledger();
    assert_ok(ntk_npy_ledger_begin(ledger));
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        close(ledger->descriptor); /* or the lock would be the child's too */
        ntk_npy_ledger *own = NULL;
        if (write(ready[1], "r", 1) != 1) _exit(9);
        if (ntk_npy_ledger_lock(temporary_path("shards"), KEY, 3, &own) != NTK_OK) _exit(8);
        struct stat named;
        _exit(own->begun ? 1 : stat(own->path, &named) != 0 ? 2 : 0);
    }
    char byte;
    int status = 1;
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    usleep(100000);
    cr_expect_eq(waitpid(child, &status, WNOHANG), 0, "it waits");
    ntk_npy_ledger_remove(ledger);
    cr_assert(waitpid(child, &status, 0) == child);
    cr_expect_eq(status, 0, "%d", WEXITSTATUS(status));
}
