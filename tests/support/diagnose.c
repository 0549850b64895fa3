/* diagnose.c - runs the diagnosis over a talk, whole and cut to pieces, and holds it against a row. */
#include "support/diagnose.h"

#include "base/utf8.h"
#include "smtp/dialogue.h"
#include "support/table.h"
#include "support/talk.h"

#include <stdio.h>
#include <string.h>

static bool is_slug(enum cause cause, const char *slug)
{
	return slug && !strcmp(cause_entry(cause)->slug, slug);
}

static void check_error(const struct diagnosis *d, const struct verdicts *v)
{
	if (d->error > v->nerrors)
		fail_msg("%s: %zu errors, wanted number %u", d->name, v->nerrors, d->error);
	const struct verdict *x = &v->errors[d->error - 1];
	assert_int_equal(x->ordinal, d->error);
	if (d->want && !is_slug(x->cause, d->want))
		fail_msg("%s: %s by %s, wanted %s", d->name, cause_entry(x->cause)->slug, x->rule, d->want);
	if (is_slug(x->cause, d->never))
		fail_msg("%s: %s by %s, which it must never be", d->name, d->never, x->rule);
	if (d->certainty && strcmp(certainty_name(x->certainty), d->certainty))
		fail_msg("%s: %s, wanted %s", d->name, certainty_name(x->certainty), d->certainty);
}

static void check_findings(const struct diagnosis *d, const struct verdicts *v)
{
	bool found = false;
	for (size_t i = 0; i < v->nfindings; i++) {
		found |= is_slug(v->findings[i].cause, d->want);
		if (is_slug(v->findings[i].cause, d->never))
			fail_msg("%s: a finding of %s, which must not be", d->name, d->never);
		assert_true(v->findings[i].nproofs > 0);
	}
	if (d->want && !found)
		fail_msg("%s: no finding of %s among %zu", d->name, d->want, v->nfindings);
}

/* A detail is shown and stored as text, whatever it quotes of the wire. */
static void check_text(const char *detail)
{
	for (struct bytes rest = bytes_of(detail); rest.n;) {
		size_t n = utf8_character(rest, NULL);
		if (n == 0 || rest.p[0] < 0x20)
			fail_msg("'%s' is not text", detail);
		rest = bytes_from(rest, n);
	}
}

static void check_same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a)
		assert_string_equal(a, b);
}

static void check_same(const struct verdicts *v, const struct verdicts *all)
{
	assert_int_equal(v->nerrors, all->nerrors);
	for (size_t i = 0; i < v->nerrors; i++) {
		const struct verdict *x = &v->errors[i], *y = &all->errors[i];
		assert_string_equal(cause_entry(x->cause)->slug, cause_entry(y->cause)->slug);
		assert_string_equal(x->rule, y->rule);
		assert_int_equal(x->certainty, y->certainty);
		assert_int_equal(x->nproofs, y->nproofs);
		assert_int_equal(x->nalso, y->nalso);
		for (size_t k = 0; k < x->nalso; k++)
			assert_int_equal(x->also[k], y->also[k]);
		check_same_text(x->detail, y->detail);
	}
	assert_int_equal(v->nfindings, all->nfindings);
	for (size_t i = 0; i < v->nfindings; i++) {
		const struct finding *x = &v->findings[i], *y = &all->findings[i];
		assert_string_equal(cause_entry(x->cause)->slug, cause_entry(y->cause)->slug);
		assert_int_equal(x->place.number, y->place.number);
		check_same_text(x->device, y->device);
		check_same_text(x->detail, y->detail);
	}
}

struct verdicts verdicts_of(const struct why *why, struct session *s)
{
	struct verdicts made = why_explain(why, s), all = why_explain_asking_all(why, s);
	const struct verdicts *v = &made;
	check_same(v, &all);
	for (size_t i = 0; i < v->nerrors; i++) {
		const struct verdict *x = &v->errors[i];
		check_text(x->detail);
		assert_true(x->nproofs > 0);
		for (size_t k = 0; k < x->nproofs; k++)
			assert_true(x->proofs[k].says && *x->proofs[k].says && x->proofs[k].place.number);
		for (size_t k = 0; k < x->nalso; k++) {
			assert_int_not_equal(x->also[k], x->cause);
			for (size_t j = 0; j < k; j++)
				assert_int_not_equal(x->also[j], x->also[k]);
		}
	}
	return made;
}

void diagnose(void **state)
{
	const struct diagnosis *d = *state;
	struct error error = { 0 };
	struct why *why = why_new((struct why_options){ 0 }, &error);
	if (!why)
		fail_msg("%s", error.sentence);
	struct session *s = talk_session(d->talk, 0);
	struct verdicts v = verdicts_of(why, s);
	if (d->error)
		check_error(d, &v);
	else
		check_findings(d, &v);
	session_free(s);
	why_free(why);
}
