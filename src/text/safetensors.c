/* Reading and writing safetensors: see the header for the format.
 *
 * The reader believes nothing: the header's length is checked against the file before it is parsed, each shape's
 * product against its offsets, and the ranges, sorted, must tile what follows the header exactly. All memory is in the
 * header's arena and in proportion to the header, which is in the file. */
#include "text/safetensors.h"

#include "base/text.h"
#include "text/yaml.h"

static const struct safetensors_type { const char *name; size_t size; } safetensors_types[] = {
#define SAFETENSORS_TYPE(name, size) {#name, size},
    TL__DTYPE_LIST(SAFETENSORS_TYPE)
#undef SAFETENSORS_TYPE
};

TL_PRIV const char *tl__dtype_name(tl__dtype dtype) { return safetensors_types[dtype].name; }

TL_PRIV size_t tl__dtype_size(tl__dtype dtype) { return safetensors_types[dtype].size; }

/* --- sorting numbers 0..count-1 by what they stand for --- */

typedef int safetensors_compare(const void *items, size_t a, size_t b);
typedef struct safetensors_order {
    const void *items;
    safetensors_compare *compare;
} safetensors_order;

#define SORT_NAME safetensors_merge
#define SORT_TYPE size_t
#define SORT_USER safetensors_order
#define SORT_BEFORE(user, b, a) (user).compare((user).items, a, b) > 0
#include "base/sort.inc.h"

static bool safetensors_sort(tl__arena *arena, size_t *order, size_t count, const void *items,
                             safetensors_compare *compare)
{
    size_t *scratch = tl__arena_push_zero(arena, count > 0 ? count : 1, sizeof *scratch);
    if (scratch == NULL) return false;
    for (size_t i = 0; i < count; i++) order[i] = i;
    safetensors_merge(order, scratch, count, (safetensors_order){items, compare});
    return true;
}

/* --- reading --- */

struct safetensors_reader {
    tl__safetensors *out;
    const unsigned char *data;   /* what follows the header */
    size_t size;                 /* of it */
    const char *file;
    tl_error *error;
};

static tl_status safetensors_bad(struct safetensors_reader *reader, const tl_value *entry, const char *what)
{
    return tl__fail_at(reader->error, TL_BAD_FILE, reader->file, 0, 0, NULL, "tensor '%.*s' %s; the file is damaged",
                       (int)tl__size_min(entry->key_size, 80), entry->key, what);
}

static bool safetensors_size(const tl_value *value, size_t *out)
{
    if (value->kind != TL_INTEGER || value->integer < 0 || (uint64_t)value->integer > SIZE_MAX) return false;
    *out = (size_t)value->integer;
    return true;
}

static tl_status safetensors_dtype(struct safetensors_reader *reader, const tl_value *entry, tl__tensor_view *tensor)
{
    const tl_value *dtype = tl__value_child(entry, "dtype");
    if (dtype == NULL || dtype->kind != TL_TEXT) return safetensors_bad(reader, entry, "has no dtype");
    for (size_t i = 0; i < TL__DTYPE_COUNT; i++)
        if (tl__same_text_n(safetensors_types[i].name, dtype->text, dtype->text_size)) {
            tensor->dtype = (tl__dtype)i;
            return TL_OK;
        }
    return tl__fail_at(reader->error, TL_UNSUPPORTED, reader->file, 0, 0, NULL,
                       "tensor '%s' holds numbers of type %.*s, which trainlib does not read; save it as F32",
                       tensor->name,
                       (int)tl__size_min(dtype->text_size, 20), dtype->text);
}

