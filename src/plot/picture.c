/* A chart as a file of its own, and several on one page. */
#include "plot/frame.h"

TL_PRIV void tl__picture_file(const tl__picture *picture, const tl__canvas_format *format,
                              const tl__picture_options *options, tl__buffer *out)
{
    tl__canvas canvas = {.format = format, .out = out, .title = picture->title,
                         .description = picture->description,
                         .width = picture->width > 0 ? picture->width : 720,
                         .height = picture->height > 0 ? picture->height : 360};
    if (options) canvas.scale = options->scale, canvas.dark = options->dark, canvas.part = options->part;
    format->begin(&canvas);
    picture->draw(picture->chart, &canvas, (tl__box){0, 0, canvas.width, canvas.height});
    format->end(&canvas);
}

TL_PRIV void tl__panels_draw(const void *of, tl__canvas *canvas, tl__box box)
{
    const tl__panels *panels = of;
    size_t columns = panels->columns ? panels->columns : 2;
    if (columns > panels->count && panels->count) columns = panels->count;
    size_t rows = (panels->count + columns - 1) / columns;
    double top = panels->title && *panels->title ? 34 : 0;
    double width = box.width / (double)columns, height = (box.height - top) / (double)(rows ? rows : 1);
    if (top > 0) {
        char text[256];
        const tl__text_style style = {.size = 18, .ink = TL__INK_TEXT, .bold = true};
        tl__text_fit(text, sizeof text, panels->title, style.size, true, box.width - 28);
        canvas->format->text(canvas, (tl__point){box.x + 14, box.y + 26}, &style, text);
    }
    for (size_t i = 0; i < panels->count; i++) {
        double x = box.x + width * (double)(i % columns), y = box.y + top + height * (double)(i / columns);
        panels->pictures[i].draw(panels->pictures[i].chart, canvas, (tl__box){x, y, width, height});
    }
}
