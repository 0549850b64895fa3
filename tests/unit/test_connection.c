/* test_connection.c - scenarios of TCP as captures have it: scripts of segments, and what must come out. */
#include "support/script.h"
#include "support/table.h"

#include <stdlib.h>
#include <string.h>

#define SHAKE "C -1 0 S\nS -1 0 SA\nC 0 0 A\n"

static const struct kase {
	const char *name, *script, *want;
	unsigned port;  /* of the server; 0: 25 */
} cases[] = {
	{ "a session in order", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA EHLO a|\nS 8 8 PA 250 ok|\nC 8 16 FA\nS 16 9 FA\nC 9 17 A\n",
	  "S:220 mx|\nC:EHLO a|\nS:250 ok|\nC.FIN\nS.FIN\nclose FIN\n", 0 },
	{ "the two directions swapped in the capture",
	  SHAKE "S 0 0 PA 220 mx|\nS 8 8 PA 250 ok|\nC 0 8 PA EHLO a|\nC 8 16 FA\nS 16 9 FA\n",
	  "S:220 mx|\nC:EHLO a|\nS:250 ok|\nC.FIN\nS.FIN\nclose FIN\n", 0 },
	{ "the command before its greeting", SHAKE "C 0 8 PA EHLO a|\nS 0 0 PA 220 mx|\nS 8 8 PA 250 ok|\n",
	  "S:220 mx|\nC:EHLO a|\nS:250 ok|\nclose CAPTURE\n", 0 },
	{ "SYN-ACK before SYN", "S -1 0 SA\nC -1 0 S\nC 0 0 A\nS 0 0 PA 220 mx|\nC 0 8 PA QUIT|\n",
	  "S:220 mx|\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "the whole client side recorded late", "S -1 0 SA\nS 0 0 PA 220 mx|\nS 8 8 PA 250 ok|\nC -1 0 S\nC 0 0 A\nC 0 8 PA EHLO a|\nC 8 16 PA QUIT|\n",
	  "S:220 mx|\nC:EHLO a|\nS:250 ok|\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "the whole server side recorded late", "C -1 0 S\nC 0 0 A\nC 0 8 PA EHLO a|\nC 8 16 PA QUIT|\nS -1 0 SA\nS 0 0 PA 220 mx|\nS 8 8 PA 250 ok|\n",
	  "S:220 mx|\nC:EHLO a|\nS:250 ok|\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "a start in mid-session with the first two directions swapped", "S 8 6 PA 250 ok|\nC 0 8 PA NOOP|\nC 6 16 PA QUIT|\n",
	  "C:NOOP|\nS:250 ok|\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "both SYNs behind the first data", "C 0 0 A\nC 0 0 PA EHLO a|\nS 0 8 PA 554 no|\nC -1 0 S\nS -1 0 SA\nC 8 8 FA\n",
	  "C:EHLO a|\nS:554 no|\nC.FIN\nclose CAPTURE\n", 0 },
	{ "first octets behind the second ones, and the SYN-ACK behind both", "C -1 0 S\nC 0 0 A\nS 2 0 PA 0 mx|\nS 0 0 A 22\nC 0 8 PA QUIT|\nS -1 0 SA\n",
	  "S:220 mx|\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "a reset behind data that is recorded later", "S -1 0 SA\nC -1 0 S\nS 0 6 RA\nC 0 0 A\nC 0 0 PA QUIT|\n", "C:QUIT|\nS.RST\nclose RST\n", 0 },
	{ "a retransmission that acknowledges the answer to it, filled late",
	  SHAKE "S 0 0 PA 220 mx|\nC 0 8 A NO\nC 6 14 PA QUIT|\nS 8 6 PA 250|\nC 2 14 +300 PA OP|\n", "S:220 mx|\nC:NOOP|\nS:250|\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "a retransmission recorded before the first copy of its first octets",
	  SHAKE "S 0 0 PA 220 mx|\nS 8 6 PA 250|\nC 6 13 PA XXXX|\nC 2 13 PA OP|XXXX|\nS 13 12 PA 500|\nC 0 8 PA NOOP|\n", "S:220 mx|\nC:NOOP|\nS:250|\nC:XXXX|\nS:500|\nclose CAPTURE\n", 0 },
	{ "clocks set back and forth while directions are swapped", SHAKE "S 0 0 PA 220 mx|\nS 8 8 +30000 PA 250 ok|\nC 0 8 +-3600000 PA EHLO a|\n",
	  "S:220 mx|\nC:EHLO a|\nS:250 ok|\nclose CAPTURE\n", 0 },
	{ "a FIN before any data", SHAKE "S 8 0 FA\nS 0 0 PA 421 no|\nC 0 9 FA\n", "S:421 no|\nS.FIN\nC.FIN\nclose FIN\n", 0 },
	{ "a SYN that somebody injects", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA EHLO a|\nC -1 0 isn=77777 S\nC -1 0 isn=1000 -\nS 8 8 PA 250 ok|\n",
	  "S:220 mx|\nC:EHLO a|\nS:250 ok|\nclose CAPTURE\n", 0 },
	{ "a keep-alive with NUL before the acknowledgement is known", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA NOOP|\nC 5 8 +900 A ^\nC 6 8 PA QUIT|\n",
	  "S:220 mx|\nC:NOOP|QUIT|\nclose CAPTURE\n", 0 },
	{ "a reply that the capture lost", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA NOOP|\nC 6 16 PA QUIT|\nS 16 12 PA 221 bye|\n",
	  "S:220 mx|\nC:NOOP|\nS~8c\nC:QUIT|\nS:221 bye|\nclose CAPTURE\n", 0 },
	{ "a reply lost, known after a second", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA NOOP|\nC 6 16 PA QUIT|\nC 12 16 +1500 A\n",
	  "S:220 mx|\nC:NOOP|\nS~8c\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "a segment lost on the wire and never repeated", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA NOOP|\nC 12 8 PA QUIT|\nS 8 6 A\n",
	  "S:220 mx|\nC:NOOP|\nC~6w\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "a hole filled late", SHAKE "S 0 0 PA 220 mx|\nC 6 8 PA QUIT|\nS 8 0 A\nC 0 8 +300 PA NOOP|\n",
	  "S:220 mx|\nC:NOOP|QUIT|\nclose CAPTURE\n", 0 },
	{ "out of order, reversed", SHAKE "S 0 0 PA 220 mx|\nC 6 8 A cd\nC 4 8 A ab\nC 2 8 A OP\nC 0 8 A NO\n",
	  "S:220 mx|\nC:NOOPabcd\nclose CAPTURE\n", 0 },
	{ "a retransmission with equal bytes", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA NOOP|\nC 0 8 +200 PA NOOP|\n",
	  "S:220 mx|\nC:NOOP|\nclose CAPTURE\n", 0 },
	{ "a retransmission masked", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA STARTTLS|\nC 0 8 +200 PA XXXXXXXX|\nS 8 10 PA 500 no|\n",
	  "S:220 mx|\nC:STARTTLS|\nC!STARTTLS|>XXXXXXXX|\nS:500 no|\nclose CAPTURE\n", 0 },
	{ "other bytes while both copies wait", SHAKE "S 0 0 PA 220 mx|\nC 4 8 A cd\nC 4 8 A XY\nC 0 8 A NOOP\n",
	  "S:220 mx|\nC:NOOPcd\nC!cd>XY\nclose CAPTURE\n", 0 },
	{ "a second copy that is longer", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA EHLO a|\nC 0 8 +200 PA HELO abc|\n",
	  "S:220 mx|\nC:EHLO a|\nC!EHLO a|>HELO abc|\nC:|\nclose CAPTURE\n", 0 },
	{ "a retransmission that goes on", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA NOOP|\nC 0 8 +200 PA NOOP|QUIT|\n",
	  "S:220 mx|\nC:NOOP|QUIT|\nclose CAPTURE\n", 0 },
	{ "keep-alives with and without their octet",
	  SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA NOOP|\nS 8 6 A\nC 5 8 +900 A Z\nC 5 8 +900 A\nS 8 6 A\nC 6 8 PA QUIT|\n",
	  "S:220 mx|\nC:NOOP|QUIT|\nclose CAPTURE\n", 0 },
	{ "urgent octets are in line", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PAU QUIT|\n", "S:220 mx|\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "through an HTTP proxy", SHAKE "C 0 0 PA CONNECT a:25 HTTP/1.0||\nS 0 25 PA HTTP/1.0 200 ok||\nS 19 25 PA 220 mx SMTP|\nC 25 32 PA EHLO a|\nS 32 33 PA 250 ok|\n",
	  "S:220 mx SMTP|\nC:EHLO a|\nS:250 ok|\nclose CAPTURE\n", 8080 },
	{ "through an HTTP proxy whose answer is recorded before", SHAKE "S 0 25 PA HTTP/1.0 200 ok||\nC 0 0 PA CONNECT a:25 HTTP/1.0||\nS 19 25 PA 220 mx SMTP|\nC 25 32 PA EHLO a|\n",
	  "S:220 mx SMTP|\nC:EHLO a|\nclose CAPTURE\n", 8080 },
	{ "through an HTTP proxy, the request in pieces", SHAKE "C 0 0 PA CON\nC 3 0 PA NECT a:25 HTTP/1.0|\nC 23 0 PA |\nS 0 25 PA HTTP/1.0 200 ok||\nS 19 25 PA 220 mx SMTP|\nC 25 32 PA EHLO a|\n",
	  "S:220 mx SMTP|\nC:EHLO a|\nclose CAPTURE\n", 8080 },
	{ "through SOCKS 5", SHAKE "C 0 0 PA \5\1^\nS 0 3 PA \5^\nC 3 2 PA \5\1^\3\2mx^\31\nS 2 12 PA \5^^\1abcd12\nS 12 12 PA 220 mx SMTP|\nC 12 25 PA EHLO a|\nS 25 20 PA 250 ok|\n",
	  "S:220 mx SMTP|\nC:EHLO a|\nS:250 ok|\nclose CAPTURE\n", 1080 },
	{ "through SOCKS 5 with a password, the greeting in the segment of the answer",
	  SHAKE "C 0 0 PA \5\2^\2\nS 0 4 PA \5\2\nC 4 2 PA \1\1u\2pw\nS 2 10 PA \1^\nC 10 4 PA \5\1^\1abcd^\31\nS 4 20 PA \5^^\1abcd12220 mx SMTP|\n"
	  "C 20 27 PA EHLO a|\n", "S:220 mx SMTP|\nC:EHLO a|\nclose CAPTURE\n", 1080 },
	{ "through SOCKS 4", SHAKE "C 0 0 PA \4\1^\31abcdme^\nS 0 11 PA ^Z^\31abcd\nS 8 11 PA 220 mx SMTP|\nC 11 21 PA EHLO a|\n",
	  "S:220 mx SMTP|\nC:EHLO a|\nclose CAPTURE\n", 1080 },
	{ "through SOCKS 4 with a name", SHAKE "C 0 0 PA \4\1^\31^^^\1me^mx^\nS 0 14 PA ^Z^\31abcd\nS 8 14 PA 220 mx SMTP|\nC 14 21 PA EHLO a|\n",
	  "S:220 mx SMTP|\nC:EHLO a|\nclose CAPTURE\n", 1080 },
	{ "SOCKS refuses", SHAKE "C 0 0 PA \5\1^\nS 0 3 PA \5\377\n", "", 1080 },
	{ "another protocol through SOCKS is let go", SHAKE "C 0 0 PA \5\1^\nS 0 3 PA \5^\nC 3 2 PA \5\1^\1abcd^\31\nS 2 13 PA \5^^\1abcd12\nS 12 13 PA SSH-2.0-a|\n"
	  "C 13 23 PA SSH-2.0-b|\n", "", 1080 },
	{ "a PROXY header on another port, and a greeting that could be FTP's",
	  SHAKE "C 0 0 PA PROXY TCP4 10.0.0.1 10.0.0.2 1 2|\nS 0 34 PA 220 mx|\nC 34 8 PA EHLO a|\n",
	  "C:PROXY TCP4 10.0.0.1 10.0.0.2 1 2|\nS:220 mx|\nC:EHLO a|\nclose CAPTURE\n", 3325 },
	{ "data in the SYN", "C -1 0 S EHLO a|\nS -1 8 SA 220 mx|\nS 8 8 PA 250 ok|\n",
	  "C:EHLO a|\nS:220 mx|250 ok|\nclose CAPTURE\n", 0 },
	{ "sequence numbers wrap", "C -1 0 isn=4294967290 S\nS -1 0 isn=4294967293 SA\nC 0 0 A\nS 0 0 PA 220 mx|\nC 0 8 PA EHLO a|\n"
	  "S 8 8 PA 250 ok|\nC 8 16 PA QUIT|\n", "S:220 mx|\nC:EHLO a|\nS:250 ok|\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "FIN before late data", SHAKE "S 0 0 PA 220 mx|\nC 6 8 FA\nC 0 8 PA QUIT|\nS 8 7 FA\n",
	  "S:220 mx|\nC:QUIT|\nC.FIN\nS.FIN\nclose FIN\n", 0 },
	{ "data after FIN is dropped", SHAKE "S 0 0 FPA 220 mx|\nS 9 0 PA junk\nC 0 9 PA QUIT|\n",
	  "S:220 mx|\nS.FIN\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "a segment cut in octets, each with its FIN", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA QUIT|\nS 8 6 FPA 2\nS 9 6 FPA 2\nS 10 6 FPA 1\nS 11 6 FPA |\nC 6 14 FA\nS 14 7 A\n",
	  "S:220 mx|\nC:QUIT|\nS:221|\nS.FIN\nC.FIN\nclose FIN\n", 0 },
	{ "a FIN with the last octets, and no answer to it", SHAKE "S 0 0 FPA 421 no|\nC 0 8 PA QUIT|\n", "S:421 no|\nC:QUIT|\nS.FIN\nclose CAPTURE\n", 0 },
	{ "a FIN that the capture lost is no gap", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA QUIT|\nS 8 6 PA 221|\nC 6 14 FA\nS 14 7 A\n",
	  "S:220 mx|\nC:QUIT|\nS:221|\nclose FIN\n", 0 },
	{ "a reset outside the window", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA EHLO a|\nS 5000000 8 RA\nS 8 8 PA 250 ok|\n",
	  "S:220 mx|\nC:EHLO a|\nS:250 ok|\nclose CAPTURE\n", 0 },
	{ "a reset that its sender talks on after", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA EHLO a|\nS 8 8 RA\nS 8 8 PA 250 ok|\n",
	  "S:220 mx|\nC:EHLO a|\nS:250 ok|\nclose CAPTURE\n", 0 },
	{ "a reset acknowledges what the capture lacks", SHAKE "S 0 0 PA 220 mx|\nS 8 6 RA\n", "S:220 mx|\nC~6c\nS.RST\nclose RST\n", 0 },
	{ "SYN-ACK and greeting behind the second reply", "C -1 0 S\nS 8 8 PA 250 ok|\nS -1 0 SA\nS 0 0 PA 220 mx|\nC 0 8 PA EHLO a|\nC 8 16 PA QUIT|\n",
	  "S:220 mx|\nC:EHLO a|\nS:250 ok|\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "a lone NUL before the segment that it probes for", SHAKE "S 0 0 PA 220 mx|\nC 5 8 A ^\nC 0 8 PA NOOP|\nC 6 8 PA QUIT|\n",
	  "S:220 mx|\nC:NOOP|QUIT|\nclose CAPTURE\n", 0 },
	{ "a lone NUL for a segment that is lost", SHAKE "S 0 0 PA 220 mx|\nC 5 8 A ^\nS 8 6 PA 250 ok|\nC 6 16 PA QUIT|\n",
	  "S:220 mx|\nC~6c\nS:250 ok|\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "reset", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA EHLO a|\nS 8 8 RA\n", "S:220 mx|\nC:EHLO a|\nS.RST\nclose RST\n", 0 },
	{ "a reset whose sender goes on", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA EHLO a|\nS 8 8 RA\nS 8 8 PA 250 ok|\nC 8 16 PA QUIT|\n",
	  "S:220 mx|\nC:EHLO a|\nS:250 ok|\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "a reset far out of the window", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA EHLO a|\nS 90000000 8 R\nS 8 8 PA 250 ok|\n",
	  "S:220 mx|\nC:EHLO a|\nS:250 ok|\nclose CAPTURE\n", 0 },
	{ "reuse after FIN", SHAKE "S 0 0 PA 220 a|\nC 0 7 FA\nS 7 1 FA\nC -1 0 isn=900000 S\nS -1 0 isn=910000 SA\nS 0 0 PA 220 b|\n",
	  "S:220 a|\nC.FIN\nS.FIN\nclose FIN\nS:220 b|\nclose CAPTURE\n", 0 },
	{ "reuse without a close", SHAKE "S 0 0 PA 220 a|\nC -1 0 isn=900000 S\nS -1 0 isn=910000 SA\nS 0 0 PA 220 b|\n",
	  "S:220 a|\nclose REUSED\nS:220 b|\nclose CAPTURE\n", 0 },
	{ "a SYN repeated is no reuse", "C -1 0 S\nC -1 0 +1000 S\nS -1 0 SA\nS 0 0 PA 220 a|\nC -1 0 S\nS 7 0 PA x\n",
	  "S:220 a|x\nclose CAPTURE\n", 0 },
	{ "simultaneous open", "C -1 0 S\nS -1 0 S\nC -1 0 SA\nS -1 0 SA\nS 0 0 PA 220 a|\nC 0 7 PA QUIT|\n",
	  "S:220 a|\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "from the middle of the commands", "C 500 900 PA MAIL FROM:<a@b.c>|\nS 900 519 PA 250 ok|\n",
	  "C:MAIL FROM:<a@b.c>|\nS:250 ok|\nclose CAPTURE\n", 0 },
	{ "the server's side only", "S -1 0 SA\nS 0 0 PA 220 mx|\nS 8 8 PA 250 ok|\nS 16 14 PA 550 no|\n",
	  "S:220 mx|250 ok|550 no|\nclose CAPTURE\n", 0 },
	{ "the client's side only, with a hole", "C -1 0 S\nC 0 8 PA EHLO a|\nC 14 24 PA QUIT|\nC 20 30 +1200 A\n",
	  "C:EHLO a|\nC~6c\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "frames recorded twice", "C -1 0 S\nC -1 0 S\nS -1 0 SA\nS -1 0 SA\nS 0 0 PA 220 a|\nS 0 0 PA 220 a|\nC 0 7 PA QUIT|\nC 0 7 PA QUIT|\n",
	  "S:220 a|\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "cut by the snaplen", SHAKE "S 0 0 PA 220 mx|\nC 0 8 cut=3 PA EHLO a|\nS 8 8 PA 250 ok|\n",
	  "S:220 mx|\nC:EHL\nC~5s\nS:250 ok|\nclose CAPTURE\n", 0 },
	{ "cut, and whole in the copy", SHAKE "S 0 0 PA 220 mx|\nC 0 8 cut=3 PA EHLO a|\nC 0 8 PA EHLO a|\nS 8 8 PA 250 ok|\n",
	  "S:220 mx|\nC:EHLO a|\nS:250 ok|\nclose CAPTURE\n", 0 },
	{ "a wild sequence number", SHAKE "S 0 0 PA 220 mx|\nC 900000000 8 PA junk\nC 0 8 PA QUIT|\n",
	  "S:220 mx|\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "a wild acknowledgement", SHAKE "S 0 0 PA 220 mx|\nC 0 900000000 PA QUIT|\nS 8 6 PA 221|\n",
	  "S:220 mx|\nC:QUIT|\nS:221|\nclose CAPTURE\n", 0 },
	{ "idle beyond the limit, then more", SHAKE "S 0 0 PA 220 mx|\nC 0 8 +1000000 PA QUIT|\n",
	  "S:220 mx|\nclose IDLE\nC:QUIT|\nclose CAPTURE\n", 0 },
	{ "a handshake alone is no session", SHAKE, "", 0 },
	{ "refused EHLO on another port", SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA EHLO a|\nS 8 8 PA 500 no|\nC 8 16 PA QUIT|\n",
	  "S:220 mx|\nC:EHLO a|\nS:500 no|\nC:QUIT|\nclose CAPTURE\n", 3325 },
	{ "a refusing greeting on another port", SHAKE "S 0 0 FPA 554 go away|\n", "S:554 go away|\nS.FIN\nclose CAPTURE\n", 3325 },
	{ "FTP is let go", SHAKE "S 0 0 PA 220 files|\nC 0 11 PA USER a|\nS 11 8 PA 331 pass|\n", "", 3325 },
	{ "HTTP is let go", SHAKE "C 0 0 PA GET / HTTP/1.1|\nS 0 16 PA HTTP/1.1 200 OK|\n", "", 3325 },
	{ "an octet a segment on another port", SHAKE "S 0 0 PA 2\nS 1 0 PA 2\nS 2 0 PA 0\nS 3 0 PA  \nS 4 0 PA |\nC 0 6 PA E\nC 1 6 PA H\nC 2 6 PA L\n"
	  "C 3 6 PA O\nC 4 6 PA  \nC 5 6 PA a\n", "S:220 |\nC:EHLO a\nclose CAPTURE\n", 3325 },
	{ "from the middle on another port, server first", "S 500 900 PA 250 2.1.0 Ok|\nC 900 514 PA RCPT TO:<a@b>|\n",
	  "S:250 2.1.0 Ok|\nC:RCPT TO:<a@b>|\nclose CAPTURE\n", 3325 },
};

static void hear(struct heard *h, const struct script *s, const size_t *order)
{
	struct flow *f = flow_new((struct flow_options){ 0 }, heard_sink(h));
	for (size_t i = 0; i < s->n; i++) {
		struct packet p = s->packets[order ? order[i] : i];
		p.place.time = s->packets[i].place.time;
		flow_packet(f, &p);
	}
	flow_end(f);
	flow_free(f);
}

static void scenario(void **state)
{
	const struct kase *k = *state;
	static struct script s;
	struct heard h = { 0 };
	script_read(&s, k->script, 40000, (uint16_t)(k->port ? k->port : 25));
	hear(&h, &s, NULL);
	text_add_octet(&h.text, 0);
	assert_string_equal(h.text.p, k->want);
	assert_false(h.broken);
	heard_free(&h);
	script_free(&s);
}

/* ---- facts of the connection ---- */

static const struct fact {
	const char *name, *script;
	enum { RETRANSMITTED, DUPLICATES, KEEP_ALIVES, MISSING, DATA_AFTER, EXPECTED, UNACKNOWLEDGED, REPEATED, SILENT, OVERLAPS, ANSWERED } what;
	unsigned side;
	uint64_t want;
} facts[] = {
	{ "a repeated command is counted", SHAKE "C 0 0 PA a\nC 0 0 +300 PA a\n", RETRANSMITTED, 0, 1 },
	{ "a frame twice is a duplicate", SHAKE "C 0 0 id=9 PA a\nC 0 0 id=9 PA a\n", DUPLICATES, 0, 1 },
	{ "and no retransmission", SHAKE "C 0 0 id=9 PA a\nC 0 0 id=9 PA a\n", RETRANSMITTED, 0, 0 },
	{ "keep-alives", SHAKE "C 0 0 PA ab\nS 0 2 A\nC 1 0 +500 A b\nC 1 0 +500 A\n", KEEP_ALIVES, 0, 2 },
	{ "missing octets", SHAKE "S 0 0 PA 220 mx|\nC 0 20 PA a\n", MISSING, 1, 12 },
	{ "the resetting side goes on", SHAKE "S 0 0 PA ab\nS 2 0 R\nS 2 0 PA cd\n", DATA_AFTER, 1, 1 },
	{ "a reset at the expected number", SHAKE "S 0 0 PA ab\nS 2 0 R\n", EXPECTED, 1, 1 },
	{ "a reset elsewhere in the window", SHAKE "S 0 0 PA ab\nS 90 0 R\n", EXPECTED, 1, 0 },
	{ "octets never acknowledged", SHAKE "C 0 0 PA abcd\nC 0 0 +300 PA abcd\nC 0 0 +600 PA abcd\n", UNACKNOWLEDGED, 0, 4 },
	{ "and how often they were repeated", SHAKE "C 0 0 PA abcd\nC 0 0 +300 PA abcd\nC 0 0 +600 PA abcd\n", REPEATED, 0, 2 },
	{ "the client is not in the capture", "S -1 0 SA\nS 0 0 PA 220|\n", SILENT, 0, 1 },
	{ "a simultaneous open has its beginning", "C -1 0 S\nS -1 0 S\nC -1 0 SA\nS -1 0 SA\nS 0 0 PA 220 a|\n", ANSWERED, 1, 1 },
	{ "an overlap is counted", SHAKE "C 0 0 PA abcd\nC 0 0 +9 PA aXcd\n", OVERLAPS, 0, 1 },
};

static uint64_t fact_of(const struct connection *c, const struct fact *f)
{
	switch (f->what) {
	case RETRANSMITTED: return c->retransmissions[f->side];
	case DUPLICATES: return c->duplicates;
	case KEEP_ALIVES: return c->keep_alives[f->side];
	case MISSING: return c->missing[f->side];
	case DATA_AFTER: return c->resets[0].data_after;
	case EXPECTED: return c->resets[0].expected;
	case UNACKNOWLEDGED: return c->unacknowledged[f->side];
	case REPEATED: return c->repeated_unacknowledged[f->side];
	case SILENT: return c->client_silent;
	case ANSWERED: return c->syn_ack_seen;
	default: return c->overlaps[f->side];
	}
}

static void fact(void **state)
{
	const struct fact *k = *state;
	static struct script s;
	struct heard h = { 0 };
	script_read(&s, k->script, 40000, 25);
	hear(&h, &s, NULL);
	assert_int_equal(fact_of(&h.closed, k), k->want);
	heard_free(&h);
	script_free(&s);
}

/* ---- any order gives the same dialogue ---- */

static const char dialogue[] = SHAKE "S 0 0 PA 220 mx|\nC 0 8 PA EHLO a|\nS 8 8 PA 250 ok|\nC 8 16 PA MAIL|\nS 16 14 PA 501 a|\nC 14 23 PA QUIT|\n"
			       "S 23 20 PA 221|\n";
static const char dialogue_said[] = "S:220 mx|\nC:EHLO a|\nS:250 ok|\nC:MAIL|\nS:501 a|\nC:QUIT|\nS:221|\nclose CAPTURE\n";

static void permute(const struct script *s, size_t *order, size_t from, size_t n, unsigned *tried)
{
	if (from + 1 >= n) {
		struct heard h = { .causal = true };
		hear(&h, s, order);
		text_add_octet(&h.text, 0);
		assert_string_equal(h.text.p, dialogue_said);
		assert_false(h.broken);
		heard_free(&h);
		++*tried;
		return;
	}
	for (size_t i = from; i < n; i++) {
		size_t keep = order[from];
		order[from] = order[i];
		order[i] = keep;
		permute(s, order, from + 1, n, tried);
		order[i] = order[from];
		order[from] = keep;
	}
}

static const struct span { const char *name; size_t from, to; } spans[] = {
	{ "the first six after the handshake", 3, 9 }, { "the last six", 4, 10 },
};

static void reordered(void **state)
{
	const struct span *k = *state;
	static struct script s;
	size_t order[SCRIPT_MOST];
	unsigned tried = 0;
	script_read(&s, dialogue, 40000, 25);
	for (size_t i = 0; i < s.n; i++)
		order[i] = i;
	permute(&s, order, k->from, k->to, &tried);
	assert_int_equal(tried, 720);
	script_free(&s);
}

int main(void)
{
	int failed = TABLE_RUN("connection", cases, scenario);
	failed += TABLE_RUN("facts", facts, fact);
	failed += TABLE_RUN("reordering", spans, reordered);
	return failed != 0;
}
