/* table.c - rows with names become cmocka tests of these names. */
#include "support/table.h"

#include <stdlib.h>

int table_run(const char *group, const void *rows, size_t n, size_t size, void (*function)(void **state))
{
	struct CMUnitTest *tests = calloc(n, sizeof *tests);
	if (!tests)
		abort();
	for (size_t i = 0; i < n; i++) {
		const char *row = (const char *)rows + i * size;
		tests[i] = (struct CMUnitTest){ .name = *(const char *const *)(const void *)row, .test_func = function };
		tests[i].initial_state = (void *)(uintptr_t)row;
	}
	int failed = _cmocka_run_group_tests(group, tests, n, NULL, NULL);
	free(tests);
	return failed;
}
