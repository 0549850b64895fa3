/* wire - bytes of the wire as text for columns, fast: the escapes of base/text.h in runs.
 * In:    octets.
 * Out:   added to a text: C escapes, alone or inside a JSON string.
 * Never: gives more than `most` octets, or half an escape; fails. */
#ifndef SMTPWHY_STORE_WIRE_H
#define SMTPWHY_STORE_WIRE_H

#include "base/text.h"

void wire_add(struct text *, struct bytes wire, size_t most);          /* C-escaped */
void wire_add_lines(struct text *, struct bytes wire, size_t most);    /* the same, but LF stays LF */
/* The same without a copy where nothing is escaped: a view of the wire, else of room. */
struct bytes wire_view_lines(struct text *room, struct bytes wire, size_t most);
void wire_add_lower(struct text *, struct bytes wire, size_t most);    /* C-escaped, then capitals of ASCII made small */
void wire_add_quoted(struct text *, struct bytes escaped);             /* a JSON string of what wire_add made */
/* The JSON string of what wire_add or wire_add_lines would make, at once. */
void wire_add_both(struct text *, struct bytes wire, size_t most, bool lines);
enum { NUMBER_MOST = 20 }; /* octets of a number */
void wire_add_number(struct text *, int64_t);
char *wire_put_more(char *at, int64_t); /* wire_put_number for any number */

/* Gives its end; at has room for NUMBER_MOST. Most numbers of a row are of one digit. */
static inline char *wire_put_number(char *at, int64_t number)
{
	if ((uint64_t)number >= 10)
		return wire_put_more(at, number);
	*at = (char)('0' + number);
	return at + 1;
}

#endif
