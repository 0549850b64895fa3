/* tls.c - TLS records from outside (RFC 8446 5.1, RFC 5246 6.2). Takes chunks of both directions, keeps struct tls up to date. Holds
 * one unfinished handshake record a direction, skips application data by its length, never decrypts. */
#include "smtp/tls.h"

#include "base/cursor.h"
#include "base/limits.h"
#include "smtp/grammar.h"

#include "base/banned.h"

enum { HEADER = 5, LARGEST_RECORD = 16384 + 2048, HELD = 16384, PLAINTEXT_KEPT = 64 };
enum content_type { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION_DATA = 23, HEARTBEAT = 24 };
enum handshake_type { CLIENT_HELLO = 1, SERVER_HELLO = 2 };
enum { EXTENSION_SERVER_NAME = 0, EXTENSION_SUPPORTED_VERSIONS = 43, FATAL = 2, CLOSE_NOTIFY = 0 };

struct half {
	uint8_t *held;       /* a header, or a handshake or alert record, not yet whole; heap */
	size_t nheld, room;
	uint64_t skip;       /* octets of a record that is not looked into */
	bool cipher_changed; /* ChangeCipherSpec was sent: handshake records behind it are encrypted */
	bool sealed;         /* an encrypted record was sent */
	bool lost;           /* a gap: where records begin is unknown */
	bool seen_record, plain;
	uint8_t *message;    /* a hello that is spread over several records */
	size_t nmessage, message_room;
};

struct tls_reader {
	struct tls *tls;
	struct arena *arena;
	struct half half[2];
	bool is_13;
	bool joined;           /* it had begun before the capture, or in a hole */
};

bool tls_looks_like_record(struct bytes b)
{
	if (b.n < 3)
		return false;
	if (b.p[0] >= CHANGE_CIPHER_SPEC && b.p[0] <= HEARTBEAT && b.p[1] == 3 && b.p[2] <= 4)
		return b.n < HEADER || (b.p[3] << 8 | b.p[4]) <= LARGEST_RECORD;
	/* SSLv2: a two-octet length with the high bit, ClientHello, version 2.0 or 3.x (RFC 5246 E.2) */
	return b.n >= 5 && b.p[0] & 0x80 && b.p[2] == CLIENT_HELLO && ((b.p[3] == 3 && b.p[4] <= 4) || (b.p[3] == 0 && b.p[4] == 2));
}

static const char *version_name(unsigned version)
{
	switch (version) {
	case 0x0002: return "SSL 2.0";
	case 0x0300: return "SSL 3.0";
	case 0x0301: return "TLS 1.0";
	case 0x0302: return "TLS 1.1";
	case 0x0303: return "TLS 1.2";
	case 0x0304: return "TLS 1.3";
	default: return NULL;
	}
}

struct tls_reader *tls_reader_new(struct tls *tls, struct arena *arena)
{
	struct tls_reader *r = memory_new(1, sizeof *r);
	r->tls = tls;
	r->arena = arena;
	return r;
}

void tls_reader_join(struct tls_reader *r)
{
	r->joined = r->half[FROM_CLIENT].lost = r->half[FROM_SERVER].lost = true;
}

void tls_reader_rest(struct tls_reader *r)
{
	for (size_t i = 0; i < 2; i++) {
		struct half *h = &r->half[i];
		free(h->held);
		free(h->message);
		h->held = h->message = NULL;
		h->nheld = h->room = h->nmessage = h->message_room = 0;
	}
}

size_t tls_reader_size(const struct tls_reader *r)
{
	size_t n = sizeof *r;
	for (size_t i = 0; i < 2; i++)
		n += r->half[i].room + r->half[i].message_room;
	return n;
}

void tls_reader_free(struct tls_reader *r)
{
	if (!r)
		return;
	tls_reader_rest(r);
	free(r);
}

static void note_name(struct tls_reader *r, struct cursor c)
{
	cursor_skip(&c, 2);
	uint8_t type = cursor_u8(&c);
	struct bytes name = cursor_take(&c, cursor_u16(&c));
	if (!c.truncated && type == 0)
		r->tls->server_name = arena_copy(r->arena, bytes_first(name, 255));
}

/* The best version of the list in a ClientHello, GREASE values (RFC 8701) left out. */
static unsigned best_version(struct cursor c)
{
	unsigned best = 0, n = cursor_u8(&c) / 2;
	for (unsigned i = 0; i < n && !c.truncated; i++) {
		unsigned version = cursor_u16(&c);
		if (version_name(version) && version > best)
			best = version;
	}
	return best;
}

