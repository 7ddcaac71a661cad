#include <ntk/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ntk/memory.h>

/* Writing goes to a temporary file in the folder of `path`: rename() is atomic only within a file
 * system. Its name carries the process id and a counter, and O_EXCL guards against a left-over of
 * the same name, so that two writers never share one. */
struct ntk_file {
    FILE *stream;
    int folder; /* descriptor of the folder, to sync the rename itself */
    char *path;
    char *temporary;
};

static ntk_status fail_io(const char *path, const char *action, int error) {
    return ntk_fail(NTK_ERROR_IO, "%s: cannot %s: %s", path, action, strerror(error));
}

/* --- writing ------------------------------------------------------------------------------------- */

static ntk_status copy_string(const char *text, char **out) {
    const size_t length = strlen(text);
    void *memory = NULL;
    NTK_TRY(ntk_allocate(length + 1, 1, &memory));
    memcpy(memory, text, length);
    *out = memory;
    return NTK_OK;
}

static ntk_status open_folder_of(const char *path, int *folder) {
    char *name = NULL;
    NTK_TRY(copy_string(path, &name));
    char *slash = strrchr(name, '/');
    if (slash != NULL) slash[slash == name ? 1 : 0] = '\0';
    *folder = open(slash == NULL ? "." : name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int error = errno;
    ntk_release(name);
    return *folder < 0 ? fail_io(path, "open its folder", error) : NTK_OK;
}

static ntk_status open_temporary(ntk_file *file) {
    static atomic_ulong counter;
    const size_t size = strlen(file->path) + 64;
    void *memory = NULL;
    NTK_TRY(ntk_allocate(size, 1, &memory));
    file->temporary = memory;
    int descriptor = -1;
    do {
        snprintf(file->temporary, size, "%s.%ld-%lu.new", file->path, (long)getpid(),
                 atomic_fetch_add(&counter, 1));
        descriptor = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor < 0 && errno == EEXIST);
    if (descriptor < 0) {
        const ntk_status status = fail_io(file->path, "create a temporary file beside it", errno);
        ntk_release(file->temporary);
        file->temporary = NULL; /* there is none to unlink */
        return status;
    }
    file->stream = fdopen(descriptor, "wb");
    if (file->stream != NULL) return NTK_OK;
    const int error = errno;
    close(descriptor);
    return fail_io(file->path, "open a stream to its temporary file", error);
}

ntk_status ntk_file_create(const char *path, ntk_file **out) {
    *out = NULL;
    void *memory = NULL;
    NTK_TRY(ntk_allocate(1, sizeof(ntk_file), &memory));
    ntk_file *file = memory;
    file->folder = -1;
    ntk_status status = copy_string(path, &file->path);
    if (status == NTK_OK) status = open_folder_of(path, &file->folder);
    if (status == NTK_OK) status = open_temporary(file);
    if (status == NTK_OK)
        *out = file;
    else
        ntk_file_abandon(file);
    return status;
}

FILE *ntk_file_stream(ntk_file *file) { return file->stream; }

/* Flush and sync before the rename: without the sync a crash of the machine may leave the new name
 * on an empty file. */
static ntk_status finish_stream(ntk_file *file) {
    FILE *stream = file->stream;
    if (ferror(stream)) return ntk_fail(NTK_ERROR_IO, "%s: a write failed (disk full?)", file->path);
    if (fflush(stream) != 0) return fail_io(file->path, "write it", errno);
    if (fsync(fileno(stream)) != 0) return fail_io(file->path, "sync it to disk", errno);
    file->stream = NULL;
    return fclose(stream) == 0 ? NTK_OK : fail_io(file->path, "close it", errno);
}

static ntk_status rename_into_place(ntk_file *file) {
    if (rename(file->temporary, file->path) != 0) return fail_io(file->path, "replace it", errno);
    ntk_release(file->temporary);
    file->temporary = NULL;
    /* EINVAL: a file system on which folders cannot be synced. */
    if (fsync(file->folder) != 0 && errno != EINVAL)
        return fail_io(file->path, "sync its folder to disk", errno);
    return NTK_OK;
}

ntk_status ntk_file_commit(ntk_file *file) {
    ntk_status status = finish_stream(file);
    if (status == NTK_OK) status = rename_into_place(file);
    ntk_file_abandon(file);
    return status;
}

void ntk_file_abandon(ntk_file *file) {
    if (file == NULL) return;
    if (file->stream != NULL) fclose(file->stream);
    if (file->temporary != NULL) unlink(file->temporary);
    if (file->folder >= 0) close(file->folder);
    ntk_release(file->temporary);
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

/* --- reading ------------------------------------------------------------------------------------- */

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

/* The size that fstat tells is a hint only: a pipe has none, and a file may grow meanwhile. One byte is
 * kept for the NUL, one more lets the read that fills the hint also meet the end of the file. */
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
    FILE *stream = fopen(path, "rbe");
    if (stream == NULL) return fail_io(path, "open it", errno);
    const ntk_status status = read_stream(stream, path, content, size);
    fclose(stream);
    if (status != NTK_OK) {
        ntk_release(*content);
        *content = NULL;
    }
    return status;
}

/* --- folders ------------------------------------------------------------------------------------- */

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
