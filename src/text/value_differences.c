/* Where two trees of settings differ, as paths. */
#include "base/text.h"
#include "text/value.h"

enum { VALUE_DIFFERENCES_PATH = 300 };

static void value_differences_side(tl__builder *builder, tl_value *row, const char *key, const tl_value *value)
{
    if (value) tl__put_copy(builder, row, key, value);
    else tl__put_null(builder, row, key);
}

static void value_differences_row(tl__builder *builder, tl_value *list, const char *path, const tl_value *a,
                                  const tl_value *b)
{
    tl_value *row = tl__put_map(builder, list, NULL);
    tl__put_text(builder, row, "setting", path);
    value_differences_side(builder, row, "a", a);
    value_differences_side(builder, row, "b", b);
}

TL_PRIV void tl__value_differences(tl__builder *builder, tl_value *list, const char *path, const tl_value *a,
                                   const tl_value *b)
{
    char below[VALUE_DIFFERENCES_PATH];
    if (!a || !b || a->kind != TL_MAP || b->kind != TL_MAP) {
        if (!a || !b || !tl__value_equal(a, b)) value_differences_row(builder, list, path, a, b);
        return;
    }
    for (const tl_value *item = a->first; item; item = item->next) {
        tl__format(below, sizeof below, "%s%s%s", path, *path ? "." : "", item->key);
        tl__value_differences(builder, list, below, item, tl__value_child(b, item->key));
    }
    for (const tl_value *item = b->first; item; item = item->next) {
        if (tl__value_child(a, item->key)) continue;
        tl__format(below, sizeof below, "%s%s%s", path, *path ? "." : "", item->key);
        value_differences_row(builder, list, below, NULL, item);
    }
}
