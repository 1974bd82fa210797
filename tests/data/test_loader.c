/* Loaders: the family, JSON in its four forms, npy, IDX pairs, gzip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/math.h"
#include "base/text.h"
#include "support/data.h"
#include "support/failing.h"
#include "support/files.h"
#include "support/same_table.h"
#include "text/npy.h"

/* gzip of "a,b,y\n1,2,u\n3,4,v\n5,6,u\n", written by Python */
static const unsigned char packed[] = {31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 75, 212, 73, 210, 169, 228, 50, 212, 49, 210,
    41, 229, 50, 214, 49, 209, 41, 227, 50, 213, 49, 3, 178, 1, 93, 185, 127, 148, 24, 0, 0, 0};

static tl_context context;

static tl_status parse(const void *bytes, size_t size, const char *name, const char *settings, tl__table **out, tl_error *error)
{
    data_settings bound;
    TL_TRY(data_settings_make(&context, settings, &bound));
    tl_status status = tl__table_parse(&context, bytes, size, name, &bound.block, NULL, out, error);
    data_settings_end(&bound);
    return status;
}

static tl__table *table(const char *text, const char *name, const char *settings)
{
    tl__table *made = NULL;
    tl_error error = {0};
    if (parse(text, strlen(text), name, settings, &made, &error) != TL_OK) fail_msg("%s", error.message);
    return made;
}

/* Names, types and values: "a:u8=1,2 b:category=x,?" */
static const char *show(const tl__table *t)
{
    static char text[2048];
    size_t used = 0;
    for (size_t i = 0; i < t->column_count; i++) {
        const tl__column *c = &t->columns[i];
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s:%s=", i ? " " : "", c->name, tl__column_type_name(c));
        for (size_t row = 0; row < t->rows; row++) {
            double value = tl__column_at(c, row, 0);
            const char *comma = row ? "," : "";
            if (value != value) used += (size_t)snprintf(text + used, sizeof text - used, "%s?", comma);
            else if (c->type == TL__COLUMN_CODES) used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", comma, c->words[(int)value]);
            else used += (size_t)snprintf(text + used, sizeof text - used, "%s%g", comma, value);
        }
    }
    return text;
}

static void check(const char *text, const char *name, const char *expected)
{
    tl__table *t = table(text, name, "");
    assert_string_equal(show(t), expected);
    tl__table_free(t);
}

static void refuse(const char *text, const char *name, tl_status status, const char *words)
{
    tl__table *t = NULL;
    tl_error error = {0};
    tl_status got = parse(text, strlen(text), name, "", &t, &error);
    if (got != status || !strstr(error.message, words)) fail_msg("%s: %d %s", text, (int)got, error.message);
}

static void the_family_is_complete(void **state)
{
    (void)state;
    const tl__family *family = tl__loader_family();
    tl_error error = {0};
    assert_int_equal(family->count, 5);
    for (size_t i = 0; i < family->count; i++) {
        const tl__member_head *head = tl__family_member(family, i);
        assert_true(head->help[0] && head->name[0]);
        assert_ptr_equal(tl__family_find(family, head->name, NULL, 0, 0, NULL, &error), head);
    }
}

static void reads_json_in_four_forms(void **state)
{
    (void)state;
    check("[{\"a\": 1, \"b\": \"x\"}, {\"b\": \"y\", \"a\": 2.5}]", "t.json", "a:f32=1,2.5 b:category=x,y");
    check("[{\"a\": 1}, {\"b\": \"y\"}, {\"a\": null, \"b\": true}]", "t.json", "a:f32=1,?,? b:category=?,y,true");
    check("[[1, \"x\"], [2, \"y\"]]", "t.json", "0:u8=1,2 1:category=x,y");
    check("{\"a\": [1, 2, 300], \"d\": [\"2016-01-01\", null, \"2016-01-03\"]}", "t.json", "a:i32=1,2,300 d:date=1.45161e+09,?,1.45178e+09");
    check("{\"a\": 1, \"b\": 2}\n\n{\"a\": 3, \"b\": 4}\n", "t.jsonl", "a:u8=1,3 b:u8=2,4");
    check("{\"a\": 1}\r\n{\"a\": 3}\r\n{\"a\": 5", "t", "a:u8=1,3");   /* the last line is still being written */
    check("\xEF\xBB\xBF[{\"a\": 1}]", "anything", "a:u8=1");
    check("[{\"a\": 1}, {\"a\": \"x\"}, {\"a\": \"y\"}]", "t.json", "a:category=1,x,y");
}

