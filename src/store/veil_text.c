/* veil_text.c - takes text of the wire, gives it with tokens in place of names: everything goes that is not known to be harmless.
 * Never keeps a text, but for the plain words that veil_learn is told are names here. */
#include "store/veil_parts.h"

#include <string.h>

enum { LONGEST_NUMBER = 9 };

/* ---- scanning: pieces are copied or replaced, and one place of the input is followed into the output ---- */

struct scan {
	struct veil *veil;
	struct bytes in;
	struct text *out;
	size_t begin;   /* of this text in out */
	size_t *at, want;
	bool ours;
};

static void follow(struct scan *s, struct bytes piece, bool copied)
{
	size_t from = (size_t)(piece.p - s->in.p);
	if (s->at && s->want >= from && s->want < from + piece.n)
		*s->at = s->out->n - s->begin + (copied ? s->want - from : 0);
}

static void copy(struct scan *s, struct bytes piece)
{
	if (piece.n)
		follow(s, piece, true);
	text_add(s->out, piece);
}

static void replace(struct scan *s, struct bytes piece, enum name_kind kind)
{
	if (piece.n == 0)
		return;
	follow(s, piece, false);
	veil_token(s->veil, kind, piece, s->out);
}

static bool replace_address(struct scan *s, struct bytes piece)
{
	size_t before = s->out->n;
	if (!veil_put_address(s->veil, piece, s->out))
		return false;
	size_t after = s->out->n;
	s->out->n = before; /* follow() looks at where the piece begins */
	follow(s, piece, false);
	s->out->n = after;
	return true;
}

static bool is_letter_or_digit(uint8_t c)
{
	return octet_is_alpha(c) || octet_is_digit(c) || c >= 0x80;
}

static bool is_number(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (!octet_is_digit(b.p[i]))
			return false;
	return b.n > 0 && b.n <= LONGEST_NUMBER;
}

/* 250, 5.7.1, 3.14: up to three short numbers. */
static bool is_dotted_number(struct bytes b)
{
	for (int parts = 0; parts < 3; parts++) {
		struct cut cut = bytes_cut(b, '.');
		if (!is_number(cut.head))
			return false;
		if (!cut.found)
			return true;
		b = cut.tail;
	}
	return false;
}

/* XXXX, ****, and XXXXXXXA: what a box leaves of a word. */
static bool is_mask(struct bytes b)
{
	size_t same = 1;
	while (same < b.n && b.p[same] == b.p[0])
		same++;
	return b.n >= 3 && (same == b.n || (same + 1 == b.n && b.p[0] == 'X' && octet_is_alpha(b.p[same])));
}

/* Words without which no reply can be read: as names they go only where they are quoted. */
static bool is_common(struct bytes word)
{
	static const char *const common[] = {
		"user", "users", "mail", "server", "host", "sender", "recipient", "address", "mailbox", "message", "unknown", "list", "data", "spam",
		"abuse", "postmaster", "domain", "client", "no", "not", "from", "to", "the", "a",
	};
	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		if (bytes_is(word, bytes_of(common[i])))
			return true;
	return false;
}

static bool is_quoted(const struct scan *s, struct bytes word)
{
	size_t from = (size_t)(word.p - s->in.p), end = from + word.n;
	uint8_t before = from ? s->in.p[from - 1] : 0, after = end < s->in.n ? s->in.p[end] : 0;
	return before == '<' || before == '\'' || before == '"' || before == '`' || after == '>' || after == '\'' || after == '"' ||
		bytes_starts(bytes_from(s->in, end), B("...")) || (after == ':' && from == 0);
}

/* A plain word that names somebody in this report; its kind + 1, or 0. */
static intptr_t learnt(const struct scan *s, struct bytes word)
{
	void **slot = s->ours ? NULL : map_get(&s->veil->names, word);
	return slot && (!is_common(word) || is_quoted(s, word)) ? (intptr_t)*slot : 0;
}

/* 2026-11-22, and what a colon leaves of 2026-11-22T10:02:03Z. */
static bool is_date(struct bytes b)
{
	static const char form[] = "0000-00-00T00";
	if (b.n == 3 && octet_is_digit(b.p[0]) && octet_is_digit(b.p[1]) && b.p[2] == 'Z')
		return true;
	for (size_t i = 0; i < b.n; i++)
		if (i >= sizeof form - 1 || (form[i] == '0' ? !octet_is_digit(b.p[i]) : b.p[i] != (uint8_t)form[i]))
			return false;
	return b.n == 10 || b.n == 13;
}

static bool piece_stays(const struct scan *s, struct bytes b)
{
	return b.n <= 1 || is_number(b) || is_mask(b) || veil_word_stays(s->veil, b, s->ours);
}

