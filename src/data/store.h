/* A table whose rows stay in a file: row r is `record` bytes at base + r * record, a column's values are at its offset
 * in each record. Rows are read by number, from any thread; memory holds what columns are, not their values.
 *
 * The file that streaming writes (name.rows), in the byte order of the machine that wrote it:
 *
 *     0        "TLROWS\r\n", then the number 0x0102030405060708, then zeros
 *     64       rows * record bytes
 *     footer   numbers of 8 bytes and texts (length, bytes): key; named; rows; record; columns; per column name, type,
 *              date, width, offset, missing, first missing row and line, row of the first infinite value, hash, words;
 *              then the CRC-32C of each group of rows (TL__STORE_GROUP bytes, or one row)
 *     end-32   where the footer begins, its size, its CRC-32C, "TLROWSEN"
 *
 * It is written beside its place and renamed when whole. Reading believes no number before it is checked, and a file
 * that is not as it should be is made again. */
#ifndef TL_DATA_STORE_H
#define TL_DATA_STORE_H

#include "base/hash.h"
#include "data/table.h"
#include "port/port.h"

enum { TL__STORE_GROUP = 1 << 20 };

typedef struct tl__store {
    tl_context *context;
    tl__reader *reader;
    tl__file_mark mark;            /* of the file when it was opened */
    const char *path;              /* in the table's arena */
    uint64_t base;
    size_t record, rows;
    size_t *offsets;               /* [column_count] in the record */
    char (*hashes)[65];            /* [column_count] */
    size_t column_count;           /* columns after these are in memory */
    /* from values of the file to the column's; NULL: they are that */
    void (*convert)(void *to, const unsigned char *from, size_t count);
} tl__store;

TL_PRIV size_t tl__column_value_size(tl__column_type type);
/* What the table knows of a stored column beside its values: missing and infinite ones, block by block. */
TL_PRIV void tl__column_look_begin(tl__column *column);
TL_PRIV void tl__column_look(tl__column *column, const void *values, size_t first, size_t count);
/* A store without reader and layout for a table with these columns. */
TL_PRIV tl_status tl__store_new(tl__table *table, const char *path, tl__store **out, tl_error *error);
/* Offsets of the columns in a record, and its size; false: too large. */
TL_PRIV bool tl__store_layout(const tl__table *table, size_t *offsets, size_t *record);

/* Rows [first, first + count) into out [count * record]; a file that was changed since it was opened is a mistake. */
TL_PRIV tl_status tl__store_read(const tl__store *store, size_t first, size_t count, void *out, tl_error *error);
TL_PRIV void tl__store_close(tl__store *store);

/* A file of another format whose rows can be read where they lie becomes the store of a table, which has its columns,
 * all of one type, and rows. Takes the reader, also after a failure. Each row is read once, to know what is missing. */
TL_PRIV tl_status tl__store_adopt(tl__table *table, tl__reader *reader, const char *path, const tl__array_place *place,
                                  tl_error *error);

/* Writing: the columns of `table` are known, and their values come block by block. */
typedef struct tl__store_writer tl__store_writer;
TL_PRIV tl_status tl__store_create(tl__table *table, const char *path, tl__store_writer **out, tl_error *error);
/* values[i]: `count` values of column i, one after the other. Also counts what the footer says of the values. */
TL_PRIV tl_status tl__store_write(tl__store_writer *writer, const void *const *values, size_t count, tl_error *error);
/* Ends the file under its name; the table then has the store. Frees the writer, also after a failure. */
TL_PRIV tl_status tl__store_commit(tl__store_writer *writer, const char key[65], tl_error *error);
TL_PRIV void tl__store_abandon(tl__store_writer *writer);

/* The table of a file that was written before. TL_NOT_FOUND: there is none, it is of another key, or it is damaged;
 * every row is read once for that. */
TL_PRIV tl_status tl__store_open(tl_context *context, const char *path, const char key[65], const char *source,
                                 tl__table **out, tl_error *error);

#endif
