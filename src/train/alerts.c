/* The table of alerts, the user's rows laid over it, and the walk over a record. */
#include "train/alerts.h"

#include "base/math.h"
#include "base/text.h"

static const tl__alert_rule *alerts_builtin(size_t *count)
{
    static const tl__alert_rule rules[] = {
        {.name = "vanishing_gradients", .severity = TL__SEVERITY_WARNING, .category = "gradient_flow",
         .when = "gradient_norm_avg < 0.01 and epoch > 5",
         .message = "Vanishing gradients: the average gradient norm is {gradient_norm_avg}, below 0.01. If the loss is "
                    "still high, raise training.learning_rate, use relu with initialization: he, add batch_norm, or "
                    "take layers out; after a training that went well small gradients are harmless."},
        {.name = "exploding_gradients", .severity = TL__SEVERITY_CRITICAL, .category = "gradient_flow",
         .when = "gradient_norm_max > 10",
         .message = "Exploding gradients: the largest gradient norm is {gradient_norm_max}, above 10. Set "
                    "optimization.gradient_clip: 1.0, lower training.learning_rate, and see that the inputs are "
                    "normalised (data.normalize)."},
        {.name = "severe_overfitting", .severity = TL__SEVERITY_CRITICAL, .category = "overfitting",
         .when = "val_loss > train_loss + 0.3",
         .message = "Severe overfitting: the validation loss {val_loss} is {val_loss - train_loss} above the training "
                    "loss {train_loss}. Raise optimization.dropout or l2_reg, make the network smaller, add data, or "
                    "stop earlier (optimization.early_stopping)."},
        {.name = "learning_plateau", .severity = TL__SEVERITY_WARNING, .category = "learning_dynamics",
         .when = "learning_signal_strength == weak for 5 epochs",
         .message = "Learning plateau: the learning signal was weak in 5 epochs running (training loss {train_loss}). "
                    "If the loss is still high, change training.learning_rate or add training.lr_scheduler: "
                    "reduce_on_plateau; else the training is done and optimization.early_stopping saves the time."},
        {.name = "class_imbalance", .severity = TL__SEVERITY_WARNING, .category = "data_quality",
         .when = "class_balance_score < 0.5",
         .message = "Class imbalance: the class balance score is {class_balance_score}, below 0.5. Set "
                    "training.class_weights: balanced or training.loss: focal, and look at balanced accuracy rather "
                    "than accuracy."},
        {.name = "poor_convergence", .severity = TL__SEVERITY_WARNING, .category = "performance",
         .when = "val_acc < 1.2 / classes and epoch > 10",
         .message = "Poor convergence: after epoch {epoch} the validation accuracy is {val_acc}, hardly above chance "
                    "(1 in {classes}). Check labels and data.target, try another training.learning_rate (10 times "
                    "more, 10 times less) and a larger network."},
        {.name = "gradient_drop", .severity = TL__SEVERITY_WARNING, .category = "gradient_flow",
         .when = "gradient_norm_avg < 0.2 * prev(gradient_norm_avg)",
         .message = "Gradient drop: the average gradient norm fell from {prev(gradient_norm_avg)} to "
                    "{gradient_norm_avg}, under 20 % of the epoch before. A schedule that cuts the rate, or units "
                    "that died: see dead_units, and lower training.learning_rate if the loss stopped falling.",
         .details = "prev_norm = prev(gradient_norm_avg); current_norm = gradient_norm_avg; "
                    "drop_ratio = gradient_norm_avg / prev(gradient_norm_avg)"},
        {.name = "element_gradient_vanishing", .severity = TL__SEVERITY_WARNING, .category = "gradient_flow",
         .when = "gradient_mean_abs < 1e-7", .once = true, .always = true,
         .message = "element_gradient_vanishing: mean |g| is {gradient_mean_abs}, below 1e-7 (norm of a tensor "
                    "{gradient_norm_avg} on average); try a higher learning rate, relu or batch_norm."},
        {.name = "element_gradient_exploding", .severity = TL__SEVERITY_WARNING, .category = "gradient_flow",
         .when = "gradient_max_abs > 10", .once = true, .always = true,
         .message = "element_gradient_exploding: max |g| is {gradient_max_abs}, above 10 (largest norm of a tensor "
                    "{gradient_norm_max}); try a lower learning rate or optimization.gradient_clip: 1.0."},
        {.name = "not_finite", .severity = TL__SEVERITY_CRITICAL, .category = "gradient_flow",
         .when = "not_finite_share > 0",
         .message = "NaN or infinity: a share of {not_finite_share} of the weights is not finite."},
    };
    *count = TL_COUNT(rules);
    return rules;
}

