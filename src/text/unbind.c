/* From settings structs to trees and to annotated YAML, by field lists.
 *
 * A tree that was unbound and is bound again gives the same block: what has no value (a text without default, an
 * optional block that is off) is left out, and numbers print so that they read back exactly. */
#include "text/bind.h"

#include "base/text.h"
#include "text/yaml.h"

enum { UNBIND_WIDTH = 100 };

static tl_value *unbind_member(tl__builder *builder, tl_value *parent, const char *key, const tl__member *member)
{
    if (member->settings != NULL && member->settings->kind == TL_MAP)
        return tl__put_copy(builder, parent, key, member->settings);
    return member->name != NULL ? tl__put_text(builder, parent, key, member->name) : NULL;
}

static tl_value *unbind_choice(tl__builder *builder, tl_value *parent, const tl__field *row, int choice)
{
    const char *word = row->choices[choice];
    bool truth = tl__same_text(word, "true");
    if (truth || tl__same_text(word, "false")) return tl__put_bool(builder, parent, row->name, truth);
    return tl__put_text(builder, parent, row->name, word);
}

static void unbind_list(tl__builder *builder, tl_value *parent, const tl__field *row, const void *place)
{
    tl_value *list = tl__put_list(builder, parent, row->name);
    if (list == NULL) return;
    if (row->kind == TL__FIELD_INT_LIST) {
        const tl__int_list *items = place;
        for (size_t i = 0; i < items->count; i++) {
            int64_t item = items->items[i];
            if (item < 0 && row->choices != NULL) tl__put_text(builder, list, NULL, row->choices[-1 - item]);
            else tl__put_integer(builder, list, NULL, item);
        }
    } else if (row->kind == TL__FIELD_FLOAT_LIST) {
        const tl__float_list *items = place;
        for (size_t i = 0; i < items->count; i++) tl__put_number(builder, list, NULL, items->items[i]);
    } else {
        const tl__text_list *items = place;
        for (size_t i = 0; i < items->count; i++) tl__put_text(builder, list, NULL, items->items[i]);
    }
}

static void unbind_row(tl__builder *builder, tl_value *parent, const tl__field *row, const void *place)
{
    bool automatic = (row->flags & TL__AUTO) != 0;
    if (row->kind == TL__FIELD_INT) {
        int64_t integer = *(const int64_t *)place;
        if (automatic && integer == (int64_t)row->fallback) tl__put_text(builder, parent, row->name, "auto");
        else tl__put_integer(builder, parent, row->name, integer);
    } else if (row->kind == TL__FIELD_FLOAT) {
        double number = *(const double *)place;
        bool same = !(number < row->fallback) && !(number > row->fallback);
        if (automatic && same) tl__put_text(builder, parent, row->name, "auto");
        else tl__put_number(builder, parent, row->name, number);
    } else if (row->kind == TL__FIELD_BOOL) {
        tl__put_bool(builder, parent, row->name, *(const bool *)place);
    } else if (row->kind == TL__FIELD_CHOICE) {
        unbind_choice(builder, parent, row, *(const int *)place);
    } else if (row->kind == TL__FIELD_TEXT) {
        const char *text = *(const char *const *)place;
        if (text != NULL) tl__put_text(builder, parent, row->name, text);
    } else if (row->kind == TL__FIELD_MEMBER) {
        unbind_member(builder, parent, row->name, place);
    } else if (row->kind == TL__FIELD_TREE) {
        const tl_value *tree = *(const tl_value *const *)place;
        if (tree != NULL) tl__put_copy(builder, parent, row->name, tree);
    } else {
        unbind_list(builder, parent, row, place);
    }
}

static bool unbind_any(const tl__field *rows, unsigned only_flags)
{
    for (const tl__field *row = rows; row->name != NULL; row++) {
        if (row->kind == TL__FIELD_BLOCK ? unbind_any(row->rows, only_flags) : (row->flags & only_flags) != 0)
            return true;
    }
    return false;
}

TL_PRIV tl_value *tl__unbind(tl__builder *builder, tl_value *parent, const char *key, const tl__field *rows,
                             const void *block, unsigned only_flags)
{
    tl_value *map = tl__put_map(builder, parent, key);
    if (map == NULL) return NULL;
    for (const tl__field *row = rows; row->name != NULL; row++) {
        const void *place = (const unsigned char *)block + row->offset;
        if (row->kind != TL__FIELD_BLOCK) {
            if (only_flags == 0 || (row->flags & only_flags)) unbind_row(builder, map, row, place);
            continue;
        }
        if ((row->flags & TL__OPTIONAL) && !*(const bool *)place) continue;
        bool whole = only_flags == 0 || (row->flags & only_flags);
        if (whole || unbind_any(row->rows, only_flags))
            tl__unbind(builder, map, row->name, row->rows, place, only_flags);
    }
    return map;
}

