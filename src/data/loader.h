/* What loaders share, and their functions. */
#ifndef TL_DATA_LOADER_H
#define TL_DATA_LOADER_H

#include "data/infer.h"
#include "data/table.h"
#include "port/port.h"

#define X(name) TL_PRIV const tl__member_head *tl__loader_##name(void);
#include "data/loader_list.h"
#undef X

/* The loader that data.format, the name or the first bytes of a file ask for; NULL: an unknown data.format. */
TL_PRIV const tl__loader *tl__loader_choose(const tl__source *source, tl_error *error);
/* The same for a file that is to be streamed, by its first bytes; an empty file and one packed by gzip are refused. */
TL_PRIV tl_status tl__loader_choose_streamed(const tl__source *source, const tl__loader **out, tl_error *error);
/* folder/path in the arena, unless the path stands for itself; NULL: out of memory. */
TL_PRIV const char *tl__loader_path(tl__arena *arena, const char *folder, const char *path);
TL_PRIV bool tl__loader_is_packed(const char *bytes, size_t size);    /* by gzip */

/* CSV files, one after the other, read block by block, so that memory holds a piece of their text and the cells of a
 * block, never all. What the columns are is found out over all blocks, as for a file that is read whole. "-": standard
 * input, read once. */
typedef struct tl__csv_rows tl__csv_rows;
typedef struct tl__csv_file {
    const char *path, *name;     /* name: for messages */
} tl__csv_file;
TL_PRIV tl_status tl__csv_rows_open(tl_context *context, const tl__csv_file *files, size_t count,
                                    const tl__data_settings *settings, const tl__kinds *known, tl__csv_rows **out,
                                    tl_error *error);    /* files, settings and known are kept */
TL_PRIV void tl__csv_rows_close(tl__csv_rows *rows);
TL_PRIV size_t tl__csv_rows_count(const tl__csv_rows *rows);                /* columns */
TL_PRIV tl__infer *tl__csv_rows_column(tl__csv_rows *rows, size_t index);
TL_PRIV const tl__infer_rules *tl__csv_rows_rules(const tl__csv_rows *rows);
TL_PRIV bool tl__csv_rows_named(const tl__csv_rows *rows);                  /* the first line holds names */
/* Back to the first row. kinds: also forget what the columns are but for their demanded kinds. */
TL_PRIV tl_status tl__csv_rows_rewind(tl__csv_rows *rows, bool kinds, tl_error *error);
TL_PRIV void tl__csv_rows_demand(tl__csv_rows *rows, size_t index, tl__column_kind kind);
/* Add the cells of at most `most` rows to the columns. *got 0: there are no more. */
TL_PRIV tl_status tl__csv_rows_next(tl__csv_rows *rows, size_t most, size_t *got, tl_error *error);
/* The next rows as a table of their own; columns that `known` does not name are texts. NULL: there are no more. */
TL_PRIV tl_status tl__csv_rows_table(tl__csv_rows *rows, size_t most, tl__table **out, tl_error *error);

/* The kind that a column must be read as: data.types by name or position, then what is known from another table. */
TL_PRIV tl_status tl__loader_kind(const tl__source *source, const char *name, size_t position, size_t columns,
                                  tl__column_kind *out, tl_error *error);
/* An array [shape[0], ...] of a binary format as columns: more than two dimensions make one vector column, two a column
 * each, one a single column. */
typedef struct tl__loader_array {
    const size_t *shape;
    int dims;
    double (*at)(const void *array, size_t index);   /* element in C order */
    const void *array;
    bool whole;                  /* integers */
    const unsigned char *bytes;  /* not NULL: the elements are bytes in C order and lie here */
    const unsigned char *floats; /* not NULL: they are floats (size 4) or doubles (8) of this machine in C order */
    int size;
} tl__loader_array;
TL_PRIV tl_status tl__loader_put_array(const tl__source *source, tl__table *into, const tl__loader_array *array,
                                       tl_error *error);
/* Its columns without values, and with limit applied its rows; a table that has none is refused by check_rows. */
TL_PRIV tl_status tl__loader_array_columns(const tl__source *source, tl__table *into, const size_t *shape, int dims,
                                           tl__column_type type, tl_error *error);
TL_PRIV tl_status tl__loader_check_rows(const tl__table *table, tl_error *error);
/* The one column of `labels` becomes the last of `images`. */
TL_PRIV tl_status tl__loader_join_labels(tl__table *images, tl__table *labels, tl_error *error);
/* Pictures (loader_image.c): a folder of folders named as classes, or of pictures alone, as a table. `path` leads
 * there, `name` is for messages. */
TL_PRIV tl_status tl__loader_folder(tl_context *context, const char *path, const char *name,
                                    const tl__data_settings *settings, tl__table **out, tl_error *error);
/* The paths in the column data.image.column, relative to the folder of the table's file `path` (NULL: the current one),
 * become the pictures there. Nothing without that setting. */
TL_PRIV tl_status tl__loader_pictures(tl__table *table, const char *path, const tl__data_settings *settings,
                                      tl_error *error);
/* Is this the column that is wanted, by name or position? wanted may be NULL. */
TL_PRIV bool tl__loader_is_at(const char *wanted, const char *name, size_t position, size_t columns);
/* One file; a list of files, or a name with one * in it, as one table. */
TL_PRIV tl_status tl__loader_file(tl_context *context, const char *folder, const char *path,
                                  const tl__data_settings *settings, const tl__kinds *known, tl__table **out,
                                  tl_error *error);
TL_PRIV bool tl__loader_is_pattern(const char *path);
TL_PRIV tl_status tl__loader_files(tl_context *context, const tl_value *files, const tl__data_settings *settings,
                                   const tl__kinds *known, const char *folder, tl__table **out, tl_error *error);
/* The paths of a pair {images: file, labels: file}; false: it is none. */
TL_PRIV bool tl__loader_pair(const tl_value *file, const char **images, const char **labels);
/* What of its format can be streamed. */
TL_PRIV tl_status tl__loader_cannot_lie(const tl__source *source, const char *can, tl_error *error);
/* Floats of this machine, which may stand anywhere, as columns have them: every NaN is a quiet one. */
TL_PRIV void tl__loader_floats(void *to, const unsigned char *from, size_t count);
TL_PRIV void tl__loader_doubles(void *to, const unsigned char *from, size_t count);

#endif
