/* Trees of values: building, reading by path, comparing, and what C programs see of them.
 *
 * All of a tree lies in its root's arena and dies with it, so a value that is replaced or detached stays valid (and
 * keeps its memory) until then. Functions here recurse over a tree; parsers keep trees within TL__VALUE_MAX_DEPTH. */
#include "text/value.h"

#include "base/hash.h"
#include "base/text.h"
#include "text/yaml.h"

enum { VALUE_FEW_KEYS = 16 };   /* a map this small is searched for repeated keys without a table */

TL_PRIV tl_status tl__tree_new(tl__heap *heap, const char *file, tl__tree **out)
{
    tl__tree *tree = tl__alloc_zero(heap, 1, sizeof *tree);
    if (tree == NULL) return TL_OUT_OF_MEMORY;
    tl__arena_init(&tree->arena, heap);
    if (file != NULL) {
        tree->file = tl__arena_text(&tree->arena, file);
        if (tree->file == NULL) {
            tl__tree_free(tree);
            return TL_OUT_OF_MEMORY;
        }
    }
    *out = tree;
    return TL_OK;
}

TL_PRIV void tl__tree_free(tl__tree *tree)
{
    if (tree == NULL) return;
    tl__heap *heap = tree->arena.heap;
    tl__arena_free(&tree->arena);
    tl__free(heap, tree, sizeof *tree);
}

/* --- building --- */

TL_PRIV void tl__builder_init(tl__builder *builder, tl__tree *tree)
{
    builder->tree = tree;
    builder->failed = false;
}

TL_PRIV tl_value *tl__put_new(tl__builder *builder, tl_value *parent)
{
    if (builder->failed) return NULL;
    if (parent == NULL) return &builder->tree->root;
    tl_value *value = tl__arena_push_zero(&builder->tree->arena, 1, sizeof *value);
    if (value == NULL) {
        builder->failed = true;
        return NULL;
    }
    if (parent->last != NULL) parent->last->next = value;
    else parent->first = value;
    parent->last = value;
    parent->count++;
    return value;
}

static tl_value *value_put(tl__builder *builder, tl_value *parent, const char *key, size_t key_size, tl_kind kind)
{
    char *copy = NULL;
    if (builder->failed) return NULL;
    if (key != NULL && parent != NULL) {
        copy = tl__arena_copy(&builder->tree->arena, key, key_size);
        if (copy == NULL) {
            builder->failed = true;
            return NULL;
        }
    }
    tl_value *value = tl__put_new(builder, parent);
    if (value == NULL) return NULL;
    value->kind = kind;
    value->key = copy;
    value->key_size = copy != NULL ? key_size : 0;
    return value;
}

static size_t value_key_size(const char *key) { return key != NULL ? strlen(key) : 0; }

TL_PRIV tl_value *tl__put_map(tl__builder *builder, tl_value *parent, const char *key)
{
    return value_put(builder, parent, key, value_key_size(key), TL_MAP);
}

TL_PRIV tl_value *tl__put_list(tl__builder *builder, tl_value *parent, const char *key)
{
    return value_put(builder, parent, key, value_key_size(key), TL_LIST);
}

TL_PRIV tl_value *tl__put_text_n(tl__builder *builder, tl_value *parent, const char *key, const char *text, size_t size)
{
    tl_value *value = value_put(builder, parent, key, value_key_size(key), TL_TEXT);
    if (value == NULL) return NULL;
    value->quoted = true;
    value->text = tl__arena_copy(&builder->tree->arena, text, size);
    value->text_size = size;
    if (value->text == NULL) {
        value->kind = TL_NULL;
        builder->failed = true;
        return NULL;
    }
    return value;
}

TL_PRIV tl_value *tl__put_text(tl__builder *builder, tl_value *parent, const char *key, const char *text)
{
    return tl__put_text_n(builder, parent, key, text, strlen(text));
}

TL_PRIV tl_value *tl__put_number(tl__builder *builder, tl_value *parent, const char *key, double number)
{
    tl_value *value = value_put(builder, parent, key, value_key_size(key), TL_NUMBER);
    if (value != NULL) value->number = number;
    return value;
}

