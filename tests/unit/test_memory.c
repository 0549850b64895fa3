/* test_memory.c - the arena, the map and the text buffer: what they keep, what they drop, how they grow. */
#include "base/arena.h"
#include "base/map.h"
#include "base/text.h"
#include "support/table.h"

#include <string.h>

/* ---- arena ---- */

static const struct { const char *name; size_t count, size; } arena_cases[] = {
	{ "many small ones", 1000, 7 }, { "one larger than any block", 1, 1000000 }, { "empty ones", 10, 0 }, { "one block full", 32, 16 },
};

static void arena(void **state)
{
	const struct { const char *name; size_t count, size; } *k = *state;
	struct arena a = { 0 };
	uint8_t *last = NULL;
	for (size_t i = 0; i < k->count; i++) {
		uint8_t *p = arena_alloc(&a, 1, k->size);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		assert_ptr_not_equal(p, last);
		for (size_t o = 0; o < k->size; o++)
			assert_int_equal(p[o], 0);
		memset(p, 0xff, k->size);
		last = p;
	}
	assert_true(a.size >= k->count * k->size);
	arena_drop(&a);
	assert_int_equal(a.size, 0);
	struct bytes copy = arena_copy(&a, B("again"));
	assert_true(bytes_equal(copy, B("again")));
	arena_drop(&a);
}

/* ---- map ---- */

static const struct { const char *name; size_t count; } map_cases[] = {
	{ "empty", 0 }, { "one key", 1 }, { "as it grows", 12 }, { "many keys", 5000 },
};

static void map(void **state)
{
	const struct { const char *name; size_t count; } *k = *state;
	struct map m = { 0 };
	struct text key = { 0 };
	for (size_t i = 0; i < k->count; i++) {
		text_clear(&key);
		text_addf(&key, "key %zu", i);
		assert_null(map_get(&m, text_view(&key)));
		*map_put(&m, text_view(&key)) = (void *)(uintptr_t)(i + 1);
		assert_ptr_equal(*map_put(&m, text_view(&key)), (void *)(uintptr_t)(i + 1));
	}
	assert_int_equal(m.count, k->count);
	for (size_t i = 0; i < k->count; i++) { /* the entries keep the order of insertion */
		assert_ptr_equal(m.entries[i]->value, (void *)(uintptr_t)(i + 1));
		assert_ptr_equal(*map_get(&m, m.entries[i]->key), m.entries[i]->value);
	}
	assert_null(map_get(&m, B("absent")));
	text_free(&key);
	map_free(&m);
}

/* ---- text ---- */

static const struct text_case {
	const char *name;
	struct bytes wire;
	size_t most;
	const char *c, *json;
} text_cases[] = {
	{ "plain", B("EHLO a"), 100, "EHLO a", "\"EHLO a\"" },
	{ "line ends and tabs", B("a\r\n\tb"), 100, "a\\r\\n\\tb", "\"a\\u000d\\n\\u0009b\"" },
	{ "a backslash", B("a\\b"), 100, "a\\\\b", "\"a\\\\b\"" },
	{ "quotes", B("\"x\""), 100, "\"x\"", "\"\\\"x\\\"\"" },
	{ "NUL and a terminal's escape", B("\0\x1b[31m"), 100, "\\x00\\x1b[31m", "\"\\u0000\\u001b[31m\"" },
	{ "UTF-8", B("\xc3\xa9"), 100, "\\xc3\\xa9", "\"\xc3\xa9\"" },
	{ "no UTF-8", B("a\xff" "b"), 100, "a\\xffb", "\"a\xef\xbf\xbd" "b\"" },
	{ "at most so many octets", B("abcdef"), 3, "abc", "\"abcdef\"" },
	{ "nothing", { 0 }, 100, "", "\"\"" },
};

static void text(void **state)
{
	const struct text_case *k = *state;
	struct text t = { 0 };
	text_add_c(&t, k->wire, k->most);
	assert_true(bytes_equal(text_view(&t), bytes_of(k->c)));
	text_clear(&t);
	text_add_json(&t, k->wire);
	assert_true(bytes_equal(text_view(&t), bytes_of(k->json)));
	text_free(&t);
}

static const struct { const char *name; int64_t time; const char *iso; } time_cases[] = {
	{ "the epoch", 0, "1970-01-01T00:00:00.000000Z" },
	{ "microseconds are cut, not rounded", 1767225599999999999, "2025-12-31T23:59:59.999999Z" },
	{ "before the epoch", -1, "1969-12-31T23:59:59.999999Z" },
	{ "a leap day", 1709164800000001000, "2024-02-29T00:00:00.000001Z" },
};

static void times(void **state)
{
	const struct { const char *name; int64_t time; const char *iso; } *k = *state;
	struct text t = { 0 };
	text_add_time(&t, k->time);
	assert_string_equal(t.p, k->iso);
	text_free(&t);
}

int main(void)
{
	return TABLE_RUN("arena", arena_cases, arena) + TABLE_RUN("map", map_cases, map) + TABLE_RUN("text", text_cases, text) +
	       TABLE_RUN("time", time_cases, times);
}
