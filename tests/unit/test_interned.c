/* test_interned.c - texts that come again have one row, and which rows are made never depends on where words of ours lie in memory. */
#include "store/interned.h"

#include "support/table.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct kase {
	const char *name;
	unsigned texts, words; /* different ones, which take turns */
	unsigned rounds;
	size_t length;         /* of a text */
} cases[] = {
	{ "few", 5, 3, 10, 20 },
	{ "many short ones: all are forgotten now and then", 20000, 7, 2, 12 },
	{ "long ones: the same", 1700, 11, 4, 1500 },
	{ "many words", 40, 3000, 3, 40 },
};

static void open_database(struct database *d, struct interned *t)
{
	struct error error = { 0 };
	*d = (struct database){ 0 };
	assert_int_equal(sqlite3_open(":memory:", &d->db), SQLITE_OK);
	assert_true(database_run(d, "CREATE TABLE text (text_id INTEGER PRIMARY KEY, text TEXT)", &error));
	assert_true(interned_begin(t, d, &error));
}

/* Words that lie one behind the other, or each alone at a place where another one was before. */
static int64_t says(struct interned *t, char *room, unsigned word, bool one_place, struct error *error)
{
	char *at = room + (one_place ? 0 : 64 * (size_t)word);
	snprintf(at, 64, "what is said of it, number %u", word);
	return interned_says(t, at, error);
}

static void same_rows(void **state)
{
	const struct kase *k = *state;
	struct database d[2];
	struct interned *t[2] = { calloc(1, sizeof **t), calloc(1, sizeof **t) };
	struct error error = { 0 };
	char *room = calloc(k->words, 64), *line = calloc(1, k->length + 1);
	int64_t last = 0;
	memset(line, 'x', k->length);
	for (int i = 0; i < 2; i++)
		open_database(&d[i], t[i]);
	for (unsigned n = 0; n < k->rounds * k->texts; n++) {
		line[snprintf(line, k->length, "%u", n % k->texts)] = 'x';
		struct bytes text = { (const uint8_t *)line, k->length };
		int64_t id = interned_id(t[0], text, &error);
		assert_int_equal(interned_id(t[1], text, &error), id);
		assert_int_equal(interned_id(t[0], text, &error), id);
		int64_t word = says(t[0], room, n % k->words, false, &error);
		assert_int_equal(says(t[1], room, n % k->words, true, &error), word);
		assert_true(id > 0 && word > 0 && id != word);
		last = id > last ? id : last;
	}
	assert_true(last >= k->texts);
	for (int i = 0; i < 2; i++) {
		interned_free(t[i]);
		free(t[i]);
		sqlite3_close(d[i].db);
	}
	free(room);
	free(line);
}

int main(void)
{
	return TABLE_RUN("interned texts", cases, same_rows);
}