TL_PRIV tl_value *tl__put_integer(tl__builder *builder, tl_value *parent, const char *key, int64_t integer)
{
    tl_value *value = value_put(builder, parent, key, value_key_size(key), TL_INTEGER);
    if (value != NULL) {
        value->integer = integer;
        value->number = (double)integer;
    }
    return value;
}

TL_PRIV tl_value *tl__put_bool(tl__builder *builder, tl_value *parent, const char *key, bool truth)
{
    tl_value *value = value_put(builder, parent, key, value_key_size(key), TL_BOOL);
    if (value != NULL) value->integer = truth;
    return value;
}

TL_PRIV tl_value *tl__put_null(tl__builder *builder, tl_value *parent, const char *key)
{
    return value_put(builder, parent, key, value_key_size(key), TL_NULL);
}

TL_PRIV void tl__value_fill(tl__builder *builder, tl_value *target, const tl_value *source)
{
    target->kind = source->kind;
    target->quoted = source->quoted;
    target->number = source->number;
    target->integer = source->integer;
    target->text = NULL;
    target->text_size = 0;
    target->first = target->last = NULL;
    target->count = 0;
    if (source->text != NULL) {
        target->text = tl__arena_copy(&builder->tree->arena, source->text, source->text_size);
        target->text_size = source->text_size;
        if (target->text == NULL) {
            target->kind = TL_NULL;
            builder->failed = true;
            return;
        }
    }
    for (const tl_value *child = source->first; child != NULL; child = child->next) {
        tl_value *copy = value_put(builder, target, child->key, child->key_size, child->kind);
        if (copy == NULL) return;
        copy->line = child->line;
        copy->column = child->column;
        copy->key_line = child->key_line;
        copy->key_column = child->key_column;
        copy->file = child->file;
        tl__value_fill(builder, copy, child);
    }
}

TL_PRIV tl_value *tl__put_copy(tl__builder *builder, tl_value *parent, const char *key, const tl_value *source)
{
    tl_value *value = value_put(builder, parent, key, value_key_size(key), source->kind);
    if (value == NULL) return NULL;
    value->line = source->line;
    value->column = source->column;
    value->key_line = source->key_line;
    value->key_column = source->key_column;
    value->file = source->file;
    tl__value_fill(builder, value, source);
    return builder->failed ? NULL : value;
}

/* --- reading --- */

TL_PRIV tl_value *tl__value_child_n(const tl_value *map, const char *key, size_t size)
{
    if (map == NULL || map->kind != TL_MAP) return NULL;
    for (tl_value *child = map->first; child != NULL; child = child->next)
        if (child->key_size == size && memcmp(child->key, key, size) == 0) return child;
    return NULL;
}

TL_PRIV tl_value *tl__value_child(const tl_value *map, const char *key)
{
    return tl__value_child_n(map, key, strlen(key));
}

TL_PRIV void tl__value_detach(tl_value *parent, tl_value *child)
{
    tl_value *before = NULL;
    for (tl_value *at = parent->first; at != NULL; before = at, at = at->next) {
        if (at != child) continue;
        if (before != NULL) before->next = child->next;
        else parent->first = child->next;
        if (parent->last == child) parent->last = before;
        parent->count--;
        child->next = NULL;
        return;
    }
}

TL_PRIV bool tl__value_equal(const tl_value *a, const tl_value *b)
{
    if (a->kind != b->kind || a->count != b->count || a->key_size != b->key_size) return false;
    if (a->key_size > 0 && memcmp(a->key, b->key, a->key_size) != 0) return false;
    switch (a->kind) {
    case TL_NULL: return true;
    case TL_BOOL:
    case TL_INTEGER: return a->integer == b->integer;
    case TL_NUMBER: return a->number == b->number || (a->number != a->number && b->number != b->number);
    case TL_TEXT: return a->text_size == b->text_size && memcmp(a->text, b->text, a->text_size) == 0;
    case TL_LIST:
    case TL_MAP: break;
    }
    const tl_value *y = b->first;
    for (const tl_value *x = a->first; x != NULL; x = x->next, y = y->next)
        if (!tl__value_equal(x, y)) return false;
    return true;
}

