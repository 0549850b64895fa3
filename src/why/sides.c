/* sides.c - takes two accounts of one session, sets their turns side by side, and tells how far the two clocks are apart.
 * Never judges what differs (change.c). */
#include "why/changing.h"

#include "base/banned.h"

/* What it costs to take two turns for the same one. A turn left alone costs ALONE on each side, so that two turns at the same
 * place with nothing in common still go together, unless one of them has its match elsewhere. */
enum { ALONE = 10, ELSEWHERE = 30, UNLIKE = 5 };

struct aligning {
	const struct account *a, *b;
	bool *a_elsewhere, *b_elsewhere; /* the very command stands on the other side as often as here */
	bool impaired; /* a side has holes: what is unlike may be the neighbour of one that was lost */
};

static unsigned command_cost(const struct turn *a, const struct turn *b, bool elsewhere, bool impaired)
{
	if (a->kind == COMMAND_CONNECT || b->kind == COMMAND_CONNECT)
		return a->kind == b->kind ? 0 : ELSEWHERE;
	if (!a->spoken || !b->spoken)
		return a->spoken == b->spoken ? 0 : 4; /* rather a line that was changed than one that was lost */
	if (a->command_key == b->command_key)
		return 0;
	if (a->command.spoken.hash == b->command.spoken.hash)
		return 1; /* its ending only */
	if ((a->kind == COMMAND_CONTENT) != (b->kind == COMMAND_CONTENT))
		return ELSEWHERE; /* the final dot is no command */
	if (bytes_masked(a->command.text, b->command.text) || a->command.spoken.holed || b->command.spoken.holed)
		return 1;
	if (elsewhere)
		return ELSEWHERE;
	if (bytes_is(bytes_word(a->command.text).head, bytes_word(b->command.text).head))
		return 3;
	return a->command.spoken.length == b->command.spoken.length ? UNLIKE : impaired ? ELSEWHERE : 9;
}

static unsigned reply_cost(const struct turn *a, const struct turn *b)
{
	if (!a->answered || !b->answered)
		return a->answered == b->answered ? 0 : 2;
	if (a->reply_key == b->reply_key)
		return 0;
	if (a->reply_holed || b->reply_holed)
		return 1;
	int x = a->exchange->reply.code, y = b->exchange->reply.code;
	return x == y ? 2 : x / 100 == y / 100 ? 4 : 6;
}

static unsigned turn_cost(void *to, size_t i, size_t j)
{
	const struct aligning *l = to;
	const struct turn *a = &l->a->turns[i], *b = &l->b->turns[j];
	unsigned cost = command_cost(a, b, l->a_elsewhere[i] || l->b_elsewhere[j], l->impaired);
	return cost + reply_cost(a, b) + (a->content_key != b->content_key);
}

static struct bytes view(const uint64_t *key)
{
	return (struct bytes){ (const uint8_t *)key, sizeof *key };
}

static bool *elsewhere(struct arena *arena, const struct account *a, const struct account *b)
{
	struct map counts = { 0 }; /* of a command: how much more often a has it than b */
	bool *found = ARENA_ARRAY(arena, bool, a->n + 1);
	for (size_t i = 0; i < b->n; i++)
		if (b->turns[i].spoken)
			*map_put(&counts, view(&b->turns[i].command_key)) = NULL;
	for (size_t i = 0; i < a->n; i++) {
		void **count = a->turns[i].spoken ? map_get(&counts, view(&a->turns[i].command_key)) : NULL;
		if (count)
			*count = (void *)((intptr_t)*count + 1);
	}
	for (size_t i = 0; i < b->n; i++)
		if (b->turns[i].spoken) {
			void **count = map_get(&counts, view(&b->turns[i].command_key));
			*count = (void *)((intptr_t)*count - 1);
		}
	for (size_t i = 0; i < a->n; i++) {
		void **count = a->turns[i].spoken ? map_get(&counts, view(&a->turns[i].command_key)) : NULL;
		found[i] = count && *count == NULL;
	}
	map_free(&counts);
	return found;
}