TL_PRIV const tl__alert_rule *tl__alert_builtin(size_t index)
{
    size_t count;
    const tl__alert_rule *rules = alerts_builtin(&count);
    return index < count ? &rules[index] : NULL;
}

static const char *const *alerts_severities(void)
{
    static const char *const names[] = {"info", "warning", "critical", NULL};
    return names;
}

TL_PRIV const char *tl__severity_text(tl__severity severity)
{
    return alerts_severities()[severity];
}

/* ---- messages ---- */

/* The expression in the braces at `text`; *size: with the braces. NULL: there is no closing brace. */
static const char *alerts_braces(const char *text, size_t *size)
{
    const char *end = strchr(text, '}');
    *size = end ? (size_t)(end + 1 - text) : 0;
    return end ? text + 1 : NULL;
}

static void alerts_print(char *out, size_t room, double value)
{
    tl__format(out, room, value == value ? "%.4g" : "unknown", value);
}

static void alerts_say(const char *message, const tl__records *records, size_t index, char *out, size_t room)
{
    size_t used = 0, size;
    tl__condition expression;
    while (*message && used + 1 < room) {
        const char *inside = *message == '{' ? alerts_braces(message, &size) : NULL;
        if (!inside || tl__condition_parse(inside, size - 2, &expression, NULL, 0) != TL_OK) {
            out[used++] = *message++;
            continue;
        }
        alerts_print(out + used, room - used, tl__condition_value(&expression, records, index));
        used += strlen(out + used);
        message += size;
    }
    out[used < room ? used : room - 1] = '\0';
}

/* "a = x; b = y" */
static void alerts_list(const char *text, const tl__records *records, size_t index, tl__alert *alert)
{
    while (*text && alert->details < TL__ALERT_DETAILS) {
        tl__condition expression;
        size_t size = strcspn(text, ";"), name = strcspn(text, " =");
        const char *equals = memchr(text, '=', size);
        if (!equals) return;
        size_t start = (size_t)(equals + 1 - text);
        if (tl__condition_parse(text + start, size - start, &expression, NULL, 0) == TL_OK) {
            tl__format(alert->detail[alert->details].name, sizeof alert->detail->name, "%.*s", (int)name, text);
            alert->detail[alert->details++].value = tl__condition_value(&expression, records, index);
        }
        text += size;
        while (*text == ';' || *text == ' ') text++;
    }
}

static void alerts_fill(const tl__alert_rule *rule, const tl__condition *condition, const tl__records *records,
                        size_t index, tl__alert *out)
{
    const tl__record *record = tl__records_at(records, index);
    out->rule = rule;
    out->epoch = (int64_t)record->epoch.epoch;
    out->details = 0;
    alerts_say(out->rule->message, records, index, out->message, sizeof out->message);
    if (out->rule->details) {
        alerts_list(out->rule->details, records, index, out);
        return;
    }
    for (int i = 0; i < condition->fields && out->details < TL__ALERT_DETAILS; i++) {
        if (tl__same_text(condition->field[i]->name, "epoch")) continue;
        tl__format(out->detail[out->details].name, sizeof out->detail->name, "%s", condition->field[i]->name);
        out->detail[out->details++].value = tl__record_value(record, condition->field[i]);
    }
}

/* ---- the walk ---- */

static bool alerts_begins(const tl__alert_rules *rules, size_t rule, const tl__records *records, size_t index)
{
    const tl__condition *condition = &rules->condition[rule];
    if (!tl__condition_holds(condition, records, index)) return false;
    if (index > 0 && tl__condition_holds(condition, records, index - 1)) return false;
    for (size_t i = 0; rules->rule[rule].once && i < index; i++)
        if (tl__condition_holds(condition, records, i)) return false;
    return true;
}

