/* Scan conversion. Pieces of a stroke (a box for each stretch, a disc for each bend) all wind the same way, so their
 * union is what non-zero winding fills. */
#include "plot/raster.h"

#include "base/math.h"

enum { RASTER_LINES = 16 };

TL_PRIV void tl__raster_init(tl__raster *raster, tl__heap *heap, size_t width, size_t height, uint32_t colour)
{
    memset(raster, 0, sizeof *raster);
    raster->heap = heap;
    raster->cover = tl__alloc_zero(heap, width + 2, sizeof *raster->cover);
    raster->failed = !raster->cover || tl__pixels_new(&raster->pixels, heap, height, width, 3, "", NULL) != TL_OK;
    for (size_t i = 0; !raster->failed && i + 2 < raster->pixels.bytes; i += 3)
        for (size_t k = 0; k < 3; k++) raster->pixels.samples[i + k] = (uint8_t)(colour >> (16 - 8 * k));
}

TL_PRIV void tl__raster_free(tl__raster *raster)
{
    if (raster->cover) tl__free(raster->heap, raster->cover, (raster->pixels.width + 2) * sizeof *raster->cover);
    tl__pixels_free(&raster->pixels);
    tl__free(raster->heap, raster->edges, raster->capacity * sizeof *raster->edges);
    memset(raster, 0, sizeof *raster);
}

static void raster_edge(tl__raster *raster, tl__point a, tl__point b)
{
    if (raster->failed || a.y == b.y) return;
    if (!tl__is_finite_d(a.x) || !tl__is_finite_d(a.y) || !tl__is_finite_d(b.x) || !tl__is_finite_d(b.y)) return;
    if (raster->count == raster->capacity) {
        size_t capacity = raster->capacity ? 2 * raster->capacity : 256, size = sizeof *raster->edges;
        tl__raster_edge *edges = tl__resize(raster->heap, raster->edges, raster->capacity * size, capacity * size);
        if (!edges) {
            raster->failed = true;
            return;
        }
        raster->edges = edges;
        raster->capacity = capacity;
    }
    raster->edges[raster->count++] = a.y < b.y ? (tl__raster_edge){a.x, a.y, b.x, b.y, 1}
                                               : (tl__raster_edge){b.x, b.y, a.x, a.y, -1};
}

TL_PRIV void tl__raster_polygon(tl__raster *raster, const tl__point *points, size_t count)
{
    for (size_t i = 0; i < count; i++) raster_edge(raster, points[i], points[i + 1 < count ? i + 1 : 0]);
}

/* A polygon that always winds the same way round. */
static void raster_piece(tl__raster *raster, const tl__point *points, size_t count)
{
    double area = 0;
    for (size_t i = 0; i < count; i++) {
        tl__point a = points[i], b = points[i + 1 < count ? i + 1 : 0];
        area += a.x * b.y - b.x * a.y;
    }
    for (size_t i = 0; i < count; i++) {
        tl__point a = points[i], b = points[i + 1 < count ? i + 1 : 0];
        if (area < 0) raster_edge(raster, b, a);
        else raster_edge(raster, a, b);
    }
}

TL_PRIV void tl__raster_circle(tl__raster *raster, tl__point at, double radius)
{
    /* sides of a polygon of the circle's own area, as many as a twentieth of a pixel needs */
    enum { MOST = 64 };
    tl__point points[MOST];
    int sides = radius < 3 ? 16 : radius < 12 ? 32 : MOST;
    double turn = 6.283185307179586 / sides, area = tl__sin(turn) / turn;
    double size = radius / tl__sqrt_d(area), c = tl__cos(turn), s = tl__sin(turn);
    tl__point way = {size, 0};
    for (int i = 0; i < sides; i++) {
        points[i] = (tl__point){at.x + way.x, at.y + way.y};
        way = (tl__point){way.x * c - way.y * s, way.x * s + way.y * c};
    }
    raster_piece(raster, points, (size_t)sides);
}

static void raster_stretch(tl__raster *raster, tl__point a, tl__point b, double width)
{
    double x = b.x - a.x, y = b.y - a.y, length = tl__sqrt_d(x * x + y * y);
    if (!(length > 0)) return;
    x *= width / 2 / length;
    y *= width / 2 / length;
    const tl__point box[] = {{a.x - y, a.y + x}, {b.x - y, b.y + x}, {b.x + y, b.y - x}, {a.x + y, a.y - x}};
    raster_piece(raster, box, 4);
}