/* "auth-required", "and/or", "it's": each part stays. */
static bool parts_stay(const struct scan *s, struct bytes b)
{
	size_t n = 0, words = 0;
	for (; b.n; b = bytes_from(b, n + 1)) {
		for (n = 0; n < b.n && is_letter_or_digit(b.p[n]); n++)
			;
		if (!piece_stays(s, bytes_first(b, n)))
			return false;
		words += n > 1 && !is_number(bytes_first(b, n));
	}
	return words > 0;
}

static void classify(struct scan *s, struct bytes b)
{
	intptr_t name = learnt(s, b);
	bool letters = false, digits = false;
	for (size_t i = 0; i < b.n; i++) {
		letters |= octet_is_alpha(b.p[i]) || b.p[i] >= 0x80;
		digits |= octet_is_digit(b.p[i]);
	}
	if (name)
		replace(s, b, (enum name_kind)(name - 1));
	else if (piece_stays(s, b) || is_dotted_number(b) || is_date(b) || veil_is_token(b))
		copy(s, b);
	else if (replace_address(s, b))
		return;
	else if (letters && bytes_index(b, '.') != BYTES_NONE)
		replace(s, b, NAME_HOST);
	else if (parts_stay(s, b))
		copy(s, b);
	else
		replace(s, b, digits ? NAME_ID : NAME_WORD);
}

/* A mailbox, or NAME=mailbox of a parameter; the local part may hold what separates words elsewhere. */
static void mailbox(struct scan *s, struct bytes run, size_t sign)
{
	struct cut key = bytes_cut(bytes_first(run, sign), '=');
	if (key.found && veil_word_stays(s->veil, key.head, false) && octet_is_alpha(key.head.p[0]) && !(key.head.p[0] & 0x20)) {
		copy(s, bytes_first(run, key.head.n + 1));
		sign -= key.head.n + 1;
		run = bytes_from(run, key.head.n + 1);
	}
	struct bytes local = bytes_first(run, sign), domain = bytes_from(run, sign + 1);
	if (veil_is_token(local))
		copy(s, local);
	else
		replace(s, local, NAME_BOX);
	copy(s, bytes_first(bytes_from(run, sign), 1));
	if (veil_is_token(domain))
		copy(s, domain);
	else if (!replace_address(s, domain))
		replace(s, domain, NAME_HOST);
}

static bool in_run(uint8_t c)
{
	return is_letter_or_digit(c) || (c && memchr("_-+'.@%!#$&*~=/^`?|", c, 19));
}

static size_t last_sign(struct bytes run)
{
	for (size_t i = run.n; i; i--)
		if (run.p[i - 1] == '@')
			return i - 1;
	return BYTES_NONE;
}

static bool is_capitals(struct bytes word)
{
	for (size_t i = 0; i < word.n; i++)
		if (!(word.p[i] >= 'A' && word.p[i] <= 'Z') && word.p[i] != '-')
			return false;
	return word.n >= 3 && word.n <= 16;
}

/* A run without '@': pieces between "=" and other marks that no name has inside. The name of a parameter stays. */
static void pieces(struct scan *s, struct bytes run)
{
	while (run.n) {
		size_t n = 0;
		while (n < run.n && !memchr("=/!%#$&*~^`?|", run.p[n], 13))
			n++;
		if (n < run.n && run.p[n] == '=' && is_capitals(bytes_first(run, n)))
			copy(s, bytes_first(run, n));
		else if (n)
			classify(s, bytes_first(run, n));
		copy(s, bytes_first(bytes_from(run, n), 1));
		run = bytes_from(run, n + 1);
	}
}

static bool is_url(struct bytes rest, size_t run)
{
	struct bytes head = bytes_first(rest, run);
	size_t slash = bytes_index(head, '/');
	return bytes_starts(bytes_from(rest, run), B("://")) || bytes_starts_word(head, B("www.")) ||
		(slash != BYTES_NONE && slash && bytes_index(head, '@') == BYTES_NONE && bytes_index(bytes_first(head, slash), '.') != BYTES_NONE &&
		 !is_dotted_number(bytes_first(head, slash)));
}

static size_t url_end(struct bytes rest)
{
	size_t n = 0;
	while (n < rest.n && rest.p[n] > ' ' && rest.p[n] != '<' && rest.p[n] != '>' && rest.p[n] != '"' && rest.p[n] != ')')
		n++;
	while (n && (rest.p[n - 1] == '.' || rest.p[n - 1] == ',' || rest.p[n - 1] == ';'))
		n--;
	return n;
}

