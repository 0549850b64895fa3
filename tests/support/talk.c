/* talk.c - a session written as text goes straight into the dialogue. Takes the text of talk.h; gives the session; never makes packets. */
#include "support/talk.h"

#include "base/text.h"
#include "smtp/dialogue.h"

#include <stdlib.h>
#include <string.h>

struct talk {
	struct connection connection;
	struct dialogue *dialogue;
	struct session *session;
	enum interest interest;
	uint64_t sent[2];       /* octets of each stream, said or lost */
	uint64_t acked[2];      /* what the newest segment of each side acknowledged of the other */
	uint32_t frame;
	int64_t waited;         /* nanoseconds */
	size_t chunk;
	struct transcript *transcript; /* NULL: nobody listens */
};

static void take_session(void *to, struct session *session, bool final)
{
	struct talk *t = to;
	if (!final) {
		session_free(session); /* a talk fits one window */
		return;
	}
	t->session = session;
}

static int hex(uint8_t c)
{
	return octet_is_digit(c) ? c - '0' : octet_is_alpha(c) ? octet_lower(c) - 'a' + 10 : 0;
}

/* Escapes become octets; CRLF is added unless the line ends with a single backslash. */
static void unescape(struct text *out, struct bytes line, bool ended)
{
	bool open = false;
	for (size_t i = 0; i < line.n; i++) {
		uint8_t c = line.p[i];
		if (c != '\\') {
			text_add_octet(out, c);
			continue;
		}
		if (i + 1 == line.n) {
			open = true;
			break;
		}
		c = line.p[++i];
		if (c == 'x' && i + 2 < line.n) {
			text_add_octet(out, (uint8_t)(hex(line.p[i + 1]) << 4 | hex(line.p[i + 2])));
			i += 2;
		} else {
			text_add_octet(out, c == 'r' ? '\r' : c == 'n' ? '\n' : c == 't' ? '\t' : c);
		}
	}
	if (ended && !open)
		text_add_string(out, "\r\n");
}

static struct place place_of(const struct talk *t)
{
	return (struct place){ .time = t->waited + (int64_t)t->frame * 10000000, .number = t->frame };
}

static void feed(struct talk *t, enum direction direction, struct bytes b, uint64_t acked)
{
	t->acked[direction] = acked;
	while (b.n && t->interest == INTEREST_ALL) {
		struct chunk c = { .bytes = t->chunk ? bytes_first(b, t->chunk) : b, .offset = t->sent[direction], .acked = acked, .place = place_of(t) };
		uint8_t *exact = malloc(c.bytes.n); /* so that a look beyond the chunk is seen */
		if (!exact)
			abort();
		memcpy(exact, c.bytes.p, c.bytes.n);
		b = bytes_from(b, c.bytes.n);
		c.bytes.p = exact;
		c.pushed = b.n == 0;
		t->sent[direction] += c.bytes.n;
		if (t->transcript)
			transcript_data(t->transcript, direction, &c);
		t->interest = dialogue_data(t->dialogue, direction, &c);
		free(exact);
	}
	t->sent[direction] += b.n;
}

/* "this | that": that came first, this later with the same octets' place. */
static void say_twice(struct talk *t, enum direction direction, struct bytes line)
{
	struct text first = { 0 }, second = { 0 };
	size_t bar = bytes_find(line, B(" | "));
	struct bytes later = bytes_first(line, bar == BYTES_NONE ? line.n : bar);
	unescape(&first, bar == BYTES_NONE ? line : bytes_from(line, bar + 3), true);
	unescape(&second, later, true);
	uint64_t offset = t->sent[direction];
	struct place first_place = place_of(t);
	feed(t, direction, text_view(&first), t->sent[direction_other(direction)]);
	t->frame++;
	size_t same = first.n < second.n ? first.n : second.n;
	struct overlap o = {
		.offset = offset, .first = bytes_first(text_view(&first), same), .second = bytes_first(text_view(&second), same),
		.first_place = first_place, .second_place = place_of(t), .second_longer = second.n > first.n,
	};
	if (t->interest == INTEREST_ALL)
		dialogue_overlap(t->dialogue, direction, &o);
	if (o.second_longer)
		feed(t, direction, bytes_from(text_view(&second), first.n), t->sent[direction_other(direction)]);
	text_free(&first);
	text_free(&second);
}

