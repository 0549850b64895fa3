/* parse - one client line being parsed: what the files of the grammar share.
 * In:    the command whose line is set.
 * Out:   the first fault. A weak fault (one that most servers tolerate, and say so by accepting it) gives way to a later strong one.
 * Lives: the phrases are literals. */
#ifndef SMTPWHY_SMTP_PARSE_H
#define SMTPWHY_SMTP_PARSE_H

#include "smtp/session.h"

struct parse {
	struct arena *arena;
	struct command *command;
	struct bytes line;
	struct fault fault;
	struct path path;
	bool weak; /* the fault that is set is a weak one */
};

/* The first octet that breaks a grammar, from the start of what was checked. */
struct misfit {
	bool found;
	size_t at;
	const char *wanted, *clause;
};

static inline void parse_fault(struct parse *p, enum fault_kind kind, size_t at, const char *wanted, const char *clause)
{
	if (p->fault.kind != FAULT_NONE && !p->weak)
		return;
	p->fault = (struct fault){ kind, at, wanted, clause };
	p->weak = false;
}

static inline void parse_weak(struct parse *p, enum fault_kind kind, size_t at, const char *wanted, const char *clause)
{
	if (p->fault.kind != FAULT_NONE)
		return;
	parse_fault(p, kind, at, wanted, clause);
	p->weak = true;
}


/* Offset of the first octet at or behind at that is no blank; the line's length when there is none. */
static inline size_t parse_skip_blanks(const struct parse *p, size_t at)
{
	while (at < p->line.n && octet_is_blank(p->line.p[at]))
		at++;
	return at;
}

/* The word that begins at this offset, up to the next blank. */
static inline struct bytes parse_word(const struct parse *p, size_t at)
{
	return at < p->line.n ? bytes_word(bytes_from(p->line, at)).head : (struct bytes){ 0 };
}

#endif