static bool value_same_key(const tl_value *a, const tl_value *b)
{
    return a->key_size == b->key_size && memcmp(a->key, b->key, a->key_size) == 0;
}

TL_PRIV const tl_value *tl__value_repeated(tl__heap *heap, const tl_value *map, const tl_value **first, bool *failed)
{
    if (map->kind != TL_MAP) return NULL;
    if (map->count <= VALUE_FEW_KEYS) {
        for (const tl_value *b = map->first; b != NULL; b = b->next)
            for (const tl_value *a = map->first; a != b; a = a->next)
                if (value_same_key(a, b)) return *first = a, b;
        return NULL;
    }
    size_t slots = 4 * VALUE_FEW_KEYS, bytes;
    while (slots < map->count * 2) slots *= 2;
    const tl_value **table = tl__alloc_zero(heap, slots, sizeof *table), *found = NULL;
    if (table == NULL || !tl__size_mul(slots, sizeof *table, &bytes)) {
        *failed = true;
        return NULL;
    }
    for (const tl_value *b = map->first; b != NULL && found == NULL; b = b->next) {
        size_t at = (size_t)tl__fnv1a(b->key, b->key_size) & (slots - 1);
        while (table[at] != NULL && !value_same_key(table[at], b)) at = (at + 1) & (slots - 1);
        if (table[at] != NULL) {
            *first = table[at];
            found = b;
        }
        table[at] = b;
    }
    tl__free(heap, table, bytes);
    return found;
}

/* --- plain scalars: YAML 1.2.2, chapter 10.3, core schema --- */

static bool value_is_word(const tl_value *value, const char *word)
{
    /* each word is known in three forms: true, True, TRUE */
    size_t size = strlen(word), upper = 0, lower = 0;
    if (value->text_size != size) return false;
    for (size_t i = 0; i < size; i++) {
        char c = value->text[i];
        bool is_upper = c >= 'A' && c <= 'Z';
        if ((is_upper ? (char)(c - 'A' + 'a') : c) != word[i]) return false;
        if (word[i] < 'a' || word[i] > 'z') continue;
        if (!is_upper) lower++;
        else if (upper == 0 && lower > 0) return false;
        else upper++;
    }
    return upper <= 1 || lower == 0;
}

static bool value_resolve_based(tl_value *value)
{
    const char *text = value->text;
    uint64_t number = 0;
    if (value->text_size < 3 || text[0] != '0' || (text[1] != 'x' && text[1] != 'o')) return false;
    unsigned base = text[1] == 'x' ? 16 : 8;
    for (size_t i = 2; i < value->text_size; i++) {
        char c = text[i];
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
        if (digit >= base || number > (uint64_t)INT64_MAX / base) return false;
        number = number * base + digit;
    }
    if (number > (uint64_t)INT64_MAX) return false;
    value->kind = TL_INTEGER;
    value->integer = (int64_t)number;
    value->number = (double)value->integer;
    return true;
}

/* [-+]? ( . digits | digits ( . digits? )? ) ( [eE] [-+]? digits )? and the words for infinity and not-a-number */
static bool value_resolve_float(tl_value *value)
{
    const char *at = value->text, *end = at + value->text_size;
    size_t digits = 0;
    if (at < end && (*at == '-' || *at == '+')) at++;
    if (end - at == 4 && at[0] == '.') {
        bool sign = at != value->text;
        tl_value word = {.text = at, .text_size = 4};
        bool infinite = value_is_word(&word, ".inf"), nothing = !sign && value_is_word(&word, ".nan");
        if (infinite || nothing) {
            value->kind = TL_NUMBER;
            return tl__parse_double(infinite ? value->text[0] == '-' ? "-inf" : "+inf" : "+nan", 4, &value->number);
        }
    }
    for (; at < end && *at >= '0' && *at <= '9'; at++) digits++;
    if (at < end && *at == '.')
        for (at++; at < end && *at >= '0' && *at <= '9'; at++) digits++;
    if (digits == 0) return false;
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '-' || *at == '+')) at++;
        if (at == end) return false;
        while (at < end && *at >= '0' && *at <= '9') at++;
    }
    if (at != end || !tl__parse_double(value->text, value->text_size, &value->number)) return false;
    value->kind = TL_NUMBER;
    return true;
}

