/* Cells of colour with numbers in them, names at the sides and the scale of colours at the right. */
#include "base/math.h"
#include "base/text.h"
#include "plot/frame.h"

enum { HEAT_MAP_NAME = 96, HEAT_MAP_SCALE = 14, HEAT_MAP_TURNED = 160 };

typedef struct heat_map_work {
    const tl__heat_map *map;
    tl__frame frame;
    double low, high;
    double cell_width, cell_height;
    double turned;               /* room for column names that stand upright; 0: they lie */
} heat_map_work;

static void heat_map_range(heat_map_work *work)
{
    const tl__heat_map *map = work->map;
    work->low = map->low;
    work->high = map->high;
    if (map->low != 0 || map->high != 0) return;
    tl__range_begin(&work->low, &work->high);
    for (size_t i = 0; i < map->rows * map->columns; i++)
        tl__range_take(map->values[i], false, &work->low, &work->high);
    if (!(work->high >= work->low)) work->low = 0, work->high = 1;
    if (map->is_signed) {
        double most = tl__abs(work->low) > tl__abs(work->high) ? tl__abs(work->low) : tl__abs(work->high);
        work->low = -most, work->high = most;
    }
    if (work->high == work->low) work->high = work->low + 1;
}

static double heat_map_part(const heat_map_work *work, double value)
{
    double span = work->high / 2 - work->low / 2;
    return (value / 2 - work->low / 2) / span;
}

static int heat_map_ink(const heat_map_work *work, double value)
{
    return tl__ink_at(work->map->is_signed ? TL__INK_SIGNED : TL__INK_SCALE, heat_map_part(work, value));
}

/* Letters over a cell: the page's text on colours near the paper, the paper on those that are far from it. */
static int heat_map_text_ink(const heat_map_work *work, double value)
{
    double part = heat_map_part(work, value);
    if (work->map->is_signed) part = tl__abs(part - 0.5) * 2;
    return part > 0.55 ? TL__INK_PAPER : TL__INK_TEXT;
}

static double heat_map_widest(const char *const *names, size_t count)
{
    double widest = 0;
    for (size_t i = 0; names && i < count; i++) {
        double width = tl__text_width(names[i], TL__FRAME_SMALL, false);
        if (width > widest) widest = width;
    }
    return widest;
}

/* The plot, and the cells in it; names of columns are turned where they are wider than a column. */
static void heat_map_layout(heat_map_work *work)
{
    const tl__heat_map *map = work->map;
    tl__frame *frame = &work->frame;
    size_t rows = map->rows ? map->rows : 1, columns = map->columns ? map->columns : 1;
    double widest = heat_map_widest(map->column_names, map->columns);
    frame->right_room = map->value_label ? 64 : 0;
    frame->below_room = map->column_names ? 18 : 0;
    tl__frame_layout(frame);
    work->turned = 0;
    if (map->column_names && widest + 8 > (frame->right - frame->left) / (double)columns) {
        work->turned = widest < HEAT_MAP_TURNED ? widest : HEAT_MAP_TURNED;
        if (work->turned > frame->box.height * 0.3) work->turned = frame->box.height * 0.3;
        frame->below_room = work->turned + 10;
        tl__frame_layout(frame);
    }
    work->cell_width = (frame->right - frame->left) / (double)columns;
    work->cell_height = (frame->bottom - frame->top) / (double)rows;
    if (map->square) {
        double side = work->cell_width < work->cell_height ? work->cell_width : work->cell_height;
        work->cell_width = work->cell_height = side;
    } else if (work->cell_width > 3 * work->cell_height && work->cell_width > 90) {
        work->cell_width = 3 * work->cell_height > 90 ? 3 * work->cell_height : 90;
    }
    frame->right = frame->left + work->cell_width * (double)columns;
    frame->bottom = frame->top + work->cell_height * (double)rows;
}

