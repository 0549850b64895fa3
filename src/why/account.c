/* account.c - takes a session and its transcript, gives turns. Where a line stands in both, its octets' hash is the transcript's and its
 * text the session's; lines that the session does not keep are message content. */
#include "why/account.h"

#include "base/banned.h"

struct accounting {
	struct account *account;
	size_t room;
	size_t next;  /* first line of the client's that no turn has yet */
	bool late;    /* the server's stream began earlier: the next reply may lack its first lines */
};

static uint64_t mixed(uint64_t key, uint64_t with)
{
	return (key ^ with) * 0x9e3779b97f4a7c15u ^ key >> 29;
}

static uint64_t key_of(const struct uttered *u)
{
	return mixed(u->spoken.hash, u->spoken.length * 2 + (u->spoken.ending == LINE_LF));
}

static enum line_ending settled(enum line_ending e)
{
	return e == LINE_LF ? LINE_LF : LINE_CRLF; /* how a cut line would have ended is not known */
}

bool uttered_same(const struct uttered *a, const struct uttered *b)
{
	return a->spoken.hash == b->spoken.hash && a->spoken.length == b->spoken.length && settled(a->spoken.ending) == settled(b->spoken.ending);
}

/* Beyond the transcript's limit: the text has to do. */
static struct spoken spoken_of_text(struct bytes text, uint64_t offset, struct place first, struct place last)
{
	return (struct spoken){ .hash = transcript_hash(text), .length = text.n, .offset = offset, .first = first, .last = last };
}

static struct turn *turn_new(struct accounting *a, enum command_kind kind)
{
	struct account *to = a->account;
	if (to->n == a->room) {
		a->room = a->room ? 2 * a->room : 16;
		to->turns = memory_grow(to->turns, a->room, sizeof *to->turns);
	}
	to->turns[to->n] = (struct turn){ .kind = kind };
	return &to->turns[to->n++];
}

/* ---- the client's lines ---- */

static const struct monologue *client_lines(const struct accounting *a)
{
	return &a->account->transcript->of[FROM_CLIENT];
}

static size_t index_from(const struct accounting *a, uint64_t offset)
{
	const struct monologue *m = client_lines(a);
	size_t i = a->next;
	while (i < m->n && m->lines[i].offset < offset)
		i++;
	return i;
}

static void content_add(struct accounting *a, struct turn *turn, size_t from, size_t to)
{
	const struct monologue *m = client_lines(a);
	if (to <= from)
		return;
	turn->content = ARENA_ARRAY(&a->account->arena, struct uttered, to - from);
	for (size_t i = from; i < to; i++) {
		struct uttered *u = &turn->content[turn->ncontent++];
		u->spoken = m->lines[i];
		turn->content_key = mixed(turn->content_key, key_of(u));
	}
}

/* Message data whose end was read as none, for its lines end in a bare LF: it goes up to the next command. */
static void content_until_next(struct accounting *a, struct turn *turn)
{
	const struct monologue *m = client_lines(a);
	const struct exchange *next = turn->exchange->next;
	while (next && !next->command.line.last.number)
		next = next->next;
	size_t to = next ? index_from(a, next->command.line.offset) : m->n;
	bool dot = to > a->next && m->lines[to - 1].length == 1 && m->lines[to - 1].hash == transcript_hash(B("."));
	content_add(a, turn, a->next, to - dot);
	a->next = to;
	turn->spoken = dot;
	turn->command.text = B(".");
	if (dot)
		turn->command.spoken = m->lines[to - 1];
	turn->command_key = key_of(&turn->command);
}

static void command_add(struct accounting *a, struct turn *turn, const struct command *c)
{
	const struct monologue *m = client_lines(a);
	if (turn->kind == COMMAND_CONTENT && !c->line.last.number) {
		content_until_next(a, turn);
		return;
	}
	size_t at = index_from(a, c->line.offset);
	bool found = at < m->n && m->lines[at].offset == c->line.offset;
	if (turn->kind == COMMAND_CONTENT)
		content_add(a, turn, a->next, at);
	turn->spoken = c->line.last.number != 0;
	turn->command.text = c->line.text;
	if (!turn->command.text.p)
		turn->command.text = B("");
	turn->command.spoken = found ? m->lines[at] : spoken_of_text(c->line.text, c->line.offset, c->line.first, c->line.last);
	turn->command.spoken.holed |= (c->line.flags & LINE_AFTER_GAP) || c->line.ending == LINE_GAP;
	turn->command_key = key_of(&turn->command);
	a->next = found ? at + 1 : at;
	if (turn->kind != COMMAND_CHUNK)
		return;
	uint64_t end = c->line.offset + c->line.length + 2 + c->chunk;
	size_t to = a->next;
	while (to < m->n && m->lines[to].offset + m->lines[to].length + 2 <= end)
		to++; /* a chunk that ends in mid-line leaves that line untold */
	content_add(a, turn, a->next, to);
	a->next = index_from(a, end);
}

