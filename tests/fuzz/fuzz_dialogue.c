/* fuzz_dialogue.c - any octets, cut, lost, said twice and ended in any way, in both directions. The record must be sound, bounded,
 * and free of the password that each talk contains.
 * The password comes on lines of its own, so that what surrounds it cannot make it another thing.
 * Input: records of one control octet (direction, kind), one length octet and that many octets. */
#include "base/limits.h"
#include "smtp/dialogue.h"

#include <stdlib.h>
#include <string.h>

#define CANARY "Q2FuYXJ5U2VjcmV0" /* base64 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void must_lack(struct bytes b)
{
	must(bytes_find(b, B(CANARY)) == BYTES_NONE);
}

static void take(void *to, struct session *s, bool final)
{
	unsigned *ordinal = to;
	(void)final;
	unsigned n = 0;
	for (const struct exchange *e = s->first; e; e = e->next) {
		must(e->ordinal == ++*ordinal);
		must(e->command.offer != NULL);
		must(!e->next || e->next->previous == e);
		must_lack(e->command.line.text);
		must_lack(command_argument(&e->command));
		must_lack(e->reply.text);
		must_lack(e->reply.raw);
		n++;
	}
	must(n == s->nexchanges);
	for (const struct note *note = s->notes; note; note = note->next) {
		must_lack(note->first);
		must_lack(note->second);
	}
	must_lack(s->tls.plaintext);
	must(s->arena.size < 16u * LIMIT_SESSION_MEMORY);
	session_free(s);
}

struct world {
	struct connection connection;
	struct dialogue *dialogue;
	uint64_t sent[2];
	uint32_t frame;
	enum interest interest;
};

static void say(struct world *w, enum direction direction, struct bytes b)
{
	uint8_t *exact = malloc(b.n ? b.n : 1);
	if (!exact)
		abort();
	if (b.n)
		memcpy(exact, b.p, b.n);
	struct chunk c = { .bytes = { exact, b.n }, .offset = w->sent[direction], .acked = w->sent[direction_other(direction)],
	                   .place.number = ++w->frame };
	w->sent[direction] += b.n;
	if (w->interest == INTEREST_ALL)
		w->interest = dialogue_data(w->dialogue, direction, &c);
	free(exact);
}

static void one(struct world *w, uint8_t control, struct bytes b)
{
	static const struct bytes phrases[] = {
		B("220 mx ESMTP\r\n"), B("250 ok\r\n"), B("354 go\r\n"), B("334 \r\n"), B("500 no\r\n"), B("535 no\r\n"), B("421 bye\r\n"),
		B("250-mx\r\n250 CHUNKING\r\n"), B("EHLO a\r\n"), B("MAIL FROM:<a@b.c>\r\n"), B("RCPT TO:<a@b.c>\r\n"), B("DATA\r\n"),
		B("BDAT 9 LAST\r\n"), B("\r\nAUTH PLAIN " CANARY "\r\n"), B("AUTH LOGIN\r\n"), B("\r\nPASS " CANARY "\r\n"), B("STARTTLS\r\n"), B("\n.\n"),
		B("\r\n.\r\n"), B("QUIT\r\n"), B("\x16\x03\x01\x00\x05\n\n\n\n\n"), B("RSET\r\n"), B("LHLO a\r\n"), B("\r\nAuthorization: Basic " CANARY "\r\n"),
		B("x\r\n"), B("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"), B("XCLIENT NAME=a\r\n"), B("BDAT 5\r\nhello"),
	};
	enum { SERVER_PHRASES = 8 };
	size_t i;
	enum direction direction = control & 1 ? FROM_SERVER : FROM_CLIENT;
	struct place place = { .number = ++w->frame };
	struct gap gap = { w->sent[direction], b.n + 1, GAP_CAPTURE, place };
	struct overlap o = { .offset = w->sent[direction], .first = b, .second = b, .first_place = place, .second_place = { .number = w->frame + 1 } };
	if (w->interest != INTEREST_ALL)
		return;
	switch (control >> 1 & 7) {
	case 0:
		w->sent[direction] += gap.missing;
		w->interest = dialogue_gap(w->dialogue, direction, &gap);
		break;
	case 1:
		o.second_longer = control & 0x80;
		dialogue_overlap(w->dialogue, direction, &o);
		break;
	case 2:
		say(w, direction, b);
		break;
	case 3:
		if ((control & 0xf0) == 0xf0)
			dialogue_end(w->dialogue, direction, END_RST, place);
		break;
	default:
		i = (size_t)(control >> 3) % (sizeof phrases / sizeof *phrases);
		say(w, i < SERVER_PHRASES ? FROM_SERVER : FROM_CLIENT, phrases[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = { data, size };
	struct world w = { 0 };
	unsigned ordinal = 0;
	w.connection = (struct connection){ .server.port = 25, .syn_seen = size % 3 != 0 };
	w.dialogue = dialogue_new(&w.connection, (struct dialogue_sink){ .session = take, .to = &ordinal });
	while (rest.n) {
		uint8_t control = rest.p[0];
		bool raw = (control >> 1 & 7) < 3;
		size_t n = raw && rest.n > 1 ? rest.p[1] : 0;
		rest = bytes_from(rest, raw ? 2 : 1);
		one(&w, control, bytes_first(rest, n));
		rest = bytes_from(rest, n);
	}
	if (w.interest == INTEREST_NONE)
		dialogue_discard(w.dialogue);
	else
		dialogue_close(w.dialogue, &w.connection, NULL);
	return 0;
}
