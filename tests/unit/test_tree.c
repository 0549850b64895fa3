/* test_tree.c - records written as pages of a b-tree are rows that SQLite reads, and finds sound. */
#include "support/table.h"

#include "base/text.h"
#include "store/database.h"
#include "store/record.h"
#include "store/tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOCK_PAGE = 131073, HEAD = 4 };

static const struct kase {
	const char *name;
	unsigned rows;
	size_t least, most;   /* octets of a text */
	int64_t first, step;  /* ids */
	uint32_t begin;       /* page that the first leaf goes to; 0: behind the last */
} cases[] = {
	{ "none", 0, 0, 0, 1, 1, 0 },
	{ "one", 1, 5, 5, 1, 1, 0 },
	{ "one of the greatest id", 1, 5, 5, INT64_MAX, 1, 0 },
	{ "one page", 300, 10, 10, 1, 1, 0 },
	{ "two pages", 2, 8000, 8000, 1, 1, 0 },
	{ "as many pages as are written at once", 16, 8000, 8000, 1, 1, 0 },
	{ "one more", 17, 8000, 8000, 1, 1, 0 },
	{ "texts of any length", 3000, 0, 8100, 1, 7, 0 },
	{ "empty texts", 70000, 0, 0, 1, 1, 0 },
	{ "as many as one interior page leads to", 546, 8000, 8000, 1, 1, 0 },
	{ "one more than that", 547, 8000, 8000, 1, 1, 0 },
	{ "ids of nine octets", 1700, 8000, 8000, INT64_MAX / 2, 1000001, 0 },
	{ "around the page that stays empty", 40, 8000, 8000, 1, 1, LOCK_PAGE - 7 },
	{ "from the page that stays empty", 40, 8000, 8000, 1, 1, LOCK_PAGE },
	{ "up to the page that stays empty", 16, 8000, 8000, 1, 1, LOCK_PAGE - 16 },
};

static int64_t number(struct database *d, const char *sql)
{
	struct error error = { 0 };
	int64_t n = -1;
	if (!database_number(d, sql, &n, &error))
		fail_msg("%s", error.sentence);
	return n;
}

static size_t length_of(const struct kase *k, unsigned i)
{
	return k->least + i * (size_t)2654435761 % (k->most - k->least + 1);
}

/* A record of NULL for the id, and a text of the same letter: sqlite.org/fileformat2.html#record_format. */
static void add(struct tree *t, const struct kase *k, unsigned i)
{
	static uint8_t body[TREE_PAGE];
	struct error error = { 0 };
	size_t n = length_of(k, i), type = 13 + 2 * n;
	memset(body, 'a' + (int)(i % 26), n);
	const uint8_t head[] = { HEAD, 0, (uint8_t)(type >> 7 | 0x80), type & 0x7f };
	int64_t id = k->first + i * k->step;
	assert_true(tree_takes(t, id, HEAD + n));
	assert_true(tree_add(t, id, (struct bytes){ head, HEAD }, (struct bytes){ body, n }, &error));
	assert_false(tree_takes(t, id, HEAD + n));
	assert_false(tree_takes(t, id - 1, HEAD + n));
}

static void read_all(struct database *d, const struct kase *k)
{
	struct error error = { 0 };
	sqlite3_stmt *statement = database_statement(d, "SELECT id, name, trim(name, substr(name, 1, 1)) FROM things ORDER BY id", &error);
	for (unsigned i = 0; i < k->rows; i++) {
		assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
		assert_int_equal(sqlite3_column_int64(statement, 0), k->first + i * k->step);
		assert_int_equal(sqlite3_column_bytes(statement, 1), length_of(k, i));
		if (length_of(k, i)) {
			assert_int_equal(sqlite3_column_text(statement, 1)[0], 'a' + i % 26);
			assert_int_equal(sqlite3_column_bytes(statement, 2), 0);
		}
	}
	assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
	sqlite3_finalize(statement);
	for (unsigned i = 0; i < k->rows; i += 1 + k->rows / 50) {
		char sql[80];
		snprintf(sql, sizeof sql, "SELECT length(name) FROM things WHERE id = %lld", (long long)(k->first + i * k->step));
		assert_int_equal(number(d, sql), length_of(k, i));
	}
}

