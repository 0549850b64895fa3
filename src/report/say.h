/* say - small things that every report says the same way: numbers, shares, spans of time, plurals.
 * In:    numbers and the ISO 8601 times of the database.
 * Out:   words added to a text.
 * Never: depends on the locale or the time zone: times are UTC, as in the database. */
#ifndef SMTPWHY_REPORT_SAY_H
#define SMTPWHY_REPORT_SAY_H

#include "base/text.h"

void say_count(struct text *, int64_t n);                                     /* 12,034 */
void say_counted(struct text *, int64_t n, const char *one, const char *many); /* "1 session", "12,034 sessions" */
void say_share(struct text *, int64_t part, int64_t whole);                   /* "4.7 %", "100 %", "<0.1 %" */
void say_span(struct text *, double seconds);                                 /* "4.2 s", "41 min", "3 h 10 min", "2 d 4 h" */
void say_wait(struct text *, double seconds); /* as say_span, from microseconds on: "0.4 ms" */
void say_octets(struct text *, int64_t octets);                               /* "1.3 MB" */

/* A time of the database as it is shown: the day only where it is not the day given. day may be empty. */
struct bytes time_day(struct bytes iso);   /* "2026-11-22" */
struct bytes time_clock(struct bytes iso); /* "10:02:03" */
void say_times(struct text *, struct bytes first, struct bytes last, struct bytes day, const char *dash); /* one time where the two read the same */
void say_time(struct text *, struct bytes iso, struct bytes day);

#endif