static void tells_mistakes_in_json(void **state)
{
    (void)state;
    refuse("[1, 2]", "t.json", TL_BAD_FILE, "t.json:1: a row must be an object");
    refuse("\"x\"", "t.json", TL_BAD_FILE, "a table in JSON is a list of objects");
    refuse("[[1, 2],\n[3]]", "t.json", TL_BAD_FILE, "t.json:2: this row has 1 values, but others have 2");
    refuse("{\"a\": [1, 2], \"b\": [1]}", "t.json", TL_BAD_FILE, "column 'b' has 1 values, but 'a' has 2");
    refuse("[{\"a\": [1]}]", "t.json", TL_BAD_FILE, "column 'a' holds a list or an object");
    refuse("[{\"a\": 1},]", "t.json", TL_BAD_FILE, "t.json:1:");
    refuse("{\"a\": 1}\n{\"a\": 2\n{\"a\": 3}\n", "t.json", TL_BAD_FILE, "t.json:2");
    refuse("[]", "t.json", TL_BAD_DATA, "no rows");
    refuse("[{\"a\": 1},\n{\"a\": 2},\n{\"a\": 3},\n{\"a\": 4},\n{\"a\": \"n/a\"}]", "t.json", TL_BAD_DATA, "t.json:5: column 'a' holds \"n/a\"");
}

static void reads_npy(void **state)
{
    (void)state;
    static const float values[] = {1, 2, 0.5f, 4, 5, 1};
    static const size_t two[] = {3, 2}, three[] = {3, 1, 2}, one[] = {6};
    tl__buffer file;
    tl__buffer_init(&file, &context.heap);
    tl__npy_put_floats(&file, values, two, 2);
    tl__table *t = NULL;
    assert_int_equal(parse(file.data, file.size, "t.npy", "", &t, NULL), TL_OK);
    assert_string_equal(show(t), "0:f32=1,0.5,5 1:f32=2,4,1");
    tl__table_free(t);
    tl__buffer_clear(&file);
    tl__npy_put_floats(&file, values, three, 3);
    assert_int_equal(parse(file.data, file.size, "unnamed", "limit: 2", &t, NULL), TL_OK);
    assert_int_equal(t->rows, 2);
    assert_int_equal(t->columns[0].width, 2);
    assert_true(tl__column_at(&t->columns[0], 1, 1) == 4);
    tl__table_free(t);
    tl__buffer_clear(&file);
    tl__npy_put_floats(&file, values, one, 1);
    assert_int_equal(parse(file.data, file.size, "t.npy", "", &t, NULL), TL_OK);
    assert_string_equal(show(t), "0:f32=1,2,0.5,4,5,1");
    tl__table_free(t);
    tl__buffer_free(&file);
}

/* Floats and doubles in this machine's order are copied; in the other order they are asked for one by one. */
static void npy_in_either_order_is_the_same(void **state)
{
    enum { ROWS = 200, COLUMNS = 5 };
    static const size_t shapes[2][3] = {{ROWS, COLUMNS}, {ROWS / 2, 2, COLUMNS}};
    static const char *const settings[] = {"", "limit: 130"};
    (void)state;
    for (int variant = 0; variant < 8; variant++) {
        int size = variant & 1 ? 8 : 4;
        tl__buffer file, other;
        tl__table *a = NULL, *b = NULL;
        tl__buffer_init(&file, &context.heap);
        tl__buffer_init(&other, &context.heap);
        tl__npy_put_header(&file, 'f', size, shapes[variant >> 1 & 1], variant & 2 ? 3 : 2);
        tl__buffer_add(&other, file.data, file.size);
        char *mark = memchr(other.data, '<', other.size);
        assert_non_null(mark);
        *mark = '>';
        for (uint32_t i = 0; i < ROWS * COLUMNS; i++) {
            double value = i % 37 == 5 ? (double)tl__bits_float(0xFFC12345u) : i % 41 == 7 ? 1e300 : (double)i * -0.37;
            float single = (float)value;
            unsigned char bytes[8], turned[8];
            if (size == 8) memcpy(bytes, &value, 8);
            else memcpy(bytes, &single, 4);
            for (int k = 0; k < size; k++) turned[k] = bytes[size - 1 - k];
            tl__buffer_add(&file, bytes, (size_t)size);
            tl__buffer_add(&other, turned, (size_t)size);
        }
        assert_int_equal(parse(file.data, file.size, "t.npy", settings[variant >> 2], &a, NULL), TL_OK);
        assert_int_equal(parse(other.data, other.size, "t.npy", settings[variant >> 2], &b, NULL), TL_OK);
        assert_true(a->columns[0].missing > 0);
        assert_true(same_table(a, b));
        tl__table_free(a);
        tl__table_free(b);
        tl__buffer_free(&file);
        tl__buffer_free(&other);
    }
}

