/* Two passes over the text. The first finds out what the columns are, and keeps no values; the second writes them, now
 * in their types. A column that turns out to be one of words takes another first pass, as in memory. */
#include "data/stream.h"

#include "base/text.h"
#include "data/loader.h"
#include "kernels/hash.h"
#include "text/value.h"
#include "text/yaml.h"

enum { STREAM_CELLS = 1 << 17, STREAM_WORDS = 1 << 17 };

typedef struct stream_build {
    tl_context *context;
    const tl__data_settings *settings;
    const char *name;            /* for messages */
    tl__arena arena;
    tl__csv_file *files;         /* the sources */
    size_t file_count;
    const char *folder;          /* of the files of rows */
    const char *target;          /* the file of rows */
    tl__sha256 how;              /* of the sources' places, and of all that says how they are read */
    char key[65];                /* that and the sources' sizes and times */
    tl__csv_rows *rows;
    size_t step;                 /* rows of a block */
    size_t count;                /* rows in all */
    tl__table *table;
    tl__store_writer *writer;
} stream_build;

/* ---- whether ---- */

static const tl_value *stream_first(const tl_value *file)
{
    return file && (file->kind == TL_LIST || file->kind == TL_MAP) ? file->first : file;
}

static tl_status stream_size(tl_context *context, const tl_value *file, const char *folder, uint64_t *out,
                             tl_error *error)
{
    tl__arena arena;
    bool many = file && (file->kind == TL_LIST || file->kind == TL_MAP);
    tl_status status = TL_OK;
    tl__arena_init(&arena, &context->heap);
    for (const tl_value *item = stream_first(file); item && status == TL_OK; item = many ? item->next : NULL) {
        uint64_t size = 0;
        if (!item->text || tl__same_text(item->text, "-") || tl__loader_is_pattern(item->text)) continue;
        const char *path = tl__loader_path(&arena, folder, item->text);
        status = path ? tl__file_size(path, &size, error) : tl__fail_memory(error, 256);
        *out += size;
    }
    tl__arena_free(&arena);
    return status;
}

TL_PRIV tl_status tl__stream_wanted(tl_context *context, const tl__data_settings *settings, const tl_value *file,
                                    const tl_value *test, const char *folder, bool *out, tl_error *error)
{
    uint64_t size = 0;
    *out = settings->streaming == TL__STREAMING_TRUE;
    if (settings->streaming != TL__STREAMING_AUTO || settings->memory_limit <= 0) return TL_OK;
    TL_TRY(stream_size(context, file, folder, &size, error));
    TL_TRY(stream_size(context, test, folder, &size, error));
    *out = size >> 20 >= (uint64_t)settings->memory_limit;
    return TL_OK;
}

static tl_status stream_refuse(const char *setting, const char *choice, const char *what, const char *remedy,
                               tl_error *error)
{
    return tl__fail_at(error, TL_UNSUPPORTED, NULL, 0, 0, setting, "%s: %s %s, which cannot be done while the data is "
                       "streamed; %s, or hold the data in memory: data.streaming: false", setting, choice, what,
                       remedy);
}

TL_PRIV tl_status tl__stream_check(const tl__data_settings *settings, tl_error *error)
{
    static const char sorts[] = "sorts all values of a column";
    if (settings->normalize == TL__NORMALIZE_ROBUST)
        return stream_refuse("data.normalize", "robust", sorts, "use standard or minmax", error);
    if (settings->missing == TL__MISSING_MEDIAN)
        return stream_refuse("data.missing", "median", sorts, "use mean, drop or constant", error);
    if (settings->missing == TL__MISSING_FORWARD)
        return stream_refuse("data.missing", "forward", "changes cells by those before them",
                             "use mean, drop or constant", error);
    return TL_OK;
}

TL_PRIV size_t tl__stream_block(const tl__table *table, const tl__data_settings *settings)
{
    uint64_t bytes = settings->memory_limit > 0 ? (uint64_t)settings->memory_limit << 18 : (uint64_t)64 << 20;
    uint64_t rows = bytes / 2 / table->store->record;    /* one window is read ahead */
    return (size_t)(rows < 1024 ? 1024 : rows > UINT32_MAX ? UINT32_MAX : rows);
}

/* ---- what the file of rows is of ---- */

static void stream_key_text(tl__sha256 *hash, const char *text)
{
    size_t size = text ? strlen(text) : 0;
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)((uint64_t)size >> 8 * i);
    tl__sha256_add(hash, bytes, sizeof bytes);
    if (text) tl__sha256_add(hash, text, size);
}