static tl_status safetensors_shape(struct safetensors_reader *reader, const tl_value *entry, tl__tensor_view *tensor)
{
    const tl_value *shape = tl__value_child(entry, "shape");
    if (shape == NULL || shape->kind != TL_LIST) return safetensors_bad(reader, entry, "has no shape");
    if (shape->count > TL__SAFETENSORS_MAX_RANK) return safetensors_bad(reader, entry, "has more than 8 dimensions");
    tensor->count = 1;
    for (const tl_value *item = shape->first; item != NULL; item = item->next) {
        size_t *dimension = &tensor->shape[tensor->rank++];
        if (!safetensors_size(item, dimension))
            return safetensors_bad(reader, entry, "has a dimension that is no size");
        if (!tl__size_mul(tensor->count, *dimension, &tensor->count))
            return safetensors_bad(reader, entry, "has more elements than fit into memory");
    }
    if (!tl__size_mul(tensor->count, tl__dtype_size(tensor->dtype), &tensor->size))
        return safetensors_bad(reader, entry, "has more bytes than fit into memory");
    return TL_OK;
}

static tl_status safetensors_offsets(struct safetensors_reader *reader, const tl_value *entry, tl__tensor_view *tensor)
{
    const tl_value *offsets = tl__value_child(entry, "data_offsets");
    size_t begin, end;
    if (offsets == NULL || offsets->kind != TL_LIST || offsets->count != 2 ||
        !safetensors_size(offsets->first, &begin) ||
        !safetensors_size(offsets->last, &end))
        return safetensors_bad(reader, entry, "has no data_offsets");
    if (begin > end || end > reader->size)
        return safetensors_bad(reader, entry, "lies outside the file, which may be cut off");
    if (end - begin != tensor->size) return safetensors_bad(reader, entry, "has a shape that does not fit its bytes");
    tensor->bytes = reader->data + begin;
    return TL_OK;
}

static tl_status safetensors_repeated(struct safetensors_reader *reader, const tl_value *map)
{
    bool failed = false;
    const tl_value *first, *again = tl__value_repeated(reader->out->tree->arena.heap, map, &first, &failed);
    if (failed) return tl__fail_memory(reader->error, map->count * sizeof map);
    if (again == NULL) return TL_OK;
    return tl__fail_at(reader->error, TL_BAD_FILE, reader->file, 0, 0, NULL,
                       "the name '%.*s' stands twice in the header; the file is damaged",
                       (int)tl__size_min(again->key_size, 80), again->key);
}

static tl_status safetensors_metadata(struct safetensors_reader *reader, const tl_value *map)
{
    if (map->kind != TL_MAP)
        return tl__fail_at(reader->error, TL_BAD_FILE, reader->file, 0, 0, NULL,
                           "__metadata__ is not a map of texts; the file is damaged");
    for (const tl_value *item = map->first; item != NULL; item = item->next)
        if (item->kind != TL_TEXT)
            return tl__fail_at(reader->error, TL_BAD_FILE, reader->file, 0, 0, NULL,
                               "__metadata__ '%.*s' is not a text; the file is damaged",
                               (int)tl__size_min(item->key_size, 80), item->key);
    reader->out->metadata = map;
    return safetensors_repeated(reader, map);
}

static tl_status safetensors_entry(struct safetensors_reader *reader, const tl_value *entry, tl__tensor_view *tensor)
{
    if (entry->kind != TL_MAP) return safetensors_bad(reader, entry, "is not described");
    if (entry->key_size == 0 || entry->key_size > TL__SAFETENSORS_MAX_NAME || strlen(entry->key) != entry->key_size)
        return safetensors_bad(reader, entry, "has a name that is empty, longer than 256 bytes or with a byte 0");
    tensor->name = entry->key;
    TL_TRY(safetensors_repeated(reader, entry));
    TL_TRY(safetensors_dtype(reader, entry, tensor));
    TL_TRY(safetensors_shape(reader, entry, tensor));
    return safetensors_offsets(reader, entry, tensor);
}

static int safetensors_by_place(const void *items, size_t a, size_t b)
{
    const tl__tensor_view *x = (const tl__tensor_view *)items + a, *y = (const tl__tensor_view *)items + b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? -1 : 1;
    return x->size < y->size ? -1 : x->size > y->size;   /* an empty tensor comes before one at the same place */
}

static int safetensors_by_name(const void *items, size_t a, size_t b)
{
    const tl__tensor_view *tensors = items;
    return strcmp(tensors[a].name, tensors[b].name);
}