TL_PRIV void tl__value_resolve(tl_value *value)
{
    value->kind = TL_TEXT;
    if (value->text_size == 0 || value_is_word(value, "null") || (value->text_size == 1 && value->text[0] == '~')) {
        value->kind = TL_NULL;
    } else if (value_is_word(value, "true") || value_is_word(value, "false")) {
        value->kind = TL_BOOL;
        value->integer = value->text[0] == 't' || value->text[0] == 'T';
    } else if (tl__parse_int(value->text, value->text_size, &value->integer)) {
        value->kind = TL_INTEGER;
        value->number = (double)value->integer;
    } else if (!value_resolve_based(value)) {
        value_resolve_float(value);
    }
}

/* --- the public side --- */

tl_kind tl_value_kind(const tl_value *value) { return value != NULL ? value->kind : TL_NULL; }

size_t tl_value_count(const tl_value *value) { return value != NULL ? value->count : 0; }

const tl_value *tl_value_at(const tl_value *value, size_t index)
{
    if (value == NULL || index >= value->count) return NULL;
    const tl_value *child = value->first;
    while (index-- > 0) child = child->next;
    return child;
}

const char *tl_value_key_at(const tl_value *map, size_t index)
{
    const tl_value *child = tl_value_at(map, index);
    return child != NULL ? child->key : NULL;
}

double tl_value_number(const tl_value *value, double otherwise)
{
    if (value == NULL || (value->kind != TL_NUMBER && value->kind != TL_INTEGER)) return otherwise;
    return value->number;
}

int64_t tl_value_integer(const tl_value *value, int64_t otherwise)
{
    const double limit = 9223372036854775808.0;   /* 2^63: exact, and the first that does not fit */
    if (value == NULL) return otherwise;
    if (value->kind == TL_INTEGER) return value->integer;
    if (value->kind != TL_NUMBER || !(value->number >= -limit && value->number < limit)) return otherwise;
    int64_t integer = (int64_t)value->number;
    return (double)integer == value->number ? integer : otherwise;
}

bool tl_value_bool(const tl_value *value, bool otherwise)
{
    return value != NULL && value->kind == TL_BOOL ? value->integer != 0 : otherwise;
}

const char *tl_value_text(const tl_value *value, const char *otherwise)
{
    return value != NULL && value->kind == TL_TEXT ? value->text : otherwise;
}

/* Hand a finished buffer over as a text of exactly its size, as tl_text_free expects. */
static tl_status value_give_text(tl__buffer *buffer, char **out)
{
    tl__buffer_reserve(buffer, 0);
    if (!buffer->failed) {
        char *text = tl__resize(buffer->heap, buffer->data, buffer->capacity, buffer->size + 1);
        if (text != NULL) {
            text[buffer->size] = '\0';
            *out = text;
            return TL_OK;
        }
    }
    tl__buffer_free(buffer);
    return TL_OUT_OF_MEMORY;
}

tl_status tl_value_json(tl_context *context, const tl_value *value, int indent, char **out)
{
    tl__buffer buffer;
    tl__buffer_init(&buffer, &context->heap);
    tl__json_write(&buffer, value, indent);
    return value_give_text(&buffer, out);
}

tl_status tl_value_yaml(tl_context *context, const tl_value *value, char **out)
{
    tl__buffer buffer;
    tl__buffer_init(&buffer, &context->heap);
    tl__yaml_write(&buffer, value, 0);
    return value_give_text(&buffer, out);
}

void tl_text_free(tl_context *context, char *text)
{
    if (text != NULL) tl__free(&context->heap, text, strlen(text) + 1);
}

void tl_value_free(tl_context *context, tl_value *root)
{
    (void)context;
    tl__tree_free((tl__tree *)root);
}
