/* Pictures as rows: one file, a folder, or the paths in a table's column. A picture is one row of a column of bytes,
 * "image"; the folders of a folder are the classes, in the column "class", sorted by the bytes of their names, as the
 * files in them are: so the rows are the same on every file system. */
#include "base/text.h"
#include "data/loader.h"
#include "data/picture.h"
#include "par/pool.h"

typedef struct image_reader {
    tl_context *context;
    const tl__data_settings *settings;
    tl__pictures pictures;
    tl__buffer file;
    tl__table *table;
    size_t rows;
    tl_error *error;
} image_reader;

static void image_begin(image_reader *reader)
{
    tl__pictures_init(&reader->pictures, &reader->context->heap, &reader->settings->image);
    tl__buffer_init(&reader->file, &reader->context->heap);
}

static void image_end(image_reader *reader)
{
    tl__pictures_free(&reader->pictures);
    tl__buffer_free(&reader->file);
}

/* Room for the rows, when the first picture has said what one takes. */
static tl_status image_room(image_reader *reader, tl__column *column)
{
    tl__heap *heap = &reader->context->heap;
    const size_t *shape = reader->pictures.shape;
    size_t width, bytes;
    if (!tl__size_mul(shape[0], shape[1], &width) || !tl__size_mul(width, shape[2], &width) ||
        !tl__size_mul(width, reader->rows, &bytes))
        return tl__fail_memory(reader->error, SIZE_MAX);
    void *block = tl__alloc(heap, bytes);
    if (!block) return tl__fail_memory(reader->error, bytes);
    column->block = column->values = block;
    column->bytes = bytes;
    column->width = width;
    memcpy(column->shape, shape, sizeof column->shape);
    return TL_OK;
}

/* The picture in these bytes becomes a row of the column. */
static tl_status image_put(image_reader *reader, tl__column *column, size_t row, const char *bytes, size_t size,
                           const char *name)
{
    tl__pixels pixels = {0};
    TL_TRY(tl__picture_read(&reader->pictures, bytes, size, name, &pixels, reader->error));
    tl_status status = column->values ? TL_OK : image_room(reader, column);
    if (status == TL_OK)
        status = tl__picture_draw(&reader->pictures, &pixels, name, (uint8_t *)column->values + row * column->width,
                                  reader->error);
    tl__pixels_free(&pixels);
    return status;
}

static tl_status image_put_file(image_reader *reader, tl__column *column, size_t row, const char *path,
                                const char *name)
{
    tl__buffer_clear(&reader->file);
    TL_TRY(tl__file_read(path, &reader->file, SIZE_MAX / 2, reader->error));
    return image_put(reader, column, row, reader->file.data ? reader->file.data : "", reader->file.size, name);
}

/* ---- many pictures ---- */

enum { IMAGE_SHARE = 16 };   /* pictures of a task */

/* Gives the path of a row's picture and its name in messages; path NULL: out of memory or no path. */
typedef const char *image_path(void *user, tl__arena *arena, size_t row, const char **name);

typedef struct image_work {
    const image_reader *reader;
    tl__column *column;
    image_path *path;
    void *user;
    size_t *stopped;    /* [tasks] the row that a task could not read, or the rows' number */
} image_work;

static void image_share(void *user, size_t task, int worker)
{
    const image_work *work = user;
    image_reader reader = *work->reader;
    const size_t first = 1 + task * IMAGE_SHARE, past = tl__size_min(reader.rows, first + IMAGE_SHARE);
    tl__arena arena;
    size_t row = first;
    (void)worker;
    reader.error = NULL;
    tl__buffer_init(&reader.file, &reader.context->heap);
    tl__arena_init(&arena, &reader.context->heap);
    for (tl_status status = TL_OK; row < past; row += status == TL_OK) {
        const char *name, *path = work->path(work->user, &arena, row, &name);
        status = path ? image_put_file(&reader, work->column, row, path, name) : TL_OUT_OF_MEMORY;
        tl__arena_free(&arena);
        if (status != TL_OK) break;
    }
    work->stopped[task] = row;
    tl__buffer_free(&reader.file);
}

/* Rows [from, to) by the caller's thread, which says what is wrong. */
static tl_status image_put_rows(image_reader *reader, tl__column *column, image_path *path, void *user, size_t from,
                                size_t to)
{
    tl_status status = TL_OK;
    tl__arena arena;
    tl__arena_init(&arena, &reader->context->heap);
    for (size_t row = from; row < to && status == TL_OK; row++) {
        const char *name, *at = path(user, &arena, row, &name);
        if (at) status = image_put_file(reader, column, row, at, name);
        else if (name) status = tl__fail_memory(reader->error, 256);
        else status = tl__fail_at(reader->error, TL_BAD_DATA, reader->table->source, 0, 0, "data.image.column",
                                  "row %zu has no path in column '%s'", row, column->name);
        tl__arena_free(&arena);
    }
    return status;
}

