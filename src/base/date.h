/* Dates as people write them in files, to seconds since 1970-01-01 UTC (own calendar arithmetic, proleptic
 * Gregorian). */
#ifndef TL_BASE_DATE_H
#define TL_BASE_DATE_H

#include "base/base.h"

/* YYYY-MM-DD, YYYY/MM/DD, YYYY-MM, DD-MM-YYYY, DD.MM.YYYY, MM/DD/YYYY; after a full date a time may follow a blank or
 * T: HH:MM, HH:MM:SS, HH:MM:SS.fff, with Z, +HH:MM, -HHMM. False when the whole text is not such a date. */
TL_PRIV bool tl__parse_date(const char *text, size_t size, double *seconds);
/* "2026-11-21", or with "T10:15:00" when the time is not midnight. */
TL_PRIV void tl__print_date(char out[40], double seconds);

/* The parts of a time in seconds since 1970-01-01. False: years beyond two million; *out is then the first of January
 * 1970. */
typedef struct tl__date {
    int64_t year;
    int month, day;              /* from 1 */
    int hour, minute, second;
    int weekday;                 /* 0: Monday */
    int yearday;                 /* from 0 */
} tl__date;
TL_PRIV bool tl__date_of(double seconds, tl__date *out);
/* The time so many months later; the day is the month's last where the month is too short for it. */
TL_PRIV double tl__date_add_months(double seconds, int64_t months);

#endif
