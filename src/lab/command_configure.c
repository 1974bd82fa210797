/* train:configure: a config with every setting and its meaning, from the table of settings; or a check of one; or an
 * explanation; or a named architecture as the layers that it stands for. */
#include "base/text.h"
#include "data/dataset.h"
#include "lab/advice.h"
#include "lab/config.h"
#include "lab/explain.h"
#include "model/arch.h"
#include "port/port.h"
#include "text/bind.h"
#include "text/yaml.h"
#include "train/train.h"

static tl_status command_configure_annotate(tl_context *context, const tl__config *config, const char *preset,
                                            tl__builder *builder, tl_value *root, tl_error *error)
{
    tl__buffer text;
    tl__buffer_init(&text, &context->heap);
    tl__buffer_format(&text, "# A config of trainlib %s%s%s with every setting. Lines can be left out: what is absent "
                      "has\n# its default.\n", TL_VERSION, preset ? ", preset " : "", preset ? preset : "");
    tl__unbind_yaml(&text, config->rows, &config->settings, 0);
    if (!text.failed) tl__put_text_n(builder, root, "text", text.data, text.size);
    tl_status status = text.failed || builder->failed ? tl__fail_memory(error, text.size) : TL_OK;
    tl__buffer_free(&text);
    return status;
}

/* The layers of the config's architecture for the config's data. */
static tl_status command_configure_layers(tl_context *context, const tl__config *config, tl__buffer *out,
                                          tl_error *error)
{
    const tl__config_settings *s = &config->settings;
    tl_dataset *data;
    tl__fit fit;
    TL_TRY(tl__dataset_load(context, &s->data, config->folder, (uint64_t)s->seed, &data, error));
    tl_status status = tl__train_fit(&s->train, data, config->path, &fit, error);
    if (status == TL_OK) status = tl__arch_write(&context->heap, &s->network, &fit, config->path, out, error);
    tl_dataset_free(data);
    return tl__config_place(config, status, error);
}

/* The config as it was written, with `layers` in the place of the architecture. */
static tl_status command_configure_rewrite(tl_context *context, const tl__config *config, const tl__buffer *layers,
                                           tl__buffer *out, tl_error *error)
{
    static const char *const of_models[] = {"model", "hidden_size", "num_layers", "input_shape", "layers"};
    const tl_value *network = tl__value_child(&config->tree->root, "network");
    tl__tree *tree;
    tl__builder builder;
    TL_TRY(tl__tree_new(&context->heap, NULL, &tree));
    tl__builder_init(&builder, tree);
    tl_value *blocks = tl__put_list(&builder, NULL, NULL), *rest = tl__put_map(&builder, blocks, NULL);
    tl_value *kept = tl__put_map(&builder, blocks, NULL);
    for (const tl_value *block = config->tree->root.first; block; block = block->next)
        if (block != network) tl__put_copy(&builder, rest, block->key, block);
    if (rest && rest->count) tl__yaml_write(out, rest, 0);
    tl__buffer_text(out, "network:\n");
    for (const tl_value *item = network && network->kind == TL_MAP ? network->first : NULL; item; item = item->next) {
        bool dropped = false;
        for (size_t i = 0; i < TL_COUNT(of_models); i++) dropped |= tl__same_text(item->key, of_models[i]);
        if (!dropped) tl__put_copy(&builder, kept, item->key, item);
    }
    if (kept && kept->count) tl__yaml_write(out, kept, 2);
    tl__buffer_text(out, "  layers:\n");
    for (const char *line = layers->data, *end = line + layers->size; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        int size = (int)((stop ? stop : end) - line);
        tl__buffer_format(out, "    %.*s\n", size, line);
        line += size + 1;
    }
    bool failed = out->failed || builder.failed;
    tl__tree_free(tree);
    return failed ? tl__fail_memory(error, out->size) : TL_OK;
}

static tl_status command_configure_expand(tl_context *context, const char *path, const tl_options *o,
                                          tl__builder *builder, tl_value *root, tl_error *error)
{
    tl__config *config;
    tl__buffer layers, text;
    TL_TRY(tl__config_read(context, path, o->set, o->set_count, &config, error));
    tl__buffer_init(&layers, &context->heap);
    tl__buffer_init(&text, &context->heap);
    tl_status status = TL_OK;
    if (config->settings.network.layers) {
        tl__yaml_write(&text, &config->tree->root, 0);
    } else {
        status = command_configure_layers(context, config, &layers, error);
        if (status == TL_OK) status = command_configure_rewrite(context, config, &layers, &text, error);
    }
    if (status == TL_OK && !text.failed) tl__put_text_n(builder, root, "text", text.data, text.size);
    if (status == TL_OK && (text.failed || builder->failed)) status = tl__fail_memory(error, text.size);
    tl__buffer_free(&layers);
    tl__buffer_free(&text);
    tl__config_free(config);
    return status;
}

static tl_status command_configure_make(tl_context *context, const char *path, const tl_options *o,
                                        tl__builder *builder,
                                        tl_value *root, tl_error *error)
{
    tl__config *config = NULL;
    tl_status status;
    if (o->explain) return tl__explain(context, o->explain, builder, root, error);
    if (o->apply_advice) return tl__advice(context, o, builder, root, error);
    if (o->expand) return command_configure_expand(context, path, o, builder, root, error);
    if (o->check) {
        status = tl__config_read(context, path, o->set, o->set_count, &config, error);
        if (status == TL_OK) {
            const char *text = tl__arena_format(&config->arena, "%s: no mistakes\n", config->path);
            tl__put_bool(builder, root, "valid", true);
            if (text) tl__put_text(builder, root, "text", text);
            status = !text || builder->failed ? tl__fail_memory(error, 0) : TL_OK;
        }
        tl__config_free(config);
        return status;
    }
    if (path) {
        tl__buffer text;
        tl__buffer_init(&text, &context->heap);
        status = tl__file_exists(path) ? tl__file_read(path, &text, 16 << 20, error)
                                       : tl__fail(error, TL_BAD_CONFIG, "%s: there is no such file.", path);
        if (status == TL_OK)
            status = tl__config_parse(context, text.data ? text.data : "", text.size, path, "", o->set, o->set_count,
                                      false,
                                      o->preset, &config, error);
        tl__buffer_free(&text);
    } else {
        const char *preset = o->preset ? o->preset : "plain";
        status = tl__config_parse(context, "", 0, "config", "", o->set, o->set_count, false, preset, &config, error);
    }
    if (status == TL_OK) status = command_configure_annotate(context, config, o->preset, builder, root, error);
    tl__config_free(config);
    return status;
}

TL_API tl_status tl_configure(tl_context *context, const char *config, const tl_options *options, tl_value **out,
                              tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl__tree *tree;
    tl__builder builder;
    if (tl__tree_new(&context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl_status status = root ? command_configure_make(context, config, options ? options : &defaults, &builder, root,
                                                     error)
                            : tl__fail_memory(error, 0);
    if (status != TL_OK) tl__tree_free(tree);
    else *out = &tree->root;
    return status;
}
