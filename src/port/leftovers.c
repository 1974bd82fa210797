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

enum { LEFTOVERS_DEPTH = 4 };   /* of folders in folders; links might go round in circles */

struct leftovers_folder {
    tl_context *context;
    tl__arena arena;
    const char *path;
    int depth;
    tl_status status;
    tl_error *error;
};

static tl_status leftovers_clean(tl_context *context, const char *path, int depth, tl_error *error);

static bool leftovers_remove(void *user, const char *name)
{
    struct leftovers_folder *folder = user;
    const bool one = leftovers_is_one(name);
    char *path = tl__arena_format(&folder->arena, "%s/%s", folder->path, name);
    if (path == NULL) folder->status = tl__fail_memory(folder->error, strlen(name));
    else if (folder->depth > 0 && tl__folder_exists(path))
        folder->status = leftovers_clean(folder->context, path, folder->depth - 1, folder->error);
    else if (one) folder->status = tl__file_remove(path, folder->error);
    return folder->status == TL_OK;
}

static tl_status leftovers_clean(tl_context *context, const char *path, int depth, tl_error *error)
{
    struct leftovers_folder folder = {.context = context, .path = path, .depth = depth, .error = error};
    tl__arena_init(&folder.arena, &context->heap);
    tl_status status = tl__folder_list(context, path, leftovers_remove, &folder, error);
    tl__arena_free(&folder.arena);
    return status != TL_OK ? status : folder.status;
}

TL_PRIV tl_status tl__folder_clean(tl_context *context, const char *path, tl_error *error)
{
    return leftovers_clean(context, path, 0, error);
}

TL_PRIV tl_status tl__folder_clean_all(tl_context *context, const char *path, tl_error *error)
{
    return leftovers_clean(context, path, LEFTOVERS_DEPTH, error);
}
