/* interned.c - takes texts, gives ids of rows of the table "text". */
#include "store/interned.h"

#include "store/wire.h"

bool interned_begin(struct interned *t, struct database *database, struct error *error)
{
	*t = (struct interned){ 0 };
	return feed_open(&t->rows, database, "text", 2, error) && database_number(database, "SELECT coalesce(max(text_id), 0) FROM text", &t->last, error);
}

static void forget_words(struct interned *t)
{
	arena_drop(&t->says);
	memset(t->words, 0, sizeof t->words);
}

static void forget(struct interned *t)
{
	map_free(&t->map);
	forget_words(t);
	t->octets = 0;
}

static int64_t make(struct interned *t, struct bytes text, uint64_t hash, struct error *error)
{
	if (t->map.count == INTERNED_MOST || t->octets > INTERNED_OCTETS)
		forget(t);
	*map_put_hashed(&t->map, text, hash) = (void *)(intptr_t)++t->last;
	t->octets += text.n;
	feed_number(&t->rows, t->last);
	feed_text(&t->rows, text.p ? text : B(""));
	return feed_row(&t->rows, error) ? t->last : 0;
}

int64_t interned_id(struct interned *t, struct bytes text, struct error *error)
{
	uint64_t hash = bytes_hash(text);
	void **slot = map_get_hashed(&t->map, text, hash);
	return slot ? (int64_t)(intptr_t)*slot : make(t, text, hash, error);
}

/* Whether a text with this hash came twice before. */
static bool came_twice(struct interned *t, uint64_t hash)
{
	uint32_t *sighted = &t->sighted[hash % INTERNED_SIGHTED], once = ((uint32_t)(hash >> 32) | 2) & ~1u, twice = once | 1;
	if (*sighted == twice)
		return true;
	*sighted = *sighted == once ? twice : once;
	return false;
}

int64_t interned_again(struct interned *t, struct bytes text, uint64_t hash, struct error *error)
{
	void **slot = map_get_hashed(&t->map, text, hash);
	if (slot)
		return (int64_t)(intptr_t)*slot;
	return came_twice(t, hash) ? make(t, text, hash, error) : 0;
}

uint64_t interned_fetch(const struct interned *t, struct bytes text)
{
	uint64_t hash = bytes_hash(text);
	map_fetch(&t->map, hash);
	__builtin_prefetch(&t->sighted[hash % INTERNED_SIGHTED]);
	return hash;
}

/* A text that stands in the map as it stands on the wire is its own escaped form, unless its backslashes are of the wire. */
int64_t interned_lines(struct interned *t, struct bytes wire, uint64_t hash, size_t most, struct text *room, struct error *error)
{
	if (wire.n == 0 || wire.n > most) {
		struct bytes text = wire_view_lines(room, wire, most);
		return interned_again(t, text, bytes_hash(text), error);
	}
	void **slot = map_get_hashed(&t->map, wire, hash);
	if (slot && !memchr(wire.p, '\\', wire.n))
		return (int64_t)(intptr_t)*slot;
	if (!slot && !came_twice(t, hash))
		return 0;
	struct bytes text = wire_view_lines(room, wire, most);
	return text.p == wire.p ? make(t, wire, hash, error) : interned_id(t, text, error);
}

/* What stands at the address is compared all the same: a sentence may have been made for the occasion. */
int64_t interned_says(struct interned *t, const char *says, struct error *error)
{
	struct interned_word *known = &t->words[((uintptr_t)says ^ (uintptr_t)says >> 8) % INTERNED_WORDS];
	if (known->address == says && strncmp(says, (const char *)known->text.p, known->text.n) == 0 && says[known->text.n] == 0)
		return known->id;
	struct bytes text = bytes_of(says);
	int64_t id = interned_id(t, text, error);
	if (t->says.size > INTERNED_OCTETS / 8) /* not counted with the texts: addresses are others in each run, and rows must not be */
		forget_words(t);
	if (id && text.n)
		*known = (struct interned_word){ says, arena_copy(&t->says, text), id };
	return id;
}

void interned_free(struct interned *t)
{
	feed_close(&t->rows);
	forget(t);
}