/* The wedge on the outer side of a bend, and a disc where the bend is sharp. */
static void raster_bend(tl__raster *raster, tl__point a, tl__point at, tl__point b, double width)
{
    double x0 = at.x - a.x, y0 = at.y - a.y, x1 = b.x - at.x, y1 = b.y - at.y;
    double l0 = tl__sqrt_d(x0 * x0 + y0 * y0), l1 = tl__sqrt_d(x1 * x1 + y1 * y1);
    if (!(l0 > 0) || !(l1 > 0)) return;
    x0 /= l0, y0 /= l0, x1 /= l1, y1 /= l1;
    if (x0 * x1 + y0 * y1 < 0.9) {
        tl__raster_circle(raster, at, width / 2);
        return;
    }
    double side = x0 * y1 - y0 * x1 < 0 ? width / 2 : -width / 2;
    const tl__point wedge[] = {at, {at.x - y0 * side, at.y + x0 * side}, {at.x - y1 * side, at.y + x1 * side}};
    raster_piece(raster, wedge, 3);
}

static void raster_dashes(tl__raster *raster, const tl__point *points, size_t count, double width, double dash,
                          double gap)
{
    double done = 0;    /* of the pattern */
    for (size_t i = 0; i + 1 < count; i++) {
        tl__point a = points[i], b = points[i + 1];
        double x = b.x - a.x, y = b.y - a.y, length = tl__sqrt_d(x * x + y * y), at = 0;
        if (!(length > 0) || length > 1e6) continue;
        while (at < length) {
            double step = done < dash ? dash - done : dash + gap - done, end = at + step < length ? at + step : length;
            tl__point from = {a.x + x * at / length, a.y + y * at / length};
            tl__point to = {a.x + x * end / length, a.y + y * end / length};
            if (done < dash) raster_stretch(raster, from, to, width);
            done = at + step <= length ? done + step : done + (length - at);
            if (done >= dash + gap) done = 0;
            at = end;
        }
    }
}

TL_PRIV void tl__raster_stroke(tl__raster *raster, const tl__point *points, size_t count, double width, bool round,
                               double dash, double gap)
{
    if (dash > 0) {
        raster_dashes(raster, points, count, width, dash, gap);
        return;
    }
    for (size_t i = 0; i + 1 < count; i++) raster_stretch(raster, points[i], points[i + 1], width);
    for (size_t i = 1; i + 1 < count; i++) raster_bend(raster, points[i - 1], points[i], points[i + 1], width);
    if (round && count > 0) {
        tl__raster_circle(raster, points[0], width / 2);
        if (count > 1) tl__raster_circle(raster, points[count - 1], width / 2);
    }
}

/* Where an edge meets a line of the scan. */
typedef struct raster_crossing { double x; uint32_t edge; int wind; } raster_crossing;

/* The scan of one shape. */
typedef struct raster_scan {
    uint32_t *active;            /* edges that touch the row, in the order of the last line's crossings */
    size_t count;
    raster_crossing *crossings;
    size_t left, right;          /* pixels of the row that were touched: left <= x < right */
} raster_scan;

/* The pixels between two places of a line, as far as each is covered: differences that a running sum turns into
 * coverage. */
static void raster_span(tl__raster *raster, raster_scan *scan, double from, double to)
{
    float *cover = raster->cover;
    double width = (double)raster->pixels.width;
    if (from < 0) from = 0;
    if (to > width) to = width;
    if (!(to > from)) return;
    scan->left = tl__size_min(scan->left, (size_t)from);
    scan->right = tl__size_max(scan->right, tl__size_min((size_t)to + 1, raster->pixels.width));
    for (int end = 0; end < 2; end++) {
        double x = end ? to : from;
        size_t pixel = (size_t)x;
        float part = (float)(x - (double)pixel), sign = end ? -1.0f / RASTER_LINES : 1.0f / RASTER_LINES;
        cover[pixel] += sign * (1.0f - part);
        cover[pixel + 1] += sign * part;
    }
}