/* All rows: the first picture says what a row is; the others go to the pool. A task that cannot go on leaves its rows
 * to be done in order, so that the first mistake is told, whoever met it. */
static tl_status image_put_all(image_reader *reader, tl__column *column, image_path *path, void *user)
{
    tl__heap *heap = &reader->context->heap;
    TL_TRY(image_put_rows(reader, column, path, user, 0, tl__size_min(reader->rows, 1)));
    const size_t tasks = reader->rows < 2 ? 0 : (reader->rows - 2) / IMAGE_SHARE + 1;
    image_work work = {reader, column, path, user, NULL};
    if (tasks == 0) return TL_OK;
    work.stopped = tl__alloc(heap, tasks * sizeof *work.stopped);
    if (!work.stopped) return tl__fail_memory(reader->error, tasks * sizeof *work.stopped);
    tl__parallel_for(reader->context->pool, tasks, image_share, &work);
    tl_status status = TL_OK;
    for (size_t task = 0; task < tasks && status == TL_OK; task++)
        status = image_put_rows(reader, column, path, user, work.stopped[task],
                                tl__size_min(reader->rows, 1 + (task + 1) * IMAGE_SHARE));
    tl__free(heap, work.stopped, tasks * sizeof *work.stopped);
    return status;
}

/* ---- one picture ---- */

static bool image_recognises(const char *bytes, size_t size) { return tl__is_picture(bytes, size); }

static tl_status image_load(const tl__source *source, tl__table *into, tl_error *error)
{
    image_reader reader = {.context = source->context, .settings = source->settings, .table = into, .rows = 1,
                           .error = error};
    tl__column *column;
    if (tl__table_add(into, "image", TL__COLUMN_U8, 1, 0, &column) != TL_OK) return tl__fail_memory(error, 64);
    image_begin(&reader);
    tl_status status = image_put(&reader, column, 0, source->bytes, source->size, source->name);
    image_end(&reader);
    into->rows = 1;
    into->named = true;
    return status;
}

TL_PRIV const tl__member_head *tl__loader_image(void)
{
    static const tl__loader loader = {
        .head = {.name = "image", .help = "A picture (PNG, PGM or PPM); as a folder, one folder for each class."},
        .suffixes = "png pgm ppm pnm",
        .recognises = image_recognises,
        .load = image_load};
    return &loader.head;
}

/* ---- a folder ---- */

typedef struct image_file {
    const char *path, *name;    /* name: for messages */
    int32_t class;              /* -1: none */
} image_file;

typedef struct image_folder {
    image_reader reader;
    tl__arena arena;
    const char *path, *name;    /* of the folder that is read */
    int32_t class;
    const char **classes;
    size_t class_count, class_capacity;
    image_file *files;
    size_t count, capacity;
    tl_status status;
} image_folder;

/* An array with room for one more; NULL: out of memory. */
static void *image_more(tl__heap *heap, void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) return items;
    size_t wanted = *capacity ? 2 * *capacity : 64;
    void *grown = tl__resize(heap, items, *capacity * size, wanted * size);
    if (grown) *capacity = wanted;
    return grown;
}

static tl_status image_add_class(image_folder *folder, const char *name)
{
    tl__heap *heap = &folder->reader.context->heap;
    const char **classes = image_more(heap, folder->classes, folder->class_count, &folder->class_capacity,
                                      sizeof *classes);
    if (!classes) return tl__fail_memory(folder->reader.error, 64);
    folder->classes = classes;
    classes[folder->class_count] = tl__arena_text(&folder->arena, name);
    return classes[folder->class_count++] ? TL_OK : tl__fail_memory(folder->reader.error, 64);
}

static bool image_has_suffix(const char *name, const char *const *suffixes)
{
    size_t size = strlen(name);
    for (; *suffixes; suffixes++) {
        size_t length = strlen(*suffixes);
        bool same = size > length && name[size - length - 1] == '.';
        for (size_t i = 0; same && i < length; i++) {
            char c = name[size - length + i];
            same = (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) == (*suffixes)[i];
        }
        if (same) return true;
    }
    return false;
}

/* Pictures, and those in formats that are not read, for which there is a sentence; other files are none of ours. */
static bool image_is_named(const char *name)
{
    static const char *const suffixes[] = {"png", "pgm", "ppm", "pnm", "jpg", "jpeg", "gif", "bmp", "webp", "tif",
                                           "tiff", "pbm", NULL};
    return name[0] != '.' && image_has_suffix(name, suffixes);
}

