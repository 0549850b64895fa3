/* html.c - takes the database, gives the page: its frame with the parts in their places, and the policy that lets only these run. */
#include "report/html.h"

#include "report/escape.h"
#include "report/html_data.h"
#include "report/html_pieces.h"
#include "report/text.h"

#include "smtpwhy.h"

enum { PLAIN_WIDTH = 100 };

struct html {
	struct report *report;
	struct error *error;
	const char *path;
	struct text *out;
};

static void hashes(struct text *out, enum piece_kind kind)
{
	for (const struct piece *piece = html_pieces; piece->text.n; piece++) {
		if (piece->kind != kind)
			continue;
		text_add_string(out, " 'sha256-");
		text_add(out, piece->hash);
		text_add_octet(out, '\'');
	}
}

/* Nothing is loaded from anywhere, only our scripts and styles run, and no string can be made into markup (Content Security
 * Policy 3; Trusted Types): a second wall behind escape_script. */
static void policy(struct html *html)
{
	text_add_string(html->out, "default-src 'none'; script-src");
	hashes(html->out, PIECE_SCRIPT);
	text_add_string(html->out, "; style-src");
	hashes(html->out, PIECE_STYLE);
	text_add_string(html->out, "; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'");
}

static void pieces(struct html *html, enum piece_kind kind, const char *before, const char *after)
{
	for (const struct piece *piece = html_pieces; piece->text.n; piece++) {
		if (piece->kind != kind)
			continue;
		text_add_string(html->out, before);
		text_add(html->out, piece->text);
		text_add_string(html->out, after);
	}
}

static void styles(struct html *html)
{
	pieces(html, PIECE_STYLE, "<style>", "</style>\n");
}

static void scripts(struct html *html)
{
	pieces(html, PIECE_SCRIPT, "<script>", "</script>\n");
}

static void version(struct html *html)
{
	text_add_string(html->out, SMTPWHY_VERSION);
}

static void title(struct html *html)
{
	text_add_string(html->out, "smtpwhy: ");
	escape_html(html->out, bytes_of(html->path));
}

static void plain(struct html *html)
{
	struct page page = { .style = { .charset = CHARSET_UTF8, .width = PLAIN_WIDTH } };
	text_report(html->report, html->path, &page, html->error);
	escape_html(html->out, text_view(&page.out));
	page_free(&page);
}

static void data(struct html *html)
{
	struct reader reader = { html->report, html->error };
	html_data(&reader, html->path, HTML_ERRORS_MOST, html->out);
}

static const struct {
	const char *name;
	void (*add)(struct html *);
} places[] = {
	{ "policy", policy }, { "version", version }, { "title", title }, { "styles", styles },
	{ "plain", plain },   { "data", data },       { "scripts", scripts },
};

static void place(struct html *html, struct bytes name)
{
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (bytes_equal(bytes_of(places[i].name), name))
			places[i].add(html);
}

bool html_report(struct report *report, const char *path, struct text *out, struct error *error)
{
	struct html html = { report, error, path, out };
	struct bytes rest = html_frame;
	for (size_t open; (open = bytes_find(rest, B("{{"))) != BYTES_NONE;) {
		text_add(out, bytes_first(rest, open));
		rest = bytes_from(rest, open + 2);
		size_t close = bytes_find(rest, B("}}"));
		place(&html, bytes_first(rest, close));
		rest = bytes_from(rest, close + 2);
	}
	text_add(out, rest);
	return error->kind == ERROR_NONE;
}
