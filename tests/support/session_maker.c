/* session_maker.c - takes lines and codes, gives sessions that no capture held. */
#include "support/session_maker.h"

#include <stdio.h>
#include <string.h>

static struct place next_place(struct session_maker *m)
{
	m->clock += 10000000;
	return (struct place){ .time = m->clock, .file = 0, .number = ++m->frame };
}

void session_maker_begin(struct session_maker *m, uint64_t id, int64_t start)
{
	memset(m, 0, sizeof *m);
	m->clock = start;
	struct session *s = &m->session;
	s->id = id;
	s->protocol = PROTOCOL_ESMTP;
	s->closed = s->confirmed = true;
	struct connection *c = &s->connection;
	c->ordinal = id;
	c->client.address = (struct address){ { [10] = 0xff, 0xff, 192, 0, 2, (uint8_t)(id % 200 + 1) } };
	c->server.address = (struct address){ { [10] = 0xff, 0xff, 198, 51, 100, (uint8_t)(id % 20 + 1) } };
	c->client.port = (uint16_t)(20000 + id % 40000);
	c->server.port = 25;
	c->syn_seen = c->syn_ack_seen = true;
	c->ending = END_FIN;
	c->first = next_place(m);
	c->last = c->first;
	m->verdicts.errors = m->errors;
	m->verdicts.findings = m->findings;
}

static void set_enhanced(struct enhanced *e, const char *text)
{
	unsigned a, b, c;
	if (sscanf(text, "%u.%u.%u", &a, &b, &c) == 3)
		*e = (struct enhanced){ true, (uint8_t)a, (uint16_t)b, (uint16_t)c };
}

static void set_path(struct session_maker *m, struct command *c)
{
	size_t open = bytes_index(c->line.text, '<'), close = bytes_index(c->line.text, '>'), at = bytes_index(c->line.text, '@');
	if (open == BYTES_NONE || close == BYTES_NONE || close < open)
		return;
	struct path *path = ARENA_NEW(&m->session.arena, struct path);
	c->path = path;
	path->whole = (struct bytes){ c->line.text.p + open, close - open + 1 };
	if (at != BYTES_NONE)
		path->domain = (struct bytes){ c->line.text.p + at + 1, close - at - 1 };
}

struct exchange *session_maker_exchange(struct session_maker *m, enum verb verb, const char *line, int code, const char *enhanced, const char *reply)
{
	struct session *s = &m->session;
	struct exchange *x = ARENA_NEW(&s->arena, struct exchange);
	struct command *c = &x->command;
	x->ordinal = s->last ? s->last->ordinal + 1 : 1;
	c->kind = line ? COMMAND_LINE : COMMAND_CONNECT;
	c->verb = verb;
	c->fault = &no_fault;
	c->path = &no_path;
	if (line) {
		c->line.text = arena_copy(&s->arena, bytes_of(line));
		c->line.length = c->line.text.n;
		c->line.first = c->line.last = next_place(m);
		c->word = bytes_word(c->line.text).head;
		s->commands++;
		set_path(m, c);
	} else {
		s->banner = arena_copy(&s->arena, bytes_of(reply));
	}
	m->transaction += line && verb == VERB_MAIL;
	x->transaction = m->transaction;
	x->before.phase = PHASE_READY;
	x->answered = code != 0;
	if (x->answered) {
		x->reply.code = (int16_t)code;
		set_enhanced(&x->reply.enhanced, enhanced);
		x->reply.text = arena_copy(&s->arena, bytes_of(reply));
		char raw[1024];
		snprintf(raw, sizeof raw, "%d %s%s%s", code, enhanced, *enhanced ? " " : "", reply);
		x->reply.raw = arena_copy(&s->arena, bytes_of(raw));
		x->reply.nlines = 1;
		x->reply.first = x->reply.last = next_place(m);
		s->replies++;
	}
	x->previous = s->last;
	*(s->last ? &s->last->next : &s->first) = x;
	s->last = x;
	s->nexchanges++;
	s->connection.last = (struct place){ m->clock, 0, m->frame };
	return x;
}

struct verdict *session_maker_error(struct session_maker *m, struct exchange *x, enum cause cause, unsigned nproofs)
{
	struct verdict *v = &m->errors[m->verdicts.nerrors++];
	struct proof *proofs = ARENA_ARRAY(&m->session.arena, struct proof, nproofs);
	for (unsigned i = 0; i < nproofs; i++)
		proofs[i] = i % 2 ? (struct proof){ x->reply.last, FROM_SERVER, x->reply.raw, "the server refused it" }
		                  : (struct proof){ x->command.line.last, FROM_CLIENT, x->command.line.text, "this was sent" };
	*v = (struct verdict){ .exchange = x, .cause = cause, .certainty = CERTAINTY_PROVEN, .proofs = proofs, .nproofs = nproofs,
	                       .rule = "made up", .ordinal = ++m->session.errors };
	return v;
}

struct finding *session_maker_finding(struct session_maker *m, struct exchange *x, enum cause cause, const char *device)
{
	struct finding *f = &m->findings[m->verdicts.nfindings++];
	struct proof *proofs = ARENA_ARRAY(&m->session.arena, struct proof, 1);
	proofs[0] = (struct proof){ x->reply.last, FROM_SERVER, x->reply.raw, "it stands here" };
	*f = (struct finding){ .cause = cause, .device = device, .certainty = CERTAINTY_LIKELY, .proofs = proofs, .nproofs = 1,
	                       .place = x->reply.last, .exchange = x };
	return f;
}

void session_maker_next_window(struct session_maker *m)
{
	struct session *s = &m->session;
	s->first = s->last = NULL;
	s->nexchanges = 0;
	s->window++;
	m->verdicts.nerrors = m->verdicts.nfindings = 0;
}

void session_maker_end(struct session_maker *m)
{
	arena_drop(&m->session.arena);
}
