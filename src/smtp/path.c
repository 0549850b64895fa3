/* path.c - paths and mailboxes by RFC 5321 4.1.2. Takes a line and an offset, gives the path's parts and its first fault. */
#include "smtp/path.h"

#include "base/utf8.h"
#include "smtp/domain.h"

#include "base/banned.h"

static const char mailbox_clause[] = "RFC 5321 4.1.2";

static size_t offset_of(const struct parse *p, struct bytes part)
{
	return (size_t)(part.p - p->line.p);
}

static void fault_in(struct parse *p, struct bytes part, struct misfit m)
{
	if (m.found)
		parse_fault(p, FAULT_ADDRESS, offset_of(p, part) + m.at, m.wanted, m.clause);
}

static bool is_atext(uint8_t c)
{
	return octet_is_alpha(c) || octet_is_digit(c) || c >= 0x80 || bytes_index(B("!#$%&'*+-/=?^_`{|}~"), c) != BYTES_NONE;
}

/* End of a quoted string that begins at b: the offset behind its closing quote; BYTES_NONE when that is missing. */
static size_t quoted_end(struct bytes b)
{
	for (size_t i = 1; i < b.n; i++) {
		if (b.p[i] == '\\')
			i++;
		else if (b.p[i] == '"')
			return i + 1;
	}
	return BYTES_NONE;
}

/* Offset of the ">" that closes a path whose "<" stands at b; quoted strings and literals may hold one. */
static size_t closing_bracket(struct bytes b)
{
	size_t first = bytes_index(b, '>');
	if (bytes_index(bytes_first(b, first), '"') == BYTES_NONE)
		return first;
	for (size_t i = 1; i < b.n; i++) {
		size_t end = BYTES_NONE;
		if (b.p[i] == '"')
			end = quoted_end(bytes_from(b, i));
		if (end != BYTES_NONE)
			i += end - 1;
		else if (b.p[i] == '>')
			return i;
	}
	return BYTES_NONE;
}

static struct misfit check_dot_string(struct bytes local)
{
	static const char dots[] = "a character before, between and after the dots of a local part";
	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] == '.' && (i == 0 || i + 1 == local.n || local.p[i - 1] == '.'))
			return (struct misfit){ true, i, dots, mailbox_clause };
		if (octet_is_blank(local.p[i]))
			return (struct misfit){ true, i, "no space in an address, unless quoted", mailbox_clause };
		if (local.p[i] != '.' && !is_atext(local.p[i]))
			return (struct misfit){ true, i, "a character that a local part may hold unquoted", mailbox_clause };
	}
	return (struct misfit){ 0 };
}

static void parse_domain(struct parse *p, struct bytes domain)
{
	struct path *path = &p->path;
	path->domain = domain;
	if (domain.n && domain.p[0] == '[') {
		path->flags |= PATH_LITERAL;
		fault_in(p, domain, domain_check_literal(domain));
		return;
	}
	if (bytes_index(domain, '.') == BYTES_NONE)
		path->flags |= PATH_DOMAIN_NOT_QUALIFIED;
	if (domain_is_v4(domain))
		parse_weak(p, FAULT_ADDRESS, offset_of(p, domain), "brackets around an IP address", "RFC 5321 4.1.3");
	fault_in(p, domain, domain_check(domain));
}

/* Local-part "@" (Domain / address-literal) */
static void parse_mailbox(struct parse *p, struct bytes b, bool forward)
{
	struct path *path = &p->path;
	size_t end = b.n && b.p[0] == '"' ? quoted_end(b) : BYTES_NONE;
	if (b.n && b.p[0] == '"') {
		path->flags |= PATH_QUOTED_LOCAL;
		if (end == BYTES_NONE)
			parse_fault(p, FAULT_ADDRESS, offset_of(p, b), "a closing quote", mailbox_clause);
		else if (end < b.n && b.p[end] != '@')
			parse_fault(p, FAULT_ADDRESS, offset_of(p, b) + end, "@ after the quoted local part", mailbox_clause);
	}
	struct cut cut = bytes_cut(end == BYTES_NONE ? b : bytes_from(b, end), '@');
	path->local = end == BYTES_NONE ? cut.head : bytes_first(b, end + cut.head.n);
	if (path->local.n == 0) {
		parse_fault(p, FAULT_ADDRESS, offset_of(p, b), "a local part before the @", mailbox_clause);
		path->local = bytes_first(b, 0);
	}
	if (end == BYTES_NONE)
		fault_in(p, path->local, check_dot_string(path->local));
	if (path->local.n > 64)
		parse_weak(p, FAULT_ADDRESS, offset_of(p, b) + 64, "a local part of at most 64 octets", "RFC 5321 4.5.3.1.1");
	if (cut.found) {
		parse_domain(p, cut.tail.n ? cut.tail : (struct bytes){ b.p + b.n, 0 });
		return;
	}
	path->flags |= PATH_NO_DOMAIN;
	if (forward && bytes_is(b, B("postmaster")))
		path->flags |= PATH_POSTMASTER;
	else
		parse_weak(p, FAULT_ADDRESS, offset_of(p, b) + b.n, "@ and a domain", mailbox_clause);
}

