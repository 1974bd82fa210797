/* From trees to settings structs, by field lists.
 *
 * Every key has to be a row and every value of its row's type and range. What is wrong is told and the rest goes on, so
 * that one reading tells all mistakes; only running out of memory ends it. A value that is null (`seed:` with nothing
 * after it) leaves its setting as it is. */
#include "text/bind.h"

#include "base/text.h"
#include "text/yaml.h"

enum { BIND_PATH = 256, BIND_SHOWN = 60 };

struct bind_state {
    const char *file;
    tl__arena *arena;
    tl_error *error;
    const tl__field *root;     /* where a name that is unknown in its block is looked for, too */
    const char *root_path;
    const char *skip;          /* a key of the outermost map that is no row, or NULL */
    bool over;                 /* only what is mentioned changes: nothing is required */
    tl_status status;
};

static tl_status bind_rows(struct bind_state *state, const tl__field *rows, void *block, const tl_value *map,
                           const char *path);

/* --- messages --- */

static void bind_join(char out[BIND_PATH], const char *path, const char *name, size_t size)
{
    tl__format(out, BIND_PATH, "%s%s%.*s", path, path[0] != '\0' ? "." : "", (int)tl__size_min(size, BIND_SHOWN), name);
}

/* A value as a message shows it. */
static void bind_show(char *out, size_t size, const tl_value *value)
{
    char number[40];
    if (value->kind == TL_LIST || value->kind == TL_MAP) {
        tl__format(out, size, value->kind == TL_LIST ? "a list" : "a block of settings");
        return;
    }
    const char *text = value->text, *quote = value->kind == TL_TEXT ? "\"" : "";
    size_t length = value->text_size;
    if (text == NULL) {
        if (value->kind == TL_INTEGER) tl__format(number, sizeof number, "%lld", (long long)value->integer);
        else if (value->kind == TL_NUMBER) tl__print_double(number, value->number);
        else tl__format(number, sizeof number, value->kind == TL_NULL ? "null" : value->integer != 0 ? "true" :
                        "false");
        text = number;
        length = strlen(number);
    }
    tl__format(out, size, "%s%.*s%s%s", quote, (int)tl__size_min(length, BIND_SHOWN), text,
               length > BIND_SHOWN ? "..." : "",
               quote);
}

static const char *bind_file(const struct bind_state *state, const tl_value *value)
{
    return value->file != NULL ? value->file : state->file;
}

static tl_status bind_mistake(struct bind_state *state, const tl_value *value, const char *path, const char *sentence)
{
    tl__fail_at(state->error, TL_BAD_CONFIG, bind_file(state, value), value->line, value->column, path, "%s", sentence);
    state->status = TL_BAD_CONFIG;
    return TL_OK;
}

