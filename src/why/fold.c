/* fold.c - makes a reply's text plain for matching. Takes wire bytes, gives lower-case text with placeholders. */
#include "why/fold.h"

#include "base/banned.h"

static void put(struct folded *f, uint8_t c, size_t from)
{
	if (f->n < FOLD_MOST) {
		f->text[f->n] = c;
		f->from[f->n++] = (uint16_t)(from > UINT16_MAX ? UINT16_MAX : from);
	}
}

static void put_all(struct folded *f, struct bytes b, size_t from)
{
	b = bytes_first(b, FOLD_MOST - f->n);
	for (size_t i = 0; i < b.n; i++) {
		f->text[f->n + i] = b.p[i];
		f->from[f->n + i] = (uint16_t)(from > UINT16_MAX ? UINT16_MAX : from);
	}
	f->n += b.n;
}

static void put_space(struct folded *f, size_t from)
{
	if (f->n && f->text[f->n - 1] != ' ')
		put(f, ' ', from);
}

/* Base letters of U+00C0..U+017F; '?' where there is none. */
static uint8_t base_letter(uint32_t code)
{
	static const char letters[] =
		"aaaaaaaceeeeiiiidnooooo?ouuuuyts" /* U+00C0.. the capitals */
		"aaaaaaaceeeeiiiidnooooo?ouuuuyty" /* U+00E0.. */
		"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
	uint32_t i = code - 0xc0;
	return code >= 0xc0 && i < sizeof letters - 1 ? (uint8_t)letters[i] : '?';
}

static uint32_t character(struct bytes rest, size_t *n)
{
	uint8_t a = rest.p[0], b = rest.n > 1 ? rest.p[1] : 0, c = rest.n > 2 ? rest.p[2] : 0;
	*n = 1;
	if (a >= 0xc2 && a <= 0xdf && (b & 0xc0) == 0x80) {
		*n = 2;
		return (uint32_t)(a & 0x1f) << 6 | (b & 0x3f);
	}
	if (a >= 0xe0 && a <= 0xef && (b & 0xc0) == 0x80 && (c & 0xc0) == 0x80) {
		*n = 3;
		return (uint32_t)(a & 0xf) << 12 | (uint32_t)(b & 0x3f) << 6 | (c & 0x3f);
	}
	return 0;
}

/* The ASCII octet that stands for a character; 0 none. */
static uint8_t plain(uint32_t code)
{
	static const struct { uint16_t first, last; uint8_t octet; } rows[] = {
		{ 0xa0, 0xa0, ' ' },      { 0xab, 0xab, '"' },      { 0xb4, 0xb4, '\'' },     { 0xbb, 0xbb, '"' },      { 0x2000, 0x200f, ' ' },
		{ 0x2010, 0x2015, '-' },  { 0x2018, 0x201b, '\'' }, { 0x201c, 0x201f, '"' },  { 0x2026, 0x2026, '.' },  { 0x202f, 0x202f, ' ' },
		{ 0x2032, 0x2032, '\'' }, { 0x2033, 0x2033, '"' },  { 0x2212, 0x2212, '-' },  { 0x3000, 0x3000, ' ' },  { 0x3001, 0x3001, ',' },
		{ 0x3002, 0x3002, '.' },  { 0xfeff, 0xfeff, ' ' },
	};
	if (code >= 0xc0 && code <= 0x17f)
		return base_letter(code);
	if (code >= 0xff01 && code <= 0xff5e) /* full-width forms of ASCII */
		return octet_lower((uint8_t)(code - 0xfee0));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (code >= rows[i].first && code <= rows[i].last)
			return rows[i].octet;
	return 0;
}

/* One character beyond ASCII; returns its octets. */
static size_t fold_wide(struct folded *f, struct bytes rest, size_t at)
{
	size_t n;
	uint32_t code = character(rest, &n);
	uint8_t octet = n > 1 ? plain(code) : base_letter(rest.p[0]); /* Latin-1: no well-formed UTF-8 begins here */
	if (octet == ' ') {
		put_space(f, at);
	} else if (octet && octet != '?') {
		put(f, octet, at);
	} else if ((code >= 0x410 && code <= 0x42f) || (code >= 0x400 && code <= 0x40f) || code == 0x451) { /* Cyrillic capitals; io as ie */
		code = code >= 0x410 && code <= 0x42f ? code + 0x20 : code == 0x401 || code == 0x451 ? 0x435 : code + 0x50;
		put(f, (uint8_t)(0xc0 | code >> 6), at);
		put(f, (uint8_t)(0x80 | (code & 0x3f)), at);
	} else {
		put_all(f, bytes_first(rest, n), at);
	}
	return n;
}

