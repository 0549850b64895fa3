/* feed.c - takes rows of one table, gives them to SQLite through a virtual table that only this connection sees, or to the tree of the table. */
#include "store/feed.h"

#include "base/arena.h"
#include "base/order.h"

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
	unsigned row, column;        /* column: that next begins at */
	const uint8_t *type, *value; /* of it */
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

static const uint8_t *octets_of(const struct feed *f, const struct feed_place *row)
{
	return (const uint8_t *)(row->older ? f->older.p : f->rows.p) + row->begin;
}

static void at_row(struct walk *walk)
{
	const struct feed *feed = feed_of(&walk->base);
	const struct feed_place *row = &feed->places[walk->row];
	walk->column = 0;
	walk->value = octets_of(feed, row);
	walk->type = walk->value + row->n - row->head;
	while (*walk->type++ & 0x80)
		; /* its length */
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

/* The type of the next column; *value: what it has, whose octets are the result. */
static size_t next_column(struct walk *walk, uint64_t *type, const uint8_t **value)
{
	*type = 0;
	do
		*type = *type << 7 | (*walk->type & 0x7f);
	while (*walk->type++ & 0x80);
	size_t n = *type >= RECORD_TEXT ? (size_t)(*type - RECORD_TEXT) / 2 : record_size((unsigned)*type);
	*value = walk->value;
	walk->value += n;
	walk->column++;
	return n;
}

static int64_t number_of(const uint8_t *value, size_t n)
{
	uint64_t number = n && value[0] & 0x80 ? UINT64_MAX : 0;
	for (size_t i = 0; i < n; i++)
		number = number << 8 | value[i];
	return (int64_t)number;
}

/* SQLite asks for the columns of a row one after the other; it may do otherwise. */
static int column(sqlite3_vtab_cursor *base, sqlite3_context *to, int at)
{
	struct walk *walk = (struct walk *)base;
	const struct feed_place *row = &feed_of(base)->places[walk->row];
	const uint8_t *value;
	uint64_t type;
	if ((unsigned)at < walk->column)
		at_row(walk);
	size_t n = next_column(walk, &type, &value);
	while (walk->column <= (unsigned)at)
		n = next_column(walk, &type, &value);
	if (at == 0 && row->numbered)
		sqlite3_result_int64(to, row->id);
	else if (type >= RECORD_TEXT)
		sqlite3_result_text(to, (const char *)value, (int)n, SQLITE_STATIC);
	else if (type >= RECORD_ZERO)
		sqlite3_result_int64(to, (int64_t)type - RECORD_ZERO);
	else if (type != RECORD_NULL) /* a result that is not set is NULL */
		sqlite3_result_int64(to, number_of(value, n));
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
	assert(columns <= FEED_COLUMNS);
	*f = (struct feed){ .database = database, .table = table, .columns = columns, .grown = 1 };
	f->places = memory_grow(NULL, FEED_ROWS, sizeof *f->places);
	f->spare_places = memory_grow(NULL, FEED_ROWS, sizeof *f->places);
	struct text sql = { 0 };
	snprintf(f->name, sizeof f->name, "feed_%s", table);
	bool done = sqlite3_create_module(database->db, f->name, &module, f) == SQLITE_OK || database_trouble(database, error);
	/* OR FAIL: a row that is refused ends the run; nothing is kept to undo the others. */
	text_addf(&sql, "INSERT OR FAIL INTO %s SELECT * FROM %s", table, f->name);
	f->insert = done ? database_statement(database, sql.p, error) : NULL;
	text_free(&sql);
	return f->insert;
}

/* ---- giving ---- */

static struct bytes body_of(const struct feed *f, const struct feed_place *row)
{
	return (struct bytes){ octets_of(f, row), row->n - row->head };
}

static struct bytes head_of(const struct feed *f, const struct feed_place *row)
{
	return (struct bytes){ octets_of(f, row) + row->n - row->head, row->head };
}

/* The statement takes the rows that stand first. */
static bool step(struct feed *f, sqlite3_stmt *statement, unsigned rows, struct error *error)
{
	f->going = rows;
	return database_step(f->database, statement, error);
}

/* What comes too late for the tree waits in a temporary table: SQLite has its rows in memory while they are few, then in a file of its own. */
static bool set_aside(struct feed *f, unsigned rows, struct error *error)
{
	struct text sql = { 0 };
	if (!f->set_aside) {
		text_addf(&sql, "CREATE TEMP TABLE late_%s AS SELECT * FROM main.%s WHERE 0", f->table, f->table);
		bool done = database_run(f->database, sql.p, error);
		text_clear(&sql);
		text_addf(&sql, "INSERT INTO temp.late_%s SELECT * FROM %s", f->table, f->name);
		f->set_aside = done ? database_statement(f->database, sql.p, error) : NULL;
		text_free(&sql);
	}
	return f->set_aside && step(f, f->set_aside, rows, error);
}

/* Who is late costs some times what another does, and memory costs nothing but itself. */
static void grow(struct feed *f)
{
	enum { LATE_OF = 16 };
	if (f->late <= f->given / LATE_OF || f->grown == FEED_GROWS)
		return;
	f->grown *= 2;
	f->given = f->late = 0;
	f->places = memory_grow(f->places, (size_t)f->grown * FEED_ROWS, sizeof *f->places);
	f->spare_places = memory_grow(f->spare_places, (size_t)f->grown * FEED_ROWS, sizeof *f->places);
}

/* They were made some time ago, and in another order. Inlined at once: gcc 12 takes a function that only fetches for one that does nothing. */
__attribute__((always_inline)) static inline void row_fetch(const struct feed *f, const struct feed_place *row)
{
	enum { LINES_MOST = 6 };
	const uint8_t *octets = octets_of(f, row);
	for (size_t at = 0; at < row->n && at < LINES_MOST * CACHE_LINE; at += CACHE_LINE)
		__builtin_prefetch(octets + at);
	__builtin_prefetch(octets + row->n - 1);
}

static bool give_tree(struct feed *f, unsigned rows, struct error *error)
{
	enum { AHEAD = 4 };
	unsigned late = 0;
	for (unsigned i = 0; i < rows; i++) {
		if (i + AHEAD < rows)
			row_fetch(f, &f->places[i + AHEAD]);
		const struct feed_place row = f->places[i];
		if (!tree_takes(&f->tree, row.id, row.n))
			f->places[late++] = row;
		else if (!tree_add(&f->tree, row.id, head_of(f, &row), body_of(f, &row), error) || (f->index.to && !tree_add_id(&f->index, row.id, error)))
			return false;
	}
	f->given += rows;
	f->late += late;
	return late == 0 || set_aside(f, late, error);
}

/* What stays where the first so many rows went is older from now on. It keeps its place, but for the few rows that were that already. */
static void leave(struct feed *f, unsigned gone)
{
	for (unsigned i = 0; i < gone; i++)
		f->octets -= f->places[i].n;
	f->ordered = f->count -= gone;
	for (unsigned i = 0; i < f->count; i++) {
		struct feed_place *row = &f->places[i];
		*row = f->places[gone + i];
		if (row->older) {
			struct bytes octets = { octets_of(f, row), row->n };
			row->begin = (uint32_t)f->rows.n;
			text_add(&f->rows, octets);
		}
		row->older = true;
	}
	struct text rows = f->older;
	f->older = f->rows;
	f->rows = rows;
	f->rows.n = 0;
	f->row_begin = 0;
}

/* Those that came out of order go in between those that stand in order. Rows of the same id stay in the order of their coming. */
static void put_in_order(struct feed *f)
{
	const struct feed_place *came = f->places + f->ordered;
	unsigned n = f->count - f->ordered;
	uint32_t *order = order_of_keys(&came->id, sizeof *came, n, NULL);
	struct feed_place *places = f->spare_places;
	for (unsigned i = 0, k = 0; i < f->count; i++) {
		unsigned stood = i - k;
		bool next = k < n && (stood == f->ordered || came[order[k]].id < f->places[stood].id);
		places[i] = next ? came[order[k++]] : f->places[stood];
	}
	f->spare_places = f->places;
	f->places = places;
	f->ordered = f->count;
	free(order);
}

static bool give(struct feed *f, unsigned rows, struct error *error)
{
	if (f->ordered < f->count)
		put_in_order(f);
	bool done = f->tree.to ? give_tree(f, rows, error) : step(f, f->insert, rows, error);
	leave(f, rows);
	grow(f);
	return done;
}

bool feed_flush(struct feed *f, struct error *error)
{
	return f->count == 0 || give(f, f->count, error);
}

bool feed_row(struct feed *f, struct error *error)
{
	uint8_t *to = (uint8_t *)feed_room(f, FEED_HEAD_MOST);
	unsigned head = f->nhead + (f->nhead < 0x7f ? 1 : 2);
	assert(f->made == f->columns);
	f->id += !f->numbered;
	if (head >= 0x80)
		*to++ = (uint8_t)(head >> 7 | 0x80);
	*to++ = head & 0x7f;
	memcpy(to, f->head, f->nhead);
	f->rows.n += head;
	f->ordered += f->ordered == f->count && (f->count == 0 || f->places[f->count - 1].id <= f->id);
	uint32_t n = (uint32_t)f->rows.n - f->row_begin;
	f->places[f->count++] = (struct feed_place){ .id = f->id, .begin = f->row_begin, .n = n, .head = head, .numbered = f->numbered };
	f->octets += n;
	f->row_begin = (uint32_t)f->rows.n;
	f->made = f->nhead = 0;
	f->numbered = false;
	return (f->count < f->grown * FEED_ROWS && f->octets < (size_t)f->grown * FEED_OCTETS) || give(f, (f->count + 1) / 2, error);
}

/* ---- past SQLite ---- */

static bool root_of(struct feed *f, const char *name, uint32_t *root, struct error *error)
{
	int64_t page = 0;
	struct text sql = { 0 };
	text_addf(&sql, "SELECT rootpage FROM sqlite_schema WHERE name = '%s'", name);
	bool done = database_number(f->database, sql.p, &page, error);
	text_free(&sql);
	*root = (uint32_t)page;
	return done;
}

bool feed_direct(struct feed *f, struct tree_file *to, const char *index, int64_t per, struct error *error)
{
	uint32_t root, index_root = 0;
	if (!root_of(f, f->table, &root, error) || (index && !root_of(f, index, &index_root, error)))
		return false;
	tree_begin(&f->tree, to, root, 0);
	if (index)
		tree_begin(&f->index, to, index_root, per);
	return true;
}

bool feed_settle(struct feed *f, struct error *error)
{
	bool done = feed_flush(f, error) && tree_end(&f->tree, error) && tree_end(&f->index, error);
	tree_free(&f->tree);
	tree_free(&f->index);
	return done;
}

bool feed_gather(struct feed *f, struct error *error)
{
	struct text sql = { 0 };
	if (!f->set_aside)
		return true;
	sqlite3_finalize(f->set_aside);
	f->set_aside = NULL;
	text_addf(&sql, "INSERT OR FAIL INTO main.%s SELECT * FROM temp.late_%s ORDER BY 1; DROP TABLE temp.late_%s", f->table, f->table, f->table);
	bool done = database_run(f->database, sql.p, error);
	text_free(&sql);
	return done;
}

bool feeds_direct(struct feed *const *feeds, size_t n, struct tree_file *to, const char *const *indexes, int64_t per, struct error *error)
{
	struct database *d = feeds[0]->database;
	bool done = database_run(d, "COMMIT", error);
	if (done && tree_file_begin(to, d->path, d->target ? d->target : d->path))
		for (size_t i = 0; done && i < n; i++)
			done = feed_direct(feeds[i], to, indexes ? indexes[i] : NULL, per, error);
	return done && database_run(d, "BEGIN", error);
}

bool feeds_settle(struct feed *const *feeds, size_t n, struct tree_file *file, struct error *error)
{
	bool done = true;
	for (size_t i = 0; done && i < n; i++)
		done = feed_settle(feeds[i], error);
	if (!done || !file->open)
		return done;
	struct database *d = feeds[0]->database;
	done = database_run(d, "COMMIT", error) && tree_file_end(file, error) && database_run(d, "BEGIN", error);
	for (size_t i = 0; done && i < n; i++)
		done = feed_gather(feeds[i], error);
	return done;
}

void feed_close(struct feed *f)
{
	sqlite3_finalize(f->insert);
	sqlite3_finalize(f->set_aside);
	if (f->database && f->database->db)
		sqlite3_create_module(f->database->db, f->name, NULL, NULL);
	tree_free(&f->tree);
	tree_free(&f->index);
	free(f->places);
	free(f->spare_places);
	text_free(&f->rows);
	text_free(&f->older);
	*f = (struct feed){ 0 };
}
