/* Large maps are made smaller when they are written, so that a file of explanations stays readable. */
#include "lab/maps.h"

#include "base/math.h"
#include "base/text.h"

TL_PRIV double tl__map_figure(double value)
{
    char text[40];
    double out = value;
    size_t size = tl__format(text, sizeof text, "%.5g", value);
    return tl__is_finite_d(value) && tl__parse_double(text, size, &out) ? out : value;
}

TL_PRIV void tl__map_put(tl__builder *builder, tl_value *parent, const char *key, const double *values, size_t rows,
                         size_t columns, size_t most)
{
    size_t r_count = tl__size_min(rows, most), c_count = tl__size_min(columns, most);
    tl_value *map = tl__put_map(builder, parent, key), *list;
    if (!map) return;
    tl__put_integer(builder, map, "rows", (int64_t)r_count);
    tl__put_integer(builder, map, "columns", (int64_t)c_count);
    list = tl__put_list(builder, map, "values");
    for (size_t r = 0; r < r_count && list; r++)
        for (size_t c = 0; c < c_count; c++) {
            size_t top = r * rows / r_count, bottom = (r + 1) * rows / r_count;
            size_t left = c * columns / c_count, right = (c + 1) * columns / c_count;
            double sum = 0;
            for (size_t i = top; i < bottom; i++)
                for (size_t k = left; k < right; k++) sum += values[i * columns + k];
            tl__put_number(builder, list, NULL,
                           tl__map_figure(sum / (double)(bottom - top) / (double)(right - left)));
        }
}

TL_PRIV bool tl__map_get(tl__arena *arena, const tl_value *map, tl__heat_map *out, bool *failed)
{
    const tl_value *list = tl_value_get(map, "values");
    int64_t rows = tl_value_integer(tl_value_get(map, "rows"), 0);
    int64_t columns = tl_value_integer(tl_value_get(map, "columns"), 0);
    size_t count = tl_value_count(list), i = 0;
    if (!list || tl_value_kind(list) != TL_LIST || count == 0 || rows < 1 || columns < 1 || (size_t)rows > count ||
        (size_t)columns > count || (size_t)rows * (size_t)columns != count) return false;
    double *values = tl__arena_push_zero(arena, count, sizeof *values);
    if (!values) return *failed = true, false;
    for (const tl_value *item = list->first; item; item = item->next)
        values[i++] = tl_value_number(item, tl__nan_d());
    out->values = values;
    out->rows = (size_t)rows;
    out->columns = (size_t)columns;
    return true;
}
