/* train:configure: a config with every setting and its meaning, from the table of settings; or a check of one; or an
 * explanation. */
#include "base/text.h"
#include "lab/config.h"
#include "lab/explain.h"
#include "port/port.h"
#include "text/bind.h"

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

static tl_status command_configure_make(tl_context *context, const char *path, const tl_options *o,
                                        tl__builder *builder,
                                        tl_value *root, tl_error *error)
{
    tl__config *config = NULL;
    tl_status status;
    if (o->explain) return tl__explain(context, o->explain, builder, root, error);
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