/* Into the order of their bytes, which must cover everything once. */
static tl_status safetensors_tile(struct safetensors_reader *reader, const tl__tensor_view *found)
{
    tl__safetensors *out = reader->out;
    tl__arena *arena = &out->tree->arena;
    size_t end = 0;
    if (!safetensors_sort(arena, out->by_name, out->count, found, safetensors_by_place))
        return tl__fail_memory(reader->error, out->count * sizeof *out->by_name);
    for (size_t i = 0; i < out->count; i++) {
        tl__tensor_view *tensor = &out->tensors[i];
        *tensor = found[out->by_name[i]];
        if ((size_t)(tensor->bytes - reader->data) != end)
            return tl__fail_at(reader->error, TL_BAD_FILE, reader->file, 0, 0, NULL,
                               "tensor '%s' begins at byte %zu of the data, but the one before it ends at %zu; the "
                               "file is damaged", tensor->name, (size_t)(tensor->bytes - reader->data), end);
        end += tensor->size;
    }
    if (end != reader->size)
        return tl__fail_at(reader->error, TL_BAD_FILE, reader->file, 0, 0, NULL,
                           "the tensors end at byte %zu of the data, which has %zu bytes; the file is damaged", end,
                           reader->size);
    if (!safetensors_sort(arena, out->by_name, out->count, out->tensors, safetensors_by_name))
        return tl__fail_memory(reader->error, out->count * sizeof *out->by_name);
    return TL_OK;
}

static tl_status safetensors_entries(struct safetensors_reader *reader)
{
    tl__safetensors *out = reader->out;
    const tl_value *root = &out->tree->root, *metadata = tl__value_child(root, "__metadata__");
    tl__arena *arena = &out->tree->arena;
    size_t count = root->count - (metadata != NULL), at = 0;
    TL_TRY(safetensors_repeated(reader, root));
    if (metadata != NULL) TL_TRY(safetensors_metadata(reader, metadata));
    size_t room = count > 0 ? count : 1;
    tl__tensor_view *found = tl__arena_push_zero(arena, room, sizeof *found);
    out->tensors = tl__arena_push_zero(arena, room, sizeof *out->tensors);
    out->by_name = tl__arena_push_zero(arena, room, sizeof *out->by_name);
    if (found == NULL || out->tensors == NULL || out->by_name == NULL)
        return tl__fail_memory(reader->error, room * sizeof *found);
    out->count = count;
    for (const tl_value *entry = root->first; entry != NULL; entry = entry->next)
        if (entry != metadata) TL_TRY(safetensors_entry(reader, entry, &found[at++]));
    return safetensors_tile(reader, found);
}

TL_PRIV tl_status tl__safetensors_read(tl__safetensors *out, tl__heap *heap, const void *bytes, size_t size,
                                       const char *name, tl_error *error)
{
    const unsigned char *at = bytes;
    struct safetensors_reader reader = {.out = out, .file = name, .error = error};
    uint64_t length = 0;
    memset(out, 0, sizeof *out);
    if (size < 8)
        return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL, "%zu bytes are too few for a safetensors file", size);
    for (int i = 8; i-- > 0;) length = length << 8 | at[i];
    if (length > TL__SAFETENSORS_MAX_HEADER || length > size - 8 || length < 2 || at[8] != '{')
        return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL,
                           "this is not a safetensors file, or it is cut off: it says its header has %llu bytes, and "
                           "%zu follow",
                           (unsigned long long)length, size - 8);
    if (tl__tree_new(heap, name, &out->tree) != TL_OK) return tl__fail_memory(error, sizeof *out->tree);
    reader.data = at + 8 + (size_t)length;
    reader.size = size - 8 - (size_t)length;
    tl_status status = tl__json_parse(out->tree, (const char *)at + 8, (size_t)length, error);
    if (status == TL_OK) status = safetensors_entries(&reader);
    if (status != TL_OK) tl__safetensors_free(out);
    return status;
}

TL_PRIV void tl__safetensors_free(tl__safetensors *file)
{
    tl__tree_free(file->tree);
    memset(file, 0, sizeof *file);
}

