/* CSV under any options (the first two bytes), and its writer: the cells of a written row read back the same. */
#include "fuzz/fuzz.h"
#include "text/csv.h"

/* The row alone, written and read. A row of one empty cell is an empty line, which readers skip, and a byte order mark at
 * the start is skipped too. */
static void round_trip(tl__heap *heap, const tl__csv *csv)
{
    tl__buffer out;
    tl__csv again;
    tl__csv_options options = TL__CSV_OPTIONS;
    tl_error error = {0};
    bool more = false;
    options.separator = ',';
    const tl__csv_cell *cell = csv->cells;
    if (csv->count == 1 && cell->size == 0) return;
    if (cell->size >= 3 && memcmp(cell->text, "\xEF\xBB\xBF", 3) == 0) return;
    tl__buffer_init(&out, heap);
    for (size_t i = 0; i < csv->count; i++) tl__csv_put(&out, cell[i].text, cell[i].size, i == 0, false);
    tl__csv_end_row(&out);
    fuzz_must(!out.failed);
    fuzz_must(tl__csv_open(&again, heap, out.data, out.size, "again", &options, &error) == TL_OK);
    fuzz_must(tl__csv_next(&again, &more, &error) == TL_OK && more && again.count == csv->count);
    for (size_t i = 0; i < csv->count; i++) {
        fuzz_must(again.cells[i].size == cell[i].size);
        fuzz_must(cell[i].size == 0 || memcmp(again.cells[i].text, cell[i].text, cell[i].size) == 0);
    }
    fuzz_must(tl__csv_next(&again, &more, &error) == TL_OK && !more);
    tl__csv_close(&again);
    tl__buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char separators[] = {0, ',', ';', '\t', '|', ' ', ',', 0}, quotes[] = {'"', '\'', 0, '"'};
    tl__heap heap;
    tl__csv csv;
    tl__csv_options options = TL__CSV_OPTIONS;
    tl_error error = {0};
    bool more = true;
    if (size < 2) return 0;
    options.separator = separators[bytes[0] & 7];
    options.quote = quotes[bytes[0] >> 3 & 3];
    options.trim = (bytes[0] & 32) != 0;
    options.ragged = (bytes[0] & 64) != 0;
    options.skip_rows = bytes[1] & 3;
    tl__heap_init(&heap, NULL, FUZZ_MEMORY);
    tl_status status = tl__csv_open(&csv, &heap, (const char *)bytes + 2, size - 2, "fuzz", &options, &error);
    while (status == TL_OK && more) {
        status = tl__csv_next(&csv, &more, &error);
        if (status == TL_OK && more) round_trip(&heap, &csv);
    }
    fuzz_must(status == TL_OK || error.message[0] != '\0');
    tl__csv_close(&csv);
    fuzz_must(heap.in_use == 0);
    return 0;
}
