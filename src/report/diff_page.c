/* diff_page.c - takes a diff, gives the page or lines of JSON. Never lets "gone" and "not looked at" look alike. */
#include "report/diff.h"

#include "report/escape.h"
#include "report/say.h"

enum { ROWS_MOST = 20 };

static void sentence(struct page *page, enum ink ink, struct text *text)
{
	page_fill(page, ink, 0, 2, text_view(text));
	text_clear(text);
}

/* ---- the first lines ---- */

static void side_line(const struct diff *diff, size_t side, struct page *page)
{
	struct reader *reader = diff->reader[side];
	struct diff_side total = diff->total.side[side];
	struct text text = { 0 };
	text_add_string(&text, side ? "new  " : "old  ");
	text_add_string(&text, diff->name[side]);
	struct rows *rows = read_rows(reader, "SELECT count(*), min(first_time), max(last_time) FROM capture_report");
	if (read_next(reader, &rows)) {
		text_add_string(&text, ": ");
		say_counted(&text, rows_integer(rows, 0), "capture", "captures");
		if (!rows_null(rows, 1)) {
			text_add_string(&text, ", ");
			say_time(&text, rows_text(rows, 1), B(""));
			text_addf(&text, " %s ", page_dash(page));
			say_time(&text, rows_text(rows, 2), time_day(rows_text(rows, 1)));
			text_add_string(&text, " UTC");
		}
	}
	read_done(&rows);
	text_add_string(&text, ", ");
	say_counted(&text, total.of, "session", "sessions");
	text_add_string(&text, ", ");
	say_count(&text, total.hit);
	text_add_string(&text, " of them with 5xx replies");
	if (total.of) {
		text_add_string(&text, " (");
		say_share(&text, total.hit, total.of);
		text_add_octet(&text, ')');
	}
	text_add_string(&text, ", ");
	say_counted(&text, total.errors, "error", "errors");
	page_fill(page, INK_PLAIN, 0, 5, text_view(&text));
	text_free(&text);
}

static const struct { enum ink ink; const char *says; } verdicts[] = {
	[DIFF_NEW] = { INK_BAD, "5xx replies are new: the old report has none." },
	[DIFF_MORE] = { INK_BAD, "More sessions than before meet 5xx replies." },
	[DIFF_LESS] = { INK_GOOD, "Fewer sessions than before meet 5xx replies." },
	[DIFF_GONE] = { INK_GOOD, "5xx replies are gone: the new report has none." },
	[DIFF_FIRST] = { INK_WARN, "The old report has no SMTP session: there is nothing to compare with." },
	[DIFF_UNSEEN] = { INK_WARN, "The new report has no SMTP session. That is no clean bill: nothing is gone that could not be seen." },
	[DIFF_SAME] = { INK_PLAIN, "About as many sessions as before meet 5xx replies." },
};

static void verdict(const struct diff *diff, struct page *page)
{
	struct text text = { 0 };
	const struct diff_entry *total = &diff->total;
	page_line(page);
	if (total->change == DIFF_SAME && !total->side[0].hit && !total->side[1].hit)
		text_add_string(&text, total->side[0].of && total->side[1].of ? "No 5xx reply in either report." :
		                "No 5xx reply in either report, but one has no SMTP session at all: nothing can be compared.");
	else
		text_add_string(&text, verdicts[total->change].says);
	if (total->chance)
		text_add_string(&text, " With so few sessions it may be chance.");
	sentence(page, verdicts[total->change].ink, &text);
	text_free(&text);
}

/* ---- a section ---- */

static void side_words(struct text *out, struct diff_side side, const char *none)
{
	if (!side.of) {
		text_add_string(out, none);
		return;
	}
	say_count(out, side.hit);
	text_add_string(out, " of ");
	say_count(out, side.of);
	if (!side.hit)
		return;
	text_add_string(out, " (");
	say_share(out, side.hit, side.of);
	text_add_octet(out, ')');
}

static void entry_cells(struct table *table, const struct page *page, const struct diff_entry *entry)
{
	struct text text = { 0 };
	text_addf(&text, "%s%s", diff_change_name(entry->change), entry->chance ? "?" : "");
	table_cell(table, text_view(&text));
	table_cell(table, entry->key);
	for (size_t side = 0; side < 2; side++) {
		text_clear(&text);
		side_words(&text, entry->side[side], page_dash(page));
		table_cell(table, text_view(&text));
	}
	text_free(&text);
}

