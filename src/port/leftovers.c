/* What a killed process leaves: files that were being written, PATH.tmp-PID-N. */
#include "base/error.h"
#include "port/port.h"

/* Does the name end in .tmp-DIGITS-DIGITS? */
static bool leftovers_is_one(const char *name)
{
    const char *mark = NULL;
    for (const char *at = strstr(name, ".tmp-"); at != NULL; at = strstr(at + 1, ".tmp-")) mark = at;
    if (mark == NULL || mark == name) return false;
    mark += 5;
    for (int part = 0; part < 2; part++) {
        size_t digits = strspn(mark, "0123456789");
        if (digits == 0 || mark[digits] != (part == 0 ? '-' : '\0')) return false;
        mark += digits + 1;
    }
    return true;
}

struct leftovers_folder {
    tl__arena arena;
    const char *path;
    tl_status status;
    tl_error *error;
};

static bool leftovers_remove(void *user, const char *name)
{
    struct leftovers_folder *folder = user;
    if (!leftovers_is_one(name)) return true;
    char *path = tl__arena_format(&folder->arena, "%s/%s", folder->path, name);
    folder->status = path == NULL ? tl__fail_memory(folder->error, strlen(name)) : tl__file_remove(path, folder->error);
    return folder->status == TL_OK;
}

TL_PRIV tl_status tl__folder_clean(tl_context *context, const char *path, tl_error *error)
{
    struct leftovers_folder folder = {.path = path, .status = TL_OK, .error = error};
    tl__arena_init(&folder.arena, &context->heap);
    tl_status status = tl__folder_list(context, path, leftovers_remove, &folder, error);
    tl__arena_free(&folder.arena);
    return status != TL_OK ? status : folder.status;
}
