/* Event files. An event is written into the buffer behind room for its frame's head, which is filled at its end. */
#include "text/events.h"

#include "base/hash.h"
#include "base/math.h"
#include "text/protobuf.h"

enum { EVENTS_HEAD = 12, EVENTS_FLOAT = 1, EVENTS_STRING = 7 };

static uint32_t events_mask(uint32_t crc) { return (crc >> 15 | crc << 17) + 0xa282ead8u; }

static void events_little(unsigned char *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) out[i] = (unsigned char)(value >> 8 * i);
}

/* ---- frames ---- */

static size_t events_open(tl__buffer *out, double time, int64_t step)
{
    static const unsigned char head[EVENTS_HEAD] = {0};
    size_t mark = out->size;
    tl__buffer_add(out, head, sizeof head);
    tl__proto_double(out, 1, time);
    if (step) tl__proto_int(out, 2, step);
    return mark;
}

static void events_close(tl__buffer *out, size_t mark)
{
    unsigned char tail[4];
    if (out->failed) return;
    unsigned char *head = (unsigned char *)out->data + mark;
    size_t size = out->size - mark - EVENTS_HEAD;
    events_little(head, size, 8);
    events_little(head + 8, events_mask(tl__crc32c(0, head, 8)), 4);
    events_little(tail, events_mask(tl__crc32c(0, head + EVENTS_HEAD, size)), 4);
    tl__buffer_add(out, tail, sizeof tail);
}

TL_PRIV void tl__events_start(tl__buffer *out, double time)
{
    size_t event = events_open(out, time, 0);
    tl__proto_text(out, 3, "brain.Event:2");
    events_close(out, event);
}

TL_PRIV void tl__events_resume(tl__buffer *out, double time, int64_t step)
{
    size_t event = events_open(out, time, step), log = tl__proto_begin(out, 7);
    tl__proto_int(out, 1, 1);    /* START */
    tl__proto_end(out, log);
    events_close(out, event);
}

/* ---- values: an event with a summary of one value ---- */

typedef struct events_value { size_t event, summary, value; } events_value;

static events_value events_begin(tl__buffer *out, double time, int64_t step, const char *tag)
{
    events_value v;
    v.event = events_open(out, time, step);
    v.summary = tl__proto_begin(out, 5);
    v.value = tl__proto_begin(out, 1);
    tl__proto_text(out, 1, tag);
    return v;
}

static void events_finish(tl__buffer *out, const events_value *v)
{
    tl__proto_end(out, v->value);
    tl__proto_end(out, v->summary);
    events_close(out, v->event);
}

TL_PRIV void tl__events_scalar(tl__buffer *out, double time, int64_t step, const char *tag, double value)
{
    events_value v = events_begin(out, time, step, tag);
    tl__proto_float(out, 2, (float)value);
    events_finish(out, &v);
}

/* Which plugin shows the value: SummaryMetadata. */
static void events_plugin(tl__buffer *out, const char *name, const tl__buffer *content, int data_class)
{
    size_t metadata = tl__proto_begin(out, 9), plugin = tl__proto_begin(out, 1);
    tl__proto_text(out, 1, name);
    if (content) tl__proto_bytes(out, 2, content->data, content->size);
    tl__proto_end(out, plugin);
    if (data_class) tl__proto_int(out, 4, data_class);
    tl__proto_end(out, metadata);
}

TL_PRIV void tl__events_text(tl__buffer *out, double time, int64_t step, const char *tag, const char *text, size_t size)
{
    events_value v = events_begin(out, time, step, tag);
    size_t tensor = tl__proto_begin(out, 8);
    tl__proto_int(out, 1, EVENTS_STRING);
    size_t shape = tl__proto_begin(out, 2), axis = tl__proto_begin(out, 2);
    tl__proto_int(out, 1, 1);
    tl__proto_end(out, axis);
    tl__proto_end(out, shape);
    tl__proto_bytes(out, 8, text, size);
    tl__proto_end(out, tensor);
    events_plugin(out, "text", NULL, 2);
    events_finish(out, &v);
}

TL_PRIV void tl__events_image(tl__buffer *out, double time, int64_t step, const char *tag, int64_t height,
                              int64_t width, const void *png, size_t size)
{
    events_value v = events_begin(out, time, step, tag);
    size_t image = tl__proto_begin(out, 4);
    tl__proto_int(out, 1, height);
    tl__proto_int(out, 2, width);
    tl__proto_int(out, 3, 3);
    tl__proto_bytes(out, 4, png, size);
    tl__proto_end(out, image);
    events_finish(out, &v);
}

/* ---- histograms ---- */

TL_PRIV void tl__buckets_clear(tl__buckets *histogram)
{
    *histogram = (tl__buckets){.min = 0};
}

TL_PRIV void tl__buckets_range(tl__buckets *histogram, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double x = (double)values[i];
        if (!tl__is_finite_d(x)) continue;
        if (histogram->count == 0 || x < histogram->min) histogram->min = x;
        if (histogram->count == 0 || x > histogram->max) histogram->max = x;
        histogram->count += 1;
        histogram->sum += x;
        histogram->squares += x * x;
    }
}

