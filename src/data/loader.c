/* From a data.file setting to a table: paths, decompression, choice of the loader, lists and pairs of files. */
#include "data/loader.h"

#include "base/inflate.h"
#include "base/math.h"
#include "base/text.h"
#include "port/port.h"
#include "text/value.h"

TL_PRIV const tl__family *tl__loader_family(void)
{
    static tl__member_fn *const members[] = {
#define X(name) tl__loader_##name,
#include "data/loader_list.h"
#undef X
    };
    static const tl__family family = {"loader", members, TL_COUNT(members)};
    return &family;
}

/* ---- choosing a loader ---- */

/* Does the name end in one of the suffixes, .gz aside? */
static bool loader_has_suffix(const char *name, const char *suffixes)
{
    size_t size = strlen(name);
    if (size > 3 && tl__same_text_n(".gz", name + size - 3, 3)) size -= 3;
    const char *dot = name + size;
    while (dot > name && dot[-1] != '.') dot--;
    if (dot == name) return false;
    size_t length = (size_t)(name + size - dot);
    while (*suffixes) {
        size_t word = strcspn(suffixes, " ");
        if (word == length && memcmp(suffixes, dot, word) == 0) return true;
        suffixes += word + (suffixes[word] == ' ');
    }
    return false;
}

TL_PRIV const tl__loader *tl__loader_choose(const tl__source *source, tl_error *error)
{
    const tl__family *family = tl__loader_family();
    const char *format = source->settings->format;
    if (format && !tl__same_text(format, "auto")) {
        return (const tl__loader *)(const void *)tl__family_find(family, format, NULL, 0, 0, "data.format", error);
    }
    for (size_t i = 0; i < family->count; i++) {
        const tl__loader *loader = (const tl__loader *)(const void *)tl__family_member(family, i);
        if (loader_has_suffix(source->name, loader->suffixes)) return loader;
    }
    for (size_t i = 0; i < family->count; i++) {
        const tl__loader *loader = (const tl__loader *)(const void *)tl__family_member(family, i);
        if (!loader->recognises || loader->recognises(source->bytes, source->size)) return loader;
    }
    return NULL;
}

static tl_status loader_empty(const tl__source *source, tl_error *error)
{
    return tl__fail_at(error, TL_BAD_FILE, source->name, 0, 0, NULL, "the file is empty; it must hold rows of data");
}

TL_PRIV tl_status tl__loader_choose_streamed(const tl__source *source, const tl__loader **out, tl_error *error)
{
    if (source->size == 0) return loader_empty(source, error);
    if (tl__loader_is_packed(source->bytes, source->size))
        return tl__fail_at(error, TL_UNSUPPORTED, source->name, 0, 0, "data.streaming",
                           "a gzip file cannot be streamed; unpack it first (gunzip -k), or hold it in memory: "
                           "data.streaming: false");
    *out = tl__loader_choose(source, error);
    return *out ? TL_OK : TL_BAD_CONFIG;
}

TL_PRIV tl_status tl__loader_check_rows(const tl__table *table, tl_error *error)
{
    if (table->rows == 0 || table->column_count == 0)
        return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, NULL, "there are no rows in this file");
    if (table->rows > UINT32_MAX)
        return tl__fail_at(error, TL_OUT_OF_RANGE, table->source, 0, 0, NULL,
                           "there are more than 4294967295 rows; use data.limit or several runs");
    return TL_OK;
}

static tl_status loader_load(const tl__source *source, tl__table **out, tl_error *error)
{
    tl__table *table;
    const tl__loader *loader = tl__loader_choose(source, error);
    if (!loader) return TL_BAD_CONFIG;
    if (source->size == 0) return loader_empty(source, error);
    if (tl__table_new(source->context, source->name, &table) != TL_OK) return tl__fail_memory(error, sizeof *table);
    tl_status status = loader->load(source, table, error);
    if (status == TL_OK) status = tl__loader_check_rows(table, error);
    if (status == TL_OK) *out = table;
    else tl__table_free(table);
    return status;
}

/* ---- bytes ---- */

/* By the first two bytes alone: no text begins so, and a file that was cut off right there is told as such. */
TL_PRIV bool tl__loader_is_packed(const char *bytes, size_t size)
{
    return size >= 2 && (unsigned char)bytes[0] == 0x1F && (unsigned char)bytes[1] == 0x8B;
}

