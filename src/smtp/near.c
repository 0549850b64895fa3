/* near.c - near misses of verbs: Damerau-Levenshtein distance 1, or 2 between words of six letters or more, and run-together forms.
 * Takes a line, gives a verb; keeps nothing. */
#include "smtp/near.h"

#include "smtp/grammar.h"

#include "base/banned.h"

enum { LONGEST_WORD = 16, LONG_WORD = 6, FAR = 99 };

static const struct bytes verbs[VERB_COUNT] = {
#define VERB(id, word, ...) [VERB_##id] = B(word),
#include "smtp/verbs.def"
#undef VERB
};

/* Verbs that a hand seldom types: what is near them is more likely a word of its own (END, SAME, RETURN, CLIENT). */
static const bool rare[VERB_COUNT] = {
	[VERB_TURN] = true, [VERB_SEND] = true, [VERB_SOML] = true, [VERB_SAML] = true, [VERB_ATRN] = true, [VERB_BURL] = true,
	[VERB_ONEX] = true, [VERB_VERB] = true,
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions, substitutions, swaps of neighbours. */
static size_t distance(struct bytes a, struct bytes b)
{
	uint8_t d[LONGEST_WORD + 1][LONGEST_WORD + 1];
	if (a.n > LONGEST_WORD || b.n > LONGEST_WORD)
		return FAR;
	for (size_t i = 0; i <= LONGEST_WORD; i++)
		d[i][0] = d[0][i] = (uint8_t)i;
	for (size_t i = 1; i <= a.n; i++) {
		for (size_t j = 1; j <= b.n; j++) {
			bool same = octet_upper(a.p[i - 1]) == octet_upper(b.p[j - 1]);
			size_t best = least(d[i - 1][j - 1] + (same ? 0u : 1u), least(d[i - 1][j], d[i][j - 1]) + 1u);
			if (i > 1 && j > 1 && octet_upper(a.p[i - 1]) == octet_upper(b.p[j - 2]) && octet_upper(a.p[i - 2]) == octet_upper(b.p[j - 1]))
				best = least(best, d[i - 2][j - 2] + 1u);
			d[i][j] = (uint8_t)best;
		}
	}
	return d[a.n][b.n];
}

static uint64_t letters_of(struct bytes word)
{
	uint64_t letters = 0;
	for (size_t i = 0; i < word.n; i++)
		letters |= (uint64_t)1 << (octet_upper(word.p[i]) & 63);
	return letters;
}

static bool same_letter(struct bytes a, size_t i, struct bytes b, size_t k)
{
	return octet_upper(a.p[i]) == octet_upper(b.p[k]);
}

/* One edit leaves the first letter alone, or the second, or moves one to the place of the other. Words of two letters at least. */
static bool begin_alike(struct bytes a, struct bytes b)
{
	return same_letter(a, 0, b, 0) || same_letter(a, 1, b, 1) || same_letter(a, 0, b, 1) || same_letter(a, 1, b, 0);
}

/* An edit changes the length by one at most, and replaces one letter by another: nearly all words are further than that. */
static bool may_be_near(struct bytes word, uint64_t letters, struct bytes verb, size_t most)
{
	if (word.n > verb.n + most || verb.n > word.n + most || (most == 1 && !begin_alike(word, verb)))
		return false;
	uint64_t others = letters_of(verb);
	return (size_t)__builtin_popcountll(letters & ~others) <= most && (size_t)__builtin_popcountll(others & ~letters) <= most;
}

static enum verb by_distance(struct bytes word)
{
	enum verb found = VERB_UNKNOWN;
	size_t nearest = FAR;
	if (word.n < 3 || word.n > LONGEST_WORD)
		return VERB_UNKNOWN;
	uint64_t letters = letters_of(word);
	for (enum verb v = 0; v < VERB_COUNT; v++) {
		struct bytes verb = verbs[v];
		size_t most = word.n >= LONG_WORD && verb.n >= LONG_WORD ? 2 : 1;
		size_t d = rare[v] || !may_be_near(word, letters, verb, most) ? FAR : distance(word, verb);
		if (d <= most && d < nearest) {
			nearest = d;
			found = v;
		}
	}
	return found;
}

/* Two words of one command that lost or gained a separator: the rest of the word tells that it is no other word. */
static const struct {
	struct bytes start;
	enum verb verb;
} joined[] = {
	{ B("MAILFROM"), VERB_MAIL },  { B("MAIL-FROM"), VERB_MAIL }, { B("MAIL_FROM"), VERB_MAIL }, { B("RCPTTO"), VERB_RCPT },
	{ B("RCPT-TO"), VERB_RCPT },   { B("RCPT_TO"), VERB_RCPT },   { B("MAILTO:"), VERB_MAIL },   { B("RCPTFROM:"), VERB_RCPT },
	{ B("START TLS"), VERB_STARTTLS }, { B("AUTHPLAIN"), VERB_AUTH }, { B("AUTHLOGIN"), VERB_AUTH }, { B("BDATLAST"), VERB_BDAT },
};

static enum verb by_joint(struct bytes line)
{
	for (size_t i = 0; i < sizeof joined / sizeof *joined; i++) {
		struct bytes rest = bytes_from(line, joined[i].start.n);
		if (bytes_starts_word(line, joined[i].start) && (rest.n == 0 || !octet_is_alpha(rest.p[0])))
			return joined[i].verb;
	}
	return VERB_UNKNOWN;
}

/* "QUIT.", "EHLO:", "STARTTLS;", "AUTH=PLAIN", "RCPT<a@b>": a verb, then a mark that begins or ends something. */
static bool is_mark(uint8_t c)
{
	return bytes_index(B(":;.,=<>[]()\"'/\\|!?@#"), c) != BYTES_NONE;
}

/* "HELOmail.example", "BDAT100": a verb that always takes an argument, which follows without a blank. */
static bool may_run_on(enum verb verb, struct bytes rest)
{
	if (verb == VERB_HELO || verb == VERB_EHLO || verb == VERB_LHLO)
		return rest.n > 2 && (octet_is_alpha(rest.p[0]) || octet_is_digit(rest.p[0]));
	return verb == VERB_BDAT && octet_is_digit(rest.p[0]);
}

static enum verb by_prefix(struct bytes word)
{
	for (enum verb v = 0; v < VERB_COUNT; v++) {
		struct bytes verb = verbs[v], rest = bytes_from(word, verb.n);
		if (rest.n == 0 || !same_letter(word, 0, verb, 0) || !bytes_starts_word(word, verb))
			continue;
		if (is_mark(rest.p[0]) || may_run_on(v, rest))
			return v;
	}
	return VERB_UNKNOWN;
}

/* A mark before the verb: an opening quote, a dot, a prompt that was pasted along. */
static struct bytes without_marks(struct bytes word)
{
	while (word.n && (is_mark(word.p[0]) || word.p[0] == '`' || word.p[0] == '$'))
		word = bytes_from(word, 1);
	while (word.n && is_mark(word.p[word.n - 1]) && word.p[word.n - 1] != ':')
		word.n--;
	return word;
}

enum verb near_verb(struct bytes line)
{
	struct bytes word = bytes_word(line).head;
	enum verb verb = by_joint(bytes_trim(line));
	if (verb == VERB_UNKNOWN)
		verb = by_prefix(word);
	if (verb == VERB_UNKNOWN)
		verb = by_distance(word);
	if (verb != VERB_UNKNOWN)
		return verb;
	struct bytes bare = without_marks(word);
	return bare.n < word.n ? verb_find(bare) : VERB_UNKNOWN;
}

enum verb near_verb_cleaned(struct bytes line)
{
	uint8_t clean[64];
	struct bytes kept = { clean, 0 };
	for (size_t i = 0; i < line.n && kept.n < sizeof clean; i++)
		if (octet_is_print(line.p[i]) || line.p[i] == '\t')
			clean[kept.n++] = line.p[i];
	enum verb verb = verb_find(bytes_word(kept).head);
	return verb != VERB_UNKNOWN ? verb : near_verb(kept);
}
