/* window.c - takes sizes, gives memory that goes when the last who holds it has dropped it. */
#include "capture/window.h"

#include "base/arena.h"

#include <stdlib.h>

struct window *window_new(size_t room)
{
	size_t line = _Alignof(struct window);
	struct window *w = memory_aligned(line, (sizeof *w + room + line - 1) / line * line);
	atomic_init(&w->held, 1);
	w->room = room;
	return w;
}

/* What others read of it they have read before it is written again. */
bool window_is_alone(const struct window *w)
{
	return atomic_load_explicit(&w->held, memory_order_acquire) == 1;
}

void window_hold(struct window *w)
{
	atomic_fetch_add_explicit(&w->held, 1, memory_order_relaxed);
}

void window_drop(struct window *w)
{
	if (w && atomic_fetch_sub_explicit(&w->held, 1, memory_order_acq_rel) == 1)
		free(w);
}