static void reads_pairs_of_images_and_labels(void **state)
{
    (void)state;
    static const char images[] = "\0\0\x08\x03\0\0\0\3\0\0\0\1\0\0\0\2\x00\xFF\x80\x40\x10\x20";
    static const char labels[] = "\0\0\x08\x01\0\0\0\3\1\0\1", few[] = "\0\0\x08\x01\0\0\0\2\1\0";
    char folder[256], settings[800];
    tl_dataset *d = NULL;
    tl_error error = {0};
    files_begin(folder);
    const char *x = files_write(folder, "x-idx3-ubyte", images, sizeof images - 1), *y = files_write(folder, "y-idx1-ubyte", labels, sizeof labels - 1);
    snprintf(settings, sizeof settings, "file: {images: %s, labels: %s}, normalize: minmax, split: {validation: 0, test: 0}", x, y);
    if (tl_dataset_read(&context, NULL, settings, &d, &error) != TL_OK) fail_msg("%s", error.message);
    float row[2], target;
    assert_int_equal(tl_dataset_features(d), 2);
    assert_int_equal(d->pipeline->raw, 2);
    assert_int_equal(tl_dataset_classes(d), 2);
    tl_dataset_row(d, TL_TRAIN, 0, row, &target);
    assert_true(row[0] == 0 && row[1] == 1 && target == 1);
    tl_dataset_row(d, TL_TRAIN, 1, row, &target);
    assert_true(row[0] == (float)(128 / 255.0) && target == 0);
    tl_dataset_free(d);
    files_write(folder, "y-idx1-ubyte", few, sizeof few - 1);
    assert_int_equal(tl_dataset_read(&context, NULL, settings, &d, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "there are 2 labels but 3 images"));
    error = (tl_error){0};
    assert_int_equal(tl_dataset_read(&context, NULL, "file: {images: a}", &d, &error), TL_BAD_CONFIG);
    assert_non_null(strstr(error.message, "a pair {images: file, labels: file}"));
    error = (tl_error){0};
    assert_int_equal(tl_dataset_read(&context, NULL, "", &d, &error), TL_BAD_CONFIG);
    assert_non_null(strstr(error.message, "data:\n  file: table.csv"));
    files_end(folder);
}

static void undoes_gzip(void **state)
{
    (void)state;
    tl__table *t = NULL;
    tl_error error = {0};
    assert_int_equal(parse(packed, sizeof packed, "t.csv.gz", "", &t, &error), TL_OK);
    assert_string_equal(show(t), "a:u8=1,3,5 b:u8=2,4,6 y:category=u,v,u");
    tl__table_free(t);
    for (size_t size = 2; size < sizeof packed; size++) {
        error = (tl_error){0};
        tl_status status = parse(packed, size, "t.csv.gz", "", &t, &error);
        if (status == TL_OK) fail_msg("cut at %zu", size);
        assert_true(error.message[0] != 0);
    }
    char folder[256];
    files_begin(folder);
    const char *path = files_write(folder, "t.csv.gz", packed, sizeof packed);
    tl_dataset *d = NULL;
    assert_int_equal(tl_dataset_read(&context, path, "split: {validation: 0, test: 0}", &d, &error), TL_OK);
    assert_int_equal(tl_dataset_rows(d, TL_TRAIN), 3);
    tl_dataset_free(d);
    files_end(folder);
}

typedef struct load_case {
    const void *bytes;
    size_t size;
    const char *name;
} load_case;

static tl_status load_on(tl__heap *heap, void *user)
{
    const load_case *c = user;
    tl_context on = {.heap = *heap, .threads = 1};
    data_settings bound;
    tl__table *t = NULL;
    tl_status status = data_settings_make(&on, "", &bound);
    if (status == TL_OK) {
        status = tl__table_parse(&on, c->bytes, c->size, c->name, &bound.block, NULL, &t, NULL);
        data_settings_end(&bound);
        tl__table_free(t);
    }
    *heap = on.heap;
    return status;
}

static void runs_out_of_memory_cleanly(void **state)
{
    (void)state;
    static const char rows[] = "[{\"a\": 1, \"b\": \"x\"}, {\"b\": \"y\", \"a\": 2.5}]", lines[] = "{\"a\": 1}\n{\"a\": 2, \"c\": \"x\"}\n";
    static const char images[] = "\0\0\x08\x03\0\0\0\3\0\0\0\1\0\0\0\2\x00\xFF\x80\x40\x10\x20";
    load_case cases[] = {{rows, sizeof rows - 1, "t.json"}, {lines, sizeof lines - 1, "t.jsonl"}, {images, sizeof images - 1, "t"},
                         {packed, sizeof packed, "t.csv.gz"}};
    for (size_t i = 0; i < 4; i++) assert_true(failing_sweep(load_on, &cases[i]) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_family_is_complete), cmocka_unit_test(reads_json_in_four_forms),
        cmocka_unit_test(tells_mistakes_in_json), cmocka_unit_test(reads_npy), cmocka_unit_test(npy_in_either_order_is_the_same),
        cmocka_unit_test(reads_pairs_of_images_and_labels), cmocka_unit_test(undoes_gzip),
        cmocka_unit_test(runs_out_of_memory_cleanly),
    };
    data_context(&context);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + (context.heap.in_use != 0);
}
