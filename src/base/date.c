/* A small reader of digits and marks; day counts by the March-based calendar, in which the leap day ends the year. */
#include "base/date.h"

#include "base/text.h"

typedef struct date_reader {
    const char *at, *end;
} date_reader;

/* Exactly `digits` digits. */
static bool date_digits(date_reader *reader, int digits, int *out)
{
    int value = 0;
    if (reader->end - reader->at < digits) return false;
    for (int i = 0; i < digits; i++) {
        char c = reader->at[i];
        if (c < '0' || c > '9') return false;
        value = value * 10 + (c - '0');
    }
    reader->at += digits;
    *out = value;
    return true;
}

static bool date_take(date_reader *reader, char c)
{
    if (reader->at == reader->end || *reader->at != c) return false;
    reader->at++;
    return true;
}

static bool date_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

/* Days since 1970-01-01. */
static int64_t date_days(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool date_valid(int year, int month, int day)
{
    static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1) return false;
    return day <= lengths[month - 1] + (month == 2 && date_leap(year));
}

/* The offset after a time, in seconds to take away. */
static bool date_zone(date_reader *reader, int64_t *seconds)
{
    int hours, minutes;
    *seconds = 0;
    if (reader->at == reader->end || date_take(reader, 'Z')) return true;
    bool east = *reader->at == '+';
    if (!date_take(reader, '+') && !date_take(reader, '-')) return false;
    if (!date_digits(reader, 2, &hours)) return false;
    date_take(reader, ':');
    if (!date_digits(reader, 2, &minutes) || hours > 23 || minutes > 59) return false;
    *seconds = (east ? 1 : -1) * (hours * 3600 + minutes * 60);
    return true;
}

static bool date_time(date_reader *reader, double *seconds)
{
    int hour, minute, second = 0;
    double fraction = 0, digit = 0.1;
    int64_t zone;
    *seconds = 0;
    if (reader->at == reader->end) return true;
    if (!date_take(reader, ' ') && !date_take(reader, 'T')) return false;
    if (!date_digits(reader, 2, &hour) || !date_take(reader, ':') || !date_digits(reader, 2, &minute)) return false;
    if (date_take(reader, ':') && !date_digits(reader, 2, &second)) return false;
    if (hour > 24 || minute > 59 || second > 60) return false;
    if (date_take(reader, '.')) {
        for (; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9'; reader->at++, digit /= 10) {
            fraction += (*reader->at - '0') * digit;
        }
    }
    if (!date_zone(reader, &zone)) return false;
    *seconds = (double)(hour * 3600 + minute * 60 + second - zone) + fraction;
    return true;
}

TL_PRIV bool tl__parse_date(const char *text, size_t size, double *seconds)
{
    date_reader reader = {text, text + size};
    int year, month, day = 1;
    double time;
    if (size < 7 || text[0] < '0' || text[0] > '9') return false;
    if (text[4] == '-' || text[4] == '/') {
        char mark = text[4];
        if (!date_digits(&reader, 4, &year) || !date_take(&reader, mark) || !date_digits(&reader, 2, &month))
            return false;
        if (reader.at < reader.end && (!date_take(&reader, mark) || !date_digits(&reader, 2, &day))) return false;
    } else {
        char mark = text[2];
        if (mark != '-' && mark != '.' && mark != '/') return false;
        int *first = mark == '/' ? &month : &day, *second = mark == '/' ? &day : &month;
        if (!date_digits(&reader, 2, first) || !date_take(&reader, mark) || !date_digits(&reader, 2, second) ||
            !date_take(&reader, mark) || !date_digits(&reader, 4, &year)) {
            return false;
        }
    }
    if (!date_valid(year, month, day) || !date_time(&reader, &time) || reader.at != reader.end) return false;
    *seconds = (double)date_days(year, month, day) * 86400.0 + time;
    return true;
}

TL_PRIV bool tl__date_of(double seconds, tl__date *out)
{
    bool known = seconds > -6e13 && seconds < 2.5e14;
    if (!known) seconds = 0;
    int64_t whole = (int64_t)seconds - ((double)(int64_t)seconds > seconds);
    int64_t days = whole / 86400, rest = whole % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    /* the inverse of date_days */
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * of_year + 2) / 153, weekday = (days + 3) % 7;    /* 1970-01-01 was a Thursday */
    out->day = (int)(of_year - (153 * shifted_month + 2) / 5 + 1);
    out->month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    out->year = year_of_era + era * 400 + (out->month <= 2);
    out->hour = (int)(rest / 3600);
    out->minute = (int)(rest / 60 % 60);
    out->second = (int)(rest % 60);
    out->weekday = (int)(weekday < 0 ? weekday + 7 : weekday);
    out->yearday = (int)(days - date_days((int)out->year, 1, 1));
    return known;
}

TL_PRIV double tl__date_add_months(double seconds, int64_t months)
{
    tl__date date;
    if (!tl__date_of(seconds, &date)) return seconds;
    int64_t month = date.year * 12 + date.month - 1 + months;
    int year = (int)(month >= 0 ? month / 12 : -((11 - month) / 12)), of_year = (int)(month - (int64_t)year * 12) + 1;
    int day = date.day;
    while (!date_valid(year, of_year, day)) day--;
    double before = (double)date_days((int)date.year, date.month, date.day) * 86400.0;
    return seconds - before + (double)date_days(year, of_year, day) * 86400.0;
}

TL_PRIV void tl__print_date(char out[40], double seconds)
{
    tl__date date;
    if (!tl__date_of(seconds, &date)) {
        tl__format(out, 40, "?");
        return;
    }
    size_t size = tl__format(out, 40, "%04lld-%02d-%02d", (long long)date.year, date.month, date.day);
    bool midnight = date.hour == 0 && date.minute == 0 && date.second == 0;
    if (!midnight && size < 24)
        tl__format(out + size, 40 - size, "T%02d:%02d:%02d", date.hour, date.minute, date.second);
}
