/* The group data: from files to data sets. The files are made here, always the same, in a temporary folder that is
 * removed afterwards; the gzip files are real ones. Beside the readers stands what only reading the file takes. */
#define _POSIX_C_SOURCE 200809L    /* mkdtemp, rmdir */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/inflate.h"
#include "port/port.h"
#include "text/csv.h"
#include "text/npy.h"

typedef enum data_kind { DATA_CELLS, DATA_CSV, DATA_GAPS, DATA_IDX, DATA_NPY, DATA_GZIP } data_kind;

enum { DATA_ROWS = 60000, DATA_COLUMNS = 20, DATA_PIXELS = 784, DATA_NPY_COLUMNS = 128 };

static const struct {
    data_kind kind;
    const char *name, *file, *settings;
} data_cases[] = {
    {DATA_CELLS, "cells of a CSV file", "table.csv", NULL},
    {DATA_CSV, "CSV file to data set", "table.csv",
     "target: kind, missing: mean, split: {validation: 0.2}, normalize: standard"},
    {DATA_GAPS, "CSV file with a tenth missing", "gaps.csv",
     "target: kind, missing: mean, split: {validation: 0.2}, normalize: standard"},
    {DATA_IDX, "IDX files to data set", "images", "split: {validation: 0}, task: classification"},
    {DATA_NPY, "npy file to data set", "table.npy", "target: -1, task: regression, split: {validation: 0}"},
    {DATA_GZIP, "gunzip of numbers as text", "examples/quickstart/digits.csv.gz", NULL},
    {DATA_GZIP, "gunzip of Fashion-MNIST", "train-images-idx3-ubyte.gz", NULL},
};

static void data_label(size_t index, char out[BENCH_NAME]) { snprintf(out, BENCH_NAME, "%s", data_cases[index].name); }

typedef struct data_work {
    bench *b;
    tl_context *context;
    size_t index;
    char folder[200], path[300], labels[300], settings[900];
    tl__buffer bytes, out;
    const bench_zlib *zlib;
} data_work;

/* ---- the files ---- */

static uint32_t data_draw(uint32_t stream, size_t element)
{
    tl__random random;
    tl__random_init(&random, 2, TL__DRAW_GENERATE, stream, 0, 0);
    return tl__random_u32(&random, (uint32_t)element);
}

/* Numbers as tables have them: whole ones, some with two decimals, some with six; of 1,000 cells some `missing`: empty
 * ones, and where they are many, marks, too. */
static void data_put_csv(tl__buffer *out, uint32_t missing)
{
    static const char *const kinds[] = {"low", "middle", "high"};
    for (int j = 0; j < DATA_COLUMNS; j++) tl__buffer_format(out, "column_%d,", j);
    tl__buffer_text(out, "kind\n");
    for (size_t i = 0; i < DATA_ROWS; i++) {
        for (size_t j = 0; j < DATA_COLUMNS; j++) {
            uint32_t draw = data_draw(1, i * DATA_COLUMNS + j);
            if (draw % 1000 < missing) tl__buffer_text(out, draw % 1000 < 2 ? "," : "NA,");
            else if (j % 3 == 0) tl__buffer_format(out, "%u,", draw % 1000);
            else if (j % 3 == 1) tl__buffer_format(out, "%u.%02u,", draw % 10000, draw / 10000 % 100);
            else tl__buffer_format(out, "-0.%06u,", draw % 1000000);
        }
        tl__buffer_format(out, "%s\n", kinds[data_draw(2, i) % 3]);
    }
}

static void data_put_idx(tl__buffer *out, bool labels)
{
    static const unsigned char images_head[] = {0, 0, 8, 3, 0, 0, 0xea, 0x60, 0, 0, 0, 28, 0, 0, 0, 28};
    static const unsigned char labels_head[] = {0, 0, 8, 1, 0, 0, 0xea, 0x60};
    size_t count = labels ? DATA_ROWS : (size_t)DATA_ROWS * DATA_PIXELS;
    if (labels) tl__buffer_add(out, labels_head, sizeof labels_head);
    else tl__buffer_add(out, images_head, sizeof images_head);
    if (!tl__buffer_reserve(out, count)) return;
    uint32_t draw = 1;
    for (size_t i = 0; i < count; i++) {
        draw = draw * 1664525u + 1013904223u;
        char value = (char)(labels ? draw >> 8 & 7 : draw >> 24);
        out->data[out->size++] = value;
    }
}