TL_PRIV const tl__tensor_view *tl__safetensors_find(const tl__safetensors *file, const char *name)
{
    size_t low = 0, high = file->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const tl__tensor_view *tensor = &file->tensors[file->by_name[middle]];
        int order = strcmp(name, tensor->name);
        if (order == 0) return tensor;
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return NULL;
}

TL_PRIV const char *tl__safetensors_metadata(const tl__safetensors *file, const char *key)
{
    return file->metadata != NULL ? tl_value_text(tl__value_child(file->metadata, key), NULL) : NULL;
}

/* --- writing --- */

static int safetensors_source_order(const void *items, size_t a, size_t b)
{
    const tl__tensor_source *sources = items;
    if (sources[a].dtype != sources[b].dtype) return sources[a].dtype > sources[b].dtype ? -1 : 1;
    return strcmp(sources[a].name, sources[b].name);
}

static int safetensors_key_order(const void *items, size_t a, size_t b)
{
    const tl__metadata *metadata = items;
    return strcmp(metadata[a].key, metadata[b].key);
}

static bool safetensors_source_size(const tl__tensor_source *source, size_t *size)
{
    size_t name = strlen(source->name);
    if (name == 0 || name > TL__SAFETENSORS_MAX_NAME || !tl__is_utf8(source->name, name) ||
        tl__same_text(source->name, "__metadata__") || source->rank > TL__SAFETENSORS_MAX_RANK)
        return false;
    *size = tl__dtype_size(source->dtype);
    for (size_t i = 0; i < source->rank; i++)
        if (!tl__size_mul(*size, source->shape[i], size)) return false;
    return true;
}

static void safetensors_describe(tl__buffer *header, const tl__tensor_source *source, size_t begin, size_t size)
{
    tl__json_string(header, source->name, strlen(source->name));
    tl__buffer_format(header, ":{\"dtype\":\"%s\",\"shape\":[", tl__dtype_name(source->dtype));
    for (size_t i = 0; i < source->rank; i++) tl__buffer_format(header, "%s%zu", i > 0 ? "," : "", source->shape[i]);
    tl__buffer_format(header, "],\"data_offsets\":[%zu,%zu]}", begin, begin + size);
}

/* The header into a buffer; false when what it should describe is not allowed (two names alike, sizes that
 * overflow). */
static bool safetensors_header(tl__buffer *header, const tl__tensor_source *tensors, const size_t *order, size_t count,
                               const tl__metadata *metadata, const size_t *keys, size_t metadata_count)
{
    size_t begin = 0, size;
    tl__buffer_char(header, '{');
    if (metadata_count > 0) tl__buffer_text(header, "\"__metadata__\":{");
    for (size_t i = 0; i < metadata_count; i++) {
        const tl__metadata *item = &metadata[keys[i]];
        if (i > 0 && tl__same_text(item->key, metadata[keys[i - 1]].key)) return false;
        if (!tl__is_utf8(item->key, strlen(item->key)) || !tl__is_utf8(item->value, strlen(item->value))) return false;
        if (i > 0) tl__buffer_char(header, ',');
        tl__json_string(header, item->key, strlen(item->key));
        tl__buffer_char(header, ':');
        tl__json_string(header, item->value, strlen(item->value));
    }
    if (metadata_count > 0) tl__buffer_text(header, count > 0 ? "}," : "}");
    for (size_t i = 0; i < count; i++) {
        const tl__tensor_source *source = &tensors[order[i]];
        if (!safetensors_source_size(source, &size)) return false;
        if (i > 0) tl__buffer_char(header, ',');
        safetensors_describe(header, source, begin, size);
        if (!tl__size_add(begin, size, &begin)) return false;
    }
    tl__buffer_char(header, '}');
    while (header->size % 8 != 0 && !header->failed) tl__buffer_char(header, ' ');
    return header->size <= TL__SAFETENSORS_MAX_HEADER;
}

static int safetensors_source_name(const void *items, size_t a, size_t b)
{
    const tl__tensor_source *sources = items;
    return strcmp(sources[a].name, sources[b].name);
}

