/* test_dialogue.c - talks and what the dialogue makes of them, a line an exchange, whole and at every chunk size to 40.
 * A line: ordinal, what was sent, the code (- none), the state before, g and the generation in force, then marks:
 * + ahead, ^ first of a group, ! before the greeting, @n content of n, ? uncertain, u unasked, t behind STARTTLS, >n answers RCPT n. */
#include "support/table.h"
#include "support/talk.h"

#include "base/limits.h"
#include "base/text.h"
#include "smtp/dialogue.h"

#include <string.h>

static const char *kind_name(const struct command *c)
{
	switch (c->kind) {
	case COMMAND_CONNECT: return "CONN";
	case COMMAND_CONTENT: return "EOM";
	case COMMAND_CHUNK: return "BDAT";
	case COMMAND_AUTH: return "AUTH-RESPONSE";
	case COMMAND_UNSEEN: return "unseen";
	case COMMAND_TLS: return "TLS";
	case COMMAND_LINE: break;
	}
	return NULL;
}

static const char *short_phase(enum phase phase)
{
	static const char *const names[] = {
		[PHASE_CONNECTED] = "connected", [PHASE_GREETED] = "greeted", [PHASE_READY] = "ready", [PHASE_SENDER] = "sender",
		[PHASE_RECIPIENT] = "recipient", [PHASE_CONTENT] = "content", [PHASE_CHUNKS] = "chunks", [PHASE_AUTH] = "auth",
		[PHASE_TLS] = "tls", [PHASE_CLOSED] = "closed",
	};
	return names[phase];
}

static void dump_exchange(struct text *out, const struct exchange *e)
{
	const struct command *c = &e->command;
	text_addf(out, "%u ", e->ordinal);
	if (kind_name(c))
		text_add_string(out, kind_name(c));
	else
		text_add_c(out, c->line.text, 40);
	if (e->answered && e->reply.code >= 0)
		text_addf(out, "/%03d", e->reply.code);
	else
		text_add_string(out, e->answered ? "/none" : "/-");
	text_addf(out, " %s", short_phase(e->before.phase));
	if (c->offer->generation)
		text_addf(out, " g%u", c->offer->generation);
	text_add_string(out, c->ahead ? " +" : "");
	text_add_string(out, c->first_of_group ? " ^" : "");
	text_add_string(out, c->before_greeting ? " !" : "");
	if (c->content_of)
		text_addf(out, " @%u", c->content_of);
	if (e->recipient_of)
		text_addf(out, " >%u", e->recipient_of);
	text_add_string(out, e->answered && e->pairing == PAIRED_UNCERTAIN ? " ?" : "");
	text_add_string(out, e->reply.flags & REPLY_UNASKED ? " u" : "");
	text_add_string(out, c->behind_starttls ? " t" : "");
	text_add_octet(out, '\n');
}

#define HELLO "S: 220 mx ESMTP\nC: EHLO a.test\nS: 250-mx\nS+: 250-PIPELINING\nS+: 250-CHUNKING\nS+: 250 SIZE 100\n"
#define HELLO_IS "1 CONN/220 connected\n2 EHLO a.test/250 greeted\n"
#define ENVELOPE HELLO "C: MAIL FROM:<a@a.test>\nS: 250 ok\nC: RCPT TO:<b@b.test>\nS: 250 ok\n"
#define ENVELOPE_IS HELLO_IS "3 MAIL FROM:<a@a.test>/250 ready g1\n4 RCPT TO:<b@b.test>/250 sender g1\n"

