/* session_row.c - takes a session with what was gathered of its windows, gives its row. Never reads back what it wrote. */
#include "store/writer.h"

#include <string.h>

enum incomplete { INC_START = 1, INC_END = 2, INC_SIDE = 4, INC_GAPS = 8, INC_SNAPLEN = 16, INC_LIMIT = 32, INC_UNCERTAIN = 64 };

/* Where it is more than the word for the state, which the view session has. */
static const char *tls_text(const struct tls *tls, struct text *room)
{
	if (tls->state == TLS_FINISHED)
		return tls->version;
	if (tls->state != TLS_FAILED || !tls->alert)
		return NULL;
	text_clear(room);
	text_addf(room, "failed: alert %u", tls->alert_description);
	return room->p;
}

static unsigned incomplete(const struct session *session)
{
	const struct connection *c = &session->connection;
	unsigned why = 0;
	why |= session->mid_start || !c->syn_seen || (!c->syn_ack_seen && !c->server_silent) ? INC_START : 0;
	why |= c->ending == END_OPEN || c->ending == END_CAPTURE || c->ending == END_IDLE || c->ending == END_REUSED ? INC_END : 0;
	why |= c->server_silent || c->client_silent ? INC_SIDE : 0;
	why |= c->gaps[0] || c->gaps[1] || c->missing[0] || c->missing[1] ? INC_GAPS : 0;
	why |= c->snaplen_cut ? INC_SNAPLEN : 0;
	why |= c->limit_reached || session->line_limit || session->queue_limit || session->error_limit || session->memory_limit ? INC_LIMIT : 0;
	return why | (session->uncertain ? INC_UNCERTAIN : 0);
}

static void short_text(char *room, size_t size, struct bytes b)
{
	size_t n = b.n < size - 1 ? b.n : size - 1;
	if (n)
		memcpy(room, b.p, n);
	room[n] = 0;
}

/* What the row of the session needs of its exchanges, also of windows that are gone by then. */
void writer_gather(struct store *s, struct pending *p, const struct session *session)
{
	const struct exchange *slowest = NULL;
	for (const struct exchange *x = session->first; x; x = x->next) {
		p->pipelined += x->command.ahead;
		if (x->command.kind == COMMAND_LINE && x->command.verb == VERB_AUTH) {
			p->auth_seen = true;
			text_clear(&s->text);
			wire_add(&s->text, command_mechanism(&x->command), sizeof p->auth - 1);
			short_text(p->auth, sizeof p->auth, text_view(&s->text));
		}
		int64_t took = x->reply.last.time - x->command.line.last.time;
		if (x->answered && x->command.line.last.number && took > p->slowest) {
			p->slowest = took;
			slowest = x;
		}
	}
	if (slowest)
		short_text(p->slowest_verb, sizeof p->slowest_verb, writer_verb(&slowest->command, &s->line));
}

static void address_column(struct feed *row, const struct address *address)
{
	char room[46];
	size_t n = address_text(address, room);
	feed_text(row, (struct bytes){ (const uint8_t *)room, n });
}

static void wire_column(struct feed *row, struct bytes wire, size_t most)
{
	if (!wire.p) {
		feed_null(row);
		return;
	}
	wire_add(feed_text_begin(row), wire, most);
	feed_text_end(row);
}

/* What is read a session at a time: columns from client_port on. */
static void rest_columns(struct store *s, struct feed *row, const struct session *session, const struct pending *p, const struct shown *shown)
{
	const struct connection *c = &session->connection;
	FEED_IDS(row, c->first.number, writer_capture(s, c->last), c->last.number);
	FEED_NUMBERS(row, c->last.time - c->first.time, session->commands, session->replies, session->unanswered, (int64_t)c->octets[FROM_SERVER],
	             (int64_t)(c->missing[0] + c->missing[1]), (int64_t)(c->retransmissions[0] + c->retransmissions[1]), c->nresets);
	FEED_IDS(row, shown->client_ttl, shown->wait, writer_capture(s, shown->offer), shown->offer.number);
	if (shown->offer.time)
		feed_number(row, shown->offer.time - c->first.time);
	else
		feed_null(row);
	feed_id(row, session->tls.encrypted_from.number);
	feed_text(row, p->slowest ? bytes_of(p->slowest_verb) : (struct bytes){ 0 });
	feed_text(row, bytes_of(tls_text(&session->tls, &s->text)));
	feed_text(row, bytes_of(session->speaks));
	wire_column(row, session->tls.server_name, 255);
}

static void note(struct census_session *to, const struct session *session, const struct shown *shown, int64_t id, uint32_t look)
{
	const struct connection *c = &session->connection;
	to->id = id;
	to->start = c->first.time;
	to->handshake = census_time(c->handshake_rtt);
	to->quickest = census_time(shown->quickest);
	to->look = look;
	to->client_stack = (uint32_t)shown->client_stack;
	to->errors = session->errors;
	to->server_port = c->server.port;
	to->protocol = (uint8_t)session->protocol;
	to->tls_state = (uint8_t)session->tls.state;
	to->server_ttl = (uint8_t)shown->server_ttl;
	to->incomplete = incomplete(session) != 0;
}

bool session_row(struct store *s, const struct session *session, const struct pending *p, int64_t id, struct error *error)
{
	const struct connection *c = &session->connection;
	const struct shown shown = trace_shown(s, &p->trace, session, error);
	struct feed *row = &s->session;
	feed_number(row, id);
	address_column(row, &c->client.address);
	address_column(row, &c->server.address);
	FEED_NUMBERS(row, c->server.port, c->first.time, session->errors,
	             (int64_t)session->protocol | (int64_t)session->tls.state << 3 | (int64_t)c->ending << 6 | (int64_t)incomplete(session) << 9);
	trace_fetch(s, &p->trace, session, error);
	FEED_IDS(row, writer_capture(s, c->first), shown.server_ttl, shown.client_stack, c->handshake_rtt, shown.quickest);
	wire_column(row, session->helo, LIMIT_TRIGGER_LINE);
	feed_text(row, p->auth_seen ? bytes_of(p->auth) : (struct bytes){ 0 });
	FEED_NUMBERS(row, session->transactions, session->accepted_messages, p->pipelined);
	feed_id(row, p->slowest);
	FEED_NUMBERS(row, (int64_t)c->octets[FROM_CLIENT], c->client.port);
	trace_fetch_entry(s);
	rest_columns(s, row, session, p, &shown);
	writer_wire(row, session->banner, s->banner);
	int64_t look = trace_look(s, &p->trace, session, error);
	feed_id(row, look);
	if (s->counts)
		note(census_session(&s->census, &c->server.address, &c->client.address), session, &shown, id, (uint32_t)look);
	return feed_row(row, error) && error->kind == ERROR_NONE;
}
