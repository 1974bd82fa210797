/* Paths as text. tl__path_from splits both paths into names, resolves . and .., drops what they share and climbs
 * the rest. */
#include "lab/path.h"

#include "base/text.h"

enum { PATH_MAX_PARTS = 128 };

static bool path_separator(char c)
{
#if defined(_WIN32)
    if (c == '\\') return true;
#endif
    return c == '/';
}

TL_PRIV bool tl__path_absolute(const char *path)
{
#if defined(_WIN32)
    if (path[0] && path[1] == ':') return true;
#endif
    return path_separator(path[0]);
}

TL_PRIV const char *tl__path_join(tl__arena *arena, const char *folder, const char *path)
{
    if (!folder || !*folder || tl__same_text(folder, ".") || tl__path_absolute(path))
        return tl__arena_text(arena, path);
    size_t size = strlen(folder);
    return tl__arena_format(arena, path_separator(folder[size - 1]) ? "%s%s" : "%s/%s", folder, path);
}

TL_PRIV const char *tl__path_name(const char *path)
{
    const char *name = path;
    for (const char *c = path; *c; c++)
        if (path_separator(*c) && c[1]) name = c + 1;
    return name;
}

TL_PRIV const char *tl__path_folder(tl__arena *arena, const char *path)
{
    const char *name = tl__path_name(path);
    size_t size = (size_t)(name - path);
    while (size > 1 && path_separator(path[size - 1])) size--;
    return tl__arena_copy(arena, path, size);
}

TL_PRIV const char *tl__path_stem(tl__arena *arena, const char *path)
{
    const char *name = tl__path_name(path);
    size_t size = 0;
    while (name[size] && !(size > 0 && name[size] == '.') && !path_separator(name[size])) size++;
    return tl__arena_copy(arena, name, size);
}

TL_PRIV bool tl__path_ends(const char *path, const char *ending)
{
    size_t size = strlen(path), ending_size = strlen(ending);
    return size > ending_size && tl__same_text(path + size - ending_size, ending);
}

TL_PRIV bool tl__path_is_config(const char *path)
{
    return tl__path_ends(path, ".yaml") || tl__path_ends(path, ".yml");
}

typedef struct path_parts {
    const char *part[PATH_MAX_PARTS];
    size_t size[PATH_MAX_PARTS], count;
    size_t climbs;      /* leading .. that nothing could cancel */
    bool overflow;
} path_parts;

static void path_split(path_parts *out, const char *path)
{
    while (*path && !out->overflow) {
        size_t size = 0;
        while (path[size] && !path_separator(path[size])) size++;
        if (size == 2 && path[0] == '.' && path[1] == '.') {
            if (out->count) out->count--;
            else out->climbs++;
        } else if (size > 0 && !(size == 1 && path[0] == '.')) {
            if (out->count == PATH_MAX_PARTS) {
                out->overflow = true;
            } else {
                out->part[out->count] = path;
                out->size[out->count++] = size;
            }
        }
        path += size;
        while (path_separator(*path)) path++;
    }
}

static bool path_same_part(const path_parts *a, const path_parts *b, size_t i)
{
    return a->size[i] == b->size[i] && memcmp(a->part[i], b->part[i], a->size[i]) == 0;
}

TL_PRIV const char *tl__path_from(tl__arena *arena, const char *folder, const char *path, const char *current)
{
    path_parts from = {.count = 0}, to = {.count = 0};
    bool from_absolute = tl__path_absolute(folder), to_absolute = tl__path_absolute(path);
    if (to_absolute) return tl__arena_text(arena, path);
    if (current && from_absolute) path_split(&to, current);
    path_split(&from, folder);
    if (!current && (from_absolute || from.climbs)) return tl__arena_text(arena, path);
    if (!from_absolute && from.climbs) {    /* name both from the root */
        from.count = from.climbs = to.count = 0;
        path_split(&from, current);
        path_split(&from, folder);
        path_split(&to, current);
    }
    path_split(&to, path);
    if (from.overflow || to.overflow) return tl__arena_text(arena, path);
    size_t shared = 0, size = 0;
    if (!to.climbs) while (shared < from.count && shared < to.count && path_same_part(&from, &to, shared)) shared++;
    for (size_t i = 0; i < to.count; i++) size += to.size[i] + 1;
    size += 3 * (from.count - shared + to.climbs) + 2;
    char *out = tl__arena_push(arena, size), *at = out;
    if (!out) return NULL;
    for (size_t i = 0; i < from.count - shared + to.climbs; i++, at += 3) memcpy(at, "../", 3);
    for (size_t i = shared; i < to.count; i++) {
        memcpy(at, to.part[i], to.size[i]);
        at += to.size[i];
        *at++ = '/';
    }
    if (at == out) *at++ = '.', at++;
    at[-1] = '\0';
    return out;
}
