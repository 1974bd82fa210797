/* train:compare: what two runs or versions were made with, side by side, and what came of it. */
#include "base/math.h"
#include "base/text.h"
#include "lab/command_model.h"
#include "lab/path.h"
#include "text/yaml.h"

typedef struct command_compare_side {
    tl__trained trained;
    tl__tree *settings, *metrics;
} command_compare_side;

static tl_status command_compare_text(tl_context *context, const char *text, tl__tree **out, tl_error *error)
{
    if (tl__tree_new(&context->heap, NULL, out) != TL_OK) return tl__fail_memory(error, sizeof **out);
    return text ? tl__json_parse(*out, text, strlen(text), error) : TL_OK;
}

/* A run of several models has settings and figures of its own, those of all of them together; a list of models has
 * neither. */
static tl_status command_compare_several(tl_context *context, const char *what, command_compare_side *side,
                                         tl_error *error)
{
    tl__trained *trained = &side->trained;
    tl__builder builder;
    const char *path = trained->place.folder ? tl__path_join(&trained->arena, trained->place.folder, "metrics.json")
                                             : NULL;
    if (!trained->place.folder)
        return tl__fail(error, TL_UNSUPPORTED, "%s is a list of %zu models; name two of its runs to compare them.",
                        what, trained->many.count);
    if (!path) return tl__fail_memory(error, 256);
    TL_TRY(command_compare_text(context, NULL, &side->settings, error));
    tl__builder_init(&builder, side->settings);
    tl__config_results(trained->config, &builder, NULL, NULL);
    if (builder.failed) return tl__fail_memory(error, 256);
    return tl__json_read(context, path, &side->metrics, error);
}

static tl_status command_compare_open(tl_context *context, const char *what, const tl_options *options,
                                      command_compare_side *side, tl_error *error)
{
    TL_TRY(tl__trained_open(context, what, options, &side->trained, error));
    if (side->trained.models) return command_compare_several(context, what, side, error);
    TL_TRY(command_compare_text(context, side->trained.model->settings, &side->settings, error));
    return command_compare_text(context, side->trained.model->metrics, &side->metrics, error);
}

static void command_compare_close(command_compare_side *side)
{
    tl__tree_free(side->settings);
    tl__tree_free(side->metrics);
    tl__trained_close(&side->trained);
}

/* ---- figures ---- */

static void command_compare_scores(tl__builder *builder, tl_value *list, const tl_value *a, const tl_value *b)
{
    static const char *const parts[] = {"train", "validation", "test"};
    for (size_t p = 0; p < TL_COUNT(parts); p++) {
        const tl_value *of_a = tl_value_get(a, parts[p]), *of_b = tl_value_get(b, parts[p]);
        for (size_t k = 0; k < tl_value_count(of_a); k++) {
            const char *figure = tl_value_key_at(of_a, k);
            double nan = 0.0 / 0.0, left = tl_value_number(tl_value_at(of_a, k), nan);
            double right = tl_value_number(tl_value_get(of_b, figure), nan);
            if (left != left || right != right || tl__same_text(figure, "samples")) continue;
            tl_value *row = tl__put_map(builder, list, NULL);
            tl__put_text(builder, row, "part", parts[p]);
            tl__put_text(builder, row, "figure", figure);
            tl__put_number(builder, row, "a", left);
            tl__put_number(builder, row, "b", right);
            tl__put_number(builder, row, "difference", right - left);
        }
    }
}

/* ---- weights ---- */

/* How far apart tensors of one name and shape are: ||b - a|| / ||a||. */
static void command_compare_weights(tl__builder *builder, tl_value *root, const tl_model *a, const tl_model *b)
{
    tl_value *map = tl__put_map(builder, root, "weights"), *list = tl__put_list(builder, map, "tensors");
    int shared = 0, count_a = tl__plan_tensor_count(a->plan), count_b = tl__plan_tensor_count(b->plan);
    bool equal = count_a == count_b;
    for (int i = 0; i < count_a; i++) {
        const tl__tensor *x = tl__plan_tensor(a->plan, i), *y = NULL;
        double apart = 0, size = 0;
        for (int j = 0; j < count_b && !y; j++) {
            const tl__tensor *other = tl__plan_tensor(b->plan, j);
            if (strcmp(x->name, other->name) == 0 && x->size == other->size) y = other;
        }
        if (!y) {
            equal = false;
            continue;
        }
        shared++;
        for (size_t k = 0; k < x->size; k++) {
            double left = (double)a->parameters[x->offset + k], right = (double)b->parameters[y->offset + k];
            apart += (right - left) * (right - left);
            size += left * left;
        }
        equal &= apart == 0;
        tl_value *row = tl__put_map(builder, list, NULL);
        tl__put_text(builder, row, "tensor", x->name);
        tl__put_number(builder, row, "relative_change", size > 0 ? tl__sqrt_d(apart / size) : tl__sqrt_d(apart));
    }
    tl__put_bool(builder, map, "equal", equal);
    tl__put_integer(builder, map, "shared", shared);
}

static tl_status command_compare_tree(const command_compare_side *a, const command_compare_side *b,
                                      const char *const names[2], tl__builder *builder, tl_error *error)
{
    tl_value *root = tl__put_map(builder, NULL, NULL);
    tl__put_text(builder, root, "a", names[0]);
    tl__put_text(builder, root, "b", names[1]);
    tl__value_differences(builder, tl__put_list(builder, root, "settings"), "", &a->settings->root,
                          &b->settings->root);
    command_compare_scores(builder, tl__put_list(builder, root, "figures"), &a->metrics->root, &b->metrics->root);
    if (!a->trained.models && !b->trained.models)
        command_compare_weights(builder, root, a->trained.model, b->trained.model);
    return builder->failed ? tl__fail_memory(error, 256) : TL_OK;
}

TL_API tl_status tl_compare(tl_context *context, const char *a, const char *b, const tl_options *options,
                            tl_value **out, tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    const tl_options *o = options ? options : &defaults;
    const char *const names[2] = {a, b};
    command_compare_side sides[2];
    tl__tree *tree = NULL;
    tl__builder builder;
    memset(sides, 0, sizeof sides);
    tl_status status = command_compare_open(context, a, o, &sides[0], error);
    if (status == TL_OK) status = command_compare_open(context, b, o, &sides[1], error);
    if (status == TL_OK && tl__tree_new(&context->heap, NULL, &tree) != TL_OK)
        status = tl__fail_memory(error, sizeof *tree);
    if (status == TL_OK) {
        tl__builder_init(&builder, tree);
        status = command_compare_tree(&sides[0], &sides[1], names, &builder, error);
    }
    command_compare_close(&sides[0]);
    command_compare_close(&sides[1]);
    if (status == TL_OK) *out = &tree->root;
    else tl__tree_free(tree);
    return status;
}
