/* argument.c - the argument of each verb, by its kind in verbs.def. Takes the line behind the verb, fills the command, notes the
 * first fault. */
#include "smtp/argument.h"

#include "smtp/domain.h"
#include "smtp/parameter.h"
#include "smtp/path.h"

#include "base/banned.h"

enum argument {
	NONE, OPTIONAL, TEXT, DOMAIN_OR_LITERAL, REVERSE_PATH, FORWARD_PATH, MECHANISM, CHUNK, NODE, DOMAINS, URL, PAIRS, ANY, ARGUMENTS,
};

static const enum argument kinds[VERB_COUNT] = {
#define VERB(id, word, argument, extension, clause) [VERB_##id] = argument,
#include "smtp/verbs.def"
#undef VERB
};

static const char *clause_of(const struct parse *p)
{
	return verb_clause(p->command->verb);
}

/* Nothing but blanks may follow; trailing blanks are to be tolerated (RFC 5321 4.1.1). */
static void nothing_more(struct parse *p, size_t at)
{
	at = parse_skip_blanks(p, at);
	if (at < p->line.n)
		parse_fault(p, FAULT_ARGUMENT_EXTRA, at, "the end of the line", clause_of(p));
}

static bool missing(struct parse *p, size_t at, const char *wanted)
{
	if (at < p->line.n)
		return false;
	parse_fault(p, FAULT_ARGUMENT_MISSING, p->line.n, wanted, clause_of(p));
	return true;
}

static void parse_none(struct parse *p, size_t at)
{
	nothing_more(p, at);
}

static void parse_any(struct parse *p, size_t at)
{
	(void)p;
	(void)at;
}

static void parse_text(struct parse *p, size_t at)
{
	if (!missing(p, at, "a user name, a mailbox or a list"))
		path_mailbox(p, at);
}

static void parse_helo(struct parse *p, size_t at)
{
	struct path *path = &p->path;
	struct bytes rest_of_line = bytes_from(p->line, at);
	struct domain_shape shape = domain_shape(rest_of_line);
	if (shape.ordinary && shape.lettered) {
		path->whole = path->domain = rest_of_line;
		path->flags |= shape.dotted ? 0 : PATH_DOMAIN_NOT_QUALIFIED;
		return;
	}
	struct bytes name = parse_word(p, at);
	path->whole = path->domain = name;
	if (name.n == 0) {
		parse_fault(p, FAULT_HELO_NAME, p->line.n, "a domain name or an address literal", clause_of(p));
		return;
	}
	struct misfit m;
	if (name.p[0] == '[') {
		path->flags |= PATH_LITERAL;
		m = domain_check_literal(name);
	} else {
		m = domain_check(name);
		if (bytes_index(name, '.') == BYTES_NONE)
			path->flags |= PATH_DOMAIN_NOT_QUALIFIED;
		if (domain_is_v4(name) || domain_is_v6(name))
			m = (struct misfit){ true, 0, "brackets around an IP address", "RFC 5321 4.1.3" };
	}
	if (m.found)
		parse_fault(p, FAULT_HELO_NAME, at + m.at, m.wanted, m.clause);
	size_t rest = parse_skip_blanks(p, at + name.n);
	if (rest < p->line.n)
		parse_fault(p, FAULT_HELO_NAME, rest, "one name", clause_of(p));
}

/* Offset behind "FROM:" or "TO:"; where that is missing or misspelled, where an address may begin. */
static size_t parse_keyword(struct parse *p, size_t at, struct bytes keyword, const char *wanted)
{
	struct bytes rest = bytes_from(p->line, at);
	if (bytes_starts_word(rest, keyword)) {
		size_t after = parse_skip_blanks(p, at + keyword.n);
		if (after < p->line.n && p->line.p[after] == ':') {
			if (after != at + keyword.n)
				parse_weak(p, FAULT_ARGUMENT_FORM, at + keyword.n, "no space before the colon", "RFC 5321 3.3");
			return after + 1;
		}
		parse_fault(p, FAULT_ARGUMENT_FORM, at + keyword.n, "a colon", clause_of(p));
		return after;
	}
	parse_fault(p, FAULT_ARGUMENT_FORM, at, wanted, clause_of(p));
	size_t colon = bytes_index(rest, ':'), bracket = bytes_index(rest, '<');
	if (colon != BYTES_NONE && (bracket == BYTES_NONE || colon < bracket))
		return at + colon + 1;
	return bracket != BYTES_NONE ? at + bracket : at;
}

static void parse_path(struct parse *p, size_t at, bool forward)
{
	if (missing(p, at, forward ? "TO: and an address between < and >" : "FROM: and an address between < and >"))
		return;
	at = parse_keyword(p, at, forward ? B("TO") : B("FROM"), forward ? "TO:" : "FROM:");
	at = path_parse(p, at, forward);
	parameter_parse_all(p, at, forward ? VERB_RCPT : VERB_MAIL);
}

static void parse_reverse(struct parse *p, size_t at)
{
	parse_path(p, at, false);
}

static void parse_forward(struct parse *p, size_t at)
{
	parse_path(p, at, true);
}

