/* test_feed.c - rows in any order of their ids, as many and as long as makes a feed give them in parts: all arrive, none twice, whole, through
 * SQLite and past it. */
#include "support/table.h"

#include "store/feed.h"

#include <stdlib.h>

enum { PER = 10 };

static const struct kase {
	const char *name;
	unsigned rows, step, letters; /* the id of a row: its number * step % rows; how long its text may be */
} cases[] = {
	{ "none", 0, 1, 4 },
	{ "one", 1, 1, 4 },
	{ "in order", 9000, 1, 30 },
	{ "backwards", 9001, 9000, 30 },
	{ "mixed", 9001, 1234, 30 },
	{ "exactly as many as it keeps", FEED_ROWS, 1, 30 },
	{ "texts that fill it first", 307, 77, 40000 },
	{ "texts that fill it first, in order", 307, 1, 40000 },
	{ "texts longer than a page, and those that just are not", 9000, 1, 8200 },
	{ "empty texts", 5000, 1, 1 },
};

static int64_t number(struct database *d, const char *sql)
{
	struct error error = { 0 };
	int64_t n = -1;
	assert_true(database_number(d, sql, &n, &error));
	return n;
}

static void run(struct database *d, const char *sql)
{
	struct error error = { 0 };
	if (!database_run(d, sql, &error))
		fail_msg("%s", error.sentence);
}

/* The feed stays where it is. */
static void things_open(struct database *d, struct feed *f, const char *table, unsigned columns)
{
	struct error error = { 0 };
	assert_true(database_begin(d, NULL, false, false, &error));
	run(d, table);
	assert_true(feed_open(f, d, "things", columns, &error));
}

/* SQLite leaves the file, and has it again. */
static void go_past(struct database *d, struct tree_file *file, struct feed *f, const char *index)
{
	struct error error = { 0 };
	run(d, "COMMIT");
	assert_true(tree_file_begin(file, d->path, "test"));
	assert_true(feed_direct(f, file, index, PER, &error));
	run(d, "BEGIN");
}

static void come_back(struct database *d, struct tree_file *file, struct feed *f)
{
	struct error error = { 0 };
	assert_true(feed_settle(f, &error));
	run(d, "COMMIT");
	assert_true(tree_file_end(file, &error));
	run(d, "BEGIN");
	assert_true(feed_gather(f, &error));
	assert_int_equal(number(d, "SELECT count(*) FROM temp.sqlite_schema"), 0);
}

