/* The charts of a run as images for TensorBoard, when it has ended: an event file of their own, beside the one of the
 * training. It is made from the run's folder, as reports are, so nothing of the training has to be in memory. */
#include "base/text.h"
#include "lab/path.h"
#include "lab/pictures.h"
#include "lab/tensorboard.h"
#include "port/port.h"
#include "text/events.h"

/* One picture as an event; out of memory shows in out->failed. */
static void tensorboard_pictures_add(tl_context *context, const tl__run_picture *member, const tl__picture *picture,
                                     double time, int64_t step, tl__buffer *out)
{
    const tl__picture_options options = {.scale = 1};
    tl__buffer png;
    char tag[64];
    tl__buffer_init(&png, &context->heap);
    tl__picture_file(picture, tl__canvas_png(), &options, &png);
    tl__format(tag, sizeof tag, "charts/%s", member->name);
    if (png.failed) out->failed = true;
    else tl__events_image(out, time, step, tag, (int64_t)(picture->height > 0 ? picture->height : 360),
                          (int64_t)(picture->width > 0 ? picture->width : 720), png.data, png.size);
    tl__buffer_free(&png);
}

static tl_status tensorboard_pictures_make(tl_context *context, tl__story *story, tl__buffer *out, tl_error *error)
{
    const tl__run_picture *member;
    double time = (double)tl__now(context) * 1e-6;
    int64_t step = tl_value_integer(tl_value_get(story->metrics, "epochs"), 0) *
                   tl_value_integer(tl_value_get(story->status, "steps"), 1);
    tl__events_start(out, time);
    for (size_t i = 0; (member = tl__run_picture_at(i)) != NULL; i++) {
        tl__picture picture;
        const char *words;
        bool failed = false;
        if (member->make(story, &picture, &words, &failed))
            tensorboard_pictures_add(context, member, &picture, time, step, out);
        if (failed) return tl__fail_memory(error, 0);
    }
    return out->failed ? tl__fail_memory(error, out->size) : TL_OK;
}

TL_PRIV void tl__tensorboard_pictures(tl_context *context, const char *run, const char *folder)
{
    tl_error error = {0};
    tl__story story;
    tl__buffer out;
    tl__buffer_init(&out, &context->heap);
    tl_status status = tl__story_open(context, run, &story, &error);
    if (status == TL_OK) status = tensorboard_pictures_make(context, &story, &out, &error);
    const char *path = NULL;
    if (status == TL_OK) status = tl__tensorboard_path(context, folder, &story.arena, &path, &error);
    if (status == TL_OK) status = tl__file_replace(path, out.data, out.size, false, &error);
    if (status != TL_OK)
        tl__log_line(context, TL_LOG_WARNING, "the charts were not written for TensorBoard: %s", error.message);
    tl__buffer_free(&out);
    tl__story_close(&story);
}
