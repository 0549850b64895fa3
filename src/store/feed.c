/* feed.c - takes rows of one table, gives them to SQLite through a virtual table that only this connection sees. */
#include "store/feed.h"

#include "base/arena.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table { /* a subclass of sqlite3_vtab, as SQLite wants it; likewise walk */
	sqlite3_vtab base;
	struct feed *feed;
};

struct walk {
	sqlite3_vtab_cursor base;
	unsigned row, column;   /* column: that next begins at */
	const uint8_t *next;
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

static void at_row(struct walk *walk)
{
	const struct feed *feed = feed_of(&walk->base);
	walk->column = 0;
	walk->next = (const uint8_t *)feed->rows.p + feed->places[walk->row].begin;
}

static int rewind_walk(sqlite3_vtab_cursor *base, int number, const char *name, int n, sqlite3_value **values)
{
	(void)number, (void)name, (void)n, (void)values;
	struct walk *walk = (struct walk *)base;
	walk->row = 0;
	at_row(walk);
	return SQLITE_OK;
}

static int is_over(sqlite3_vtab_cursor *walk)
{
	return ((struct walk *)walk)->row >= feed_of(walk)->going;
}

static int next(sqlite3_vtab_cursor *base)
{
	struct walk *walk = (struct walk *)base;
	walk->row++;
	if (!is_over(base))
		at_row(walk);
	return SQLITE_OK;
}

static uint32_t text_size(const uint8_t *cell)
{
	uint32_t n;
	memcpy(&n, cell + 1, sizeof n);
	return n;
}

static const uint8_t *behind(const uint8_t *cell)
{
	return cell + (*cell == FEED_NULL ? 1 : *cell == FEED_NUMBER ? FEED_NUMBER_SIZE : FEED_TEXT_HEAD + text_size(cell));
}

/* SQLite asks for the columns of a row one after the other; it may do otherwise. */
static int column(sqlite3_vtab_cursor *base, sqlite3_context *to, int at)
{
	struct walk *walk = (struct walk *)base;
	if ((unsigned)at < walk->column)
		at_row(walk);
	for (; walk->column < (unsigned)at; walk->column++)
		walk->next = behind(walk->next);
	const uint8_t *cell = walk->next;
	walk->column++;
	if (*cell == FEED_NUMBER) {
		int64_t number;
		memcpy(&number, cell + 1, sizeof number);
		walk->next += FEED_NUMBER_SIZE;
		sqlite3_result_int64(to, number);
	} else if (*cell == FEED_TEXT) {
		uint32_t n = text_size(cell);
		walk->next += FEED_TEXT_HEAD + n;
		sqlite3_result_text(to, (const char *)cell + FEED_TEXT_HEAD, (int)n, SQLITE_STATIC);
	} else { /* a result that is not set is NULL */
		walk->next++;
	}
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
	f->places = memory_new(FEED_ROWS, sizeof *f->places);
	struct text sql = { 0 };
	snprintf(f->name, sizeof f->name, "feed_%s", table);
	bool done = sqlite3_create_module(database->db, f->name, &module, f) == SQLITE_OK || database_trouble(database, error);
	/* OR FAIL: a row that is refused ends the run; nothing is kept to undo the others. */
	text_addf(&sql, "INSERT OR FAIL INTO %s SELECT * FROM %s", table, f->name);
	f->insert = done ? database_statement(database, sql.p, error) : NULL;
	text_free(&sql);
	return f->insert;
}

/* The rows behind the first so many come to stand in order at the beginning of the spare text, which takes the place of the other. */
static void leave(struct feed *f, unsigned gone)
{
	struct text rows = f->rows;
	f->rows = f->spare;
	f->spare = rows;
	f->rows.n = 0;
	f->count -= gone;
	for (unsigned i = 0; i < f->count; i++) {
		struct feed_place from = f->places[gone + i];
		f->places[i] = (struct feed_place){ from.id, (uint32_t)f->rows.n, from.n };
		text_add(&f->rows, (struct bytes){ (const uint8_t *)rows.p + from.begin, from.n });
	}
	f->row_begin = (uint32_t)f->rows.n;
}

static bool give(struct feed *f, unsigned rows, struct error *error)
{
	f->going = rows;
	bool done = database_step(f->database, f->insert, error);
	leave(f, rows);
	return done;
}

bool feed_flush(struct feed *f, struct error *error)
{
	return f->count == 0 || give(f, f->count, error);
}

/* Behind the rows with lower ids, and those with the same. */
static void put_in_order(struct feed *f, struct feed_place row)
{
	unsigned from = 0, to = f->count;
	while (from < to) {
		unsigned middle = (from + to) / 2;
		if (f->places[middle].id > row.id)
			to = middle;
		else
			from = middle + 1;
	}
	memmove(&f->places[from + 1], &f->places[from], (f->count - from) * sizeof *f->places);
	f->places[from] = row;
	f->count++;
}

bool feed_row(struct feed *f, struct error *error)
{
	const char *first = f->rows.p + f->row_begin;
	struct feed_place row = { 0, f->row_begin, (uint32_t)f->rows.n - f->row_begin };
	assert(f->made == f->columns);
	if (*first == FEED_NUMBER)
		memcpy(&row.id, first + 1, sizeof row.id);
	put_in_order(f, row);
	f->row_begin = (uint32_t)f->rows.n;
	f->made = 0;
	return (f->count < FEED_ROWS && f->rows.n < FEED_OCTETS) || give(f, (f->count + 1) / 2, error);
}

void feed_close(struct feed *f)
{
	sqlite3_finalize(f->insert);
	if (f->database && f->database->db)
		sqlite3_create_module(f->database->db, f->name, NULL, NULL);
	free(f->places);
	text_free(&f->rows);
	text_free(&f->spare);
	*f = (struct feed){ 0 };
}
