/* middlebox.c - signals and boxes: what a known device leaves in a session. Takes a session, gives the row that fits; a greeting alone
 * names a device and accuses nobody. To add a box of known signals: one row, and one of its words each. A new signal: one S line and its function. */
#include "why/middlebox.h"

#include "base/banned.h"

/* ---- signals ---- */

/* The characters that survive a Cisco's stars: '2', '0', blank (Microsoft KB320027; Postfix smtp_proto.c tests the same set). Others
 * overwrite by other letters, and leave blanks at most. */
bool banner_is_filler(struct bytes banner)
{
	enum { STARS_LEAST = 3, OTHERS_LEAST = 8 };
	unsigned fillers = 0, survivors = 0;
	uint8_t filler = 0;
	for (size_t i = 0; i < banner.n; i++) {
		uint8_t c = banner.p[i];
		if (c == ' ' || c == '\t' || c == '\n')
			continue;
		if (c == '2' || c == '0') {
			survivors++;
			continue;
		}
		if (!filler && (c == '*' || c == 'X' || c == 'x' || c == '#'))
			filler = c;
		if (c != filler)
			return false;
		fillers++;
	}
	return filler == '*' ? fillers >= STARS_LEAST : fillers >= OTHERS_LEAST && !survivors;
}

bool session_banner_starred(const struct session *s)
{
	return banner_is_filler(s->banner);
}

/* Stars may be configured. Shorter ones than "a.b ESMTP" hide no greeting of RFC 5321 4.2, and a server that names EHLO has read EHLO. */
bool stars_hide_ehlo(const struct session *s, const struct reply *refusal)
{
	enum { GREETING_LEAST = 8 };
	return session_banner_starred(s) && s->banner.n >= GREETING_LEAST && bytes_find(refusal->raw, B("EHLO")) == BYTES_NONE;
}

const struct masked *session_mask(const struct session *s, const struct offer **where)
{
	const struct masked *first = NULL;
	for (const struct offer *o = s->offers; o; o = o->before) {
		if (!o->nmasked)
			continue;
		first = &o->masked[0];
		if (where)
			*where = o;
	}
	return first;
}

static bool banner_stars(const struct session *s)
{
	return session_banner_starred(s);
}

static bool keyword_masked(const struct session *s)
{
	return session_mask(s, NULL) != NULL;
}

bool exchange_quotes_mask(const struct exchange *x)
{
	return x->answered && x->reply.flags & REPLY_QUOTES_MASK;
}

static bool verb_masked(const struct session *s)
{
	for (const struct exchange *x = s->first; x; x = x->next)
		if (x->command.masked_run || exchange_quotes_mask(x))
			return true;
	return false;
}

static bool injected(const struct session *s)
{
	for (const struct exchange *x = s->first; x; x = x->next)
		if (x->answered && (odd_is_foreign(x->reply.odd) || note_of_other_reply(s, x)))
			return true;
	return false;
}

/* ---- boxes ---- */

#define SIGNALS(S)                                  \
	S(BANNER_STARS, banner_stars)  /* greeting overwritten with '*' */ \
	S(KEYWORD_MASKED, keyword_masked) /* EHLO keyword overwritten with 'X' */ \
	S(VERB_MASKED, verb_masked)    /* a verb overwritten with 'X', seen at the server or quoted by it */ \
	S(INJECTED, injected)          /* a reply of another sender */

enum signal_number {
#define S(id, function) NUMBER_##id,
	SIGNALS(S)
#undef S
};
enum signal {
#define S(id, function) id = 1 << NUMBER_##id,
	SIGNALS(S)
#undef S
};

static unsigned session_signals(const struct session *s)
{
	unsigned signals = 0;
#define S(id, function) signals |= function(s) ? (unsigned)id : 0u;
	SIGNALS(S)
#undef S
	return signals;
}