enum { ATOM = 1, MERE = 2, DOT = 4, EQUALS = 8, DIGIT = 16, HEX = 32, COLON = 64 }; /* MERE: an atom's octet that makes no address, name or id of it */
static const uint8_t kinds[256] = {
	['a' ... 'f'] = ATOM | MERE | HEX, ['g' ... 'z'] = ATOM | MERE, ['A' ... 'F'] = ATOM | MERE | HEX, ['G' ... 'Z'] = ATOM | MERE,
	['0' ... '9'] = ATOM | DIGIT | HEX, ['.'] = ATOM | DOT, ['='] = ATOM | EQUALS, [':'] = COLON,
	['-'] = ATOM | MERE, ['_'] = ATOM | MERE, ['+'] = ATOM | MERE, ['%'] = ATOM | MERE,
};

static bool is_atom(uint8_t c)
{
	return kinds[c] & ATOM;
}

static bool is_hex(uint8_t c)
{
	return kinds[c] & HEX;
}

static size_t span(struct bytes b, bool (*is)(uint8_t))
{
	size_t n = 0;
	while (n < b.n && is(b.p[n]))
		n++;
	return n;
}

/* Octets of an IP address at the start of b, 0 when there is none: four numbers with dots, or hex groups with at least two colons. */
static size_t ip_length(struct bytes b)
{
	size_t n = 0, dots = 0, colons = 0, digits = 0;
	for (uint8_t k; n < b.n && (k = kinds[b.p[n]]) & (HEX | DOT | COLON); n++) {
		dots += (k & DOT) != 0;
		colons += (k & COLON) != 0;
		digits += (k & DIGIT) != 0;
	}
	while (n && (b.p[n - 1] == '.' || b.p[n - 1] == ':')) {
		dots -= b.p[n - 1] == '.';
		colons -= b.p[n - 1] == ':';
		n--;
	}
	if (n < b.n && is_atom(b.p[n]))
		return 0;
	if (colons == 0 && dots == 3 && digits + 3 == n && n >= 7 && n <= 15)
		return n;
	return colons >= 2 && colons <= 7 && digits && n >= 3 ? n : 0;
}

/* An id: ten octets or more that mix letters and at least three digits, without a dot inside; eight where all are hexadecimal, since what
 * is shorter and is not may be a provider's name for its reason (BL000001). */
static bool is_id(struct bytes word)
{
	size_t digits = 0, hex = 0;
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '.' || word.p[i] == '_')
			return false;
		digits += octet_is_digit(word.p[i]);
		hex += is_hex(word.p[i]);
	}
	return (word.n >= 10 || (word.n >= 8 && hex == word.n)) && digits >= 3 && digits < word.n;
}

/* ---- host names ---- */

/* Names that are words of a provider or list: a host name that holds one stays. */
enum { TOLD_MOST = 14 };