/* ---- the server's ---- */

static void reply_add(struct accounting *a, struct turn *turn, const struct reply *r)
{
	const struct monologue *m = &a->account->transcript->of[FROM_SERVER];
	const struct spoken *first = transcript_at(a->account->transcript, FROM_SERVER, r->offset);
	struct bytes rest = r->raw;
	turn->answered = true;
	turn->reply_holed = r->flags & (REPLY_AFTER_GAP | REPLY_CUT) || a->late;
	a->late = a->late && r->code < 0;
	turn->reply = ARENA_ARRAY(&a->account->arena, struct uttered, r->nlines ? r->nlines : 1);
	for (unsigned i = 0; i < r->nlines; i++) {
		struct uttered *u = &turn->reply[turn->nreply++];
		struct cut line = bytes_cut(rest, '\n');
		u->text = line.head.p ? line.head : B("");
		rest = line.tail;
		bool found = first && first + i < m->lines + m->n;
		u->spoken = found ? first[i] : spoken_of_text(u->text, r->offset, r->first, r->last);
		turn->reply_holed |= u->spoken.holed || u->spoken.ending == LINE_END;
		turn->reply_key = mixed(turn->reply_key, key_of(u));
	}
}

/* ---- the whole ---- */

static void exchange_add(struct accounting *a, const struct exchange *e)
{
	struct turn *turn = turn_new(a, e->command.kind);
	turn->exchange = e;
	if (e->command.kind != COMMAND_CONNECT && e->command.kind != COMMAND_UNSEEN)
		command_add(a, turn, &e->command);
	if (e->answered)
		reply_add(a, turn, &e->reply);
	turn->reply_holed |= e->pairing == PAIRED_UNCERTAIN; /* after a loss: whose reply it is is a guess */
}

/* A PROXY header that the server expected is no command of the dialogue. */
static void proxy_header_add(struct accounting *a, const struct session *session)
{
	const struct note *n = session->notes;
	while (n && n->kind != NOTE_PROXY_LINE)
		n = n->next;
	const struct spoken *first = transcript_at(a->account->transcript, FROM_CLIENT, 0);
	bool is_command = false;
	for (const struct exchange *e = session->first; e; e = e->next)
		is_command |= e->command.kind != COMMAND_CONNECT && e->command.line.last.number && e->command.line.offset == 0;
	if (!n || !first || is_command)
		return;
	struct turn *turn = turn_new(a, COMMAND_LINE);
	turn->spoken = true;
	turn->command.spoken = *first;
	turn->command.text = n->first;
	turn->command_key = key_of(&turn->command);
	a->next = 1;
}

void account_begin(struct account *account)
{
	struct accounting a = { .account = account };
	const struct session *last = account->windows[account->nwindows - 1];
	account->connection = &last->connection;
	for (int d = 0; d < 2; d++) {
		bool begun = d == FROM_CLIENT ? account->connection->syn_seen : account->connection->syn_ack_seen;
		if (account->transcript->of[d].n && (account->windows[0]->mid_start || !begun))
			account->transcript->of[d].lines[0].holed = true; /* it may have begun earlier */
		a.late |= d == FROM_SERVER && (account->windows[0]->mid_start || !begun);
	}
	proxy_header_add(&a, account->windows[0]);
	for (size_t i = 0; i < account->nwindows; i++)
		for (const struct exchange *e = account->windows[i]->first; e; e = e->next)
			exchange_add(&a, e);
	account->encrypted = last->tls.state == TLS_STARTED || last->tls.state == TLS_FINISHED || last->tls.state == TLS_FAILED || last->tls.implicit;
	const struct turn *end = account->n ? &account->turns[account->n - 1] : NULL;
	bool open_data = end && end->exchange && end->exchange->command.verb == VERB_DATA && end->exchange->answered && end->exchange->reply.code == 354;
	size_t lines = client_lines(&a)->n;
	if (open_data && a.next < lines)
		content_add(&a, turn_new(&a, COMMAND_CONTENT), a.next, lines);
}

bool account_is_smtp(const struct account *a)
{
	return a->windows[0]->protocol != PROTOCOL_OTHER;
}

bool account_begun(const struct account *a, enum direction d)
{
	return d == FROM_CLIENT ? a->connection->syn_seen : a->connection->syn_ack_seen;
}

bool account_impaired(const struct account *a)
{
	bool found = a->windows[0]->mid_start;
	for (int d = 0; d < 2; d++)
		found |= a->transcript->of[d].nholes > 0 || !account_begun(a, (enum direction)d);
	return found;
}

bool account_closed(const struct account *a)
{
	return a->transcript->of[FROM_CLIENT].ending != END_OPEN || a->transcript->of[FROM_SERVER].ending != END_OPEN;
}

void account_end(struct account *account)
{
	free(account->turns);
	arena_drop(&account->arena);
}
