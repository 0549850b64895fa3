/* grammar.c - one client line becomes a command. Takes the line, finds its verb, hands its argument on (argument.c), notes the first
 * fault. Other protocols: foreign.c. Near misses: near.c. */
#include "smtp/grammar.h"

#include "smtp/argument.h"
#include "smtp/domain.h"
#include "smtp/near.h"
#include "smtp/parameter.h"

#include "base/banned.h"

static bool is_filler(uint8_t c)
{
	return bytes_index(B("Xx*#?~"), c) != BYTES_NONE;
}

/* A mask keeps the length of the verb it hides: no verb has fewer than four letters, nor more than X-ANONYMOUSTLS and its kin. Some
 * overwrite the whole line (Cisco's documents: "all the characters in the packet"): it is as long as a greeting with a name then. */
bool grammar_is_masked_run(struct bytes word, bool whole_line)
{
	enum { SHORTEST = 4, LONGEST = 20, LONGEST_LINE = 32 };
	if (word.n < SHORTEST || word.n > (whole_line ? LONGEST_LINE : LONGEST) || !is_filler(word.p[0]))
		return false;
	for (size_t i = 1; i < word.n; i++)
		if (word.p[i] != word.p[0])
			return false;
	return true;
}

static bool is_legal(uint8_t c)
{
	return octet_is_print(c) || c == '\t';
}

/* The first octet that a command may not hold; the line's length when there is none. UTF-8 in a path was judged there. */
static size_t illegal_octet(const struct parse *p)
{
	struct bytes line = p->line, path = p->path.flags & PATH_UTF8 ? p->path.whole : (struct bytes){ 0 };
	for (size_t i = bytes_printable(line); i < line.n; i++) {
		bool in_path = path.n && line.p + i >= path.p && line.p + i < path.p + path.n;
		if (!is_legal(line.p[i]) && !(in_path && line.p[i] >= 0x80 && !(p->command->line.flags & LINE_INVISIBLE)))
			return i;
	}
	return line.n;
}

static const char *octet_wanted(uint8_t c)
{
	if (c == 0)
		return "no NUL in a command";
	return c >= 0x80 ? "ASCII only" : "no control character in a command";
}

static void check_octets(struct parse *p)
{
	struct fault *fault = &p->fault;
	size_t at = illegal_octet(p);
	if (at == p->line.n || (fault->kind != FAULT_NONE && !p->weak && fault->at < at))
		return;
	*fault = (struct fault){ FAULT_OCTET, at, octet_wanted(p->line.p[at]), p->line.p[at] >= 0x80 ? "RFC 5321 2.3.1" : "RFC 5321 4.1.2" };
	p->weak = false;
}

/* The word, or the end of it, holds octets that no verb has: which verb remains without them? */
static void parse_dirty_word(struct parse *p, size_t bad)
{
	struct command *c = p->command;
	if (!octet_is_print(c->word.p[0]))
		c->verb = VERB_NONE;
	c->meant = verb_find(bytes_first(c->word, bad)); /* a no-break space behind the verb */
	if (c->meant == VERB_UNKNOWN)
		c->meant = near_verb_cleaned(p->line);
	size_t at = (size_t)(c->word.p - p->line.p) + bad;
	parse_fault(p, FAULT_OCTET, at, octet_wanted(p->line.p[at]), "RFC 5321 2.3.1");
}

static size_t first_illegal(struct bytes word)
{
	size_t i = 0;
	while (i < word.n && is_legal(word.p[i]))
		i++;
	return i;
}

static void parse_unknown(struct parse *p)
{
	struct command *c = p->command;
	size_t at = (size_t)(c->word.p - p->line.p), bad = first_illegal(c->word);
	c->masked_run = grammar_is_masked_run(c->word, c->word.n == p->line.n);
	if (bad < c->word.n) {
		parse_dirty_word(p, bad);
		return;
	}
	enum verb meant = c->masked_run ? VERB_UNKNOWN : near_verb(bytes_from(p->line, at));
	c->meant = meant;
	if (meant == VERB_UNKNOWN)
		parse_fault(p, FAULT_VERB_UNKNOWN, at, "a command", "RFC 5321 4.1.1");
	else
		parse_fault(p, FAULT_VERB_NEAR, at, verb_word(c->meant), verb_clause(c->meant));
}