static void stream_key_number(tl__sha256 *hash, int64_t number)
{
    char text[32];
    tl__format(text, sizeof text, "%lld", (long long)number);
    stream_key_text(hash, text);
}

/* The path, and all that says how the file is read. */
static tl_status stream_key_settings(stream_build *build, const tl__kinds *known, tl_error *error)
{
    const tl__data_settings *s = build->settings;
    tl__sha256 *hash = &build->how;
    char folder[1024] = "";
    tl__buffer types;
    tl__sha256_begin(hash);
    (void)tl__folder_current(folder, sizeof folder);
    stream_key_text(hash, "rows 1");
    stream_key_text(hash, folder);
    for (size_t i = 0; i < build->file_count; i++) stream_key_text(hash, build->files[i].path);
    stream_key_text(hash, s->separator);
    stream_key_text(hash, s->decimal);
    stream_key_text(hash, s->quote);
    stream_key_number(hash, s->skip_rows);
    stream_key_number(hash, s->header);
    stream_key_number(hash, s->trim);
    stream_key_number(hash, s->limit);
    for (size_t i = 0; i < s->missing_marks.count; i++) stream_key_text(hash, s->missing_marks.items[i]);
    for (size_t i = 0; known && i < known->count; i++) {
        stream_key_text(hash, known->items[i].column);
        stream_key_number(hash, known->items[i].kind);
    }
    tl__buffer_init(&types, &build->context->heap);
    if (s->types) tl__json_write(&types, s->types, 0);
    bool failed = types.failed;
    stream_key_text(hash, types.data);
    tl__buffer_free(&types);
    return failed ? tl__fail_memory(error, 256) : TL_OK;
}

/* What the sources are now: any change gives another key. */
static tl_status stream_key(const stream_build *build, char out[65], tl_error *error)
{
    tl__sha256 hash = build->how;
    for (size_t i = 0; i < build->file_count; i++) {
        uint64_t size = 0;
        int64_t modified = 0;
        TL_TRY(tl__file_size(build->files[i].path, &size, error));
        TL_TRY(tl__file_modified(build->files[i].path, &modified, error));
        stream_key_number(&hash, (int64_t)size);
        stream_key_number(&hash, modified);
    }
    tl__sha256_hex(&hash, out);
    return TL_OK;
}

/* The name of the file of rows says where and how, its key also what the sources were. */
static tl_status stream_name(stream_build *build, const tl__kinds *known, tl_error *error)
{
    char name[65];
    const char *first = build->files[0].path, *base = first + strlen(first);
    while (base > first && base[-1] != '/' && base[-1] != '\\') base--;
    TL_TRY(stream_key_settings(build, known, error));
    TL_TRY(stream_key(build, build->key, error));
    tl__sha256 hash = build->how;
    tl__sha256_hex(&hash, name);
    const char *folder = build->settings->cache_folder, *usual = build->settings->usual_cache;
    build->folder = folder && folder[0] ? folder : usual ? usual : "output/cache";
    build->target = tl__arena_format(&build->arena, "%s/%s-%.12s.rows", build->folder, base, name);
    return build->target ? TL_OK : tl__fail_memory(error, 256);
}

/* ---- first pass ---- */

static tl_status stream_changed(const stream_build *build, tl_error *error)
{
    return tl__fail_at(error, TL_BAD_DATA, build->name, 0, 0, NULL, "the file was changed while it was read; run again "
                       "when nothing writes to it any more");
}

static tl_status stream_same_source(stream_build *build, tl_error *error)
{
    char now[65];
    TL_TRY(stream_key(build, now, error));
    return tl__same_text(now, build->key) ? TL_OK : stream_changed(build, error);
}

static tl_status stream_block(stream_build *build, size_t *got, tl_error *error)
{
    if (tl__cancelled(build->context)) return tl__fail(error, TL_CANCELLED, "stopped on request while %s was read",
                                                       build->name);
    tl_error why = {0};
    tl_status status = tl__csv_rows_next(build->rows, build->step, got, &why);
    if (status == TL_OK && *got) return TL_OK;
    if (status != TL_OUT_OF_MEMORY) TL_TRY(stream_same_source(build, error));    /* else what is wrong is the change */
    if (status != TL_OK && error) *error = why;
    return status;
}

