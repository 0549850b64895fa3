/* changing.c - takes what the files of change find, gives the list of changes in order, their phrases, and how often each line stands on each
 * side. Decides nothing. */
#include "why/changing.h"

#include "base/text.h"
#include "base/utf8.h"

#include <stdarg.h>

#include "base/banned.h"

const char *change_name(enum change_kind kind)
{
	static const char *const names[CHANGE_KINDS] = {
		[CHANGE_MASKED] = "masked", [CHANGE_REMOVED] = "removed", [CHANGE_ADDED] = "added", [CHANGE_REWRITTEN] = "rewritten",
		[CHANGE_REORDERED] = "reordered", [CHANGE_ANSWERED] = "answered_by_box", [CHANGE_SWALLOWED] = "swallowed",
		[CHANGE_DELAYED] = "delayed", [CHANGE_INJECTED] = "injected",
	};
	return names[kind];
}

struct change *change_add(struct changes *c, enum change_kind kind, enum direction direction, enum cause cause, const char *detail)
{
	struct change *change = ARENA_NEW(c->arena, struct change);
	change->kind = kind;
	change->direction = direction;
	change->cause = cause;
	change->detail = detail;
	change->at_inside = c->inside ? c->inside->exchange : NULL;
	change->at_outside = c->outside ? c->outside->exchange : NULL;
	*c->end = change;
	c->end = &change->next;
	return change;
}

const char *change_phrase(struct changes *c, const char *format, ...)
{
	char phrase[256];
	va_list arguments;
	va_start(arguments, format);
	int n = vsnprintf(phrase, sizeof phrase, format, arguments);
	va_end(arguments);
	char *copy = arena_alloc(c->arena, sizeof phrase, 1);
	memcpy(copy, phrase, n < 0 ? 0 : (size_t)n < sizeof phrase ? (size_t)n : sizeof phrase - 1);
	utf8_mend(copy); /* it quotes verbs as sent */
	return copy;
}

enum cause cause_of_command(const struct turn *turn, enum cause otherwise)
{
	enum verb verb = turn && turn->exchange && turn->kind == COMMAND_LINE ? turn->exchange->command.verb : VERB_NONE;
	return verb == VERB_STARTTLS ? CAUSE_MIDDLEBOX_STARTTLS_STRIPPED : verb == VERB_EHLO ? CAUSE_MIDDLEBOX_EHLO_BLOCKED : otherwise;
}

/* ---- lines counted ---- */

struct line_key { uint64_t direction, hash, length; };

/* What a hole touches proves nothing that was said, but it may be what the other side has more often. */
void lines_count(struct changes *c, const struct account *account, enum direction d, bool inside)
{
	const struct monologue *m = &account->transcript->of[d];
	for (size_t i = 0; i < m->n; i++) {
		const struct line_key key = { d, m->lines[i].hash, m->lines[i].length };
		for (int more = 0; more < 2; more++) {
			bool own = (more == 0) == inside;
			void **slot = map_put(&c->counts[more], (struct bytes){ (const uint8_t *)&key, sizeof key });
			*slot = (void *)((intptr_t)*slot + (!own ? -1 : m->lines[i].holed ? 0 : 1));
		}
	}
}

bool line_exceeds(const struct changes *c, enum direction d, const struct uttered *u, bool inside_exceeds)
{
	const struct line_key key = { d, u->spoken.hash, u->spoken.length };
	void **slot = map_get(&c->counts[inside_exceeds ? 0 : 1], (struct bytes){ (const uint8_t *)&key, sizeof key });
	return !slot || (intptr_t)*slot > 0; /* not counted: beyond the transcript's limit */
}

bool reply_exceeds(const struct changes *c, const struct turn *t, bool inside_exceeds)
{
	for (size_t i = 0; i < t->nreply; i++)
		if (line_exceeds(c, FROM_SERVER, &t->reply[i], inside_exceeds))
			return true;
	return false;
}