static unsigned read_extensions(struct tls_reader *r, struct cursor *c, enum direction from, unsigned version)
{
	struct cursor list = cursor_at(cursor_take(c, cursor_u16(c)));
	while (list.rest.n && !list.truncated) {
		unsigned type = cursor_u16(&list);
		struct bytes body = cursor_take(&list, cursor_u16(&list));
		if (list.truncated)
			break;
		if (type == EXTENSION_SERVER_NAME && from == FROM_CLIENT && body.n)
			note_name(r, cursor_at(body));
		if (type != EXTENSION_SUPPORTED_VERSIONS)
			continue;
		struct cursor b = cursor_at(body);
		unsigned named = from == FROM_CLIENT ? best_version(b) : cursor_u16(&b);
		version = named ? named : version;
	}
	return version;
}

/* version random session_id (cipher_suites compression_methods | cipher_suite compression_method) extensions (RFC 8446 4.1) */
static void read_hello(struct tls_reader *r, enum direction from, struct bytes body, struct place at)
{
	struct cursor c = cursor_at(body);
	unsigned version = cursor_u16(&c);
	cursor_skip(&c, 32);
	cursor_skip(&c, cursor_u8(&c));
	if (from == FROM_CLIENT) {
		cursor_skip(&c, cursor_u16(&c));
		cursor_skip(&c, cursor_u8(&c));
	} else {
		cursor_skip(&c, 3);
	}
	if (!c.truncated && c.rest.n)
		version = read_extensions(r, &c, from, version);
	const char *name = version_name(version);
	struct tls *tls = r->tls;
	if (from == FROM_CLIENT && !tls->client_hello) {
		tls->client_hello = true;
		tls->client_hello_at = at;
		tls->version = tls->server_hello ? tls->version : name;
	} else if (from == FROM_SERVER && !tls->server_hello) {
		tls->server_hello = true;
		tls->server_hello_at = at;
		tls->version = name ? name : tls->version;
		r->is_13 = version == 0x0304;
	}
}

/* Gathers the first handshake message of a direction, which may lie in several records; the others say nothing more. */
static void read_handshake(struct tls_reader *r, enum direction from, struct bytes body, struct place at)
{
	struct half *h = &r->half[from];
	if (from == FROM_CLIENT ? r->tls->client_hello : r->tls->server_hello)
		return;
	body = bytes_first(body, HELD - h->nmessage);
	if (h->nmessage + body.n > h->message_room) {
		h->message_room = h->nmessage + body.n;
		h->message = memory_grow(h->message, h->message_room, 1);
	}
	if (body.n)
		memcpy(h->message + h->nmessage, body.p, body.n);
	h->nmessage += body.n;
	struct cursor c = cursor_at((struct bytes){ h->message, h->nmessage });
	uint8_t type = cursor_u8(&c);
	uint32_t length = cursor_u24(&c);
	if (c.truncated || (c.rest.n < length && h->nmessage < HELD))
		return;
	if (type == (from == FROM_CLIENT ? CLIENT_HELLO : SERVER_HELLO))
		read_hello(r, from, bytes_first(c.rest, length), at);
	h->nmessage = 0;
}

static void note_sealed(struct tls_reader *r, enum direction from, struct place at)
{
	struct tls *tls = r->tls;
	struct half *h = &r->half[from];
	if (!tls->encrypted_from.number)
		tls->encrypted_from = at;
	h->sealed = true;
	/* Before 1.3 a sealed record of each side is its Finished; in 1.3 the server's first one is not, but the client's comes only when
	 * it has checked the server's (RFC 8446 2). */
	if (r->half[FROM_CLIENT].sealed && r->half[FROM_SERVER].sealed && tls->state == TLS_STARTED)
		tls->state = TLS_FINISHED;
}

static void note_alert(struct tls_reader *r, enum direction from, struct bytes body, struct place at)
{
	struct tls *tls = r->tls;
	if (body.n != 2 || tls->alert)
		return; /* longer ones are encrypted */
	tls->alert = true;
	tls->alert_from = from;
	tls->alert_level = body.p[0];
	tls->alert_description = body.p[1];
	tls->alert_at = at;
	/* TLS 1.3 ignores the level: all but close_notify and user_canceled are errors (RFC 8446 6). */
	bool error = body.p[0] == FATAL || (body.p[1] != CLOSE_NOTIFY && body.p[1] != 90);
	if (tls->state != TLS_FINISHED && (error || body.p[1] == CLOSE_NOTIFY))
		tls->state = TLS_FAILED;
}

/* Is the body of such a record encrypted? In 1.3 ChangeCipherSpec means nothing and all that is encrypted looks like application data
 * (RFC 8446 5.2, D.4). */
