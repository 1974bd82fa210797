/* train:configure --explain. A path is walked down the rows; where a row chooses a member of a family, the next word
 * may be the member's name and the words after it one of its settings. */
#include "lab/explain.h"

#include "base/text.h"
#include "data/feature.h"
#include "data/table.h"
#include "model/arch.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/optimizer.h"
#include "nn/schedule.h"
#include "text/bind.h"

static const struct explain_family { const char *word; const tl__family *(*family)(void); } explain_families[] = {
    {"optimizer", tl__optimizer_family},
    {"loss", tl__loss_family},
    {"schedule", tl__schedule_family},
    {"layer", tl__layer_family},
    {"architecture", tl__arch_family},
    {"feature", tl__feature_family},
};

TL_PRIV const tl__family *tl__explain_family(const tl__field *row, const char *path)
{
    const char *word = row->kind == TL__FIELD_MEMBER ? row->family : tl__same_text(path, "network.layers") ? "layer"
                     : tl__same_text(path, "data.features") ? "feature" : NULL;
    for (size_t i = 0; word && i < TL_COUNT(explain_families); i++)
        if (tl__same_text(explain_families[i].word, word)) return explain_families[i].family();
    return NULL;
}

static void explain_default(char *out, size_t size, const tl__field *row)
{
    out[0] = '\0';
    switch (row->kind) {
    case TL__FIELD_INT:
    case TL__FIELD_FLOAT:
        if ((row->flags & TL__AUTO) && (row->fallback < row->min || (row->fallback == row->min && row->fallback == 0)))
            tl__format(out, size, "auto");
        else tl__format(out, size, "%g", row->fallback);
        break;
    case TL__FIELD_BOOL: tl__format(out, size, row->fallback > 0 ? "true" : "false"); break;
    case TL__FIELD_CHOICE: tl__format(out, size, "%s", row->choices[(int)row->fallback]); break;
    case TL__FIELD_BLOCK:
    case TL__FIELD_TREE: break;
    case TL__FIELD_TEXT:
    case TL__FIELD_MEMBER:
    case TL__FIELD_INT_LIST:
    case TL__FIELD_FLOAT_LIST:
    case TL__FIELD_TEXT_LIST: tl__format(out, size, "%s", row->text ? row->text : ""); break;
    }
}

/* One row: its line, then its help and range; and as a map in the list. */
static void explain_row(tl__buffer *out, tl__builder *builder, tl_value *list, const tl__field *row, const char *prefix)
{
    char fallback[128], range[512], path[256];
    explain_default(fallback, sizeof fallback, row);
    tl__field_range(range, sizeof range, row);
    tl__format(path, sizeof path, *prefix ? "%s.%s" : "%s%s", prefix, row->name);
    const char *value = *fallback ? fallback : row->flags & TL__REQUIRED ? "(must be given)"
                                             : row->kind == TL__FIELD_BLOCK ? "" : "(not set)";
    tl__buffer_format(out, "%s:%s%s\n    %s\n", path, *value ? " " : "", value, row->help);
    if (row->kind != TL__FIELD_BLOCK && row->kind != TL__FIELD_TREE)
        tl__buffer_format(out, "    %s%s%s%s%s\n", range, row->unit ? " (" : "", row->unit ? row->unit : "",
                          row->unit ? ")" : "", row->flags & TL__LIVE ? "; may change while a run is on" : "");
    if (row->aliases) tl__buffer_format(out, "    also written: %s\n", row->aliases);
    if (row->tune) tl__buffer_format(out, "    a search tries: %s\n", row->tune);
    tl_value *map = tl__put_map(builder, list, NULL);
    tl__put_text(builder, map, "path", path);
    tl__put_text(builder, map, "help", row->help);
    if (*fallback) tl__put_text(builder, map, "default", fallback);
    if (row->kind != TL__FIELD_BLOCK) tl__put_text(builder, map, "range", range);
    if (row->unit) tl__put_text(builder, map, "unit", row->unit);
    if (row->aliases) tl__put_text(builder, map, "aliases", row->aliases);
    tl__put_bool(builder, map, "result", (row->flags & TL__RESULT) != 0);
    tl__put_bool(builder, map, "live", (row->flags & TL__LIVE) != 0);
    tl__put_bool(builder, map, "tune", (row->flags & TL__TUNE) != 0);
    if (row->tune) tl__put_text(builder, map, "search", row->tune);
}

static void explain_rows(tl__buffer *out, tl__builder *builder, tl_value *list, const tl__field *rows,
                         const char *prefix)
{
    for (const tl__field *row = rows; row && row->name; row++) {
        char path[256];
        explain_row(out, builder, list, row, prefix);
        tl__format(path, sizeof path, *prefix ? "%s.%s" : "%s%s", prefix, row->name);
        if (row->kind == TL__FIELD_BLOCK && *prefix) explain_rows(out, builder, list, row->rows, path);
    }
}

