/* comparison.c - takes what compare found out about two sides of a box, gives its rows: the comparison, pairs of sessions, differences.
 * Never stores a text that was not masked before. */
#include "store/writer.h"

static int64_t id_of(const struct store *s, uint64_t session)
{
	return session ? (int64_t)session + s->session_offset : 0;
}

bool store_comparison(struct store *s, const struct comparison *c, struct error *error)
{
	sqlite3_stmt *row = s->comparison;
	if (!writer_settle(s, error) || !database_number(&s->database, "SELECT coalesce(max(comparison_id), 0) + 1 FROM comparison", &s->comparison_id, error))
		return false;
	sqlite3_bind_int64(row, 1, s->comparison_id);
	sqlite3_bind_null(row, 2);
	sqlite3_bind_null(row, 3);
	if (c->clock_known) {
		sqlite3_bind_int64(row, 2, c->clock_offset);
		sqlite3_bind_int64(row, 3, c->transit);
	}
	sqlite3_bind_int64(row, 4, s->capture_offset + c->first_outside_file + 1);
	return database_step(&s->database, row, error);
}

bool store_pair(struct store *s, uint64_t inside_session, uint64_t outside_session, const char *known_by, struct error *error)
{
	sqlite3_stmt *row = s->pair;
	sqlite3_bind_null(row, 1);
	sqlite3_bind_int64(row, 2, s->comparison_id);
	database_bind_id(row, 3, id_of(s, inside_session));
	database_bind_id(row, 4, id_of(s, outside_session));
	database_bind_text(row, 5, bytes_of(known_by));
	return database_step(&s->database, row, error);
}

bool store_difference(struct store *s, const struct difference *d, struct error *error)
{
	sqlite3_stmt *row = s->difference;
	int64_t detail = writer_says(s, d->detail, error);
	text_clear(&s->text);
	text_clear(&s->line);
	wire_add(&s->text, d->inside_text, LIMIT_TRIGGER_LINE);
	wire_add(&s->line, d->outside_text, LIMIT_TRIGGER_LINE);
	sqlite3_bind_null(row, 1);
	database_bind_id(row, 2, id_of(s, d->inside_session));
	database_bind_id(row, 3, id_of(s, d->outside_session));
	sqlite3_bind_int64(row, 4, d->direction);
	database_bind_id(row, 5, d->inside.number);
	database_bind_id(row, 6, d->outside.number);
	database_bind_text(row, 7, d->inside_text.p ? text_view(&s->text) : (struct bytes){ 0 });
	database_bind_text(row, 8, d->outside_text.p ? text_view(&s->line) : (struct bytes){ 0 });
	database_bind_text(row, 9, bytes_of(d->kind));
	database_bind_id(row, 10, d->cause < CAUSE_COUNT ? s->causes[d->cause] : 0);
	database_bind_id(row, 11, writer_capture(s, d->inside));
	database_bind_id(row, 12, writer_capture(s, d->outside));
	database_bind_id(row, 13, d->inside_exchange);
	database_bind_id(row, 14, detail);
	return error->kind == ERROR_NONE && database_step(&s->database, row, error);
}
