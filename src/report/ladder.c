/* ladder.c - takes rungs, gives the picture: two rails, arrows between them, what was said on the arrows. */
#include "report/ladder.h"

#include <stdlib.h>

enum {
	MARGIN = 20,      /* mark, time and frame, left of the client's rail */
	ARROW_LEAST = 3,
	LINES_MOST = 24,  /* of one rung; EHLO replies have some 15 */
	INNER_LEAST = 30,
};

struct rails { const char *rail, *shaft, *left, *right, *fault, *dots; };
static const struct rails utf8_rails = { "\xe2\x94\x82", "\xe2\x94\x80", "\xe2\x97\x80", "\xe2\x96\xb6", "\xe2\x96\xba", "\xe2\x8b\xae" };
static const struct rails ascii_rails = { "|", "-", "<", ">", ">", ":" };

struct rung *ladder_add(struct ladder *ladder, enum rung_kind kind)
{
	if (ladder->n == ladder->room) {
		ladder->room = ladder->room ? ladder->room * 2 : 32;
		ladder->rungs = memory_grow(ladder->rungs, ladder->room, sizeof *ladder->rungs);
	}
	ladder->rungs[ladder->n] = (struct rung){ .kind = kind };
	return &ladder->rungs[ladder->n++];
}

void ladder_free(struct ladder *ladder)
{
	free(ladder->rungs);
	arena_drop(&ladder->arena);
	*ladder = (struct ladder){ 0 };
}

void ladder_around(struct ladder *ladder, int64_t exchange, int64_t before, int64_t after)
{
	size_t kept = 0;
	for (size_t i = 0; i < ladder->n; i++) {
		struct rung rung = ladder->rungs[i];
		bool near = rung.exchange >= exchange - before && rung.exchange <= exchange + after;
		if (near || rung.keep || rung.error) {
			ladder->rungs[kept++] = rung;
		} else if (kept && ladder->rungs[kept - 1].kind == RUNG_LEFT_OUT) {
			ladder->rungs[kept - 1].number++;
		} else {
			ladder->rungs[kept++] = (struct rung){ .kind = RUNG_LEFT_OUT, .number = 1, .exchange = rung.exchange };
		}
	}
	ladder->n = kept;
}

/* ---- drawing ---- */

struct drawing {
	struct page *page;
	const struct rails *rails;
	size_t inner; /* columns between the rails */
};

static void margin(struct drawing *drawing, const struct rung *rung, bool first)
{
	struct text text = { 0 };
	if (first && rung->frame)
		text_addf(&text, "%8.3f %8lld ", rung->at, (long long)rung->frame);
	else if (first)
		text_addf(&text, "%8.3f %8s ", rung->at, "");
	else
		text_addf(&text, "%18s", "");
	page_string(drawing->page, INK_BAD, first && rung->error ? drawing->rails->fault : " ");
	page_put(drawing->page, INK_FAINT, text_view(&text));
	page_spaces(drawing->page, MARGIN - 19);
	text_free(&text);
}

static void shaft(struct drawing *drawing, size_t n)
{
	struct text text = { 0 };
	while (n--)
		text_add_string(&text, drawing->rails->shaft);
	page_put(drawing->page, INK_FAINT, text_view(&text));
	text_free(&text);
}

static enum ink ink_of(const struct rung *rung)
{
	return rung->error ? INK_BAD : INK_PLAIN;
}

/* One line of a rung between the rails. arrow: it carries the arrow; left: where a server's block begins. */
static void between(struct drawing *drawing, const struct rung *rung, struct bytes line, bool first, bool arrow, size_t block)
{
	struct page *page = drawing->page;
	size_t width = escape_width(line);
	margin(drawing, rung, first);
	page_string(page, INK_FAINT, drawing->rails->rail);
	if (rung->kind == RUNG_CLIENT) {
		page_spaces(page, 1);
		page_put(page, ink_of(rung), line);
		page_spaces(page, 1);
		if (arrow) {
			shaft(drawing, drawing->inner - width - 3);
			page_string(page, INK_FAINT, drawing->rails->right);
		} else {
			page_spaces(page, drawing->inner - width - 2);
		}
	} else {
		size_t left = drawing->inner - block - 2;
		if (arrow) {
			page_string(page, INK_FAINT, drawing->rails->left);
			shaft(drawing, left - 1);
		} else {
			page_spaces(page, left);
		}
		page_spaces(page, 1);
		page_put(page, ink_of(rung), line);
		page_spaces(page, block - width + 1);
	}
	page_string(page, INK_FAINT, drawing->rails->rail);
	page_line(page);
}

struct lines {
	struct bytes rows[LINES_MOST];
	size_t n, widest, dropped;
};

/* The next octets of shown text that fill at most so many columns. */
static size_t piece(struct bytes shown, size_t columns)
{
	size_t at = 0, used = 0;
	while (at < shown.n) {
		struct glyph glyph = glyph_at(bytes_from(shown, at));
		if (used + glyph.width > columns)
			return at ? escape_break(shown, at) : glyph.octets;
		used += glyph.width;
		at += glyph.octets;
	}
	return at;
}

/* The same, up to a blank where one stands near the end. */
static size_t words(struct bytes shown, size_t columns)
{
	size_t n = piece(shown, columns);
	for (size_t at = n; n < shown.n && at > n - n / 3; at--)
		if (shown.p[at] == ' ')
			return at;
	return n;
}

