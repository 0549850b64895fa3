/* likeness.c - takes the errors in one pass, gives what those of each cause are like. Never draws. */
#include "report/likeness.h"

#include "base/arena.h"
#include "report/say.h"

#include <stdlib.h>

/* The errors once, by all that is asked of them: a few hundred rows, which the rest is made of. */
#define ALIKE "WITH alike AS MATERIALIZED (SELECT cause_id, certainty, code, enhanced, trigger_verb, count(*) AS n, min(error_id) AS first " \
	"FROM error GROUP BY 1, 2, 3, 4, 5) "
#define CERTAINTY "CASE certainty WHEN 2 THEN 'proven' WHEN 1 THEN 'likely' ELSE 'possible' END"
#define REPLY "trim(substr('00' || code, -3) || ' ' || coalesce(enhanced, '')) || ' to ' || coalesce(nullif(trigger_verb, ''), '(no verb)') || ':'"
#define KIND(kind, value) "SELECT cause_id, " #kind " AS kind, " value " AS value, sum(n) AS n FROM alike GROUP BY 1, 3"

static struct likeness *next_of(struct likenesses *all, int64_t cause_id)
{
	if (!all->n || all->all[all->n - 1].cause_id != cause_id) {
		MEMORY_ROOM(all->all, all->n, all->room);
		all->all[all->n++] = (struct likeness){ .cause_id = cause_id };
	}
	return &all->all[all->n - 1];
}

void likenesses_read(struct likenesses *all, struct reader *reader, unsigned most)
{
	_Static_assert(LIKENESS_CERTAINTY == 0 && LIKENESS_REPLIES == 1, "as the statement has them");
	*all = (struct likenesses){ 0 };
	struct rows *rows = read_rows(reader, ALIKE "SELECT cause_id, kind, value, n, (SELECT first FROM alike AS a WHERE a.cause_id = v.cause_id "
	                              "ORDER BY certainty DESC, trigger_verb IS NULL, first LIMIT 1) FROM (SELECT *, row_number() OVER "
	                              "(PARTITION BY cause_id, kind ORDER BY n DESC, value) AS place FROM (" KIND(0, CERTAINTY) " UNION ALL "
	                              KIND(1, REPLY) ")) AS v WHERE place <= %u ORDER BY cause_id, kind, place", most);
	while (read_next(reader, &rows)) {
		struct likeness *one = next_of(all, rows_integer(rows, 0));
		struct text *phrase = &one->phrases[rows_integer(rows, 1) == LIKENESS_REPLIES];
		one->example = rows_integer(rows, 4);
		text_add_string(phrase, phrase->n ? ", " : "");
		text_add(phrase, rows_text(rows, 2));
		text_add_octet(phrase, ' ');
		say_count(phrase, rows_integer(rows, 3));
	}
}

const struct likeness *likeness_of(const struct likenesses *all, int64_t cause_id)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->all[i].cause_id == cause_id)
			return &all->all[i];
	return NULL;
}

void likenesses_free(struct likenesses *all)
{
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < LIKENESS_KINDS; k++)
			text_free(&all->all[i].phrases[k]);
	free(all->all);
	*all = (struct likenesses){ 0 };
}