/* "@" Domain *( "," "@" Domain ) ":": obsolete, to be accepted and ignored (RFC 5321 4.1.1.3, C). What follows is the mailbox. */
static struct bytes parse_source_route(struct parse *p, struct bytes b)
{
	size_t colon = bytes_index(b, ':');
	if (colon == BYTES_NONE)
		return b;
	p->path.flags |= PATH_SOURCE_ROUTE;
	struct cut cut = { .tail = bytes_first(b, colon), .found = true };
	while (cut.found) {
		cut = bytes_cut(cut.tail, ',');
		struct bytes hop = bytes_trim(cut.head);
		if (hop.n == 0 || hop.p[0] != '@')
			parse_fault(p, FAULT_ADDRESS, hop.n ? offset_of(p, hop) : offset_of(p, b), "@ before each host of a route", mailbox_clause);
		else if (hop.n == 1)
			parse_fault(p, FAULT_ADDRESS, offset_of(p, hop), "a domain after @", mailbox_clause);
		else
			fault_in(p, bytes_from(hop, 1), domain_check(bytes_from(hop, 1)));
	}
	return colon + 1 < b.n ? bytes_from(b, colon + 1) : (struct bytes){ b.p + b.n, 0 };
}

/* Local-part "@" Domain of nothing but letters, digits and the usual marks: in order, by sets of octets. False: nothing was said. */
static bool parse_ordinary(struct parse *p, struct bytes inner)
{
	if (inner.n > SCAN_MOST)
		return false;
	struct classes c = scan_classes(inner);
	if (!c.ats || c.ats & (c.ats - 1))
		return false;
	size_t at = (size_t)__builtin_ctzll(c.ats);
	uint64_t atext = (c.letters | c.digits | c.hyphens | c.marks) & scan_whole(at), dots = c.dots & scan_whole(at);
	if (at + 1 >= inner.n || (atext | dots) != scan_whole(at) || !parts_lie_between(atext, dots, at))
		return false;
	struct classes behind = { .letters = c.letters >> (at + 1), .digits = c.digits >> (at + 1), .hyphens = c.hyphens >> (at + 1), .dots = c.dots >> (at + 1) };
	struct domain_shape shape = domain_shape_of(&behind, inner.n - at - 1);
	if (!shape.ordinary || !shape.lettered)
		return false;
	p->path.local = bytes_first(inner, at);
	p->path.domain = bytes_from(inner, at + 1);
	p->path.flags |= shape.dotted ? 0 : PATH_DOMAIN_NOT_QUALIFIED;
	return true;
}

static void parse_inner(struct parse *p, struct bytes inner, bool forward)
{
	struct path *path = &p->path;
	if (parse_ordinary(p, inner))
		return;
	for (size_t i = 0, n; i < inner.n; i += n) {
		n = utf8_character(bytes_from(inner, i), NULL);
		if (n == 0) {
			parse_fault(p, FAULT_OCTET, offset_of(p, inner) + i, "ASCII, or well-formed UTF-8 with SMTPUTF8", "RFC 6531 3.3");
			break;
		}
		if (n > 1)
			path->flags |= PATH_UTF8;
	}
	if (inner.n == 0) {
		path->flags |= PATH_NULL;
		if (forward)
			parse_fault(p, FAULT_ADDRESS, offset_of(p, inner), "a recipient; the null path is for MAIL", "RFC 5321 4.1.1.3");
		return;
	}
	size_t bracket = bytes_index(inner, '<');
	if (bracket != BYTES_NONE && inner.p[0] != '"')
		parse_fault(p, FAULT_ADDRESS, offset_of(p, inner) + bracket, "one address, without a display name", mailbox_clause);
	if (inner.p[0] == '@')
		inner = parse_source_route(p, inner);
	parse_mailbox(p, inner, forward);
	if (path->whole.n > 256)
		parse_weak(p, FAULT_ADDRESS, offset_of(p, path->whole) + 256, "a path of at most 256 octets", "RFC 5321 4.5.3.1.3");
}

