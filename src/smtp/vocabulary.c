/* vocabulary.c - names of the closed vocabularies, and what an offer holds. Takes enum values and words, gives rows of the
 * tables; never looks at a stream. */
#include "smtp/grammar.h"
#include "smtp/session.h"

#include "base/banned.h"

static const struct {
	struct bytes word; /* a NUL stands behind it */
	const char *clause;
	enum extension needs;
} verbs[VERB_COUNT] = {
#define VERB(id, word_, argument, extension, clause_) [VERB_##id] = { B(word_), clause_, EXT_##extension },
#include "smtp/verbs.def"
#undef VERB
};

/* The first four letters, to be compared as one number: nearly every word has no more. */
static const union four {
	char letters[4];
	uint32_t number;
} fours[VERB_COUNT] = {
#define VERB(id, word, ...) [VERB_##id] = { { (word)[0], (word)[1], (word)[2], (word)[3] } },
#include "smtp/verbs.def"
#undef VERB
};

static const struct {
	struct bytes keyword; /* a NUL stands behind it */
	const char *clause;
} extensions[EXT_COUNT] = {
#define EXTENSION(id, keyword_, clause_) [EXT_##id] = { B(keyword_), clause_ },
#include "smtp/extensions.def"
#undef EXTENSION
};

static const struct {
	struct bytes name; /* a NUL stands behind it */
	enum verb verb;
	enum extension needs;
} parameters[PARAM_COUNT] = {
#define PARAM(id, name_, verb_, extension, ...) [PARAM_##id] = { B(name_), VERB_##verb_, EXT_##extension },
#include "smtp/params.def"
#undef PARAM
};

const char *verb_word(enum verb verb)
{
	return verb < VERB_COUNT ? (const char *)verbs[verb].word.p : NULL;
}

const char *verb_clause(enum verb verb)
{
	return verb < VERB_COUNT ? verbs[verb].clause : NULL;
}

enum extension verb_needs(enum verb verb)
{
	return verb < VERB_COUNT ? verbs[verb].needs : EXT_UNKNOWN;
}

static enum verb find_four(const uint8_t *word)
{
	uint32_t four;
	memcpy(&four, word, sizeof four);
	four &= 0xdfdfdfdfu; /* upper case; nothing but letters becomes a letter of ours */
	for (enum verb v = 0; v < VERB_COUNT; v++)
		if (fours[v].number == four && verbs[v].word.n == sizeof four)
			return v;
	return VERB_UNKNOWN;
}

enum verb verb_find(struct bytes word)
{
	if (word.n == sizeof(union four))
		return find_four(word.p);
	for (enum verb v = 0; v < VERB_COUNT; v++)
		if (bytes_is(word, verbs[v].word))
			return v;
	return VERB_UNKNOWN;
}

const char *extension_keyword(enum extension extension)
{
	return extension < EXT_COUNT ? (const char *)extensions[extension].keyword.p : NULL;
}

const char *extension_clause(enum extension extension)
{
	return extension < EXT_COUNT ? extensions[extension].clause : NULL;
}

enum extension extension_find(struct bytes keyword)
{
	for (enum extension e = 0; e < EXT_COUNT; e++)
		if (bytes_is(keyword, extensions[e].keyword))
			return e;
	return EXT_UNKNOWN;
}

const char *parameter_name(enum parameter parameter)
{
	return parameter < PARAM_COUNT ? (const char *)parameters[parameter].name.p : NULL;
}

enum parameter parameter_find(struct bytes name)
{
	for (enum parameter i = 0; i < PARAM_COUNT; i++)
		if (bytes_is(name, parameters[i].name))
			return i;
	return PARAM_UNKNOWN;
}

enum extension parameter_needs(enum parameter parameter, enum verb verb)
{
	if (parameter >= PARAM_COUNT || parameters[parameter].verb != verb)
		return EXT_UNKNOWN;
	return parameters[parameter].needs;
}

const char *phase_name(enum phase phase)
{
	static const char *const names[] = {
		[PHASE_CONNECTED] = "connected", [PHASE_GREETED] = "greeted", [PHASE_READY] = "ready", [PHASE_SENDER] = "sender",
		[PHASE_RECIPIENT] = "recipient", [PHASE_CONTENT] = "content", [PHASE_CHUNKS] = "chunks", [PHASE_AUTH] = "auth",
		[PHASE_TLS] = "tls", [PHASE_CLOSED] = "closed",
	};
	return names[phase];
}

const struct fault no_fault;
const struct path no_path;

const struct fault *fault_copy(struct arena *arena, const struct fault *fault)
{
	if (fault->kind == FAULT_NONE)
		return &no_fault;
	struct fault *copy = ARENA_NEW(arena, struct fault);
	*copy = *fault;
	return copy;
}

struct bytes command_argument(const struct command *c)
{
	if (c->word.n == 0)
		return (struct bytes){ 0 };
	size_t end = (size_t)(c->word.p - c->line.text.p) + c->word.n;
	return bytes_trim(bytes_from(c->line.text, end));
}

struct bytes command_mechanism(const struct command *c)
{
	return c->verb == VERB_AUTH ? bytes_word(command_argument(c)).head : (struct bytes){ 0 };
}

bool offer_has(const struct offer *offer, enum extension extension)
{
	if (extension == EXT_CORE)
		return true;
	return offer && extension < EXT_COUNT && offer->offered >> extension & 1;
}

const struct masked *offer_masked(const struct offer *offer, enum extension extension)
{
	for (size_t i = 0; offer && extension < EXT_COUNT && i < offer->nmasked; i++)
		if (offer->masked[i].likely == extension)
			return &offer->masked[i];
	return NULL;
}

bool offer_has_mechanism(const struct offer *offer, struct bytes name)
{
	for (size_t i = 0; offer && i < offer->nmechanisms; i++)
		if (bytes_is(offer->mechanisms[i].name, name))
			return true;
	return false;
}
