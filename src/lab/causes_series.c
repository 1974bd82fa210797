/* Causes that lie in a forecast's series and windows. The measure is always what costs nothing: to repeat the last
 * value, or the last season. */
#include "lab/diagnosis.h"

#include "base/math.h"
#include "base/text.h"
#include "data/forecast.h"

static double causes_series_limit(double x) { return x > 1 ? 1 : x < 0 ? 0 : x; }

/* How many times the mean square error of repeating the last value the model has in validation; 0: not known. */
static double causes_series_naive(const tl__evidence *e)
{
    const tl_scores *v = &e->validation;
    return e->forecast && e->scored && v->repeat_last_mse > 0 ? v->mse / v->repeat_last_mse : 0;
}

static const tl__forecast *causes_series_of(const tl__evidence *e) { return e->session->data->pipeline->forecast; }

TL_PRIV void tl__cause_window_short(const tl__evidence *e, tl__finding *out)
{
    const tl__series_evidence *s = &e->series;
    const tl__forecast *f = causes_series_of(e);
    if (!e->forecast) return;
    tl__finding_sound(out, "the window is long enough");
    if (!e->scored || s->season <= f->input_size || !(s->season_mse > 0)) return;
    double times = e->validation.mse / s->season_mse;
    if (!(times > 1.3)) return;
    tl__finding_say(out, 0.6 + 0.4 * causes_series_limit((times - 1.3) / 2), "The window is shorter than the season.");
    tl__finding_figure(out, "The series repeats itself every %zu steps (%.2f of perfect), and the network sees %zu.",
                       s->season, s->season_alike, f->input_size);
    tl__finding_figure(out, "In validation its squared error is %.3g times that of repeating the last season.", times);
    tl__finding_change(e, out, "data.window.input_size", "%zu", s->season);
}

TL_PRIV void tl__cause_level(const tl__evidence *e, tl__finding *out)
{
    const tl__series_evidence *s = &e->series;
    double times = causes_series_naive(e);
    if (!e->forecast) return;
    tl__finding_sound(out, "validation lies where training lay, or windows are normalised");
    if (e->levelled || !(s->level > 1.5) || !(times > 1.2)) return;
    tl__finding_say(out, 0.7 + 0.3 * causes_series_limit((s->level - 1.5) / 1.5),
                    "The level of the series moves away from what the network has seen.");
    tl__finding_figure(out, "The mean of validation lies %.2g deviations of the training part from its mean, and "
                       "windows are not normalised each by itself.", s->level);
    tl__finding_figure(out, "In validation its squared error is %.3g times that of repeating the last value.", times);
    if (tl_value_count(tl_value_get(e->effective, "network.layers")))
        tl__finding_figure(out, "An instance_norm layer before the others and reverse_norm behind them do it.");
    else
        tl__finding_change(e, out, "network.normalization", "last");
}

TL_PRIV void tl__cause_worse_than_naive(const tl__evidence *e, tl__finding *out)
{
    double times = causes_series_naive(e);
    const tl_scores *v = &e->validation;
    if (!e->forecast) return;
    tl__finding_sound(out, "it is not worse than repeating the last value");
    if (!(times > 1.25) || !(v->mae > 1.1 * v->repeat_last_mae)) return;
    tl__finding_say(out, 0.55 + 0.45 * causes_series_limit((times - 1.25) / 1.5),
                    "The forecast is worse than repeating the last value.");
    tl__finding_figure(out, "Mean absolute error in validation: %.4g; of repeating the last value %.4g; on %zu steps "
                       "ahead.", v->mae, v->repeat_last_mae, causes_series_of(e)->horizon);
    if (!tl_value_count(tl_value_get(e->effective, "network.layers")))
        tl__finding_change(e, out, "network.model", "nlinear");
}

TL_PRIV void tl__cause_future_column(const tl__evidence *e, tl__finding *out)
{
    const tl__series_evidence *s = &e->series;
    if (!e->forecast) return;
    tl__finding_sound(out, "no column knows the steps to forecast");
    if (!s->ahead_name) return;
    tl__finding_say(out, 0.95, "Column '%s' knows the steps that are to be forecast.", s->ahead_name);
    if (s->ahead_steps)
        tl__finding_figure(out, "Its changes are those of the target %zu step%s later (correlation %.3f; of the target "
                           "with itself %.3f): was it joined with a shift?", s->ahead_steps,
                           s->ahead_steps == 1 ? "" : "s", s->ahead, s->ahead_own);
    else
        tl__finding_figure(out, "It is given for the steps to forecast, and its changes are those of the target "
                           "(correlation %.3f).", s->ahead);
    tl__finding_figure(out, "When the model is used, the column will not know them.");
    tl__finding_drop(e, out, s->ahead_name);
}
