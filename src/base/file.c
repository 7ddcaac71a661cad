#include <ntk/file.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <ntk/memory.h>

#include "base/file_lasting.h"

/* What is written to a regular file, or to a name that is free, goes to a temporary file in the
 * folder of the name: rename() is atomic only within a file system. The temporary name carries the
 * process id and a counter, and O_EXCL guards against a left-over of the same name, so that two
 * writers never share one.
 *
 * Symbolic links are followed first: rename() would replace the link. FIFOs, devices and whatever
 * the proc file system names (/dev/stdout) are written through: a rename would put a file in their
 * place. */
struct ntk_file {
    FILE *stream;
    int folder;      /* descriptor of the folder, to sync the rename itself; -1 where written
                      * through */
    char *path;      /* as the caller named it, for messages */
    char *target;    /* where its symbolic links lead */
    char *temporary; /* NULL where written through */
    bool lasting;    /* the temporary file is kept where this one is left */
};

static ntk_status fail_io(const char *path, const char *action, int error) {
    return ntk_fail(NTK_ERROR_IO, "%s: cannot %s: %s", path, action, strerror(error));
}

/* --- writing ---------------------------------------------------------------------------------- */

static ntk_status copy_string(const char *text, char **out) {
    const size_t length = strlen(text);
    void *memory = NULL;
    NTK_TRY(ntk_allocate(length + 1, 1, &memory));
    memcpy(memory, text, length);
    *out = memory;
    return NTK_OK;
}

/* The folder of a path: what stands before its last slash. To be given to ntk_release. */
static ntk_status folder_of(const char *path, char **out) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return copy_string(".", out);
    NTK_TRY(copy_string(path, out));
    (*out)[slash == path ? 1 : slash - path] = '\0';
    return NTK_OK;
}