/* An address that lacks its brackets ends at the next blank; a name before it, or a second word of it, is no parameter. */
static size_t parse_naked(struct parse *p, size_t at, bool forward)
{
	struct bytes rest = bytes_from(p->line, at), word = parse_word(p, at);
	struct path *path = &p->path;
	path->flags |= PATH_NO_BRACKETS;
	path->whole = word;
	size_t bracket = bytes_index(rest, '<');
	if (bracket != BYTES_NONE) {
		parse_fault(p, FAULT_ADDRESS, at, "the address alone between < and >", mailbox_clause);
		return p->line.n;
	}
	if (word.p[word.n - 1] == '>')
		parse_fault(p, FAULT_ADDRESS, at, "an opening < before the address", mailbox_clause);
	else
		parse_weak(p, FAULT_ADDRESS, at, "< before the address and > after it", mailbox_clause);
	struct bytes next = parse_word(p, parse_skip_blanks(p, at + word.n));
	if (bytes_index(next, '@') != BYTES_NONE && bytes_index(next, '=') == BYTES_NONE)
		parse_fault(p, FAULT_ADDRESS, at + word.n, "no space in an address, unless quoted", mailbox_clause);
	parse_inner(p, word, forward);
	return at + word.n;
}

size_t path_parse(struct parse *p, size_t at, bool forward)
{
	struct path *path = &p->path;
	size_t start = parse_skip_blanks(p, at);
	const char *clause = forward ? "RFC 5321 4.1.1.3" : "RFC 5321 4.1.1.2";
	if (start == p->line.n) {
		parse_fault(p, FAULT_ARGUMENT_MISSING, start, "an address between < and >", clause);
		return start;
	}
	if (start != at) {
		path->flags |= PATH_SPACE_AFTER_COLON;
		parse_weak(p, FAULT_ARGUMENT_FORM, at, "no space after the colon", "RFC 5321 3.3");
	}
	struct bytes rest = bytes_from(p->line, start);
	if (rest.p[0] != '<')
		return parse_naked(p, start, forward);
	size_t close = closing_bracket(rest), end = close;
	if (close == BYTES_NONE) {
		end = bytes_word(rest).head.n;
		parse_fault(p, FAULT_ADDRESS, start + end, "a closing > after the address", mailbox_clause);
	}
	path->whole = bytes_first(rest, close == BYTES_NONE ? end : end + 1);
	parse_inner(p, (struct bytes){ rest.p + 1, end - 1 }, forward);
	if (close == BYTES_NONE)
		return start + end;
	if (close + 1 < rest.n && !octet_is_blank(rest.p[close + 1])) {
		const char *wanted = rest.p[close + 1] == '>' ? "one > for one <" : "a space, or the end, after the address";
		parse_fault(p, FAULT_ADDRESS, start + close + 1, wanted, clause);
		return p->line.n;
	}
	return start + close + 1;
}

void path_mailbox(struct parse *p, size_t at)
{
	struct path *path = &p->path;
	struct bytes b = bytes_trim(bytes_from(p->line, at));
	path->whole = b;
	if (b.n > 1 && b.p[0] == '<' && b.p[b.n - 1] == '>')
		b = (struct bytes){ b.p + 1, b.n - 2 };
	else
		path->flags |= PATH_NO_BRACKETS;
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] >= 0x80)
			path->flags |= PATH_UTF8;
	struct cut cut = bytes_cut(b, '@');
	path->local = cut.head;
	path->domain = cut.tail;
	if (!cut.found)
		path->flags |= PATH_NO_DOMAIN;
}