/* How many octets here are an IPv6 address: hexadecimal groups with at least two colons. */
static size_t ipv6_length(struct scan *s, struct bytes rest)
{
	size_t n = 0, colons = 0;
	struct text trial = { 0 };
	for (; n < rest.n && (octet_is_digit(rest.p[n]) || rest.p[n] == ':' || rest.p[n] == '.' ||
	                      (octet_lower(rest.p[n]) >= 'a' && octet_lower(rest.p[n]) <= 'f')); n++)
		colons += rest.p[n] == ':';
	while (n && (rest.p[n - 1] == '.' || (rest.p[n - 1] == ':' && (n < 2 || rest.p[n - 2] != ':'))))
		n--;
	if (colons < 2 || !veil_put_address(s->veil, bytes_first(rest, n), &trial))
		n = 0;
	text_free(&trial);
	return n;
}

static size_t run_length(struct bytes rest)
{
	size_t n = 0;
	while (n < rest.n && in_run(rest.p[n]))
		n++;
	while (n && !is_letter_or_digit(rest.p[n - 1]) && rest.p[n - 1] != '@')
		n--;
	return n;
}

static void words(struct scan *s, struct bytes rest)
{
	while (rest.n) {
		size_t n = ipv6_length(s, rest);
		if (n) {
			replace_address(s, bytes_first(rest, n));
		} else if (!is_letter_or_digit(rest.p[0])) {
			/* A mailbox may begin with a mark, as VERP's do: "+x@..." */
			n = in_run(rest.p[0]) && rest.p[0] != '@' && rest.p[0] != '\'' && rest.p[0] != '=' && rest.p[0] != '*' ? run_length(rest) : 0;
			if (n && last_sign(bytes_first(rest, n)) != BYTES_NONE)
				mailbox(s, bytes_first(rest, n), last_sign(bytes_first(rest, n)));
			else
				copy(s, bytes_first(rest, n = 1));
		} else {
			n = run_length(rest);
			size_t sign = last_sign(bytes_first(rest, n));
			if (is_url(rest, n)) {
				n = url_end(rest);
				replace(s, bytes_first(rest, n), NAME_URL);
			} else if (sign != BYTES_NONE) {
				mailbox(s, bytes_first(rest, n), sign);
			} else {
				pieces(s, bytes_first(rest, n));
			}
		}
		rest = bytes_from(rest, n);
	}
}

/* ---- forms ---- */

static void name(struct scan *s, struct bytes b)
{
	struct bytes trimmed = bytes_trim(b);
	if (trimmed.n == 0 || trimmed.p[0] == '[' || is_mask(trimmed) || veil_is_token(trimmed)) {
		words(s, b);
		return;
	}
	size_t before = (size_t)(trimmed.p - b.p);
	copy(s, bytes_first(b, before));
	if (!replace_address(s, trimmed))
		replace(s, trimmed, NAME_HOST);
	copy(s, bytes_from(b, before + trimmed.n));
}

/* "mx.example ESMTP Acme Mailer 7" -> "host-... ESMTP banner-...": RFC 5321 4.2 wants the name first. */
static void greeting(struct scan *s, struct bytes b)
{
	static const char *const kept[] = { "ESMTP", "SMTP", "LMTP", "ESMTPS", "ready" };
	struct cut word = bytes_word(b);
	bool stars = true;
	for (size_t i = 0; i < b.n; i++)
		stars &= memchr("*02X \t", b.p[i], 6) != NULL; /* what a box leaves of a greeting */
	if (stars || veil_is_token(word.head)) {
		copy(s, b);
		return;
	}
	name(s, bytes_first(b, (size_t)(word.head.p - b.p) + word.head.n));
	struct bytes rest = bytes_from(b, (size_t)(word.head.p - b.p) + word.head.n);
	for (word = bytes_word(rest); word.head.n; word = bytes_word(rest)) {
		bool stays = is_mask(word.head) || veil_is_token(word.head);
		for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
			stays |= bytes_is(word.head, bytes_of(kept[i]));
		if (!stays)
			break;
		copy(s, bytes_first(rest, (size_t)(word.head.p - rest.p) + word.head.n));
		rest = bytes_from(rest, (size_t)(word.head.p - rest.p) + word.head.n);
	}
	struct bytes banner = bytes_trim(rest);
	if (banner.n == 0)
		return;
	copy(s, bytes_first(rest, (size_t)(banner.p - rest.p)));
	replace(s, banner, NAME_BANNER);
}

static bool has_code(struct bytes b)
{
	return b.n >= 3 && octet_is_digit(b.p[0]) && octet_is_digit(b.p[1]) && octet_is_digit(b.p[2]) &&
		(b.n == 3 || b.p[3] == ' ' || b.p[3] == '-');
}

