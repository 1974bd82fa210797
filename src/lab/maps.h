/* Numbers over two axes as part of a tree: what heat maps are drawn from, by those who have neither model nor data. */
#ifndef TL_LAB_MAPS_H
#define TL_LAB_MAPS_H

#include "plot/chart.h"
#include "text/value.h"

enum { TL__MAP_MOST = 48 };          /* cells of a side */

/* {rows, columns, values: [...]}, values [rows, columns] to five digits. A side of more than `most` cells is cut into
 * even pieces, of which the means stand there. */
TL_PRIV void tl__map_put(tl__builder *builder, tl_value *parent, const char *key, const double *values, size_t rows,
                         size_t columns, size_t most);
/* Its values, rows and columns into a heat map; false: it is no such map, or memory is out (*failed). */
TL_PRIV bool tl__map_get(tl__arena *arena, const tl_value *map, tl__heat_map *out, bool *failed);
/* A number to five digits, for files that people read. */
TL_PRIV double tl__map_figure(double value);

#endif
