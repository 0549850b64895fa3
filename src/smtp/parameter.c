/* parameter.c - ESMTP parameters (RFC 5321 4.1.2 esmtp-param) and their values, as data. Takes words, gives params and the first
 * fault; never looks at what was offered. */
#include "smtp/parameter.h"

#include "base/banned.h"

enum value {
	NO_VALUE, NUMBER, BODY, RET, XTEXT, ADDRESS, BY, DATE_TIME, PRIORITY, TOKENS, OPTIONAL, NOTIFY, ORCPT, RRVS,
};

static const struct row {
	enum verb verb;
	enum value value;
	const char *clause;
	size_t grows;      /* octets that the extension adds to the limit of the command line */
	size_t most;       /* octets of the value; 0 no limit */
} rows[PARAM_COUNT] = {
#define PARAM(id, name, verb_, extension, value_, grows_, most_, clause_) [PARAM_##id] = { VERB_##verb_, value_, clause_, grows_, most_ },
#include "smtp/params.def"
#undef PARAM
};

enum { LONGEST_AUTH = 12288 };

static bool is_xtext(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++) {
		if (b.p[i] == '+') { /* RFC 3461 4: "+" and two capital hexadecimal digits */
			for (size_t k = i + 1; k <= i + 2; k++)
				if (k >= b.n || (!octet_is_digit(b.p[k]) && (b.p[k] < 'A' || b.p[k] > 'F')))
					return false;
			i += 2;
		} else if (b.p[i] < 33 || b.p[i] > 126 || b.p[i] == '=') {
			return false;
		}
	}
	return b.n > 0;
}

static bool is_digits(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (!octet_is_digit(b.p[i]))
			return false;
	return b.n > 0;
}

static bool is_one_of(struct bytes value, const struct bytes *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_is(value, words[i]))
			return true;
	return false;
}

#define ONE_OF(value, ...) \
	is_one_of((value), (const struct bytes[]){ __VA_ARGS__ }, sizeof((const struct bytes[]){ __VA_ARGS__ }) / sizeof(struct bytes))

/* NEVER alone, or a list of the others (RFC 3461 4.1). */
static bool is_notify(struct bytes value)
{
	if (bytes_is(value, B("NEVER")))
		return true;
	struct cut cut = { .tail = value, .found = true };
	while (cut.found) {
		cut = bytes_cut(cut.tail, ',');
		if (!ONE_OF(cut.head, B("SUCCESS"), B("FAILURE"), B("DELAY")))
			return false;
	}
	return true;
}

/* addr-type ";" xtext; an addr-type of utf-8 has an encoding of its own (RFC 6533 3). */
static bool is_orcpt(struct bytes value)
{
	struct cut cut = bytes_cut(value, ';');
	if (!cut.found || cut.head.n == 0 || cut.tail.n == 0)
		return false;
	return bytes_is(cut.head, B("utf-8")) || is_xtext(cut.tail);
}

/* [-]1*9DIGIT ";" (N / R) [T] (RFC 2852 4) */
static bool is_by(struct bytes value)
{
	struct cut cut = bytes_cut(value, ';');
	struct bytes seconds = cut.head.n && (cut.head.p[0] == '-' || cut.head.p[0] == '+') ? bytes_from(cut.head, 1) : cut.head;
	return cut.found && seconds.n <= 9 && is_digits(seconds) && ONE_OF(cut.tail, B("N"), B("R"), B("NT"), B("RT"));
}

/* RFC 3339 date-time, in the shape of its digits: "9" stands for any. */
static bool is_date_time(struct bytes value)
{
	static const struct bytes shape = B("9999-99-99T99:99:99");
	for (size_t i = 0; i < shape.n; i++) {
		if (i >= value.n)
			return false;
		if (shape.p[i] == '9' ? !octet_is_digit(value.p[i]) : octet_upper(value.p[i]) != shape.p[i])
			return false;
	}
	struct bytes zone = bytes_from(value, shape.n);
	if (zone.n && zone.p[0] == '.') {
		size_t n = 1;
		while (n < zone.n && octet_is_digit(zone.p[n]))
			n++;
		zone = bytes_from(zone, n);
	}
	if (bytes_is(zone, B("Z")))
		return true;
	return zone.n == 6 && (zone.p[0] == '+' || zone.p[0] == '-') && zone.p[3] == ':' && is_digits(bytes_first(bytes_from(zone, 1), 2)) &&
	       is_digits(bytes_from(zone, 4));
}

