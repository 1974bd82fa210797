/* Trees out as YAML: maps in lines, lists of scalars in brackets, other lists in lines. What is written reads back as
 * the same tree, so texts that would read as something else are quoted, and doubles never look like integers. */
#include "base/text.h"
#include "text/yaml.h"

static void yaml_write_value(tl__buffer *out, const tl_value *value, int indent);

static bool yaml_write_is_plain(const char *text, size_t size)
{
    tl_value value = {.text = text, .text_size = size};
    if (size == 0) return false;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c >= 0x80;
        bool inside = word || (c > ' ' && c < 0x7F && memchr(",[]{}:#", c, 7) == NULL);
        bool blank = c == ' ' && i > 0 && i + 1 < size;
        bool colon = c == ':' && i > 0 && i + 1 < size && text[i + 1] != ' ';
        if (i == 0 ? !(word || c == '/' || c == '.') : !(inside || blank || colon)) return false;
    }
    if (size >= 3 && (memcmp(text, "...", 3) == 0 || memcmp(text, "\xEF\xBB\xBF", 3) == 0)) return false;
    tl__value_resolve(&value);
    return value.kind == TL_TEXT;
}

TL_PRIV void tl__yaml_scalar(tl__buffer *out, const char *text, size_t size)
{
    if (yaml_write_is_plain(text, size)) tl__buffer_add(out, text, size);
    else tl__json_string(out, text, size);   /* JSON's escapes are YAML's too */
}

TL_PRIV void tl__yaml_number(tl__buffer *out, double number)
{
    char text[40];
    if (number - number != 0) {
        tl__buffer_text(out, number != number ? ".nan" : number > 0 ? ".inf" : "-.inf");
        return;
    }
    tl__buffer_add(out, text, tl__print_number(text, number));
}

static void yaml_write_indent(tl__buffer *out, int indent)
{
    for (int i = 0; i < indent; i++) tl__buffer_char(out, ' ');
}

static bool yaml_write_is_scalar(const tl_value *value)
{
    return (value->kind != TL_LIST && value->kind != TL_MAP) || value->count == 0;
}

static bool yaml_write_fits_line(const tl_value *value)
{
    if (value->kind != TL_LIST) return yaml_write_is_scalar(value);
    for (const tl_value *child = value->first; child != NULL; child = child->next)
        if (!yaml_write_is_scalar(child)) return false;
    return true;
}

static void yaml_write_line(tl__buffer *out, const tl_value *value)
{
    switch (value->kind) {
    case TL_NULL: tl__buffer_text(out, "null"); return;
    case TL_BOOL: tl__buffer_text(out, value->integer != 0 ? "true" : "false"); return;
    case TL_INTEGER: tl__buffer_format(out, "%lld", (long long)value->integer); return;
    case TL_NUMBER: tl__yaml_number(out, value->number); return;
    case TL_TEXT: tl__yaml_scalar(out, value->text, value->text_size); return;
    case TL_MAP: tl__buffer_text(out, "{}"); return;
    case TL_LIST: break;
    }
    tl__buffer_char(out, '[');
    for (const tl_value *child = value->first; child != NULL; child = child->next) {
        if (child != value->first) tl__buffer_text(out, ", ");
        yaml_write_line(out, child);
    }
    tl__buffer_char(out, ']');
}

/* The entries of a map; the first continues a line that is indented already. */
static void yaml_write_entries(tl__buffer *out, const tl_value *map, int indent)
{
    for (const tl_value *child = map->first; child != NULL; child = child->next) {
        if (child != map->first) yaml_write_indent(out, indent);
        tl__yaml_scalar(out, child->key, child->key_size);
        tl__buffer_char(out, ':');
        if (yaml_write_fits_line(child)) {
            tl__buffer_char(out, ' ');
            yaml_write_line(out, child);
            tl__buffer_char(out, '\n');
        } else {
            tl__buffer_char(out, '\n');
            yaml_write_value(out, child, indent + 2);
        }
    }
}

static void yaml_write_value(tl__buffer *out, const tl_value *value, int indent)
{
    if (out->failed) return;
    if (yaml_write_fits_line(value)) {
        yaml_write_indent(out, indent);
        yaml_write_line(out, value);
        tl__buffer_char(out, '\n');
        return;
    }
    if (value->kind == TL_MAP) {
        yaml_write_indent(out, indent);
        yaml_write_entries(out, value, indent);
        return;
    }
    for (const tl_value *child = value->first; child != NULL; child = child->next) {
        yaml_write_indent(out, indent);
        tl__buffer_char(out, '-');
        if (yaml_write_fits_line(child)) {
            tl__buffer_char(out, ' ');
            yaml_write_line(out, child);
            tl__buffer_char(out, '\n');
        } else if (child->kind == TL_MAP) {
            tl__buffer_char(out, ' ');
            yaml_write_entries(out, child, indent + 2);
        } else {
            tl__buffer_char(out, '\n');
            yaml_write_value(out, child, indent + 2);
        }
    }
}

TL_PRIV void tl__yaml_write(tl__buffer *out, const tl_value *value, int indent)
{
    yaml_write_value(out, value, indent);
}
