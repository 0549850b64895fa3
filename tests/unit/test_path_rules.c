/* test_path_rules.c - two replies for one range; the same reply twice is none */
#include "support/diagnose.h"
#include "support/table.h"
#include "support/talks.h"

static const struct diagnosis cases[] = {
	{ "a stream told once",
		GREETED "C: NOOP\n" "S: 250 ok\n",
		0, NULL, "middlebox.stream_altered", NULL },
	{ "a command told twice with other bytes",
		GREETED "C!: NOOP | XXXX\n" "S: 250 ok\n",
		0, "middlebox.stream_altered", NULL, NULL },
	{ "two replies to one command",
		GREETED "C: STARTTLS\n" "S!: 220 2.0.0 ready to go | 502 5.5.1 no such cmd\n",
		0, "middlebox.reply_injected", NULL, NULL },
	{ "two replies to STARTTLS",
		GREETED "C: STARTTLS\n" "S!: 220 2.0.0 ready to go | 502 5.5.1 no such cmd\n",
		1, "middlebox.starttls_stripped", "tls.unavailable", "proven" },
	{ "the same reply in other letters",
		GREETED SENDER "C: RCPT TO:<c@mx.test>\n" "S!: 550 5.1.1 UNKNOWN | 550 5.1.1 unknown\n",
		0, "middlebox.stream_altered", "middlebox.reply_injected", NULL },
};

int main(void)
{
	return TABLE_RUN("path rules", cases, diagnose);
}