TL_PRIV tl_status tl__alerts_at(const tl__alert_rules *rules, const tl__records *records, size_t index,
                                tl__alert_fn *each, void *user, tl_error *error)
{
    tl__alert alert;
    for (size_t i = 0; i < rules->count; i++) {
        if (!alerts_begins(rules, i, records, index)) continue;
        alerts_fill(&rules->rule[i], &rules->condition[i], records, index, &alert);
        TL_TRY(each(user, &alert, error));
    }
    return TL_OK;
}

TL_PRIV tl_status tl__alerts_always(const tl__records *one, uint32_t *said, tl__alert_fn *each, void *user,
                                    tl_error *error)
{
    const tl__alert_rule *rule;
    tl__condition condition;
    tl__alert alert;
    for (size_t i = 0; (rule = tl__alert_builtin(i)) != NULL; i++) {
        if (!rule->always || (*said >> i & 1) ||
            tl__condition_parse(rule->when, strlen(rule->when), &condition, NULL, 0) != TL_OK ||
            !tl__condition_holds(&condition, one, 0)) continue;
        *said |= (uint32_t)1 << i;
        alerts_fill(rule, &condition, one, 0, &alert);
        TL_TRY(each(user, &alert, error));
    }
    return TL_OK;
}

/* The training ended with NaN: no row has it, so the rule is given with the reason. */
TL_PRIV tl_status tl__alerts_end(const tl__alert_rules *rules, const tl__records *records, tl__alert_fn *each,
                                 void *user, tl_error *error)
{
    if (!records->not_finite) return TL_OK;
    const tl__record *last = records->count ? tl__records_at(records, records->count - 1) : NULL;
    tl__alert alert = {.epoch = last ? (int64_t)last->epoch.epoch + 1 : 1};
    for (size_t i = 0; i < rules->count && !alert.rule; i++)
        if (tl__same_text(rules->rule[i].name, "not_finite")) alert.rule = &rules->rule[i];
    if (!alert.rule) return TL_OK;
    tl__format(alert.message, sizeof alert.message,
               "NaN or infinity: %s Look for huge or missing values in the data, too.", records->not_finite);
    return each(user, &alert, error);
}

TL_PRIV tl_status tl__alerts_each(const tl__alert_rules *rules, const tl__records *records, tl__alert_fn *each,
                                  void *user, tl_error *error)
{
    for (size_t i = 0; i < records->count; i++) TL_TRY(tl__alerts_at(rules, records, i, each, user, error));
    return tl__alerts_end(rules, records, each, user, error);
}

/* ---- the user's rules ---- */

static tl_status alerts_bad(const tl_value *at, const char *file, const char *key, tl_error *error, const char *what)
{
    char setting[80];
    tl__format(setting, sizeof setting, "analytics.alerts%s%s", key ? "." : "", key ? key : "");
    return tl__fail_at(error, TL_BAD_CONFIG, at->file ? at->file : file, at->line, at->column, setting, "%s", what);
}

static tl_status alerts_check_message(const tl_value *value, const char *file, tl_error *error)
{
    char why[320], what[400];
    tl__condition expression;
    size_t size;
    for (const char *at = value->text; (at = strchr(at, '{')) != NULL; at += size) {
        const char *inside = alerts_braces(at, &size);
        if (!inside) return alerts_bad(value, file, "message", error,
                                       "a { without its }; write {gradient_norm_max} for the value of a figure");
        if (tl__condition_parse(inside, size - 2, &expression, why, sizeof why) == TL_OK) continue;
        tl__format(what, sizeof what, "%.*s is not understood: %s", (int)tl__size_min(size, 60), at, why);
        return alerts_bad(value, file, "message", error, what);
    }
    return TL_OK;
}

/* A key whose value is a text, by name; *out stays when it is not there. */
static tl_status alerts_text(const tl_value *map, const char *key, const char *file, const char **out,
                             tl_error *error)
{
    const tl_value *value = tl__value_child(map, key);
    if (!value) return TL_OK;
    if (!value->text || value->kind == TL_MAP || value->kind == TL_LIST || !*value->text)
        return alerts_bad(value, file, key, error, "a text is needed here");
    *out = value->text;
    return TL_OK;
}

