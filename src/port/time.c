/* Times as text, by own calendar arithmetic: days since 1970-01-01 to year, month and day of the Gregorian calendar by
 * counting from 1 March, so that the leap day is the last of its year. */
#include "base/text.h"
#include "port/port.h"

typedef struct time_parts { int year, month, day, hour, minute, second; } time_parts;

static time_parts time_split(int64_t microseconds)
{
    int64_t seconds = microseconds / 1000000 - (microseconds % 1000000 < 0);
    int64_t days = seconds / 86400 - (seconds % 86400 < 0);
    int64_t of_day = seconds - days * 86400;
    int64_t shifted = days + 719468;                              /* since 0000-03-01 */
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;   /* of 400 years */
    int64_t of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;                      /* 0 is March */
    time_parts parts;
    parts.day = (int)(of_year - (153 * month + 2) / 5 + 1);
    parts.month = (int)(month < 10 ? month + 3 : month - 9);
    parts.year = (int)(year + era * 400 + (parts.month <= 2));
    parts.hour = (int)(of_day / 3600);
    parts.minute = (int)(of_day / 60 % 60);
    parts.second = (int)(of_day % 60);
    return parts;
}

TL_PRIV void tl__time_iso(char out[24], int64_t microseconds)
{
    time_parts t = time_split(microseconds);
    tl__format(out, 24, "%04d-%02d-%02dT%02d:%02d:%02dZ", t.year, t.month, t.day, t.hour, t.minute, t.second);
}

TL_PRIV void tl__time_compact(char out[24], int64_t microseconds)
{
    time_parts t = time_split(microseconds);
    tl__format(out, 24, "%04d%02d%02d_%02d%02d%02d", t.year, t.month, t.day, t.hour, t.minute, t.second);
}