static bool is_base64(struct bytes b)
{
	size_t pad = 0;
	while (pad < 2 && pad < b.n && b.p[b.n - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i + pad < b.n; i++)
		if (!octet_is_alpha(b.p[i]) && !octet_is_digit(b.p[i]) && b.p[i] != '+' && b.p[i] != '/')
			return false;
	return b.n > 0 && b.n % 4 == 0;
}

/* AUTH mechanism [initial-response] (RFC 4954 4); a line that was masked holds "<redacted>" for the response. */
static void parse_mechanism(struct parse *p, size_t at)
{
	struct bytes name = parse_word(p, at);
	if (missing(p, at, "the name of a mechanism"))
		return;
	for (size_t i = 0; i < name.n; i++)
		if (!octet_is_alpha(name.p[i]) && !octet_is_digit(name.p[i]) && name.p[i] != '-' && name.p[i] != '_') {
			parse_fault(p, FAULT_ARGUMENT_FORM, at + i, "letters, digits, hyphen and underscore in a mechanism", "RFC 4422 3.1");
			break;
		}
	if (name.n > 20)
		parse_fault(p, FAULT_ARGUMENT_FORM, at + 20, "a mechanism of at most 20 octets", "RFC 4422 3.1");
	at = parse_skip_blanks(p, at + name.n);
	struct bytes response = parse_word(p, at);
	bool masked = p->command->line.flags & LINE_MASKED;
	bool cut = p->command->line.length > p->line.n; /* its end was not kept */
	if (response.n && !bytes_equal(response, B("=")) && !is_base64(response) && !masked && !cut)
		parse_fault(p, FAULT_ARGUMENT_FORM, at, "base64, or = for an empty response", clause_of(p));
	nothing_more(p, at + response.n);
}

/* BDAT chunk-size [SP "LAST"] (RFC 3030 2) */
static void parse_chunk(struct parse *p, size_t at)
{
	struct command *c = p->command;
	struct bytes size = parse_word(p, at);
	if (missing(p, at, "the size of the chunk"))
		return;
	if (!bytes_number(size, &c->chunk))
		parse_fault(p, FAULT_ARGUMENT_FORM, at, "the size of the chunk in decimal digits", clause_of(p));
	at = parse_skip_blanks(p, at + size.n);
	struct bytes last = parse_word(p, at);
	c->chunk_last = bytes_is(last, B("LAST"));
	if (last.n && !c->chunk_last)
		parse_fault(p, FAULT_ARGUMENT_FORM, at, "LAST or the end of the line", clause_of(p));
	nothing_more(p, at + last.n);
}

/* ETRN [@ or #]node (RFC 1985 5): a queue name after # is the server's own. */
static void parse_node(struct parse *p, size_t at)
{
	if (missing(p, at, "the name of a node"))
		return;
	struct bytes node = parse_word(p, at);
	size_t sign = node.p[0] == '@' || node.p[0] == '#';
	struct misfit m = node.p[0] == '#' && node.n > 1 ? (struct misfit){ 0 } : domain_check(bytes_from(node, sign));
	if (m.found)
		parse_fault(p, FAULT_ARGUMENT_FORM, at + sign + m.at, m.wanted, clause_of(p));
	nothing_more(p, at + node.n);
}

/* ATRN [domain *("," domain)] (RFC 2645 5.2.1) */
static void parse_domains(struct parse *p, size_t at)
{
	struct bytes list = parse_word(p, at);
	if (list.n == 0)
		return;
	struct cut cut = { .tail = list, .found = true };
	for (size_t i = at; cut.found; i += cut.head.n + 1) {
		cut = bytes_cut(cut.tail, ',');
		struct misfit m = domain_check(cut.head);
		if (m.found)
			parse_fault(p, FAULT_ARGUMENT_FORM, i + m.at, m.wanted, clause_of(p));
	}
	nothing_more(p, at + list.n);
}

/* BURL imap-url [LAST] (RFC 4468 3.2) */
static void parse_url(struct parse *p, size_t at)
{
	struct bytes url = parse_word(p, at);
	if (missing(p, at, "a URL"))
		return;
	if (!bytes_starts_word(url, B("imap")))
		parse_weak(p, FAULT_ARGUMENT_FORM, at, "an IMAP URL", clause_of(p));
	at = parse_skip_blanks(p, at + url.n);
	struct bytes last = parse_word(p, at);
	p->command->chunk_last = bytes_is(last, B("LAST"));
	nothing_more(p, p->command->chunk_last ? at + last.n : at);
}

static void parse_pairs(struct parse *p, size_t at)
{
	parameter_parse_pairs(p, at, p->command->verb);
}

void argument_parse(struct parse *p, size_t at)
{
	static void (*const parsers[ARGUMENTS])(struct parse *, size_t) = {
		[NONE] = parse_none, [OPTIONAL] = parse_any, [TEXT] = parse_text, [DOMAIN_OR_LITERAL] = parse_helo,
		[REVERSE_PATH] = parse_reverse, [FORWARD_PATH] = parse_forward, [MECHANISM] = parse_mechanism, [CHUNK] = parse_chunk,
		[NODE] = parse_node, [DOMAINS] = parse_domains, [URL] = parse_url, [PAIRS] = parse_pairs, [ANY] = parse_any,
	};
	parsers[kinds[p->command->verb]](p, parse_skip_blanks(p, at));
}

bool argument_may_lack(enum verb verb)
{
	enum argument kind = verb < VERB_COUNT ? kinds[verb] : ARGUMENTS;
	return kind == NONE || kind == OPTIONAL || kind == ANY;
}
