/* Causes that lie in the data. */
#include "lab/diagnosis.h"

#include "base/math.h"
#include "base/text.h"
#include "nn/loss.h"

static double causes_data_clamp(double x) { return x < 0 ? 0 : x > 1 ? 1 : x; }

/* From 0.5 at `from` to 1 at `to`; below `from` less than 0.5. */
static double causes_data_score(double x, double from, double to)
{
    if (x != x) return 0;
    return x < from ? 0 : 0.5 + 0.5 * causes_data_clamp((x - from) / (to - from));
}

TL_PRIV void tl__cause_not_finite(const tl__evidence *e, tl__finding *out)
{
    tl__finding_sound(out, "no NaN");
    if (e->data.not_finite == 0) return;
    tl__finding_say(out, 1, "The inputs hold NaN or infinities.");
    tl__finding_figure(out, "%zu values of the training rows are not finite as the network sees them.",
                       e->data.not_finite);
    tl__finding_change(e, out, "data.missing", "median");
}

TL_PRIV void tl__cause_wrong_loss(const tl__evidence *e, tl__finding *out)
{
    const char *name = tl_value_text(tl_value_get(e->effective, "training.loss"), "auto");
    const char *target = e->session->data->pipeline->target_count ? e->session->data->pipeline->targets[0] : "target";
    tl__finding_sound(out, "the loss fits the target");
    if (!e->classification && !e->forecast && e->data.class_like) {
        tl__finding_say(out, 0.95, "The loss is one of values, but the target is a class.");
        tl__finding_figure(out, "'%s' holds only %zu different whole numbers, each of them often; a loss of values "
                                "takes "
                           "class 3 for three times class 1.", target, e->data.distinct);
        tl__finding_change(e, out, "data.task", "classification");
        tl__finding_change(e, out, "training.loss", "cross_entropy");
        return;
    }
    const tl__loss *loss = tl__same_text(name, "auto") ? NULL : tl__loss_find(name, NULL);
    if (!e->classification || !loss || loss->link != TL__LINK_NONE) return;
    tl__finding_say(out, e->val_balanced >= 0.9 ? 0.3 : 0.9, "The loss is one of values, but the target is a class.");
    tl__finding_figure(out, "training.loss is %s; '%s' has %zu classes.", name, target, e->classes);
    tl__finding_change(e, out, "training.loss", "cross_entropy");
}

TL_PRIV void tl__cause_leak(const tl__evidence *e, tl__finding *out)
{
    const tl__data_evidence *d = &e->data;
    bool alone = d->best_alone >= 0.975 + 2.0 / (double)d->rows && d->best_alone - d->second_alone >= 0.02;
    if (e->forecast) return;
    tl__finding_sound(out, "no column gives the target away");
    if (!alone || !d->best_name || d->rows < 30) return;
    tl__finding_say(out, causes_data_score(d->best_alone, 0.96, 0.99), "Column '%s' gives the target away.",
                    d->best_name);
    tl__finding_figure(out, "'%s' alone says %.1f %% of what there is to know of the target; the next best column says "
                       "%.0f %%.", d->best_name, 100 * d->best_alone, 100 * causes_data_clamp(d->second_alone));
    if (e->val_skill == e->val_skill)
        tl__finding_figure(out, "So validation looks good (%.3f of perfect) and says nothing about new data, where the "
                           "column may not be known yet.", e->val_skill);
    tl__finding_drop(e, out, d->best_name);
}

TL_PRIV void tl__cause_shuffled(const tl__evidence *e, tl__finding *out)
{
    const tl__data_evidence *d = &e->data;
    double z = d->neighbours / d->neighbours_error;
    double validation = e->classification ? e->val_balanced : e->val_skill;
    double noise = e->validation.samples > 0 ? 2 / tl__sqrt_d((double)e->validation.samples) : 0;
    tl__finding_sound(out, "labels follow the inputs");
    if (!(d->neighbours < 0.12) || !(z < 3.5) || d->rows < 40) return;
    if (validation > 0.1 + noise) return;
    tl__finding_say(out, d->neighbours < 0.08 && z < 3 && validation == validation ? 0.92 : 0.6,
                    "The labels do not belong to their rows, or the inputs say nothing about them.");
    tl__finding_figure(out, "Rows that are alike agree in their label as often as by chance (%.2f of perfect, error of "
                       "that figure %.2f).", d->neighbours, d->neighbours_error);
    if (validation == validation)
        tl__finding_figure(out, "On validation the network is as good as a guess (%.2f of perfect), on training it "
                           "has %.2f.", validation, e->train_skill);
    tl__finding_figure(out, "Look at how labels were joined to rows (sorting, an index that shifted), not at the "
                            "network.");
}

