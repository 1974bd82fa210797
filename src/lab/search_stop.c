/* Rungs and ranks. */
#include "lab/search_stop.h"

#include "base/math.h"

/* Rungs below the last epoch: how many there are. */
static int64_t search_stop_rungs(const tl__stop_rule *rule)
{
    int64_t count = 0;
    for (double at = (double)rule->first; at < (double)rule->epochs && count < 64; at *= rule->factor) count++;
    return count;
}

static int64_t search_stop_bracket(const tl__stop_rule *rule, int64_t trial)
{
    int64_t rungs = search_stop_rungs(rule);
    return rule->method == TL__STOP_HYPERBAND && rungs > 1 ? trial % rungs : 0;
}

TL_PRIV bool tl__stop_rung(const tl__stop_rule *rule, int64_t trial, int64_t epoch)
{
    if (rule->method == TL__STOP_NONE || epoch < rule->first || epoch >= rule->epochs) return false;
    if (rule->method == TL__STOP_MEDIAN) {
        int64_t every = rule->epochs > 100 ? rule->epochs / 100 : 1;
        return (epoch - rule->first) % every == 0;
    }
    int64_t number = 0, bracket = search_stop_bracket(rule, trial);
    for (double at = (double)rule->first; at < (double)rule->epochs && number < 64; at *= rule->factor, number++)
        if (number >= bracket && (int64_t)tl__floor(at + 0.5) == epoch) return true;
    return false;
}

TL_PRIV bool tl__stop_peers(const tl__stop_rule *rule, int64_t a, int64_t b)
{
    return search_stop_bracket(rule, a) == search_stop_bracket(rule, b);
}

static void search_stop_sort(double *values, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        double value = values[i];
        size_t at = i;
        for (; at > 0 && values[at - 1] > value; at--) values[at] = values[at - 1];
        values[at] = value;
    }
}

TL_PRIV bool tl__stop_now(const tl__stop_rule *rule, double *values, size_t count, double mine)
{
    size_t good = 0, better = 0;
    if (rule->method == TL__STOP_NONE) return false;
    if (mine != mine) return true;
    for (size_t i = 0; i < count; i++)
        if (values[i] == values[i]) values[good++] = values[i];
    if (rule->method == TL__STOP_MEDIAN) {
        if (good == 0 || (int64_t)good < rule->startup) return false;
        search_stop_sort(values, good);
        return mine > 0.5 * (values[(good - 1) / 2] + values[good / 2]);
    }
    size_t kept = (size_t)((double)(good + 1) / rule->factor);
    for (size_t i = 0; i < good; i++) better += values[i] < mine;
    return kept > 0 && better >= kept;
}
