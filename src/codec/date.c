#include "codec/date.h"
#include "base/clock.h"
#include <stdio.h>
#include <string.h>

enum { FIRST_YEAR = 1900, LAST_YEAR = 9999 };

/* Days since 1970-01-01 of a day in the Gregorian calendar, and back.  Years begin in March here, so that the leap
 * day is the last of its year; 400 years (an era) always have 146097 days. */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct moment {
    int year, month, day, weekday /* 0 is Sunday */, hour, minute, second, ms;
};

static struct moment moment_of(int64_t ms)
{
    int64_t first = days_of(FIRST_YEAR, 1, 1) * DAY, last = days_of(LAST_YEAR + 1, 1, 1) * DAY - 1;

    ms = ms < first ? first : ms > last ? last : ms;
    int64_t days = ms / DAY - (ms % DAY < 0), rest = ms - days * DAY;
    int64_t shifted = days + 719468, era = shifted / 146097, of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;

    return (struct moment){
        .year = (int)(year + era * 400 + (month >= 10)),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(of_year - (153 * month + 2) / 5 + 1),
        .weekday = (int)(((days + 4) % 7 + 7) % 7),
        .hour = (int)(rest / HOUR),
        .minute = (int)(rest / MINUTE % 60),
        .second = (int)(rest / SECOND % 60),
        .ms = (int)(rest % SECOND),
    };
}

char *date_iso(int64_t ms, char out[static DATE_SIZE])
{
    struct moment m = moment_of(ms);

    snprintf(out, DATE_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", m.year % 10000u, m.month % 100u, m.day % 100u,
             m.hour % 100u, m.minute % 100u, m.second % 100u);
    return out;
}

char *date_iso_ms(int64_t ms, char out[static DATE_SIZE])
{
    date_iso(ms, out);
    snprintf(out + 19, DATE_SIZE - 19, ".%03uZ", moment_of(ms).ms % 1000u);
    return out;
}

char *date_rfc2822(int64_t ms, char out[static DATE_SIZE])
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct moment m = moment_of(ms);

    snprintf(out, DATE_SIZE, "%.3s, %02u %.3s %04u %02u:%02u:%02u +0000", days + 3 * m.weekday, m.day % 100u,
             months + 3 * (m.month - 1), m.year % 10000u, m.hour % 100u, m.minute % 100u, m.second % 100u);
    return out;
}

/* Exactly n digits between least and most; false leaves *s where it was. */
static bool number(const char **s, int n, int least, int most, int *out)
{
    int v = 0;

    for (int i = 0; i < n; i++) {
        char c = (*s)[i];
        if (c < '0' || c > '9')
            return false;
        v = v * 10 + (c - '0');
    }
    if (v < least || v > most)
        return false;
    *s += n;
    *out = v;
    return true;
}

static bool literal(const char **s, char c)
{
    bool is = **s == c;

    *s += is;
    return is;
}

static int month_length(int year, int month)
{
    static const char lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return lengths[month - 1] + (month == 2 && leap);
}

static bool parse_day(const char **s, int64_t *ms)
{
    int year, month, day;

    if (!number(s, 4, FIRST_YEAR, LAST_YEAR, &year) || !literal(s, '-') || !number(s, 2, 1, 12, &month) ||
        !literal(s, '-') || !number(s, 2, 1, month_length(year, month), &day))
        return false;
    *ms = days_of(year, month, day) * DAY;
    return true;
}

/* A fraction of any length; what is finer than a millisecond is cut off. */
static bool parse_fraction(const char **s, int64_t *ms)
{
    int64_t worth = 100;

    if (**s < '0' || **s > '9')
        return false;
    for (; **s >= '0' && **s <= '9'; ++*s, worth /= 10)
        *ms += (**s - '0') * worth;
    return true;
}

static bool parse_time(const char **s, int64_t *ms)
{
    int hour, minute, second = 0;

    if (!number(s, 2, 0, 23, &hour) || !literal(s, ':') || !number(s, 2, 0, 59, &minute))
        return false;
    bool seconds = literal(s, ':');
    if (seconds && !number(s, 2, 0, 59, &second))
        return false;
    *ms += hour * HOUR + minute * MINUTE + second * SECOND;
    return !seconds || !literal(s, '.') || parse_fraction(s, ms);
}

static bool parse_zone(const char **s, int64_t *ms)
{
    int hour, minute, sign = **s == '+' ? -1 : 1; /* east of Greenwich it is later than in UTC */

    if (!**s || literal(s, 'Z') || literal(s, 'z'))
        return true;
    if (!literal(s, '+') && !literal(s, '-'))
        return false;
    if (!number(s, 2, 0, 23, &hour))
        return false;
    literal(s, ':');
    if (!number(s, 2, 0, 59, &minute))
        return false;
    *ms += sign * (hour * HOUR + minute * MINUTE);
    return true;
}

bool date_parse(const char *s, int64_t *out)
{
    int64_t ms;

    if (!s || !parse_day(&s, &ms))
        return false;
    if (*s) {
        if (!literal(&s, 'T') && !literal(&s, 't') && !literal(&s, ' '))
            return false;
        if (!parse_time(&s, &ms) || !parse_zone(&s, &ms) || *s)
            return false;
    }
    if (ms < days_of(FIRST_YEAR, 1, 1) * DAY || ms >= days_of(LAST_YEAR + 1, 1, 1) * DAY)
        return false; /* a zone can push it over the edge */
    *out = ms;
    return true;
}