static const struct bytes told[26 + 1][TOLD_MOST] = { /* by first letter, digits last */
	['a' - 'a'] = { B("abuse.ro"), B("abuseat"), B("abusix"), B("aol.com"), B("apple.com"), B("att.") },
	['b' - 'a'] = { B("backscatter"), B("barracuda"), B("bl."), B("blackhole"), B("blacklist"), B("blocklist") },
	['c' - 'a'] = { B("charter"), B("ciscoiport"), B("cloudmark"), B("cobion"), B("comcast"), B("cox.") },
	['d' - 'a'] = { B("djb"), B("dmarc.org"), B("dnsbl"), B("dnsrbl"), B("dnswl"), B("dronebl"), B("dul.ru") },
	['e' - 'a'] = { B("efnetrbl") },
	['f' - 'a'] = { B("fabel"), B("facebook") },
	['g' - 'a'] = { B("gbudb"), B("gmail"), B("gmx"), B("google") },
	['h' - 'a'] = { B("hostkarma"), B("hotmail") },
	['i' - 'a'] = { B("icloud"), B("improvmx"), B("in-addr.arpa"), B("interserver"), B("invaluement"), B("ip6.arpa"), B("ivmsip") },
	['j' - 'a'] = { B("junkemailfilter") },
	['l' - 'a'] = { B("laposte"), B("lashback"), B("live.com") },
	['m' - 'a'] = { B("mail.ru"), B("mailspike"), B("manitu"), B("messagelabs"), B("microsoft"), B("mimecast") },
	['n' - 'a'] = { B("netease"), B("nixspam"), B("njabl"), B("nszones") },
	['o' - 'a'] = { B("office.com"), B("open-spf"), B("openspf"), B("orange.fr"), B("outlook.com") },
	['p' - 'a'] = { B("pobox"), B("proofpoint"), B("psbl") },
	['q' - 'a'] = { B("qq.com") },
	['r' - 'a'] = { B("rbl-"), B("rbl."), B("rhsbl") },
	['s' - 'a'] = { B("s5h.net"), B("secureserver"), B("senderbase"), B("senderscore"), B("sorbs"), B("spamcop"), B("spameatingmonkey"), B("spamhaus"), B("spamrats"), B("spamrl"), B("spectrum.net"), B("spfbl"), B("surbl"), B("symantec") },
	['t' - 'a'] = { B("t-online"), B("talosintel"), B("tornevall"), B("trendmicro"), B("trustwave") },
	['u' - 'a'] = { B("uceprotect"), B("unsubscore"), B("uribl") },
	['w' - 'a'] = { B("web.de"), B("weixin"), B("woody.ch"), B("wpbl") },
	['x' - 'a'] = { B("x.co") },
	['y' - 'a'] = { B("yahoo"), B("yandex") },
	[26] = { B("126.com"), B("163.com") },
};

static bool is_told(struct bytes name)
{
	for (size_t at = 0; at < name.n; at++) {
		uint8_t c = octet_lower(name.p[at]);
		const struct bytes *row = octet_is_digit(c) ? told[26] : octet_is_alpha(c) ? told[c - 'a'] : NULL;
		for (size_t i = 0; row && i < TOLD_MOST && row[i].n; i++)
			if (bytes_starts_word(bytes_from(name, at), row[i]))
				return true;
	}
	return false;
}

/* Labels with dots whose last one is a top-level domain as hosts have it: not "error.Mailbox", "5.7.1" or "RESOLVER.ADR". */
static bool is_host(struct bytes word)
{
#define TOP(name) { (const uint8_t *)(name), sizeof(name) - 1 }
	static const struct bytes tops[] = {
		TOP("com"), TOP("net"), TOP("org"), TOP("edu"), TOP("gov"), TOP("mil"), TOP("int"), TOP("info"), TOP("biz"), TOP("name"),
		TOP("local"), TOP("localdomain"), TOP("lan"), TOP("internal"), TOP("invalid"), TOP("example"), TOP("test"), TOP("arpa"), TOP("home"),
		TOP("corp"), TOP("intra"), TOP("cloud"), TOP("online"), TOP("email"), TOP("host"), TOP("shop"), TOP("site"), TOP("tech"), TOP("app"),
		TOP("dev"), TOP("pro"), TOP("mobi"), TOP("asia"), TOP("cat"), TOP("jobs"), TOP("travel"), TOP("xyz"), TOP("top"), TOP("club"),
		TOP("store"), TOP("live"),
	};
#undef TOP
	while (word.n && (word.p[word.n - 1] == '.' || word.p[word.n - 1] == '-'))
		word.n--;
	size_t at = word.n; /* of the last label */
	while (at && word.p[at - 1] != '.')
		at--;
	struct bytes top = bytes_from(word, at);
	if (at < 2 || top.n < 2 || !octet_is_alpha(top.p[0]) || word.p[0] == '.')
		return false;
	for (size_t i = 1; i < at; i++)
		if (word.p[i] == '.' && word.p[i - 1] == '.')
			return false;
	bool mixed = top.p[0] != octet_lower(top.p[0]) && top.p[1] == octet_lower(top.p[1]);
	if (top.n == 2)
		return octet_is_alpha(top.p[1]) && !mixed;
	for (size_t i = 0; i < sizeof tops / sizeof *tops && !mixed; i++)
		if (bytes_is(top, tops[i]))
			return true;
	return false;
}

/* ---- words ---- */

static bool is_wide(uint8_t c)
{
	return c >= 0x80;
}

static void put_lower(struct folded *f, struct bytes word, size_t at)
{
	for (size_t i = 0; i < word.n; i++)
		put(f, octet_lower(word.p[i]), at + i);
}

/* Octets of the domain behind an '@'. */
static size_t domain_length(struct bytes b)
{
	size_t n = span(b, is_atom);
	return n ? n : span(b, is_wide);
}

