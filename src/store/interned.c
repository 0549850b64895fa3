/* interned.c - takes texts, gives ids of rows of the table "text". */
#include "store/interned.h"

bool interned_begin(struct interned *t, struct database *database, struct error *error)
{
	*t = (struct interned){ .database = database };
	t->insert = database_statement(database, "INSERT INTO text VALUES (?, ?)", error);
	return t->insert && database_number(database, "SELECT coalesce(max(text_id), 0) FROM text", &t->last, error);
}

int64_t interned_id(struct interned *t, struct bytes text, struct error *error)
{
	void **slot = map_get(&t->map, text);
	if (slot)
		return (int64_t)(intptr_t)*slot;
	if (t->map.count == INTERNED_MOST || t->octets > INTERNED_OCTETS) {
		map_free(&t->map);
		t->octets = 0;
	}
	*map_put(&t->map, text) = (void *)(intptr_t)++t->last;
	t->octets += text.n;
	sqlite3_bind_int64(t->insert, 1, t->last);
	database_bind_text(t->insert, 2, text.p ? text : B(""));
	return database_step(t->database, t->insert, error) ? t->last : 0;
}

int64_t interned_again(struct interned *t, struct bytes text, struct error *error)
{
	uint64_t hash = bytes_hash(text);
	uint32_t *sighted = &t->sighted[hash % INTERNED_SIGHTED], short_hash = (uint32_t)(hash >> 32) | 1;
	if (*sighted != short_hash && !map_get(&t->map, text)) {
		*sighted = short_hash;
		return 0;
	}
	return interned_id(t, text, error);
}

void interned_free(struct interned *t)
{
	sqlite3_finalize(t->insert);
	map_free(&t->map);
}
