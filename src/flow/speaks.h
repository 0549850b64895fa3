/* speaks - what speaks on a connection?
 * In:    ports and the first bytes of each direction.
 * Out:   our own first look (cheap, for every connection), and nDPI's opinion (for the doubtful few).
 * Never: gates on nDPI: it misses refused sessions. The only user of nDPI. */
#ifndef SMTPWHY_FLOW_SPEAKS_H
#define SMTPWHY_FLOW_SPEAKS_H

#include "flow/flow.h"

enum look { LOOK_NO, LOOK_MAYBE, LOOK_SMTP };

bool speaks_port(uint16_t port, const uint16_t *more);       /* the table in speaks.c, or one of more (ended by 0, NULL none) */
enum look speaks_server(struct bytes first);                 /* a greeting: 220, 554, 421 ... with or without an SMTP word */
enum look speaks_client(struct bytes first);                 /* a verb: EHLO, HELO, LHLO ... */

struct witness; /* nDPI's state, made at the first question */
/* nDPI's name for what these first bytes speak ("HTTP", "TLS", "SSH" ...); NULL when it does not know. Static storage of nDPI. */
const char *witness_name(struct witness **, const struct connection *, struct bytes client_first, struct bytes server_first);
void witness_free(struct witness *);

#endif