TL_PRIV void tl__buckets_add(tl__buckets *histogram, const float *values, size_t count)
{
    double width = (histogram->max - histogram->min) / TL__EVENTS_BUCKETS;
    for (size_t i = 0; i < count; i++) {
        double x = (double)values[i];
        if (!tl__is_finite_d(x)) continue;
        size_t at = width > 0 ? (size_t)((x - histogram->min) / width) : TL__EVENTS_BUCKETS / 2;
        histogram->bucket[at < TL__EVENTS_BUCKETS ? at : TL__EVENTS_BUCKETS - 1] += 1;
    }
}

/* Right edges; a first bucket that is empty carries the left edge of the second. */
TL_PRIV void tl__events_histogram(tl__buffer *out, double time, int64_t step, const char *tag,
                                  const tl__buckets *histogram)
{
    double width = (histogram->max - histogram->min) / TL__EVENTS_BUCKETS, first = histogram->min;
    if (!(width > 0)) {
        width = 1.0 / TL__EVENTS_BUCKETS;
        first = histogram->min - 0.5 - width / 2;    /* the middle bucket is around the one value */
    }
    events_value v = events_begin(out, time, step, tag);
    size_t histo = tl__proto_begin(out, 5);
    tl__proto_double(out, 1, histogram->min);
    tl__proto_double(out, 2, histogram->max);
    tl__proto_double(out, 3, histogram->count);
    tl__proto_double(out, 4, histogram->sum);
    tl__proto_double(out, 5, histogram->squares);
    size_t limits = tl__proto_begin(out, 6);
    for (int i = 0; i <= TL__EVENTS_BUCKETS; i++) tl__proto_packed_double(out, first + width * i);
    tl__proto_end(out, limits);
    size_t counts = tl__proto_begin(out, 7);
    tl__proto_packed_double(out, 0);
    for (int i = 0; i < TL__EVENTS_BUCKETS; i++) tl__proto_packed_double(out, histogram->bucket[i]);
    tl__proto_end(out, counts);
    tl__proto_end(out, histo);
    events_finish(out, &v);
}

/* ---- hyperparameters ---- */

/* A value without content whose metadata is the message. */
static void events_hparams_value(tl__buffer *out, double time, const char *tag, const tl__buffer *message)
{
    events_value v = events_begin(out, time, 0, tag);
    size_t tensor = tl__proto_begin(out, 8);
    tl__proto_int(out, 1, EVENTS_FLOAT);
    size_t shape = tl__proto_begin(out, 2);
    tl__proto_end(out, shape);
    tl__proto_end(out, tensor);
    events_plugin(out, "hparams", message, 0);
    events_finish(out, &v);
}

static void events_experiment(tl__buffer *out, double time, const tl__hparam *hparams, size_t count,
                              const char *const *metrics, size_t metric_count)
{
    size_t experiment = tl__proto_begin(out, 2);
    tl__proto_double(out, 3, time);
    for (size_t i = 0; i < count; i++) {
        size_t info = tl__proto_begin(out, 4);
        tl__proto_text(out, 1, hparams[i].name);
        tl__proto_int(out, 4, hparams[i].text ? 1 : 3);
        tl__proto_end(out, info);
    }
    for (size_t i = 0; i < metric_count; i++) {
        size_t info = tl__proto_begin(out, 5), name = tl__proto_begin(out, 1);
        tl__proto_text(out, 2, metrics[i]);
        tl__proto_end(out, name);
        tl__proto_end(out, info);
    }
    tl__proto_end(out, experiment);
}

static void events_session(tl__buffer *out, double time, const char *name, const tl__hparam *hparams, size_t count)
{
    size_t session = tl__proto_begin(out, 3);
    for (size_t i = 0; i < count; i++) {
        size_t entry = tl__proto_begin(out, 1);
        tl__proto_text(out, 1, hparams[i].name);
        size_t value = tl__proto_begin(out, 2);
        if (hparams[i].text) tl__proto_text(out, 3, hparams[i].text);
        else tl__proto_double(out, 2, hparams[i].number);
        tl__proto_end(out, value);
        tl__proto_end(out, entry);
    }
    tl__proto_text(out, 4, name);
    tl__proto_double(out, 5, time);
    tl__proto_end(out, session);
}

TL_PRIV void tl__events_hparams(tl__buffer *out, double time, const char *name, const tl__hparam *hparams,
                                size_t count, const char *const *metrics, size_t metric_count)
{
    tl__buffer message;
    tl__buffer_init(&message, out->heap);
    events_experiment(&message, time, hparams, count, metrics, metric_count);
    events_hparams_value(out, time, "_hparams_/experiment", &message);
    tl__buffer_clear(&message);
    events_session(&message, time, name, hparams, count);
    events_hparams_value(out, time, "_hparams_/session_start_info", &message);
    out->failed = out->failed || message.failed;
    tl__buffer_free(&message);
}

TL_PRIV void tl__events_end(tl__buffer *out, double time, bool success)
{
    tl__buffer message;
    tl__buffer_init(&message, out->heap);
    size_t session = tl__proto_begin(&message, 4);
    tl__proto_int(&message, 1, success ? 1 : 2);
    tl__proto_double(&message, 2, time);
    tl__proto_end(&message, session);
    events_hparams_value(out, time, "_hparams_/session_end_info", &message);
    out->failed = out->failed || message.failed;
    tl__buffer_free(&message);
}
