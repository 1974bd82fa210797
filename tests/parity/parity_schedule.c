/* schedulers.json: the rate at each step, in double. Their names of schedulers and options, and ours. */
#include <stdio.h>

#include "base/text.h"
#include "nn/schedule.h"
#include "parity/parity_list.h"
#include "parity/parity_network.h"

static const struct { const char *theirs, *ours; } schedule_names[] = {
    {"multistep", "multi_step"},
    {"cosine", "cosine_annealing"},
    {"cosine_warm_restarts", "warm_restarts"},
    {"onecycle", "one_cycle"},
    {"linear_warmup", "constant"},
    {"warmup_cosine", "cosine_annealing"},
    {"plateau", "reduce_on_plateau"},
};

/* Option names that are not the same but for the case of letters. */
static const struct { const char *scheduler, *theirs, *ours; } schedule_options[] = {
    {"linear_warmup", "total_iters", "warmup"},
    {"linear_warmup", "start_factor", "warmup_start"},
    {"linear_warmup", "end_factor", NULL},   /* 1, as ours always is */
    {"warmup_cosine", "start_factor", "warmup_start"},
};

static const char *schedule_option(const char *scheduler, const char *option, char lower[40])
{
    for (size_t i = 0; i < TL_COUNT(schedule_options); i++)
        if (tl__same_text(schedule_options[i].scheduler, scheduler) && tl__same_text(schedule_options[i].theirs, option))
            return schedule_options[i].ours;
    size_t i = 0;
    for (; option[i] && i < 39; i++) lower[i] = (char)(option[i] >= 'A' && option[i] <= 'Z' ? option[i] + 32 : option[i]);
    lower[i] = '\0';
    return lower;
}

static size_t schedule_value(char *out, size_t size, const tl_value *value)
{
    if (value->kind == TL_BOOL) return (size_t)snprintf(out, size, "%s", tl_value_bool(value, false) ? "true" : "false");
    if (value->kind == TL_TEXT) return (size_t)snprintf(out, size, "%s", tl_value_text(value, ""));
    if (value->kind != TL_LIST) return (size_t)snprintf(out, size, "%.17g", tl_value_number(value, 0.0));
    size_t used = (size_t)snprintf(out, size, "[");
    for (size_t i = 0; i < tl_value_count(value); i++)
        used += (size_t)snprintf(out + used, size - used, "%s%.17g", i ? ", " : "",
                                 tl_value_number(tl_value_at(value, i), 0.0));
    return used + (size_t)snprintf(out + used, size - used, "]");
}

static void schedule_text(char *out, size_t size, const char *scheduler, const tl_value *options)
{
    size_t used = (size_t)snprintf(out, size, "per: step");
    if (strncmp(scheduler, "cosine_warm", 11) == 0 || tl__same_text(scheduler, "warmup_cosine"))
        used += (size_t)snprintf(out + used, size - used, ", eta_min: 0");
    for (const tl_value *option = options ? options->first : NULL; option; option = option->next) {
        char lower[40];
        const char *name = schedule_option(scheduler, option->key, lower);
        if (!name) continue;
        used += (size_t)snprintf(out + used, size - used, ", %s: ", name);
        used += schedule_value(out + used, size - used, option);
    }
}

static void schedule_case(parity *p, const tl_value *one)
{
    const char *name = tl_value_text(tl__value_child(one, "name"), "?");
    const char *theirs = tl_value_text(tl__value_child(one, "scheduler"), "?"), *ours = theirs;
    const tl_value *rates = tl__value_child(one, "lr"), *momenta = tl__value_child(one, "momentum");
    const tl_value *metrics = tl__value_child(one, "metrics");
    const double rate = tl_value_number(tl__value_child(one, "base_lr"), 0.0);
    char text[500];
    tl_error error = {0};
    for (size_t i = 0; i < TL_COUNT(schedule_names); i++)
        if (tl__same_text(schedule_names[i].theirs, theirs)) ours = schedule_names[i].ours;
    const tl__schedule *schedule = tl__schedule_find(ours, &error);
    if (!schedule) {
        parity_broken(p, error.message);
        return;
    }
    schedule_text(text, sizeof text, theirs, tl__value_child(one, "options"));
    const void *settings = parity_settings(p, &schedule->head, text);
    if (!settings) return;
    tl__schedule_state state;
    tl__schedule_start(&state);
    for (size_t i = 0; i < tl_value_count(rates); i++) {
        const tl__schedule_time time = {rate, 0, 1, (int64_t)i, (int64_t)tl_value_count(rates)};
        tl__schedule_point point;
        tl__schedule_at(schedule, settings, &time, &state, &point);
        parity_number(p, name, "lr", point.learning_rate, tl_value_number(tl_value_at(rates, i), 0.0), 1e-15, 1e-12);
        if (momenta)
            parity_number(p, name, "momentum", point.momentum, tl_value_number(tl_value_at(momenta, i), 0.0), 0.0, 1e-12);
        if (metrics)
            tl__schedule_report(schedule, settings, rate, tl_value_number(tl_value_at(metrics, i), 0.0), &state);
    }
}

void parity_schedules(parity *p, const tl_value *root)
{
    const tl_value *cases = tl__value_child(root, "cases");
    for (size_t i = 0; i < tl_value_count(cases); i++) schedule_case(p, tl_value_at(cases, i));
}