/* Links in the proc file system show where an open file was once, which is not a name to go by. */
static bool is_in_proc(const char *folder) {
    struct statfs info;
    return statfs(folder, &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

/* *next: what the symbolic link `path` names, seen from where `path` is seen from. */
static ntk_status read_link(const char *path, char **next) {
    char name[PATH_MAX];
    const ssize_t length = readlink(path, name, sizeof name - 1);
    if (length < 0) return fail_io(path, "follow it", errno);
    name[length] = '\0';
    const char *slash = strrchr(path, '/');
    const size_t kept = name[0] == '/' || slash == NULL ? 0 : (size_t)(slash + 1 - path);
    void *memory = NULL;
    NTK_TRY(ntk_allocate(kept + (size_t)length + 1, 1, &memory));
    *next = memory;
    memcpy(*next, path, kept);
    memcpy(*next + kept, name, (size_t)length + 1);
    return NTK_OK;
}

/* Follow the symbolic links of file->target, the last of which may lead to a name that is free.
 * *exists: what stands there, in *info. *through: it is not a file that a rename may replace. */
static ntk_status follow_links(ntk_file *file, struct stat *info, bool *exists, bool *through) {
    enum { MOST_LINKS = 40 }; /* the kernel's own limit */
    for (int links = 0; links < MOST_LINKS; links++) {
        char *folder = NULL, *next = NULL;
        NTK_TRY(folder_of(file->target, &folder));
        const bool in_proc = is_in_proc(folder);
        ntk_release(folder);
        *exists = (in_proc ? stat(file->target, info) : lstat(file->target, info)) == 0;
        *through = in_proc || (*exists && !S_ISREG(info->st_mode));
        if (!*exists && errno != ENOENT) return fail_io(file->path, "examine it", errno);
        if (in_proc || !*exists || !S_ISLNK(info->st_mode)) return NTK_OK;
        NTK_TRY(read_link(file->target, &next));
        ntk_release(file->target);
        file->target = next;
    }
    return fail_io(file->path, "follow it", ELOOP);
}

static ntk_status open_stream(ntk_file *file, int descriptor) {
    file->stream = fdopen(descriptor, "wb");
    if (file->stream != NULL) return NTK_OK;
    const int error = errno;
    close(descriptor);
    return fail_io(file->path, "open a stream to it", error);
}

/* A folder is refused by open() itself. A regular file that the proc file system names is
 * somebody's open file: the shell that redirects into it has emptied it, or wants what is there to
 * stay. */
static ntk_status open_through(ntk_file *file, const struct stat *info) {
    const int append = S_ISREG(info->st_mode) ? O_APPEND : 0;
    const int descriptor = open(file->target, O_WRONLY | append | O_NOCTTY | O_CLOEXEC);
    return descriptor < 0 ? fail_io(file->path, "open it", errno) : open_stream(file, descriptor);
}

static ntk_status open_standard_output(ntk_file *file) {
    const int descriptor = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    return descriptor < 0 ? fail_io(file->path, "open it", errno) : open_stream(file, descriptor);
}

/* The beginning of a long name will do, since a temporary name may be too long where the name is
 * not. */
static ntk_status open_temporary(ntk_file *file) {
    static atomic_ulong counter;
    enum { MOST_OF_NAME = 200 };
    const char *slash = strrchr(file->target, '/');
    const char *name = slash == NULL ? file->target : slash + 1;
    const size_t size = strlen(file->target) + 64;
    void *memory = NULL;
    NTK_TRY(ntk_allocate(size, 1, &memory));
    file->temporary = memory;
    int descriptor = -1;
    do {
        snprintf(file->temporary, size, "%.*s%.*s.%ld-%lu.new", (int)(name - file->target), file->target,
                 MOST_OF_NAME, name, (long)getpid(), atomic_fetch_add(&counter, 1));
        descriptor = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor < 0 && errno == EEXIST);
    if (descriptor < 0) {
        const ntk_status status = fail_io(file->path, "create a temporary file beside it", errno);
        ntk_release(file->temporary);
        file->temporary = NULL; /* there is none to unlink */
        return status;
    }
    return open_stream(file, descriptor);
}

/* The new file gets the permissions of the old one, and its owner as far as this process may give
 * it. The owner comes first: a change of owner takes permissions away. */
static ntk_status keep_attributes(const ntk_file *file, const struct stat *old) {
    const int descriptor = fileno(file->stream);
    if (fchown(descriptor, old->st_uid, old->st_gid) != 0 &&
        fchown(descriptor, (uid_t)-1, old->st_gid) != 0 && errno != EPERM && errno != EINVAL)
        return fail_io(file->path, "give it the group that it had", errno);
    if (fchmod(descriptor, old->st_mode & 0777) != 0)
        return fail_io(file->path, "give it the permissions that it had", errno);
    return NTK_OK;
}

static ntk_status open_folder(ntk_file *file) {
    char *folder = NULL;
    NTK_TRY(folder_of(file->target, &folder));
    file->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int error = errno;
    ntk_release(folder);
    return file->folder < 0 ? fail_io(file->path, "open its folder", error) : NTK_OK;
}

static ntk_status open_file(ntk_file *file) {
    struct stat old = {0};
    bool exists = false, through = false;
    NTK_TRY(copy_string(file->path, &file->target));
    NTK_TRY(follow_links(file, &old, &exists, &through));
    if (through) return open_through(file, &old);
    NTK_TRY(open_folder(file));
    NTK_TRY(open_temporary(file));
    return exists ? keep_attributes(file, &old) : NTK_OK;
}

ntk_status ntk_file_create(const char *path, ntk_file **out) {
    *out = NULL;
    void *memory = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_file), &memory));
    ntk_file *file = memory;
    file->folder = -1;
    const bool standard = strcmp(path, "-") == 0;
    ntk_status status = copy_string(standard ? "standard output" : path, &file->path);
    if (status == NTK_OK) status = standard ? open_standard_output(file) : open_file(file);
    if (status == NTK_OK)
        *out = file;
    else
        ntk_file_abandon(file);
    return status;
}

FILE *ntk_file_stream(ntk_file *file) { return file->stream; }

/* Before the rename: without the sync a crash of the machine may leave the new name
 * on an empty file. A FIFO or a terminal has nothing to sync, which is EINVAL or the like. */
ntk_status ntk_file_finish(ntk_file *file) {
    FILE *stream = file->stream;
    if (stream == NULL) return NTK_OK;
    if (ferror(stream)) return ntk_fail(NTK_ERROR_IO, "%s: a write failed (disk full?)", file->path);
    if (fflush(stream) != 0) return fail_io(file->path, "write it", errno);
    if (fsync(fileno(stream)) != 0 && (file->temporary != NULL || errno == EIO || errno == ENOSPC))
        return fail_io(file->path, "sync it to disk", errno);
    file->stream = NULL;
    return fclose(stream) == 0 ? NTK_OK : fail_io(file->path, "close it", errno);
}

