#include "linalg/module.h"

#include <dlfcn.h>
#include <elf.h>
#include <inttypes.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"

void *ntk_symbol(const char *name, void *linked) {
    void *address = dlsym(RTLD_DEFAULT, name);
    return address != NULL ? address : linked;
}

const char *ntk_module_path(const void *address) {
    Dl_info info;
    return address != NULL && dladdr(address, &info) != 0 && info.dli_fname != NULL ? info.dli_fname : "";
}

static const struct link_map *module_of(const void *address) {
    Dl_info info;
    void *map = NULL;
    return dladdr1(address, &info, &map, RTLD_DL_LINKMAP) != 0 ? map : NULL;
}

/* The names that a file asks the linker for, beside the last part of the path under which one was
 * found. */
static bool needs(const struct link_map *user, const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path, *texts = NULL;
    for (const ElfW(Dyn) *entry = user->l_ld; entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_STRTAB) texts = (const char *)entry->d_un.d_ptr;
    /* not where glibc puts addresses */
    if (texts == NULL || (uintptr_t)texts < user->l_addr) return false;
    for (const ElfW(Dyn) *entry = user->l_ld; entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_NEEDED && strcmp(texts + entry->d_un.d_val, name) == 0) return true;
    return false;
}

bool ntk_module_uses(const void *user, const void *address) {
    if (user == NULL || address == NULL) return false;
    const struct link_map *a = module_of(user), *b = module_of(address);
    return a != NULL && b != NULL && (a == b || needs(a, b->l_name));
}

/* ---- build-ids ------------------------------------------------------------------------------- */

typedef struct search {
    uintptr_t address;
    char *text;
    size_t size;
} search;

static bool holds(const struct dl_phdr_info *module, uintptr_t address) {
    for (size_t k = 0; k < module->dlpi_phnum; k++) {
        const ElfW(Phdr) *part = &module->dlpi_phdr[k];
        const uintptr_t start = module->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_LOAD && address >= start && address - start < part->p_memsz) return true;
    }
    return false;
}

static void print_hexadecimal(const unsigned char *bytes, size_t count, const search *out) {
    for (size_t k = 0; k < count && 2 * k + 2 < out->size; k++)
        snprintf(out->text + 2 * k, out->size - 2 * k, "%02x", bytes[k]);
}

/* A note: sizes of name and content, a type, then both, each padded to four bytes. */
static void read_notes(const unsigned char *notes, size_t size, const search *out) {
    ElfW(Nhdr) head;
    for (size_t at = 0; size - at >= sizeof head;) {
        memcpy(&head, notes + at, sizeof head);
        const size_t name = at + sizeof head, content = name + ((head.n_namesz + 3u) & ~3u);
        const size_t end = content + ((head.n_descsz + 3u) & ~3u);
        if (end > size) return;
        if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 && memcmp(notes + name, "GNU", 4) == 0) {
            print_hexadecimal(notes + content, head.n_descsz, out);
            return;
        }
        at = end;
    }
}

static int examine(struct dl_phdr_info *module, size_t size, void *context) {
    const search *out = context;
    (void)size;
    if (!holds(module, out->address)) return 0;
    for (size_t k = 0; k < module->dlpi_phnum && *out->text == '\0'; k++) {
        const ElfW(Phdr) *part = &module->dlpi_phdr[k];
        if (part->p_type == PT_NOTE)
            read_notes((const unsigned char *)(module->dlpi_addr + part->p_vaddr), part->p_memsz, out);
    }
    return 1;
}

void ntk_module_build(const void *address, char *text, size_t size) {
    search out = {.address = (uintptr_t)address, .text = text, .size = size};
    *text = '\0';
    if (address == NULL) return;
    dl_iterate_phdr(examine, &out);
    if (*text != '\0') return;
    ntk_digest digest = NTK_DIGEST_START;
    if (ntk_digest_file(ntk_module_path(address), &digest) == NTK_OK)
        snprintf(text, size, "content-%016" PRIx64, digest);
}