TL_PRIV void tl__cause_duplicates(const tl__evidence *e, tl__finding *out)
{
    const tl__data_evidence *d = &e->data;
    tl__finding_sound(out, "no rows shared by training and validation");
    if (d->shared > 0 && d->repeats) tl__finding_sound(out, "rows repeat because there are few different ones");
    if (!(d->shared >= 0.06) || d->repeats || d->shared * (double)d->validation < 3) return;
    tl__finding_say(out, causes_data_score(d->shared, 0.06, 0.2), "The same rows stand in training and in validation.");
    tl__finding_figure(out, "%.0f %% of the validation rows are training rows, too; %.0f %% of the training rows stand "
                       "there more than once. Validation measures memory.", 100 * d->shared, 100 * d->repeated);
    tl__finding_figure(out, "Remove doubled rows before the split, or split by what they have in common.");
}

TL_PRIV void tl__cause_unscaled(const tl__evidence *e, tl__finding *out)
{
    const tl__data_evidence *d = &e->data;
    tl__finding_sound(out, "inputs are scaled");
    if (!e->classification && d->target_spread > 20) {
        tl__finding_say(out, causes_data_score(tl__log(d->target_spread), 2.99, 4.6), "The target is not scaled.");
        tl__finding_figure(out, "The network has to answer with numbers of the size %.4g; 1 is usual.",
                                d->target_spread);
        tl__finding_change(e, out, "data.normalize_target", "true");
        return;
    }
    if (d->spread < 0.01 && d->widest < 0.02) {
        tl__finding_say(out, 0.8, "The inputs are not scaled.");
        tl__finding_figure(out, "All columns are tiny: most have a root mean square of %.2g where 1 is usual.",
                                d->spread);
    } else if (d->widest > 15) {
        tl__finding_say(out, causes_data_score(tl__log(d->widest), 2.7, 4.3), "The inputs are not scaled.");
        tl__finding_figure(out, "'%s' has a root mean square of %.4g as the network sees it, the smallest column "
                                "%.3g; 1 "
                           "is usual.", d->widest_name, d->widest, d->narrowest);
    }
    if (out->score > 0) tl__finding_change(e, out, "data.normalize", "standard");
}

TL_PRIV void tl__cause_constant(const tl__evidence *e, tl__finding *out)
{
    const tl__data_evidence *d = &e->data;
    tl__finding_sound(out, "no column stands still");
    if (d->constant_empty) tl__finding_sound(out, "empty corners (%zu columns at their least value) are harmless",
                                             d->constant_empty);
    if (d->constant == 0 || e->forecast) return;
    tl__finding_say(out, 2 * d->constant >= d->columns ? 0.9 : 0.7, d->constant == 1
                    ? "Column '%s' has one value in all rows." : "Column '%s' and others have one value in all rows.",
                    d->constant_name);
    tl__finding_figure(out, "%zu of %zu columns never change in training, so nothing can be learned from them; a "
                            "sensor "
                       "that stuck, or a column that was filled in.", d->constant, d->columns);
    tl__finding_drop(e, out, d->constant_name);
}

TL_PRIV void tl__cause_imbalance(const tl__evidence *e, tl__finding *out)
{
    const tl__data_evidence *d = &e->data;
    const char *const *classes = e->session->data->pipeline->classes;
    double ratio = d->chance / d->smallest, over = e->predicted_largest - d->chance;
    tl__finding_sound(out, "no class is drowned by another");
    if (!e->classification || !(ratio >= 3) || !(e->recall_smallest < (ratio >= 5 ? 0.7 : 0.5)) || !(over > 0.01))
        return;
    if (d->chance * (double)e->classes < 1.5) return;
    double score = causes_data_score(0.7 - e->recall_smallest, 0.0, 0.65);
    tl__finding_say(out, score * (ratio >= 5 ? 1 : 0.8),
                    "The classes are unbalanced and the model follows the largest.");
    tl__finding_figure(out, "'%s' is %.0f %% of the rows and %.0f %% of the predictions; recall of '%s' is %.2f.",
                       classes[d->largest_class], 100 * d->chance, 100 * e->predicted_largest,
                       classes[d->smallest_class], e->recall_smallest);
    tl__finding_change(e, out, "training.class_weights", "balanced");
}
