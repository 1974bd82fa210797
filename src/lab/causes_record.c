/* Causes that show in how the training went: its rate, and what it learned beside what it should have learned. */
#include "lab/diagnosis.h"

#include "base/math.h"
#include "base/text.h"

static double causes_record_limit(double x) { return x > 1 ? 1 : x; }

/* The best of the trials with a lower (or higher) rate; NULL: none came to an end. */
static const tl__probe *causes_record_best(const tl__evidence *e, bool lower)
{
    const tl__probe *best = NULL;
    for (int i = 0; e->trial_epochs && i < TL__TRIALS; i++) {
        const tl__probe *trial = &e->trials[i];
        if ((trial->rate < 1) != lower || trial->loss != trial->loss) continue;
        if (!best || trial->loss < best->loss) best = trial;
    }
    return best;
}

static void causes_record_rate(const tl__evidence *e, tl__finding *out, double times)
{
    double own = e->config->settings.train.training.learning_rate;
    tl__finding_change(e, out, "training.learning_rate", "%.3g", own * times);
}

TL_PRIV void tl__cause_rate_high(const tl__evidence *e, tl__finding *out)
{
    const tl__probe *low = causes_record_best(e, true);
    double own = e->config->settings.train.training.learning_rate;
    bool nan = tl__same_text(e->stopped, "nan");
    tl__finding_sound(out, "the learning rate is not too high");
    if (!low || !(low->loss >= 0) || !(e->start.loss > 0) || !(low->loss < 0.95 * e->start.loss)) return;
    double least = e->least_loss == e->least_loss ? e->least_loss : e->own, ratio = low->loss / least, score = 0;
    if (nan || !(least == least)) score = 0.95;
    else if (ratio < 0.8) score = 0.6 + 0.4 * causes_record_limit((0.8 - ratio) / 0.4);
    else if (ratio < 0.95 && least > 0.9 * e->start.loss) score = 0.75;
    else if (e->jumps > 0.35 && e->train_skill < 0.9 && ratio < 1.1) score = 0.6;
    if (score == 0) return;
    tl__finding_say(out, score, "The learning rate is too high.");
    if (nan) tl__finding_figure(out, "The numbers left what floats can hold (NaN) at a rate of %.3g.", own);
    tl__finding_figure(out, "Tried again for %lld epoch%s at %.3g, the training loss is %.4g; the run's own rate "
                            "%.3g came to "
                       "%.4g in %zu.", (long long)e->trial_epochs, e->trial_epochs == 1 ? "" : "s", own * low->rate,
                       low->loss, own, least, e->epochs);
    if (e->jumps > 0.1)
        tl__finding_figure(out, "The loss rose from one epoch to the next in %.0f %% of them.", 100 * e->jumps);
    causes_record_rate(e, out, low->rate);
}

TL_PRIV void tl__cause_rate_low(const tl__evidence *e, tl__finding *out)
{
    const tl__probe *high = causes_record_best(e, false);
    double own = e->config->settings.train.training.learning_rate;
    double least = e->least_loss == e->least_loss ? e->least_loss : e->own;
    tl__finding_sound(out, "the learning rate is not too low");
    if (!high || !(e->start.loss > 0) || tl__same_text(e->stopped, "nan")) return;
    double fall = e->start.loss - least, reached = e->start.loss - high->loss;
    if (!(reached > 0.1 * e->start.loss) || !(fall < 0.55 * reached)) return;
    bool worse = e->has_validation && e->val_last > 1.02 * e->val_least && fall > 0.1 * e->start.loss;
    if (worse) return;
    double share = fall > 0 ? fall / reached : 0;
    tl__finding_say(out, 0.55 + 0.45 * causes_record_limit((0.55 - share) / 0.3), "The learning rate is too low.");
    tl__finding_figure(out, "Tried again for %lld epoch%s at %.3g, the training loss falls from %.4g to %.4g; the "
                            "run's own "
                       "rate %.3g came to %.4g in %zu.", (long long)e->trial_epochs, e->trial_epochs == 1 ? "" : "s",
                       own * high->rate, e->start.loss, high->loss, own, least, e->epochs);
    if (e->moved == e->moved)
        tl__finding_figure(out, "In the whole run the weights moved by %.2g of their size.", e->moved);
    causes_record_rate(e, out, high->rate);
}

/* ---- what it learned ---- */

/* Of a forecast: how much better than repeating the last value; parts of a series are not equally hard. */
static double causes_record_gain(const tl_scores *scores)
{
    double gain = scores->repeat_last_mse > 0 ? 1 - scores->mse / scores->repeat_last_mse : 0;
    return gain > 0 ? gain : 0;
}