enum box_number {
	PALO_ALTO, FORTIGATE, JUNIPER, SONICWALL, WATCHGUARD, CHECK_POINT, RAPTOR, SMAP, PIX_4, F_SECURE,
	INTERSCAN, AVAST, AVG, BITDEFENDER, NORTON, WEBSHIELD, STORMSHIELD, PGP, ANALOGX, STRIPTLS,
	CISCO,
	BOXES,
};
_Static_assert(BOXES <= 32, "boxes_told gives a bit for each");

static const struct box {
	struct middlebox is;
	unsigned any;                 /* one of these signals */
	unsigned all;                 /* and all of these */
	                              /* or: words of greetings, own and answers below */
} boxes[BOXES] = {
	[PALO_ALTO] = { .is = { "Palo Alto Networks firewall", "webernetz.net 2014-08-28; Palo Alto antivirus profile, decoder smtp",
		"Set the antivirus profile's smtp action to alert, or add an exception." } },
	[FORTIGATE] = { .is = { "FortiGate email filter", "docs.fortinet.com replacemsg spam", "Tune or exempt in the FortiGate's email filter profile." } },
	[JUNIPER] = { .is = { "Juniper SRX/ScreenOS antispam", "juniper.net junos-security UTM antispam", "Add the sender to the local allow-list, or tag instead of block." } },
	[SONICWALL] = { .is = { "SonicWall", "SonicOS Gateway Anti-Virus guide; rapid7/recog smtp_banners", "Exempt the flow from Gateway Anti-Virus." } },
	[WATCHGUARD] = { .is = { "WatchGuard SMTP proxy", "watchguard.com smtp proxy settings; nmap-service-probes", "Allow the ESMTP option, or use a packet filter instead of the proxy." } },
	[CHECK_POINT] = { .is = { "Check Point FireWall-1 security server", "rapid7/recog smtp_banners", "Correct the gateway's domain table, or take mail out of the security server." } },
	[RAPTOR] = { .is = { "Symantec/Raptor firewall", "Microsoft KB245787", "Use a packet rule instead of the SMTP proxy, or one that knows ESMTP." } },
	[SMAP] = { .is = { "TIS FWTK/Gauntlet smap", "FWTK smap source", "Replace the proxy by one that knows ESMTP." } },
	[PIX_4] = { .is = { "Cisco PIX 4 mail guard", "Microsoft KB320027; rapid7/recog", "no fixup protocol smtp 25" } },
	[F_SECURE] = { .is = { "F-Secure Internet Gatekeeper", "F-Secure Internet Gatekeeper manual", "Exempt the flow from the gatekeeper's SMTP proxy." } },
	[INTERSCAN] = { .is = { "Trend Micro InterScan", "nmap-service-probes", "Take the InterScan proxy out of this flow." } },
	[AVAST] = { .is = { "avast! mail shield", "nmap-service-probes", "Turn off the scan of outgoing mail, or use port 465." } },
	[AVG] = { .is = { "AVG mail shield", "nmap-service-probes", "Turn off the scan of outgoing mail, or use port 465." } },
	[BITDEFENDER] = { .is = { "BitDefender mail proxy", "nmap-service-probes", "Turn off the scan of outgoing mail." } },
	[NORTON] = { .is = { "Norton AntiVirus mail proxy", "bugtraq msg03715", "Turn off the scan of outgoing mail." }, .all = INJECTED },
	[WEBSHIELD] = { .is = { "McAfee WebShield", "nmap-service-probes", "Exempt the flow from the gateway." } },
	[STORMSHIELD] = { .is = { "Stormshield/Netasq SMTP proxy", "documentation.stormshield.eu SMTP-Proxy", "Set the verb to pass in the SMTP profile." } },
	[PGP] = { .is = { "PGP Universal proxy", "nmap-service-probes", "Exempt the flow from the proxy." } },
	[ANALOGX] = { .is = { "AnalogX, CCProxy, DeleGate or UserGate proxy", "nmap-service-probes", "Take mail out of the proxy." } },
	[STRIPTLS] = { .is = { "striptls", "tintinweb/striptls striptls.py", "Somebody attacks this path: require TLS." } },
	[CISCO] = { .is = { "Cisco PIX/ASA SMTP inspection", "cisco.com inspect esmtp; Microsoft KB320027",
		"no inspect esmtp (PIX 6 and older: no fixup protocol smtp 25), or a policy map with allow-tls and no mask-banner." },
		.any = KEYWORD_MASKED | VERB_MASKED },
};