static const struct kase { const char *name, *talk, *want; } cases[] = {
	{ "a mail", ENVELOPE "C: DATA\nS: 354 go\nC: From: a\nC: \nC: hello\nC: ..\nC: .\nS: 250 ok\nC: QUIT\nS: 221 bye\n",
	  ENVELOPE_IS "5 DATA/354 recipient g1\n6 EOM/250 content g1\n7 QUIT/221 ready g1\n" },
	{ "unknown verb in lock step", HELLO "C: BOGUS\nS: 500 what\nC: QUIT\nS: 221 bye\n",
	  HELLO_IS "3 BOGUS/500 ready g1\n4 QUIT/221 ready g1\n" },
	{ "unknown verb in a pipelined group", HELLO "C: MAIL FROM:<a@a.test>\nC+: BOGUS\nC+: RCPT TO:<b@b.test>\nS: 250 ok\nS: 500 what\nS: 250 ok\n",
	  HELLO_IS "3 MAIL FROM:<a@a.test>/250 ready g1 ^\n4 BOGUS/500 sender g1 +\n5 RCPT TO:<b@b.test>/250 sender g1 +\n" },
	{ "an empty line takes a slot", HELLO "C: \nS: 500 empty\nC: NOOP\nS: 250 ok\n", HELLO_IS "3 /500 ready g1\n4 NOOP/250 ready g1\n" },
	{ "554 greeting", "S: 554 no\nC: QUIT\nS: 221 bye\n", "1 CONN/554 connected\n2 QUIT/221 connected\n" },
	{ "any code", HELLO "C: NOOP\nS: 999 hm\nC: NOOP\nS: 4.7.0 later\nC: NOOP\nS: 500\nC: NOOP\nS: 000 zero\n",
	  HELLO_IS "3 NOOP/999 ready g1\n4 NOOP/none ready g1\n5 NOOP/500 ready g1\n6 NOOP/000 ready g1\n" },
	{ "DATA refused with its body in the pipe", HELLO "C: DATA\nC+: From: a\nC+: \nC+: hello there\nC+: RSET\nC+: .\nC+: QUIT\n"
	  "S: 503 no\nS: 500 a\nS: 500 b\nS: 500 c\nS: 250 reset\nS: 500 d\nS: 221 bye\n",
	  HELLO_IS "3 DATA/503 ready g1 ^\n4 From: <redacted>/500 ready g1 + @3\n5 /500 ready g1 + @3\n6 hello <redacted>/500 ready g1 + @3\n"
	  "7 RSET/250 ready g1 + @3\n8 ./500 ready g1 + @3\n9 QUIT/221 ready g1 +\n" },
	{ "DATA refused, the body sent all the same", HELLO "C: DATA\nS: 503 no\nC: From: a\nC: .\nS: 554 sync\n",
	  HELLO_IS "3 DATA/503 ready g1\n4 From: <redacted>/554 ready g1 ^ @3\n5 ./- ready g1 + @3\n" },
	{ "DATA refused, the client goes on", HELLO "C: DATA\nS: 503 no\nC: RSET\nS: 250 ok\n", HELLO_IS "3 DATA/503 ready g1\n4 RSET/250 ready g1\n" },
	{ "content before 354", ENVELOPE "C: DATA\nC+: hello\nC+: .\nC+: QUIT\nS: 354 go\nS: 250 ok\nS: 221 bye\n",
	  ENVELOPE_IS "5 DATA/354 recipient g1 ^\n6 EOM/250 content g1 +\n7 QUIT/221 ready g1 +\n" },
	{ "a lone dot between bare LFs ends it for the server", ENVELOPE "C: DATA\nS: 354 go\nC: end\\n.\nC+: still here\nC+: as seen\nC+: .\nC+: QUIT\n"
	  "S: 250 ok\nS: 500 a\nS: 500 b\nS: 500 c\nS: 221 bye\n",
	  ENVELOPE_IS "5 DATA/354 recipient g1\n6 EOM/250 content g1 ^\n7 still <redacted>/500 ready g1 @5\n8 as <redacted>/500 ready g1 @5\n"
	  "9 ./500 ready g1 @5\n10 QUIT/221 ready g1 +\n" },
	{ "a lone dot between bare LFs that the server passed over", ENVELOPE "C: DATA\nS: 354 go\nC: end\\n.\\nstill\nC: .\nS: 250 ok\nC: QUIT\nS: 221 bye\n",
	  ENVELOPE_IS "5 DATA/354 recipient g1\n6 EOM/250 content g1\n7 QUIT/221 ready g1\n" },
	{ "BDAT count too small", ENVELOPE "C: BDAT 4 LAST\nC+: hello\nC+: list of\nS: 250 ok\nS: 500 a\nS: 500 b\n",
	  ENVELOPE_IS "5 BDAT/250 recipient g1 ^\n6 o/500 ready g1 + @5\n7 list <redacted>/500 ready g1 + @5\n" },
	{ "BDAT refused, the chunk consumed", HELLO "C: BDAT 7 LAST\nC+: hello\nC+: QUIT\nS: 503 no\nS: 221 bye\n",
	  HELLO_IS "3 BDAT/503 ready g1 ^\n4 QUIT/221 ready g1 +\n" },
	{ "BDAT unknown to the server: the chunk is read as commands", "S: 220 mx ESMTP\nC: HELO a\nS: 250 mx\nC: BDAT 14 LAST\nC+: hello\nC+: again\n"
	  "S: 500 a\nS: 500 b\nS: 500 c\nC: QUIT\nS: 221 bye\n",
	  "1 CONN/220 connected\n2 HELO a/250 greeted\n3 BDAT/500 ready g1\n4 hello/500 ready g1 @3\n5 again/500 ready g1 @3\n6 QUIT/221 ready g1\n" },
	{ "BDAT 0 LAST", ENVELOPE "C: BDAT 3\\\nC: \nC+: abcBDAT 0 LAST\nS: 250 a\nS: 250 b\n",
	  ENVELOPE_IS "5 BDAT/250 recipient g1 ^\n6 BDAT/250 chunks g1 +\n" },
	{ "AUTH LOGIN", HELLO "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YWxpY2U=\nS: 334 UGFzc3dvcmQ6\nC: c2VjcmV0\nS: 535 no YWxpY2U=\nC: *\nS: 500 what\n",
	  HELLO_IS "3 AUTH LOGIN/334 ready g1\n4 AUTH-RESPONSE/334 auth g1\n5 AUTH-RESPONSE/535 auth g1\n6 */500 ready g1\n" },
	{ "AUTH refused, its answers sent all the same", HELLO "C: AUTH LOGIN\nC+: YWxpY2U=\nC+: c2VjcmV0\nS: 503 no\nS: 500 a\nS: 500 b\n",
	  HELLO_IS "3 AUTH LOGIN/503 ready g1 ^\n4 <redacted>/500 ready g1 +\n5 <redacted>/500 ready g1 +\n" },
	{ "early talker", "C: EHLO a\nS: 220 mx ESMTP\nS: 250 mx\nC: QUIT\nS: 221 bye\n",
	  "1 CONN/220 connected\n2 EHLO a/250 greeted !\n3 QUIT/221 ready g1\n" },
	{ "bait for early talkers", "C: EHLO a\nS: 220-mx ESMTP\nS: 250-mx\nS: 250 SIZE 1\nC: QUIT\nS: 221 bye\n",
	  "1 CONN/220 connected\n2 EHLO a/250 greeted !\n3 QUIT/221 ready g1\n" },
	{ "second MAIL before the reply to the dot", ENVELOPE "C: DATA\nS: 354 go\nC: x\nC+: .\nC+: MAIL FROM:<c@c.test>\nS: 250 ok\nS: 250 ok\n",
	  ENVELOPE_IS "5 DATA/354 recipient g1\n6 EOM/250 content g1 ^\n7 MAIL FROM:<c@c.test>/250 ready g1 +\n" },
	{ "EHLO refused in mid-session keeps the offer", HELLO "C: EHLO b\nS: 501 no\nC: NOOP\nS: 250 ok\n",
	  HELLO_IS "3 EHLO b/501 ready g1\n4 NOOP/250 ready g1\n" },
	{ "HELO makes a new generation", HELLO "C: HELO b\nS: 250 mx\nC: NOOP\nS: 250 ok\n", HELLO_IS "3 HELO b/250 ready g1\n4 NOOP/250 ready g2\n" },
	{ "421 at a timeout", HELLO "S: 421 timeout\n", HELLO_IS "3 unseen/421 ready g1 u\n" },
	{ "lost reply, lock step", HELLO "C: MAIL FROM:<a@a.test>\nS-: 8\nC: RCPT TO:<b@b.test>\nS: 550 no\nC: QUIT\nS: 221 bye\n",
	  HELLO_IS "3 MAIL FROM:<a@a.test>/- ready g1\n4 RCPT TO:<b@b.test>/550 ready g1\n5 QUIT/221 ready g1\n" },
	{ "lost part of an EHLO reply", "S: 220 mx ESMTP\nC: EHLO a\nS: 250-mx\nS: 250-SI\\\nS-: 12\nS: ZE\nS: 250 HELP\nC: NOOP\nS: 500 no\n",
	  "1 CONN/220 connected\n2 EHLO a/250 greeted\n3 NOOP/500 ready g1\n" },
	{ "lost end of an EHLO reply", "S: 220 mx ESMTP\nC: EHLO a\nS: 250-mx\nS-: 20\nC: NOOP\nS: 250 ok\nC: NOOP\nS: 500 no\n",
	  "1 CONN/220 connected\n2 EHLO a/250 greeted\n3 NOOP/250 ready g1\n4 NOOP/500 ready g1\n" },
	{ "lost end of a reply's line", HELLO "C: NOOP\nS: 550 5.7.1 go a\\\nS-: 10\nS: way\nC: QUIT\nS: 221 bye\n",
	  HELLO_IS "3 NOOP/550 ready g1\n4 QUIT/221 ready g1\n" },
	{ "lost command, lock step", HELLO "C-: 25\nS: 250 ok\nC: RCPT TO:<b@b.test>\nS: 550 no\nC: QUIT\nS: 221 bye\n",
	  HELLO_IS "3 unseen/250 ready g1 ?\n4 RCPT TO:<b@b.test>/550 ready g1\n5 QUIT/221 ready g1\n" },
	{ "a body pipelined behind DATA in segments of its own",
	  HELLO "C: MAIL FROM:<a@a.test>\nC+: RCPT TO:<b@b.test>\nC+: DATA\nC+: From: x\nC+: .\nS: 250 ok\nS: 550 no\nS: 554 none\nS: 500 a\nS: 500 b\n",
	  HELLO_IS "3 MAIL FROM:<a@a.test>/250 ready g1 ^\n4 RCPT TO:<b@b.test>/550 sender g1 +\n5 DATA/554 sender g1 +\n"
	  "6 From: <redacted>/500 sender g1 + @5\n7 ./500 sender g1 + @5\n" },
	{ "lost command and lost reply: whose is the next one?",
	  HELLO "C: NOOP\nC-: 12\nS-: 8\nS: 503 no\nC: QUIT\nS: 221 bye\n", HELLO_IS "3 NOOP/- ready g1\n4 unseen/503 ready g1 ?\n5 QUIT/221 ready g1\n" },
	{ "a reply cut behind its code in a pipelined group",
	  HELLO "C: MAIL FROM:<a@a.test>\nC+: RCPT TO:<b@b.test>\nC+: DATA\nS: 250 ok\nS+: 550 n\\\nS-: 30\n", HELLO_IS "3 MAIL FROM:<a@a.test>/250 ready g1 ^\n4 RCPT TO:<b@b.test>/550 sender g1 +\n5 DATA/- sender g1 +\n" },
	{ "a command cut in its argument", HELLO "C: MAIL FROM:<a@a.test> SI\\\nC-: 9\nC: ZE=10\nS: 552 big\nC: QUIT\nS: 221 bye\n", HELLO_IS "3 MAIL FROM:<a@a.test> SI/552 ready g1\n4 QUIT/221 ready g1\n" },
	{ "a command cut in its verb", HELLO "C: MAI\\\nC-: 9\nC: a.test>\nS: 550 no\nC: QUIT\nS: 221 bye\n", HELLO_IS "3 unseen/550 ready g1\n4 QUIT/221 ready g1\n" },
	{ "lost head of a pipelined group", HELLO "C-: 25\nC: RCPT TO:<b@b.test>\nC+: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: x\nC: .\nS: 250 ok\n",
	  HELLO_IS "3 unseen/250 ready g1 ?\n4 RCPT TO:<b@b.test>/250 ready g1 ^\n5 DATA/354 recipient g1 +\n6 EOM/250 content g1\n" },
	{ "lost 354", ENVELOPE "C: DATA\nS-: 8\nC: hello\nC: .\nS: 554 no\nC: QUIT\nS: 221 bye\n",
	  ENVELOPE_IS "5 DATA/- recipient g1\n6 EOM/554 content g1\n7 QUIT/221 ready g1\n" },
	{ "lost dot", ENVELOPE "C: DATA\nS: 354 go\nC: hello\nC-: 30\nS: 554 no\nC: QUIT\nS: 221 bye\n",
	  ENVELOPE_IS "5 DATA/354 recipient g1\n6 EOM/554 content g1\n7 QUIT/221 ready g1\n" },
	{ "lost reply to AUTH, and a lost command behind it: whose is the refusal?",
	  HELLO "C: AUTH PLAIN ====\nS-: 29\nC-: 55\nS: 535 no\nC: QUIT\nS: 221 bye\n",
	  HELLO_IS "3 AUTH PLAIN <redacted>/- ready g1\n4 unseen/535 ready g1 ?\n5 QUIT/221 ready g1\n" },
	{ "three octets of a verb lost in a pipelined group",
	  HELLO "C-: 3\nC: L FROM:<a@a.test>\nC+: RCPT TO:<b@b.test>\nC+: DATA\nS: 250 ok\nS: 550 no\nS: 503 none\n",
	  HELLO_IS "3 unseen/250 ready g1 ?\n4 RCPT TO:<b@b.test>/550 ready g1 ^\n5 DATA/503 ready g1 +\n" },
	{ "one octet of AUTH lost: its end is no answer",
	  HELLO "C: AUTH LOG\\\nC-: 1\nC: N\nS: 334 VXNlcm5hbWU6\nC: YQ==\nS: 334 UGFzc3dvcmQ6\nC: Yg==\nS: 535 no\nC: AUTH DIGEST-MD5\nS: 504 no\n",
	  HELLO_IS "3 AUTH LOG/334 ready g1\n4 AUTH-RESPONSE/334 auth g1\n5 AUTH-RESPONSE/535 auth g1\n6 AUTH DIGEST-MD5/504 ready g1\n" },
	{ "lost AUTH, but 334 tells what follows",
	  HELLO "C-: 12\nS: 334 VXNlcm5hbWU6\nC: YWxpY2U=\nS: 334 UGFzc3dvcmQ6\nC: c2VjcmV0\nS: 535 no\nC: AUTH DIGEST-MD5\nS: 504 no\n",
	  HELLO_IS "3 unseen/334 ready g1 ?\n4 AUTH-RESPONSE/334 auth g1\n5 AUTH-RESPONSE/535 auth g1\n6 AUTH DIGEST-MD5/504 ready g1\n" },
	{ "lost cancel of AUTH: what follows its refusal is no answer", HELLO "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC-: 3\nS: 501 aborted\nC: AUTH\nS: 501 no\n",
	  HELLO_IS "3 AUTH LOGIN/334 ready g1\n4 unseen/501 auth g1 ?\n5 unseen/501 auth g1\n" },
	{ "a hole in a reply holds no answer to what was sent after it",
	  "S: 220 mx ESMTP\nC: EHLO a\nS: 250-mx\nS-: 12\nS: 250 SIZE 1\nC: MAIL FROM:<a@a.test>\nC+: RCPT TO:<b@b.test>\nC+: DATA\nS: 250 ok\nS: 550 no\nS: 503 no\n",
	  "1 CONN/220 connected\n2 EHLO a/250 greeted\n3 MAIL FROM:<a@a.test>/250 ready g1 ^\n4 RCPT TO:<b@b.test>/550 sender g1 +\n5 DATA/503 sender g1 +\n" },
	{ "QUIT with an argument is refused", HELLO "C: NOOP\nC-: 8\nS: 250 ok\nS: 250 ok\nC: RSET\nS: 250 ok\nC: QUIT now\nS: 501 no\nC: QUIT\nS: 221 bye\n",
	  HELLO_IS "3 NOOP/250 ready g1\n4 unseen/250 ready g1 ?\n5 RSET/250 ready g1\n6 QUIT now/501 ready g1\n7 QUIT/221 ready g1\n" },
	{ "the end of AUTH and its cancel lost in one hole", HELLO "C: AUTH L\\\nC-: 9\nS-: 8\nS: 501 no\nC: QUIT\nS: 221 bye\n",
	  HELLO_IS "3 unseen/501 ready g1 ?\n4 AUTH L/- ready g1\n5 QUIT/221 ready g1\n" },
	{ "lost DATA, but 354 tells what follows", ENVELOPE "C-: 6\nS: 354 go\nC: From: a\nC: \nC: RSET\nC: .\nS: 554 spam\nC: QUIT\nS: 221 bye\n",
	  ENVELOPE_IS "5 unseen/354 recipient g1 ?\n6 EOM/554 content g1\n7 QUIT/221 ready g1\n" },
	{ "lost 354, lost dot", ENVELOPE "C: DATA\nS-: 8\nC: hello\nC-: 30\nS: 554 no\nC: MAIL FROM:<c@c.test>\nS: 250 ok\nC: RCPT TO:<d@d.test>\nS: 550 no\n",
	  ENVELOPE_IS "5 DATA/- recipient g1\n6 EOM/554 content g1\n7 MAIL FROM:<c@c.test>/250 ready g1\n8 RCPT TO:<d@d.test>/550 sender g1\n" },
	{ "one refusal of a group, the greeting not in the capture", "late\nC: MAIL FROM:<a@a.test>\nC+: RCPT TO:<b@b.test>\nC+: DATA\nS: 554 sync\nS.: FIN\n",
	  "1 MAIL FROM:<a@a.test>/- ready\n2 RCPT TO:<b@b.test>/- ready\n3 unseen/554 ready ?\n4 DATA/- ready\n" },
	{ "late start in a line", "late\nC: om>\nS: 500 what\nC: RSET\nS: 250 ok\n", "1 unseen/500 ready\n2 RSET/250 ready\n" },
	{ "bait for an early talker whose command is lost", "C-: 8\nS: 220-mx ESMTP\nS: 250-mx\nS: 250 SIZE 1\nC: RSET\nS: 250 ok\n",
	  "1 CONN/220 connected\n2 unseen/250 greeted ?\n3 RSET/250 ready g1\n" },
	{ "server side only", "S: 220 mx ESMTP\nC-: 10\nS: 250-mx\nS+: 250 SIZE 1\nC-: 20\nS: 550 no\n",
	  "1 CONN/220 connected\n2 unseen/250 greeted ?\n3 unseen/550 ready g1 ?\n" },
	{ "client side only", "S-: 20\nC: EHLO a\nS-: 30\nC: MAIL FROM:<a@a.test>\nS-: 8\nC: DATA\nS-: 8\nC: hello\nC: .\nS-: 8\nC: QUIT\n",
	  "1 CONN/- connected\n2 EHLO a/- connected\n3 MAIL FROM:<a@a.test>/- connected\n4 DATA/- connected\n5 EOM/- content\n6 QUIT/- content\n" },
	{ "STARTTLS with a command behind it", HELLO "C: STARTTLS\nC+: RSET\nS: 220 go\n", HELLO_IS "3 STARTTLS/220 ready g1\n4 RSET/- tls g1 + t\n" },
	{ "STARTTLS, a hole, and what may be the rest of a record", HELLO "C: STARTTLS\nC-: 40\nC: abc\nS: 220 go\n", HELLO_IS "3 STARTTLS/220 ready g1\n" },
	{ "the replies to a group lost, and then one that is none to a message",
	  HELLO "C: MAIL FROM:<a@a.test>\nC+: RCPT TO:<b@b.test>\nC+: DATA\nS-: 60\nC: From: a\nC+: \nC+: hi\nC+: .\nS: 554 SMTP synchronization error\n",
	  HELLO_IS "3 MAIL FROM:<a@a.test>/- ready g1 ^\n4 RCPT TO:<b@b.test>/- ready g1 +\n5 DATA/- ready g1 +\n6 unseen/554 content g1 ?\n7 EOM/- content g1\n" },
	{ "the replies to a group lost, and then one to a message",
	  HELLO "C: MAIL FROM:<a@a.test>\nC+: RCPT TO:<b@b.test>\nC+: DATA\nS-: 60\nC: From: a\nC+: \nC+: hi\nC+: .\nS: 554 5.7.1 spam\n",
	  HELLO_IS "3 MAIL FROM:<a@a.test>/- ready g1 ^\n4 RCPT TO:<b@b.test>/- ready g1 +\n5 DATA/- ready g1 +\n6 EOM/554 content g1\n" },
	{ "STARTTLS refused, the client goes on", HELLO "C: STARTTLS\nS: 502 no\nC: MAIL FROM:<a@a.test>\nS: 530 no\n",
	  HELLO_IS "3 STARTTLS/502 ready g1\n4 MAIL FROM:<a@a.test>/530 ready g1\n" },
	{ "LMTP, the second recipient refused after the dot", "S: 220 mx LMTP\nC: LHLO a\nS: 250 mx\nC: MAIL FROM:<a@a.test>\nS: 250 ok\n"
	  "C: RCPT TO:<b@b.test>\nS: 250 ok\nC: RCPT TO:<c@c.test>\nS: 250 ok\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 250 ok\nS: 550 no\nC: QUIT\nS: 221 bye\n",
	  "1 CONN/220 connected\n2 LHLO a/250 greeted\n3 MAIL FROM:<a@a.test>/250 ready g1\n4 RCPT TO:<b@b.test>/250 sender g1\n"
	  "5 RCPT TO:<c@c.test>/250 recipient g1\n6 DATA/354 recipient g1\n7 EOM/250 content g1 >4\n8 EOM/550 content g1 >5\n9 QUIT/221 ready g1\n" },
	{ "PROXY header that the server takes", "C: PROXY TCP4 192.0.2.1 192.0.2.2 1 25\nS: 220 mx ESMTP\nC: EHLO a\nS: 250 mx\n",
	  "1 CONN/220 connected\n2 EHLO a/250 greeted\n" },
	{ "PROXY header read as a command", "C: PROXY TCP4 192.0.2.1 192.0.2.2 1 25\nS: 220 mx ESMTP\nS: 500 what\nC: EHLO a\nS: 250 mx\n",
	  "1 CONN/220 connected\n2 PROXY TCP4 192.0.2.1 192.0.2.2 1 25/500 greeted !\n3 EHLO a/250 greeted\n" },
	{ "PROXY header of version 2", "C: \\r\\n\\r\\n\\x00\\r\\nQUIT\\n\\x21\\x11\\x00\\x0cabcdefghijkl\\\nS: 220 mx ESMTP\nC: EHLO a\nS: 250 mx\n",
	  "1 CONN/220 connected\n2 EHLO a/250 greeted\n" },
	{ "PROXY header of version 2, and EHLO without waiting", "C: \\r\\n\\r\\n\\x00\\r\\nQUIT\\n\\x21\\x11\\x00\\x0cabcde\\nghijklEHLO a\nS: 220 mx ESMTP\nS: 250 mx\n",
	  "1 CONN/220 connected\n2 EHLO a/250 greeted !\n" },
	{ "PROXY header of version 2 without addresses", "C: \\r\\n\\r\\n\\x00\\r\\nQUIT\\n\\x20\\x00\\x00\\x00\\\nS: 220 mx ESMTP\nC: EHLO a\nS: 250 mx\n",
	  "1 CONN/220 connected\n2 EHLO a/250 greeted\n" },
	{ "two empty lines are no PROXY header", "C: \nC: \nS: 220 mx ESMTP\nS: 500 a\nS: 500 b\nC: EHLO a\nS: 250 mx\n",
	  "1 CONN/220 connected\n2 /500 greeted ^ !\n3 /500 greeted + !\n4 EHLO a/250 greeted\n" },
	{ "BURL carries no token into the record", HELLO "C: BURL imap://u:secret1@h.test/x LAST\nS: 503 no\n",
	  HELLO_IS "3 BURL imap://<redacted>@h.test/x LAST/503 ready g1\n" },
	{ "TLS on a plain port", "S: 220 mx ESMTP\nC: \\x16\\x03\\x01\\x00\\x08ab\\ncd\\nef\\\nS: 500 a\nS: 500 b\nS: 500 c\n",
	  "1 CONN/220 connected\n2 TLS/500 greeted ^\n3 TLS/500 greeted +\n4 TLS/500 greeted\n" },
	{ "a differing copy, longer than the first", HELLO "C: STARTTLS\nS!: 220 2.0.0 Ready to start TLS | 502 5.5.1 not available\nC: QUIT\nS: 221 bye\n",
	  HELLO_IS "3 STARTTLS/502 ready g1\n4 QUIT/221 ready g1\n" },
	{ "late start in lock step", "late\nC: RCPT TO:<b@b.test>\nS: 550 no\nC: QUIT\nS: 221 bye\n", "1 RCPT TO:<b@b.test>/550 ready\n2 QUIT/221 ready\n" },
	{ "late start with an older reply still to come", "late\nC: RCPT TO:<b@b.test>\nC+: DATA\nS: 250 a\nS: 550 b\nS: 554 c\nC: QUIT\nS: 221 bye\n",
	  "1 unseen/250 ready ?\n2 RCPT TO:<b@b.test>/550 ready\n3 DATA/554 ready\n4 QUIT/221 ready\n" }, /* what it had received is not known */
	{ "late start in a message", "late\nC: To: b\nC: \nC: hello\nC: .\nS: 554 spam\nC: QUIT\nS: 221 bye\n",
	  "1 unseen/- ready\n2 unseen/- ready\n3 unseen/- ready\n4 EOM/554 ready\n5 QUIT/221 greeted\n" },
	{ "late start, a refusal that may be the greeting", "late\nC: EHLO a\nS: 554 no\nS.: FIN\n", "1 unseen/554 ready ?\n2 EHLO a/- ready\n" },
	{ "late start, and nothing but a line that is not finished", "late\nC: x\\\nC.: FIN\n", "1 unseen/- ready\n" },
	{ "late start, and a hole behind such a line", "late\nC: x\\\nC-: 10\nC: QUIT\nS: 221 bye\n", "1 unseen/- ready\n2 QUIT/221 ready\n" },
	{ "one answer to the beginning of the data", ENVELOPE "C: DATA\nS: 354 go\nC: hello\nS: 552 too big\nC: more\nC: .\nC: QUIT\nS: 221 bye\n",
	  ENVELOPE_IS "5 DATA/354 recipient g1\n6 EOM/552 content g1\n7 QUIT/221 ready g1\n" },
	{ "XCLIENT begins anew", HELLO "C: XCLIENT NAME=a\nS: 220 mx\nC: EHLO b\nS: 250 mx\n", HELLO_IS "3 XCLIENT NAME=a/220 ready g1\n4 EHLO b/250 greeted\n" },
	{ "too many errors", HELLO "C: BOGUS\nC+: BOGUS\nS: 500 a\nS: 421 too many\nS.: FIN\n", HELLO_IS "3 BOGUS/500 ready g1 ^\n4 BOGUS/421 ready g1 +\n" },
};