static void reply(struct scan *s, struct bytes b)
{
	size_t code = !has_code(b) ? 0 : b.n == 3 ? 3 : 4;
	bool greets = code && bytes_starts(b, B("220")) && bytes_find(b, B("TLS")) == BYTES_NONE && !bytes_starts(bytes_from(b, code), B("2.0.0"));
	copy(s, bytes_first(b, code));
	if (greets)
		greeting(s, bytes_from(b, code));
	else
		words(s, bytes_from(b, code));
}

/* The verb stays, known or not, as long as it is written like one. */
static void command(struct scan *s, struct bytes b)
{
	struct cut verb = bytes_word(b);
	if (has_code(b)) {
		reply(s, b);
		return;
	}
	size_t head = verb.head.n ? (size_t)(verb.head.p - b.p) + verb.head.n : 0;
	if (is_capitals(verb.head))
		copy(s, bytes_first(b, head));
	else
		words(s, bytes_first(b, head));
	if (bytes_is(verb.head, B("EHLO")) || bytes_is(verb.head, B("HELO")) || bytes_is(verb.head, B("LHLO")))
		name(s, bytes_from(b, head));
	else
		words(s, bytes_from(b, head));
}

/* A path: its last endings tell the format and stay. */
static void file(struct scan *s, struct bytes b)
{
	static const char *const endings[] = { ".gz", ".zst", ".xz", ".lz4", ".bz2", ".pcap", ".pcapng", ".cap", ".dmp" };
	struct bytes stem = b;
	for (size_t i = 0; i < sizeof endings / sizeof *endings;) {
		struct bytes ending = bytes_of(endings[i]);
		bool has = stem.n > ending.n && bytes_is(bytes_from(stem, stem.n - ending.n), ending);
		stem.n -= has ? ending.n : 0;
		i = has && i < 5 ? 5 : i + 1;
	}
	if (bytes_equal(b, B("-")) || veil_is_token(stem))
		copy(s, b);
	else {
		replace(s, stem, NAME_CAPTURE);
		copy(s, bytes_from(b, stem.n));
	}
}

/* The names of products that end a sentence of ours are no secret; the wire cannot put its own there, for its words stand in quotes. */
static void ours(struct scan *s, struct bytes b)
{
	struct bytes mark = B("\" stand for it, as documented by ");
	size_t at = bytes_find(b, mark);
	size_t end = at == BYTES_NONE || bytes_index(bytes_from(b, at + mark.n), '"') != BYTES_NONE ? b.n : at;
	words(s, bytes_first(b, end));
	copy(s, bytes_from(b, end));
}

void veil_text(struct veil *v, enum veil_form form, struct bytes wire, struct text *out, size_t *at)
{
	static void (*const forms[])(struct scan *, struct bytes) = {
		[VEIL_REPLY] = reply, [VEIL_LINE] = command, [VEIL_GREETING] = greeting, [VEIL_NAME] = name, [VEIL_FILE] = file, [VEIL_OURS] = ours,
	};
	struct scan s = { .veil = v, .in = wire, .out = out, .begin = out->n, .at = at, .want = at ? *at : 0, .ours = form == VEIL_OURS };
	bool lines = form != VEIL_NAME && form != VEIL_FILE;
	struct bytes rest = wire;
	while (rest.n) {
		size_t n = lines ? bytes_index(rest, '\n') : BYTES_NONE;
		n = n == BYTES_NONE ? rest.n : n;
		if (n)
			forms[form](&s, bytes_first(rest, n));
		copy(&s, bytes_first(bytes_from(rest, n), 1));
		rest = bytes_from(rest, n + 1);
	}
	if (at && s.want >= wire.n)
		*at = out->n - s.begin;
}

/* ---- plain words that are names ---- */

static void learn(struct veil *v, struct bytes word, enum name_kind kind)
{
	if (word.n > 1 && veil_word_stays(v, word, false) && !bytes_is(word, B("postmaster")))
		*map_put(&v->names, word) = (void *)(intptr_t)(kind + 1);
}

void veil_learn_verb(struct veil *v, struct bytes line)
{
	struct bytes verb = bytes_word(line).head;
	if (is_capitals(verb))
		veil_know_ours(v, verb);
}

void veil_learn(struct veil *v, enum veil_form form, struct bytes b)
{
	if (form == VEIL_NAME) {
		learn(v, bytes_trim(b), NAME_HOST);
		return;
	}
	for (; b.n; b = bytes_from(b, 1)) {
		size_t n = run_length(b), sign = last_sign(bytes_first(b, n));
		if (n > 1 && sign != BYTES_NONE)
			learn(v, bytes_first(b, sign), NAME_BOX);
		if (n > 1)
			b = bytes_from(b, n - 1);
	}
}
