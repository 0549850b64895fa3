/* test_merge.c - shards give what one run gives; strangers are appended; nothing half remains. */
#include "support/session_maker.h"
#include "support/table.h"

#include "base/text.h"
#include "store/merge.h"
#include "store/query.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SESSIONS = 12 };

/* Session i when i % of == part, as a shard takes it. */
static void write_part(const char *path, const char *capture, unsigned part, unsigned of)
{
	struct error error = { 0 };
	struct store *s = store_new((struct store_options){ .path = path }, &error);
	assert_non_null(s);
	for (unsigned i = 0; i < SESSIONS; i++) {
		if (i % of != part)
			continue;
		struct session_maker m;
		char line[128];
		session_maker_begin(&m, 10 * i + 1, 1700000000000000000 + (int64_t)i * 1000000000);
		session_maker_exchange(&m, VERB_NONE, NULL, 220, "", "mx ESMTP, a greeting that is longer than most of them");
		snprintf(line, sizeof line, "RCPT TO:<somebody.with.a.long.name.%u@dest.example>", i);
		struct exchange *x = session_maker_exchange(&m, VERB_RCPT, line, 550, "5.1.1", i % 3 ? "No" : "There is nobody of this name at this place");
		struct verdict *v = session_maker_error(&m, x, i % 2 ? CAUSE_UNKNOWN : CAUSE_RECIPIENT_UNKNOWN, 3);
		static enum cause also[] = { CAUSE_POLICY_UNSPECIFIED, CAUSE_UNKNOWN };
		v->also = also;
		v->nalso = i % 3;
		session_maker_finding(&m, x, CAUSE_MIDDLEBOX_REPLY_INJECTED, "a box");
		assert_true(store_session(s, &m.session, &m.verdicts, true, &error));
		session_maker_end(&m);
	}
	assert_true(store_capture(s, 0, &(struct capture){ .path = capture, .linktype = 1, .packets = 200 }, NULL, &error));
	assert_true(store_finish(s, &error));
	store_free(s);
}

static void add_rows(struct text *all, const char *path, const char *sql)
{
	struct error error = { 0 };
	struct report *report = report_open(path, &error);
	if (!report)
		fail_msg("%s", error.sentence);
	struct rows *rows = report_rows(report, sql, &error);
	while (rows && rows_next(rows, &error)) {
		for (size_t i = 0; i < rows_columns(rows); i++) {
			text_add(all, rows_text(rows, i));
			text_add_octet(all, '|');
		}
		text_add_octet(all, '\n');
	}
	if (error.kind != ERROR_NONE)
		fail_msg("%s", error.sentence);
	rows_free(rows);
	report_close(report);
}

/* What the views show, and the ladders with their texts in place of text ids. */
static void whole(struct text *all, const char *path)
{
	add_rows(all, path, "SELECT * FROM error_report ORDER BY error_id");
	add_rows(all, path, "SELECT * FROM finding_report ORDER BY finding_id");
	add_rows(all, path, "SELECT * FROM session_report ORDER BY session_id");
	add_rows(all, path, "SELECT * FROM capture_report");
	add_rows(all, path, "SELECT * FROM dialogue ORDER BY ladder_id, line");
}

static const char *const paths[] = { "one.db", "a.db", "b.db", "c.db", "out.db" };

static void enter(char *directory)
{
	assert_non_null(mkdtemp(directory));
	assert_int_equal(chdir(directory), 0);
}

static void leave(const char *directory)
{
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		unlink(paths[i]);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(directory), 0);
}

static void shards(void)
{
	struct error error = { 0 };
	struct text want = { 0 }, got = { 0 };
	write_part("one.db", "a.pcap", 0, 1);
	write_part("a.db", "a.pcap", 0, 3);
	write_part("b.db", "a.pcap", 1, 3);
	write_part("c.db", "a.pcap", 2, 3);
	const char *in[] = { "c.db", "a.db", "b.db" };
	if (!merge_databases("out.db", in, 3, &error))
		fail_msg("%s", error.sentence);
	whole(&want, "one.db");
	whole(&got, "out.db");
	assert_true(want.n > 1000);
	assert_string_equal(got.p, want.p);
	text_free(&want);
	text_free(&got);
}

static void strangers(void)
{
	struct error error = { 0 };
	struct text got = { 0 };
	write_part("a.db", "a.pcap", 0, 6);
	write_part("b.db", "b.pcap", 0, 6);
	const char *in[] = { "a.db", "b.db" };
	assert_true(merge_databases("out.db", in, 2, &error));
	add_rows(&got, "out.db", "SELECT group_concat(session_id), group_concat(capture) FROM (SELECT * FROM session_report ORDER BY 1)");
	assert_string_equal(got.p, "1,61,201,261|a.pcap,a.pcap,b.pcap,b.pcap|\n");
	text_clear(&got);
	add_rows(&got, "out.db", "SELECT group_concat(error_id), group_concat(evidence ->> '$[0].capture') FROM (SELECT * FROM error_report ORDER BY 1)");
	assert_string_equal(got.p, "100001,6100001,20100001,26100001|a.pcap,a.pcap,b.pcap,b.pcap|\n");
	text_free(&got);
}

static void twice(void)
{
	struct error error = { 0 };
	write_part("a.db", "a.pcap", 0, 1);
	write_part("out.db", "z.pcap", 0, 6);
	const char *in[] = { "a.db", "a.db" };
	assert_false(merge_databases("out.db", in, 2, &error));
	assert_int_equal(error.kind, ERROR_INPUT);
	struct text got = { 0 };
	add_rows(&got, "out.db", "SELECT name FROM capture_report"); /* as it was */
	assert_string_equal(got.p, "z.pcap|\n");
	text_free(&got);
}

static void missing(void)
{
	struct error error = { 0 };
	const char *in[] = { "none.db" };
	assert_false(merge_databases("out.db", in, 1, &error));
	assert_int_equal(error.kind, ERROR_INPUT);
	assert_int_not_equal(access("out.db", F_OK), 0);
	assert_int_not_equal(access("none.db", F_OK), 0);
}

static const struct kase { const char *name; void (*run)(void); } cases[] = {
	{ "three shards equal the single run", shards },
	{ "databases of other captures follow each other", strangers },
	{ "the same sessions twice", twice },
	{ "an input that is not there", missing },
};

static void one(void **state)
{
	char directory[] = "/tmp/test_merge.XXXXXX";
	enter(directory);
	((const struct kase *)*state)->run();
	leave(directory);
}

int main(void)
{
	return TABLE_RUN("merge", cases, one);
}