static tl_status loader_bytes(tl_context *context, const char *path, const char *name, tl__buffer *out, tl_error *error)
{
    const size_t limit = SIZE_MAX / 2;
    tl__buffer_init(out, &context->heap);
    TL_TRY(tl__file_read(path, out, limit, error));
    if (!tl__loader_is_packed(out->data, out->size)) return TL_OK;
    return tl__gunzip_in_place(out, limit, name, error);
}

TL_PRIV const char *tl__loader_path(tl__arena *arena, const char *folder, const char *path)
{
    bool rooted = path[0] == '/' || path[0] == '\\' || (path[0] && path[1] == ':') || tl__same_text(path, "-");
    return rooted || !folder || !folder[0] ? path : tl__arena_format(arena, "%s/%s", folder, path);
}

/* Paths of pictures in a table's column become pictures; a table with which that fails is no more. */
static tl_status loader_draw(tl__table *table, const char *path, const tl__data_settings *settings, tl__table **out,
                             tl_error *error)
{
    tl_status status = tl__loader_pictures(table, path, settings, error);
    if (status == TL_OK) return status;
    tl__table_free(table);
    *out = NULL;
    return status;
}

TL_PRIV tl_status tl__loader_file(tl_context *context, const char *folder, const char *path,
                                  const tl__data_settings *settings, const tl__kinds *known, tl__table **out,
                                  tl_error *error)
{
    tl__buffer bytes;
    tl__arena arena;
    tl__arena_init(&arena, &context->heap);
    const char *full = tl__loader_path(&arena, folder, path);
    tl__buffer_init(&bytes, &context->heap);
    if (full && tl__folder_exists(full)) {
        tl_status made = tl__loader_folder(context, full, path, settings, out, error);
        tl__arena_free(&arena);
        return made;
    }
    tl_status status = full ? loader_bytes(context, full, path, &bytes, error) : tl__fail_memory(error, strlen(path));
    if (status == TL_OK) {
        const char *name = tl__same_text(path, "-") ? "standard input" : path;
        tl__source source = {context, name, bytes.data ? bytes.data : "", bytes.size, &bytes, settings, known};
        status = loader_load(&source, out, error);
        tl__buffer_free(&bytes);
        if (status == TL_OK) status = loader_draw(*out, full, settings, out, error);
    }
    tl__buffer_free(&bytes);
    tl__arena_free(&arena);
    return status;
}

TL_PRIV tl_status tl__table_parse(tl_context *context, const char *bytes, size_t size, const char *name,
                                  const tl__data_settings *settings, const tl__kinds *known, tl__table **out,
                                  tl_error *error)
{
    tl__source source = {context, name, bytes, size, NULL, settings, known};
    tl__buffer buffer;
    tl_status status = TL_OK;
    tl__buffer_init(&buffer, &context->heap);
    if (tl__loader_is_packed(bytes, size)) {
        status = tl__gunzip(&buffer, (const unsigned char *)bytes, size, SIZE_MAX / 2, name, error);
        source.bytes = buffer.data ? buffer.data : "";
        source.size = buffer.size;
        source.owner = &buffer;
    }
    if (status == TL_OK) status = loader_load(&source, out, error);
    tl__buffer_free(&buffer);
    if (status == TL_OK) status = loader_draw(*out, NULL, settings, out, error);
    return status;
}

/* ---- lists and pairs ---- */

TL_PRIV tl_status tl__loader_join_labels(tl__table *images, tl__table *labels, tl_error *error)
{
    tl__column *made, *from = &labels->columns[0];
    if (labels->column_count != 1 || from->width != 1 || from->type == TL__COLUMN_CODES) {
        return tl__fail_at(error, TL_BAD_DATA, labels->source, 0, 0, NULL,
                           "a file of labels must hold one number per image, but this one has %zu columns",
                           labels->column_count);
    }
    if (labels->rows != images->rows) {
        return tl__fail_at(error, TL_BAD_DATA, labels->source, 0, 0, NULL,
                           "there are %zu labels but %zu images in '%s'",
                           labels->rows, images->rows, images->source);
    }
    if (tl__table_add(images, "label", from->type, 1, 0, &made) != TL_OK) return tl__fail_memory(error, sizeof *made);
    const char *name = made->name;
    *made = *from;
    made->name = name;
    from->block = NULL;
    from->bytes = 0;
    return TL_OK;
}