/* --- annotated --- */

static void unbind_line(tl__buffer *out, int indent, bool comment)
{
    for (int i = 0; i < indent; i++) tl__buffer_char(out, ' ');
    if (comment) tl__buffer_text(out, "# ");
}

/* The row's value as YAML, at the end of the line or below it; false when it has none. */
static bool unbind_value(tl__buffer *out, const tl__field *row, const void *place, int indent)
{
    tl__tree *tree;
    tl__builder builder;
    if (tl__tree_new(out->heap, NULL, &tree) != TL_OK) {
        out->failed = true;
        return false;
    }
    tl__builder_init(&builder, tree);
    tree->root.kind = TL_MAP;
    unbind_row(&builder, &tree->root, row, place);
    if (builder.failed) out->failed = true;
    bool found = tree->root.count > 0;
    if (found) tl__yaml_write(out, &tree->root, indent);
    tl__tree_free(tree);
    return found;
}

static void unbind_default(tl__buffer *out, const tl__field *row)
{
    bool number = row->kind == TL__FIELD_INT || row->kind == TL__FIELD_FLOAT;
    if (row->flags & TL__REQUIRED) return;
    if (number && (row->flags & TL__AUTO)) tl__buffer_text(out, "; default auto");
    else if (number) tl__buffer_format(out, "; default %g", row->fallback);
    else if (row->kind == TL__FIELD_BOOL)
        tl__buffer_text(out, row->fallback > 0 ? "; default true" : "; default false");
    else if (row->kind == TL__FIELD_CHOICE) tl__buffer_format(out, "; default %s", row->choices[(int)row->fallback]);
    else if (row->text != NULL) tl__buffer_format(out, "; default %s", row->text);
}

/* A comment of whole words, at most UNBIND_WIDTH characters a line. */
static void unbind_wrap(tl__buffer *out, const char *text, size_t size, int indent)
{
    size_t width = UNBIND_WIDTH > indent + 30 ? (size_t)(UNBIND_WIDTH - indent - 2) : 30;
    while (size > 0) {
        size_t line = size;
        if (line > width)
            for (line = width; line > 0 && text[line] != ' ';) line--;
        if (line == 0) line = tl__size_min(strcspn(text, " "), size);
        unbind_line(out, indent, true);
        tl__buffer_add(out, text, line);
        tl__buffer_char(out, '\n');
        while (line < size && text[line] == ' ') line++;
        text += line;
        size -= line;
    }
}

static void unbind_comment(tl__buffer *out, const tl__field *row, int indent)
{
    char range[400];
    tl__buffer comment;
    bool open = row->kind == TL__FIELD_TEXT || row->kind == TL__FIELD_TREE || row->kind == TL__FIELD_BLOCK;
    tl__buffer_init(&comment, out->heap);
    if (row->help != NULL) tl__buffer_text(&comment, row->help);
    if (!open || (row->help == NULL && row->kind != TL__FIELD_BLOCK)) {
        tl__field_range(range, sizeof range, row);
        tl__buffer_format(&comment, "%s%s", row->help != NULL ? "; " : "", range);
        if (row->unit != NULL) tl__buffer_format(&comment, " (%s)", row->unit);
    }
    if (row->kind != TL__FIELD_BLOCK) unbind_default(&comment, row);
    else if (row->flags & TL__OPTIONAL) tl__buffer_text(&comment, "; off unless it is mentioned");
    if (comment.failed) out->failed = true;
    else unbind_wrap(out, comment.data, comment.size, indent);
    tl__buffer_free(&comment);
}

TL_PRIV void tl__unbind_yaml(tl__buffer *out, const tl__field *rows, const void *block, int indent)
{
    for (const tl__field *row = rows; row->name != NULL; row++) {
        const void *place = (const unsigned char *)block + row->offset;
        bool is_block = row->kind == TL__FIELD_BLOCK;
        if (row->help != NULL || !is_block) unbind_comment(out, row, indent);
        if (is_block && !((row->flags & TL__OPTIONAL) && !*(const bool *)place)) {
            unbind_line(out, indent, false);
            tl__buffer_format(out, "%s:\n", row->name);
            tl__unbind_yaml(out, row->rows, place, indent + 2);
        } else if (is_block || !unbind_value(out, row, place, indent)) {
            unbind_line(out, indent, true);
            tl__buffer_format(out, "%s:\n", row->name);
        }
    }
}