bool sides_agree(const struct sides *s, struct step step)
{
	if (step.a == ALIGN_NONE || step.b == ALIGN_NONE)
		return false;
	const struct turn *a = &s->inside->turns[step.a], *b = &s->outside->turns[step.b];
	return (a->spoken && b->spoken && a->command_key == b->command_key) || (a->answered && b->answered && a->reply_key == b->reply_key);
}

/* Where one capture ended while the session went on, nothing comes behind the last turns that holds unlike ones together: they are not one. */
static void part_unlike(struct sides *s, const struct aligning *l)
{
	if (account_closed(s->inside) && account_closed(s->outside))
		return;
	struct step *steps = s->turns.steps;
	size_t firm = s->turns.n;
	while (firm > 0 && !sides_agree(s, steps[firm - 1]))
		firm--;
	for (size_t i = firm; i < s->turns.n; i++) {
		size_t a = steps[i].a, b = steps[i].b;
		if (a == ALIGN_NONE || b == ALIGN_NONE || command_cost(&s->inside->turns[a], &s->outside->turns[b], l->a_elsewhere[a] || l->b_elsewhere[b], l->impaired) < UNLIKE)
			continue;
		memmove(steps + i + 1, steps + i, (s->turns.n - i) * sizeof *steps);
		s->turns.n++;
		steps[i].b = steps[i + 1].a = ALIGN_NONE;
		i++;
	}
}

struct sides sides_align(struct arena *arena, const struct account *inside, const struct account *outside)
{
	struct aligning l = { .a = inside, .b = outside };
	l.impaired = account_impaired(inside) || account_impaired(outside);
	l.a_elsewhere = elsewhere(arena, inside, outside);
	l.b_elsewhere = elsewhere(arena, outside, inside);
	struct sides s = { .inside = inside, .outside = outside };
	s.turns = align(arena, inside->n, outside->n, (struct align_costs){ turn_cost, ALONE, &l });
	part_unlike(&s, &l);
	return s;
}

/* ---- clocks ---- */

size_t sides_times(const struct sides *s, enum direction direction, int64_t *times, size_t room)
{
	size_t n = 0;
	for (size_t i = 0; i < s->turns.n && n < room; i++) {
		struct step step = s->turns.steps[i];
		if (step.a == ALIGN_NONE || step.b == ALIGN_NONE)
			continue;
		const struct turn *a = &s->inside->turns[step.a], *b = &s->outside->turns[step.b];
		bool client = direction == FROM_CLIENT;
		if (client ? !a->spoken || !b->spoken || a->command_key != b->command_key
		           : !a->answered || !b->answered || a->reply_key != b->reply_key)
			continue;
		const struct place at = client ? a->command.spoken.last : a->exchange->reply.last;
		const struct place other = client ? b->command.spoken.last : b->exchange->reply.last;
		if (at.number && other.number)
			times[n++] = other.time - at.time;
	}
	return n;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int64_t median(int64_t *times, size_t n)
{
	qsort(times, n, sizeof *times, by_value);
	return n % 2 ? times[n / 2] : times[n / 2 - 1] + (times[n / 2] - times[n / 2 - 1]) / 2;
}

/* What goes from the client arrives outside later by the transit, what comes from the server earlier: the mean is the clocks'
 * difference, and a single slow frame does not move a median. */
struct clock clock_estimate(int64_t *from_client, size_t nclient, int64_t *from_server, size_t nserver)
{
	if (nclient + nserver == 0)
		return (struct clock){ 0 };
	if (nclient == 0 || nserver == 0)
		return (struct clock){ .known = true, .offset = nclient ? median(from_client, nclient) : median(from_server, nserver) };
	int64_t client = median(from_client, nclient), server = median(from_server, nserver);
	return (struct clock){ .known = true, .offset = server + (client - server) / 2, .transit = (client - server) / 2 };
}