static void write_and_read(void **state)
{
	const struct kase *k = *state;
	struct database d;
	struct error error = { 0 };
	struct tree_file file;
	struct tree tree;
	assert_true(database_begin(&d, NULL, false, false, &error));
	assert_true(database_run(&d, "CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO cause VALUES (1, '', '', '', '', '', '', '', ''); COMMIT",
	                         &error));
	assert_true(tree_file_begin(&file, d.path, "test"));
	file.next = k->begin ? k->begin : file.next;
	tree_begin(&tree, &file, (uint32_t)number(&d, "SELECT rootpage FROM sqlite_schema WHERE name = 'things'"), 0);
	for (unsigned i = 0; i < k->rows; i++)
		add(&tree, k, i);
	assert_true(tree_end(&tree, &error));
	assert_true(tree_file_end(&file, &error));
	tree_free(&tree);
	read_all(&d, k);
	assert_int_equal(number(&d, "SELECT count(*) FROM cause"), 1);
	assert_int_not_equal(number(&d, "PRAGMA page_count"), LOCK_PAGE);
	if (!k->begin) /* else there are pages of nothing before them */
		assert_int_equal(number(&d, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
	/* SQLite goes on with what it found. */
	assert_true(database_run(&d, "BEGIN; DELETE FROM things WHERE id % 2; UPDATE things SET name = name || name; COMMIT", &error));
	assert_int_equal(number(&d, "SELECT count(*) FROM things WHERE id % 2"), 0);
	database_free(&d);
}

/* Ids that an index leads to: a page has 545 entries of these, and an interior page leads to 315. */
static const struct entries { const char *name; unsigned n; int64_t first, step; } entries[] = {
	{ "none", 0, 1, 1 },
	{ "one", 1, 1, 1 },
	{ "two", 2, 1, 1 },
	{ "some short ones", 3000, 1, 7 },
	{ "a page less one", 544, 5000000000, 9 },
	{ "a page", 545, 5000000000, 9 },
	{ "a page and one more", 546, 5000000000, 9 },
	{ "a page and two more", 547, 5000000000, 9 },
	{ "two pages less one", 1089, 5000000000, 9 },
	{ "two pages", 1090, 5000000000, 9 },
	{ "two pages and one more", 1091, 5000000000, 9 },
	{ "as many as one interior page leads to", 315 * 545, 5000000000, 9 },
	{ "one more than that", 315 * 545 + 1, 5000000000, 9 },
	{ "of the greatest ids", 5000, INT64_MAX / 2, 1000000007 },
};

enum { PER = 1000 };

static void index_row(struct tree *table, struct tree *index, int64_t id)
{
	struct error error = { 0 };
	uint8_t head[] = { 3, RECORD_NULL, record_type(id / PER) }, body[RECORD_NUMBER];
	size_t n = record_put(body, id / PER, head[2]);
	assert_true(tree_add(table, id, (struct bytes){ head, sizeof head }, (struct bytes){ body, n }, &error));
	assert_true(tree_add_id(index, id, &error));
}

static void index_and_find(void **state)
{
	const struct entries *k = *state;
	struct database d;
	struct error error = { 0 };
	struct tree_file file;
	struct tree table, index;
	assert_true(database_begin(&d, NULL, false, false, &error));
	assert_true(database_run(&d, "CREATE TABLE things (id INTEGER PRIMARY KEY, part INTEGER); CREATE INDEX by_part ON things (part); COMMIT", &error));
	assert_true(tree_file_begin(&file, d.path, "test"));
	tree_begin(&table, &file, (uint32_t)number(&d, "SELECT rootpage FROM sqlite_schema WHERE name = 'things'"), 0);
	tree_begin(&index, &file, (uint32_t)number(&d, "SELECT rootpage FROM sqlite_schema WHERE name = 'by_part'"), PER);
	for (unsigned i = 0; i < k->n; i++)
		index_row(&table, &index, k->first + i * k->step);
	assert_true(tree_end(&index, &error) && tree_end(&table, &error) && tree_file_end(&file, &error));
	tree_free(&table);
	tree_free(&index);
	assert_int_equal(number(&d, "SELECT count(*) FROM things INDEXED BY by_part WHERE part >= 0"), k->n);
	assert_int_equal(number(&d, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
	for (unsigned i = 0; i < k->n; i += 1 + k->n / 50) {
		char sql[120];
		int64_t id = k->first + i * k->step;
		snprintf(sql, sizeof sql, "SELECT id FROM things INDEXED BY by_part WHERE part = %lld AND id = %lld", (long long)(id / PER), (long long)id);
		assert_int_equal(number(&d, sql), id);
	}
	assert_true(database_run(&d, "BEGIN; DELETE FROM things WHERE id % 2; INSERT INTO things (part) VALUES (7); COMMIT", &error));
	assert_int_equal(number(&d, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
	database_free(&d);
}

/* What is not as it must be goes through SQLite. */
static const struct strange { const char *name, *sql; bool taken; } strangers[] = {
	{ "as reports are", "PRAGMA page_size = 8192", true },
	{ "pages of another size", "PRAGMA page_size = 4096", false },
	{ "another encoding", "PRAGMA page_size = 8192; PRAGMA encoding = 'UTF-16le'", false },
	{ "pages that point back", "PRAGMA page_size = 8192; PRAGMA auto_vacuum = 1", false },
};

static void only_ours(void **state)
{
	const struct strange *k = *state;
	char path[] = "/tmp/test_tree.XXXXXX";
	struct tree_file file;
	sqlite3 *db;
	close(mkstemp(path));
	assert_false(tree_file_begin(&file, path, "test")); /* it is empty */
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, k->sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE things (id INTEGER PRIMARY KEY)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(tree_file_begin(&file, path, "test"), k->taken);
	tree_file_free(&file);
	unlink(path);
	assert_false(tree_file_begin(&file, path, "test"));
}

static const struct rooms { const char *name; int64_t last, id; size_t record; bool taken; } rooms[] = {
	{ "the first", 0, 1, 10, true },
	{ "none is 0", 0, 0, 10, false },
	{ "below 0", 0, -5, 10, false },
	{ "behind", 7, 8, 10, true },
	{ "the same", 7, 7, 10, false },
	{ "before", 7, 6, 10, false },
	{ "as long as fits", 7, 8, 8157, true },
	{ "longer", 7, 8, 8158, false },
};

static void takes(void **state)
{
	const struct rooms *k = *state;
	const struct tree tree = { .last = k->last };
	assert_int_equal(tree_takes(&tree, k->id, k->record), k->taken);
}

/* A full disk is an error that names the database. */
static void full_disk(void **state)
{
	(void)state;
	struct error error = { 0 };
	struct tree_file file = { .name = "report.db", .file = open("/dev/full", O_RDWR | O_CLOEXEC), .next = 2, .open = true };
	struct tree tree;
	if (file.file < 0)
		skip();
	tree_begin(&tree, &file, 2, 0);
	add(&tree, &cases[1], 0);
	assert_false(tree_end(&tree, &error));
	assert_int_equal(error.kind, ERROR_OUTPUT);
	assert_non_null(strstr(error.sentence, "report.db: cannot write the database: No space left on device"));
	tree_free(&tree);
	tree_file_free(&file);
}

static const struct special { const char *name; void (*run)(void **); } specials[] = {
	{ "a full disk", full_disk },
};

static void special(void **state)
{
	((const struct special *)*state)->run(NULL);
}

int main(void)
{
	return TABLE_RUN("tree", cases, write_and_read) + TABLE_RUN("tree: an index", entries, index_and_find) + TABLE_RUN("tree: files", strangers, only_ours) + TABLE_RUN("tree: rows", rooms, takes) +
		TABLE_RUN("tree: by itself", specials, special);
}
