/* script - segments written as text go through flow; what comes out is written as text.
 *
 * A line is a segment: "C 0 0 PA EHLO a|": its sender, the place of its first octet in its stream, what it acknowledges of the
 * other, flags (S A F R P, U, - for none; a SYN stands at -1), and its payload to the end of the line; "|" is CRLF, "^" NUL. Before the
 * flags may stand words: +MS time since the line before (1 ms when absent), ttl=N, id=N, cut=N (captured octets), len=N (N
 * octets of 'x'), isn=N (of this side from here on), nots (no timestamp; they are on after "ts").
 * What comes out: "C:text" (data, joined while nothing comes between), "C~N<kind>" a gap (c w s l), "C!first>second" an overlap,
 * "C.FIN" and "C.RST" ends, "open", "close FIN|RST|REUSED|IDLE|CAPTURE". One a line. */
#ifndef SMTPWHY_TESTS_SCRIPT_H
#define SMTPWHY_TESTS_SCRIPT_H

#include "base/text.h"
#include "flow/flow.h"

enum { SCRIPT_MOST = 512 };

struct script {
	struct packet packets[SCRIPT_MOST];
	uint8_t *payloads[SCRIPT_MOST];
	size_t n;
};

struct heard {
	struct text text;
	int last;            /* the side whose data came last, -1 none */
	uint16_t odd[2];     /* all bits that chunks and overlaps of a side had */
	struct connection closed;  /* its resets are those below */
	struct reset resets[RESETS_KEPT];
	char speaks[32];
	enum interest answer;
	unsigned sessions;
	uint64_t next[2];
	bool broken;         /* offsets jumped, or a chunk came before what it acknowledges */
	bool causal;         /* check that */
};

void script_read(struct script *, const char *text, uint16_t client_port, uint16_t server_port);
void script_free(struct script *);
struct flow_sink heard_sink(struct heard *);
void heard_free(struct heard *);

#endif
