/* The YAML reader's steps through lines, blanks and comments, and its messages. */
#include "text/yaml_scan.h"

#include "base/text.h"
#include "text/yaml.h"

/* construct, what to do instead */
static const char *const yaml_scan_constructs[TL__YAML_CONSTRUCTS][2] = {
    {"anchors (&name)", "write the value out, or put it in quotes if it is a text that begins with &"},
    {"aliases (*name)", "write the value out, or put it in quotes if it is a text that begins with *"},
    {"tags (!name)", "leave the tag out, or put the value in quotes if it is a text that begins with !"},
    {"directives (%NAME)", "leave the line out"},
    {"several documents in one file (---)", "keep one, and put the others into files of their own"},
    {"complex keys (? key)", "write the key before its colon on one line, or put it in quotes if it begins with ?"},
    {"lists and maps as keys", "use a word as key"},
    {"empty keys", "write a key before the colon, or put the value in quotes if it begins with a colon"},
    {"merge keys (<<)", "write the settings out"},
};

TL_PRIV const char *tl__yaml_refusal(size_t index)
{
    return index < TL__YAML_CONSTRUCTS ? yaml_scan_constructs[index][0] : NULL;
}

TL_PRIV void tl__yaml_place(tl__yaml *yaml, size_t at, int *line, int *column)
{
    if (at < yaml->counted) {
        yaml->counted = 0;
        yaml->line = 1;
        yaml->column = yaml->first_column;
    }
    for (; yaml->counted < at; yaml->counted++) {
        unsigned char c = (unsigned char)yaml->text[yaml->counted];
        bool half_of_crlf = c == '\r' && yaml->counted + 1 < yaml->size && yaml->text[yaml->counted + 1] == '\n';
        if (tl__yaml_is_break(c) && !half_of_crlf) {
            yaml->line++;
            yaml->column = 1;
        } else if ((c & 0xC0) != 0x80) {
            yaml->column++;
        }
    }
    *line = yaml->line;
    *column = yaml->column;
}

TL_PRIV tl_status tl__yaml_fail(tl__yaml *yaml, size_t at, const char *format, ...)
{
    char message[512];
    int line, column;
    va_list list;
    va_start(list, format);
    tl__format_list(message, sizeof message, format, list);
    va_end(list);
    tl__yaml_place(yaml, at, &line, &column);
    return tl__fail_at(yaml->error, TL_BAD_CONFIG, yaml->tree->file, line, column, NULL, "%s", message);
}

TL_PRIV tl_status tl__yaml_refuse(tl__yaml *yaml, size_t at, tl__yaml_construct construct)
{
    int line, column;
    tl__yaml_place(yaml, at, &line, &column);
    return tl__fail_at(yaml->error, TL_BAD_CONFIG, yaml->tree->file, line, column, NULL,
                       "%s are not part of the YAML that trainlib reads; %s", yaml_scan_constructs[construct][0],
                       yaml_scan_constructs[construct][1]);
}

TL_PRIV tl_status tl__yaml_fail_tab(tl__yaml *yaml)
{
    size_t at = yaml->at;
    while (at > yaml->line_start && yaml->text[at - 1] != '\t') at--;
    return tl__yaml_fail(yaml, at > yaml->line_start ? at - 1 : yaml->at,
                         "a tab stands in the indentation; indent with spaces");
}

TL_PRIV void tl__yaml_skip_break(tl__yaml *yaml)
{
    if (tl__yaml_peek(yaml, 0) == '\r' && tl__yaml_peek(yaml, 1) == '\n') yaml->at++;
    yaml->line_start = ++yaml->at;
}

TL_PRIV void tl__yaml_skip_blanks(tl__yaml *yaml)
{
    while (tl__yaml_is_blank(tl__yaml_peek(yaml, 0))) yaml->at++;
}

TL_PRIV bool tl__yaml_at_marker(const tl__yaml *yaml)
{
    int c = tl__yaml_peek(yaml, 0);
    return yaml->at == yaml->line_start && (c == '-' || c == '.') && tl__yaml_peek(yaml, 1) == c &&
           tl__yaml_peek(yaml, 2) == c && tl__yaml_is_space(tl__yaml_peek(yaml, 3));
}

/* The blanks up to the next character, noting indentation and tabs. */
static void yaml_scan_blanks(tl__yaml *yaml)
{
    yaml->fresh = yaml->at == yaml->line_start;
    yaml->tabs = false;
    yaml->indent = 0;
    for (int c = tl__yaml_peek(yaml, 0); tl__yaml_is_blank(c); c = tl__yaml_peek(yaml, 0)) {
        if (c == '\t') yaml->tabs = true;
        else if (!yaml->tabs) yaml->indent++;
        yaml->at++;
    }
}

TL_PRIV void tl__yaml_next(tl__yaml *yaml)
{
    if (yaml->at == yaml->ready) return;
    yaml->end = false;
    for (;;) {
        yaml_scan_blanks(yaml);
        int c = tl__yaml_peek(yaml, 0);
        bool apart = yaml->at == yaml->line_start || tl__yaml_is_blank((unsigned char)yaml->text[yaml->at - 1]);
        if (c == '#' && apart)
            while (c >= 0 && !tl__yaml_is_break(c)) {
                yaml->at++;
                c = tl__yaml_peek(yaml, 0);
            }
        if (!tl__yaml_is_break(c)) break;
        tl__yaml_skip_break(yaml);
    }
    yaml->end = yaml->at == yaml->size || tl__yaml_at_marker(yaml);
    yaml->ready = yaml->at;
}
