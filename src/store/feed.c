/* feed.c - takes rows of one table, gives them to SQLite through a virtual table that only this connection sees. */
#include "store/feed.h"

#include "base/arena.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct table { /* a subclass of sqlite3_vtab, as SQLite wants it; likewise walk */
	sqlite3_vtab base;
	struct feed *feed;
};

struct walk {
	sqlite3_vtab_cursor base;
	unsigned row;
};

static int connect(sqlite3 *db, void *to, int n, const char *const *arguments, sqlite3_vtab **made, char **trouble)
{
	(void)n, (void)arguments, (void)trouble;
	struct feed *feed = to;
	struct text sql = { 0 };
	text_add_string(&sql, "CREATE TABLE feed (c0");
	for (unsigned i = 1; i < feed->columns; i++)
		text_addf(&sql, ", c%u", i);
	text_add_string(&sql, ")");
	int result = sqlite3_declare_vtab(db, sql.p);
	text_free(&sql);
	struct table *table = result == SQLITE_OK ? sqlite3_malloc(sizeof *table) : NULL;
	if (!table)
		return result == SQLITE_OK ? SQLITE_NOMEM : result;
	*table = (struct table){ .feed = feed };
	*made = &table->base;
	return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *table)
{
	sqlite3_free(table);
	return SQLITE_OK;
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->estimatedCost = FEED_ROWS;
	return SQLITE_OK;
}

static int open_walk(sqlite3_vtab *table, sqlite3_vtab_cursor **made)
{
	(void)table;
	struct walk *walk = sqlite3_malloc(sizeof *walk);
	if (!walk)
		return SQLITE_NOMEM;
	*walk = (struct walk){ 0 };
	*made = &walk->base;
	return SQLITE_OK;
}

static int close_walk(sqlite3_vtab_cursor *walk)
{
	sqlite3_free(walk);
	return SQLITE_OK;
}

static const struct feed *feed_of(const sqlite3_vtab_cursor *walk)
{
	return ((const struct table *)walk->pVtab)->feed;
}

static int rewind_walk(sqlite3_vtab_cursor *walk, int number, const char *name, int n, sqlite3_value **values)
{
	(void)number, (void)name, (void)n, (void)values;
	((struct walk *)walk)->row = 0;
	return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *walk)
{
	((struct walk *)walk)->row++;
	return SQLITE_OK;
}

static int is_over(sqlite3_vtab_cursor *walk)
{
	return ((struct walk *)walk)->row >= feed_of(walk)->rows;
}

static int column(sqlite3_vtab_cursor *walk, sqlite3_context *to, int at)
{
	const struct feed *feed = feed_of(walk);
	const struct cell *cell = &feed->cells[((struct walk *)walk)->row * feed->columns + (unsigned)at];
	if (cell->begin == FEED_NUMBER)
		sqlite3_result_int64(to, cell->number);
	else if (cell->begin == FEED_NULL)
		sqlite3_result_null(to);
	else
		sqlite3_result_text(to, feed->text.p + cell->begin, (int)cell->n, SQLITE_STATIC);
	return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *walk, sqlite3_int64 *id)
{
	*id = ((struct walk *)walk)->row;
	return SQLITE_OK;
}

/* No xCreate: the module is a table by itself, of no file. */
static const sqlite3_module module = {
	.iVersion = 1, .xConnect = connect, .xDisconnect = disconnect, .xBestIndex = best_index, .xOpen = open_walk, .xClose = close_walk,
	.xFilter = rewind_walk, .xNext = next, .xEof = is_over, .xColumn = column, .xRowid = row_id,
};

bool feed_open(struct feed *f, struct database *database, const char *table, unsigned columns, struct error *error)
{
	*f = (struct feed){ .database = database, .columns = columns };
	f->next = f->cells = memory_new(FEED_ROWS * columns, sizeof *f->cells);
	struct text sql = { 0 };
	snprintf(f->name, sizeof f->name, "feed_%s", table);
	bool done = sqlite3_create_module(database->db, f->name, &module, f) == SQLITE_OK || database_trouble(database, error);
	/* OR FAIL: a row that is refused ends the run; nothing is kept to undo the others. */
	text_addf(&sql, "INSERT OR FAIL INTO %s SELECT * FROM %s", table, f->name);
	f->insert = done ? database_statement(database, sql.p, error) : NULL;
	text_free(&sql);
	return f->insert;
}

bool feed_flush(struct feed *f, struct error *error)
{
	bool done = f->rows == 0 || database_step(f->database, f->insert, error);
	f->rows = 0;
	f->next = f->cells;
	if (f->text.room)
		text_clear(&f->text);
	return done;
}

bool feed_row(struct feed *f, struct error *error)
{
	f->rows++;
	assert(f->next == f->cells + (size_t)f->rows * f->columns);
	return (f->rows < FEED_ROWS && f->text.n < FEED_OCTETS) || feed_flush(f, error);
}

void feed_close(struct feed *f)
{
	sqlite3_finalize(f->insert);
	if (f->database && f->database->db)
		sqlite3_create_module(f->database->db, f->name, NULL, NULL);
	free(f->cells);
	text_free(&f->text);
	*f = (struct feed){ 0 };
}
