/* prelude.c - a PROXY header of version 2 before a client's own octets (PROXY protocol 2.2). Takes chunks of the client's stream, gives
 * what lies behind the header; octets that only began like one are read as what they are. */
#include "smtp/inside.h"

#include <string.h>

#include "base/banned.h"

enum { FIXED = 16 }; /* signature of twelve octets, version and command, family, length */
static const struct bytes signature = B("\r\n\r\n\0\r\nQUIT\n");

struct prelude {
	struct chunk chunk;    /* of its first octets, whose bytes are gone */
	uint64_t end;          /* of the header; 0 until its length is there */
	uint8_t octets[FIXED];
	uint8_t n;
};

static bool may_be(const uint8_t *p, size_t n)
{
	return memcmp(p, signature.p, n < signature.n ? n : signature.n) == 0;
}

void prelude_give_up(struct dialogue *d)
{
	struct prelude *p = d->prelude;
	if (!p || p->end) /* its length is known: what is left of it goes on */
		return;
	d->prelude = NULL;
	if (p->n == 0)
		return;
	p->chunk.bytes = (struct bytes){ p->octets, p->n };
	d->prelude_read = true;
	client_read(d, &p->chunk);
}

/* The header's fixed part is there. A server that greeted had not waited for one: it reads the header as lines. */
static bool is_taken(struct dialogue *d, struct prelude *p, const struct chunk *chunk)
{
	const struct exchange *first = d->session->first;
	bool in_one = p->chunk.offset == chunk->offset;
	size_t n = FIXED + ((size_t)p->octets[14] << 8 | p->octets[15]);
	struct bytes seen = in_one ? bytes_first(chunk->bytes, n) : (struct bytes){ p->octets, FIXED };
	struct note *note = note_add(d, NOTE_PROXY_LINE, FROM_CLIENT, p->chunk.place);
	note->first = arena_copy(&d->session->arena, bytes_first(seen, EXCERPT));
	if (!first || first->answered || first->next)
		return false;
	p->end = d->client_begins = n;
	return true;
}

/* Nearly all octets are behind it, or there is none. */
bool prelude_may_go_on(const struct dialogue *d, const struct chunk *chunk)
{
	return d->prelude || (chunk->offset == 0 && !d->prelude_read);
}

struct chunk without_proxy_header(struct dialogue *d, const struct chunk *chunk)
{
	struct chunk nothing = { .offset = chunk->offset };
	struct prelude *p = d->prelude;
	if (!p) {
		if (chunk->offset || d->prelude_read || !d->session->first || !may_be(chunk->bytes.p, chunk->bytes.n))
			return *chunk;
		p = d->prelude = ARENA_NEW(&d->session->arena, struct prelude);
		p->chunk = *chunk;
	}
	if (!p->end) {
		size_t take = chunk->bytes.n < FIXED - (size_t)p->n ? chunk->bytes.n : FIXED - (size_t)p->n;
		memcpy(p->octets + p->n, chunk->bytes.p, take);
		bool right = may_be(p->octets, p->n + take), complete = p->n + take == FIXED;
		if (right && !complete) {
			p->n = (uint8_t)(p->n + take);
			return nothing;
		}
		if (!right || !is_taken(d, p, chunk)) {
			prelude_give_up(d);
			return *chunk;
		}
	}
	if (chunk->offset + chunk->bytes.n < p->end)
		return nothing;
	d->prelude = NULL;
	if (chunk->offset >= p->end)
		return *chunk;
	return chunk_part_of(chunk, bytes_from(chunk->bytes, (size_t)(p->end - chunk->offset)), p->end);
}
