/* redact.c - credentials leave a line before it is kept. Takes lines, gives masked copies; never keeps what it masked but in struct
 * secrets, which lives as long as the dialogue so that echoes of it can be found. */
#include "smtp/redact.h"

#include "base/text.h"
#include "smtp/grammar.h"

#include "base/banned.h"

#define MASK B("<redacted>")

enum {
	SHORTEST_ECHO = 4,    /* shorter secrets would mask ordinary words of a reply */
	LONGEST_VERB = 40,    /* of content read as a command: a longer "word" is content, not a verb */
	LONG_BASE64 = 16,     /* a lone word of this length in base64 is no command of anybody's */
	LONGEST_MECHANISM = 20, /* RFC 4422 3.1 */
};

/* Words after which everything is a credential, whoever's protocol they belong to: POP3 (RFC 1939 7), FTP (RFC 959 4.1.1). */
static const struct bytes credential_verbs[] = { B("USER"), B("PASS"), B("APOP"), B("ACCT"), B("LOGIN"), B("PASSWORD") };
/* IMAP: "tag LOGIN user password" (RFC 9051 6.2.3). */
static const struct bytes tagged_verbs[] = { B("LOGIN"), B("AUTHENTICATE") };
/* HTTP fields (RFC 9110 11, RFC 6265 4) and the usual vendors' ones. */
static const struct bytes secret_fields[] = {
	B("Authorization:"), B("Proxy-Authorization:"), B("Cookie:"), B("Set-Cookie:"), B("X-Api-Key:"), B("X-Auth-Token:"),
	B("Authentication:"), B("X-Access-Token:"), B("X-CSRF-Token:"),
};
static const struct bytes secret_names[] = {
	B("password="), B("passwd="), B("passphrase="), B("pwd="), B("pass="), B("secret="), B("token="), B("apikey="), B("api_key="),
	B("auth="), B("credential="),
};
static const struct bytes schemes[] = { B("Basic "), B("Bearer "), B("Digest "), B("Negotiate "), B("NTLM ") };
static const struct bytes mechanisms[] = {
	B("PLAIN"), B("LOGIN"), B("CRAM-MD5"), B("DIGEST-MD5"), B("NTLM"), B("GSSAPI"), B("GSS-SPNEGO"), B("XOAUTH"), B("XOAUTH2"),
	B("OAUTHBEARER"), B("EXTERNAL"), B("ANONYMOUS"), B("KERBEROS_V4"), B("SECURID"), B("MSN"), B("XYMCOOKIE"),
};

static bool among(struct bytes word, const struct bytes *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_is(word, rows[i]))
			return true;
	return false;
}
#define AMONG(word, rows) among((word), (rows), sizeof(rows) / sizeof *(rows))

void secrets_free(struct secrets *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < SECRETS_KEPT; i++)
		explicit_bzero(s->kept[i].octets, s->kept[i].n);
	free(s);
}

/* Its octets are not zeroed: mostly there is one secret, and a short one. */
static struct secrets *secrets_new(void)
{
	struct secrets *s = memory_grow(NULL, 1, sizeof *s);
	s->next = 0;
	for (size_t i = 0; i < SECRETS_KEPT; i++)
		s->kept[i].n = 0;
	return s;
}

static void remember(struct secrets **secrets, struct bytes secret)
{
	secret = bytes_trim(secret);
	if (secret.n < SHORTEST_ECHO || bytes_equal(secret, MASK))
		return;
	if (!*secrets)
		*secrets = secrets_new();
	struct secrets *s = *secrets;
	secret = bytes_first(secret, SECRET_ROOM);
	explicit_bzero(s->kept[s->next].octets, s->kept[s->next].n);
	memcpy(s->kept[s->next].octets, secret.p, secret.n);
	s->kept[s->next].n = secret.n;
	s->next = (s->next + 1) % SECRETS_KEPT;
}

/* The words of a secret are secrets too: a server may echo only the first. */
static void remember_words(struct secrets **secrets, struct bytes text)
{
	remember(secrets, text);
	unsigned most = 3;
	for (struct cut c = bytes_word(text); c.found && most-- && c.head.n < bytes_trim(text).n; c = bytes_word(c.tail))
		remember(secrets, c.head);
}

/* ---- AUTH answers ---- */

