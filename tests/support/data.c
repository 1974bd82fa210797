#include "support/data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "text/bind.h"
#include "text/yaml.h"

void data_context(tl_context *context)
{
    memset(context, 0, sizeof *context);
    tl__heap_init(&context->heap, NULL, 0);
    context->seed = 42;
    context->threads = 1;
}

void data_context_end(tl_context *context) { assert_int_equal(context->heap.in_use, 0); }

tl_status data_settings_make(tl_context *context, const char *text, data_settings *out)
{
    char flow[2048];
    tl_error error = {0};
    snprintf(flow, sizeof flow, "{%s}", text);
    out->tree = NULL;
    TL_TRY(tl__tree_new(&context->heap, "settings", &out->tree));
    tl_status status = tl__yaml_parse(out->tree, flow, strlen(flow), &error);
    if (status == TL_OK) {
        status = tl__bind(tl__data_rows(), &out->block, &out->tree->root, "settings", "data", &out->tree->arena, &error);
    }
    if (status != TL_OK) data_settings_end(out);
    if (status != TL_OK && status != TL_OUT_OF_MEMORY) fail_msg("settings %s: %s", text, error.message);
    return status;
}

void data_settings_end(data_settings *settings)
{
    if (settings->tree) tl__tree_free(settings->tree);
    settings->tree = NULL;
}

tl_status data_table(tl_context *context, const char *text, const char *settings, tl__table **out, tl_error *error)
{
    data_settings bound;
    TL_TRY(data_settings_make(context, settings, &bound));
    tl_status status = tl__table_parse(context, text, strlen(text), "t.csv", &bound.block, NULL, out, error);
    data_settings_end(&bound);
    return status;
}

tl_status data_set(tl_context *context, const char *text, const char *settings, tl_dataset **out, tl_error *error)
{
    data_settings bound;
    tl__table *table;
    TL_TRY(data_settings_make(context, settings, &bound));
    tl_status status = tl__table_parse(context, text, strlen(text), "t.csv", &bound.block, NULL, &table, error);
    if (status == TL_OK) status = tl__dataset_make(context, table, NULL, &bound.block, context->seed, out, error);
    data_settings_end(&bound);
    return status;
}

void data_refused(const char *text, const char *settings, tl_status status, const char *part)
{
    tl_context context;
    tl_dataset *dataset = NULL;
    tl_error error = {0};
    data_context(&context);
    tl_status got = data_set(&context, text, settings, &dataset, &error);
    if (got != status || !strstr(error.message, part)) {
        fail_msg("status %d (wanted %d): %s\nwanted: %s", (int)got, (int)status, error.message, part);
    }
    tl_dataset_free(dataset);
    data_context_end(&context);
}

const char *data_rows(const tl_dataset *dataset, tl_part part)
{
    static char text[4][4096];
    static int turn;
    char *out = text[turn = (turn + 1) % 4];
    size_t used = 0;
    out[0] = 0;
    for (size_t i = 0; i < dataset->part[part].count && used < 4000; i++) {
        used += (size_t)snprintf(out + used, 4096 - used, "%s%zu", i ? " " : "", tl__dataset_row_id(dataset, part, i));
    }
    return out;
}
