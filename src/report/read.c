/* read.c - takes SQL with numbers in it, gives rows of the finished database. Never changes it. */
#include "report/read.h"

#include <stdarg.h>
#include <stdio.h>

static struct rows *begin(struct reader *reader, const char *sql, va_list arguments)
{
	char statement[4096];
	int n = vsnprintf(statement, sizeof statement, sql, arguments);
	if (reader->error->kind != ERROR_NONE || n < 0 || (size_t)n >= sizeof statement)
		return NULL;
	return report_rows(reader->report, statement, reader->error);
}

struct rows *read_rows(struct reader *reader, const char *sql, ...)
{
	va_list arguments;
	va_start(arguments, sql);
	struct rows *rows = begin(reader, sql, arguments);
	va_end(arguments);
	return rows;
}

void read_done(struct rows **rows)
{
	if (*rows)
		rows_free(*rows);
	*rows = NULL;
}

bool read_next(struct reader *reader, struct rows **rows)
{
	if (*rows && rows_next(*rows, reader->error))
		return true;
	read_done(rows);
	return false;
}

int64_t read_number(struct reader *reader, const char *sql, ...)
{
	va_list arguments;
	va_start(arguments, sql);
	struct rows *rows = begin(reader, sql, arguments);
	va_end(arguments);
	int64_t number = read_next(reader, &rows) ? rows_integer(rows, 0) : 0;
	read_done(&rows);
	return number;
}

void read_text(struct reader *reader, struct text *out, const char *sql, ...)
{
	va_list arguments;
	va_start(arguments, sql);
	struct rows *rows = begin(reader, sql, arguments);
	va_end(arguments);
	if (read_next(reader, &rows))
		text_add(out, rows_text(rows, 0));
	read_done(&rows);
}