static bool is_sealed(const struct tls_reader *r, enum direction from, uint8_t type)
{
	return type == APPLICATION_DATA || (r->half[from].cipher_changed && !r->is_13 && type != CHANGE_CIPHER_SPEC);
}

/* An alert that nobody outside can read: by its type before 1.3, by its length in 1.3 (two octets, the type, and the tag). */
static bool is_sealed_alert(const struct tls_reader *r, uint8_t type, size_t length)
{
	enum { TAG = 16 };
	return type == ALERT || (r->is_13 && type == APPLICATION_DATA && length == 2 + 1 + TAG);
}

static void note_record(struct tls_reader *r, enum direction from, uint8_t type, size_t length, struct place at)
{
	struct half *h = &r->half[from];
	h->seen_record = true;
	struct tls *tls = r->tls;
	if (tls->state != TLS_FINISHED && tls->state != TLS_FAILED && tls->state != TLS_PLAINTEXT)
		tls->state = TLS_STARTED;
	if (type == APPLICATION_DATA)
		tls->application_data[from] = true;
	if (is_sealed(r, from, type) && !is_sealed_alert(r, type, length))
		note_sealed(r, from, at);
	else if (is_sealed(r, from, type) && tls->state == TLS_STARTED && !r->joined)
		tls->state = TLS_FAILED;
	if (type == CHANGE_CIPHER_SPEC)
		h->cipher_changed = true;
}

/* ---- plain bytes where records belong ---- */

static bool is_base64_only(struct bytes line)
{
	for (size_t i = 0; i < line.n; i++)
		if (!octet_is_alpha(line.p[i]) && !octet_is_digit(line.p[i]) && bytes_index(B("+/="), line.p[i]) == BYTES_NONE)
			return false;
	return line.n >= 4 && verb_find(line) == VERB_UNKNOWN;
}

/* The first line of it. What may carry credentials keeps its verb and mechanism only. */
static struct bytes excerpt(struct arena *arena, struct bytes b)
{
	struct bytes line = bytes_cut(b, '\n').head;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	struct cut first = bytes_word(line);
	struct bytes kept = line;
	if (bytes_is(first.head, B("AUTH")) || bytes_is(first.head, B("USER")) || bytes_is(first.head, B("PASS"))) {
		struct bytes mechanism = bytes_is(first.head, B("AUTH")) ? bytes_word(first.tail).head : (struct bytes){ 0 };
		struct bytes last = mechanism.n ? mechanism : first.head;
		kept = (struct bytes){ line.p, (size_t)(last.p + last.n - line.p) };
	} else if (is_base64_only(line)) {
		kept = (struct bytes){ 0 };
	}
	kept = bytes_first(kept, PLAINTEXT_KEPT);
	if (kept.n == bytes_first(line, PLAINTEXT_KEPT).n)
		return arena_copy(arena, kept);
	static const struct bytes redacted = B("<redacted>");
	kept = bytes_first(kept, PLAINTEXT_KEPT - redacted.n - 1);
	uint8_t *text = arena_alloc(arena, kept.n + 1 + redacted.n, 1);
	size_t n = kept.n;
	if (n)
		memcpy(text, kept.p, n);
	if (n)
		text[n++] = ' ';
	memcpy(text + n, redacted.p, redacted.n);
	return (struct bytes){ text, n + redacted.n };
}

static bool refuse(struct tls_reader *r, enum direction from, struct bytes plain, struct place at)
{
	struct tls *tls = r->tls;
	r->half[from].plain = true;
	if (tls->state == TLS_PLAINTEXT)
		return false;
	tls->state = TLS_PLAINTEXT;
	tls->plaintext_from = from;
	tls->plaintext_at = at;
	tls->plaintext = excerpt(r->arena, plain);
	return false;
}

/* ---- records out of chunks ---- */

static bool may_begin_record(struct bytes b)
{
	if (b.p[0] & 0x80)
		return b.n < 3 || b.p[2] == CLIENT_HELLO;
	return b.p[0] >= CHANGE_CIPHER_SPEC && b.p[0] <= HEARTBEAT && (b.n < 2 || b.p[1] == 3);
}

static void hold(struct half *h, struct bytes b)
{
	if (h->nheld + b.n > h->room) {
		h->room = h->nheld + b.n < 512 ? 512 : LARGEST_RECORD + HEADER;
		h->held = memory_grow(h->held, h->room, 1);
	}
	if (b.n)
		memcpy(h->held + h->nheld, b.p, b.n);
	h->nheld += b.n;
}

static struct bytes fill(struct half *h, struct bytes rest, size_t until)
{
	struct bytes part = bytes_first(rest, until > h->nheld ? until - h->nheld : 0);
	hold(h, part);
	return bytes_from(rest, part.n);
}