/* A point that ends a sentence: not the second one of "1 .. t". */
static bool explain_ends(const char *help, size_t at)
{
    const char next = help[at] ? help[at + 1] : '\0';
    return help[at] == '.' && (next == ' ' || next == '\0' || next == '\n') && (at == 0 || help[at - 1] != '.');
}

static void explain_members(tl__buffer *out, tl__builder *builder, tl_value *root, const tl__family *family,
                            const char *path)
{
    tl_value *list = tl__put_list(builder, root, "members");
    tl__buffer_format(out, "\none of these; '--explain %s.%s' says more\n", path, tl__family_member(family, 0)->name);
    for (size_t i = 0; i < family->count; i++) {
        const tl__member_head *member = tl__family_member(family, i);
        size_t first = 0;
        while (member->help && member->help[first] && !explain_ends(member->help, first)) first++;
        tl__buffer_format(out, "  %s: %.*s\n", member->name, (int)first, member->help ? member->help : "");
        tl__put_text(builder, list, NULL, member->name);
    }
}

static void explain_member(tl__buffer *out, tl__builder *builder, tl_value *root, const tl__member_head *member,
                           const char *path)
{
    tl__buffer_format(out, "%s\n    %s\n", path, member->help ? member->help : "");
    if (member->aliases) tl__buffer_format(out, "    also written: %s\n", member->aliases);
    if (member->rows && member->rows->name) tl__buffer_char(out, '\n');
    tl__put_text(builder, root, "help", member->help ? member->help : "");
    explain_rows(out, builder, tl__put_list(builder, root, "settings"), member->rows, path);
}

/* The last word that names a row, and where the path leaves the table for a family's member. */
static tl_status explain_walk(tl__buffer *out, tl__builder *builder, tl_value *root, const char *path, tl_error *error)
{
    tl__field root_rows[TL__CONFIG_ROWS];
    const tl__field *rows = root_rows, *row = NULL;
    char so_far[256] = "";
    tl__config_rows(root_rows);
    for (const char *at = path; *at;) {
        size_t size = strcspn(at, ".");
        const char *suggestion = NULL, *rest = at + size + (at[size] == '.');
        const tl__family *family = row ? tl__explain_family(row, so_far) : NULL;
        if (family) {
            char name[64];
            tl__format(name, sizeof name, "%.*s", (int)size, at);
            const tl__member_head *member = tl__family_find(family, name, NULL, 0, 0, path, error);
            if (!member) return TL_BAD_CONFIG;
            tl__format(so_far + strlen(so_far), sizeof so_far - strlen(so_far), ".%s", member->name);
            if (!*rest) return explain_member(out, builder, root, member, so_far), TL_OK;
            rows = member->rows;
            row = NULL;
        } else {
            row = rows ? tl__field_find(rows, at, size, &suggestion) : NULL;
            if (!row)
                return suggestion ? tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, path,
                                                "%s is not a setting; did you mean %s%s%s?", path, so_far,
                                                *so_far ? "." : "", suggestion)
                                  : tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, path, "%s is not a setting; "
                                                "'--explain training' lists those of a block.", path);
            tl__format(so_far + strlen(so_far), sizeof so_far - strlen(so_far), *so_far ? ".%s" : "%s", row->name);
            rows = row->kind == TL__FIELD_BLOCK ? row->rows : NULL;
        }
        at = rest;
    }
    tl_value *list = tl__put_list(builder, root, "settings");
    if (!row) {
        explain_rows(out, builder, list, root_rows, "");
    } else if (row->kind == TL__FIELD_BLOCK) {
        tl__buffer_format(out, "%s: %s\n\n", so_far, row->help);
        explain_rows(out, builder, list, row->rows, so_far);
    } else {
        size_t last = strlen(so_far) - strlen(row->name);
        so_far[last ? last - 1 : 0] = '\0';
        explain_row(out, builder, list, row, so_far);
        const tl__family *family = tl__explain_family(row, path);
        if (family) explain_members(out, builder, root, family, path);
    }
    return TL_OK;
}

TL_PRIV tl_status tl__explain(tl_context *context, const char *path, tl__builder *builder, tl_value *root,
                              tl_error *error)
{
    tl__buffer out;
    tl__arena arena;
    tl__field rows[TL__CONFIG_ROWS];
    tl__arena_init(&arena, &context->heap);
    tl__buffer_init(&out, &context->heap);
    tl__config_rows(rows);
    const char *canonical = tl__config_canonical(rows, path, &arena);
    tl__put_text(builder, root, "path", canonical);
    tl_status status = explain_walk(&out, builder, root, canonical, error);
    if (status == TL_OK && !out.failed) tl__put_text_n(builder, root, "text", out.data ? out.data : "", out.size);
    if (status == TL_OK && (out.failed || builder->failed)) status = tl__fail_memory(error, out.size);
    tl__buffer_free(&out);
    tl__arena_free(&arena);
    return status;
}