static void data_put_npy(tl__buffer *out)
{
    const size_t shape[] = {DATA_ROWS, DATA_NPY_COLUMNS};
    tl__npy_put_header(out, 'f', 4, shape, 2);
    uint32_t draw = 1;
    for (size_t i = 0; i < (size_t)DATA_ROWS * DATA_NPY_COLUMNS; i++) {
        draw = draw * 1664525u + 1013904223u;
        float value = (float)(draw >> 8) * 0x1p-24f;
        tl__buffer_add(out, &value, sizeof value);
    }
}

static bool data_save(data_work *w, const char *path, tl_error *error)
{
    if (w->bytes.failed) return tl__fail_memory(error, 0), false;
    return tl__file_replace(path, w->bytes.data, w->bytes.size, false, error) == TL_OK;
}

/* Writes the case's files, or finds them; w->bytes has the (last) file's bytes. */
static bool data_prepare(data_work *w, tl_error *error)
{
    data_kind kind = data_cases[w->index].kind;
    const char *file = data_cases[w->index].file;
    tl__buffer_clear(&w->bytes);
    if (kind == DATA_GZIP) {
        bool ours = strchr(file, '/') != NULL;
        snprintf(w->path, sizeof w->path, "%s%s%s", ours ? "" : w->b->options.data, ours ? "" : "/", file);
        return tl__file_read(w->path, &w->bytes, SIZE_MAX, error) == TL_OK;
    }
    snprintf(w->path, sizeof w->path, "%.180s/%s", w->folder, file);
    snprintf(w->labels, sizeof w->labels, "%.180s/labels", w->folder);
    snprintf(w->settings, sizeof w->settings, "%s", data_cases[w->index].settings ? data_cases[w->index].settings : "");
    if (kind == DATA_IDX) {
        snprintf(w->settings, sizeof w->settings, "file: {images: %s, labels: %s}, %s", w->path, w->labels,
                 data_cases[w->index].settings);
        data_put_idx(&w->bytes, true);
        if (!data_save(w, w->labels, error)) return false;
        tl__buffer_clear(&w->bytes);
        data_put_idx(&w->bytes, false);
    } else if (kind == DATA_NPY) {
        data_put_npy(&w->bytes);
    } else {
        data_put_csv(&w->bytes, kind == DATA_GAPS ? 100 : 1);
    }
    return data_save(w, w->path, error);
}

/* ---- the work ---- */

static bool data_cells(data_work *w)
{
    tl__csv_options options = TL__CSV_OPTIONS;
    tl__csv csv;
    bool more = true;
    tl_status status = tl__csv_open(&csv, &w->b->heap, w->bytes.data, w->bytes.size, "table.csv", &options, NULL);
    while (status == TL_OK && more) status = tl__csv_next(&csv, &more, NULL);
    tl__csv_close(&csv);
    return status == TL_OK;
}

static bool data_once(data_work *w)
{
    tl_dataset *dataset = NULL;
    tl_error error = {0};
    tl_status status;
    switch (data_cases[w->index].kind) {
    case DATA_CELLS: return data_cells(w);
    case DATA_GZIP:
        tl__buffer_clear(&w->out);
        return tl__gunzip(&w->out, (const unsigned char *)w->bytes.data, w->bytes.size, SIZE_MAX, w->path, NULL) ==
               TL_OK;
    default:
        status = tl_dataset_read(w->context, data_cases[w->index].kind == DATA_IDX ? NULL : w->path, w->settings,
                                 &dataset, &error);
        if (status != TL_OK) fprintf(stderr, "bench: %s\n", error.message);
        tl_dataset_free(dataset);
        return status == TL_OK;
    }
}

