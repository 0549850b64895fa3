/* domain - names and address literals as RFC 5321 4.1.2 and 4.1.3 write them.
 * In:    the octets of one domain, or of one literal with its brackets.
 * Out:   the first octet that breaks the grammar, with what was wanted there.
 * Never: judges octets above 127: they are let through, and the caller decides by RFC 6531. */
#ifndef SMTPWHY_SMTP_DOMAIN_H
#define SMTPWHY_SMTP_DOMAIN_H

#include "base/scan.h"
#include "smtp/parse.h"

struct misfit domain_check(struct bytes);            /* sub-domain *("." sub-domain) */
struct misfit domain_check_literal(struct bytes);    /* [192.0.2.1], [IPv6:2001:db8::1], [tag:content] */
bool domain_is_v4(struct bytes);                     /* a dotted quad */
bool domain_is_v6(struct bytes);                     /* without IPv6: */

/* Nearly every domain is seen at a glance to keep the grammar; what is not, is no worse for it. */
struct domain_shape {
	bool ordinary; /* dots between labels of letters, digits and inner hyphens: domain_check finds nothing */
	bool dotted, lettered; /* there is a dot; a letter: then it is no IP address */
};
struct domain_shape domain_shape(struct bytes);
struct domain_shape domain_shape_of(const struct classes *, size_t n); /* of its first n octets */

/* Each part between dots begins and ends with one of these octets. */
static inline bool parts_lie_between(uint64_t edges, uint64_t dots, size_t n)
{
	if (n == 0)
		return false;
	uint64_t starts = 1 | dots << 1, ends = dots >> 1 | (uint64_t)1 << (n - 1);
	return !((starts | ends) & scan_whole(n) & ~edges);
}

#endif