static tl_status image_add_file(image_folder *folder, const char *name)
{
    tl__heap *heap = &folder->reader.context->heap;
    image_file *files = image_more(heap, folder->files, folder->count, &folder->capacity, sizeof *files);
    if (!files) return tl__fail_memory(folder->reader.error, 64);
    folder->files = files;
    image_file *file = &files[folder->count++];
    file->path = tl__arena_format(&folder->arena, "%s/%s", folder->path, name);
    file->name = tl__arena_format(&folder->arena, "%s/%s", folder->name, name);
    file->class = folder->class;
    return file->path && file->name ? TL_OK : tl__fail_memory(folder->reader.error, 256);
}

static bool image_entry(void *user, const char *name)
{
    image_folder *folder = user;
    tl__heap *heap = &folder->reader.context->heap;
    tl__arena arena;
    if (name[0] == '.') return true;
    tl__arena_init(&arena, heap);
    const char *path = tl__arena_format(&arena, "%s/%s", folder->path, name);
    bool inner = path && tl__folder_exists(path);
    if (!path) {
        folder->status = tl__fail_memory(folder->reader.error, 256);
    } else if (inner && folder->class >= 0) {
        folder->status = tl__fail_at(folder->reader.error, TL_BAD_DATA, folder->name, 0, 0, "data.file",
                                     "there is a folder '%s' in a class's folder; pictures must lie in the class's "
                                     "folder itself", name);
    } else if (inner) {
        folder->status = image_add_class(folder, name);
    } else if (image_is_named(name)) {
        folder->status = image_add_file(folder, name);
    }
    tl__arena_free(&arena);
    return folder->status == TL_OK;
}

static tl_status image_list(image_folder *folder, const char *path, const char *name, int32_t class)
{
    size_t before = folder->count;
    folder->path = path;
    folder->name = name;
    folder->class = class;
    TL_TRY(tl__folder_list(folder->reader.context, path, image_entry, folder, folder->reader.error));
    if (folder->status != TL_OK) return folder->status;
    if (class < 0 || folder->count > before) return TL_OK;
    return tl__fail_at(folder->reader.error, TL_BAD_DATA, name, 0, 0, "data.file",
                       "there are no pictures in this folder, which is a class by its place; remove it, or put "
                       "pictures there (png, pgm, ppm)");
}

static tl_status image_list_all(image_folder *folder, const char *path, const char *name)
{
    TL_TRY(image_list(folder, path, name, -1));
    if (folder->class_count > 0 && folder->count > 0)
        return tl__fail_at(folder->reader.error, TL_BAD_DATA, name, 0, 0, "data.file",
                           "there are both pictures ('%s') and folders ('%s') here; put each picture in the folder of "
                           "its class", folder->files[0].name, folder->classes[0]);
    for (size_t i = 0; i < folder->class_count; i++) {
        const char *inner = tl__arena_format(&folder->arena, "%s/%s", path, folder->classes[i]);
        const char *shown = tl__arena_format(&folder->arena, "%s/%s", name, folder->classes[i]);
        if (!inner || !shown) return tl__fail_memory(folder->reader.error, 256);
        TL_TRY(image_list(folder, inner, shown, (int32_t)i));
    }
    if (folder->count > 0) return TL_OK;
    return tl__fail_at(folder->reader.error, TL_BAD_DATA, name, 0, 0, "data.file",
                       "there are no pictures in this folder; it must hold a folder for each class with pictures in it "
                       "(png, pgm, ppm), or be a file");
}

/* The classes' names as the words of a column, a code for each row. */
static tl_status image_label(image_folder *folder, size_t rows)
{
    tl__table *table = folder->reader.table;
    tl__heap *heap = &folder->reader.context->heap;
    tl__column *column;
    if (folder->class_count == 0) return TL_OK;
    if (tl__table_add(table, "class", TL__COLUMN_CODES, 1, rows, &column) != TL_OK)
        return tl__fail_memory(folder->reader.error, rows * sizeof(int32_t));
    for (size_t row = 0; row < rows; row++) ((int32_t *)column->values)[row] = folder->files[row].class;
    size_t used = (size_t)folder->files[rows - 1].class + 1;    /* a limit may leave classes out */
    column->words = tl__alloc(heap, used * sizeof *column->words);
    if (!column->words) return tl__fail_memory(folder->reader.error, used * sizeof *column->words);
    column->word_capacity = used;
    for (; column->word_count < used; column->word_count++) {
        const char *word = tl__arena_text(&table->arena, folder->classes[column->word_count]);
        if (!word) return tl__fail_memory(folder->reader.error, 64);
        column->words[column->word_count] = word;
    }
    return TL_OK;
}

