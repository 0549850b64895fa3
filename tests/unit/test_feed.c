/* test_feed.c - rows in any order of their ids, as many and as long as makes a feed give them in parts: all arrive, none twice, whole. */
#include "support/table.h"

#include "store/feed.h"

#include <stdlib.h>

static const struct kase {
	const char *name;
	unsigned rows, step, letters; /* the id of a row: its number * step % rows; how long its text may be */
} cases[] = {
	{ "none", 0, 1, 4 },
	{ "one", 1, 1, 4 },
	{ "in order", 3000, 1, 30 },
	{ "backwards", 3001, 3000, 30 },
	{ "mixed", 3001, 1234, 30 },
	{ "exactly as many as it keeps", FEED_ROWS, 1, 30 },
	{ "texts that fill it first", 307, 77, 40000 },
	{ "empty texts", 2000, 1, 1 },
};

static int64_t number(struct database *d, const char *sql)
{
	struct error error = { 0 };
	int64_t n = -1;
	assert_true(database_number(d, sql, &n, &error));
	return n;
}

/* things: id, a text of id % letters letters that a row dropped another text for, NULL for odd ones, the lowest number there is. */
static void give_and_read(void **state)
{
	const struct kase *k = *state;
	struct database d;
	struct error error = { 0 };
	struct feed f;
	assert_true(database_begin(&d, NULL, false, false, &error));
	assert_true(database_run(&d, "CREATE TABLE things (id INTEGER PRIMARY KEY, name, odd, lowest)", &error));
	assert_true(feed_open(&f, &d, "things", 4, &error));
	for (unsigned i = 0; i < k->rows; i++) {
		unsigned id = i * k->step % k->rows + 1;
		feed_number(&f, id);
		text_add_string(feed_text_begin(&f), "unwanted");
		assert_int_equal(feed_text_made(&f).n, 8);
		feed_text_drop(&f);
		struct text *name = feed_text_begin(&f);
		for (unsigned n = id % k->letters; n; n--)
			text_add_octet(name, (uint8_t)('a' + id % 26));
		feed_text_end(&f);
		feed_id(&f, id % 2 ? 0 : id);
		feed_number(&f, INT64_MIN);
		assert_true(feed_row(&f, &error));
	}
	assert_true(feed_flush(&f, &error));
	assert_true(feed_flush(&f, &error));
	feed_close(&f);
	struct text wrong = { 0 };
	text_addf(&wrong, "SELECT count(*) FROM things WHERE typeof(name) <> 'text' OR length(name) <> id %% %u OR trim(name, char(97 + id %% 26)) <> '' OR "
	          "odd IS NOT iif(id %% 2, NULL, id) OR lowest <> -9223372036854775807 - 1", k->letters);
	assert_int_equal(number(&d, "SELECT count(*) FROM things"), k->rows);
	assert_int_equal(number(&d, "SELECT coalesce(max(id), 0) FROM things"), k->rows);
	assert_int_equal(number(&d, wrong.p), 0);
	text_free(&wrong);
	database_free(&d);
}

/* Columns that the statement asks for in another order than they came in are the same. */
static void any_order(void **state)
{
	(void)state;
	struct database d;
	struct error error = { 0 };
	struct feed f;
	assert_true(database_begin(&d, NULL, false, false, &error));
	assert_true(database_run(&d, "CREATE TABLE things (name, n)", &error));
	assert_true(feed_open(&f, &d, "things", 2, &error));
	feed_text(&f, B("seven"));
	feed_number(&f, 7);
	assert_true(feed_row(&f, &error));
	f.going = 1; /* as while rows are given */
	assert_int_equal(number(&d, "SELECT c1 * 1000 + length(c0) * 10 + c1 FROM feed_things"), 7057);
	feed_close(&f);
	database_free(&d);
}

/* The same id twice: what SQLite says is an error, not a row lost. */
static void twice(void **state)
{
	(void)state;
	struct database d;
	struct error error = { 0 };
	struct feed f;
	assert_true(database_begin(&d, NULL, false, false, &error));
	assert_true(database_run(&d, "CREATE TABLE things (id INTEGER PRIMARY KEY)", &error));
	assert_true(feed_open(&f, &d, "things", 1, &error));
	for (int i = 0; i < 2; i++) {
		feed_number(&f, 5);
		assert_true(feed_row(&f, &error));
	}
	assert_false(feed_flush(&f, &error));
	assert_int_equal(error.kind, ERROR_OUTPUT);
	feed_close(&f);
	database_free(&d);
}

static const struct special { const char *name; void (*run)(void **); } specials[] = {
	{ "columns asked for in another order", any_order },
	{ "an id twice", twice },
};

static void special(void **state)
{
	((const struct special *)*state)->run(NULL);
}

int main(void)
{
	return TABLE_RUN("feed", cases, give_and_read) + TABLE_RUN("feed: by itself", specials, special);
}
