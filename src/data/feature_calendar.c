/* Where in the hour, the day, the week and the year a step lies, each as a number from -0.5 to 0.5. */
#include "base/error.h"
#include "base/text.h"
#include "base/date.h"
#include "data/feature.h"
#include "data/feature_list.h"

typedef struct feature_calendar_settings {
    tl__feature_common common;
    tl__text_list units;
} feature_calendar_settings;

static int feature_calendar_minute(const tl__date *date) { return date->minute; }
static int feature_calendar_hour(const tl__date *date) { return date->hour; }
static int feature_calendar_weekday(const tl__date *date) { return date->weekday; }
static int feature_calendar_day(const tl__date *date) { return date->day - 1; }
static int feature_calendar_yearday(const tl__date *date) { return date->yearday; }
static int feature_calendar_week(const tl__date *date) { return date->yearday / 7; }
static int feature_calendar_month(const tl__date *date) { return date->month - 1; }

static const struct feature_calendar_unit {
    const char *name;
    int most;                    /* it goes from 0 to this */
    int (*of)(const tl__date *date);
} feature_calendar_units[] = {
    {"minute", 59, feature_calendar_minute}, {"hour", 23, feature_calendar_hour},
    {"weekday", 6, feature_calendar_weekday}, {"day", 30, feature_calendar_day},
    {"yearday", 365, feature_calendar_yearday}, {"week", 52, feature_calendar_week},
    {"month", 11, feature_calendar_month},
};

static const struct feature_calendar_unit *feature_calendar_find(const char *name)
{
    for (size_t i = 0; i < TL_COUNT(feature_calendar_units); i++)
        if (tl__same_text(feature_calendar_units[i].name, name)) return &feature_calendar_units[i];
    return NULL;
}

static size_t feature_calendar_outputs(const void *settings)
{
    return ((const feature_calendar_settings *)settings)->units.count;
}

static void feature_calendar_name(const void *settings, size_t output, char *out, size_t size)
{
    tl__format(out, size, "%s", ((const feature_calendar_settings *)settings)->units.items[output]);
}

static size_t feature_calendar_history(const void *settings)
{
    (void)settings;
    return 0;
}

static void feature_calendar_compute(const tl__feature_call *call)
{
    const feature_calendar_settings *calendar = call->settings;
    for (size_t i = 0; i < calendar->units.count; i++) {
        const struct feature_calendar_unit *unit = feature_calendar_find(calendar->units.items[i]);
        for (size_t t = 0; t < call->rows; t++) {
            tl__date date;
            tl__date_of(call->values[t], &date);
            call->out[i * call->stride + t] = (double)unit->of(&date) / unit->most - 0.5;
        }
    }
}

static tl_status feature_calendar_check(const void *settings, tl_error *error)
{
    const feature_calendar_settings *calendar = settings;
    for (size_t i = 0; i < calendar->units.count; i++) {
        if (feature_calendar_find(calendar->units.items[i])) continue;
        return tl__fail(error, TL_BAD_CONFIG,
                        "'%s' is no unit of the calendar; known: minute, hour, weekday, day, yearday, week, month",
                        calendar->units.items[i]);
    }
    return TL_OK;
}

static const tl__field feature_calendar_fields[] = {
    {.name = "units", .kind = TL__FIELD_TEXT_LIST, .flags = TL__RESULT,
     .offset = offsetof(feature_calendar_settings, units), .text = "[hour, weekday, day, month]",
     .help = "minute, hour, weekday (Monday first), day (of the month), yearday, week (yearday / 7), month"},
    {0}};

static const tl__feature feature_calendar = {
    .head = {.name = "calendar",
             .help = "Units of data.time, known ahead: unit / largest - 0.5, counted from 0, so that hour 0 is -0.5 "
                     "and hour 23 is 0.5. As the time features of Zhou et al., Informer, 2021.",
             .rows = feature_calendar_fields,
             .settings_size = sizeof(feature_calendar_settings)},
    .kind = TL__FEATURE_OF_TIME,
    .outputs = feature_calendar_outputs, .name = feature_calendar_name, .history = feature_calendar_history,
    .compute = feature_calendar_compute, .check = feature_calendar_check,
};

TL_PRIV const tl__member_head *tl__feature_calendar(void) { return &feature_calendar.head; }