static void heat_map_number(const heat_map_work *work, tl__box cell, double number, double value)
{
    char text[32];
    double whole = tl__floor(number);
    bool counted = tl__abs(number) < 1e15 && whole == number;
    if (counted) tl__format(text, sizeof text, "%.0f", number), tl__group_digits(text, sizeof text);
    else if (tl__abs(number) < 10) tl__format(text, sizeof text, "%.2f", number);
    else tl__format(text, sizeof text, "%.4g", number);
    double size = TL__FRAME_SMALL;
    while (size > 6 && tl__text_width(text, size, false) > cell.width - 3) size -= 0.5;
    if (tl__text_width(text, size, false) > cell.width - 2 || size > cell.height - 1) return;
    tl__draw_text(work->frame.canvas, cell.x + cell.width / 2, cell.y + cell.height / 2 + size * 0.36, size,
                  heat_map_text_ink(work, value), TL__ANCHOR_MIDDLE, text);
}

/* How many cells of row r from column c on have its colour: they are one box. */
static size_t heat_map_run(const heat_map_work *work, size_t r, size_t c)
{
    const double *values = work->map->values + r * work->map->columns;
    int ink = heat_map_ink(work, values[c]);
    size_t run = 1;
    while (c + run < work->map->columns && values[c + run] == values[c + run] &&
           heat_map_ink(work, values[c + run]) == ink) run++;
    return run;
}

static void heat_map_cells(const heat_map_work *work)
{
    const tl__heat_map *map = work->map;
    double gap = map->numbers && work->cell_width > 10 && work->cell_height > 10 ? 0.75 : 0;
    bool filled = gap == 0 && !map->is_signed;    /* then the lowest colour need not be drawn cell by cell */
    for (size_t i = 0; filled && i < map->rows * map->columns; i++) filled = map->values[i] == map->values[i];
    if (filled)
        tl__draw_box(work->frame.canvas, (tl__box){work->frame.left, work->frame.top,
                                                   work->frame.right - work->frame.left,
                                                   work->frame.bottom - work->frame.top}, TL__INK_SCALE, 1);
    for (size_t r = 0; r < map->rows; r++)
        for (size_t c = 0, run; c < map->columns; c += run) {
            double value = map->values[r * map->columns + c];
            run = 1;
            tl__box cell = {work->frame.left + work->cell_width * (double)c,
                            work->frame.top + work->cell_height * (double)r, work->cell_width, work->cell_height};
            if (value != value) continue;
            if (gap == 0 && !map->numbers) run = heat_map_run(work, r, c);
            cell.width *= (double)run;
            tl__box inner = {cell.x + gap, cell.y + gap, cell.width - 2 * gap + (gap > 0 ? 0 : 0.4),
                             cell.height - 2 * gap + (gap > 0 ? 0 : 0.4)};
            int ink = heat_map_ink(work, value);
            if (!filled || ink != TL__INK_SCALE) tl__draw_box(work->frame.canvas, inner, ink, 1);
            if (map->numbers && map->numbers[r * map->columns + c] == map->numbers[r * map->columns + c])
                heat_map_number(work, cell, map->numbers[r * map->columns + c], value);
        }
}

static void heat_map_columns(const heat_map_work *work)
{
    const tl__heat_map *map = work->map;
    char text[HEAT_MAP_NAME];
    size_t every = work->cell_width < 9 ? 1 + (size_t)(9 / (work->cell_width > 0.01 ? work->cell_width : 0.01)) : 1;
    for (size_t c = 0; map->column_names && c < map->columns; c += every) {
        double x = work->frame.left + work->cell_width * ((double)c + 0.5), y = work->frame.bottom;
        tl__text_style style = {.size = TL__FRAME_SMALL, .ink = TL__INK_TEXT, .anchor = TL__ANCHOR_MIDDLE};
        if (work->turned > 0) {
            style.upwards = true;
            style.anchor = TL__ANCHOR_END;
            double room = work->cell_width * (double)every * 0.95;
            if (room < style.size) style.size = room < 7 ? 7 : room;
        }
        tl__text_fit(text, sizeof text, map->column_names[c], style.size, false,
                     work->turned > 0 ? work->turned + 1 : work->cell_width + 1);
        tl__point at = {style.upwards ? x + style.size * 0.36 : x, style.upwards ? y + 6 : y + 16};
        work->frame.canvas->format->text(work->frame.canvas, at, &style, text);
    }
    double below = work->turned > 0 ? work->turned + 24 : map->column_names || !work->frame.no_x ? 34 : 20;
    if (map->x_label && *map->x_label)
        tl__draw_text(work->frame.canvas, (work->frame.left + work->frame.right) / 2, work->frame.bottom + below,
                      TL__FRAME_TEXT, TL__INK_TEXT, TL__ANCHOR_MIDDLE, map->x_label);
}

