/* train:diagnose: evidence, weighed by every cause, in order; what was found sound; the fifteen points of the
 * checklist; which alerts were harmless. */
#include "base/math.h"
#include "base/text.h"
#include "lab/diagnosis_run.h"
#include "lab/path.h"

enum { DIAGNOSE_CAUSES = 32, DIAGNOSE_NAMED = 4 };
#define DIAGNOSE_SOME 0.5
#define DIAGNOSE_STRONG 0.8

typedef struct diagnose_state {
    tl__evidence *evidence;
    tl__builder *builder;
    tl_value *root;
    size_t count, named;
    tl__finding *findings;           /* [count] */
    bool dropped[DIAGNOSE_CAUSES];   /* it follows from another */
    size_t order[DIAGNOSE_CAUSES];   /* of those that are named */
} diagnose_state;

static bool diagnose_listed(const char *list, const char *name)
{
    size_t size = strlen(name);
    if (tl__same_text(list, "*")) return true;
    for (const char *at = list; (at = strstr(at, name)) != NULL; at += size)
        if ((at == list || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0')) return true;
    return false;
}

/* A cause takes away what follows from it when its evidence is strong, or no weaker than theirs. */
static void diagnose_order(diagnose_state *d)
{
    for (size_t i = 0; i < d->count; i++) {
        if (d->findings[i].score < DIAGNOSE_SOME || d->dropped[i]) continue;
        for (size_t j = 0; j < d->count; j++) {
            bool stronger = d->findings[i].score >= DIAGNOSE_STRONG || d->findings[i].score >= d->findings[j].score;
            if (j != i && stronger && diagnose_listed(tl__cause_at(i)->explains, tl__cause_at(j)->name))
                d->dropped[j] = true;
        }
    }
    for (size_t i = 0; i < d->count; i++) {
        if (d->findings[i].score < DIAGNOSE_SOME || d->dropped[i]) continue;
        size_t at = d->named++;
        for (; at > 0 && d->findings[d->order[at - 1]].score < d->findings[i].score; at--)
            d->order[at] = d->order[at - 1];
        d->order[at] = i;
    }
    if (d->named > DIAGNOSE_NAMED) d->named = DIAGNOSE_NAMED;
}

static bool diagnose_names(const diagnose_state *d, const char *list)
{
    for (size_t i = 0; i < d->named; i++)
        if (diagnose_listed(list, tl__cause_at(d->order[i])->name)) return true;
    return false;
}

/* ---- how it stopped ---- */

static void diagnose_how(const tl__evidence *e, char *out, size_t size)
{
    size_t wanted = (size_t)e->config->settings.train.training.epochs, used;
    used = tl__format(out, size, "Training stopped at epoch %zu of %zu: ", e->epochs, wanted);
    size_t since = e->epochs ? e->epochs - 1 - e->best : 0;
    if (tl__same_text(e->stopped, "completed")) {
        tl__format(out + used, size - used, "all epochs were done%s.",
                   since == 0 ? "" : since * 2 > wanted ? "; the best one was long before" : "");
    } else if (tl__same_text(e->stopped, "early_stopping_triggered")) {
        const tl__stopping_settings *stop = &e->config->settings.train.optimization.early_stopping;
        bool fell = e->val_last > e->val_least && e->last_loss < tl__records_at(e->records, e->best)->epoch.train_loss;
        if (fell && since >= (size_t)stop->patience)
            tl__format(out + used, size - used, "validation loss rose for %zu epochs while training loss fell.", since);
        else
            tl__format(out + used, size - used, "validation loss did not become better by %.3g for %lld epochs.",
                       stop->min_delta, (long long)stop->patience);
    } else if (tl__same_text(e->stopped, "nan") || tl__same_text(e->stopped, "failed")) {
        bool nan = tl__same_text(e->stopped, "nan");
        tl__format(out + used, size - used, nan ? "the numbers became NaN or infinite." : "it failed; the run's log "
                                                  "says "
                   "with what.");
    } else if (tl__same_text(e->stopped, "crashed")) {
        tl__format(out + used, size - used, "its process ended without a word (killed, or the machine went down); "
                   "--resume goes on with it.");
    } else if (tl__same_text(e->stopped, "training") || tl__same_text(e->stopped, "loading")) {
        tl__format(out, size, "Training is at epoch %zu of %zu and goes on.", e->epochs, wanted);
    } else {
        tl__format(out + used, size - used, "it was interrupted; --resume goes on with it.");
    }
}

/* ---- into the tree ---- */

static void diagnose_put_cause(const diagnose_state *d, tl_value *list, size_t index)
{
    const tl__finding *f = &d->findings[index];
    tl_value *map = tl__put_map(d->builder, list, NULL);
    tl__put_text(d->builder, map, "cause", tl__cause_at(index)->name);
    tl__put_text(d->builder, map, "sentence", f->sentence);
    tl__put_text(d->builder, map, "evidence", f->score >= DIAGNOSE_STRONG ? "strong" : "some");
    tl__put_number(d->builder, map, "score", (double)(int)(100 * f->score + 0.5) / 100);
    tl_value *figures = tl__put_list(d->builder, map, "figures"), *changes = tl__put_list(d->builder, map, "changes");
    for (int i = 0; i < f->figures; i++) tl__put_text(d->builder, figures, NULL, f->figure[i]);
    for (int i = 0; i < f->changes; i++) {
        tl_value *change = tl__put_map(d->builder, changes, NULL);
        tl__put_text(d->builder, change, "setting", f->change[i].path);
        tl__put_text(d->builder, change, "from", f->change[i].from);
        tl__put_text(d->builder, change, "to", f->change[i].to);
    }
}

/* The checklist: what is asked, and the causes that would answer yes. */
static void diagnose_put_points(const diagnose_state *d)
{
    static const struct { const char *group, *point, *causes; } points[] = {
        {"loss does not fall", "another learning rate (1000 times less ... more)", "rate_high rate_low"},
        {"loss does not fall", "inputs and target normalised", "unscaled constant"},
        {"loss does not fall", "leaks and doubled rows", "leak future_column duplicates"},
        {"loss does not fall", "a simpler beginning: capacity, loss, labels",
         "underfit wrong_loss shuffled window_short level worse_than_naive"},
        {"loss does not fall", "gradient flow", "vanishing exploding dead_units saturated initialization"},
        {"overfitting", "dropout", "overfit"},
        {"overfitting", "weight decay", "overfit"},
        {"overfitting", "capacity", "overfit"},
        {"overfitting", "more data", "overfit imbalance"},
        {"overfitting", "early stopping", "overfit"},
        {"unstable", "gradient clipping", "exploding"},
        {"unstable", "a lower learning rate", "rate_high"},
        {"unstable", "batch norm", "exploding vanishing"},
        {"unstable", "NaN in the data", "not_finite"},
        {"unstable", "mixed precision", ""},
    };
    tl_value *list = tl__put_list(d->builder, d->root, "checklist");
    for (size_t i = 0; i < TL_COUNT(points); i++) {
        tl_value *map = tl__put_map(d->builder, list, NULL);
        bool found = *points[i].causes && diagnose_names(d, points[i].causes);
        const char *words = "trained in float32";
        for (size_t k = 0; *points[i].causes && k < d->count; k++)
            if (diagnose_listed(points[i].causes, tl__cause_at(k)->name)) {
                bool named = d->findings[k].score >= DIAGNOSE_SOME && !d->dropped[k];
                if ((found && !named) || (!named && !*d->findings[k].sound)) continue;
                words = named ? d->findings[k].sentence : d->findings[k].sound;
                break;
            }
        tl__put_text(d->builder, map, "group", points[i].group);
        tl__put_text(d->builder, map, "point", points[i].point);
        tl__put_bool(d->builder, map, "found", found);
        tl__put_text(d->builder, map, "words", words);
    }
}

static void diagnose_put_sound(const diagnose_state *d)
{
    tl_value *list = tl__put_list(d->builder, d->root, "not_the_cause");
    for (size_t i = 0; i < d->count; i++)
        if (d->findings[i].score < DIAGNOSE_SOME && *d->findings[i].sound)
            tl__put_text(d->builder, list, NULL, d->findings[i].sound);
}

/* ---- alerts ---- */

typedef struct diagnose_alerts {
    diagnose_state *d;
    tl_value *list;
    const tl__alert_rule *seen[TL__ALERT_RULES];
    size_t count;
} diagnose_alerts;

/* Each rule once, at its first epoch: harmless when no cause that it stands for was found. */
static tl_status diagnose_alert(void *user, const tl__alert *alert, tl_error *error)
{
    static const struct { const char *alert, *causes; } stands_for[] = {
        {"vanishing_gradients", "vanishing rate_low dead_units initialization unscaled"},
        {"exploding_gradients", "exploding rate_high unscaled initialization"},
        {"severe_overfitting", "overfit duplicates shuffled leak"},
        {"learning_plateau", "*"},
        {"class_imbalance", "imbalance"},
        {"poor_convergence", "*"},
        {"gradient_drop", "dead_units rate_high vanishing"},
        {"element_gradient_vanishing", "vanishing rate_low dead_units initialization"},
        {"element_gradient_exploding", "exploding rate_high unscaled initialization"},
    };
    diagnose_alerts *a = user;
    (void)error;
    for (size_t i = 0; i < a->count; i++)
        if (a->seen[i] == alert->rule) return TL_OK;
    if (a->count < TL__ALERT_RULES) a->seen[a->count++] = alert->rule;
    for (size_t i = 0; i < TL_COUNT(stands_for); i++) {
        if (!tl__same_text(stands_for[i].alert, alert->rule->name)) continue;
        tl_value *map = tl__put_map(a->d->builder, a->list, NULL);
        tl__put_text(a->d->builder, map, "alert", alert->rule->name);
        tl__put_integer(a->d->builder, map, "epoch", alert->epoch);
        tl__put_bool(a->d->builder, map, "harmless", !diagnose_names(a->d, stands_for[i].causes));
    }
    return TL_OK;
}

static tl_status diagnose_put_alerts(diagnose_state *d, tl_error *error)
{
    const tl__config *config = d->evidence->config;
    tl__alert_rules *rules = tl__arena_push_zero(d->evidence->arena, 1, sizeof *rules);
    diagnose_alerts alerts = {.d = d, .list = tl__put_list(d->builder, d->root, "alerts")};
    if (!rules) return tl__fail_memory(error, sizeof *rules);
    TL_TRY(tl__alerts_read(config->settings.analytics.alerts, config->path, rules, error));
    return tl__alerts_each(rules, d->evidence->records, diagnose_alert, &alerts, error);
}

/* ---- all of it ---- */

static void diagnose_put_trials(const diagnose_state *d)
{
    const tl__evidence *e = d->evidence;
    double own = e->config->settings.train.training.learning_rate;
    tl_value *map = tl__put_map(d->builder, d->root, "trials"), *list;
    tl__put_integer(d->builder, map, "epochs", e->trial_epochs);
    if (e->trial_epochs == 0) return;
    tl__put_number(d->builder, map, "first_loss", e->start.loss);
    list = tl__put_list(d->builder, map, "rates");
    for (int i = -1; i < TL__TRIALS; i++) {
        tl_value *item = tl__put_map(d->builder, list, NULL);
        tl__put_number(d->builder, item, "learning_rate", i < 0 ? own : own * e->trials[i].rate);
        tl__put_number(d->builder, item, "train_loss", i < 0 ? e->own : e->trials[i].loss);
    }
}

static tl_status diagnose_put(diagnose_state *d, const tl__diagnosis_run *run, tl_error *error)
{
    char how[256];
    d->findings = tl__arena_push_zero(d->evidence->arena, DIAGNOSE_CAUSES, sizeof *d->findings);
    if (!d->findings) return tl__fail_memory(error, DIAGNOSE_CAUSES * sizeof *d->findings);
    for (; tl__cause_at(d->count); d->count++) tl__cause_at(d->count)->weigh(d->evidence, &d->findings[d->count]);
    diagnose_order(d);
    diagnose_how(d->evidence, how, sizeof how);
    tl__put_text(d->builder, d->root, "run", run->place.folder);
    tl__put_text(d->builder, d->root, "stopped", how);
    tl__put_text(d->builder, d->root, "reason", d->evidence->stopped);
    tl__put_text(d->builder, d->root, "record", *run->records.source ? run->records.source : "");
    tl_value *causes = tl__put_list(d->builder, d->root, "causes");
    for (size_t i = 0; i < d->named; i++) diagnose_put_cause(d, causes, d->order[i]);
    diagnose_put_sound(d);
    diagnose_put_points(d);
    TL_TRY(diagnose_put_alerts(d, error));
    diagnose_put_trials(d);
    return d->builder->failed ? tl__fail_memory(error, 256) : TL_OK;
}

static tl_status diagnose_run(tl__diagnosis_run *run, const char *path, const tl_options *options,
                              tl__builder *builder, tl_error *error)
{
    TL_TRY(tl__diagnosis_open(run, path, options, error));
    TL_TRY(tl__diagnosis_look(run, error));
    diagnose_state d = {.evidence = &run->evidence, .builder = builder, .root = tl__put_map(builder, NULL, NULL)};
    TL_TRY(diagnose_put(&d, run, error));
    const char *file = tl__path_join(&run->arena, run->place.folder, "diagnosis.json");
    return file ? tl__json_save(run->context, d.root, file, false, error) : tl__fail_memory(error, 256);
}

TL_API tl_status tl_diagnose(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                             tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl__tree *tree;
    tl__builder builder;
    tl__diagnosis_run *state = tl__alloc_zero(&context->heap, 1, sizeof *state);
    if (!state) return tl__fail_memory(error, sizeof *state);
    state->context = context;
    tl_status status = tl__tree_new(&context->heap, NULL, &tree);
    if (status != TL_OK) tl__fail_memory(error, sizeof *tree);
    if (status == TL_OK) {
        tl__builder_init(&builder, tree);
        tl__arena_init(&state->arena, &context->heap);
        status = diagnose_run(state, run, options ? options : &defaults, &builder, error);
        tl__diagnosis_close(state);
        if (status == TL_OK) *out = &tree->root;
        else tl__tree_free(tree);
    }
    tl__free(&context->heap, state, sizeof *state);
    return status;
}
