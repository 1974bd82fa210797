/* TensorBoard's event files: records of one event each, framed by lengths and checksums, appended to a buffer.
 *
 *     u64 length | u32 masked crc32c of the 8 bytes | the event | u32 masked crc32c of the event
 *
 * A file begins with tl__events_start. Times are seconds since 1970, steps are whole numbers that grow. Sources:
 * tensorflow/core/util/event.proto, tensorboard/compat/proto/summary.proto, plugins/hparams/plugin_data.proto. */
#ifndef TL_TEXT_EVENTS_H
#define TL_TEXT_EVENTS_H

#include "base/memory.h"

TL_PRIV void tl__events_start(tl__buffer *out, double time);
/* Points of later steps that an earlier file of the folder holds are void: what a resumed training begins with. */
TL_PRIV void tl__events_resume(tl__buffer *out, double time, int64_t step);
TL_PRIV void tl__events_scalar(tl__buffer *out, double time, int64_t step, const char *tag, double value);
/* Markdown. */
TL_PRIV void tl__events_text(tl__buffer *out, double time, int64_t step, const char *tag, const char *text,
                             size_t size);
TL_PRIV void tl__events_image(tl__buffer *out, double time, int64_t step, const char *tag, int64_t height,
                              int64_t width, const void *png, size_t size);

/* A distribution, collected in two walks over the numbers: range first, then counts. NaN and infinities are left
 * out. */
enum { TL__EVENTS_BUCKETS = 30 };
typedef struct tl__buckets {
    double min, max, count, sum, squares;
    double bucket[TL__EVENTS_BUCKETS];    /* of equal width from min to max; where they are equal, all in the middle */
} tl__buckets;
TL_PRIV void tl__buckets_clear(tl__buckets *histogram);
TL_PRIV void tl__buckets_range(tl__buckets *histogram, const float *values, size_t count);
TL_PRIV void tl__buckets_add(tl__buckets *histogram, const float *values, size_t count);
TL_PRIV void tl__events_histogram(tl__buffer *out, double time, int64_t step, const char *tag,
                                  const tl__buckets *histogram);

/* Hyperparameters of a run: a number, or a text where text is not NULL; metrics are tags of scalars. */
typedef struct tl__hparam { const char *name, *text; double number; } tl__hparam;
TL_PRIV void tl__events_hparams(tl__buffer *out, double time, const char *name, const tl__hparam *hparams,
                                size_t count, const char *const *metrics, size_t metric_count);
TL_PRIV void tl__events_end(tl__buffer *out, double time, bool success);

#endif