static tl_status loader_pair(tl_context *context, const char *images, const char *labels,
                             const tl__data_settings *settings, const tl__kinds *known, const char *folder,
                             tl__table **out, tl_error *error)
{
    tl__table *first = NULL, *second = NULL;
    tl_status status = tl__loader_file(context, folder, images, settings, known, &first, error);
    if (status == TL_OK) status = tl__loader_file(context, folder, labels, settings, known, &second, error);
    if (status == TL_OK) status = tl__loader_join_labels(first, second, error);
    tl__table_free(second);
    if (status == TL_OK) *out = first;
    else tl__table_free(first);
    return status;
}

static bool loader_is_path(const tl_value *value)
{
    return value && value->kind != TL_LIST && value->kind != TL_MAP && value->kind != TL_NULL && value->text &&
           value->text[0];
}

TL_PRIV bool tl__loader_pair(const tl_value *file, const char **images, const char **labels)
{
    if (!file || file->kind != TL_MAP || file->count != 2) return false;
    const tl_value *first = tl__value_child(file, "images"), *second = tl__value_child(file, "labels");
    if (!loader_is_path(first) || !loader_is_path(second)) return false;
    *images = first->text;
    *labels = second->text;
    return true;
}

TL_PRIV tl_status tl__table_read(tl_context *context, const tl_value *file, const tl__data_settings *settings,
                                 const tl__kinds *known, const char *folder, const char *setting, tl__table **out,
                                 tl_error *error)
{
    bool pattern = loader_is_path(file) && tl__loader_is_pattern(file->text);
    if (loader_is_path(file) && !pattern)
        return tl__loader_file(context, folder, file->text, settings, known, out, error);
    bool all_paths = file && file->kind == TL_LIST && file->first;
    for (const tl_value *item = all_paths ? file->first : NULL; item; item = item->next)
        all_paths &= loader_is_path(item);
    if (all_paths || pattern) return tl__loader_files(context, file, settings, known, folder, out, error);
    const char *images, *labels;
    if (tl__loader_pair(file, &images, &labels))
        return loader_pair(context, images, labels, settings, known, folder, out, error);
    return tl__fail_at(error, TL_BAD_CONFIG, NULL, file ? file->line : 0, file ? file->column : 0, setting,
                       "%s must be a file, a list of files, or a pair {images: file, labels: file}",
                       setting ? setting : "data.file");
}

/* ---- shared by loaders ---- */

static bool loader_kind_word(const tl_value *value, tl__column_kind *out)
{
    static const struct {
        const char *word;
        tl__column_kind kind;
    } words[] = {{"number", TL__KIND_NUMBER}, {"integer", TL__KIND_INTEGER}, {"category", TL__KIND_CATEGORY},
                 {"text", TL__KIND_CATEGORY}, {"date", TL__KIND_DATE},       {"auto", TL__KIND_FIND_OUT}};
    for (size_t i = 0; i < TL_COUNT(words); i++) {
        if (value->text && tl__same_text(value->text, words[i].word)) {
            *out = words[i].kind;
            return true;
        }
    }
    return false;
}

TL_PRIV tl_status tl__loader_kind(const tl__source *source, const char *name, size_t position, size_t columns,
                                  tl__column_kind *out, tl_error *error)
{
    const tl_value *types = source->settings->types;
    *out = TL__KIND_FIND_OUT;
    bool names = tl__loader_is_at(source->settings->sequence.id, name, position, columns);
    if (names || tl__loader_is_at(source->settings->image.column, name, position, columns)) {
        *out = TL__KIND_CATEGORY;
        return TL_OK;
    }
    if (types && types->kind != TL_MAP && types->kind != TL_NULL) {
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, types->line, types->column, "data.types",
                           "data.types must be a map, {column: number | integer | category | date}");
    }
    for (const tl_value *type = types ? types->first : NULL; type; type = type->next) {
        int64_t at;
        bool here = tl__same_text_n(name, type->key, type->key_size);
        if (!here && tl__parse_int(type->key, type->key_size, &at)) {
            here = at >= 0 ? (uint64_t)at == position : (uint64_t)-at <= columns && columns - (size_t)-at == position;
        }
        if (!here) continue;
        if (loader_kind_word(type, out)) return TL_OK;
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, type->line, type->column, "data.types",
                           "data.types: the type of column '%s' must be number, integer, category or date", name);
    }
    for (size_t i = 0; source->known && i < source->known->count; i++) {
        if (tl__same_text(source->known->items[i].column, name)) *out = source->known->items[i].kind;
    }
    return TL_OK;
}

