/* guard.c - copies its input so that its last octet is followed by a PROT_NONE page. */
#include "support/guard.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard guarded(struct bytes b)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (b.n + page - 1) / page * page;
	struct guard g = { .size = room + page };
	g.pages = mmap(NULL, g.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g.pages == MAP_FAILED || mprotect(g.pages + room, page, PROT_NONE) != 0)
		abort();
	uint8_t *at = g.pages + room - b.n;
	if (b.n)
		memcpy(at, b.p, b.n);
	g.bytes = (struct bytes){ at, b.n };
	return g;
}

void guard_free(struct guard *g)
{
	munmap(g->pages, g->size);
}