static void lose(struct talk *t, enum direction direction, struct bytes number)
{
	struct gap gap = { .offset = t->sent[direction], .kind = GAP_CAPTURE, .place = place_of(t) };
	if (!bytes_number(bytes_trim(number), &gap.missing))
		abort();
	t->sent[direction] += gap.missing;
	if (t->transcript)
		transcript_gap(t->transcript, direction, &gap);
	if (t->interest == INTEREST_ALL)
		t->interest = dialogue_gap(t->dialogue, direction, &gap);
}

/* The lines that go on in the same segment: "C+: " after "C: ". */
static struct bytes take_joined(struct bytes rest, uint8_t side, struct text *segment)
{
	for (;;) {
		struct cut next = bytes_cut(rest, '\n');
		if (next.head.n < 3 || next.head.p[0] != side || next.head.p[1] != '+')
			return rest;
		unescape(segment, bytes_from(next.head, 4), true);
		rest = next.tail;
	}
}

static struct bytes say(struct talk *t, struct bytes line, struct bytes rest)
{
	enum direction direction = line.p[0] == 'C' ? FROM_CLIENT : FROM_SERVER;
	uint8_t how = line.p[1];
	struct bytes what = bytes_from(line, how == ':' ? 3 : 4);
	struct text segment = { 0 };
	t->frame++;
	switch (how) {
	case '-':
		lose(t, direction, what);
		break;
	case '!':
		say_twice(t, direction, what);
		break;
	case '.':
		if (t->transcript)
			transcript_end(t->transcript, direction, bytes_is(what, B("RST")) ? END_RST : END_FIN, place_of(t));
		if (t->interest != INTEREST_NONE)
			dialogue_end(t->dialogue, direction, bytes_is(what, B("RST")) ? END_RST : END_FIN, place_of(t));
		t->connection.ending = bytes_is(what, B("RST")) ? END_RST : END_FIN;
		break;
	default:
		unescape(&segment, what, true);
		rest = take_joined(rest, line.p[0], &segment);
		feed(t, direction, text_view(&segment), how == '+' ? t->acked[direction] : t->sent[direction_other(direction)]);
	}
	text_free(&segment);
	return rest;
}

struct session *talk_session(const char *talk, size_t chunk)
{
	return talk_heard(talk, chunk, NULL);
}

struct session *talk_heard(const char *talk, size_t chunk, struct transcript *transcript)
{
	struct talk t = { .chunk = chunk, .transcript = transcript };
	t.connection = (struct connection){ .ordinal = 1, .client.port = 49152, .server.port = 25, .syn_seen = true, .syn_ack_seen = true };
	uint64_t seconds;
	bool late = bytes_starts(bytes_of(talk), B("late\n"));
	t.connection.syn_seen = t.connection.syn_ack_seen = !late;
	t.dialogue = dialogue_new(&t.connection, (struct dialogue_sink){ .session = take_session, .to = &t });
	for (struct bytes rest = bytes_of(talk); rest.n;) {
		struct cut line = bytes_cut(rest, '\n');
		rest = line.tail;
		if (line.head.n >= 2 && (line.head.p[0] == 'C' || line.head.p[0] == 'S'))
			rest = say(&t, line.head, rest);
		else if (bytes_starts(line.head, B("wait ")) && bytes_number(bytes_from(line.head, 5), &seconds))
			t.waited += (int64_t)seconds * 1000000000;
	}
	t.connection.last = place_of(&t);
	if (t.interest == INTEREST_NONE)
		dialogue_discard(t.dialogue);
	else
		dialogue_close(t.dialogue, &t.connection, NULL);
	if (transcript)
		transcript_close(transcript);
	return t.session;
}
