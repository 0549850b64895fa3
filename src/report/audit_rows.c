/* audit_rows.c - takes an audit, gives its cells for other programs: a line a path and behaviour, JSON or CSV, with the same names. */
#include "report/audit.h"

#include "report/escape.h"

static const char *const certainties[] = { "possible", "likely", "proven" };

struct field {
	const char *name;
	bool number, list; /* list: of numbers, a JSON array or words */
	void (*add)(struct text *, const struct audit_row *, enum behaviour);
};

static void client(struct text *t, const struct audit_row *row, enum behaviour b) { (void)b; text_add(t, row->client); }
static void server(struct text *t, const struct audit_row *row, enum behaviour b) { (void)b; text_add(t, row->server); }
static void behaviour(struct text *t, const struct audit_row *row, enum behaviour b) { (void)row; text_add_string(t, behaviour_entry(b)->name); }
static void cause(struct text *t, const struct audit_row *row, enum behaviour b) { (void)row; text_add_string(t, cause_entry(behaviour_entry(b)->cause)->slug); }
static void affected(struct text *t, const struct audit_row *row, enum behaviour b) { text_addf(t, "%u", row->cells[b].sessions); }
static void sessions(struct text *t, const struct audit_row *row, enum behaviour b) { (void)b; text_addf(t, "%u", row->sessions); }
static void first(struct text *t, const struct audit_row *row, enum behaviour b) { text_add_time(t, row->cells[b].first); }
static void last(struct text *t, const struct audit_row *row, enum behaviour b) { text_add_time(t, row->cells[b].last); }
static void certainty(struct text *t, const struct audit_row *row, enum behaviour b)
{
	text_add_string(t, certainties[row->cells[b].certainty < 3 ? row->cells[b].certainty : 0]);
}
static void device(struct text *t, const struct audit_row *row, enum behaviour b) { text_add(t, row->cells[b].device); }
static void box(struct text *t, const struct audit_row *row, enum behaviour b) { text_add_string(t, box_place_name(row->cells[b].place)); }
static void look_at(struct text *t, const struct audit_row *row, enum behaviour b)
{
	for (size_t i = 0; i < AUDIT_EXAMPLES && row->cells[b].examples[i]; i++)
		text_addf(t, "%s%lld", i ? " " : "", (long long)row->cells[b].examples[i]);
}

static const struct field fields[] = {
	{ "client_network", false, false, client }, { "server", false, false, server },       { "behaviour", false, false, behaviour },
	{ "cause", false, false, cause },           { "affected", true, false, affected },    { "sessions", true, false, sessions },
	{ "first", false, false, first },           { "last", false, false, last },           { "certainty", false, false, certainty },
	{ "device", false, false, device },         { "box", false, false, box },             { "look_at", false, true, look_at },
};
enum { FIELDS = sizeof fields / sizeof *fields };

static void add_list(struct text *out, struct bytes words)
{
	text_add_octet(out, '[');
	for (size_t i = 0; i < words.n; i++)
		text_add_octet(out, words.p[i] == ' ' ? ',' : words.p[i]);
	text_add_octet(out, ']');
}

static void json_cell(struct text *out, struct text *room, const struct audit_row *row, enum behaviour b)
{
	const char *before = "{";
	for (size_t f = 0; f < FIELDS; f++) {
		text_clear(room);
		fields[f].add(room, row, b);
		if (!room->n)
			continue; /* as everywhere: what is not known is left out */
		text_addf(out, "%s\"%s\":", before, fields[f].name);
		if (fields[f].list)
			add_list(out, text_view(room));
		else if (fields[f].number)
			text_add(out, text_view(room));
		else
			escape_json(out, text_view(room));
		before = ",";
	}
	text_add_string(out, "}\n");
}

static void csv_cell(struct text *out, struct text *room, const struct audit_row *row, enum behaviour b)
{
	for (size_t f = 0; f < FIELDS; f++) {
		text_clear(room);
		fields[f].add(room, row, b);
		text_add_string(out, f ? "," : "");
		escape_csv(out, text_view(room));
	}
	text_add_octet(out, '\n');
}

static void each_cell(const struct audit *a, struct text *out, void (*cell)(struct text *, struct text *, const struct audit_row *, enum behaviour))
{
	struct text room = { 0 };
	for (size_t i = 0; i < a->naffected; i++)
		for (enum behaviour b = 0; b < BEHAVIOURS; b++)
			if (a->rows[i].cells[b].sessions)
				cell(out, &room, &a->rows[i], b);
	text_free(&room);
}

void audit_json(const struct audit *a, struct text *out)
{
	each_cell(a, out, json_cell);
}

void audit_csv(const struct audit *a, struct text *out)
{
	for (size_t f = 0; f < FIELDS; f++)
		text_addf(out, "%s%s", f ? "," : "", fields[f].name);
	text_add_octet(out, '\n');
	each_cell(a, out, csv_cell);
}
