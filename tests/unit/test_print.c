/* test_print.c - what a file holds, by its ends and size: the same for the same content, another for another. */
#include "support/table.h"

#include "capture/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct kase { const char *name; size_t size; int change_at; size_t size_after; bool same; } cases[] = {
	{ "the same content under two names", 1000, -1, 1000, true },
	{ "an empty file", 0, -1, 0, true },
	{ "another first octet", 1000, 0, 1000, false },
	{ "another last octet", 300000, 299999, 300000, false },
	{ "another octet at the end of the head", 300000, 65535, 300000, false },
	{ "it grew", 1000, -1, 1001, false },
	{ "the middle of a large file is not looked at", 300000, 150000, 300000, true },
};

static void write_file(char *path, size_t n, int change_at)
{
	int descriptor = mkstemp(path);
	FILE *file = descriptor >= 0 ? fdopen(descriptor, "wb") : NULL;
	assert_non_null(file);
	for (size_t i = 0; i < n; i++)
		fputc((int)(i % 251) ^ ((int)i == change_at ? 1 : 0), file);
	assert_int_equal(fclose(file), 0);
}

static void compared(void **state)
{
	const struct kase *k = *state;
	char one[] = "/tmp/print-XXXXXX", other[] = "/tmp/print-XXXXXX", a[PRINT_ROOM], b[PRINT_ROOM];
	write_file(one, k->size, -1);
	write_file(other, k->size_after, k->change_at);
	assert_true(print_of(one, a));
	assert_true(print_of(other, b));
	assert_int_equal(strcmp(a, b) == 0, k->same);
	unlink(one);
	assert_false(print_of(one, a));
	assert_false(print_of("/tmp", a));
	unlink(other);
}

int main(void)
{
	return TABLE_RUN("prints", cases, compared);
}