static int sextet(uint8_t c)
{
	if (octet_is_alpha(c))
		return c >= 'a' ? c - 'a' + 26 : c - 'A';
	if (octet_is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool redact_is_base64(struct bytes word)
{
	size_t digits = word.n;
	while (digits && word.n - digits < 2 && word.p[digits - 1] == '=')
		digits--;
	for (size_t i = 0; i < digits; i++)
		if (sextet(word.p[i]) < 0)
			return false;
	return word.n >= 4 && digits >= 2;
}

/* CRAM-MD5: user SP 32 hex digits (RFC 2195 2); c is the next octet of the answer. */
struct cram { bool word, user; size_t hex; };

static void cram_octet(struct cram *m, uint8_t c)
{
	bool hex = octet_is_digit(c) || (octet_lower(c) >= 'a' && octet_lower(c) <= 'f');
	if (c == ' ') {
		m->word = m->user;
		m->hex = 0;
	} else if (!m->word) {
		m->user = true;
	} else if (hex) {
		m->hex++;
	} else {
		m->word = false;
	}
}

struct auth_facts redact_auth_facts(struct bytes answer)
{
	struct auth_facts facts = { .seen = true };
	answer = bytes_trim(answer);
	facts.cancelled = bytes_equal(answer, B("*"));
	facts.empty = answer.n == 0 || bytes_equal(answer, B("=")); /* RFC 4954 4: "=" is an empty initial response */
	facts.base64 = facts.empty || (redact_is_base64(answer) && answer.n % 4 == 0);
	if (!facts.base64 || facts.empty)
		return facts;
	struct cram cram = { 0 };
	unsigned held = 0, bits = 0;
	for (size_t i = 0; i < answer.n && answer.p[i] != '='; i++) {
		held = (held << 6 | (unsigned)sextet(answer.p[i])) & 0xffffff;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		uint8_t octet = (uint8_t)(held >> bits);
		facts.octets++;
		facts.nuls = (uint16_t)(facts.nuls + (octet == 0));
		cram_octet(&cram, octet);
	}
	facts.has_word = cram.word && cram.hex == 32;
	return facts;
}

struct bytes redact_answer(struct arena *arena, struct secrets **secrets, struct bytes line)
{
	struct bytes answer = bytes_trim(line);
	if (answer.n == 0 || bytes_equal(answer, B("*")) || bytes_equal(answer, B("=")))
		return arena_copy(arena, line);
	remember_words(secrets, answer);
	return MASK;
}

/* ---- lines ---- */

static struct bytes joined(struct arena *arena, struct bytes head, struct bytes tail)
{
	uint8_t *p = arena_alloc(arena, head.n + MASK.n + tail.n, 1);
	if (head.n)
		memcpy(p, head.p, head.n);
	memcpy(p + head.n, MASK.p, MASK.n);
	if (tail.n)
		memcpy(p + head.n + MASK.n, tail.p, tail.n);
	return (struct bytes){ p, head.n + MASK.n + tail.n };
}

/* The line up to the word that begins at rest, then the mask. */
static struct bytes masked_from(struct arena *arena, struct secrets **secrets, struct bytes line, struct bytes rest)
{
	remember_words(secrets, rest);
	return joined(arena, bytes_first(line, line.n - rest.n), (struct bytes){ 0 });
}

struct bytes redact_content(struct arena *arena, struct bytes line)
{
	struct cut c = bytes_word(line);
	if (bytes_equal(line, B(".")) || !c.found)
		return arena_copy(arena, bytes_first(line, c.found ? line.n : 0));
	if (c.head.n > LONGEST_VERB || (c.head.n >= LONG_BASE64 && redact_is_base64(c.head)))
		return MASK;
	if (c.tail.n == 0)
		return arena_copy(arena, line);
	return joined(arena, bytes_first(line, line.n - c.tail.n), (struct bytes){ 0 });
}

static bool is_mechanism(struct bytes word)
{
	if (AMONG(word, mechanisms) || bytes_starts_word(word, B("SCRAM-")))
		return true;
	for (size_t i = 0; i < word.n; i++)
		if (!((word.p[i] >= 'A' && word.p[i] <= 'Z') || octet_is_digit(word.p[i]) || word.p[i] == '-' || word.p[i] == '_'))
			return false;
	return word.n > 0 && word.n <= LONGEST_MECHANISM;
}

/* AUTH, X-EXPS, and what a finger or a box made of AUTH: one octet off, or a word whose next word names a mechanism. */
static bool looks_like_auth(struct bytes word, struct bytes next)
{
	if (bytes_is(word, B("AUTH")) || bytes_is(word, B("X-EXPS")) || bytes_starts_word(word, B("AUTH=")))
		return true;
	if (AMONG(next, mechanisms) || bytes_starts_word(next, B("SCRAM-")))
		return true;
	size_t same = 0;
	for (size_t i = 0; i < word.n; i++)
		for (size_t k = 0; k < 4; k++)
			if (octet_upper(word.p[i]) == "AUTH"[k]) {
				same++;
				break;
			}
	return word.n >= 3 && word.n <= 6 && same >= 3 && same + 1 >= word.n;
}

static size_t end_of_value(struct bytes line, size_t from)
{
	while (from < line.n && line.p[from] != '&' && line.p[from] != ' ' && line.p[from] != ';' && line.p[from] != '"')
		from++;
	return from;
}

/* user:password@ in a URL (RFC 3986 3.2.1), and password=... in a query or a form. */
static bool masked_inside(struct arena *arena, struct secrets **secrets, struct bytes *line)
{
	bool any = false;
	size_t at = bytes_find(*line, B("://"));
	if (at != BYTES_NONE) {
		struct bytes rest = bytes_from(*line, at + 3);
		size_t end = 0, sign = BYTES_NONE;
		for (; end < rest.n && rest.p[end] != '/' && rest.p[end] != ' ' && rest.p[end] != '?'; end++)
			if (rest.p[end] == '@')
				sign = end;
		if (sign != BYTES_NONE) {
			remember(secrets, bytes_cut(bytes_first(rest, sign), ':').tail);
			*line = joined(arena, bytes_first(*line, at + 3), bytes_from(rest, sign));
			any = true;
		}
	}
	if (bytes_index(*line, '=') == BYTES_NONE)
		return any;
	for (size_t i = 0; i < sizeof secret_names / sizeof *secret_names; i++)
		for (size_t from = 0; from < line->n;) {
			size_t found = bytes_find(bytes_from(*line, from), secret_names[i]);
			if (found == BYTES_NONE)
				break;
			size_t start = from + found + secret_names[i].n, end = end_of_value(*line, start);
			struct bytes value = bytes_first(bytes_from(*line, start), end - start);
			from = start + MASK.n;
			if (value.n == 0 || bytes_equal(value, MASK))
				continue;
			remember(secrets, value);
			*line = joined(arena, bytes_first(*line, start), bytes_from(*line, end));
			any = true;
		}
	return any;
}

static bool lone_base64(struct bytes line, unsigned circumstances)
{
	struct bytes word = bytes_trim(line);
	if (bytes_index(word, ' ') != BYTES_NONE || !redact_is_base64(word))
		return false;
	bool varied = false;
	for (size_t i = 1; i < word.n; i++)
		varied |= word.p[i] != word.p[0]; /* XXXXXXXX is a box's filler, and evidence */
	if (!varied)
		return false;
	return (circumstances & NEAR_AUTH) ? word.n >= 6 : word.n >= LONG_BASE64 && word.n % 4 == 0;
}

/* AUTH= of MAIL is an identity (RFC 4954 5); BURL is not here, its URLs carry tokens (RFC 4467). */
bool redact_is_plain(enum verb verb)
{
	static const bool plain[VERB_NONE + 1] = {
		[VERB_EHLO] = true, [VERB_HELO] = true, [VERB_LHLO] = true, [VERB_MAIL] = true, [VERB_RCPT] = true, [VERB_DATA] = true,
		[VERB_BDAT] = true, [VERB_RSET] = true, [VERB_VRFY] = true, [VERB_EXPN] = true, [VERB_HELP] = true, [VERB_NOOP] = true,
		[VERB_QUIT] = true, [VERB_STARTTLS] = true, [VERB_ETRN] = true, [VERB_ATRN] = true, [VERB_TURN] = true, [VERB_SEND] = true,
		[VERB_SOML] = true, [VERB_SAML] = true, [VERB_XCLIENT] = true, [VERB_XFORWARD] = true, [VERB_XEXCH50] = true,
		[VERB_XANONYMOUSTLS] = true, [VERB_XLINK2STATE] = true,
	};
	return plain[verb];
}

struct bytes redact_line(struct arena *arena, struct secrets **secrets, struct bytes line, unsigned circumstances, bool *masked)
{
	struct cut first = bytes_word(line);
	*masked = false;
	if (redact_is_plain(verb_find(first.head)))
		return arena_copy(arena, line);
	struct cut second = bytes_word(first.tail);
	*masked = true;
	if (first.tail.n && AMONG(first.head, credential_verbs))
		return masked_from(arena, secrets, line, first.tail);
	if (second.tail.n && AMONG(second.head, tagged_verbs) && !looks_like_auth(first.head, (struct bytes){ 0 }))
		return masked_from(arena, secrets, line, second.tail);
	if (first.tail.n && looks_like_auth(first.head, second.head)) {
		if (!is_mechanism(second.head))
			return masked_from(arena, secrets, line, first.tail);
		if (second.tail.n && !bytes_equal(bytes_trim(second.tail), B("=")))
			return masked_from(arena, secrets, line, second.tail);
	}
	for (size_t i = 0; i < sizeof secret_fields / sizeof *secret_fields; i++)
		if (bytes_starts_word(line, secret_fields[i]) && line.n > secret_fields[i].n)
			return masked_from(arena, secrets, line, bytes_word(bytes_from(line, secret_fields[i].n)).head.n
			                   ? bytes_from(line, secret_fields[i].n + (line.p[secret_fields[i].n] == ' ')) : bytes_from(line, line.n));
	if (lone_base64(line, circumstances)) {
		remember(secrets, line);
		return MASK;
	}
	*masked = false;
	bool blank = bytes_index(line, ' ') != BYTES_NONE;
	for (size_t i = 0; blank && i < sizeof schemes / sizeof *schemes; i++) {
		size_t at = bytes_find(line, schemes[i]);
		struct bytes rest = at == BYTES_NONE ? (struct bytes){ 0 } : bytes_from(line, at + schemes[i].n);
		if (rest.n && (at == 0 || line.p[at - 1] == ' ' || line.p[at - 1] == ':') && redact_is_base64(bytes_word(rest).head)) {
			*masked = true;
			return masked_from(arena, secrets, line, rest);
		}
	}
	struct bytes result = line;
	*masked = masked_inside(arena, secrets, &result);
	return *masked ? result : arena_copy(arena, line);
}

/* ---- replies and excerpts ---- */

struct bytes redact_echo(struct arena *arena, const struct secrets *secrets, struct bytes text)
{
	for (size_t i = 0; secrets && i < SECRETS_KEPT; i++) {
		struct bytes secret = { secrets->kept[i].octets, secrets->kept[i].n };
		for (size_t at; secret.n && (at = bytes_find(text, secret)) != BYTES_NONE;) {
			if (bytes_find(MASK, secret) != BYTES_NONE)
				break; /* the mask itself would be found for ever */
			text = joined(arena, bytes_first(text, at), bytes_from(text, at + secret.n));
		}
	}
	return text;
}

/* "Username:" and "Password:" in base64 are prompts that everybody knows (draft-murchison-sasl-login 2); all else may carry secrets. */
static bool is_prompt(struct bytes challenge)
{
	return challenge.n == 0 || bytes_is(challenge, B("VXNlcm5hbWU6")) || bytes_is(challenge, B("UGFzc3dvcmQ6"));
}

struct bytes redact_challenge(struct arena *arena, struct bytes text, bool with_code)
{
	size_t code = with_code && text.n >= 4 ? 4 : 0;
	if (is_prompt(bytes_trim(bytes_from(text, code))))
		return text;
	return joined(arena, bytes_first(text, code), (struct bytes){ 0 });
}

/* Letters of both cases are in nearly every secret; keywords and fillers have one. */
static bool may_be_encoded(struct bytes run)
{
	bool upper = false, lower = false;
	for (size_t i = 0; i < run.n; i++) {
		upper |= run.p[i] >= 'A' && run.p[i] <= 'Z';
		lower |= run.p[i] >= 'a' && run.p[i] <= 'z';
	}
	return run.n >= LONG_BASE64 && upper && lower;
}

/* An excerpt may begin in the middle of a line, behind the word that tells what follows. */
static struct bytes masked_runs(struct arena *arena, struct bytes line)
{
	for (size_t at = 0; at < line.n; at++) {
		size_t from = at;
		while (at < line.n && sextet(line.p[at]) >= 0)
			at++;
		if (may_be_encoded(bytes_first(bytes_from(line, from), at - from))) {
			line = joined(arena, bytes_first(line, from), bytes_from(line, at));
			at = from + MASK.n;
		}
	}
	return line;
}

struct bytes redact_excerpt(struct arena *arena, const struct secrets *known, struct bytes text)
{
	struct text out = { 0 };
	struct secrets *scratch = NULL;
	text = redact_echo(arena, known, text);
	while (text.n) {
		struct cut line = bytes_cut(text, '\n');
		bool masked;
		struct bytes body = line.head, end = { 0 };
		if (body.n && body.p[body.n - 1] == '\r') {
			end = bytes_from(body, body.n - 1);
			body.n--;
		}
		text_add(&out, masked_runs(arena, redact_line(arena, &scratch, body, NEAR_AUTH, &masked)));
		text_add(&out, end);
		if (line.found)
			text_add_octet(&out, '\n');
		text = line.tail;
	}
	struct bytes result = arena_copy(arena, text_view(&out));
	text_free(&out);
	secrets_free(scratch);
	return result;
}