static const char *image_file_path(void *user, tl__arena *arena, size_t row, const char **name)
{
    const image_file *file = &((const image_folder *)user)->files[row];
    (void)arena;
    *name = file->name;
    return file->path;
}

static tl_status image_fill(image_folder *folder)
{
    image_reader *reader = &folder->reader;
    tl__column *column;
    int64_t limit = reader->settings->limit;
    size_t rows = limit > 0 && (uint64_t)limit < folder->count ? (size_t)limit : folder->count;
    if (tl__table_add(reader->table, "image", TL__COLUMN_U8, 1, 0, &column) != TL_OK)
        return tl__fail_memory(reader->error, 64);
    reader->rows = rows;
    TL_TRY(image_put_all(reader, column, image_file_path, folder));
    reader->table->rows = rows;
    reader->table->named = true;
    return image_label(folder, rows);
}

TL_PRIV tl_status tl__loader_folder(tl_context *context, const char *path, const char *name,
                                    const tl__data_settings *settings, tl__table **out, tl_error *error)
{
    image_folder folder = {.reader = {.context = context, .settings = settings, .error = error}};
    tl__heap *heap = &context->heap;
    if (tl__table_new(context, name, &folder.reader.table) != TL_OK) return tl__fail_memory(error, 256);
    image_begin(&folder.reader);
    tl__arena_init(&folder.arena, heap);
    tl_status status = image_list_all(&folder, path, name);
    if (status == TL_OK) status = image_fill(&folder);
    if (status == TL_OK) status = tl__loader_check_rows(folder.reader.table, error);
    tl__free(heap, folder.classes, folder.class_capacity * sizeof *folder.classes);
    tl__free(heap, folder.files, folder.capacity * sizeof *folder.files);
    tl__arena_free(&folder.arena);
    image_end(&folder.reader);
    if (status == TL_OK) *out = folder.reader.table;
    else tl__table_free(folder.reader.table);
    return status;
}

/* ---- paths in a table ---- */

TL_PRIV bool tl__loader_is_at(const char *wanted, const char *name, size_t position, size_t columns)
{
    int64_t at;
    if (!wanted) return false;
    if (tl__same_text(wanted, name)) return true;
    if (!tl__parse_int(wanted, strlen(wanted), &at)) return false;
    return at >= 0 ? (uint64_t)at == position : (uint64_t)-at <= columns && columns - (size_t)-at == position;
}

typedef struct image_paths {
    const tl__column *column;
    const char *folder;
} image_paths;

static const char *image_row_path(void *user, tl__arena *arena, size_t row, const char **name)
{
    const image_paths *paths = user;
    int32_t code = ((const int32_t *)paths->column->values)[row];
    *name = code < 0 ? NULL : paths->column->words[code];
    return code < 0 ? NULL : tl__loader_path(arena, paths->folder, *name);
}

TL_PRIV tl_status tl__loader_pictures(tl__table *table, const char *path, const tl__data_settings *settings,
                                      tl_error *error)
{
    image_reader reader = {.context = table->context, .settings = settings, .table = table, .rows = table->rows,
                           .error = error};
    tl__heap *heap = &table->context->heap;
    size_t at, size = path ? strlen(path) : 0;
    if (!settings->image.column || table->columns[0].shape[0]) return TL_OK;
    TL_TRY(tl__table_find(table, settings->image.column, "data.image.column", &at, error));
    tl__column *paths = &table->columns[at], made = {.name = paths->name, .type = TL__COLUMN_U8};
    if (paths->type != TL__COLUMN_CODES)
        return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, "data.image.column",
                           "column '%s' holds numbers; data.image.column must name a column with the paths of pictures",
                           paths->name);
    while (size > 0 && path[size - 1] != '/' && path[size - 1] != '\\') size--;
    char *folder = tl__arena_copy(&table->arena, size > 1 ? path : size ? "/." : "", size > 1 ? size - 1 : 2 * size);
    if (!folder) return tl__fail_memory(error, size);
    image_begin(&reader);
    tl_status status = image_put_all(&reader, &made, image_row_path, &(image_paths){paths, folder});
    image_end(&reader);
    if (status != TL_OK) {
        tl__free(heap, made.block, made.bytes);
        return status;
    }
    tl__free(heap, paths->block, paths->bytes);
    tl__free(heap, paths->words, paths->word_capacity * sizeof *paths->words);
    *paths = made;
    return TL_OK;
}