/* "training.batch_size is 0; it must be a whole number from 1 to 1048576" */
static tl_status bind_wrong(struct bind_state *state, const tl__field *row, const tl_value *value, const char *path)
{
    char shown[BIND_SHOWN + 16], range[400], sentence[800];
    const char *hint = "", *nearest = NULL;
    bind_show(shown, sizeof shown, value);
    tl__field_range(range, sizeof range, row);
    if (value->kind == TL_TEXT && value->quoted && (row->kind == TL__FIELD_INT || row->kind == TL__FIELD_FLOAT)) {
        tl_value plain = {.text = value->text, .text_size = value->text_size};
        tl__value_resolve(&plain);
        if (plain.kind != TL_TEXT) hint = ", without quotes";
    }
    if (row->kind == TL__FIELD_CHOICE && value->kind == TL_TEXT && value->text_size < BIND_SHOWN) {
        tl__suggestion suggestion = {value->text, NULL, 0};
        for (size_t i = 0; row->choices[i] != NULL; i++) tl__suggest(&suggestion, row->choices[i]);
        nearest = suggestion.best;
    }
    tl__format(sentence, sizeof sentence, "%s is %s; it must be %s%s%s%s%s", path, shown, range, hint,
               nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
    return bind_mistake(state, value, path, sentence);
}

/* The path of a row with this name anywhere below rows, into out. */
static bool bind_elsewhere(const tl__field *rows, const char *path, const char *name, size_t size, char out[BIND_PATH])
{
    char below[BIND_PATH];
    for (const tl__field *row = rows; row->name != NULL; row++) {
        if (tl__same_text_n(row->name, name, size)) {
            bind_join(out, path, row->name, strlen(row->name));
            return true;
        }
        if (row->kind != TL__FIELD_BLOCK) continue;
        bind_join(below, path, row->name, strlen(row->name));
        if (bind_elsewhere(row->rows, below, name, size, out)) return true;
    }
    return false;
}

static tl_status bind_unknown(struct bind_state *state, const tl__field *rows, const tl_value *value, const char *path)
{
    char wanted[BIND_PATH], other[BIND_PATH], sentence[800];
    const char *nearest;
    tl_value place = *value;
    bind_join(wanted, path, value->key, value->key_size);
    tl__field_find(rows, value->key, value->key_size, &nearest);
    if (nearest != NULL) bind_join(other, path, nearest, strlen(nearest));
    if (nearest != NULL || bind_elsewhere(state->root, state->root_path, value->key, value->key_size, other)) {
        tl__format(sentence, sizeof sentence, "%s is not a setting; did you mean %s?", wanted, other);
    } else {
        size_t used = tl__format(sentence, sizeof sentence, "%s is not a setting; known here:", wanted);
        for (const tl__field *row = rows; row->name != NULL && used < 400; row++)
            used += tl__format(sentence + used, sizeof sentence - used, "%s %s", row != rows ? "," : "", row->name);
        if (rows->name == NULL)
            tl__format(sentence, sizeof sentence, "%s is not a setting; there are none here", wanted);
    }
    place.line = value->key_line;
    place.column = value->key_column;
    return bind_mistake(state, &place, wanted, sentence);
}

/* --- scalars --- */

static bool bind_is_word(const tl_value *value, const char *word)
{
    return value->kind == TL_TEXT && !value->quoted && tl__same_text_n(word, value->text, value->text_size);
}

/* The word alone, quoted or not: JSON quotes all texts. */
static bool bind_is_auto(const tl_value *value)
{
    return value->kind == TL_TEXT && tl__same_text_n("auto", value->text, value->text_size);
}

static bool bind_in_range(const tl__field *row, double number)
{
    bool any = !(row->min < 0) && !(row->min > 0) && !(row->max < 0) && !(row->max > 0);
    if (number - number != 0) return false;
    if (any) return true;
    if (number < row->min || number > row->max) return false;
    if ((row->flags & TL__OPEN_MIN) && !(number > row->min)) return false;
    return !((row->flags & TL__OPEN_MAX) && !(number < row->max));
}

static bool bind_integer(const tl__field *row, const tl_value *value, int64_t *out)
{
    const int64_t none = INT64_MIN;
    int64_t integer = tl_value_integer(value, none);
    if (integer == none || !bind_in_range(row, (double)integer)) return false;
    *out = integer;
    return true;
}

static bool bind_float(const tl__field *row, const tl_value *value, double *out)
{
    if ((value->kind != TL_NUMBER && value->kind != TL_INTEGER) || !bind_in_range(row, value->number)) return false;
    *out = value->number;
    return true;
}

static bool bind_bool(const tl_value *value, bool *out)
{
    static const char *const words[][3] = {{"no", "No", "NO"}, {"yes", "Yes", "YES"}, {"off", "Off", "OFF"},
                                           {"on", "On", "ON"}};
    if (value->kind == TL_BOOL) return *out = value->integer != 0, true;
    for (size_t i = 0; i < TL_COUNT(words); i++)
        for (size_t form = 0; form < 3; form++)
            if (bind_is_word(value, words[i][form])) return *out = (i & 1) != 0, true;
    return false;
}

/* Any scalar as the text that was written. NULL and *wrong: a list or map. NULL else: out of memory. */
static const char *bind_text(struct bind_state *state, const tl_value *value, bool *wrong)
{
    char made[40];
    *wrong = value->kind == TL_LIST || value->kind == TL_MAP;
    if (*wrong) return NULL;
    if (value->text != NULL) return tl__arena_copy(state->arena, value->text, value->text_size);
    bind_show(made, sizeof made, value);
    return tl__arena_text(state->arena, made);
}

static bool bind_choice(const tl__field *row, const tl_value *value, int *out)
{
    char made[40];
    if (value->kind == TL_LIST || value->kind == TL_MAP) return false;
    const char *text = value->text;
    size_t size = value->text_size;
    if (text == NULL) {
        bind_show(made, sizeof made, value);
        text = made;
        size = strlen(made);
    }
    for (int i = 0; row->choices[i] != NULL; i++)
        if (tl__same_text_n(row->choices[i], text, size)) return *out = i, true;
    return false;
}

/* --- lists --- */

static tl_status bind_item(struct bind_state *state, const tl__field *row, const tl_value *item, const char *path,
                           void *items, size_t index)
{
    tl__field one = *row;
    bool wrong = false;
    if (row->kind == TL__FIELD_TEXT_LIST) {
        one.kind = TL__FIELD_TEXT;
        const char *text = item->kind != TL_NULL ? bind_text(state, item, &wrong) : NULL;
        wrong = wrong || item->kind == TL_NULL;
        if (!wrong && text == NULL) return tl__fail_memory(state->error, item->text_size);
        ((const char **)items)[index] = text;
    } else if (row->kind == TL__FIELD_INT_LIST) {
        int word;
        if (row->choices != NULL && bind_choice(row, item, &word)) {
            ((int64_t *)items)[index] = -1 - word;
        } else {
            wrong = !bind_integer(row, item, (int64_t *)items + index);
            one.kind = row->choices != NULL ? TL__FIELD_INT_LIST : TL__FIELD_INT;
        }
    } else {
        one.kind = TL__FIELD_FLOAT;
        wrong = !bind_float(row, item, (double *)items + index);
    }
    return wrong ? bind_wrong(state, &one, item, path) : TL_OK;
}

static tl_status bind_list(struct bind_state *state, const tl__field *row, void *place, const tl_value *value,
                           const char *path)
{
    if (value->kind == TL_MAP) return bind_wrong(state, row, value, path);
    bool list = value->kind == TL_LIST;
    size_t count = list ? value->count : 1, index = 0;
    size_t item_size = row->kind == TL__FIELD_INT_LIST ? sizeof(int64_t) : row->kind == TL__FIELD_FLOAT_LIST
                       ? sizeof(double) : sizeof(const char *);
    tl_status before = state->status;
    void *items = count > 0 ? tl__arena_push_zero(state->arena, count, item_size) : NULL;
    if (count > 0 && items == NULL) return tl__fail_memory(state->error, count * item_size);
    state->status = TL_OK;
    for (const tl_value *item = list ? value->first : value; index < count; item = item->next, index++) {
        char item_path[BIND_PATH];
        tl__format(item_path, sizeof item_path, list ? "%s[%zu]" : "%s", path, index);
        TL_TRY(bind_item(state, row, item, item_path, items, index));
    }
    if (state->status == TL_OK) {
        state->status = before;
        if (row->kind == TL__FIELD_INT_LIST) *(tl__int_list *)place = (tl__int_list){count, items};
        else if (row->kind == TL__FIELD_FLOAT_LIST) *(tl__float_list *)place = (tl__float_list){count, items};
        else *(tl__text_list *)place = (tl__text_list){count, items};
    }
    return TL_OK;
}

/* --- blocks --- */

static tl_status bind_member_row(struct bind_state *state, const tl__field *row, tl__member *member,
                                 const tl_value *value, const char *path)
{
    const tl_value *name = value->kind == TL_MAP ? tl__value_child(value, "type") : value;
    bool wrong;
    if (name == NULL) {
        char sentence[512];
        tl__format(sentence, sizeof sentence, "%s does not say which %s; begin it with type:", path,
                   row->family != NULL ? row->family : "kind");
        return bind_mistake(state, value, path, sentence);
    }
    const char *text = bind_text(state, name, &wrong);
    if (wrong) return bind_wrong(state, row, value, path);
    if (text == NULL) return tl__fail_memory(state->error, name->text_size);
    member->name = text;
    member->settings = value;
    return TL_OK;
}

static tl_status bind_block_row(struct bind_state *state, const tl__field *row, void *block, const tl_value *value,
                                const char *path)
{
    bool on;
    if (row->flags & TL__OPTIONAL) {
        if (bind_bool(value, &on)) {
            *(bool *)block = on;
            return TL_OK;
        }
        *(bool *)block = true;
        if (value->kind == TL_NULL) return TL_OK;
    }
    if (value->kind != TL_MAP) return bind_wrong(state, row, value, path);
    return bind_rows(state, row->rows, block, value, path);
}

static tl_status bind_row(struct bind_state *state, const tl__field *row, void *place, const tl_value *value,
                          const char *path)
{
    bool automatic = (row->flags & TL__AUTO) && bind_is_auto(value), wrong = false;
    if (row->kind == TL__FIELD_BLOCK) return bind_block_row(state, row, place, value, path);
    if (value->kind == TL_NULL) return TL_OK;
    if (row->kind == TL__FIELD_INT) {
        if (automatic) *(int64_t *)place = (int64_t)row->fallback;
        else wrong = !bind_integer(row, value, place);
    } else if (row->kind == TL__FIELD_FLOAT) {
        if (automatic) *(double *)place = row->fallback;
        else wrong = !bind_float(row, value, place);
    } else if (row->kind == TL__FIELD_BOOL) {
        wrong = !bind_bool(value, place);
    } else if (row->kind == TL__FIELD_CHOICE) {
        wrong = !bind_choice(row, value, place);
    } else if (row->kind == TL__FIELD_TEXT) {
        const char *text = bind_text(state, value, &wrong);
        if (text == NULL && !wrong) return tl__fail_memory(state->error, value->text_size);
        if (text != NULL) *(const char **)place = text;
    } else if (row->kind == TL__FIELD_MEMBER) {
        return bind_member_row(state, row, place, value, path);
    } else if (row->kind == TL__FIELD_TREE) {
        *(const tl_value **)place = value;
    } else {
        return bind_list(state, row, place, value, path);
    }
    return wrong ? bind_wrong(state, row, value, path) : TL_OK;
}

/* Is a key of the map so near to the row's name that it has been told as a misspelling of it? */
static bool bind_misspelt(const tl__field *rows, const tl__field *row, const tl_value *map)
{
    for (const tl_value *value = map->first; value != NULL; value = value->next) {
        const char *nearest = NULL;
        if (tl__field_find(rows, value->key, value->key_size, &nearest) == NULL && nearest == row->name) return true;
    }
    return false;
}

static tl_status bind_required(struct bind_state *state, const tl__field *rows, const tl_value *map, const char *path)
{
    for (const tl__field *row = rows; row->name != NULL; row++) {
        const tl_value *value = tl__value_child(map, row->name);
        char row_path[BIND_PATH], range[400], sentence[800];
        if (!(row->flags & TL__REQUIRED) || (value != NULL && value->kind != TL_NULL)) continue;
        if (bind_misspelt(rows, row, map)) continue;
        bind_join(row_path, path, row->name, strlen(row->name));
        tl__field_range(range, sizeof range, row);
        tl__format(sentence, sizeof sentence, "%s is missing; it must be %s", row_path, range);
        TL_TRY(bind_mistake(state, map, row_path, sentence));
    }
    return TL_OK;
}

static tl_status bind_rows(struct bind_state *state, const tl__field *rows, void *block, const tl_value *map,
                           const char *path)
{
    bool failed = false;
    const tl_value *first = NULL, *again = tl__value_repeated(state->arena->heap, map, &first, &failed);
    const char *skip = state->skip;
    state->skip = NULL;
    if (failed) return tl__fail_memory(state->error, map->count * sizeof map);
    if (again != NULL) {
        char sentence[512];
        tl__format(sentence, sizeof sentence, "the key '%.*s' stands twice in one map, here and in line %d; remove one",
                   (int)tl__size_min(again->key_size, BIND_SHOWN), again->key, first->key_line);
        TL_TRY(bind_mistake(state, again, path, sentence));
    }
    for (const tl_value *value = map->first; value != NULL; value = value->next) {
        char row_path[BIND_PATH];
        const tl__field *row = tl__field_find(rows, value->key, value->key_size, NULL);
        if (row == NULL) {
            if (skip == NULL || !tl__same_text_n(skip, value->key, value->key_size))
                TL_TRY(bind_unknown(state, rows, value, path));
            continue;
        }
        bind_join(row_path, path, row->name, strlen(row->name));
        TL_TRY(bind_row(state, row, (unsigned char *)block + row->offset, value, row_path));
    }
    return state->over ? TL_OK : bind_required(state, rows, map, path);
}

static tl_status bind_root(const tl__field *rows, void *block, const tl_value *map, const char *file, const char *path,
                           const char *skip, bool over, tl__arena *arena, tl_error *error)
{
    struct bind_state state = {file, arena, error, rows, path, skip, over, TL_OK};
    if (map == NULL) return TL_OK;
    if (map->kind != TL_MAP && map->kind != TL_NULL) {
        tl__fail_at(error, TL_BAD_CONFIG, bind_file(&state, map), map->line, map->column, path,
                    "%s must be a block of settings, key: value", path[0] != '\0' ? path : "this");
        return TL_BAD_CONFIG;
    }
    TL_TRY(bind_rows(&state, rows, block, map, path));
    return state.status;
}

/* Lists whose default is written as YAML in the row; blocks inside blocks too. */
static tl_status bind_list_defaults(const tl__field *rows, void *block, tl__arena *arena, tl_error *error)
{
    for (const tl__field *row = rows; row->name != NULL; row++) {
        void *place = (unsigned char *)block + row->offset;
        bool list = row->kind == TL__FIELD_INT_LIST || row->kind == TL__FIELD_FLOAT_LIST ||
            row->kind == TL__FIELD_TEXT_LIST;
        if (row->kind == TL__FIELD_BLOCK) TL_TRY(bind_list_defaults(row->rows, place, arena, error));
        if (!list || row->text == NULL) continue;
        struct bind_state state = {"default", arena, error, rows, "", NULL, true, TL_OK};
        tl__tree *tree;
        if (tl__tree_new(arena->heap, "default", &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
        tl_status status = tl__yaml_parse(tree, row->text, strlen(row->text), error);
        if (status == TL_OK) status = bind_list(&state, row, place, &tree->root, row->name);
        tl__tree_free(tree);
        TL_TRY(status);
        TL_TRY(state.status);
    }
    return TL_OK;
}

TL_PRIV tl_status tl__bind(const tl__field *rows, void *block, const tl_value *map, const char *file, const char *path,
                           tl__arena *arena, tl_error *error)
{
    tl__field_defaults(rows, block);
    TL_TRY(bind_list_defaults(rows, block, arena, error));
    return bind_root(rows, block, map, file, path, NULL, false, arena, error);
}

TL_PRIV tl_status tl__bind_over(const tl__field *rows, void *block, const tl_value *map, const char *file,
                                const char *path, tl__arena *arena, tl_error *error)
{
    return bind_root(rows, block, map, file, path, NULL, true, arena, error);
}

TL_PRIV tl_status tl__bind_member(const tl__family *family, const tl__member *choice, const char *file,
                                  const char *path,
                                  tl__arena *arena, const tl__member_head **member, void **settings, tl_error *error)
{
    static const tl__field none[] = {{.name = NULL}};
    const tl_value *value = choice->settings;
    const char *value_file = value != NULL && value->file != NULL ? value->file : file;
    int line = value != NULL ? value->line : 0, column = value != NULL ? value->column : 0;
    if (choice->name == NULL)
        return tl__fail_at(error, TL_BAD_CONFIG, value_file, line, column, path, "%s does not say which %s", path,
                           family->name);
    *member = tl__family_find(family, choice->name, value_file, line, column, path, error);
    *settings = NULL;
    if (*member == NULL) return TL_BAD_CONFIG;
    const tl__field *rows = (*member)->rows != NULL ? (*member)->rows : none;
    if ((*member)->settings_size > 0) {
        *settings = tl__arena_push_zero(arena, 1, (*member)->settings_size);
        if (*settings == NULL) return tl__fail_memory(error, (*member)->settings_size);
    }
    tl__field_defaults(rows, *settings);
    TL_TRY(bind_list_defaults(rows, *settings, arena, error));
    tl_value nothing = {.kind = TL_MAP, .line = line, .column = column, .file = value_file};
    if (value == NULL || value->kind != TL_MAP) value = &nothing;
    return bind_root(rows, *settings, value, file, path, "type", false, arena, error);
}