static void parse_known(struct parse *p)
{
	struct command *c = p->command;
	size_t at = (size_t)(c->word.p - p->line.p), after = at + c->word.n;
	if (at > 0) {
		c->meant = c->verb;
		parse_weak(p, FAULT_VERB_NEAR, 0, "the verb at the start of the line", "RFC 5321 4.1.1");
	}
	if (after < p->line.n && p->line.p[after] == '\t')
		parse_weak(p, FAULT_ARGUMENT_FORM, after, "a space after the verb, not a tab", "RFC 5321 4.1.1");
	argument_parse(p, after);
	check_octets(p);
	if (p->fault.kind == FAULT_NONE && c->line.length + 2 > LINE_LIMIT_LEAST && c->line.length + 2 > parameter_line_limit(c))
		parse_fault(p, FAULT_TOO_LONG, parameter_line_limit(c) - 2, "a shorter line", "RFC 5321 4.5.3.1.4");
}

static void parse_empty(struct parse *p)
{
	p->command->verb = VERB_NONE;
	parse_fault(p, FAULT_VERB_UNKNOWN, 0, "a command, not an empty line", "RFC 5321 4.1.1");
}

/* Most lines have no fault, and many no path: they share one. */
static void keep(const struct parse *p)
{
	if (p->fault.kind != FAULT_NONE) {
		struct fault *fault = ARENA_NEW(p->arena, struct fault);
		*fault = p->fault;
		p->command->fault = fault;
	}
	if (p->path.whole.p || p->path.flags) {
		struct path *path = ARENA_NEW(p->arena, struct path);
		*path = p->path;
		p->command->path = path;
	}
}

struct bytes grammar_word(struct bytes line, enum verb *verb)
{
	enum { USUAL = 4 };
	struct bytes word = bytes_first(line, USUAL);
	if (word.n == USUAL && (line.n == USUAL || octet_is_blank(line.p[USUAL])) && (*verb = verb_find(word)) != VERB_UNKNOWN)
		return word;
	word = bytes_word(line).head;
	*verb = verb_find(word);
	return word;
}

static void parse(struct parse *p)
{
	struct command *c = p->command;
	if (c->word.n == 0) {
		parse_empty(p);
	} else if (c->protocol) {
		if (!octet_is_print(c->word.p[0]))
			c->verb = VERB_NONE;
		parse_fault(p, FAULT_PROTOCOL, 0, "SMTP", "RFC 5321 4.1");
	} else if (c->verb == VERB_UNKNOWN) {
		parse_unknown(p);
	} else {
		parse_known(p);
	}
	keep(p);
}

void grammar_parse_from(struct arena *arena, struct command *c, struct bytes line, struct bytes word, enum verb verb)
{
	c->meant = VERB_UNKNOWN;
	c->word = word;
	c->params = NULL;
	c->nparams = 0;
	c->masked_run = c->chunk_last = false;
	c->chunk = 0;
	c->verb = verb;
	c->protocol = verb == VERB_UNKNOWN ? grammar_foreign(line) : NULL; /* no line of another protocol begins with a verb of ours */
	c->fault = &no_fault;
	c->path = &no_path;
	if (word.n != c->line.length || word.n != line.n || !argument_may_lack(verb)) /* as every third line is */
		parse(&(struct parse){ .arena = arena, .command = c, .line = line });
}

void grammar_parse(struct arena *arena, struct command *c)
{
	enum verb verb;
	struct bytes line = c->line.text, word = grammar_word(line, &verb);
	grammar_parse_from(arena, c, line, word, verb);
}