/* date-time [";" ("C" / "R")] (RFC 7293 3.2) */
static bool is_rrvs(struct bytes value)
{
	struct cut cut = bytes_cut(value, ';');
	return is_date_time(cut.head) && (!cut.found || ONE_OF(cut.tail, B("C"), B("R")));
}

/* -9..9 (RFC 6710 4.1) */
static bool is_priority(struct bytes value)
{
	struct bytes digit = value.n == 2 && (value.p[0] == '-' || value.p[0] == '+') ? bytes_from(value, 1) : value;
	return digit.n == 1 && octet_is_digit(digit.p[0]);
}

/* "<>", or a mailbox in xtext (RFC 4954 5). */
static bool is_auth_address(struct bytes value)
{
	return bytes_is(value, B("<>")) || is_xtext(value);
}

static bool is_body(struct bytes value)
{
	return ONE_OF(value, B("7BIT"), B("8BITMIME"), B("BINARYMIME"));
}

static bool is_ret(struct bytes value)
{
	return ONE_OF(value, B("FULL"), B("HDRS"));
}

static bool is_anything(struct bytes value)
{
	return value.n > 0;
}

static const struct {
	bool (*fits)(struct bytes);
	const char *wanted;
} values[] = {
	[NO_VALUE] = { NULL, "no value" },
	[NUMBER] = { is_digits, "a number in decimal digits" },
	[BODY] = { is_body, "7BIT, 8BITMIME or BINARYMIME" },
	[RET] = { is_ret, "FULL or HDRS" },
	[XTEXT] = { is_xtext, "printable octets, the others as +XX (xtext)" },
	[ADDRESS] = { is_auth_address, "<> or an address in xtext" },
	[BY] = { is_by, "seconds, a semicolon, and N or R" },
	[DATE_TIME] = { is_date_time, "a date and time such as 2026-01-31T12:00:00Z" },
	[PRIORITY] = { is_priority, "a priority from -9 to 9" },
	[TOKENS] = { is_anything, "a value" },
	[OPTIONAL] = { NULL, NULL },
	[NOTIFY] = { is_notify, "NEVER, or a list of SUCCESS, FAILURE and DELAY" },
	[ORCPT] = { is_orcpt, "an address type, a semicolon, and the address in xtext" },
	[RRVS] = { is_rrvs, "a date and time, and optionally ;C or ;R" },
};

static void check_value(struct parse *p, const struct param *param)
{
	const struct row *row = &rows[param->known];
	size_t at = param->at + param->name.n + (param->has_value ? 1 : 0);
	if (row->value == NO_VALUE) {
		if (param->has_value)
			parse_fault(p, FAULT_PARAMETER_VALUE, at, "no value", row->clause);
		return;
	}
	if (row->value == OPTIONAL)
		return;
	if (!values[row->value].fits(param->value))
		parse_fault(p, FAULT_PARAMETER_VALUE, at, values[row->value].wanted, row->clause);
	else if (row->most && param->value.n > row->most)
		parse_fault(p, FAULT_PARAMETER_VALUE, at + row->most, "a shorter value", row->clause);
}

/* esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-"); returns the offset of what does not fit, or the length. */
static size_t keyword_length(struct bytes name)
{
	size_t i = 0;
	while (i < name.n && (octet_is_alpha(name.p[i]) || octet_is_digit(name.p[i]) || (i && name.p[i] == '-')))
		i++;
	return i;
}

static struct param cut_param(struct bytes word, size_t at)
{
	struct cut cut = bytes_cut(word, '=');
	return (struct param){ .name = cut.head, .value = cut.tail, .has_value = cut.found, .known = PARAM_UNKNOWN, .at = at };
}

