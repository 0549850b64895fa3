/* talk - a session written as text becomes what the dialogue makes of it.
 *
 * One line a line: "C: EHLO a\n" from the client, "S: 250 mx\n" from the server. CRLF is added to each. In a line "\r", "\n",
 * "\t", "\\", "\xHH" stand for octets. A line that ends with "\" gets no CRLF (the next line of that side goes on). "C+: " puts
 * the line into the same segment as the client's line before it (pipelined: sent before any reply); "S+: " likewise. "C-: 40" and
 * "S-: 40" are a gap of 40 octets that the capture lacks. "C!: " is a line that an earlier copy of the same octets preceded with
 * other bytes (an overlap): "C!: STARTTLS | XXXXXXXX". "C.: FIN", "S.: FIN", "C.: RST", "S.: RST" end a side.
 * "wait 60" lets 60 s pass. "late" as the first line: the capture lacks the handshake, and what came before.
 * Each line is a frame: frame numbers count from 1, times by 10 ms. Ports 49152 and 25; acknowledgements as of endpoints that have
 * received everything said before (lines joined with + acknowledge what the first of them did). */
#ifndef SMTPWHY_TESTS_TALK_H
#define SMTPWHY_TESTS_TALK_H

#include "why/transcript.h"

/* The whole session (closed, one window). The caller frees it with session_free. chunk: segments are cut to at most so many octets
 * (0: not cut), for tests at every cut. */
struct session *talk_session(const char *talk, size_t chunk);
/* The same, while a transcript listens. */
struct session *talk_heard(const char *talk, size_t chunk, struct transcript *);

#endif