/* Octets of the address that begins with so many of its local part and an '@'; 0: there is none. */
static size_t address_length(struct bytes rest, size_t local)
{
	size_t domain = local + 1 < rest.n && rest.p[local] == '@' ? domain_length(bytes_from(rest, local + 1)) : 0;
	return domain ? local + 1 + domain : 0;
}

/* "said...user@host": the address begins behind the dots, unless it stands in brackets (some providers allow dots in a row). */
static size_t ellipsis(struct bytes word)
{
	size_t at = bytes_find(word, B("..."));
	if (at == BYTES_NONE || at == 0)
		return 0;
	while (at < word.n && word.p[at] == '.')
		at++;
	return at < word.n ? at : 0;
}

/* A word of atom octets at the start of rest; returns the octets taken. */
static size_t fold_word(struct folded *f, struct bytes rest, size_t at)
{
	size_t n = 0;
	uint8_t has = 0; /* kinds of octets */
	for (uint8_t k; n < rest.n && (k = kinds[rest.p[n]]) & ATOM; n++)
		has |= k;
	size_t ip = has & DOT || (n < rest.n && rest.p[n] == ':') ? ip_length(rest) : 0;
	if (ip) {
		put_all(f, B("<ip>"), at);
		return ip;
	}
	size_t address = address_length(rest, n), dots = has & DOT ? ellipsis(bytes_first(rest, n)) : 0;
	if (dots && !(f->n && (f->text[f->n - 1] == '<' || f->text[f->n - 1] == '"'))) {
		n = dots;
		address = 0;
	}
	if (address) {
		put_all(f, B("<addr>"), at);
		return address;
	}
	size_t equals = has & EQUALS ? bytes_index(bytes_first(rest, n), '=') : BYTES_NONE;
	if (equals != BYTES_NONE) /* "ip=192.0.2.1": two words; in an address it is one (RFC 5321 4.1.2) */
		n = equals + 1;
	struct bytes word = bytes_first(rest, n);
	if (has & DIGIT && is_id(word))
		put_all(f, B("<id>"), at);
	else if (has & DOT && is_host(word) && !is_told(word))
		put_all(f, B("<dn>"), at);
	else
		put_lower(f, word, at);
	return n;
}

/* ---- most of a text: mere words with a blank or a comma between them ---- */

typedef int8_t octets __attribute__((vector_size(16))); /* signed, so that those from 0x80 on are below the printable ones */
typedef uint16_t places __attribute__((vector_size(16)));

/* Sixteen octets in lower case, and where they are from. */
static inline void put_sixteen(struct folded *f, size_t n, octets v, size_t at)
{
	const places first = { 0, 1, 2, 3, 4, 5, 6, 7 };
	octets capital = (octets)(v >= 'A') & (octets)(v <= 'Z');
	v |= capital & 0x20;
	places low = first + (uint16_t)at, high = low + 8;
	memcpy(f->text + n, &v, sizeof v);
	memcpy(f->from + n, &low, sizeof low);
	memcpy(f->from + n + sizeof low / sizeof *f->from, &high, sizeof high);
}

/* How many of sixteen octets stand as they are but for their case: no digit, dot or other sign that makes more than a word of what stands beside
 * it, no quote, no second blank. before: the octets one place before them. */
static inline size_t mere_of(octets v, octets before)
{
	octets odd = (octets)(v < ' ') | (octets)(v == 0x7f) | ((octets)(v >= '0') & (octets)(v <= ':')) | (octets)(v == '.') | (octets)(v == '=')
		| (octets)(v == '@') | (octets)(v == '"') | ((octets)(v == ' ') & (octets)(before == ' '));
	uint64_t halves[2];
	memcpy(halves, &odd, sizeof halves);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return halves[0] ? (size_t)__builtin_ctzll(halves[0]) / 8 : halves[1] ? 8 + (size_t)__builtin_ctzll(halves[1]) / 8 : sizeof v;
#else
	return halves[0] ? (size_t)__builtin_clzll(halves[0]) / 8 : halves[1] ? 8 + (size_t)__builtin_clzll(halves[1]) / 8 : sizeof v;
#endif
}