static void is_sound(struct database *d)
{
	assert_int_equal(number(d, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
}

/* things: id, a text of id % letters letters that a row dropped another text for, NULL for odd ones, the lowest number there is, what it is
 * found by. */
static void give(struct feed *f, const struct kase *k)
{
	struct error error = { 0 };
	for (unsigned i = 0; i < k->rows; i++) {
		unsigned id = i * k->step % k->rows + 1;
		feed_number(f, id);
		text_add_string(feed_text_begin(f), "unwanted");
		assert_int_equal(feed_text_made(f).n, 8);
		feed_text_drop(f);
		struct text *name = feed_text_begin(f);
		for (unsigned n = id % k->letters; n; n--)
			text_add_octet(name, (uint8_t)('a' + id % 26));
		feed_text_end(f);
		feed_id(f, id % 2 ? 0 : id);
		feed_number(f, INT64_MIN);
		feed_number(f, id / PER);
		assert_true(feed_row(f, &error));
	}
}

static void read_all(struct database *d, const struct kase *k)
{
	struct text wrong = { 0 };
	text_addf(&wrong, "SELECT count(*) FROM things WHERE typeof(name) <> 'text' OR length(name) <> id %% %u OR trim(name, char(97 + id %% 26)) <> '' OR "
	          "odd IS NOT iif(id %% 2, NULL, id) OR lowest <> -9223372036854775807 - 1", k->letters);
	assert_int_equal(number(d, "SELECT count(*) FROM things"), k->rows);
	assert_int_equal(number(d, "SELECT coalesce(max(id), 0) FROM things"), k->rows);
	assert_int_equal(number(d, wrong.p), 0);
	assert_int_equal(number(d, "SELECT count(*) FROM things INDEXED BY by_part WHERE part = 3"), k->rows >= 4 * PER ? PER : 0);
	text_free(&wrong);
}

static void give_and_read(void **state)
{
	const struct kase *k = *state;
	for (unsigned past = 0; past < 2; past++) {
		struct database d;
		struct tree_file file;
		struct error error = { 0 };
		struct feed f;
		assert_true(database_begin(&d, NULL, false, false, &error));
		run(&d, "CREATE TABLE things (id INTEGER PRIMARY KEY, name, odd, lowest, part); CREATE INDEX by_part ON things (part)");
		assert_true(feed_open(&f, &d, "things", 5, &error));
		if (past)
			go_past(&d, &file, &f, "by_part");
		give(&f, k);
		if (past)
			come_back(&d, &file, &f);
		assert_true(feed_flush(&f, &error));
		assert_true(feed_flush(&f, &error));
		feed_close(&f);
		read_all(&d, k);
		is_sound(&d);
		database_free(&d);
	}
}

/* Numbers of each size, and those beside its limits, as they are read back. */
static void numbers(bool past)
{
	struct database d;
	struct tree_file file;
	struct error error = { 0 };
	struct feed f;
	int64_t all[2 * 64 * 3];
	size_t n = 0;
	for (unsigned bit = 0; bit < 63; bit++)
		for (int64_t by = -1; by <= 1; by++) {
			all[n++] = ((int64_t)1 << bit) + by;
			all[n++] = -((int64_t)1 << bit) + by;
		}
	all[n++] = INT64_MAX;
	all[n++] = INT64_MIN;
	assert_true(database_begin(&d, NULL, false, false, &error));
	run(&d, "CREATE TABLE numbers (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, behind TEXT)");
	assert_true(feed_open(&f, &d, "numbers", 3, &error));
	if (past)
		go_past(&d, &file, &f, NULL);
	for (size_t i = 0; i < n; i++) {
		feed_number(&f, (int64_t)i + 1);
		feed_number(&f, all[i]);
		feed_text(&f, B("behind"));
		assert_true(feed_row(&f, &error));
	}
	if (past)
		come_back(&d, &file, &f);
	assert_true(feed_flush(&f, &error));
	feed_close(&f);
	sqlite3_stmt *statement = database_statement(&d, "SELECT n, behind FROM numbers ORDER BY id", &error);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
		assert_int_equal(sqlite3_column_int64(statement, 0), all[i]);
		assert_string_equal((const char *)sqlite3_column_text(statement, 1), "behind");
	}
	assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
	sqlite3_finalize(statement);
	is_sound(&d);
	database_free(&d);
}

static void numbers_through(void **state)
{
	(void)state;
	numbers(false);
}

static void numbers_past(void **state)
{
	(void)state;
	numbers(true);
}

/* Columns that the statement asks for in another order than they came in are the same. */
static void any_order(void **state)
{
	(void)state;
	struct database d;
	struct error error = { 0 };
	struct feed f;
	things_open(&d, &f, "CREATE TABLE things (name, n)", 2);
	feed_text(&f, B("seven"));
	feed_number(&f, 7);
	assert_true(feed_row(&f, &error));
	f.going = 1; /* as while rows are given */
	assert_int_equal(number(&d, "SELECT c1 * 1000 + length(c0) * 10 + c1 FROM feed_things"), 7057);
	feed_close(&f);
	database_free(&d);
}

/* As many columns as there may be, of texts whose types need octets enough that the length of the head needs two. */
static void long_head(void **state)
{
	(void)state;
	enum { LONG = 9000 };
	static const uint8_t letters[LONG + FEED_COLUMNS];
	struct database d;
	struct error error = { 0 };
	struct feed f;
	struct text sql = { 0 };
	assert_true(database_begin(&d, NULL, false, false, &error));
	text_add_string(&sql, "CREATE TABLE things (c1");
	for (unsigned i = 2; i <= FEED_COLUMNS; i++)
		text_addf(&sql, ", c%u", i);
	text_add_string(&sql, ")");
	run(&d, sql.p);
	assert_true(feed_open(&f, &d, "things", FEED_COLUMNS, &error));
	for (unsigned row = 0; row < 3; row++) {
		for (unsigned i = 1; i <= FEED_COLUMNS; i++)
			feed_text(&f, (struct bytes){ letters, LONG + i });
		assert_true(feed_row(&f, &error));
	}
	assert_true(feed_flush(&f, &error));
	feed_close(&f);
	for (unsigned i = 1; i <= FEED_COLUMNS; i++) {
		text_clear(&sql);
		text_addf(&sql, "SELECT sum(length(CAST(c%u AS BLOB))) FROM things", i);
		assert_int_equal(number(&d, sql.p), 3 * (LONG + i));
	}
	text_free(&sql);
	is_sound(&d);
	database_free(&d);
}

/* Rows that come as far behind as a feed keeps rows are late at first; when it keeps more, they are no more. */
static void grows(void **state)
{
	(void)state;
	enum { BLOCK = 2 * FEED_ROWS, ROWS = 20 * BLOCK };
	struct database d;
	struct tree_file file;
	struct error error = { 0 };
	struct feed f;
	things_open(&d, &f, "CREATE TABLE things (id INTEGER PRIMARY KEY)", 1);
	go_past(&d, &file, &f, NULL);
	for (unsigned i = 0; i < ROWS; i++) { /* each second one of a block, then the others */
		unsigned in_block = i % BLOCK, half = BLOCK / 2;
		feed_number(&f, i - in_block + (in_block < half ? 2 * in_block : 2 * (in_block - half) + 1) + 1);
		assert_true(feed_row(&f, &error));
	}
	assert_true(f.grown > 1);
	assert_true(f.late < f.given / 16);
	come_back(&d, &file, &f);
	feed_close(&f);
	assert_int_equal(number(&d, "SELECT count(*) FROM things"), ROWS);
	is_sound(&d);
	database_free(&d);
}

/* The same id twice: what SQLite says is an error, not a row lost. */
static void twice(void **state)
{
	(void)state;
	struct database d;
	struct error error = { 0 };
	struct feed f;
	things_open(&d, &f, "CREATE TABLE things (id INTEGER PRIMARY KEY)", 1);
	for (int i = 0; i < 2; i++) {
		feed_number(&f, 5);
		assert_true(feed_row(&f, &error));
	}
	assert_false(feed_flush(&f, &error));
	assert_int_equal(error.kind, ERROR_OUTPUT);
	feed_close(&f);
	database_free(&d);
}

static void twice_past(void **state)
{
	(void)state;
	struct database d;
	struct tree_file file;
	struct error error = { 0 };
	struct feed f;
	things_open(&d, &f, "CREATE TABLE things (id INTEGER PRIMARY KEY)", 1);
	go_past(&d, &file, &f, NULL);
	for (int i = 0; i < 2; i++) {
		feed_number(&f, 5);
		assert_true(feed_row(&f, &error));
	}
	assert_true(feed_settle(&f, &error));
	run(&d, "COMMIT");
	assert_true(tree_file_end(&file, &error));
	run(&d, "BEGIN");
	assert_false(feed_gather(&f, &error));
	assert_int_equal(error.kind, ERROR_OUTPUT);
	feed_close(&f);
	database_free(&d);
}

/* They lie in the order of their coming. */
static void without_key(void **state)
{
	(void)state;
	enum { ROWS = 3 * FEED_ROWS };
	struct database d;
	struct tree_file file;
	struct error error = { 0 };
	struct feed f;
	struct text name = { 0 };
	things_open(&d, &f, "CREATE TABLE things (name TEXT NOT NULL, number)", 2);
	go_past(&d, &file, &f, NULL);
	for (int i = 1; i <= ROWS; i++) {
		text_clear(&name);
		text_addf(&name, "the %d", i);
		feed_text(&f, text_view(&name));
		feed_number(&f, i);
		assert_true(feed_row(&f, &error));
	}
	come_back(&d, &file, &f);
	feed_close(&f);
	assert_int_equal(number(&d, "SELECT count(*) FROM things WHERE number = rowid AND name = 'the ' || rowid"), ROWS);
	is_sound(&d);
	text_free(&name);
	database_free(&d);
}

static const struct special { const char *name; void (*run)(void **); } specials[] = {
	{ "columns asked for in another order", any_order },
	{ "a long head", long_head },
	{ "a table without a key, past SQLite", without_key },
	{ "many that are late", grows },
	{ "numbers of each size", numbers_through },
	{ "numbers of each size, past SQLite", numbers_past },
	{ "an id twice", twice },
	{ "an id twice, past SQLite", twice_past },
};

static void special(void **state)
{
	((const struct special *)*state)->run(NULL);
}

int main(void)
{
	return TABLE_RUN("feed", cases, give_and_read) + TABLE_RUN("feed: by itself", specials, special);
}