/* Every greeting and every refusal is asked for these: they stand close together. */
struct saying {
	struct told words;
	enum box_number box;
};

/* Words of a box's greeting. */
static const struct saying greetings[] = {
	{ TOLD("sonicwall"), SONICWALL },
	{ TOLD("smtp service ready at firewall"), WATCHGUARD },
	{ TOLD("watchguard"), WATCHGUARD },
	{ TOLD("webshield smtp"), WEBSHIELD },
	{ TOLD("webshielde"), WEBSHIELD },
	{ TOLD("netasq"), STORMSHIELD },
	{ TOLD("stormshield"), STORMSHIELD },
};

/* Such a greeting is of a proxy that stands before the server: none is a mail server by itself. */
static const struct saying proxies[] = {
	{ TOLD("checkpoint firewall-1"), CHECK_POINT },
	{ TOLD("generic smtp handler"), RAPTOR },
	{ TOLD("smtp/smap ready"), SMAP },
	{ TOLD("smtp/cmap"), PIX_4 },
	{ TOLD("f-secure/fsigk"), F_SECURE },
	{ TOLD("interscan version"), INTERSCAN },
	{ TOLD("interscan viruswall"), INTERSCAN },
	{ TOLD("imss smtp proxy"), INTERSCAN },
	{ TOLD("avast! smtp proxy"), AVAST },
	{ TOLD("avg esmtp proxy"), AVG },
	{ TOLD("bitdefender proxy"), BITDEFENDER },
	{ TOLD("pgp universal service ready"), PGP },
	{ TOLD("smtp analogx proxy"), ANALOGX },
	{ TOLD("ccproxy"), ANALOGX },
	{ TOLD("smtp/delegate"), ANALOGX },
	{ TOLD("usergate: smtp"), ANALOGX },
	{ TOLD("traffic inspector smtp gate"), ANALOGX },
};

/* In a reply they are the box's, for no mail server says so. */
static const struct saying own[] = {
	{ TOLD("blocked by palo alto networks"), PALO_ALTO },
	{ TOLD("transaction failed due to anti spam setting"), JUNIPER },
	{ TOLD("(f-secure/"), F_SECURE },
	{ TOLD("fsigk_smtp"), F_SECURE },
	{ TOLD("in avast! exceeded"), AVAST },
	{ TOLD("cannot connect to smtp server"), AVAST },
	{ TOLD("striptls"), STRIPTLS },
};

/* In a reply they may be the box's: what else has such words is told apart by what is asked of the session beside them. */
static const struct saying answers[] = {
	{ TOLD("fortiguard"), FORTIGATE },
	{ TOLD("this message has been blocked because ase"), FORTIGATE },
	{ TOLD("fortigate"), FORTIGATE },
	{ TOLD("unsupported command."), NORTON },
};

/* The boxes of which one of the sayings stands in the text: bits. */
static unsigned boxes_told(const struct phrases *text, const struct saying *sayings, size_t n)
{
	unsigned told = 0;
	for (size_t i = 0; i < n; i++)
		told |= phrases_tell(text, &sayings[i].words) ? 1u << sayings[i].box : 0u;
	return told;
}
#define BOXES_TOLD(text, sayings) boxes_told((text), (sayings), sizeof(sayings) / sizeof *(sayings))