static tl_status stream_forget(stream_build *build, tl_error *error)
{
    for (size_t i = 0; i < tl__csv_rows_count(build->rows); i++) {
        tl__infer *column = tl__csv_rows_column(build->rows, i);
        tl__infer_forget(column);
        if (column->words.count <= STREAM_WORDS) continue;
        return tl__fail_at(error, TL_UNSUPPORTED, build->name, 0, 0, "data.streaming",
                           "column '%s' holds more than %d different texts, too many to be kept while the data is "
                           "streamed; take it out of the file, or hold the data in memory: data.streaming: false",
                           column->name, (int)STREAM_WORDS);
    }
    return TL_OK;
}

static tl_status stream_find_out(stream_build *build, tl_error *error)
{
    bool again;
    do {
        again = false;
        build->count = 0;
        for (size_t got = 1; got;) {
            TL_TRY(stream_block(build, &got, error));
            build->count += got;
            TL_TRY(stream_forget(build, error));
        }
        for (size_t i = 0; i < tl__csv_rows_count(build->rows); i++) {
            tl__column_kind kind;
            TL_TRY(tl__infer_judge(tl__csv_rows_column(build->rows, i), tl__csv_rows_rules(build->rows), &kind, error));
            if (kind == TL__KIND_FIND_OUT) continue;
            tl__csv_rows_demand(build->rows, i, kind);
            again = true;
        }
        if (again) TL_TRY(tl__csv_rows_rewind(build->rows, true, error));
    } while (again);
    if (build->count == 0)
        return tl__fail_at(error, TL_BAD_FILE, build->name, 0, 0, NULL,
                           "the file has a line of names but no rows; if that line is data, say data.header: false");
    if (build->count > UINT32_MAX)
        return tl__fail_at(error, TL_OUT_OF_RANGE, build->name, 0, 0, NULL,
                           "there are more than 4294967295 rows; use data.limit or several runs");
    return TL_OK;
}

/* ---- the table ---- */

static tl_status stream_column(tl__table *table, const tl__infer *from, tl_error *error)
{
    tl__column *column;
    size_t bytes = from->words.count * sizeof *column->words;
    if (tl__table_add(table, from->name, tl__infer_type(from), 1, 0, &column) != TL_OK)
        return tl__fail_memory(error, sizeof *column);
    column->date = from->kind == TL__KIND_DATE;
    column->first_missing_line = from->first_missing_line;
    if (bytes == 0) return TL_OK;
    column->words = tl__alloc_zero(&table->context->heap, bytes, 1);
    if (!column->words) return tl__fail_memory(error, bytes);
    column->word_capacity = from->words.count;
    for (; column->word_count < from->words.count; column->word_count++) {
        const char *word = tl__arena_text(&table->arena, from->words.words[column->word_count]);
        if (!word) return tl__fail_memory(error, 64);
        column->words[column->word_count] = word;
    }
    return TL_OK;
}

static tl_status stream_table(stream_build *build, tl_error *error)
{
    if (tl__table_new(build->context, build->name, &build->table) != TL_OK)
        return tl__fail_memory(error, sizeof *build->table);
    build->table->named = tl__csv_rows_named(build->rows);
    for (size_t i = 0; i < tl__csv_rows_count(build->rows); i++)
        TL_TRY(stream_column(build->table, tl__csv_rows_column(build->rows, i), error));
    return TL_OK;
}

/* ---- second pass ---- */

/* Other temporary files in the folder are of killed processes, unless one is at work there now. */
static tl_status stream_clean(const stream_build *build, tl_error *error)
{
    tl__arena arena;
    tl__lock *lock = NULL;
    tl__arena_init(&arena, &build->context->heap);
    const char *path = tl__arena_format(&arena, "%s/lock", build->folder);
    tl_status status = path ? tl__lock_take(build->context, path, &lock, error) : tl__fail_memory(error, 256);
    if (status == TL_OK) status = tl__folder_clean(build->context, build->folder, error);
    else if (status == TL_LOCKED) status = TL_OK;
    tl__lock_release(lock);
    tl__arena_free(&arena);
    return status;
}

static tl_status stream_write(stream_build *build, tl_error *error)
{
    size_t columns = tl__csv_rows_count(build->rows), written = 0;
    const void **values = tl__arena_push_zero(&build->arena, columns, sizeof *values);
    if (!values) return tl__fail_memory(error, columns * sizeof *values);
    TL_TRY(tl__folder_make(build->folder, error));
    TL_TRY(stream_clean(build, error));
    TL_TRY(tl__store_create(build->table, build->target, &build->writer, error));
    TL_TRY(tl__csv_rows_rewind(build->rows, false, error));
    for (size_t got = 1; got;) {
        TL_TRY(stream_block(build, &got, error));
        for (size_t i = 0; i < columns; i++) {
            tl__infer *column = tl__csv_rows_column(build->rows, i);
            if (tl__infer_type(column) != build->table->columns[i].type) return stream_changed(build, error);
            values[i] = tl__infer_pack(column);
        }
        if (got) TL_TRY(tl__store_write(build->writer, values, got, error));
        written += got;
        TL_TRY(stream_forget(build, error));
    }
    if (written != build->count) return stream_changed(build, error);
    tl__store_writer *writer = build->writer;
    build->writer = NULL;
    return tl__store_commit(writer, build->key, error);
}