static void entry_prose(struct page *page, const struct diff_entry *entry)
{
	enum { INDENT = 2, COLUMN = 14 };
	struct text text = { 0 };
	text_addf(&text, "%s%s", diff_change_name(entry->change), entry->chance ? "?" : "");
	page_spaces(page, INDENT);
	page_put(page, INK_STRONG, text_view(&text));
	page_spaces(page, COLUMN - INDENT - text.n);
	text_clear(&text);
	text_add(&text, entry->key);
	text_add_string(&text, ": old ");
	side_words(&text, entry->side[0], "no session");
	text_add_string(&text, ", new ");
	side_words(&text, entry->side[1], "no session");
	page_fill(page, INK_PLAIN, COLUMN, COLUMN, text_view(&text));
	text_free(&text);
}

static size_t count_of(const struct diff_section *section, bool same)
{
	size_t n = 0;
	for (size_t i = 0; i < section->n; i++)
		n += (section->entries[i]->change == DIFF_SAME) == same;
	return n;
}

static void rest_line(struct page *page, size_t more, size_t same)
{
	struct text text = { 0 };
	if (more) {
		text_add_string(&text, "and ");
		say_counted(&text, (int64_t)more, "further change", "further changes");
	}
	if (same) {
		text_add_string(&text, text.n ? "; " : "");
		say_count(&text, (int64_t)same);
		text_add_string(&text, " about the same");
	}
	if (text.n) {
		page_spaces(page, 2);
		page_fill(page, INK_FAINT, 2, 2, text_view(&text));
	}
	text_free(&text);
}

static void section_draw(const struct diff_section *section, bool all, struct page *page)
{
	static const struct table_column columns[] = {
		{ "change", ALIGN_LEFT, RIGID, INK_STRONG }, { "what", ALIGN_LEFT, ELASTIC, INK_NAME },
		{ "old: sessions", ALIGN_RIGHT, RIGID, INK_PLAIN }, { "new: sessions", ALIGN_RIGHT, RIGID, INK_PLAIN },
	};
	struct table table = { .columns = columns, .ncolumns = sizeof columns / sizeof *columns };
	size_t changed = count_of(section, false), same = count_of(section, true), shown = 0;
	if (!changed && !(all && same))
		return;
	page_section(page, section->title);
	for (size_t i = 0; i < section->n; i++) {
		const struct diff_entry *entry = section->entries[i];
		if (!all && (entry->change == DIFF_SAME || shown == ROWS_MOST))
			break;
		if (section->prose)
			entry_prose(page, entry);
		else
			entry_cells(&table, page, entry);
		shown++;
	}
	table_draw(page, &table, 2);
	if (!all)
		rest_line(page, changed - shown, same);
}

void diff_draw(const struct diff *diff, bool all, struct page *page)
{
	bool chance = false, unseen = false;
	struct text text = { 0 };
	side_line(diff, 0, page);
	side_line(diff, 1, page);
	verdict(diff, page);
	for (size_t i = 0; i < diff->nsections; i++) {
		const struct diff_section *section = &diff->sections[i];
		section_draw(section, all, page);
		for (size_t e = 0; e < section->n; e++) {
			chance |= section->entries[e]->chance;
			unseen |= section->entries[e]->change == DIFF_FIRST || section->entries[e]->change == DIFF_UNSEEN;
		}
	}
	if (chance || unseen)
		page_line(page);
	if (chance)
		text_add_string(&text, "A ? stands where so few sessions were seen that it may be chance. ");
	if (unseen)
		text_add_string(&text, "\"first seen\" and \"not seen\": the other report has no session of it, so nothing is known there.");
	if (text.n)
		sentence(page, INK_FAINT, &text);
	text_free(&text);
}

/* ---- JSON ---- */

static void side_json(struct text *out, const char *name, struct diff_side side)
{
	text_addf(out, ",\"%s\":{\"errors\":%lld,\"hit\":%lld,\"sessions\":%lld}", name, (long long)side.errors, (long long)side.hit, (long long)side.of);
}

static void entry_json(struct text *out, const char *section, const struct diff_entry *entry)
{
	text_addf(out, "{\"section\":\"%s\",\"change\":\"%s\",\"key\":", section, diff_change_name(entry->change));
	escape_json(out, entry->key);
	side_json(out, "old", entry->side[0]);
	side_json(out, "new", entry->side[1]);
	text_addf(out, ",\"may_be_chance\":%s}\n", entry->chance ? "true" : "false");
}

void diff_json(const struct diff *diff, bool all, struct text *out)
{
	struct diff_entry total = diff->total;
	total.key = B("sessions with 5xx replies");
	entry_json(out, "total", &total);
	for (size_t i = 0; i < diff->nsections; i++)
		for (size_t e = 0; e < diff->sections[i].n; e++)
			if (all || diff->sections[i].entries[e]->change != DIFF_SAME)
				entry_json(out, diff->sections[i].name, diff->sections[i].entries[e]);
}
