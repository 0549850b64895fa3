/* query.c - takes the path of a report database and SQL, gives rows. Never writes: read-only connection and authorizer. */
#include "store/query.h"

#include "base/arena.h"
#include "base/text.h"
#include "store/database.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct report {
	sqlite3 *db;
	char *path;
};

struct rows {
	sqlite3_stmt *statement;
	struct report *report;
};

static int may_read(void *to, int action, const char *first, const char *second, const char *third, const char *fourth)
{
	(void)to, (void)first, (void)third, (void)fourth;
	if (action == SQLITE_FUNCTION)
		return second && sqlite3_stricmp(second, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
	return action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE ? SQLITE_OK : SQLITE_DENY;
}

struct report *report_open(const char *path, struct error *error)
{
	struct report *report = memory_new(1, sizeof *report);
	report->path = strdup(path);
	if (access(path, R_OK) != 0)
		error_set(error, ERROR_INPUT, "%s: %s; name a database that smtpwhy analyze wrote", path, strerror(errno));
	else if (sqlite3_open_v2(path, &report->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		error_set(error, ERROR_INPUT, "%s: %s; name a database that smtpwhy analyze wrote", path, sqlite3_errmsg(report->db));
	else if (database_is_ours(report->db, path, ERROR_INPUT, error)) {
		sqlite3_busy_timeout(report->db, 5000);
		/* The JSON tables are made before the authorizer comes: declaring them writes to a schema that exists in memory only. */
		sqlite3_exec(report->db, "PRAGMA query_only = 1; PRAGMA mmap_size = 16777216; SELECT 1 FROM json_each('[]'), json_tree('[]')",
		             NULL, NULL, NULL);
		sqlite3_set_authorizer(report->db, may_read, NULL);
		return report;
	}
	report_close(report);
	return NULL;
}

void report_map(struct report *report)
{
	sqlite3_set_authorizer(report->db, NULL, NULL);
	sqlite3_exec(report->db, "PRAGMA mmap_size = 2147418112", NULL, NULL, NULL);
	sqlite3_set_authorizer(report->db, may_read, NULL);
}

void report_close(struct report *report)
{
	if (!report)
		return;
	sqlite3_close(report->db);
	free(report->path);
	free(report);
}

struct rows *report_rows(struct report *report, const char *sql, struct error *error)
{
	sqlite3_stmt *statement = NULL;
	const char *rest = NULL;
	int result = sqlite3_prepare_v2(report->db, sql, -1, &statement, &rest);
	if (result == SQLITE_AUTH) {
		error_set(error, ERROR_USAGE, "%s: a query may only read", report->path);
	} else if (result == SQLITE_CORRUPT || result == SQLITE_NOTADB || result == SQLITE_IOERR) {
		error_set(error, ERROR_INPUT, "%s: %s; the database is damaged", report->path, sqlite3_errmsg(report->db));
	} else if (result != SQLITE_OK) {
		error_set(error, ERROR_USAGE, "%s: %s", report->path, sqlite3_errmsg(report->db));
	} else if (!statement || !sqlite3_stmt_readonly(statement)) {
		error_set(error, ERROR_USAGE, "%s: a query is one statement that reads, such as SELECT", report->path);
	} else if (rest[strspn(rest, " \t\r\n;")]) {
		error_set(error, ERROR_USAGE, "%s: one statement at a time; cut off what begins with: %.40s", report->path, rest + strspn(rest, " \t\r\n;"));
	} else {
		struct rows *rows = memory_new(1, sizeof *rows);
		*rows = (struct rows){ statement, report };
		return rows;
	}
	sqlite3_finalize(statement);
	return NULL;
}

static int parameter_at(struct rows *rows, const char *name)
{
	struct text full = { 0 };
	text_addf(&full, ":%s", name);
	int at = sqlite3_bind_parameter_index(rows->statement, full.p);
	text_free(&full);
	return at;
}

bool rows_bind_text(struct rows *rows, const char *name, struct bytes value)
{
	int at = parameter_at(rows, name);
	return at && sqlite3_bind_text64(rows->statement, at, value.p ? (const char *)value.p : "", value.n, SQLITE_TRANSIENT, SQLITE_UTF8) == SQLITE_OK;
}

bool rows_bind_integer(struct rows *rows, const char *name, int64_t value)
{
	int at = parameter_at(rows, name);
	return at && sqlite3_bind_int64(rows->statement, at, value) == SQLITE_OK;
}

bool rows_next(struct rows *rows, struct error *error)
{
	int result = sqlite3_step(rows->statement);
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		error_set(error, ERROR_INPUT, "%s: %s", rows->report->path, sqlite3_errmsg(rows->report->db));
	return result == SQLITE_ROW;
}

size_t rows_columns(const struct rows *rows)
{
	return (size_t)sqlite3_column_count(rows->statement);
}

const char *rows_name(const struct rows *rows, size_t column)
{
	return sqlite3_column_name(rows->statement, (int)column);
}

enum rows_type rows_type(const struct rows *rows, size_t column)
{
	switch (sqlite3_column_type(rows->statement, (int)column)) {
	case SQLITE_NULL:
		return ROWS_NULL;
	case SQLITE_INTEGER:
		return ROWS_INTEGER;
	case SQLITE_FLOAT:
		return ROWS_REAL;
	default:
		return ROWS_TEXT;
	}
}

struct bytes rows_text(const struct rows *rows, size_t column)
{
	const uint8_t *text = sqlite3_column_text(rows->statement, (int)column);
	return (struct bytes){ text ? text : (const uint8_t *)"", (size_t)sqlite3_column_bytes(rows->statement, (int)column) };
}

int64_t rows_integer(const struct rows *rows, size_t column)
{
	return sqlite3_column_int64(rows->statement, (int)column);
}

double rows_real(const struct rows *rows, size_t column)
{
	return sqlite3_column_double(rows->statement, (int)column);
}

bool rows_null(const struct rows *rows, size_t column)
{
	return sqlite3_column_type(rows->statement, (int)column) == SQLITE_NULL;
}

void rows_free(struct rows *rows)
{
	if (!rows)
		return;
	sqlite3_finalize(rows->statement);
	free(rows);
}

/* ---- named queries ---- */

static const struct query queries[] = {
#define QUERY(name, question, parameters, sql) { name, question, parameters, sql },
#include "store/queries.def"
#undef QUERY
};

size_t query_count(void)
{
	return sizeof queries / sizeof *queries;
}

const struct query *query_at(size_t index)
{
	return &queries[index];
}

const struct query *query_find(const char *name)
{
	for (size_t i = 0; i < query_count(); i++)
		if (strcmp(queries[i].name, name) == 0)
			return &queries[i];
	return NULL;
}

/* Binds one "name=value"; a value of digits is a number. */
static bool bind_word(struct rows *rows, struct bytes word)
{
	struct cut cut = bytes_cut(word, '=');
	struct text name = { 0 };
	uint64_t number;
	text_add(&name, cut.head);
	bool done = cut.found && (bytes_number(cut.tail, &number) && number <= INT64_MAX ? rows_bind_integer(rows, name.p, (int64_t)number)
	                                                                                : rows_bind_text(rows, name.p, cut.tail));
	text_free(&name);
	return done;
}

static bool bind_words(struct rows *rows, const struct query *query, const char *const *given, size_t ngiven, struct error *error)
{
	struct bytes rest = bytes_of(query->parameters);
	while (rest.n) {
		struct cut cut = bytes_cut(rest, ',');
		bind_word(rows, cut.head);
		rest = cut.tail;
	}
	for (size_t i = 0; i < ngiven; i++)
		if (!bind_word(rows, bytes_of(given[i])))
			return error_set(error, ERROR_USAGE, "%s: %s takes %s", given[i], query->name,
			                 *query->parameters ? query->parameters : "no parameters");
	return true;
}

struct rows *query_rows(struct report *report, const struct query *query, const char *const *given, size_t ngiven, struct error *error)
{
	struct rows *rows = report_rows(report, query->sql, error);
	if (rows && !bind_words(rows, query, given, ngiven, error)) {
		rows_free(rows);
		return NULL;
	}
	return rows;
}
