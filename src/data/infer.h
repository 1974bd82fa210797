/* A column under construction from cells of text: numbers are stored as they come, and what the column is shows at the
 * end. Used by the loaders of text formats.
 *
 * A column whose first value is a number is taken for numbers, one whose first value is a date for dates, else for
 * words. At the end a column of numbers where more than a quarter of the values are none is read again as words; where
 * fewer are, the first of them is a mistake. A column of words where three quarters are numbers is the same mistake. */
#ifndef TL_DATA_INFER_H
#define TL_DATA_INFER_H

#include "data/table.h"
#include "data/words.h"

typedef struct tl__infer_rules {
    tl__heap *heap;
    const char *name;                /* of the file */
    char decimal;                    /* '.' or ',' */
    tl__text_list marks;             /* cells that are missing */
    bool number_marks, date_marks;   /* one of the marks looks like a number, like a date */
    size_t rows_guess;               /* rows that the whole file may have; 0: not known */
} tl__infer_rules;

typedef struct tl__infer {
    const char *name;
    tl__column_kind kind;            /* as demanded, or as found so far */
    bool demanded;
    bool whole, narrow;              /* numbers are int32_t so far, else float; and uint8_t so far, else int32_t */
    bool any;                        /* there were values that have been let go */
    void *values;                    /* numbers, double (dates) or int32_t codes */
    size_t capacity, rows;           /* values */
    size_t before;                   /* rows whose values were let go (tl__infer_forget) */
    size_t numbers, misfits;         /* of words: those that are numbers; values that do not fit the kind */
    size_t missing, first_missing_row;
    int first_missing_line;
    int odd_line;                    /* first misfit; of words: first that is not a number */
    char odd_text[64];
    tl__words words;                 /* marked: those that are numbers */
} tl__infer;

TL_PRIV void tl__infer_rules_init(tl__infer_rules *rules, tl__heap *heap, const char *name,
                                  const tl__data_settings *settings);
TL_PRIV void tl__infer_begin(tl__infer *column, const char *name, tl__column_kind demanded);
/* One cell; words are copied into the arena. line 0: the format has none. */
TL_PRIV tl_status tl__infer_cell(tl__infer *column, const tl__infer_rules *rules, const char *text, size_t size,
                                 int line, tl__arena *arena, tl_error *error);
/* Room for one value more, for those who store values by themselves. */
TL_PRIV tl_status tl__infer_room(tl__infer *column, const tl__infer_rules *rules, tl_error *error);
/* What the column must be read as when another pass is needed; TL__KIND_FIND_OUT when this one is good; a mistake when
 * single values do not fit. */
TL_PRIV tl_status tl__infer_judge(const tl__infer *column, const tl__infer_rules *rules, tl__column_kind *again,
                                  tl_error *error);
/* For files that are read block by block. Let the values of a block go and keep what they have shown; and, before a
 * second pass, begin again with what the first has found (kind, words, whole or not). */
TL_PRIV void tl__infer_forget(tl__infer *column);
TL_PRIV void tl__infer_again(tl__infer *column);
/* The type of the column's values as they stand. */
TL_PRIV tl__column_type tl__infer_type(const tl__infer *column);
/* The values, as that type. */
static inline const void *tl__infer_pack(tl__infer *column) { return column->values; }
/* Moves the values into a new column of the table. */
TL_PRIV tl_status tl__infer_end(tl__infer *column, tl__table *table, tl_error *error);
TL_PRIV void tl__infer_free(tl__infer *column, tl__heap *heap);

TL_PRIV bool tl__infer_is_missing(const tl__infer_rules *rules, const char *text, size_t size);
/* A finite number from the first to the last byte. */
TL_PRIV bool tl__infer_number(const char *text, size_t size, char decimal, double *out);

#endif
