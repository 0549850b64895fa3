/* table - a test is a table whose rows carry their names; each row is reported by its own name.
 *
 *	static const struct kase { const char *name; ... } cases[] = { { "an empty line", ... }, ... };
 *	static void one(void **state) { const struct kase *k = *state; ... }
 *	int main(void) { return TABLE_RUN("lines", cases, one); }
 */
#ifndef SMTPWHY_TESTS_TABLE_H
#define SMTPWHY_TESTS_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Runs function on each of n rows of the given size; the row's first member is its name. Returns the number of failures. */
int table_run(const char *group, const void *rows, size_t n, size_t size, void (*function)(void **state));

#define TABLE_RUN(group, rows, function) table_run((group), (rows), sizeof(rows) / sizeof *(rows), sizeof *(rows), (function))

#endif