/* A greeting is known as the first thing in a capture when it comes in one segment. */
static const struct kase in_one[] = {
	{ "late start with the greeting: what the client says next is whole", "late\nS: 220 mx ESMTP\nC: BOGUS\nC+: FOO\nS: 500 a\nS: 500 b\n",
	  "1 CONN/220 connected\n2 BOGUS/500 greeted ^\n3 FOO/500 greeted +\n" },
};

static void talks_at(const struct kase *k, size_t most)
{
	for (size_t chunk = 0; chunk <= most; chunk++) {
		struct session *s = talk_session(k->talk, chunk);
		struct text out = { 0 };
		assert_non_null(s);
		for (const struct exchange *e = s->first; e; e = e->next)
			dump_exchange(&out, e);
		if (text_view(&out).n != strlen(k->want) || memcmp(out.p, k->want, out.n) != 0)
			print_message("at chunk size %zu:\n", chunk);
		assert_string_equal((const char *)text_view(&out).p, k->want);
		text_free(&out);
		session_free(s);
	}
}

static void talks(void **state)
{
	talks_at(*state, 40);
}

static void talks_in_one(void **state)
{
	talks_at(*state, 0);
}

/* ---- what may be credentials is not in the record, whatever it calls itself ---- */

static const struct hidden { const char *name, *talk, *secret; } hides[] = {
	{ "behind the head of a TLS record", "S: 220 mx ESMTP\nC: \\x16\\x03\\x01\\x10\\x00\\x01\nC+: AUTH PLAIN AGEAc2VjcmV0\nS: 500 a\nS: 500 b\n", "AGEAc2VjcmV0" },
	{ "behind the head of a TLS record, a bare LF", "S: 220 mx ESMTP\nC: \\x14\\x03\\x00\\x10\\x00\\x01\\nAuthorization: Basic YTpzZWNyZXQ=\nS: 500 a\nS: 500 b\n", "YTpzZWNyZXQ=" },
};