/* Two names alike need not be neighbours in the file's order, which is by type first. */
static bool safetensors_unique(const tl__tensor_source *tensors, const size_t *by_name, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (tl__same_text(tensors[by_name[i - 1]].name, tensors[by_name[i]].name)) return false;
    return true;
}

struct safetensors_sink {
    tl__write_fn *write;
    void *user;
    size_t left;        /* bytes that the tensor still has to give */
    bool too_many;
};

static tl_status safetensors_count(void *user, const void *bytes, size_t size, tl_error *error)
{
    struct safetensors_sink *sink = user;
    if (size > sink->left) {
        sink->too_many = true;
        return tl__fail(error, TL_INVALID, "a tensor gave more bytes than its shape has");
    }
    sink->left -= size;
    return sink->write(sink->user, bytes, size, error);
}

static tl_status safetensors_give(const tl__tensor_source *source, struct safetensors_sink *sink, tl_error *error)
{
    if (!safetensors_source_size(source, &sink->left)) return TL_INVALID;
    if (source->data != NULL) return sink->left > 0 ? sink->write(sink->user, source->data, sink->left, error) : TL_OK;
    if (source->give == NULL)
        return sink->left == 0 ? TL_OK : tl__fail(error, TL_INVALID, "tensor '%s' has no data", source->name);
    TL_TRY(source->give(source, safetensors_count, sink, error));
    if (sink->left == 0 && !sink->too_many) return TL_OK;
    return tl__fail(error, TL_INVALID, "tensor '%s' gave another number of bytes than its shape has", source->name);
}

static tl_status safetensors_write_header(const tl__buffer *header, tl__write_fn *write, void *user, tl_error *error)
{
    unsigned char length[8];
    for (int i = 0; i < 8; i++) length[i] = (unsigned char)((uint64_t)header->size >> (8 * i));
    TL_TRY(write(user, length, sizeof length, error));
    return write(user, header->data, header->size, error);
}

TL_PRIV tl_status tl__safetensors_write(tl__heap *heap, const tl__tensor_source *tensors, size_t count,
                                        const tl__metadata *metadata, size_t metadata_count, tl__write_fn *write,
                                        void *write_user, tl_error *error)
{
    tl__tree *tree;
    tl__buffer header;
    struct safetensors_sink sink = {write, write_user, 0, false};
    if (tl__tree_new(heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__buffer_init(&header, heap);
    tl__arena *arena = &tree->arena;
    size_t *order = tl__arena_push_zero(arena, count + 1, sizeof *order);
    size_t *by_name = tl__arena_push_zero(arena, count + 1, sizeof *by_name);
    size_t *keys = tl__arena_push_zero(arena, metadata_count + 1, sizeof *keys);
    tl_status status = TL_OK;
    if (order == NULL || by_name == NULL || keys == NULL ||
        !safetensors_sort(arena, order, count, tensors, safetensors_source_order) ||
        !safetensors_sort(arena, by_name, count, tensors, safetensors_source_name) ||
        !safetensors_sort(arena, keys, metadata_count, metadata, safetensors_key_order)) {
        status = tl__fail_memory(error, (count + metadata_count) * sizeof *order);
    } else if (!safetensors_unique(tensors, by_name, count) ||
               !safetensors_header(&header, tensors, order, count, metadata, keys, metadata_count)) {
        status = tl__fail(error, TL_INVALID, "tensors for a safetensors file have a name twice or a name or shape that "
                                             "is not allowed");
    } else if (header.failed) {
        status = tl__fail_memory(error, header.size);
    } else if (write) {
        status = safetensors_write_header(&header, write, write_user, error);
    }
    for (size_t i = 0; write && i < count && status == TL_OK; i++)
        status = safetensors_give(&tensors[order[i]], &sink, error);
    tl__buffer_free(&header);
    tl__tree_free(tree);
    return status;
}

TL_PRIV tl_status tl__write_to_buffer(void *buffer, const void *bytes, size_t size, tl_error *error)
{
    tl__buffer *out = buffer;
    tl__buffer_add(out, bytes, size);
    return out->failed ? tl__fail_memory(error, size) : TL_OK;
}