static tl_status alerts_read_words(const tl_value *map, const char *file, tl__alert_rule *rule, tl_error *error)
{
    static const char *const categories[] = {"gradient_flow", "overfitting", "learning_dynamics", "data_quality",
                                             "performance", NULL};
    const char *severity = "warning", *category = "performance";
    const char *const *names = alerts_severities();
    int i = 0;
    TL_TRY(alerts_text(map, "severity", file, &severity, error));
    TL_TRY(alerts_text(map, "category", file, &category, error));
    while (names[i] && !tl__same_text(names[i], severity)) i++;
    if (!names[i]) return alerts_bad(tl__value_child(map, "severity"), file, "severity", error,
                                     "severity must be one of: info, warning, critical");
    rule->severity = (tl__severity)i;
    for (i = 0; categories[i] && !tl__same_text(categories[i], category); i++) continue;
    if (!categories[i]) return alerts_bad(tl__value_child(map, "category"), file, "category", error,
                                          "category must be one of: gradient_flow, overfitting, learning_dynamics, "
                                          "data_quality, performance");
    rule->category = categories[i];
    return TL_OK;
}

static tl_status alerts_known_keys(const tl_value *map, const char *file, tl_error *error)
{
    static const char *const known[] = {"name", "when", "severity", "category", "message"};
    char what[200];
    for (const tl_value *value = map->first; value; value = value->next) {
        tl__suggestion suggestion = {value->key, NULL, 0};
        bool found = false;
        for (size_t i = 0; i < TL_COUNT(known); i++) {
            found = found || tl__same_text(known[i], value->key);
            tl__suggest(&suggestion, known[i]);
        }
        if (found) continue;
        tl__format(what, sizeof what, "'%.40s' is not a part of an alert%s%s; known: name, when, severity, category, "
                   "message", value->key, suggestion.best ? "; did you mean " : "",
                   suggestion.best ? suggestion.best : "");
        return alerts_bad(value, file, NULL, error, what);
    }
    return TL_OK;
}

static tl_status alerts_read_rule(const tl_value *map, const char *file, tl__alert_rule *rule,
                                  tl__condition *condition, tl_error *error)
{
    char why[320];
    if (map->kind != TL_MAP)
        return alerts_bad(map, file, NULL, error,
                          "an alert is a map, such as {name: slow, when: epoch_duration_seconds > 60, message: ...}");
    *rule = (tl__alert_rule){.name = NULL};
    TL_TRY(alerts_known_keys(map, file, error));
    TL_TRY(alerts_text(map, "name", file, &rule->name, error));
    TL_TRY(alerts_text(map, "when", file, &rule->when, error));
    TL_TRY(alerts_text(map, "message", file, &rule->message, error));
    TL_TRY(alerts_read_words(map, file, rule, error));
    if (!rule->name || !rule->when || !rule->message)
        return alerts_bad(map, file, NULL, error, "an alert needs a name, a condition under when, and a message");
    const tl_value *when = tl__value_child(map, "when");
    if (tl__condition_parse(rule->when, strlen(rule->when), condition, why, sizeof why) != TL_OK)
        return alerts_bad(when, file, "when", error, why);
    const tl_value *message = tl__value_child(map, "message");
    return alerts_check_message(message, file, error);
}

TL_PRIV tl_status tl__alerts_read(const tl_value *list, const char *file, tl__alert_rules *out, tl_error *error)
{
    const tl__alert_rule *builtin = alerts_builtin(&out->count);
    for (size_t i = 0; i < out->count; i++) {
        out->rule[i] = builtin[i];
        TL_TRY(tl__condition_parse(builtin[i].when, strlen(builtin[i].when), &out->condition[i], NULL, 0));
    }
    if (!list || list->kind == TL_NULL) return TL_OK;
    if (list->kind != TL_LIST)
        return alerts_bad(list, file, NULL, error, "a list of alerts is needed: [{name: ..., when: ..., message: "
                          "...}]");
    for (const tl_value *item = list->first; item; item = item->next) {
        tl__alert_rule rule;
        tl__condition condition;
        size_t at = 0;
        TL_TRY(alerts_read_rule(item, file, &rule, &condition, error));
        while (at < out->count && !tl__same_text(out->rule[at].name, rule.name)) at++;
        if (at == TL__ALERT_RULES)
            return alerts_bad(item, file, NULL, error, "there are more alerts than 40, the built-in ones counted; "
                              "leave some out");
        out->rule[at] = rule;
        out->condition[at] = condition;
        if (at == out->count) out->count++;
    }
    return TL_OK;
}