static void hidden(void **state)
{
	const struct hidden *k = *state;
	for (size_t chunk = 0; chunk <= 40; chunk++) {
		struct session *s = talk_session(k->talk, chunk);
		unsigned records = 0;
		for (const struct exchange *e = s->first; e; e = e->next) {
			records += e->command.kind == COMMAND_TLS;
			assert_int_equal(bytes_find(e->command.line.text, bytes_of(k->secret)), BYTES_NONE);
		}
		assert_int_equal(records, 2);
		session_free(s);
	}
}

/* ---- a session of many mails is handed over in windows ---- */

struct tally {
	unsigned windows, exchanges, unanswered, last_ordinal, mails;
	size_t largest;
	bool in_order, offers_kept, final;
};

static void tally_window(void *to, struct session *s, bool final)
{
	struct tally *t = to;
	t->in_order &= s->window == t->windows++;
	t->final = final;
	t->mails = s->accepted_messages;
	if (s->arena.size > t->largest)
		t->largest = s->arena.size;
	for (const struct exchange *e = s->first; e; e = e->next) {
		t->in_order &= e->ordinal == ++t->last_ordinal;
		t->unanswered += !e->answered;
		t->exchanges++;
		t->offers_kept &= e->ordinal <= 2 || e->command.offer->generation == 1;
	}
	session_free(s);
}