static void check_one(struct parse *p, struct param *param, enum verb verb)
{
	static const char clause[] = "RFC 5321 4.1.2";
	const struct command *c = p->command;
	size_t fits = keyword_length(param->name);
	if (fits == 0 || fits < param->name.n) {
		parse_fault(p, FAULT_PARAMETER_FORM, param->at + fits, "a parameter: a keyword, or keyword=value", clause);
		return;
	}
	for (const struct param *other = c->params; other < param; other++)
		if (bytes_is(other->name, param->name))
			parse_fault(p, FAULT_PARAMETER_TWICE, param->at, "each parameter once", "RFC 5321 4.1.1.11");
	param->known = parameter_find(param->name);
	if (param->known == PARAM_UNKNOWN)
		parse_weak(p, FAULT_PARAMETER_UNKNOWN, param->at, "a parameter that some extension defines", "RFC 5321 4.1.1.11");
	else if (rows[param->known].verb != verb)
		parse_fault(p, FAULT_PARAMETER_UNKNOWN, param->at, verb == VERB_RCPT ? "a parameter of RCPT" : "a parameter of MAIL",
		            rows[param->known].clause);
	else
		check_value(p, param);
	for (size_t i = 0; i < param->value.n; i++)
		if (param->value.p[i] == '=')
			parse_weak(p, FAULT_PARAMETER_FORM, param->at + param->name.n + 1 + i, "a value without =", clause);
}

static size_t count_words(struct bytes b)
{
	size_t n = 0;
	for (struct cut cut = bytes_word(b); cut.found; cut = bytes_word(cut.tail))
		n++;
	return n;
}

/* Cuts the words behind at into params of the command. */
static void cut_words(struct parse *p, size_t at)
{
	struct command *c = p->command;
	size_t n = at < p->line.n ? count_words(bytes_from(p->line, at)) : 0;
	if (n == 0)
		return;
	c->params = ARENA_ARRAY(p->arena, struct param, n);
	for (c->nparams = 0; c->nparams < n; c->nparams++) {
		at = parse_skip_blanks(p, at);
		struct bytes word = parse_word(p, at);
		c->params[c->nparams] = cut_param(word, at);
		at += word.n;
	}
}

void parameter_parse_all(struct parse *p, size_t at, enum verb verb)
{
	struct command *c = p->command;
	cut_words(p, at);
	for (size_t i = 0; i < c->nparams; i++)
		check_one(p, &c->params[i], verb);
}

void parameter_parse_pairs(struct parse *p, size_t at, enum verb verb)
{
	static const struct bytes client[] = { B("NAME"), B("ADDR"), B("PORT"), B("PROTO"), B("HELO"), B("LOGIN"), B("DESTADDR"), B("DESTPORT") };
	static const struct bytes forward[] = { B("NAME"), B("ADDR"), B("PORT"), B("PROTO"), B("HELO"), B("IDENT"), B("SOURCE") };
	const char *clause = verb_clause(verb);
	struct command *c = p->command;
	cut_words(p, at);
	if (c->nparams == 0)
		parse_fault(p, FAULT_ARGUMENT_MISSING, p->line.n, "attribute=value pairs", clause);
	for (size_t i = 0; i < c->nparams; i++) {
		const struct param *param = &c->params[i];
		bool known = verb == VERB_XCLIENT ? is_one_of(param->name, client, sizeof client / sizeof *client)
		                                  : is_one_of(param->name, forward, sizeof forward / sizeof *forward);
		if (!param->has_value)
			parse_fault(p, FAULT_ARGUMENT_FORM, param->at + param->name.n, "= and a value", clause);
		else if (!known)
			parse_fault(p, FAULT_PARAMETER_UNKNOWN, param->at, "an attribute that this command knows", clause);
		else if (!is_xtext(param->value))
			parse_fault(p, FAULT_PARAMETER_VALUE, param->at + param->name.n + 1, values[XTEXT].wanted, clause);
	}
}

size_t parameter_line_limit(const struct command *c)
{
	size_t limit = c->verb == VERB_AUTH ? LONGEST_AUTH : LINE_LIMIT_LEAST;
	bool seen[PARAM_COUNT] = { false };
	for (size_t i = 0; i < c->nparams; i++) {
		enum parameter known = c->params[i].known;
		if (known != PARAM_UNKNOWN && !seen[known])
			limit += rows[known].grows;
		if (known != PARAM_UNKNOWN)
			seen[known] = true;
	}
	return limit;
}