static unsigned boxes_in_replies(const struct session *s)
{
	unsigned told = 0;
	for (const struct exchange *x = s->first; x; x = x->next) {
		struct phrases says;
		if (!x->answered)
			continue;
		phrases_of(&says, x->reply.text);
		told |= BOXES_TOLD(&says, own) | BOXES_TOLD(&says, answers);
	}
	return told;
}

static const struct middlebox *first_of(unsigned told)
{
	return told ? &boxes[__builtin_ctz(told)].is : NULL;
}

const struct middlebox *middlebox_of(const struct session *s)
{
	unsigned signals = session_signals(s);
	struct phrases banner;
	phrases_of(&banner, s->banner);
	unsigned told = BOXES_TOLD(&banner, greetings) | BOXES_TOLD(&banner, proxies) | boxes_in_replies(s);
	for (enum box_number i = 0; i < BOXES; i++) {
		const struct box *b = &boxes[i];
		if ((signals & b->all) != b->all)
			continue;
		if ((b->any & signals) || told >> i & 1)
			return &b->is;
	}
	return NULL;
}

const struct middlebox *middlebox_proxy(const struct phrases *greeting)
{
	return first_of(BOXES_TOLD(greeting, proxies));
}

const struct middlebox *middlebox_greets(const struct session *s)
{
	struct phrases greeting;
	phrases_of(&greeting, s->banner);
	return middlebox_proxy(&greeting);
}

const struct middlebox *middlebox_says(const struct phrases *reply)
{
	return first_of(BOXES_TOLD(reply, own));
}

const struct middlebox *middlebox_answers(const struct reply *r)
{
	struct phrases says;
	phrases_of(&says, r->text);
	return middlebox_says(&says);
}

/* ---- parts that rules and observers ask for ---- */

struct place session_greeting(const struct session *s)
{
	return s->first && s->first->command.kind == COMMAND_CONNECT ? s->first->reply.first : s->connection.first;
}

const struct masked *offer_hides(const struct offer *o, enum extension extension)
{
	const struct masked *m = offer_masked(o, extension);
	if (m || extension >= EXT_COUNT)
		return m;
	size_t octets = bytes_of(extension_keyword(extension)).n;
	for (size_t i = 0; o && i < o->nmasked; i++) {
		enum extension likely = o->masked[i].likely;
		/* STARTTLS has its place in every server's list; the other words of a length stand beside each other. */
		if (o->masked[i].octets == octets && (likely == EXT_UNKNOWN || (extension != EXT_STARTTLS && likely != EXT_STARTTLS)))
			return &o->masked[i];
	}
	return NULL;
}

/* A hop count that no other route explains counts alone. An older acknowledgement, an IP ID or a timestamp out of line come with packets that the capture swapped, so none of them counts alone
 * or together. */
bool odd_is_foreign(uint16_t odd)
{
	return odd & ODD_TTL_FAR || (odd & ODD_TTL && odd & ~ODD_TTL) || (odd & ODD_ACK_BEHIND && odd & ODD_NO_TIMESTAMP);
}

static int code_at(struct bytes b)
{
	if (b.n < 3 || !octet_is_digit(b.p[0]) || !octet_is_digit(b.p[1]) || !octet_is_digit(b.p[2]))
		return -1;
	if (b.n > 3 && b.p[3] != ' ' && b.p[3] != '-' && b.p[3] != '\r')
		return -1;
	return (b.p[0] - '0') * 100 + (b.p[1] - '0') * 10 + (b.p[2] - '0');
}

const struct note *note_of_other_reply(const struct session *s, const struct exchange *x)
{
	for (const struct note *n = s->notes; n; n = n->next) {
		if (n->kind != NOTE_OVERLAP || n->direction != FROM_SERVER)
			continue;
		uint32_t frame = x->reply.first.number;
		if (n->near != x->ordinal && !(x->answered && frame && (frame == n->place.number || frame == n->second_place.number)))
			continue;
		int first = code_at(n->first), second = code_at(n->second);
		if (first > 0 && second > 0 && first / 100 != second / 100)
			return n;
	}
	return NULL;
}
