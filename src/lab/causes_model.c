/* Causes that lie in the network: how it begins, and what gradients do on their way through it. */
#include "lab/diagnosis.h"

#include "base/math.h"
#include "base/text.h"

static double causes_model_score(double x, double from, double to)
{
    double at = (x - from) / (to - from);
    if (!(x >= from)) return 0;
    return 0.5 + 0.5 * (at > 1 ? 1 : at);
}

/* Has it learned what there is to learn, so that whatever looks odd did no harm? */
static bool causes_model_learned(const tl__evidence *e, double skill)
{
    double reference = e->data.reference == e->data.reference && e->data.reference > 0 ? e->data.reference : 1;
    if (tl__same_text(e->stopped, "nan")) return false;
    return e->train_skill >= skill || e->train_skill >= reference;
}

TL_PRIV void tl__cause_initialization(const tl__evidence *e, tl__finding *out)
{
    tl__finding_sound(out, "weights begin well");
    if (e->transferred) return;
    if (e->equal_weights) {
        tl__finding_say(out, 0.97, "The weights all begin alike, so the units of a layer stay alike.");
        tl__finding_figure(out, "In layer '%s' all initial weights are the same number: its units get the same "
                                "gradient "
                           "and learn the same.", e->equal_name);
    } else if (e->gain > 4) {
        tl__finding_say(out, causes_model_score(tl__log(e->gain), 1.3, 2.3), "The initial weights are too large.");
        tl__finding_figure(out, "Layer '%s' makes values %.3g times as large; about 1 is usual.", e->gain_name,
                                e->gain);
    } else if (e->gain_least < 0.05) {
        tl__finding_say(out, 0.85, "The initial weights are too small.");
        tl__finding_figure(out, "Layer '%s' makes values %.2g times as large; about 1 is usual.", e->gain_least_name,
                           e->gain_least);
    } else {
        return;
    }
    tl__finding_change(e, out, "network.initialization", e->relu ? "he" : "xavier");
}

TL_PRIV void tl__cause_exploding(const tl__evidence *e, tl__finding *out)
{
    const tl__still_evidence *s = &e->start;
    bool unbounded = s->known && !tl__is_finite_d(s->norm);
    tl__finding_sound(out, "gradients do not explode");
    if (!s->known || (!unbounded && !(s->norm > 50))) return;
    if (causes_model_learned(e, 0.8) && !(s->norm > 1000)) return;
    tl__finding_say(out, unbounded ? 0.97 : causes_model_score(tl__log(s->norm), 3.9, 6.2),
                    "Gradients explode on their way back through the network.");
    tl__finding_figure(out, "With the first weights the norm of all gradients is %.3g, before any rate could spoil "
                            "it; 0.1 "
                       "to 10 is usual (%zu layers with weights).", s->norm, s->layers);
    if (s->first > 0 && s->last > 0)
        tl__finding_figure(out, "Gradient / weight: %.3g in the first layer, %.3g in the last.", s->first, s->last);
    tl__finding_change(e, out, "optimization.gradient_clip", "1.0");
    tl__finding_figure(out, "A batch_norm or layer_norm layer in each block takes the cause away.");
}

TL_PRIV void tl__cause_vanishing(const tl__evidence *e, tl__finding *out)
{
    const tl__still_evidence *s = &e->start;
    double share = s->weakest / s->last;
    tl__finding_sound(out, "gradients reach all layers");
    if (!s->known || s->layers < 4 || !(share < 0.02) || !(s->last > 0)) return;
    if (causes_model_learned(e, 0.7)) return;
    tl__finding_say(out, share < 0.002 ? 0.93 : 0.7, "Gradients vanish on their way back through the network.");
    tl__finding_figure(out, "With the first weights, gradient / weight is %.2g in layer '%s' and %.2g in the last "
                            "one: %.2g "
                       "times less.", s->weakest, s->weakest_name, s->last, share);
    tl__finding_change(e, out, "network.activation", "relu");
    tl__finding_change(e, out, "network.initialization", "he");
    tl__finding_figure(out, "Fewer layers, or batch_norm between them, help as well.");
}

TL_PRIV void tl__cause_dead_units(const tl__evidence *e, tl__finding *out)
{
    const tl__still_evidence *s = e->end.known ? &e->end : &e->start;
    tl__finding_sound(out, "no dead units");
    if (!e->relu || !s->known || (!(s->dead >= 0.4) && !(s->dead_worst >= 0.8))) return;
    if (causes_model_learned(e, 0.9)) {
        tl__finding_sound(out, "units without a gradient (%.0f %%) did no harm", 100 * s->dead);
        return;
    }
    double most = s->dead_worst - 0.2 > s->dead ? s->dead_worst - 0.2 : s->dead;
    tl__finding_say(out, causes_model_score(most, 0.35, 0.8), "Most relu units are dead: they give 0 for every row.");
    tl__finding_figure(out, "%.0f %% of the relu units get no gradient from any row, in layer '%s' %.0f %%; with "
                            "the first "
                       "weights it was %.0f %%.", 100 * s->dead, s->dead_name ? s->dead_name : "", 100 * s->dead_worst,
                       100 * e->start.dead);
    tl__finding_change(e, out, "network.activation", "leaky_relu");
    if (e->start.dead < 0.3)
        tl__finding_change(e, out, "training.learning_rate", "%.3g",
                           e->config->settings.train.training.learning_rate / 10);
}

TL_PRIV void tl__cause_saturated(const tl__evidence *e, tl__finding *out)
{
    const tl__still_evidence *s = e->end.known ? &e->end : &e->start;
    if (!e->squash) return;
    tl__finding_sound(out, "no saturated units");
    if (!s->known || (!(s->saturated >= 0.5) && !(s->saturated_worst >= 0.8))) return;
    if (causes_model_learned(e, 0.9)) {
        tl__finding_sound(out, "units at the ends of their range (%.0f %%) did no harm", 100 * s->saturated);
        return;
    }
    double most = s->saturated_worst - 0.2 > s->saturated ? s->saturated_worst - 0.2 : s->saturated;
    tl__finding_say(out, causes_model_score(most, 0.4, 0.8), "Most units are saturated: whatever the row, they stand "
                    "at the end of their range.");
    tl__finding_figure(out, "%.0f %% of the outputs of sigmoid and tanh units are at an end, where no gradient passes, "
                       "in layer '%s' %.0f %%; with the first weights it was %.0f %%.", 100 * s->saturated,
                       s->saturated_name ? s->saturated_name : "", 100 * s->saturated_worst,
                       100 * e->start.saturated);
    tl__finding_change(e, out, "network.activation", "relu");
    if (e->start.saturated < 0.3)
        tl__finding_change(e, out, "training.learning_rate", "%.3g",
                           e->config->settings.train.training.learning_rate / 10);
    else if (e->transferred)
        tl__finding_figure(out, "It began so: the weights that it was given have learned too fast; begin anew.");
}
