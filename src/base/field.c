/* Field lists: defaults, look-up and ranges in words. */
#include "base/field.h"
#include "base/text.h"

static void field_default(const tl__field *row, void *place)
{
    switch (row->kind) {
    case TL__FIELD_INT: *(int64_t *)place = (int64_t)row->fallback; break;
    case TL__FIELD_FLOAT: *(double *)place = row->fallback; break;
    case TL__FIELD_BOOL: *(bool *)place = row->fallback > 0.0; break;
    case TL__FIELD_TEXT: *(const char **)place = row->text; break;
    case TL__FIELD_CHOICE: *(int *)place = (int)row->fallback; break;
    case TL__FIELD_INT_LIST: *(tl__int_list *)place = (tl__int_list){0, NULL}; break;
    case TL__FIELD_FLOAT_LIST: *(tl__float_list *)place = (tl__float_list){0, NULL}; break;
    case TL__FIELD_TEXT_LIST: *(tl__text_list *)place = (tl__text_list){0, NULL}; break;
    case TL__FIELD_MEMBER: *(tl__member *)place = (tl__member){row->text, NULL}; break;
    case TL__FIELD_TREE: *(const tl_value **)place = NULL; break;
    case TL__FIELD_BLOCK:
        tl__field_defaults(row->rows, place);
        if (row->flags & TL__OPTIONAL) *(bool *)place = false;
        break;
    }
}

TL_PRIV void tl__field_defaults(const tl__field *rows, void *block)
{
    for (const tl__field *row = rows; row->name != NULL; row++)
        field_default(row, (unsigned char *)block + row->offset);
}

TL_PRIV const tl__field *tl__field_find(const tl__field *rows, const char *name, size_t size, const char **suggestion)
{
    if (suggestion != NULL) *suggestion = NULL;
    for (const tl__field *row = rows; row->name != NULL; row++)
        if (tl__same_text_n(row->name, name, size)) return row;
    if (suggestion == NULL) return NULL;
    char wanted[128];
    tl__format(wanted, sizeof wanted, "%.*s", (int)tl__size_min(size, sizeof wanted), name);
    tl__suggestion nearest = {wanted, NULL, 0};
    for (const tl__field *row = rows; row->name != NULL; row++) tl__suggest(&nearest, row->name);
    *suggestion = nearest.best;
    return NULL;
}

/* "a whole number from 1 to 10"; noun: "a number", "whole numbers", ... */
static size_t field_number_range(char *out, size_t size, const tl__field *row, const char *noun)
{
    bool whole = row->kind == TL__FIELD_INT || row->kind == TL__FIELD_INT_LIST;
    double largest = whole ? 9e18 : DBL_MAX;
    bool any = row->min >= 0.0 && row->min <= 0.0 && row->max >= 0.0 && row->max <= 0.0;
    bool low = !any && row->min > -largest, high = !any && row->max < largest;
    bool open_low = (row->flags & TL__OPEN_MIN) != 0, open_high = (row->flags & TL__OPEN_MAX) != 0;
    size_t used = tl__format(out, size, "%s", noun);
    const char *join = !high ? "" : open_low ? " and" : " to";
    const char *above = open_low ? " above" : high ? " from" : " of at least";
    const char *below = open_high ? " below" : !low ? " of at most" : open_low ? " up to" : "";
    if (low && used < size) used += tl__format(out + used, size - used, "%s %g%s", above, row->min, join);
    if (high && used < size) used += tl__format(out + used, size - used, "%s %g", below, row->max);
    return used;
}

static size_t field_choices(char *out, size_t size, const char *const *choices)
{
    size_t used = tl__format(out, size, "one of:");
    for (size_t i = 0; choices != NULL && choices[i] != NULL && used < size; i++)
        used += tl__format(out + used, size - used, "%s %s", i > 0 ? "," : "", choices[i]);
    return used;
}

TL_PRIV void tl__field_range(char *out, size_t size, const tl__field *row)
{
    size_t used = 0;
    bool path = (row->flags & TL__PATH) != 0;
    switch (row->kind) {
    case TL__FIELD_INT: used = field_number_range(out, size, row, "a whole number"); break;
    case TL__FIELD_FLOAT: used = field_number_range(out, size, row, "a number"); break;
    case TL__FIELD_INT_LIST:
        used = field_number_range(out, size, row, "a list of whole numbers");
        if (row->choices != NULL && used < size) used += tl__format(out + used, size - used, ", or ");
        if (row->choices != NULL && used < size) used += field_choices(out + used, size - used, row->choices);
        break;
    case TL__FIELD_FLOAT_LIST: used = field_number_range(out, size, row, "a list of numbers"); break;
    case TL__FIELD_BOOL: used = tl__format(out, size, "true or false"); break;
    case TL__FIELD_TEXT: used = tl__format(out, size, path ? "a path" : "a text"); break;
    case TL__FIELD_TEXT_LIST: used = tl__format(out, size, path ? "a list of paths" : "a list of texts"); break;
    case TL__FIELD_CHOICE: used = field_choices(out, size, row->choices); break;
    case TL__FIELD_MEMBER: used = tl__format(out, size, "the name of a kind of %s", row->family); break;
    case TL__FIELD_BLOCK: used = tl__format(out, size, "a block of settings"); break;
    case TL__FIELD_TREE: used = tl__format(out, size, "a list or a block"); break;
    }
    if ((row->flags & TL__AUTO) && used < size) tl__format(out + used, size - used, ", or auto");
}

static size_t field_scalar_size(tl__field_kind kind)
{
    return kind == TL__FIELD_INT ? sizeof(int64_t) : kind == TL__FIELD_FLOAT ? sizeof(double) :
           kind == TL__FIELD_BOOL ? sizeof(bool) : kind == TL__FIELD_CHOICE ? sizeof(int) : 0;
}

TL_PRIV void tl__field_take(const tl__field *rows, unsigned flag, void *into, const void *from)
{
    for (const tl__field *row = rows; row->name; row++) {
        unsigned char *to = (unsigned char *)into + row->offset;
        const unsigned char *at = (const unsigned char *)from + row->offset;
        size_t size = row->flags & flag ? field_scalar_size(row->kind) : 0;
        if (size) memcpy(to, at, size);
        if (row->kind != TL__FIELD_BLOCK) continue;
        if (row->flags & TL__OPTIONAL) memcpy(to, at, sizeof(bool));
        tl__field_take(row->rows, flag, to, at);
    }
}
