/* align.c - takes two sequences by their costs, gives them side by side. Never knows what the items are. */
#include "why/align.h"

#include "base/banned.h"

enum { BOTH, ONLY_A, ONLY_B };

struct aligner {
	struct align_costs costs;
	struct alignment found;
	unsigned *row, *next;  /* costs from here to the block's end */
	uint8_t *choice;
};

static void put(struct aligner *l, size_t a, size_t b)
{
	l->found.steps[l->found.n++] = (struct step){ a, b };
}

/* Costs are summed from the end, so that the walk that follows goes forward. */
static void fill(struct aligner *l, size_t a, size_t na, size_t b, size_t nb)
{
	for (size_t j = nb + 1; j-- > 0;)
		l->next[j] = (unsigned)(nb - j) * l->costs.alone;
	for (size_t i = na; i-- > 0;) {
		l->row[nb] = (unsigned)(na - i) * l->costs.alone;
		l->choice[i * (nb + 1) + nb] = ONLY_A;
		for (size_t j = nb; j-- > 0;) {
			unsigned both = l->costs.both(l->costs.to, a + i, b + j) + l->next[j + 1];
			unsigned only_a = l->costs.alone + l->next[j], only_b = l->costs.alone + l->row[j + 1];
			uint8_t choice = both <= only_a && both <= only_b ? BOTH : only_a <= only_b ? ONLY_A : ONLY_B;
			l->choice[i * (nb + 1) + j] = choice;
			l->row[j] = choice == BOTH ? both : choice == ONLY_A ? only_a : only_b;
		}
		unsigned *swap = l->row;
		l->row = l->next;
		l->next = swap;
	}
}

/* One block from (a, b); the steps up to its last equal pair are kept unless the block reaches both ends. Advances a and b. */
static void block(struct aligner *l, size_t *a, size_t a_end, size_t *b, size_t b_end)
{
	size_t na = a_end - *a < ALIGN_BLOCK ? a_end - *a : ALIGN_BLOCK, nb = b_end - *b < ALIGN_BLOCK ? b_end - *b : ALIGN_BLOCK;
	bool whole = *a + na == a_end && *b + nb == b_end;
	size_t i = 0, j = 0, begun = l->found.n, equal_steps = 0, equal_a = 0, equal_b = 0;
	fill(l, *a, na, *b, nb);
	while (i < na || j < nb) {
		uint8_t choice = i == na ? ONLY_B : l->choice[i * (nb + 1) + j];
		put(l, choice == ONLY_B ? ALIGN_NONE : *a + i, choice == ONLY_A ? ALIGN_NONE : *b + j);
		bool equal = choice == BOTH && l->costs.both(l->costs.to, *a + i, *b + j) == 0;
		i += choice != ONLY_B;
		j += choice != ONLY_A;
		if (equal) {
			equal_steps = l->found.n - begun;
			equal_a = i;
			equal_b = j;
		}
	}
	if (!whole && equal_steps) {
		l->found.n = begun + equal_steps;
		i = equal_a;
		j = equal_b;
	}
	*a += i;
	*b += j;
}

struct alignment align(struct arena *arena, size_t na, size_t nb, struct align_costs costs)
{
	struct aligner l = { .costs = costs };
	size_t a = 0, b = 0, tail = 0;
	l.found.steps = ARENA_ARRAY(arena, struct step, na + nb ? na + nb : 1);
	for (; a < na && a < nb && costs.both(costs.to, a, a) == 0; a++)
		put(&l, a, a);
	b = a;
	while (tail < na - a && tail < nb - b && costs.both(costs.to, na - tail - 1, nb - tail - 1) == 0)
		tail++;
	size_t a_end = na - tail, b_end = nb - tail;
	size_t rows = a_end - a < ALIGN_BLOCK ? a_end - a : ALIGN_BLOCK, columns = (b_end - b < ALIGN_BLOCK ? b_end - b : ALIGN_BLOCK) + 1;
	l.row = memory_new(columns, sizeof *l.row);
	l.next = memory_new(columns, sizeof *l.next);
	l.choice = memory_new(rows ? rows * columns : 1, 1);
	while (a < a_end || b < b_end)
		block(&l, &a, a_end, &b, b_end);
	for (size_t i = 0; i < tail; i++)
		put(&l, a_end + i, b_end + i);
	free(l.row);
	free(l.next);
	free(l.choice);
	return l.found;
}