/* Crossings are put in order by insertion, which is quick as the line before had nearly the same one. */
static void raster_line(tl__raster *raster, raster_scan *scan, double y)
{
    size_t used = 0, others = 0;
    for (size_t i = 0; i < scan->count; i++) {
        uint32_t edge = scan->active[i];
        const tl__raster_edge *e = &raster->edges[edge];
        if (y < e->y0 || y >= e->y1) {
            scan->active[others++] = edge;
            continue;
        }
        raster_crossing c = {e->x0 + (e->x1 - e->x0) * ((y - e->y0) / (e->y1 - e->y0)), edge, e->wind};
        size_t at = used++;
        for (; at > 0 && scan->crossings[at - 1].x > c.x; at--) scan->crossings[at] = scan->crossings[at - 1];
        scan->crossings[at] = c;
    }
    int wind = 0;
    for (size_t i = 0; i < used; i++) {
        if (wind != 0) raster_span(raster, scan, scan->crossings[i - 1].x, scan->crossings[i].x);
        wind += scan->crossings[i].wind;
        scan->active[others + i] = scan->crossings[i].edge;
    }
}

static void raster_blend(tl__raster *raster, const raster_scan *scan, size_t row, uint32_t colour, double opacity)
{
    size_t width = raster->pixels.width;
    uint8_t *pixel = raster->pixels.samples + (row * width + scan->left) * 3;
    float sum = 0;
    for (size_t x = scan->left; x < scan->right; x++, pixel += 3) {
        sum += raster->cover[x];
        if (sum < 1e-4f) continue;
        double part = (sum < 1 ? (double)sum : 1.0) * opacity;
        for (int k = 0; k < 3; k++) {
            double want = colour >> (16 - 8 * k) & 255;
            pixel[k] = (uint8_t)(pixel[k] + (want - pixel[k]) * part + 0.5);
        }
    }
    if (scan->right > scan->left)
        memset(raster->cover + scan->left, 0, (scan->right - scan->left + 2) * sizeof *raster->cover);
}

#define SORT_NAME raster_sort
#define SORT_TYPE tl__raster_edge
#define SORT_USER int
#define SORT_BEFORE(user, b, a) ((b).y0 < (a).y0)
#include "base/sort.inc.h"

/* Edges by where they begin; those that begin above the picture are there in its first row. */
static void raster_rows(tl__raster *raster, raster_scan *scan, uint32_t colour, double opacity)
{
    size_t next = 0, row = 0, height = raster->pixels.height;
    double top = raster->edges[0].y0;
    if (top >= (double)height) return;
    if (top > 0) row = (size_t)top;
    for (; row < height && (next < raster->count || scan->count > 0); row++) {
        size_t kept = 0;
        for (size_t i = 0; i < scan->count; i++)
            if (raster->edges[scan->active[i]].y1 > (double)row) scan->active[kept++] = scan->active[i];
        for (scan->count = kept; next < raster->count && raster->edges[next].y0 < (double)row + 1; next++)
            if (raster->edges[next].y1 > (double)row) scan->active[scan->count++] = (uint32_t)next;
        if (scan->count == 0) continue;
        scan->left = raster->pixels.width;
        scan->right = 0;
        for (int line = 0; line < RASTER_LINES; line++)
            raster_line(raster, scan, (double)row + (line + 0.5) / RASTER_LINES);
        raster_blend(raster, scan, row, colour, opacity);
    }
}

TL_PRIV void tl__raster_fill(tl__raster *raster, uint32_t colour, double opacity)
{
    tl__carver carver = {0};
    size_t count = raster->count;
    for (int pass = 0; pass < 2 && count && !raster->failed; pass++) {
        size_t bytes = carver.used;
        unsigned char *block = pass ? tl__alloc_aligned(raster->heap, bytes) : NULL;
        if (pass && !block) {
            raster->failed = true;
            break;
        }
        carver = (tl__carver){.base = block};
        tl__raster_edge *scratch = TL_CARVE(&carver, tl__raster_edge, count);
        raster_scan scan = {.crossings = TL_CARVE(&carver, raster_crossing, count),
                            .active = TL_CARVE(&carver, uint32_t, count)};
        if (!pass) continue;
        raster_sort(raster->edges, scratch, count, 0);
        raster_rows(raster, &scan, colour, opacity);
        tl__free_aligned(raster->heap, block, bytes);
    }
    raster->count = 0;
}
