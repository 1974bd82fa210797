/* CSV (RFC 4180) over a block of bytes in memory, and its writer.
 *
 * A reader gives one row after another; a row's cells point into the block, or into the reader's own scratch when
 * doubled quotes had to be undone, and are valid until the next row. Lines end in LF, CRLF or CR; a byte order mark is
 * skipped; lines with nothing on them are skipped; a quoted cell may hold separators, line ends and doubled quotes. */
#ifndef TL_TEXT_CSV_H
#define TL_TEXT_CSV_H

#include "base/error.h"
#include "base/memory.h"

enum { TL__CSV_MAX_COLUMNS = 1000000, TL__CSV_MAX_CELL = 64 << 20 };

/* Begin with TL__CSV_OPTIONS. */
typedef struct tl__csv_options {
    char separator;      /* 0: found out among , ; tab | from the first rows; ' ': any run of blanks */
    char decimal;        /* ',': commas stand in numbers and are not found as separators */
    char quote;          /* '"' or '\''; 0: no quoting */
    bool trim;           /* drop blanks and tabs around cells that are not quoted, and around the quotes */
    size_t skip_rows;    /* lines at the start that are not read at all */
    bool ragged;         /* rows of other lengths than the first are allowed (else a mistake that names the line) */
} tl__csv_options;
#define TL__CSV_OPTIONS {0, '.', '"', false, 0, false}

typedef struct tl__csv_cell {
    const char *text;    /* not terminated */
    uint32_t size;
    bool quoted;
    bool doubled;        /* the reader's own: holds doubled quotes that are not undone yet */
} tl__csv_cell;

typedef struct tl__csv {
    /* the row that was read last */
    tl__csv_cell *cells;
    size_t count;
    int line;                       /* on which it begins, from 1 */
    size_t offset;                  /* of its first byte in the block */
    /* the reader's own */
    const char *name, *bytes, *end, *at;
    tl__csv_options options;
    int next_line;
    size_t columns;                 /* of the first row; 0: none read yet */
    size_t capacity;
    tl__heap *heap;
    char *scratch;                  /* cells whose doubled quotes were undone */
    size_t scratch_size;
    unsigned char stops[256];       /* 1: a byte that ends a cell that is not quoted */
} tl__csv;

/* The block is kept, not copied; `name` is the file's name for messages. Checks for NUL bytes and finds the separator.
 * A reader that was opened is closed, also after a failure. */
TL_PRIV tl_status tl__csv_open(tl__csv *csv, tl__heap *heap, const char *bytes, size_t size, const char *name,
                               const tl__csv_options *options, tl_error *error);
/* The next row; *more is false at the end (count is then 0). */
TL_PRIV tl_status tl__csv_next(tl__csv *csv, bool *more, tl_error *error);
/* Go on with the row that begins at `offset`, on `line` (as they stood after it was read). */
TL_PRIV void tl__csv_seek(tl__csv *csv, size_t offset, int line);
/* Go on in another block, for a file that is read piece by piece: `bytes` are what follows the rows read so far. The
 * separator, the width of the first row and the number of the line stay. */
TL_PRIV tl_status tl__csv_refill(tl__csv *csv, const char *bytes, size_t size, tl_error *error);
/* A row cell by cell, for readers that know how most of its cells look and take these from csv->at themselves: at its
 * first byte after _begin; then each cell is either passed over by moving csv->at to the byte that ends it, one of
 * `stops`, or read by _one; _end is called there behind the last cell. */
TL_PRIV void tl__csv_begin(tl__csv *csv, bool *more);
TL_PRIV tl_status tl__csv_one(tl__csv *csv, tl__csv_cell *out, tl_error *error);
TL_PRIV void tl__csv_end(tl__csv *csv);
/* Go on in another file, from its beginning: the same separator and width, a byte order mark and skip_rows again. */
TL_PRIV tl_status tl__csv_next_file(tl__csv *csv, const char *bytes, size_t size, const char *name, tl_error *error);
TL_PRIV void tl__csv_close(tl__csv *csv);

/* Writing: cells of a row one after the other, then the end of the row. `guard` puts an apostrophe before a text that a
 * spreadsheet would run as a formula (first byte = + - @ TAB or CR). Quotes only where they are needed. */
TL_PRIV void tl__csv_put(tl__buffer *out, const char *text, size_t size, bool first, bool guard);
TL_PRIV void tl__csv_put_number(tl__buffer *out, double value, bool first);   /* NaN: an empty cell */
TL_PRIV void tl__csv_put_float(tl__buffer *out, float value, bool first);
TL_PRIV void tl__csv_end_row(tl__buffer *out);

#endif
