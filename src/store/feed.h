/* feed - rows of one table, gathered and given to SQLite by the hundred.
 * In:    the columns of a row, left to right, each by one call; texts are copied.
 * Out:   the rows in the table after feed_flush; before it, some of them.
 * Keeps: FEED_ROWS rows, or FEED_OCTETS of their texts.
 * Why:   to begin and end a statement, to open a cursor and to find the end of the table costs as much as to insert; one statement
 *        that selects from a virtual table (sqlite.org/vtab.html) does it once for all the rows.
 * Lives: until feed_close, which flushes nothing. */
#ifndef SMTPWHY_STORE_FEED_H
#define SMTPWHY_STORE_FEED_H

#include "base/text.h"
#include "store/database.h"

enum { FEED_ROWS = 128, FEED_OCTETS = 128 * 1024 };

struct cell { /* text: n octets from begin in feed.text; number: begin is FEED_NUMBER; NULL: FEED_NULL */
	uint32_t begin, n;
	int64_t number;
};
enum { FEED_NUMBER = UINT32_MAX - 1, FEED_NULL };

struct feed {
	struct database *database;
	sqlite3_stmt *insert;
	char name[32];
	unsigned columns, rows;
	struct cell *cells, *next;
	struct text text;
	uint32_t text_begin;      /* of the text between feed_text_begin and its end */
};

/* The feed stays where it is until feed_close, which comes before the database's end. */
bool feed_open(struct feed *, struct database *, const char *table, unsigned columns, struct error *);
bool feed_row(struct feed *, struct error *);   /* the row is whole */
bool feed_flush(struct feed *, struct error *); /* also where the feed was never opened */
void feed_close(struct feed *);                 /* also of a zeroed one */

static inline void feed_number(struct feed *f, int64_t number)
{
	*f->next++ = (struct cell){ .begin = FEED_NUMBER, .number = number };
}

static inline void feed_null(struct feed *f)
{
	*f->next++ = (struct cell){ .begin = FEED_NULL };
}

static inline void feed_id(struct feed *f, int64_t id) /* 0 is NULL */
{
	*f->next++ = (struct cell){ .begin = id ? FEED_NUMBER : FEED_NULL, .number = id };
}

/* A text that is made where it stays: what is added to the result until feed_text_end. feed_text_drop: it was not wanted. */
static inline struct text *feed_text_begin(struct feed *f)
{
	f->text_begin = (uint32_t)f->text.n;
	return &f->text;
}

static inline struct bytes feed_text_made(const struct feed *f)
{
	return (struct bytes){ (const uint8_t *)f->text.p + f->text_begin, f->text.n - f->text_begin };
}

static inline void feed_text_end(struct feed *f)
{
	*f->next++ = (struct cell){ .begin = f->text_begin, .n = (uint32_t)(f->text.n - f->text_begin) };
}

static inline void feed_text_drop(struct feed *f)
{
	f->text.n = f->text_begin;
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
