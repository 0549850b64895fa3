/* feed - rows of one table, gathered and given to the database by the thousand, those with the lowest ids first.
 * In:    the columns of a row, left to right, each by one call; texts are copied. Numbers go in columns that hold numbers or anything, texts in
 *        columns that hold texts or anything: nothing is converted.
 * Out:   the rows in the table after feed_flush; before it, some of them. After feed_direct they go past SQLite, into the pages of the
 *        table's b-tree (tree.h), and are there after feed_settle and feed_gather.
 * Keeps: FEED_ROWS rows, or FEED_OCTETS; past SQLite, where many come too late for that, up to FEED_GROWS times as much. When it is full,
 *        the half with the lower ids goes: sessions end in another order than they begin in, and a row behind all others of its table costs
 *        a small part of one that comes between them and parts a full page.
 * Why:   to begin and end a statement, to open a cursor and to find the end of the table costs as much as to insert; one statement
 *        that selects from a virtual table (sqlite.org/vtab.html) does it once for all the rows.
 * Lives: until feed_close, which flushes nothing. */
#ifndef SMTPWHY_STORE_FEED_H
#define SMTPWHY_STORE_FEED_H

#include "base/text.h"
#include "store/database.h"
#include "store/record.h"
#include "store/tree.h"

enum { FEED_ROWS = 4096, FEED_OCTETS = 1024 * 1024, FEED_GROWS = 4, FEED_COLUMNS = 43 };

/* A row is a record, but for the head, which stands behind the values. */
enum { FEED_TYPE_MOST = 5 /* octets of a type */, FEED_HEAD_MOST = 2 + FEED_COLUMNS * FEED_TYPE_MOST };

struct feed_place { /* of a row */
	int64_t id;              /* the key of the order: its first column, which in the record is NULL, where numbered; else one more than that of the row before it */
	uint32_t begin, n, head; /* head: octets at its end */
	bool numbered, older;    /* older: it lies in feed.older, else in feed.rows */
};

struct feed {
	struct database *database;
	sqlite3_stmt *insert, *set_aside; /* set_aside: into the temporary table of the rows that the tree does not take; NULL until there are some */
	char name[32];
	const char *table;
	unsigned columns, count, going; /* going: of the rows, those that the statement takes */
	unsigned ordered;               /* of the rows, those at the start that stand in order of their ids */
	unsigned grown;                 /* it keeps so many times as much */
	size_t given, late;             /* to the tree; late: of them, those that came too late */
	struct feed_place *places, *spare_places;
	struct text rows, older;        /* older: with what stayed when others went */
	size_t octets;                  /* of the rows in both, without those that went */
	uint32_t row_begin, text_begin; /* of the row that is being made, of the text between feed_text_begin and its end */
	unsigned nhead;                 /* octets of the types of that row's columns */
	int64_t id;                     /* of that row, where numbered; else of the one before it */
	bool numbered;
	uint8_t head[FEED_HEAD_MOST];
	unsigned made;                  /* columns of that row. Not beside nhead: two numbers that were written one by one wait to be read as one */
	struct tree tree, index;        /* not of a file: SQLite inserts; there is none */
};

/* The feed stays where it is until feed_close, which comes before the database's end. */
bool feed_open(struct feed *, struct database *, const char *table, unsigned columns, struct error *);
bool feed_row(struct feed *, struct error *);   /* the row is whole */
bool feed_flush(struct feed *, struct error *); /* all rows; also where the feed was never opened */
/* Past SQLite, into an empty table whose first column is its id, or holds no numbers; until feed_settle nothing else touches the table.
 * When every feed of the file has settled, and SQLite has it again, feed_gather brings what was set aside. index: the only one of the table, by
 * id / per, which is a column of it; NULL: there is none. */
bool feed_direct(struct feed *, struct tree_file *, const char *index, int64_t per, struct error *);
bool feed_settle(struct feed *, struct error *);
bool feed_gather(struct feed *, struct error *);
/* The same for all feeds of a database that is in a transaction, as it is behind each of the two. indexes: by feed; NULL: there are none. A file
 * that is not as tree.h knows it stays closed, and SQLite inserts: feeds_settle flushes then. */
bool feeds_direct(struct feed *const *, size_t n, struct tree_file *, const char *const *indexes, int64_t per, struct error *);
bool feeds_settle(struct feed *const *, size_t n, struct tree_file *, struct error *);
void feed_close(struct feed *);                 /* also of a zeroed one */

static inline char *feed_room(struct feed *f, size_t more)
{
	text_room(&f->rows, more);
	return f->rows.p + f->rows.n;
}

static inline void feed_number(struct feed *f, int64_t number)
{
	uint8_t *type = &f->head[f->nhead++];
	if (f->made++ == 0) {
		f->id = number;
		f->numbered = true;
		*type = RECORD_NULL;
	} else {
		*type = record_type(number);
		f->rows.n += record_put(feed_room(f, RECORD_NUMBER), number, *type);
	}
}

static inline void feed_null(struct feed *f)
{
	f->head[f->nhead++] = RECORD_NULL;
	f->made++;
}

static inline void feed_id(struct feed *f, int64_t id) /* 0 is NULL */
{
	if (id)
		feed_number(f, id);
	else
		feed_null(f);
}

/* Several at once, not the first of the row: less than one after the other costs. ids: 0 is NULL. */
static inline void feed_many(struct feed *f, const int64_t *numbers, size_t n, bool ids)
{
	uint8_t *begin = (uint8_t *)feed_room(f, n * RECORD_NUMBER), *at = begin, *types = f->head + f->nhead;
	for (size_t i = 0; i < n; i++) {
		types[i] = record_type_of(numbers[i], ids);
		at += record_put(at, numbers[i], types[i]);
	}
	f->rows.n += (size_t)(at - begin);
	f->nhead += (unsigned)n;
	f->made += (unsigned)n;
}
#define FEED_NUMBERS(feed, ...) FEED_MANY(feed, false, __VA_ARGS__)
#define FEED_IDS(feed, ...) FEED_MANY(feed, true, __VA_ARGS__)
#define FEED_MANY(feed, ids, ...) \
	feed_many((feed), (const int64_t[]){ __VA_ARGS__ }, sizeof (const int64_t[]){ __VA_ARGS__ } / sizeof(int64_t), (ids))

/* A text that is made where it stays: what is added to the result until feed_text_end. feed_text_drop: it was not wanted. */
static inline struct text *feed_text_begin(struct feed *f)
{
	f->text_begin = (uint32_t)f->rows.n;
	return &f->rows;
}

static inline struct bytes feed_text_made(const struct feed *f)
{
	return (struct bytes){ (const uint8_t *)f->rows.p + f->text_begin, f->rows.n - f->text_begin };
}

static inline void feed_text_end(struct feed *f)
{
	uint64_t type = RECORD_TEXT + 2 * (f->rows.n - f->text_begin);
	f->nhead += (unsigned)record_put_varint(f->head + f->nhead, type);
	f->made++;
}

static inline void feed_text_drop(struct feed *f)
{
	f->rows.n = f->text_begin;
}

static inline void feed_text(struct feed *f, struct bytes text) /* .p NULL is NULL */
{
	if (!text.p) {
		feed_null(f);
		return;
	}
	text_add(feed_text_begin(f), text);
	feed_text_end(f);
}

#endif