static ntk_status rename_into_place(ntk_file *file) {
    if (rename(file->temporary, file->target) != 0) return fail_io(file->path, "replace it", errno);
    ntk_release(file->temporary);
    file->temporary = NULL;
    /* EINVAL: a file system on which folders cannot be synced. */
    if (fsync(file->folder) != 0 && errno != EINVAL)
        return fail_io(file->path, "sync its folder to disk", errno);
    return NTK_OK;
}

ntk_status ntk_file_commit(ntk_file *file) {
    ntk_status status = ntk_file_finish(file);
    if (status == NTK_OK && file->temporary != NULL) status = rename_into_place(file);
    ntk_file_abandon(file);
    return status;
}

void ntk_file_abandon(ntk_file *file) {
    if (file == NULL) return;
    if (file->stream != NULL) fclose(file->stream);
    if (file->temporary != NULL && !file->lasting) unlink(file->temporary);
    if (file->folder >= 0) close(file->folder);
    ntk_release(file->temporary);
    ntk_release(file->target);
    ntk_release(file->path);
    ntk_release(file);
}

ntk_status ntk_file_write(const char *path, const void *content, size_t size) {
    ntk_file *file = NULL;
    NTK_TRY(ntk_file_create(path, &file));
    if (size > 0 && fwrite(content, 1, size, file->stream) != size) {
        const ntk_status status = fail_io(path, "write it", errno);
        ntk_file_abandon(file);
        return status;
    }
    return ntk_file_commit(file);
}

/* --- files that outlive their process --------------------------------------------------------- */

ntk_status ntk_file_examine(const char *path, bool *replaceable) {
    struct stat info;
    bool exists = false, through = true;
    ntk_file file = {.path = (char *)path};
    ntk_status status = NTK_OK;
    if (strcmp(path, "-") != 0) {
        status = copy_string(path, &file.target);
        if (status == NTK_OK) status = follow_links(&file, &info, &exists, &through);
    }
    ntk_release(file.target);
    *replaceable = !through;
    return status;
}

/* Whoever waited for the lock may hold what has been renamed or removed meanwhile. */
static ntk_status lock_temporary(const ntk_file *file, int descriptor) {
    struct stat held, named;
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK
                   ? ntk_fail(NTK_ERROR_IO, "%s: another process is writing it", file->temporary)
                   : fail_io(file->temporary, "lock it", errno);
    if (fstat(descriptor, &held) != 0 || stat(file->temporary, &named) != 0 || held.st_dev != named.st_dev ||
        held.st_ino != named.st_ino)
        return ntk_fail(NTK_ERROR_IO, "%s: another process has just written it", file->path);
    return NTK_OK;
}

static ntk_status name_lasting(ntk_file *file) {
    const size_t size = strlen(file->target) + sizeof ".part";
    void *memory = NULL;
    NTK_TRY(ntk_allocate(size, 1, &memory));
    file->temporary = memory;
    snprintf(file->temporary, size, "%s.part", file->target);
    return NTK_OK;
}

