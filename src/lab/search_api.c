/* Searches over a function of the caller's own: ask for values, tell what came of them. */
#include "base/context.h"
#include "base/math.h"
#include "base/text.h"
#include "lab/search.h"
#include "text/yaml.h"

struct tl_search {
    tl_context *context;
    tl__arena arena;
    tl__tree *tree;
    tl__search search;
    int64_t asked;               /* trials so far */
    double *points, *losses;     /* [room, axes] and [room]; NaN: not told yet */
    bool *told;
    double *seen;                /* [room, axes + 1]: of what was told, for the method */
    size_t room;
    int64_t best;                /* -1: none */
};

TL_API tl_status tl_search_new(tl_context *context, const char *settings, uint64_t seed, tl_search **out,
                               tl_error *error)
{
    tl_error own = {0};
    if (!error) error = &own;
    tl_search *search = tl__alloc_zero(&context->heap, 1, sizeof *search);
    if (!search) return tl__fail_memory(error, sizeof *search);
    search->context = context;
    search->best = -1;
    tl__arena_init(&search->arena, &context->heap);
    tl_status status = tl__tree_new(&context->heap, "search", &search->tree);
    if (status != TL_OK) tl__fail_memory(error, sizeof *search->tree);
    if (status == TL_OK) status = tl__yaml_parse_settings(search->tree, settings, strlen(settings), error);
    const tl__search_asked asked = {.block = search->tree ? &search->tree->root : NULL, .file = "search"};
    if (status == TL_OK) status = tl__search_read(&asked, NULL, seed, &search->arena, &search->search, error);
    if (status != TL_OK) tl_search_free(search);
    else *out = search;
    return status;
}

TL_API void tl_search_free(tl_search *search)
{
    if (!search) return;
    tl_context *context = search->context;
    const size_t axes = search->search.space.count;
    tl__free(&context->heap, search->points, search->room * axes * sizeof(double));
    tl__free(&context->heap, search->losses, search->room * sizeof(double));
    tl__free(&context->heap, search->told, search->room * sizeof(bool));
    tl__free(&context->heap, search->seen, search->room * (axes + 1) * sizeof(double));
    if (search->tree) tl__tree_free(search->tree);
    tl__arena_free(&search->arena);
    tl__free(&context->heap, search, sizeof *search);
}

static tl_status search_api_grow(tl_search *search, tl_error *error)
{
    const size_t axes = search->search.space.count, room = search->room ? 2 * search->room : 64;
    tl__heap *heap = &search->context->heap;
    if ((size_t)search->asked < search->room) return TL_OK;
    double *points = tl__alloc_zero(heap, room, axes * sizeof *points);
    double *losses = tl__alloc_zero(heap, room, sizeof *losses);
    bool *told = tl__alloc_zero(heap, room, sizeof *told);
    double *seen = tl__alloc_zero(heap, room, (axes + 1) * sizeof *seen);
    if (!points || !losses || !told || !seen) {
        tl__free(heap, points, points ? room * axes * sizeof *points : 0);
        tl__free(heap, losses, losses ? room * sizeof *losses : 0);
        tl__free(heap, told, told ? room * sizeof *told : 0);
        tl__free(heap, seen, seen ? room * (axes + 1) * sizeof *seen : 0);
        return tl__fail_memory(error, room * (2 * axes + 2) * sizeof *points);
    }
    if (search->room) {
        memcpy(points, search->points, search->room * axes * sizeof *points);
        memcpy(losses, search->losses, search->room * sizeof *losses);
        memcpy(told, search->told, search->room * sizeof *told);
    }
    tl__free(heap, search->points, search->room * axes * sizeof *points);
    tl__free(heap, search->losses, search->room * sizeof *losses);
    tl__free(heap, search->told, search->room * sizeof *told);
    tl__free(heap, search->seen, search->room * (axes + 1) * sizeof *seen);
    search->points = points;
    search->losses = losses;
    search->told = told;
    search->seen = seen;
    search->room = room;
    return TL_OK;
}

/* An axis's value as the caller knows it. */
static double search_api_value(const tl__search *search, size_t axis, double value)
{
    const tl__search_parameter *p = &search->parameters[axis];
    if (p->values) {
        const tl_value *item = tl_value_at(p->values, (size_t)value);
        bool number = search->space.axes[axis].kind == TL__AXIS_WHOLE;
        return number ? tl_value_number(item, value) : value;
    }
    return p->step != 0.0 ? p->first + value * p->step : value;
}

static void search_api_values(const tl_search *search, int64_t trial, double *values)
{
    const size_t axes = search->search.space.count;
    const double *point = search->points + (size_t)trial * axes;
    for (size_t j = 0; j < axes; j++)
        values[j] = tl__space_counts(&search->search.space, j, point) ? search_api_value(&search->search, j, point[j])
                                                                      : tl__nan_d();
}

TL_API tl_status tl_search_ask(tl_search *search, int64_t *trial, double *values, tl_error *error)
{
    const size_t axes = search->search.space.count;
    size_t known = 0;
    TL_TRY(search_api_grow(search, error));
    for (int64_t i = 0; i < search->asked; i++)
        if (search->told[i])
            memcpy(search->seen + known++ * axes, search->points + (size_t)i * axes, axes * sizeof(double));
    double *losses = search->seen + known * axes;
    known = 0;
    for (int64_t i = 0; i < search->asked; i++)
        if (search->told[i]) losses[known++] = search->losses[i];
    tl__search_view view = {&search->context->heap, &search->search.space, search->search.seed, search->asked, known,
                            search->seen, losses};
    TL_TRY(tl__search_propose(search->search.method, &view, 1, search->points + (size_t)search->asked * axes, error));
    search->losses[search->asked] = tl__nan_d();
    search->told[search->asked] = false;
    search_api_values(search, search->asked, values);
    *trial = search->asked++;
    return TL_OK;
}

TL_API tl_status tl_search_tell(tl_search *search, int64_t trial, double loss, tl_error *error)
{
    if (trial < 0 || trial >= search->asked)
        return tl__fail(error, TL_INVALID, "trial %lld was not asked for.", (long long)trial);
    search->told[trial] = true;
    search->losses[trial] = loss;
    search->best = -1;
    for (int64_t i = 0; i < search->asked; i++)
        if (search->told[i] && tl__is_finite_d(search->losses[i]) &&
            (search->best < 0 || search->losses[i] < search->losses[search->best])) search->best = i;
    return TL_OK;
}

TL_API tl_status tl_search_best(const tl_search *search, int64_t *trial, double *values, double *loss, tl_error *error)
{
    if (search->best < 0) return tl__fail(error, TL_NOT_FOUND, "no trial has come to a result yet.");
    if (values) search_api_values(search, search->best, values);
    if (trial) *trial = search->best;
    if (loss) *loss = search->losses[search->best];
    return TL_OK;
}
