/* path - what the packets of one side of a connection have in common, and which of them does not fit.
 * In:    the packets of one sender, in the order of the capture, without duplicated frames.
 * Out:   ODD_* bits of each packet, judged by the packets before it.
 * Keeps: a baseline and a candidate for each mark. A change that stays (route, NAT, load balancer) becomes the baseline after
 *        PATH_PERSISTS packets in a row and is odd no longer: a lone stranger between fitting packets is the sign.
 * Never: judges a series that is not clear: IP IDs of random or mixed stacks, timestamps that were not negotiated. */
#ifndef SMTPWHY_FLOW_PATH_H
#define SMTPWHY_FLOW_PATH_H

#include "flow/flow.h"

enum { PATH_PERSISTS = 3 };

struct path {
	struct marks base;       /* what most packets have; window: the largest */
	int64_t time;            /* of the packet whose tsval stands in base */
	uint32_t strange_tsval;  /* of the last packet off the line */
	uint16_t strange_id;
	uint16_t seen;           /* packets that were judged, SYN included; stops at its top */
	uint16_t counting;       /* steps of the IP ID that were small and positive */
	uint16_t zeros, jumps;   /* IDs of 0; steps that were neither */
	uint8_t strange_ttl, strange_tos;
	uint8_t ttl_run, tos_run, window_run, no_timestamp_run; /* strangers in a row */
	bool id_known;           /* base.ip_id holds the last that fits */
};

void path_start(struct path *, const struct marks *, int64_t time, bool syn); /* the first packet */
/* negotiated: both SYN carried the timestamp option. */
uint16_t path_judge(struct path *, const struct packet *, bool negotiated);

#endif