/* Sixteen octets and those one place before them, of which the text or its part ends where these do; zeros behind it and before it. */
static inline void take_sixteen(struct bytes text, size_t at, size_t end, octets *v, octets *before)
{
	uint8_t few[1 + sizeof *v] = { 0 };
	size_t n = end - at < sizeof *v ? end - at : sizeof *v;
	if (at && n == sizeof *v) {
		memcpy(v, text.p + at, sizeof *v);
		memcpy(before, text.p + at - 1, sizeof *before);
		return;
	}
	few[0] = at ? text.p[at - 1] : 0;
	memcpy(few + 1, text.p + at, n);
	memcpy(v, few + 1, sizeof *v);
	memcpy(before, few, sizeof *before);
}

/* A dot or colon that ends a word: nothing but a blank behind it. */
static bool ends_word(struct bytes text, size_t at)
{
	return (text.p[at] == '.' || text.p[at] == ':') && (at + 1 == text.n || text.p[at + 1] == ' ');
}

/* With this octet a word before it may be more than a mere one. */
static bool makes_more(uint8_t c)
{
	return is_atom(c) || c == '@' || c == ':';
}

/* Octets taken from `at` on; a word that goes on as more than that is left. What is written behind them is written over. */
static size_t fold_mere(struct folded *f, struct bytes text, size_t at)
{
	size_t room = FOLD_MOST - f->n, end = text.n - at < room ? text.n : at + room, to = at, into = f->n, n;
	octets v, before;
	bool goes_on;
	if (end > UINT16_MAX || (text.p[at] == ' ' && (into == 0 || f->text[into - 1] == ' ')))
		return 0;
	do {
		take_sixteen(text, to, end, &v, &before);
		put_sixteen(f, into, v, to);
		n = mere_of(v, before);
		goes_on = n == sizeof v;
		if (!goes_on && to + n < end && ends_word(text, to + n)) {
			goes_on = true;
			n++;
		}
		to += n;
		into += n;
	} while (goes_on && to < end);
	while (to > at && to < text.n && (to == end || makes_more(text.p[to])) && kinds[text.p[to - 1]] & MERE)
		to--;
	f->n += to - at;
	return to - at;
}

static bool is_url_octet(uint8_t c)
{
	return c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\'' && c != ')' && c != ']';
}

/* A URL behind its scheme: it stays, in lower case, when a provider's name is in it. */
static size_t fold_url(struct folded *f, struct bytes rest, size_t at)
{
	size_t n = span(rest, is_url_octet);
	put_all(f, B("<www> "), at);
	if (is_told(bytes_first(rest, n)))
		put_lower(f, bytes_first(rest, n), at);
	return n;
}

/* Octets of "..." with its quotes, 0 when it is never closed. */
static size_t quote_length(struct bytes rest)
{
	size_t end = bytes_index(bytes_from(rest, 1), '"');
	return end == BYTES_NONE ? 0 : end + 2;
}

bool fold_has_quotes(struct bytes text)
{
	size_t at = bytes_index(text, '"');
	return at != BYTES_NONE && quote_length(bytes_from(text, at)) > 0;
}

void fold(struct bytes text, bool quotes, struct folded *f)
{
	f->n = 0;
	for (size_t i = 0; i < text.n && f->n < FOLD_MOST;) {
		i += fold_mere(f, text, i);
		struct bytes rest = bytes_from(text, i);
		if (rest.n == 0 || f->n == FOLD_MOST)
			return;
		uint8_t c = rest.p[0];
		size_t scheme = (c | 0x20) != 'h' ? 0 : bytes_starts_word(rest, B("http://")) ? 7 : bytes_starts_word(rest, B("https://")) ? 8 : 0;
		size_t n = 1, quote = c == '"' && !quotes ? quote_length(rest) : 0;
		if (quote) {
			put_all(f, B("<quote>"), i);
			n = quote;
		} else if (scheme) {
			n = scheme + fold_url(f, bytes_from(rest, scheme), i + scheme);
		} else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
			put_space(f, i);
		} else if (c >= 0x80) {
			size_t wide = span(rest, is_wide);
			size_t address = address_length(rest, wide);
			if (address)
				put_all(f, B("<addr>"), i);
			n = address ? address : fold_wide(f, rest, i);
		} else if (is_atom(c) || (c == ':' && rest.n > 2 && rest.p[1] == ':' && is_hex(rest.p[2]))) {
			n = fold_word(f, rest, i);
			if (n == 0) { /* "::" that begins no address */
				put(f, c, i);
				n = 1;
			}
		} else {
			put(f, octet_is_print(c) ? octet_lower(c) : ' ', i);
		}
		i += n;
	}
}
