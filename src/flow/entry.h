/* entry - what is known of a connection before, and beside, its two streams.
 * In:    an entry of the table, a packet between its ends.
 * Out:   whether the packet is of this connection or begins another; what its SYN and first numbers say is noted.
 * Never: included by anything but flow.c and entry.c. */
#ifndef SMTPWHY_FLOW_ENTRY_H
#define SMTPWHY_FLOW_ENTRY_H

#include "flow/table.h"

static inline unsigned side_bit(unsigned side)
{
	return side ? 2 : 1;
}

static inline bool has_side(unsigned sides, unsigned side)
{
	return sides & side_bit(side);
}

bool entry_begins_anew(const struct entry *, const struct packet *, unsigned side);
bool entry_must_wait(const struct entry *, const struct packet *); /* it begins anew, says anybody: the other side must answer */
bool entry_accepts(const struct entry *, const struct packet *);   /* this answers the SYN that waits, or goes on behind it */
void entry_note_syn(struct entry *, const struct packet *, unsigned side);
void entry_note_early(struct entry *, const struct packet *, unsigned side);
void entry_swap_ends(struct entry *);
bool entry_resets_unseen(const struct entry *, const struct packet *, unsigned side);
bool entry_ends_unseen_data(const struct entry *, const struct packet *, unsigned side);

#endif