/* What is explained is shown whole; any other line is cut at the rail. */
static void lines_of(struct drawing *drawing, const struct rung *rung, struct arena *arena, struct lines *lines)
{
	size_t columns = drawing->inner - ARROW_LEAST - 3;
	struct cut cut = { .tail = rung->text, .found = true };
	while (cut.found) {
		struct text shown = { 0 };
		cut = bytes_cut(cut.tail, '\n');
		if (rung->error)
			escape_terminal(&shown, cut.head, drawing->page->style.charset);
		else
			escape_terminal_fit(&shown, cut.head, drawing->page->style.charset, columns);
		struct bytes rest = arena_copy(arena, text_view(&shown));
		text_free(&shown);
		do {
			struct bytes line = bytes_first(rest, words(rest, columns));
			rest = bytes_from(rest, line.n);
			if (rest.n && rest.p[0] == ' ')
				rest = bytes_from(rest, 1);
			if (lines->n == LINES_MOST) {
				lines->dropped++;
				continue;
			}
			lines->rows[lines->n++] = line;
			size_t width = escape_width(line);
			if (width > lines->widest)
				lines->widest = width;
		} while (rest.n);
	}
}

static void remark(struct drawing *drawing, struct bytes text)
{
	struct text shown = { 0 };
	escape_terminal(&shown, text, drawing->page->style.charset);
	for (struct bytes rest = text_view(&shown); rest.n; rest = bytes_trim(rest)) {
		struct bytes line = bytes_first(rest, words(rest, drawing->inner - 5));
		rest = bytes_from(rest, line.n);
		page_spaces(drawing->page, MARGIN);
		page_string(drawing->page, INK_FAINT, drawing->rails->rail);
		page_spaces(drawing->page, 3);
		page_put(drawing->page, INK_WARN, line);
		page_spaces(drawing->page, drawing->inner - 3 - escape_width(line));
		page_string(drawing->page, INK_FAINT, drawing->rails->rail);
		page_line(drawing->page);
	}
	text_free(&shown);
}

static void spoken(struct drawing *drawing, const struct rung *rung)
{
	struct arena arena = { 0 };
	struct lines lines = { 0 };
	lines_of(drawing, rung, &arena, &lines);
	for (size_t i = 0; i < lines.n; i++) {
		/* a client's arrow leaves its last line, a server's arrives at its first */
		bool arrow = rung->kind == RUNG_CLIENT ? i + 1 == lines.n : i == 0;
		between(drawing, rung, lines.rows[i], i == 0, arrow, lines.widest);
	}
	if (lines.dropped) {
		struct text text = { 0 };
		text_addf(&text, "(%zu more lines)", lines.dropped);
		remark(drawing, text_view(&text));
		text_free(&text);
	}
	remark(drawing, rung->remark);
	arena_drop(&arena);
}

static void aside(struct drawing *drawing, const struct rung *rung)
{
	struct text text = { 0 };
	if (rung->kind == RUNG_LEFT_OUT)
		text_addf(&text, "%s %lld %s not shown", drawing->rails->dots, (long long)rung->number, rung->number == 1 ? "line" : "lines");
	else
		text_add(&text, rung->text);
	if (rung->kind == RUNG_NOTE) {
		margin(drawing, rung, true);
		page_string(drawing->page, INK_FAINT, drawing->rails->rail);
		page_spaces(drawing->page, 3);
		page_fill(drawing->page, INK_WARN, MARGIN + 4, MARGIN + 4, text_view(&text));
	} else {
		page_spaces(drawing->page, MARGIN);
		page_put(drawing->page, INK_FAINT, text_view(&text));
		page_line(drawing->page);
	}
	text_free(&text);
}

static void heading(struct drawing *drawing, const struct ladder *ladder)
{
	struct text left = { 0 }, right = { 0 };
	enum charset charset = drawing->page->style.charset;
	escape_terminal_fit(&left, ladder->client, charset, drawing->inner / 2);
	escape_terminal_fit(&right, ladder->server, charset, drawing->inner / 2);
	page_string(drawing->page, INK_FAINT, "  seconds    frame ");
	page_spaces(drawing->page, MARGIN - 19);
	page_put(drawing->page, INK_STRONG, text_view(&left));
	page_spaces(drawing->page, drawing->inner + 2 - escape_width(text_view(&left)) - escape_width(text_view(&right)));
	page_put(drawing->page, INK_STRONG, text_view(&right));
	page_line(drawing->page);
	text_free(&left);
	text_free(&right);
}

void ladder_draw(struct page *page, const struct ladder *ladder)
{
	size_t width = page->style.width ? page->style.width : 80;
	struct drawing drawing = {
		.page = page, .rails = page->style.charset == CHARSET_UTF8 ? &utf8_rails : &ascii_rails,
		.inner = width > MARGIN + 2 + INNER_LEAST ? width - MARGIN - 2 : INNER_LEAST,
	};
	heading(&drawing, ladder);
	for (size_t i = 0; i < ladder->n; i++) {
		const struct rung *rung = &ladder->rungs[i];
		if (rung->kind == RUNG_CLIENT || rung->kind == RUNG_SERVER)
			spoken(&drawing, rung);
		else
			aside(&drawing, rung);
	}
}
