/* compare - the same sessions seen from two sides of a box: read, matched, aligned, told, stored.
 * In:    captures of the inside (the client's side) and of the outside (the server's side), each side one timeline of any number of files.
 * Out:   one database: the sessions, errors and findings of both sides, which session is which, every difference with the frames of
 *        both sides; errors whose cause a difference proves carry it.
 * Keeps: the record of every session until both sides are read (without message content: transcript.h).
 * Never: prints; leaves half a database.
 * Lives: until compare_free. */
#ifndef SMTPWHY_COMPARE_H
#define SMTPWHY_COMPARE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum compare_side { SIDE_INSIDE, SIDE_OUTSIDE };

struct compare_options {
	const char *database;     /* NULL: a temporary one that goes with the comparison */
	const char *filter;       /* pcap-filter(7); NULL: every packet */
	const uint16_t *ports;    /* further SMTP ports, ended by 0; NULL: none */
	bool recurse;
	bool redact;              /* tokens in place of names, as smtpwhy.h has it */
	const char *redact_key;
	bool (*progress)(void *to, uint64_t bytes_done, uint64_t bytes_total, uint64_t packets); /* false: stop; NULL: never */
	void *progress_to;
};

struct compare;
struct compare *compare_new(const struct compare_options *);
void compare_add(struct compare *, enum compare_side, const char *path);
bool compare_run(struct compare *, struct error *);  /* reads, compares, stores; the database lies at its place when it returns true */
const char *compare_database(const struct compare *);
const char *compare_input_trouble(const struct compare *, size_t i); /* the i-th input that could not be read whole; NULL: no more */
void compare_free(struct compare *);

#endif