/* ---- all of it ---- */

static tl_status stream_build_rows(stream_build *build, const tl__kinds *known, tl_error *error)
{
    TL_TRY(tl__csv_rows_open(build->context, build->files, build->file_count, build->settings, known, &build->rows,
                             error));
    build->step = tl__size_max(1, STREAM_CELLS / tl__csv_rows_count(build->rows));
    tl__log_line(build->context, TL_LOG_INFO, "%s is read into %s", build->name, build->target);
    TL_TRY(stream_find_out(build, error));
    TL_TRY(stream_table(build, error));
    return stream_write(build, error);
}

/* A file or a list of files. */
static tl_status stream_files(stream_build *build, const tl_value *file, const char *folder, const char *setting,
                              tl_error *error)
{
    bool many = file && file->kind == TL_LIST;
    size_t count = many ? file->count : 1;
    bool good = file && file->kind != TL_MAP && count > 0;
    build->files = tl__arena_push_zero(&build->arena, tl__size_max(count, 1), sizeof *build->files);
    if (!build->files) return tl__fail_memory(error, count * sizeof *build->files);
    for (const tl_value *item = many ? file->first : file; good && item; item = many ? item->next : NULL) {
        good = item->kind != TL_LIST && item->kind != TL_MAP && item->text && item->text[0] &&
               !tl__same_text(item->text, "-");
        if (!good) break;
        const char *path = tl__loader_path(&build->arena, folder, item->text);
        if (!path) return tl__fail_memory(error, 256);
        build->files[build->file_count++] = (tl__csv_file){path, item->text};
    }
    build->name = build->files[0].name;
    if (good) return TL_OK;
    return tl__fail_at(error, TL_UNSUPPORTED, NULL, file ? file->line : 0, file ? file->column : 0, setting,
                       "%s must be a csv, npy or idx file, a list of csv files, or a pair {images: file, labels: file} "
                       "to be streamed; or hold the data in memory: data.streaming: false", setting);
}

/* Picture files are decoded into memory. */
static tl_status stream_no_pictures(tl_context *context, const tl_value *file, const tl__data_settings *settings,
                                    const char *folder, tl_error *error)
{
    tl__arena arena;
    bool found = settings->image.column != NULL, many = file && (file->kind == TL_LIST || file->kind == TL_MAP);
    tl__arena_init(&arena, &context->heap);
    for (const tl_value *item = stream_first(file); item && !found; item = many ? item->next : NULL) {
        const char *path = item->text ? tl__loader_path(&arena, folder, item->text) : NULL;
        found = path && tl__folder_exists(path);
    }
    tl__arena_free(&arena);
    if (!found) return TL_OK;
    return tl__fail_at(error, TL_UNSUPPORTED, NULL, 0, 0, "data.streaming",
                       "pictures in files of their own cannot be streamed; hold them in memory (data.streaming: "
                       "false), smaller by data.image if need be, or put them into one npy file");
}

TL_PRIV tl_status tl__stream_read(tl_context *context, const tl_value *file, const tl__data_settings *settings,
                                  const tl__kinds *known, const char *folder, const char *setting, tl__table **out,
                                  tl_error *error)
{
    stream_build build = {.context = context, .settings = settings};
    TL_TRY(stream_no_pictures(context, file, settings, folder, error));
    TL_TRY(tl__stream_array(context, file, settings, known, folder, out, error));
    if (*out) return TL_OK;
    tl__arena_init(&build.arena, &context->heap);
    tl_status status = stream_files(&build, file, folder, setting, error);
    if (status == TL_OK) status = stream_name(&build, known, error);
    if (status == TL_OK) {
        status = tl__store_open(context, build.target, build.key, build.name, &build.table, NULL);
        if (status != TL_OK) status = status == TL_OUT_OF_MEMORY ? tl__fail_memory(error, 0)
                                                                 : stream_build_rows(&build, known, error);
    }
    tl__store_abandon(build.writer);
    tl__csv_rows_close(build.rows);
    tl__arena_free(&build.arena);
    if (status == TL_OK) *out = build.table;
    else tl__table_free(build.table);
    return status;
}
