/* Any bytes as a CSV file, once by the quick ways of data/csv_cells.c and once by the plain one, which a mark of missing
 * values that looks like a number forces: the same table, or the same mistake. The first byte chooses settings. */
#include "data/dataset.h"
#include "fuzz/fuzz.h"
#include "support/same_table.h"

static const char *const fuzz_marks[] = {"?", "NA", "-8.7654321e-299"};

static tl_status read_table(tl_context *context, const char *text, size_t size, tl__data_settings *settings,
                            size_t marks, tl__table **out, tl_error *error)
{
    settings->missing_marks = (tl__text_list){marks, fuzz_marks};
    return tl__table_parse(context, text, size, "t.csv", settings, NULL, out, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    enum { PADDING = 200 };    /* lines with nothing on them, so that the quick ways have what to look at */
    tl_context context = {.threads = 1};
    tl__data_settings settings = {0};
    tl__table *quick = NULL, *plain = NULL;
    tl_error quick_error = {0}, plain_error = {0};
    tl__heap_init(&context.heap, NULL, FUZZ_MEMORY);
    if (size < 2) return 0;
    tl__field_defaults(tl__data_rows(), &settings);
    settings.trim = bytes[0] & 1;
    settings.header = bytes[0] >> 1 & 1 ? TL__HEADER_FALSE : TL__HEADER_AUTO;
    if (bytes[0] >> 2 & 1) settings.decimal = ",";
    if (bytes[0] >> 3 & 1) settings.quote = "'";
    settings.limit = bytes[0] >> 6;
    size_t all = size - 1 + PADDING;
    char *text = tl__alloc(&context.heap, all);
    if (!text) return 0;
    memcpy(text, bytes + 1, size - 1);
    memset(text + size - 1, '\n', PADDING);
    tl_status status = read_table(&context, text, all, &settings, 2, &quick, &quick_error);
    fuzz_must(read_table(&context, text, all, &settings, 3, &plain, &plain_error) == status);
    if (status == TL_OK) fuzz_must(same_table(quick, plain));
    else fuzz_must(strcmp(quick_error.message, plain_error.message) == 0 && quick_error.line == plain_error.line);
    tl__table_free(quick);
    tl__table_free(plain);
    tl__free(&context.heap, text, all);
    fuzz_must(context.heap.in_use == 0);
    return 0;
}
