/* A document as one file of HTML 5: inline style sheet, inline SVG, no script, nothing from outside. It follows the
 * reader's wish for light or dark, prints in light, and can be read without seeing the pictures. */
#include "lab/document.h"

TL_PRIV void tl__html_text(tl__buffer *out, const char *text)
{
    while (*text) {
        const char *from = text;
        uint32_t code = tl__text_next(&text);
        const char *name = code == '&' ? "&amp;" : code == '<' ? "&lt;" : code == '>' ? "&gt;" : code == '"' ? "&quot;"
                           : code == '\'' ? "&#39;" : code == 0xfffd ? "\xef\xbf\xbd" : NULL;
        bool plain = code == '\n' || code == '\t' || (code >= ' ' && code < 0x7f) ||
                     (code >= 0xa0 && (code & 0xfffe) != 0xfffe && !(code >= 0xfdd0 && code <= 0xfdef));
        if (name) tl__buffer_text(out, name);
        else if (plain) tl__buffer_add(out, from, (size_t)(text - from));
    }
}

static void html_style(tl__buffer *out)
{
    tl__buffer_text(out,
        "<style>\n"
        ":root{--paper:#fff;--text:#1a1a1a;--muted:#555;--line:#dcdcdc;--card:#f5f7f9;"
        "--link:#0062a3;--good:#e7f5ef;--look:#fdf3e0;--bad:#fbe6e0;--good-edge:#009e73;--look-edge:#c77700;"
        "--bad-edge:#c24a00}\n"
        "@media screen and (prefers-color-scheme:dark){:root{--paper:#16181c;--text:#eee;--muted:#aaa;--line:#33363c;"
        "--card:#1f2228;--link:#7cc4f5;--good:#14302a;--look:#35291a;--bad:#3a211a;--good-edge:#2fc79a;"
        "--look-edge:#e69f00;--bad-edge:#ff8c42}}\n"
        "*{box-sizing:border-box}\n"
        "body{margin:0;background:var(--paper);color:var(--text);font:16px/1.55 system-ui,-apple-system,Segoe UI,"
        "Helvetica,Arial,sans-serif}\n"
        "header,main,footer{max-width:860px;margin:0 auto;padding:0 20px}\n"
        "header{padding-top:36px}\n"
        "h1{font-size:1.9rem;line-height:1.2;margin:0 0 .3rem;overflow-wrap:anywhere}\n"
        "h2{font-size:1.25rem;margin:2.6rem 0 .6rem;padding-top:.9rem;border-top:1px solid var(--line)}\n"
        "p{margin:.5rem 0;max-width:72ch;overflow-wrap:anywhere}\n"
        ".sub,footer,figcaption,caption{color:var(--muted)}\n"
        ".sub{margin:0;overflow-wrap:anywhere}\n"
        "nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;list-style:none;padding:0;margin:1rem 0 0}\n"
        "a{color:var(--link)}\n"
        ".cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(124px,1fr));gap:10px;margin:1.2rem 0}\n"
        ".cards div{background:var(--card);border-radius:8px;padding:10px 12px;display:flex;flex-direction:column;"
        "justify-content:space-between}\n"
        ".cards dt{color:var(--muted);font-size:.82rem}\n"
        ".cards dd{margin:0;font-size:1.25rem;font-weight:600;overflow-wrap:anywhere}\n"
        ".wide{overflow-x:auto;margin:1rem 0}\n"
        "table{border-collapse:collapse;font-size:.92rem;min-width:50%}\n"
        "caption{text-align:left;padding:.2rem 0 .5rem;font-size:.9rem}\n"
        "th,td{text-align:right;padding:.3rem .6rem;border-bottom:1px solid var(--line);"
        "font-variant-numeric:tabular-nums;white-space:nowrap}\n"
        "th:first-child,td:first-child,table.words th,table.words td{text-align:left;padding-left:0}\n"
        "table.words td{white-space:normal;overflow-wrap:anywhere}\n"
        "thead th{border-bottom:2px solid var(--line);color:var(--muted);font-weight:600;white-space:normal;"
        "vertical-align:bottom}\n"
        "tbody th{font-weight:500}\n"
        "figure{margin:1.6rem 0}\n"
        "figure svg{display:block;width:100%;height:auto;max-width:100%}\n"
        "@media(max-width:640px){figure{overflow-x:auto}figure svg{min-width:600px}}\n"
        "figcaption{font-size:.92rem;max-width:72ch;margin-top:.3rem}\n"
        ".note{border-left:4px solid var(--look-edge);background:var(--look);padding:.5rem .9rem;margin:.6rem 0;"
        "border-radius:0 6px 6px 0;overflow-wrap:anywhere}\n"
        ".good{border-color:var(--good-edge);background:var(--good)}\n"
        ".bad{border-color:var(--bad-edge);background:var(--bad)}\n"
        "details{margin:.8rem 0}\nsummary{cursor:pointer;color:var(--link)}\n"
        "pre{background:var(--card);border-radius:8px;padding:12px 14px;overflow-x:auto;font:13px/1.5 ui-monospace,"
        "Menlo,Consolas,monospace}\n"
        "footer{width:calc(100% - "
        "40px);max-width:820px;padding:0;font-size:.85rem;padding-top:1.2rem;padding-bottom:40px;margin-top:2.6rem;"
        "border-top:1px solid var(--line)}\n"
        "@media print{body{font-size:11pt}h2{break-after:avoid}figure,tr,.cards div,.note{break-inside:avoid}"
        "nav{display:none}pre{white-space:pre-wrap}header,main,footer{max-width:none}}\n");
    tl__svg_style(out);
    tl__buffer_text(out, "</style>\n");
}

