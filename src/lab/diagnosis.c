/* The table of causes, in the order in which one leads to another, and the words for those who write them. */
#include "lab/diagnosis.h"

#include <stdarg.h>

#include "base/math.h"
#include "base/text.h"
#include "data/forecast.h"

TL_PRIV const tl__cause *tl__cause_at(size_t index)
{
#define DIAGNOSIS_LEARNED "imbalance overfit underfit worse_than_naive"
#define DIAGNOSIS_OF_MODEL "exploding vanishing dead_units saturated rate_high rate_low " DIAGNOSIS_LEARNED
    static const tl__cause causes[] = {
        {"not_finite", "*", tl__cause_not_finite},
        {"wrong_loss", "*", tl__cause_wrong_loss},
        {"leak", "duplicates overfit underfit imbalance rate_low", tl__cause_leak},
        {"future_column", "window_short level rate_low " DIAGNOSIS_LEARNED, tl__cause_future_column},
        {"shuffled", "constant " DIAGNOSIS_OF_MODEL, tl__cause_shuffled},
        {"duplicates", "overfit", tl__cause_duplicates},
        {"unscaled", "initialization level " DIAGNOSIS_OF_MODEL, tl__cause_unscaled},
        {"initialization", DIAGNOSIS_OF_MODEL, tl__cause_initialization},
        {"constant", "overfit underfit", tl__cause_constant},
        {"exploding", "dead_units saturated rate_high rate_low " DIAGNOSIS_LEARNED, tl__cause_exploding},
        {"vanishing", "dead_units rate_high rate_low " DIAGNOSIS_LEARNED, tl__cause_vanishing},
        {"rate_high", "dead_units saturated window_short " DIAGNOSIS_LEARNED, tl__cause_rate_high},
        {"dead_units", "rate_low " DIAGNOSIS_LEARNED, tl__cause_dead_units},
        {"saturated", "rate_low " DIAGNOSIS_LEARNED, tl__cause_saturated},
        {"level", "rate_low window_short " DIAGNOSIS_LEARNED, tl__cause_level},
        {"rate_low", "window_short " DIAGNOSIS_LEARNED, tl__cause_rate_low},
        {"window_short", DIAGNOSIS_LEARNED, tl__cause_window_short},
        {"imbalance", "underfit overfit", tl__cause_imbalance},
        {"overfit", "worse_than_naive", tl__cause_overfit},
        {"underfit", "", tl__cause_underfit},
        {"worse_than_naive", "", tl__cause_worse_than_naive},
    };
#undef DIAGNOSIS_LEARNED
#undef DIAGNOSIS_OF_MODEL
    return index < TL_COUNT(causes) ? &causes[index] : NULL;
}

TL_PRIV void tl__finding_say(tl__finding *out, double score, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    tl__format_list(out->sentence, sizeof out->sentence, format, list);
    va_end(list);
    out->score = score;
}

TL_PRIV void tl__finding_figure(tl__finding *out, const char *format, ...)
{
    va_list list;
    if (out->figures == TL__CAUSE_FIGURES) return;
    va_start(list, format);
    tl__format_list(out->figure[out->figures++], TL__CAUSE_TEXT, format, list);
    va_end(list);
}

TL_PRIV void tl__finding_sound(tl__finding *out, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    tl__format_list(out->sound, sizeof out->sound, format, list);
    va_end(list);
}

/* A value as it would be written behind its setting. */
static void diagnosis_value(char *out, size_t size, const tl_value *value)
{
    if (!value || value->kind == TL_NULL) tl__format(out, size, "none");
    else if (value->kind == TL_BOOL) tl__format(out, size, "%s", tl_value_bool(value, false) ? "true" : "false");
    else if (value->kind == TL_INTEGER) tl__format(out, size, "%lld", (long long)tl_value_integer(value, 0));
    else if (value->kind == TL_NUMBER) tl__format(out, size, "%.6g", tl_value_number(value, 0));
    else if (value->kind == TL_TEXT) tl__format(out, size, "%s", tl_value_text(value, ""));
    else if (value->kind == TL_LIST) tl__format(out, size, value->count == 0 ? "none" : "a list of %zu", value->count);
    else tl__format(out, size, "%s", tl_value_text(tl__value_child(value, "type"), "another"));
}

TL_PRIV void tl__finding_change(const tl__evidence *evidence, tl__finding *out, const char *path, const char *format,
                                ...)
{
    double a, b;
    va_list list;
    if (out->changes == TL__CAUSE_CHANGES) return;
    char *to = out->change[out->changes].to, *from = out->change[out->changes].from;
    va_start(list, format);
    tl__format_list(to, sizeof out->change[0].to, format, list);
    va_end(list);
    tl__format(out->change[out->changes].path, sizeof out->change[0].path, "%s", path);
    diagnosis_value(from, sizeof out->change[0].from, tl_value_get(evidence->effective, path));
    bool numbers = tl__parse_double(from, strlen(from), &a) && tl__parse_double(to, strlen(to), &b);
    if (tl__same_text(from, to) || (numbers && tl__abs(a - b) <= 1e-9 * tl__abs(a))) return;
    out->changes++;
}

/* The name as a text of YAML, whatever stands in it. */
static void diagnosis_quote(tl__buffer *out, const char *name)
{
    tl__buffer_char(out, '"');
    for (const char *at = name; *at; at++) {
        if (*at == '"' || *at == '\\') tl__buffer_char(out, '\\');
        tl__buffer_char(out, *at);
    }
    tl__buffer_char(out, '"');
}

TL_PRIV void tl__finding_drop(const tl__evidence *evidence, tl__finding *out, const char *column)
{
    const tl__pipeline *pipeline = evidence->session->data->pipeline;
    const tl_value *dropped = tl_value_get(evidence->effective, "data.drop");
    tl__buffer text;
    bool known = false;
    const tl__forecast *forecast = pipeline->forecast;
    for (size_t i = 0; i < pipeline->input_count; i++) known |= tl__same_text(pipeline->inputs[i].name, column);
    for (size_t i = forecast ? forecast->targets : 0; forecast && i < forecast->columns; i++)
        known |= tl__same_text(forecast->channels[i].name, column);
    if (!known) return;
    tl__buffer_init(&text, &evidence->context->heap);
    tl__buffer_char(&text, '[');
    for (size_t i = 0; i < tl_value_count(dropped); i++) {
        char item[128];
        diagnosis_value(item, sizeof item, tl_value_at(dropped, i));
        diagnosis_quote(&text, item);
        tl__buffer_text(&text, ", ");
    }
    diagnosis_quote(&text, column);
    tl__buffer_char(&text, ']');
    tl__buffer_char(&text, '\0');
    if (!text.failed && text.size < sizeof out->change[0].to)
        tl__finding_change(evidence, out, "data.drop", "%s", text.data);
    tl__buffer_free(&text);
}
