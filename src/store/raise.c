/* raise.c - takes JSON columns, gives them with other ids. Copies what stands between the ids, and reads no more of it than where it ends. */
#include "store/raise.h"

#include "store/wire.h"

enum { DEPTH = 3 }; /* a list of lists, in which a text may be a list */

struct walk {
	struct text *out;
	const uint8_t *at, *end;
	enum raise_column column;
	struct raise by;
	unsigned depth;
	size_t index[DEPTH + 1]; /* of the element at hand, in each list that is open */
};

static bool is_next(const struct walk *w, char c)
{
	return w->at < w->end && *w->at == (uint8_t)c;
}

static void copy(struct walk *w, const uint8_t *to)
{
	text_add(w->out, (struct bytes){ w->at, (size_t)(to - w->at) });
	w->at = to;
}

static bool copy_string(struct walk *w)
{
	const uint8_t *p = w->at + 1;
	while (p < w->end && *p != '"')
		p += *p == '\\' ? 2 : 1;
	if (p >= w->end)
		return false;
	copy(w, p + 1);
	return true;
}

/* A database that lies about its ids is no reason to overflow. */
static int64_t plus(int64_t id, int64_t by)
{
	return (int64_t)((uint64_t)id + (uint64_t)by);
}

static int64_t unless_zero(int64_t id, int64_t by)
{
	return id ? plus(id, by) : 0;
}

/* says, or -says; or [capture, frame, side, id of a text or none, says]. */
static int64_t raised_proof(const struct walk *w, int64_t number)
{
	enum { CAPTURE = 0, TEXT = 3, SAYS = 4 };
	if (w->depth == 1)
		return number < 0 ? (int64_t)((uint64_t)number - (uint64_t)w->by.text) : unless_zero(number, w->by.text);
	if (w->depth != 2)
		return number;
	switch (w->index[2]) {
	case CAPTURE:
		return unless_zero(number, w->by.capture);
	case TEXT:
		return number > 0 ? plus(number, w->by.text) : number;
	case SAYS:
		return plus(number, w->by.text);
	default:
		return number;
	}
}

/* [exchange, side, frame, time, id of a text or none or [text, id], marks, capture]. */
static int64_t raised_line(const struct walk *w, int64_t number)
{
	enum { TEXT = 4, CAPTURE = 6, TAIL = 1 };
	if (w->depth == 3)
		return w->index[2] == TEXT && w->index[3] == TAIL ? plus(number, w->by.text) : number;
	if (w->depth != 2)
		return number;
	if (w->index[2] == TEXT)
		return number > 0 ? plus(number, w->by.text) : number;
	return w->index[2] == CAPTURE ? unless_zero(number, w->by.capture) : number;
}

static bool copy_number(struct walk *w)
{
	bool negative = is_next(w, '-');
	const uint8_t *begin = w->at + negative, *p = begin;
	int64_t number = 0;
	for (; p < w->end && octet_is_digit(*p); p++)
		if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, *p - '0', &number))
			return false;
	if (p == begin)
		return false;
	w->at = p;
	number = negative ? -number : number;
	wire_add_number(w->out, w->column == RAISE_PROOFS ? raised_proof(w, number) : raised_line(w, number));
	return true;
}

/* Into a list, or past an empty one. */
static bool open_list(struct walk *w)
{
	copy(w, w->at + 1);
	if (w->depth == DEPTH)
		return false;
	w->index[++w->depth] = 0;
	return true;
}

/* A comma, or the ends of lists; false where neither stands. */
static bool go_on(struct walk *w)
{
	while (is_next(w, ']') && w->depth) {
		copy(w, w->at + 1);
		w->depth--;
	}
	if (!w->depth)
		return true;
	if (!is_next(w, ','))
		return false;
	copy(w, w->at + 1);
	w->index[w->depth]++;
	return true;
}

bool raise_ids(struct text *out, struct bytes json, enum raise_column column, struct raise by)
{
	struct walk w = { .out = out, .at = json.p, .end = json.p + json.n, .column = column, .by = by };
	text_room(out, json.n + 64);
	if (!is_next(&w, '[') || !open_list(&w))
		return false;
	if (is_next(&w, ']'))
		return go_on(&w) && w.at == w.end;
	while (w.depth) {
		if (is_next(&w, '[')) {
			if (!open_list(&w))
				return false;
			continue;
		}
		if (!(is_next(&w, '"') ? copy_string(&w) : copy_number(&w)) || !go_on(&w))
			return false;
	}
	return w.at == w.end;
}

/* ---- SQL ---- */

static void raised(sqlite3_context *context, sqlite3_value **values, enum raise_column column)
{
	struct text out = { 0 };
	const uint8_t *json = sqlite3_value_text(values[0]);
	struct raise by = { sqlite3_value_int64(values[1]), sqlite3_value_int64(values[2]) };
	if (!json)
		return; /* NULL stays NULL */
	if (raise_ids(&out, (struct bytes){ json, (size_t)sqlite3_value_bytes(values[0]) }, column, by))
		sqlite3_result_text64(context, out.p, out.n, SQLITE_TRANSIENT, SQLITE_UTF8);
	else
		sqlite3_result_error(context, "malformed list of ids", -1);
	text_free(&out);
}

static void sql_proofs(sqlite3_context *context, int n, sqlite3_value **values)
{
	(void)n;
	raised(context, values, RAISE_PROOFS);
}

static void sql_ladder(sqlite3_context *context, int n, sqlite3_value **values)
{
	(void)n;
	raised(context, values, RAISE_LADDER);
}

bool raise_functions(struct database *d, struct error *error)
{
	enum { FORM = SQLITE_UTF8 | SQLITE_DIRECTONLY | SQLITE_DETERMINISTIC };
	return (sqlite3_create_function_v2(d->db, "raised_proofs", 3, FORM, NULL, sql_proofs, NULL, NULL, NULL) == SQLITE_OK &&
		sqlite3_create_function_v2(d->db, "raised_ladder", 3, FORM, NULL, sql_ladder, NULL, NULL, NULL) == SQLITE_OK) || database_trouble(d, error);
}