static void html_cards(const tl__block *block, tl__buffer *out)
{
    tl__buffer_text(out, "<dl class=\"cards\">\n");
    for (size_t i = 0; i + 1 < block->count; i += 2) {
        tl__buffer_text(out, "<div><dt>");
        tl__html_text(out, block->cells[i]);
        tl__buffer_text(out, "</dt><dd>");
        tl__html_text(out, block->cells[i + 1]);
        tl__buffer_text(out, "</dd></div>\n");
    }
    tl__buffer_text(out, "</dl>\n");
}

/* Names of settings may break after their dots. */
static void html_head(tl__buffer *out, const char *text)
{
    char piece[64];
    while (*text) {
        size_t size = strcspn(text, ".");
        if (text[size]) size++;
        if (size >= sizeof piece) {
            tl__html_text(out, text);
            return;
        }
        memcpy(piece, text, size);
        piece[size] = '\0';
        tl__html_text(out, piece);
        text += size;
        if (*text) tl__buffer_text(out, "<wbr>");
    }
}

static void html_table(const tl__block *block, tl__buffer *out)
{
    size_t rows = block->columns ? block->count / block->columns : 0;
    tl__buffer_format(out, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"");
    tl__html_text(out, *block->name ? block->name : "table");
    tl__buffer_format(out, "\"><table%s>\n", block->level ? " class=\"words\"" : "");
    if (*block->name) {
        tl__buffer_text(out, "<caption>");
        tl__html_text(out, block->name);
        tl__buffer_text(out, "</caption>\n");
    }
    for (size_t r = 0; r < rows; r++) {
        tl__buffer_text(out, r == 0 ? "<thead><tr>" : r == 1 ? "<tbody>\n<tr>" : "<tr>");
        for (size_t c = 0; c < block->columns; c++) {
            bool head = r == 0 || c == 0;
            tl__buffer_text(out, r == 0 ? "<th scope=\"col\">" : head ? "<th scope=\"row\">" : "<td>");
            if (r == 0) html_head(out, block->cells[c]);
            else tl__html_text(out, block->cells[r * block->columns + c]);
            tl__buffer_text(out, head ? "</th>" : "</td>");
        }
        tl__buffer_text(out, r == 0 ? "</tr></thead>\n" : "</tr>\n");
    }
    tl__buffer_text(out, rows > 1 ? "</tbody>\n</table></div>\n" : "</table></div>\n");
}

static void html_picture(const tl__block *block, tl__buffer *out)
{
    const tl__picture_options options = {.part = true};
    tl__buffer_text(out, "<figure>\n");
    tl__picture_file(&block->picture, tl__canvas_svg(), &options, out);
    tl__buffer_text(out, "<figcaption>");
    tl__html_text(out, block->text);
    tl__buffer_text(out, "</figcaption>\n</figure>\n");
}

static void html_words(const char *open, const char *text, const char *close, tl__buffer *out)
{
    tl__buffer_text(out, open);
    tl__html_text(out, text);
    tl__buffer_text(out, close);
}

static void html_block(const tl__block *block, size_t *headings, tl__buffer *out)
{
    static const char *const notes[] = {"<p class=\"note good\">", "<p class=\"note\">", "<p class=\"note bad\">"};
    switch (block->kind) {
    case TL__BLOCK_HEADING:
        tl__buffer_format(out, "<h2 id=\"s%zu\">", ++*headings);
        html_words("", block->text, "</h2>\n", out);
        break;
    case TL__BLOCK_TEXT: html_words("<p>", block->text, "</p>\n", out); break;
    case TL__BLOCK_NOTE: html_words(notes[block->level % 3], block->text, "</p>\n", out); break;
    case TL__BLOCK_CARDS: html_cards(block, out); break;
    case TL__BLOCK_TABLE: html_table(block, out); break;
    case TL__BLOCK_PICTURE: html_picture(block, out); break;
    case TL__BLOCK_CODE:
        html_words("<details><summary>", block->name, "</summary>\n", out);
        html_words("<pre tabindex=\"0\">", block->text, "</pre></details>\n", out);
        break;
    }
}

TL_PRIV void tl__document_html(const tl__document *document, tl__buffer *out)
{
    size_t headings = 0;
    tl__buffer_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n");
    html_words("<title>", *document->title ? document->title : "report", "</title>\n", out);
    html_style(out);
    html_words("</head>\n<body>\n<header>\n<h1>", document->title, "</h1>\n", out);
    html_words("<p class=\"sub\">", document->subtitle, "</p>\n", out);
    tl__buffer_text(out, "<nav aria-label=\"sections\"><ul>\n");
    for (const tl__block *block = document->first; block; block = block->next) {
        if (block->kind != TL__BLOCK_HEADING) continue;
        tl__buffer_format(out, "<li><a href=\"#s%zu\">", ++headings);
        html_words("", block->text, "</a></li>\n", out);
    }
    tl__buffer_text(out, "</ul></nav>\n</header>\n<main>\n");
    headings = 0;
    for (const tl__block *block = document->first; block; block = block->next) html_block(block, &headings, out);
    tl__buffer_text(out, "</main>\n<footer>made by trainlib " TL_VERSION "</footer>\n</body>\n</html>\n");
    if (document->failed) out->failed = true;
}
