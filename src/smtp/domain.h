/* domain - names and address literals as RFC 5321 4.1.2 and 4.1.3 write them.
 * In:    the octets of one domain, or of one literal with its brackets.
 * Out:   the first octet that breaks the grammar, with what was wanted there.
 * Never: judges octets above 127: they are let through, and the caller decides by RFC 6531. */
#ifndef SMTPWHY_SMTP_DOMAIN_H
#define SMTPWHY_SMTP_DOMAIN_H

#include "smtp/parse.h"

struct misfit domain_check(struct bytes);            /* sub-domain *("." sub-domain) */
struct misfit domain_check_literal(struct bytes);    /* [192.0.2.1], [IPv6:2001:db8::1], [tag:content] */
bool domain_is_v4(struct bytes);                     /* a dotted quad */
bool domain_is_v6(struct bytes);                     /* without IPv6: */

#endif
