/* feed - rows of one table, gathered and given to SQLite by the hundred, those with the lowest ids first.
 * In:    the columns of a row, left to right, each by one call; texts are copied.
 * Out:   the rows in the table after feed_flush; before it, some of them.
 * Keeps: FEED_ROWS rows, or FEED_OCTETS. When it is full, the half with the lower ids goes: sessions end in another order than they
 *        begin in, and a row behind all others of its table costs SQLite a small part of one that comes between them and parts a full page.
 * Why:   to begin and end a statement, to open a cursor and to find the end of the table costs as much as to insert; one statement
 *        that selects from a virtual table (sqlite.org/vtab.html) does it once for all the rows.
 * Lives: until feed_close, which flushes nothing. */
#ifndef SMTPWHY_STORE_FEED_H
#define SMTPWHY_STORE_FEED_H

#include "base/text.h"
#include "store/database.h"

enum { FEED_ROWS = 1024, FEED_OCTETS = 1024 * 1024 };

/* A column is an octet that says what it is; behind it the 8 of a number, or the 4 of a length and the text. */
enum feed_cell { FEED_NULL, FEED_NUMBER, FEED_TEXT };
enum { FEED_NUMBER_SIZE = 1 + sizeof(int64_t), FEED_TEXT_HEAD = 1 + sizeof(uint32_t) };

struct feed_place { /* of a row */
	int64_t id;        /* its first column; 0 where that is no number */
	uint32_t begin, n; /* in feed.rows */
};

struct feed {
	struct database *database;
	sqlite3_stmt *insert;
	char name[32];
	unsigned columns, count, going; /* going: of the rows, those that the statement takes */
	struct feed_place *places;      /* by id */
	struct text rows, spare;        /* what stays when half of the rows go moves to the spare one */
	uint32_t row_begin, text_begin; /* of the row that is being made, of the text between feed_text_begin and its end */
	unsigned made;                  /* columns of that row */
};

/* The feed stays where it is until feed_close, which comes before the database's end. */
bool feed_open(struct feed *, struct database *, const char *table, unsigned columns, struct error *);
bool feed_row(struct feed *, struct error *);   /* the row is whole */
bool feed_flush(struct feed *, struct error *); /* all rows; also where the feed was never opened */
void feed_close(struct feed *);                 /* also of a zeroed one */

static inline char *feed_room(struct feed *f, size_t more)
{
	if (f->rows.room - f->rows.n <= more)
		text_room(&f->rows, more);
	return f->rows.p + f->rows.n;
}

static inline void feed_number(struct feed *f, int64_t number)
{
	char *at = feed_room(f, FEED_NUMBER_SIZE);
	*at = FEED_NUMBER;
	memcpy(at + 1, &number, sizeof number);
	f->rows.n += FEED_NUMBER_SIZE;
	f->made++;
}

static inline void feed_null(struct feed *f)
{
	*feed_room(f, 1) = FEED_NULL;
	f->rows.n++;
	f->made++;
}

static inline void feed_id(struct feed *f, int64_t id) /* 0 is NULL */
{
	if (id)
		feed_number(f, id);
	else
		feed_null(f);
}

/* A text that is made where it stays: what is added to the result until feed_text_end. feed_text_drop: it was not wanted. */
static inline struct text *feed_text_begin(struct feed *f)
{
	feed_room(f, FEED_TEXT_HEAD);
	f->rows.n += FEED_TEXT_HEAD;
	f->text_begin = (uint32_t)f->rows.n;
	return &f->rows;
}

static inline struct bytes feed_text_made(const struct feed *f)
{
	return (struct bytes){ (const uint8_t *)f->rows.p + f->text_begin, f->rows.n - f->text_begin };
}

static inline void feed_text_end(struct feed *f)
{
	uint32_t n = (uint32_t)f->rows.n - f->text_begin;
	char *head = f->rows.p + f->text_begin - FEED_TEXT_HEAD;
	*head = FEED_TEXT;
	memcpy(head + 1, &n, sizeof n);
	f->made++;
}

static inline void feed_text_drop(struct feed *f)
{
	f->rows.n = f->text_begin - FEED_TEXT_HEAD;
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