static ntk_status open_alone(ntk_file *file) {
    const int descriptor = open(file->temporary, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (descriptor < 0) return fail_io(file->temporary, "open it", errno);
    NTK_TRY(open_stream(file, descriptor));
    return lock_temporary(file, descriptor);
}

/* The shared lock is given up at once: it tells whether somebody holds the file alone. */
static ntk_status open_jointly(ntk_file *file) {
    const int probe = open(file->temporary, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (probe < 0) return fail_io(file->temporary, "open it", errno);
    const bool held = flock(probe, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(probe);
    if (held) return ntk_fail(NTK_ERROR_IO, "%s: another process is writing it", file->temporary);
    const int descriptor = open(file->temporary, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    return descriptor < 0 ? fail_io(file->temporary, "open it", errno) : open_stream(file, descriptor);
}

static ntk_status open_lasting(ntk_file *file, bool alone) {
    struct stat old = {0};
    bool exists = false, through = false;
    NTK_TRY(copy_string(file->path, &file->target));
    NTK_TRY(follow_links(file, &old, &exists, &through));
    if (through) return ntk_fail(NTK_ERROR_ARGUMENT, "%s: not a regular file", file->path);
    NTK_TRY(open_folder(file));
    NTK_TRY(name_lasting(file));
    NTK_TRY(alone ? open_alone(file) : open_jointly(file));
    return exists && alone ? keep_attributes(file, &old) : NTK_OK;
}

static ntk_status create_lasting(const char *path, bool alone, ntk_file **out) {
    *out = NULL;
    void *memory = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_file), &memory));
    ntk_file *file = memory;
    file->folder = -1;
    file->lasting = true; /* what was there before is another's until it is locked */
    ntk_status status = copy_string(path, &file->path);
    if (status == NTK_OK) status = open_lasting(file, alone);
    if (status == NTK_OK)
        *out = file;
    else
        ntk_file_abandon(file);
    return status;
}

ntk_status ntk_file_create_lasting(const char *path, ntk_file **out) {
    return create_lasting(path, true, out);
}

ntk_status ntk_file_join_lasting(const char *path, ntk_file **out) {
    return create_lasting(path, false, out);
}

ntk_status ntk_file_find_target(const char *path, char **target, bool *exists) {
    struct stat info;
    bool through = true;
    ntk_file file = {.path = (char *)path};
    NTK_TRY(copy_string(path, &file.target));
    ntk_status status = follow_links(&file, &info, exists, &through);
    if (status == NTK_OK && through) status = ntk_fail(NTK_ERROR_ARGUMENT, "%s: not a regular file", path);
    *target = status == NTK_OK ? file.target : NULL;
    if (status != NTK_OK) ntk_release(file.target);
    return status;
}

const char *ntk_file_temporary(const ntk_file *file) { return file->temporary; }

void ntk_file_discard(ntk_file *file) {
    file->lasting = false;
    ntk_file_abandon(file);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Double the buffer, keeping `used` bytes. */
static ntk_status grow(char **buffer, size_t *capacity, size_t used) {
    void *larger = NULL;
    NTK_TRY(ntk_allocate(*capacity, 2, &larger));
    memcpy(larger, *buffer, used);
    ntk_release(*buffer);
    *buffer = larger;
    *capacity *= 2;
    return NTK_OK;
}

/* The size that fstat tells is a hint only: a pipe has none, and a file may grow meanwhile. One
 * byte is kept for the NUL, one more lets the read that fills the hint also meet the end of the
 * file. */
static ntk_status read_stream(FILE *stream, const char *path, char **buffer, size_t *size) {
    struct stat info;
    if (fstat(fileno(stream), &info) != 0) return fail_io(path, "examine it", errno);
    size_t capacity = info.st_size > 0 ? (size_t)info.st_size + 2 : 65536;
    void *memory = NULL;
    NTK_TRY(ntk_allocate(capacity, 1, &memory));
    *buffer = memory;
    size_t used = 0;
    while (!feof(stream)) {
        if (used + 1 == capacity) NTK_TRY(grow(buffer, &capacity, used));
        used += fread(*buffer + used, 1, capacity - 1 - used, stream);
        if (ferror(stream)) return fail_io(path, "read it", errno);
    }
    (*buffer)[used] = '\0';
    *size = used;
    return NTK_OK;
}

ntk_status ntk_file_read(const char *path, char **content, size_t *size) {
    *content = NULL;
    *size = 0;
    const bool standard_input = strcmp(path, "-") == 0;
    FILE *stream = standard_input ? stdin : fopen(path, "rbe");
    if (stream == NULL) return fail_io(path, "open it", errno);
    const ntk_status status = read_stream(stream, standard_input ? "standard input" : path, content, size);
    if (!standard_input) fclose(stream);
    if (status != NTK_OK) {
        ntk_release(*content);
        *content = NULL;
    }
    return status;
}

/* --- folders ---------------------------------------------------------------------------------- */

static ntk_status make_folder(const char *path) {
    if (mkdir(path, 0777) == 0) return NTK_OK;
    const int error = errno;
    struct stat info;
    if (error == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return NTK_OK;
    return fail_io(path, "make this folder", error);
}

ntk_status ntk_folder_create(const char *path) {
    if (path[0] == '\0') return ntk_fail(NTK_ERROR_ARGUMENT, "the name of the folder to make is empty");
    char *name = NULL;
    NTK_TRY(copy_string(path, &name));
    ntk_status status = NTK_OK;
    for (char *slash = strchr(name + 1, '/'); slash != NULL && status == NTK_OK;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        status = make_folder(name);
        *slash = '/';
    }
    if (status == NTK_OK) status = make_folder(name);
    ntk_release(name);
    return status;
}
