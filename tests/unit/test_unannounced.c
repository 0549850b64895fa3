/* test_unannounced.c - TLS where the capture has nothing that led to it: told as encrypted from there on, and nothing is read out of it. */
#include "smtp/dialogue.h"

#include "support/table.h"
#include "support/talk.h"

#include <stdlib.h>
#include <string.h>

#define RECORD "\\x17\\x03\\x03\\x00\\x10abcdefgh\\r\\nabcdef" /* application data with a line end in it */
#define HELLO "S: 220 mx ESMTP\nC: EHLO a\nS: 250-mx\nS+: 250 STARTTLS\n"

static const struct kase {
	const char *name, *talk;
	bool encrypted;
	uint32_t from;     /* frame from which on it is */
	unsigned commands; /* that were read in clear */
	unsigned errors;
} cases[] = {
	{ "a capture that begins inside TLS, the client first", "late\nC: " RECORD "\\\nS: " RECORD "\\\n", true, 1, 0, 0 },
	{ "the server first", "late\nS: " RECORD "\\\nC: " RECORD "\\\nS: " RECORD "\\\n", true, 1, 0, 0 },
	{ "STARTTLS and all behind it to the records lost", HELLO "C-: 60\nS-: 80\nC: " RECORD "\\\nS: " RECORD "\\\n", true, 6, 1, 0 },
	{ "the 220 and the server's handshake lost", HELLO "C: STARTTLS\nS-: 400\nC: " RECORD "\\\nS: " RECORD "\\\n", true, 6, 2, 0 },
	{ "a 5xx before it is kept", HELLO "C: VRFY x\nS: 502 no\nC-: 60\nS-: 80\nS: " RECORD "\\\nC: " RECORD "\\\n", true, 8, 2, 1 },
	{ "a loss, and SMTP goes on in clear", HELLO "C-: 12\nS-: 8\nC: NOOP\nS: 250 ok\n", false, 0, 2, 0 },
	{ "no loss: octets like a record are no command, and no TLS", "S: 220 mx ESMTP\nC: NOOP\nS: 250 ok\nC: " RECORD "\nS: 500 what\n", false, 0, 1, 1 },
	{ "a capture that begins in clear", "late\nC: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye\n", false, 0, 2, 0 },
};

static void joined(void **state)
{
	const struct kase *k = *state;
	struct session *s = talk_session(k->talk, 0);
	assert_non_null(s);
	bool encrypted = s->tls.application_data[FROM_CLIENT] || s->tls.application_data[FROM_SERVER];
	assert_int_equal(encrypted, k->encrypted);
	if (k->encrypted)
		assert_int_equal(s->tls.encrypted_from.number, k->from);
	assert_int_equal(s->errors, k->errors);
	unsigned commands = 0;
	for (const struct exchange *e = s->first; e; e = e->next)
		commands += e->command.kind == COMMAND_LINE;
	assert_int_equal(commands, k->commands);
	session_free(s);
}

int main(void)
{
	return TABLE_RUN("unannounced", cases, joined);
}
