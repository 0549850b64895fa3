/* start.c - a capture that began late. Takes the first reply, and what the client had said before it; gives the queue the exchanges that
 * they show. Never looks at what comes later. */
#include "smtp/inside.h"

#include "base/banned.h"

static void forget_lines(struct dialogue *d, struct exchange *until)
{
	while (d->waiting && d->waiting != until) {
		struct exchange *e = d->waiting;
		e->command.kind = COMMAND_UNSEEN;
		e->command.line.text = (struct bytes){ 0 };
		e->command.word = (struct bytes){ 0 };
		e->command.ahead = e->command.first_of_group = e->command.followed = false; /* lines of a message follow each other */
		exchange_give_up(d, e);
	}
	d->runs_ahead = false;
}

/* Lines before the first reply, and not a command among them: the capture began in a message. The lone dot ends it. */
static void judge_lines_before_reply(struct dialogue *d)
{
	unsigned n = 0;
	struct exchange *e = d->waiting, *dot = NULL;
	for (; e && !dot; e = e->next, n++) {
		bool line = e->command.kind == COMMAND_LINE && !command_is_known(&e->command);
		if (!line && e->command.kind != COMMAND_UNSEEN)
			break;
		if (bytes_equal(e->command.line.text, B(".")))
			dot = e;
	}
	if (n < 2 && !dot)
		return;
	forget_lines(d, dot ? dot : e);
	if (dot) {
		dot->command.kind = COMMAND_CONTENT;
		dot->command.ahead = false;
		dot->content = ARENA_NEW(&d->session->arena, struct content);
	}
}

/* The greeting of a connection whose handshake is not in the capture, behind what the client had said too early; or a first reply
 * that is none, as it acknowledges a command: the greeting is not in the capture. */
void start_judge(struct dialogue *d, const struct reply *r)
{
	struct exchange *first = d->session->first;
	bool waits = first && first->command.kind == COMMAND_CONNECT && d->waiting == first;
	d->start_judged = true;
	if (waits && !d->connection->syn_ack_seen && r->acked > 0 && r->code / 100 == 2 && r->code != 220) {
		exchange_give_up(d, first);
		d->session->mid_start = true;
		d->state.certain = false;
		d->state.phase = PHASE_READY;
	}
	if (!d->session->mid_start)
		return;
	if (first && r->code == 220 && r->offset == 0 && first->command.kind == COMMAND_LINE && first->command.verb != VERB_STARTTLS) {
		exchange_insert(d, NULL, exchange_new(d, COMMAND_CONNECT), true);
		d->state.phase = PHASE_CONNECTED;
		return;
	}
	judge_lines_before_reply(d);
}
