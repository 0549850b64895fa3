/* dialogue.c - takes the id of an error, gives the rungs of the dialogue around it. Never draws. */
#include "report/explain.h"

/* Flags of the table ladder, in words. */
static const struct { int64_t flag; const char *says; } remarks[] = {
	{ 128, "lines before this one were not kept" },
	{ 1, "octets before this are missing in the capture" },
	{ 2, "sent again, or in a packet that differs from its sender's others" },
	{ 4, "overwritten in transit" },
	{ 8, "credentials are withheld" },
	{ 512, "message content is withheld" },
	{ 32, "sent ahead, with an earlier reply still due" },
	{ 16, "no reply to this in the capture" },
	{ 256, "longer than what is kept" },
};

static struct bytes remark_of(struct arena *arena, int64_t flags)
{
	struct text text = { 0 };
	for (size_t i = 0; i < sizeof remarks / sizeof *remarks; i++) {
		if (!(flags & remarks[i].flag))
			continue;
		if (text.n)
			text_add_string(&text, "; ");
		text_add_string(&text, remarks[i].says);
	}
	struct bytes remark = arena_copy(arena, text_view(&text));
	text_free(&text);
	return remark;
}

bool dialogue_greets(const struct rung *rung)
{
	return rung->kind == RUNG_CLIENT &&
	       (bytes_starts_word(rung->text, B("EHLO")) || bytes_starts_word(rung->text, B("HELO")) || bytes_starts_word(rung->text, B("LHLO")));
}

/* The greeting, and the last EHLO or HELO before the error with its reply, are never left out: they are the offer in force. */
static void keep_offer(struct ladder *ladder, int64_t exchange)
{
	int64_t offer = 0;
	for (size_t i = 0; i < ladder->n; i++) {
		const struct rung *rung = &ladder->rungs[i];
		if (rung->exchange <= exchange && dialogue_greets(rung))
			offer = rung->exchange;
	}
	for (size_t i = 0; i < ladder->n; i++) {
		struct rung *rung = &ladder->rungs[i];
		rung->keep = rung->exchange == 1 || (offer && rung->exchange == offer);
	}
}

static struct bytes end_text(struct arena *arena, struct bytes address, int64_t port)
{
	struct text text = { 0 };
	bool v6 = bytes_index(address, ':') != BYTES_NONE;
	text_add_string(&text, v6 ? "[" : "");
	text_add(&text, address);
	text_addf(&text, "%s:%lld", v6 ? "]" : "", (long long)port);
	struct bytes end = arena_copy(arena, text_view(&text));
	text_free(&text);
	return end;
}

void dialogue_read(struct reader *reader, int64_t session_id, struct ladder *ladder)
{
	struct rows *rows = read_rows(reader, "SELECT exchange, side, frame, at, text, flags FROM dialogue "
	                 "WHERE ladder_id BETWEEN %lld * 100000 AND %lld * 100000 + 99999 ORDER BY ladder_id, line",
	                 (long long)session_id, (long long)session_id);
	while (read_next(reader, &rows)) {
		struct rung *rung = ladder_add(ladder, rows_integer(rows, 1) ? RUNG_SERVER : RUNG_CLIENT);
		rung->exchange = rows_integer(rows, 0);
		rung->frame = rows_integer(rows, 2);
		rung->at = (double)rows_integer(rows, 3) / 1e6;
		rung->text = arena_copy(&ladder->arena, rows_text(rows, 4));
		rung->remark = remark_of(&ladder->arena, rows_integer(rows, 5));
	}
}

void explain_ladder(struct reader *reader, int64_t error_id, struct ladder *ladder)
{
	int64_t session = 0, exchange = 0;
	struct rows *rows = read_rows(reader, "SELECT session_id, exchange, client_addr, client_port, server_addr, server_port FROM error_report "
	                              "WHERE error_id = %lld", (long long)error_id);
	if (read_next(reader, &rows)) {
		session = rows_integer(rows, 0);
		exchange = rows_integer(rows, 1);
		ladder->client = end_text(&ladder->arena, rows_text(rows, 2), rows_integer(rows, 3));
		ladder->server = end_text(&ladder->arena, rows_text(rows, 4), rows_integer(rows, 5));
	}
	read_done(&rows);
	dialogue_read(reader, session, ladder);
	for (size_t i = 0; i < ladder->n; i++)
		ladder->rungs[i].error = ladder->rungs[i].exchange == exchange;
	keep_offer(ladder, exchange);
	ladder_around(ladder, exchange, DIALOGUE_BEFORE, DIALOGUE_AFTER);
}