/* An SSLv2 ClientHello: version, then lengths and ciphers (RFC 5246 E.2). */
static void read_ssl2(struct tls_reader *r, enum direction from, const struct half *h, struct place at)
{
	struct tls *tls = r->tls;
	if (from != FROM_CLIENT || tls->client_hello)
		return;
	tls->client_hello = true;
	tls->client_hello_at = at;
	tls->version = version_name((unsigned)(h->held[3] << 8 | h->held[4]));
	tls->state = TLS_STARTED;
}

/* One record whose header is held. False: its body has not come whole. */
static bool read_record(struct tls_reader *r, enum direction from, struct bytes *rest, struct place at)
{
	struct half *h = &r->half[from];
	struct bytes held = { h->held, h->nheld };
	if (held.p[0] & 0x80) {
		size_t length = (size_t)(held.p[0] & 0x7f) << 8 | held.p[1];
		read_ssl2(r, from, h, at);
		h->skip = length > 3 ? length - 3 : 0;
		h->nheld = 0;
		return true;
	}
	uint8_t type = held.p[0];
	size_t length = (size_t)held.p[3] << 8 | held.p[4];
	bool sealed = is_sealed(r, from, type);
	if (sealed || (type != HANDSHAKE && type != ALERT)) {
		note_record(r, from, type, length, at);
		h->skip = length;
		h->nheld = 0;
		return true;
	}
	*rest = fill(h, *rest, HEADER + length);
	if (h->nheld < HEADER + length)
		return false;
	struct bytes body = { h->held + HEADER, length };
	note_record(r, from, type, length, at);
	if (type == HANDSHAKE)
		read_handshake(r, from, body, at);
	else
		note_alert(r, from, body, at);
	h->nheld = 0;
	return true;
}

/* After a gap: the next chunk that begins like a record is taken for its beginning. */
static bool still_lost(struct half *h, struct bytes bytes)
{
	if (h->lost && tls_looks_like_record(bytes))
		h->lost = false;
	return h->lost;
}

bool tls_reader_goes_on(const struct tls_reader *r, enum direction from, struct bytes b)
{
	const struct half *h = &r->half[from];
	return !h->plain && (h->nheld || h->skip || (b.n && b.p[0] >= CHANGE_CIPHER_SPEC && b.p[0] <= HEARTBEAT));
}

bool tls_reader_data(struct tls_reader *r, enum direction from, const struct chunk *chunk)
{
	struct half *h = &r->half[from];
	struct bytes rest = chunk->bytes;
	if (h->plain)
		return false;
	if (rest.n == 0 || still_lost(h, rest))
		return true;
	while (rest.n) {
		size_t skipped = h->skip < rest.n ? (size_t)h->skip : rest.n;
		h->skip -= skipped;
		rest = bytes_from(rest, skipped);
		if (rest.n == 0)
			break;
		struct bytes start = rest;
		rest = fill(h, rest, HEADER);
		struct bytes held = { h->held, h->nheld };
		if (!may_begin_record(held) || (h->nheld >= HEADER && !tls_looks_like_record(held))) {
			if (h->seen_record) { /* damage in mid-stream is no plaintext */
				bool text = octet_is_print(held.p[0]) && (start.n < 4 || octet_is_print(start.p[3]));
				h->lost = !text;
				if (!text) {
					h->nheld = 0;
					return true;
				}
			}
			return refuse(r, from, h->nheld > start.n ? held : start, chunk->place);
		}
		if (h->nheld >= HEADER && !read_record(r, from, &rest, chunk->place))
			break;
	}
	return true;
}

void tls_reader_gap(struct tls_reader *r, enum direction from, const struct gap *gap)
{
	struct half *h = &r->half[from];
	h->nheld = h->nmessage = 0;
	if (h->skip >= gap->missing) {
		h->skip -= gap->missing; /* it lies within a record that is skipped anyway */
		return;
	}
	h->skip = 0;
	h->lost = true;
}

void tls_reader_end(struct tls_reader *r, enum direction from, enum ending ending, struct place at)
{
	struct tls *tls = r->tls;
	(void)from;
	if (!tls->ended_at.number)
		tls->ended_at = at;
	bool closed = ending == END_FIN || ending == END_RST;
	bool begun = tls->state == TLS_STARTED || tls->state == TLS_ACCEPTED;
	bool blind = r->joined || r->half[FROM_CLIENT].lost || r->half[FROM_SERVER].lost;
	if (closed && begun && !blind)
		tls->state = TLS_FAILED;
}

bool tls_reader_done(const struct tls_reader *r)
{
	return r->tls->state == TLS_FINISHED || r->tls->state == TLS_PLAINTEXT;
}