enum { LOADER_ROWS = 64 };    /* of all columns that are filled together, for the cache's sake */

/* Rows [row, end) of a column. */
typedef struct loader_piece {
    tl__column *column;
    size_t row, end, first, stride;    /* element i of row r stands at r * stride + first + i */
} loader_piece;

static void loader_missing(const loader_piece *p, size_t row)
{
    if (p->column->missing++ == 0) p->column->first_missing_row = row;
}

static void loader_fill_bytes(const loader_piece *p, const unsigned char *from)
{
    uint8_t *to = (uint8_t *)p->column->values + p->row * p->column->width;
    for (size_t row = p->row; row < p->end; row++) {
        for (size_t i = 0; i < p->column->width; i++) *to++ = from[row * p->stride + p->first + i];
    }
}

TL_PRIV void tl__loader_floats(void *to, const unsigned char *from, size_t count)
{
    float *out = to;
    memcpy(out, from, count * sizeof *out);
    for (size_t i = 0; i < count; i++) {
        if (out[i] != out[i]) out[i] = tl__bits_float(tl__float_bits(out[i]) | 0x00400000u);
    }
}

TL_PRIV void tl__loader_doubles(void *to, const unsigned char *from, size_t count)
{
    float *out = to;
    for (size_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, from + i * sizeof value, sizeof value);
        out[i] = (float)value;
    }
}

static void loader_fill_floats(const loader_piece *p, const unsigned char *from)
{
    float *to = (float *)p->column->values + p->row * p->column->width;
    for (size_t row = p->row; row < p->end; row++) {
        for (size_t i = 0; i < p->column->width; i++, to++) {
            memcpy(to, from + (row * p->stride + p->first + i) * sizeof *to, sizeof *to);
            if (*to == *to) continue;
            *to = tl__bits_float(tl__float_bits(*to) | 0x00400000u);    /* as every conversion makes a NaN */
            loader_missing(p, row);
        }
    }
}

static void loader_fill_doubles(const loader_piece *p, const unsigned char *from)
{
    float *to = (float *)p->column->values + p->row * p->column->width;
    for (size_t row = p->row; row < p->end; row++) {
        for (size_t i = 0; i < p->column->width; i++) {
            double value;
            memcpy(&value, from + (row * p->stride + p->first + i) * sizeof value, sizeof value);
            *to++ = (float)value;
            if (value != value) loader_missing(p, row);
        }
    }
}

static void loader_fill_any(const loader_piece *p, const tl__loader_array *array)
{
    tl__column *column = p->column;
    for (size_t row = p->row; row < p->end; row++) {
        for (size_t i = 0; i < column->width; i++) {
            double value = array->at(array->array, row * p->stride + p->first + i);
            size_t at = row * column->width + i;
            if (column->type == TL__COLUMN_U8) ((uint8_t *)column->values)[at] = (uint8_t)value;
            else if (column->type == TL__COLUMN_I32) ((int32_t *)column->values)[at] = (int32_t)value;
            else ((float *)column->values)[at] = (float)value;
            if (value != value) loader_missing(p, row);
        }
    }
}

static void loader_fill(tl__table *table, const tl__loader_array *array, size_t rows, size_t stride)
{
    for (size_t row = 0; row < rows; row += LOADER_ROWS) {
        for (size_t i = 0; i < table->column_count; i++) {
            tl__column *column = &table->columns[i];
            loader_piece piece = {column, row, tl__size_min(rows, row + LOADER_ROWS), i * column->width, stride};
            if (array->bytes) loader_fill_bytes(&piece, array->bytes);
            else if (array->floats && array->size == 4) loader_fill_floats(&piece, array->floats);
            else if (array->floats) loader_fill_doubles(&piece, array->floats);
            else loader_fill_any(&piece, array);
        }
    }
}