/* The colours as a column beside the cells, with round numbers. */
static void heat_map_scale(const heat_map_work *work)
{
    const tl__heat_map *map = work->map;
    tl__canvas *canvas = work->frame.canvas;
    tl__plot_axis axis;
    double x = work->frame.right + 14, top = work->frame.top, height = work->frame.bottom - top;
    if (!map->value_label) return;
    if (height > 240) height = 240;
    for (int i = 0; i < TL__SCALE_COLOURS; i++) {
        double part = height / TL__SCALE_COLOURS;
        tl__box box = {x, top + height - part * (i + 1), HEAT_MAP_SCALE, part + (i > 0 ? 0.4 : 0)};
        tl__draw_box(canvas, box, (map->is_signed ? TL__INK_SIGNED : TL__INK_SCALE) + i, 1);
    }
    double room = height < 165 ? 150 : height * 0.9;    /* a low one has ticks above 0, too */
    tl__frame_axis(&axis, map->percent ? TL__AXIS_SHARES : TL__AXIS_NUMBERS, work->low, work->high, room, true);
    for (int i = 0; i < axis.count; i++) {
        double part = heat_map_part(work, axis.ticks[i].at);
        if (part < -1e-9 || part > 1 + 1e-9) continue;
        tl__draw_text(canvas, x + HEAT_MAP_SCALE + 4, top + height - part * height + 4, TL__FRAME_SMALL,
                      TL__INK_MUTED, TL__ANCHOR_START, axis.ticks[i].label);
    }
    double width = tl__text_width(map->value_label, TL__FRAME_SMALL, false);
    double right = work->frame.box.x + work->frame.box.width - 8, left = x + width > right ? right - width : x;
    tl__draw_text(canvas, left, top - 8, TL__FRAME_SMALL, TL__INK_MUTED, TL__ANCHOR_START, map->value_label);
}

static void heat_map_axis(tl__plot_axis *axis, double first, double last, size_t count, double length)
{
    double half = count > 1 ? (last - first) / (double)(count - 1) / 2 : 0.5;
    tl__frame_axis(axis, TL__AXIS_COUNTS, first - half, last + half, length, false);
}

/* Sides with numbers. Those of rows grow downwards. */
static void heat_map_axes(heat_map_work *work)
{
    const tl__heat_map *map = work->map;
    tl__frame *frame = &work->frame;
    if (map->x_first < map->x_last) {
        heat_map_axis(&frame->x, map->x_first, map->x_last, map->columns, frame->box.width);
        frame->no_x = false;
    }
    if (map->y_first < map->y_last) {
        heat_map_axis(&frame->y, map->y_first, map->y_last, map->rows, frame->box.height * 1.5);
        double low = frame->y.low;
        frame->y.low = frame->y.high;
        frame->y.high = low;
        frame->no_y = false;
        frame->names = NULL;
    }
}

TL_PRIV void tl__heat_map_draw(const void *of, tl__canvas *canvas, tl__box box)
{
    heat_map_work work = {.map = of};
    const tl__heat_map *map = of;
    work.frame = (tl__frame){.canvas = canvas, .box = box, .title = map->title, .x_label = map->x_label,
                             .y_label = map->y_label, .names = map->row_names, .name_count = map->rows, .no_x = true,
                             .no_y = true};
    heat_map_range(&work);
    heat_map_axes(&work);
    if (map->value_label) work.frame.box.y += 6, work.frame.box.height -= 6;
    heat_map_layout(&work);
    if (map->value_label) work.frame.box = box;
    work.frame.x_label = NULL;
    tl__frame_draw(&work.frame);
    if (map->rows == 0 || map->columns == 0) {
        tl__frame_empty(&work.frame, "no values");
        return;
    }
    heat_map_cells(&work);
    heat_map_columns(&work);
    heat_map_scale(&work);
}
