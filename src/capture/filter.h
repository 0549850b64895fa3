/* filter - pcap-filter(7) over frames of any link type.
 * In:    an expression, frames.
 * Out:   whether a frame is wanted; compiled once for each link type that is met.
 * Never: lets a frame through where the expression cannot be compiled for its link type; it says so, once a link type.
 * Lives: until filter_free. */
#ifndef SMTPWHY_CAPTURE_FILTER_H
#define SMTPWHY_CAPTURE_FILTER_H

#include "base/error.h"
#include "capture/frame.h"

struct filter;

struct filter *filter_new(const char *expression); /* copied; NULL: everything is wanted, and filter_wants need not be called */
/* False with a sentence in *why: the expression does not fit the link type. */
bool filter_wants(struct filter *, const struct frame *, const char **why);
void filter_free(struct filter *);

/* Whether the expression can be compiled for any usual link type; false: fills the error (ERROR_USAGE). */
bool filter_check(const char *expression, struct error *);

#endif
