/* replies.c - judges rows of reply texts. */
#include "support/replies.h"

#include "support/guard.h"

#include <stdio.h>

static struct words *words;

static bool accepted(const char *causes, enum cause cause)
{
	for (struct cut cut = bytes_cut(bytes_of(causes), '|');; cut = bytes_cut(cut.tail, '|')) {
		enum cause one = cause_find(cut.head);
		assert_true(one < CAUSE_COUNT);
		if (one == cause)
			return true;
		if (!cut.found)
			return false;
	}
}

/* What is remembered is what was judged, place by place. */
static void assert_same(struct words_result a, struct words_result b)
{
	assert_int_equal(a.cause, b.cause);
	assert_int_equal(a.certainty, b.certainty);
	assert_int_equal(a.strength, b.strength);
	assert_int_equal(a.matched.n, b.matched.n);
	assert_true(a.matched.n == 0 || a.matched.p == b.matched.p);
	assert_ptr_equal(a.source, b.source);
	assert_int_equal(a.nalso, b.nalso);
	for (size_t i = 0; i < a.nalso; i++)
		assert_int_equal(a.also[i], b.also[i]);
}

struct words_result reply_judge(const struct words *table, const struct reply_case *k)
{
	struct guard guard = guarded(bytes_of(k->text));
	struct reply reply = { .code = (int16_t)k->code, .text = guard.bytes };
	unsigned class, subject, detail;
	if (sscanf(k->enhanced, "%u.%u.%u", &class, &subject, &detail) == 3)
		reply.enhanced = (struct enhanced){ true, (uint8_t)class, (uint16_t)subject, (uint16_t)detail };
	struct words_result result = words_judge(table, NULL, k->stage, &reply);
	struct words_memo *memo = words_memo_new();
	for (int again = 0; again < 2; again++)
		assert_same(result, words_judge(table, memo, k->stage, &reply));
	words_memo_free(memo);
	if (result.matched.n) {
		assert_true(result.matched.p >= reply.text.p);
		assert_true(result.matched.p + result.matched.n <= reply.text.p + reply.text.n);
	}
	result.matched = (struct bytes){ 0 };
	guard_free(&guard);
	return result;
}

static void one_reply(void **state)
{
	const struct reply_case *k = *state;
	struct words_result result = reply_judge(words, k);
	if (!accepted(k->causes, result.cause))
		fail_msg("%s: '%s' is taken for %s, not %s", k->name, k->text, cause_entry(result.cause)->slug, k->causes);
	for (size_t i = 0; i < result.nalso; i++)
		assert_int_not_equal(result.also[i], result.cause);
}

int replies_run(const char *group, const struct reply_case *rows, size_t n)
{
	struct error error = { 0 };
	words = words_new(NULL, &error);
	if (!words) {
		print_error("%s\n", error.sentence);
		return 1;
	}
	int failed = table_run(group, rows, n, sizeof *rows, one_reply);
	words_free(words);
	return failed;
}
