/* query - reading a finished report database, and the questions that most readers ask.
 * In:    the path of a database that store.h wrote; SQL of ours or of a user.
 * Out:   rows, one at a time, typed; clear errors: no database, not ours, written by a newer smtpwhy.
 * Never: changes the database or any other: the connection is read-only and an authorizer refuses all that writes or attaches.
 * Lives: a row's texts until the next rows_next of the same rows; names until rows_free; rows must be freed before their report. */
#ifndef SMTPWHY_STORE_QUERY_H
#define SMTPWHY_STORE_QUERY_H

#include "base/bytes.h"
#include "base/error.h"

struct report;
struct report *report_open(const char *path, struct error *); /* NULL: the error is filled */
void report_map(struct report *); /* reads through a map of the file from now on: faster, and counted as memory of the process */
void report_close(struct report *);

struct rows;
enum rows_type { ROWS_NULL, ROWS_INTEGER, ROWS_REAL, ROWS_TEXT };
/* One statement that reads. NULL: it is no such statement (ERROR_USAGE, with SQLite's own words). */
struct rows *report_rows(struct report *, const char *sql, struct error *);
/* Parameters are named :name in the SQL; false: there is none of this name. Both before the first rows_next. */
bool rows_bind_text(struct rows *, const char *name, struct bytes value);
bool rows_bind_integer(struct rows *, const char *name, int64_t value);
bool rows_next(struct rows *, struct error *); /* false: no more, or the error is filled */
size_t rows_columns(const struct rows *);
const char *rows_name(const struct rows *, size_t column);
enum rows_type rows_type(const struct rows *, size_t column);
struct bytes rows_text(const struct rows *, size_t column);
int64_t rows_integer(const struct rows *, size_t column);
double rows_real(const struct rows *, size_t column);
bool rows_null(const struct rows *, size_t column);
void rows_free(struct rows *);

/* Named queries: queries.def, a row a question. */
struct query {
	const char *name;       /* "errors-by-server" */
	const char *question;   /* one line */
	const char *parameters; /* "address=,limit=20": names with their defaults, "" none; an empty value means all */
	const char *sql;        /* with :address and :limit */
};
size_t query_count(void);
const struct query *query_at(size_t);
const struct query *query_find(const char *name); /* NULL: none */
/* The query's rows, parameters bound: given "name=value" words override the defaults. NULL: a wrong word (ERROR_USAGE) or trouble. */
struct rows *query_rows(struct report *, const struct query *, const char *const *given, size_t ngiven, struct error *);

#endif