static double causes_record_gap(const tl__evidence *e, double *noise)
{
    double gap = e->classification ? e->train.accuracy - e->validation.accuracy : e->train.r2 - e->validation.r2;
    double samples = (double)e->validation.samples, p = e->validation.accuracy;
    *noise = 0;
    if (e->forecast) gap = causes_record_gain(&e->train) - causes_record_gain(&e->validation);
    if (e->classification && samples > 0) *noise = tl__sqrt_d((p * (1 - p) + 1 / samples) / samples);
    else if (samples > 0) *noise = 0.5 / tl__sqrt_d(samples);
    if (e->classification && e->epochs) {
        const tl__epoch *last = &tl__records_at(e->records, e->epochs - 1)->epoch;
        double at_end = last->train_accuracy - last->val_accuracy;
        if (at_end > gap) gap = at_end;
    }
    return gap;
}

TL_PRIV void tl__cause_overfit(const tl__evidence *e, tl__finding *out)
{
    double noise, gap = causes_record_gap(e, &noise), rise = e->val_last / e->val_least, score = 0;
    const tl__optimization_settings *o = &e->config->settings.train.optimization;
    tl__finding_sound(out, "validation keeps up with training");
    if (!e->has_validation || !e->scored || e->epochs == 0) return;
    bool grew = rise > 1.3 && e->val_last - e->val_least > 0.12 * e->start.loss && e->last_loss < e->first_loss;
    if (gap - 1.64 * noise > 0.09) score = 0.5 + 2.5 * (gap - 1.64 * noise - 0.09);
    if (grew) {
        double by_rise = 0.5 + 0.5 * causes_record_limit((rise - 1.3) / 0.7);
        score = by_rise > score ? by_rise : score;
    }
    if (e->val_skill > 0.92 && gap < 0.08) score = 0;
    if (score < 0.5) return;
    tl__finding_say(out, causes_record_limit(score), "The network learns the training rows by heart (overfitting).");
    if (e->classification)
        tl__finding_figure(out, "Accuracy is %.3f on training and %.3f on validation.", e->train.accuracy,
                           e->validation.accuracy);
    else if (e->forecast)
        tl__finding_figure(out, "The mean squared error is %.4g on training and %.4g on validation.", e->train.mse,
                           e->validation.mse);
    else
        tl__finding_figure(out, "R2 is %.3f on training and %.3f on validation.", e->train.r2, e->validation.r2);
    if (rise > 1.05)
        tl__finding_figure(out, "Validation loss was %.4g at epoch %zu and %.4g at the end, while training loss "
                                "fell to %.4g.",
                           e->val_least, e->best + 1, e->val_last, e->last_loss);
    tl__finding_figure(out, "It has %zu numbers to learn from %zu rows.", e->parameters, e->data.rows);
    double dropout = o->dropout < 0.2 ? 0.2 : o->dropout < 0.3 ? 0.3 : 0.4;
    tl__finding_change(e, out, "optimization.dropout", "%.1f", dropout);
    tl__finding_change(e, out, "optimization.weight_decay", o->weight_decay < 1e-5 ? "1e-5" : "1e-4");
    if (!o->early_stopping.present) tl__finding_change(e, out, "optimization.early_stopping.patience", "10");
}

TL_PRIV void tl__cause_underfit(const tl__evidence *e, tl__finding *out)
{
    const tl__optimization_settings *o = &e->config->settings.train.optimization;
    double reference = e->data.reference, lack = reference - e->train_skill;
    double noise = 1 / tl__sqrt_d((double)tl__size_min(e->data.rows, TL__DIAGNOSIS_NEIGHBOURS) + 1);
    tl__finding_sound(out, "the network is large enough");
    if (!e->scored || tl__same_text(e->stopped, "nan")) return;
    if (!(lack - noise > 0.08)) return;
    tl__finding_say(out, 0.5 + 0.5 * causes_record_limit((lack - noise - 0.08) / 0.25),
                    "The network learns too little (underfitting).");
    tl__finding_figure(out, "On training it reaches %.2f of perfect; the nearest five rows alone tell %.2f.",
                            e->train_skill,
                       reference);
    if (o->dropout >= 0.4) {
        tl__finding_figure(out, "optimization.dropout: %.2g switches most of it off.", o->dropout);
        tl__finding_change(e, out, "optimization.dropout", "0.1");
    }
    if (o->l2_reg >= 0.003) tl__finding_change(e, out, "optimization.l2_reg", "0.0001");
    if (o->weight_decay >= 0.03) tl__finding_change(e, out, "optimization.weight_decay", "1e-4");
    if (e->narrow && e->narrow_nodes < 32) {
        tl__finding_figure(out, "Its narrowest hidden layer has %zu unit%s.", e->narrow_nodes,
                           e->narrow_nodes == 1 ? "" : "s");
        tl__finding_change(e, out, e->narrow, "%zu", e->narrow_nodes < 8 ? (size_t)32 : 4 * e->narrow_nodes);
    }
    if (out->changes == 0) tl__finding_change(e, out, "training.epochs", "%lld",
                                              2 * (long long)e->config->settings.train.training.epochs);
}
