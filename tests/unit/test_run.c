/* test_run.c - the public header, as another program would use it, on the samples: counts, walks, threads, troubles. */
#include "smtpwhy.h"

#include "support/table.h"

#include <string.h>

/* ---- what a run finds, with one thread and with three ---- */

static const struct run_case {
	const char *name, *capture;
	unsigned errors;
	const char *first_cause, *first_verb;
} run_cases[] = {
	{ "a clean session", "samples/clean-session.pcap", 0, NULL, NULL },
	{ "misspelt verbs", "samples/misspelt-verb.pcap", 2, "client.verb_misspelled", "MIAL" },
	{ "STARTTLS masked on the path", "samples/starttls-masked.pcap", 1, "middlebox.starttls_stripped", "STARTTLS" },
	{ "a message larger than the limit told", "samples/message-too-large.pcap", 1, "message.too_large", "MAIL" },
	{ "encrypted", "samples/encrypted.pcap", 0, NULL, NULL },
};

static void analysed(const struct run_case *k, unsigned threads)
{
	struct smtpwhy *run = smtpwhy_new(&(struct smtpwhy_options){ .threads = threads });
	assert_true(smtpwhy_add(run, k->capture));
	assert_true(smtpwhy_analyze(run));
	assert_true(smtpwhy_finish(run));
	assert_int_equal(smtpwhy_status(run), SMTPWHY_DONE);
	assert_string_equal(smtpwhy_trouble(run), "");
	unsigned n = 0;
	for (struct smtpwhy_error e; smtpwhy_next_error(run, &e); n++) {
		if (n == 0) {
			assert_string_equal(e.cause, k->first_cause);
			assert_string_equal(e.trigger_verb, k->first_verb);
		}
		assert_string_equal(e.capture, k->capture);
		assert_true(e.trigger_frame > 0 && e.reply_frame >= e.trigger_frame && e.code >= 500 && e.code <= 599);
		assert_non_null(strstr(e.evidence, "\"frame\""));
	}
	assert_int_equal(n, k->errors);
	smtpwhy_free(run);
}

static void runs(void **state)
{
	analysed(*state, 1);
	analysed(*state, 3);
}

/* ---- what goes wrong ---- */

static const struct trouble_case {
	const char *name, *capture, *database, *rules, *says;
	enum smtpwhy_status status;
} trouble_cases[] = {
	{ "the database's folder is not there", "samples/clean-session.pcap", "no/such/folder/report.db", NULL, "no/such/folder", SMTPWHY_NOT_WRITTEN },
	{ "a rules file that is not there", "samples/clean-session.pcap", NULL, "no/such.rules", "no/such.rules", SMTPWHY_WRONG_USE },
	{ "a rules file that is none", "samples/clean-session.pcap", NULL, "samples/README.md", "line ", SMTPWHY_WRONG_USE },
};

static void troubles(void **state)
{
	const struct trouble_case *k = *state;
	struct smtpwhy *run = smtpwhy_new(&(struct smtpwhy_options){ .database = k->database, .rules = k->rules });
	bool fine = smtpwhy_add(run, k->capture) && smtpwhy_analyze(run) && smtpwhy_finish(run);
	assert_false(fine);
	assert_int_equal(smtpwhy_status(run), k->status);
	assert_non_null(strstr(smtpwhy_trouble(run), k->says));
	smtpwhy_free(run);
}

/* ---- input that cannot be read is told, the rest is analysed ---- */

static const struct damaged_case { const char *name, *path; } damaged_cases[] = {
	{ "a file that is no capture beside one that is", "samples/README.md" },
	{ "a file that is not there beside one that is", "no/such.pcap" },
};

static void damaged(void **state)
{
	const struct damaged_case *k = *state;
	struct smtpwhy *run = smtpwhy_new(&(struct smtpwhy_options){ 0 });
	assert_true(smtpwhy_add(run, k->path));
	assert_true(smtpwhy_add(run, "samples/misspelt-verb.pcap"));
	assert_true(smtpwhy_analyze(run));
	assert_true(smtpwhy_finish(run));
	assert_int_equal(smtpwhy_status(run), SMTPWHY_INPUT_DAMAGED);
	assert_non_null(strstr(smtpwhy_input_trouble(run, 0), k->path));
	assert_null(smtpwhy_input_trouble(run, 1));
	struct smtpwhy_error e;
	assert_true(smtpwhy_next_error(run, &e));
	smtpwhy_free(run);
}

int main(void)
{
	return TABLE_RUN("run", run_cases, runs) + TABLE_RUN("trouble", trouble_cases, troubles) + TABLE_RUN("damaged", damaged_cases, damaged);
}
