/* Tables: named columns of one type each, as a file holds them, before anything is made of them.
 *
 * A column keeps the smallest type that holds its values. What is missing is NaN in F32 and F64 and -1 in CODES; U8 and
 * I32 columns have nothing missing. An image set is one U8 column of width height * width * channels. */
#ifndef TL_DATA_TABLE_H
#define TL_DATA_TABLE_H

#include "base/context.h"
#include "base/error.h"
#include "base/family.h"
#include "base/math.h"
#include "data/settings.h"

typedef enum tl__column_type {
    TL__COLUMN_U8,      /* uint8_t */
    TL__COLUMN_I32,     /* int32_t */
    TL__COLUMN_F32,     /* float */
    TL__COLUMN_F64,     /* double */
    TL__COLUMN_CODES    /* int32_t: number of a word; words in the order in which they appear */
} tl__column_type;

typedef struct tl__column {
    const char *name;              /* in the table's arena; "0", "1", ... where the file names none */
    tl__column_type type;
    bool date;                     /* F64: seconds since 1970-01-01, UTC */
    size_t width;                  /* values per row; more than 1 never for CODES */
    size_t shape[3];               /* of a row: [height, width, channels] of images, [time, feature] of sequences; zeros
                                      behind, and only zeros where it has none */
    void *values;                  /* [rows, width] */
    size_t bytes;                  /* of the block that holds the values */
    void *block;                   /* values lie in it, perhaps not at its start (a header before them) */
    const char **words;            /* CODES: texts, in the arena; the array in the heap */
    size_t word_count, word_capacity;
    bool stored;                   /* the values are in the table's store; values is NULL */
    size_t infinite_row;           /* stored: of the first value that is infinite as a float; SIZE_MAX: none */
    size_t missing;                /* cells that are missing */
    size_t first_missing_row;      /* when missing is not 0 */
    int first_missing_line;        /* in its file; 0: the format has no lines */
} tl__column;

typedef struct tl__table {
    tl_context *context;
    tl__arena arena;
    const char *source;            /* first file's name, for messages */
    size_t rows;
    size_t column_count, column_capacity;
    tl__column *columns;
    bool named;                    /* the columns have names from the file */
    struct tl__store *store;       /* where stored columns have their values (data/store.h); NULL: none is */
} tl__table;

/* What a column is to be read as. data.types says it for one file; the columns of a file that was read before say it
 * for its test file, and a pipeline for rows to predict, so that "01" is not a word in one and a number in the
 * other. */
typedef enum tl__column_kind {
    TL__KIND_FIND_OUT, TL__KIND_NUMBER, TL__KIND_INTEGER, TL__KIND_CATEGORY, TL__KIND_DATE
} tl__column_kind;

typedef struct tl__kind_of {
    const char *column;
    tl__column_kind kind;
} tl__kind_of;

typedef struct tl__kinds {
    size_t count;
    const tl__kind_of *items;
} tl__kinds;

/* Read file (a path; a list; {images, labels}) by the reading part of the settings. Paths are relative to `folder`
 * (NULL: the current one; a path that begins with / and "-", standard input, stay as they are). `setting` names the
 * setting that holds the file ("data.file"). known: may be NULL. */
TL_PRIV tl_status tl__table_read(tl_context *context, const tl_value *file, const tl__data_settings *settings,
                                 const tl__kinds *known, const char *folder, const char *setting, tl__table **out,
                                 tl_error *error);
/* The same from bytes in memory that a file called `name` holds; they are not changed. */
TL_PRIV tl_status tl__table_parse(tl_context *context, const char *bytes, size_t size, const char *name,
                                  const tl__data_settings *settings, const tl__kinds *known, tl__table **out,
                                  tl_error *error);
/* An empty table, and a column with room for `rows` rows (of zeros). */
TL_PRIV tl_status tl__table_new(tl_context *context, const char *source, tl__table **out);
TL_PRIV tl_status tl__table_add(tl__table *table, const char *name, tl__column_type type, size_t width, size_t rows,
                                tl__column **out);
/* The rows of `more` after those of `table`: the same columns, by name where both have names, else by position. */
TL_PRIV tl_status tl__table_append(tl__table *table, const tl__table *more, tl_error *error);
TL_PRIV void tl__table_free(tl__table *table);

/* Number of the column with this name, else at this position (negative: from the end); TL_NOT_FOUND with the nearest
 * name. `setting` names the setting that asks ("data.target"). */
TL_PRIV tl_status tl__table_find(const tl__table *table, const char *name, const char *setting, size_t *out,
                                 tl_error *error);
/* One value as a number: CODES give the code, missing NaN. */
static inline double tl__column_at(const tl__column *column, size_t row, size_t element)
{
    size_t at = row * column->width + element;
    if (column->type == TL__COLUMN_F32) return (double)((const float *)column->values)[at];
    if (column->type == TL__COLUMN_U8) return ((const uint8_t *)column->values)[at];
    if (column->type == TL__COLUMN_I32) return ((const int32_t *)column->values)[at];
    if (column->type == TL__COLUMN_F64) return ((const double *)column->values)[at];
    int32_t code = ((const int32_t *)column->values)[at];
    return code < 0 ? (double)tl__nan() : code;
}
TL_PRIV bool tl__column_is_missing(const tl__column *column, size_t row);
TL_PRIV const char *tl__column_type_name(const tl__column *column);   /* "u8", "date", "category", ... */

/* The hash of a column's content: name, type and words into a hash that was begun, then values in the order of the
 * rows. */
struct tl__sha256;
TL_PRIV void tl__column_hash_begin(struct tl__sha256 *hash, const tl__column *column);
TL_PRIV void tl__column_hash_values(struct tl__sha256 *hash, const tl__column *column, const void *values,
                                    size_t count);

/* --- the family of loaders: csv, json, npy, idx --- */
typedef struct tl__source {        /* what a loader reads */
    tl_context *context;
    const char *name;              /* for messages */
    const char *bytes;             /* decompressed */
    size_t size;
    tl__buffer *owner;             /* of the bytes: a loader may take the block out of it instead of copying; NULL: the
                                      bytes are the caller's */
    const tl__data_settings *settings;
    const tl__kinds *known;        /* or NULL */
} tl__source;

/* How an array [shape[0], ...] lies in a file whose rows can be read one by one. */
typedef struct tl__array_place {
    size_t shape[8];
    int dims;
    size_t begin;                  /* where the elements begin, in C order */
    size_t size;                   /* bytes of an element there */
    tl__column_type type;          /* of its columns */
    void (*convert)(void *to, const unsigned char *from, size_t count);    /* NULL: as they lie */
} tl__array_place;

typedef struct tl__loader {
    tl__member_head head;
    const char *suffixes;          /* "csv tsv txt" */
    bool (*recognises)(const char *bytes, size_t size);    /* by content; NULL: only by suffix */
    tl_status (*load)(const tl__source *source, tl__table *into, tl_error *error);   /* `into` is empty */
    /* Of a file of `whole` bytes, whose first ones are the source's; NULL: its rows cannot be read one by one. */
    tl_status (*lies)(const tl__source *source, uint64_t whole, tl__array_place *out, tl_error *error);
} tl__loader;

TL_PRIV const tl__family *tl__loader_family(void);

#endif
