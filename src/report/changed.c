/* changed.c - takes the view change_report, gives its sentences with their times. What only packets show (hop counts, TCP options, the
 * name a server gives itself) is for the section, not for the first lines. */
#include "report/changed.h"

#include "report/say.h"

enum { HEADLINE_MOST = 3, SECTION_MOST = 15, LABEL_COLUMN = 13 };

/* "middlebox.command_masked" stands for a name in a sentence; all else there is ours. */
static void since_sentence(struct text *out, struct rows *rows, struct bytes day)
{
	if (!rows_null(rows, 0)) {
		text_add_string(out, "since ");
		say_time(out, rows_text(rows, 0), day);
		text_add_octet(out, ' ');
	}
	text_add(out, rows_text(rows, 1));
}

void changed_headline(struct reader *reader, struct page *page, struct bytes day)
{
	struct text text = { 0 };
	struct rows *rows = read_rows(reader, "SELECT since, says FROM change_report WHERE kind IN ('starttls', 'keywords', 'banner', 'errors') "
	                              "ORDER BY change_id LIMIT %d", HEADLINE_MOST);
	for (bool first = true; read_next(reader, &rows); first = false) {
		if (first) {
			page_line(page);
			page_string(page, INK_WARN, "What changed:");
			page_line(page);
		}
		text_clear(&text);
		since_sentence(&text, rows, day);
		page_spaces(page, 2);
		page_fill(page, INK_PLAIN, 2, 4, text_view(&text));
	}
	text_free(&text);
}

void changed_section(struct reader *reader, struct page *page, struct bytes day, bool but_errors)
{
	const char *which = but_errors ? "kind <> 'errors'" : "1";
	struct text label = { 0 }, text = { 0 };
	int64_t all = read_number(reader, "SELECT count(*) FROM change_report WHERE %s", which);
	struct rows *rows = read_rows(reader, "SELECT since, says, certainty, before_session, after_session FROM change_report "
	                              "WHERE %s ORDER BY change_id LIMIT %d", which, SECTION_MOST);
	while (read_next(reader, &rows)) {
		text_clear(&label);
		text_clear(&text);
		if (rows_null(rows, 0))
			text_add_string(&label, "by path");
		else
			say_time(&label, rows_text(rows, 0), day);
		text_add(&text, rows_text(rows, 1));
		text_addf(&text, " [%.*s; sessions %lld, %lld]", (int)rows_text(rows, 2).n, (const char *)rows_text(rows, 2).p,
		          (long long)rows_integer(rows, 3), (long long)rows_integer(rows, 4));
		page_spaces(page, 2);
		page_put(page, INK_STRONG, text_view(&label));
		page_spaces(page, label.n + 2 < LABEL_COLUMN ? LABEL_COLUMN - label.n - 2 : 1);
		page_fill(page, INK_PLAIN, label.n + 2 < LABEL_COLUMN ? LABEL_COLUMN : label.n + 3, LABEL_COLUMN, text_view(&text));
	}
	if (all > SECTION_MOST) {
		text_clear(&text);
		text_add_string(&text, "and ");
		say_counted(&text, all - SECTION_MOST, "further change", "further changes");
		text_add_string(&text, ": SELECT * FROM change_report");
		page_spaces(page, 2);
		page_fill(page, INK_FAINT, 2, 2, text_view(&text));
	}
	text_free(&label);
	text_free(&text);
}