/* Integers that do not fit int32_t are kept as float32. */
static tl__column_type loader_array_type(const tl__loader_array *array, size_t count)
{
    if (array->bytes) return TL__COLUMN_U8;
    if (!array->whole) return TL__COLUMN_F32;
    for (size_t i = 0; i < count; i++) {
        double value = array->at(array->array, i);
        if (value < -2147483648.0 || value > 2147483647.0) return TL__COLUMN_F32;
    }
    return TL__COLUMN_I32;
}

TL_PRIV tl_status tl__loader_cannot_lie(const tl__source *source, const char *can, tl_error *error)
{
    return tl__fail_at(error, TL_UNSUPPORTED, source->name, 0, 0, "data.streaming",
                       "only %s can be streamed; save it so, or hold it in memory: data.streaming: false", can);
}

/* [rows, height, width] and [rows, height, width, channels] of bytes are images; of other numbers, three dimensions are
 * sequences [rows, time, feature]. */
static void loader_shape(tl__column *column, const size_t *shape, int dims)
{
    if (dims != 3 && dims != 4) return;
    column->shape[0] = shape[1];
    column->shape[1] = shape[2];
    if (dims == 4) column->shape[2] = shape[3];
    else if (column->type == TL__COLUMN_U8) column->shape[2] = 1;
}

static tl_status loader_add_columns(const tl__source *source, tl__table *into, const size_t *shape, int dims,
                                    tl__column_type type, bool room, tl_error *error)
{
    size_t rows = dims ? shape[0] : 1, values = 1;
    int64_t limit = source->settings->limit;
    bool fits = true;
    if (limit > 0 && (uint64_t)limit < rows) rows = (size_t)limit;
    for (int i = 1; i < dims && rows > 0; i++) fits = fits && tl__size_mul(values, shape[i], &values);
    if (!fits) return tl__fail_memory(error, SIZE_MAX);
    if (rows == 0 || values == 0) return TL_OK;
    size_t columns = dims == 2 ? values : 1, width = dims == 2 ? 1 : values;
    for (size_t i = 0; i < columns; i++) {
        char name[32];
        tl__column *column;
        tl__format(name, sizeof name, "%zu", i);
        if (tl__table_add(into, dims > 2 ? "image" : name, type, width, room ? rows : 0, &column) != TL_OK)
            return tl__fail_memory(error, rows * width);
        loader_shape(column, shape, dims);
    }
    into->rows = rows;
    return TL_OK;
}

TL_PRIV tl_status tl__loader_array_columns(const tl__source *source, tl__table *into, const size_t *shape, int dims,
                                           tl__column_type type, tl_error *error)
{
    return loader_add_columns(source, into, shape, dims, type, false, error);
}

/* Bytes of a single column are not copied: the column takes the block that they came in. */
static bool loader_can_take(const tl__source *source, const tl__loader_array *array)
{
    int64_t limit = source->settings->limit;
    return array->bytes && array->dims != 2 && source->owner &&
           (limit <= 0 || !array->dims || (uint64_t)limit >= array->shape[0]);
}

TL_PRIV tl_status tl__loader_put_array(const tl__source *source, tl__table *into, const tl__loader_array *array,
                                       tl_error *error)
{
    size_t values = 1, stored = array->dims ? array->shape[0] : 1;
    for (int i = 1; i < array->dims; i++) values *= array->shape[i];   /* the parser has checked the product */
    if (stored == 0 || values == 0) return TL_OK;
    bool taken = loader_can_take(source, array);
    tl__column_type type = loader_array_type(array, stored * values);
    TL_TRY(loader_add_columns(source, into, array->shape, array->dims, type, !taken, error));
    if (taken) {
        tl__column *column = &into->columns[0];
        column->block = source->owner->data;
        column->bytes = source->owner->capacity;
        column->values = (unsigned char *)column->block + (array->bytes - (const unsigned char *)source->bytes);
        tl__buffer_init(source->owner, source->owner->heap);
    } else {
        loader_fill(into, array, into->rows, values);
    }
    return TL_OK;
}