static double data_ours(void *user, size_t times)
{
    bool good = true;
    double begun = bench_seconds();
    for (size_t i = 0; i < times && good; i++) good = data_once(user);
    return good ? bench_seconds() - begun : -1;
}

/* The file into memory that is new each time, as a reader's is. */
static double data_plain(void *user, size_t times)
{
    data_work *w = user;
    double begun = bench_seconds();
    for (size_t i = 0; i < times; i++) {
        tl__buffer buffer;
        tl__buffer_init(&buffer, &w->b->heap);
        tl_status status = tl__file_read(w->path, &buffer, SIZE_MAX, NULL);
        tl__buffer_free(&buffer);
        if (status != TL_OK) return -1;
    }
    return bench_seconds() - begun;
}

static double data_zlib(void *user, size_t times)
{
    data_work *w = user;
    unsigned char *out = tl__alloc(&w->b->heap, w->out.size);
    bool good = out != NULL;
    double begun = bench_seconds();
    for (size_t i = 0; i < times && good; i++)
        good = bench_zlib_inflate(w->zlib, (const unsigned char *)w->bytes.data, w->bytes.size, out, w->out.size);
    double seconds = bench_seconds() - begun;
    good = good && memcmp(out, w->out.data, w->out.size) == 0;
    tl__free(&w->b->heap, out, w->out.size);
    return good ? seconds : -1;
}

/* ---- a row ---- */

static void data_measure(data_work *w, bench_row *row)
{
    data_kind kind = data_cases[w->index].kind;
    bench_team team = {0};
    bench_team_add(&team, "trainlib", data_ours, w);
    row->unit = "B/s";
    row->work = (double)w->bytes.size;
    row->target = 0.1;
    if (kind == DATA_GZIP) {
        if (!data_once(w)) {
            bench_fail(w->b, "data %s: %s could not be decompressed", row->name, w->path);
            return;
        }
        row->work = (double)w->out.size;
        w->zlib = bench_zlib_open(w->b);
        if (w->zlib) bench_team_add(&team, "zlib", data_zlib, w);
    } else if (kind != DATA_CELLS) {
        bench_team_add(&team, "the file into memory", data_plain, w);
    }
    snprintf(row->note, sizeof row->note, "%.1f MB", row->work * 1e-6);
    if (bench_measure(w->b, row, team.workers, team.count)) bench_report(w->b, row);
}

static void data_run(bench *b, size_t index)
{
    const char *temporary = getenv("TMPDIR");
    bench_row row = bench_begin(b, &bench_group_data, index);
    tl_context_options options = TL_CONTEXT_OPTIONS;
    tl_error error = {0};
    data_work w = {.b = b, .index = index};
    if (data_cases[index].kind == DATA_GZIP && !strchr(data_cases[index].file, '/') && !b->options.data) {
        printf("%s: left out; --data DIR (DATA=folder) says where the files are\n", row.name);
        return;
    }
    snprintf(w.folder, sizeof w.folder, "%.150s/trainlib-bench-XX" "XX" "XX", temporary ? temporary : "/tmp");
    if (!mkdtemp(w.folder)) {
        bench_fail(b, "data %s: no temporary folder could be made", row.name);
        return;
    }
    tl__buffer_init(&w.bytes, &b->heap);
    tl__buffer_init(&w.out, &b->heap);
    options.threads = 1;
    options.simd = b->options.simd;
    if (tl_context_make(&options, &w.context, &error) == TL_OK && data_prepare(&w, &error)) data_measure(&w, &row);
    else bench_fail(b, "data %s: %s", row.name, error.message);
    tl_context_free(w.context);
    tl__buffer_free(&w.bytes);
    tl__buffer_free(&w.out);
    if (data_cases[index].kind != DATA_GZIP) remove(w.path);
    if (data_cases[index].kind == DATA_IDX) remove(w.labels);
    rmdir(w.folder);
}

const bench_group bench_group_data = {
    "data", "files to data sets: CSV, IDX, npy, gzip", sizeof data_cases / sizeof data_cases[0], data_label, data_run,
};