static void say(struct dialogue *d, uint64_t sent[2], enum direction direction, const char *text, size_t most)
{
	struct bytes rest = bytes_of(text);
	while (rest.n) {
		struct bytes part = bytes_first(rest, most);
		struct chunk c = { .bytes = part, .offset = sent[direction], .acked = sent[direction_other(direction)] };
		sent[direction] += part.n;
		rest = bytes_from(rest, part.n);
		assert_int_equal(dialogue_data(d, direction, &c), INTEREST_ALL);
	}
}

static const struct many { const char *name, *command, *reply; unsigned times; bool bounded; } sessions[] = {
	{ "thousands of mails in lock step", "MAIL FROM:<a@a.test>\r\n", "250 ok\r\n", 20000, true },
	{ "thousands of unknown verbs", "BOGUS\r\n", "500 what\r\n", 20000, true },
	{ "thousands of pipelined groups", "NOOP\r\nNOOP\r\nNOOP\r\n", "250 a\r\n250 b\r\n250 c\r\n", 7000, true },
	{ "a short one", "NOOP\r\n", "250 ok\r\n", 5, false },
};

static void windows(void **state)
{
	const struct many *k = *state;
	struct tally t = { .in_order = true, .offers_kept = true };
	struct connection connection = { .server.port = 25, .syn_seen = true };
	struct dialogue *d = dialogue_new(&connection, (struct dialogue_sink){ .session = tally_window, .to = &t });
	uint64_t sent[2] = { 0 };
	say(d, sent, FROM_SERVER, "220 mx ESMTP\r\n", 100);
	say(d, sent, FROM_CLIENT, "EHLO a\r\n", 100);
	say(d, sent, FROM_SERVER, "250-mx\r\n250 PIPELINING\r\n", 100);
	for (unsigned i = 0; i < k->times; i++) {
		say(d, sent, FROM_CLIENT, k->command, 9);
		say(d, sent, FROM_SERVER, k->reply, 9);
	}
	dialogue_close(d, &connection, NULL);
	assert_true(t.final);
	assert_true(t.in_order);
	assert_true(t.offers_kept);
	assert_int_equal(t.unanswered, 0);
	assert_int_equal(t.windows > 1, k->bounded);
	assert_in_range(t.largest, 0, 3 * LIMIT_SESSION_MEMORY);
	assert_int_equal(t.exchanges, t.last_ordinal);
}

int main(void)
{
	int failed = TABLE_RUN("dialogue", cases, talks);
	failed += TABLE_RUN("dialogue in whole segments", in_one, talks_in_one);
	failed += TABLE_RUN("hidden", hides, hidden);
	failed += TABLE_RUN("windows", sessions, windows);
	return failed != 0;
}
