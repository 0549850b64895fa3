/* speaks.c - takes ports and first bytes, says whether they are SMTP; asks nDPI about the doubtful. The only user of nDPI. */
#include "flow/speaks.h"

#include <ndpi/ndpi_api.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* 24 is LMTP's usual port; 26 and 2525 stand in for 25 where providers block it; 10024 and up are content filters behind an MTA. */
static const uint16_t smtp_ports[] = { 25, 465, 587, 24, 26, 2525, 10024, 10025, 10026 };

bool speaks_port(uint16_t port, const uint16_t *more)
{
	for (size_t i = 0; i < sizeof smtp_ports / sizeof *smtp_ports; i++)
		if (smtp_ports[i] == port)
			return true;
	for (; more && *more; more++)
		if (*more == port)
			return true;
	return false;
}

/* ---- our own look ---- */

/* MAYBE while the bytes so far could still become the word. */
static enum look look_word(struct bytes b, struct bytes word)
{
	if (b.n < word.n)
		return bytes_starts_word(word, b) ? LOOK_MAYBE : LOOK_NO;
	return bytes_starts_word(b, word) ? LOOK_SMTP : LOOK_NO;
}

struct word {
	struct bytes word;
	enum look means;
};
#define WORD(text, look) { { (const uint8_t *)(text), sizeof(text) - 1 }, (look) }

static enum look look_words(struct bytes b, const struct word *words, size_t n)
{
	enum look best = LOOK_NO;
	for (size_t i = 0; i < n && best != LOOK_SMTP; i++) {
		if (b.n && octet_upper(b.p[0]) != words[i].word.p[0])
			continue;
		enum look look = look_word(b, words[i].word);
		if (look == LOOK_SMTP)
			look = words[i].means;
		if (look > best)
			best = look;
	}
	return best;
}

/* LHLO is RFC 2033 4.1; the others RFC 5321 4.1, 3.3. What POP3, FTP, NNTP or IMAP also say is no more than MAYBE. */
enum look speaks_client(struct bytes first)
{
	static const struct word words[] = {
		WORD("EHLO ", LOOK_SMTP), WORD("HELO ", LOOK_SMTP), WORD("LHLO ", LOOK_SMTP), WORD("EHLO\r\n", LOOK_SMTP),
		WORD("HELO\r\n", LOOK_SMTP), WORD("LHLO\r\n", LOOK_SMTP), WORD("MAIL FROM:", LOOK_SMTP), WORD("RCPT TO:", LOOK_SMTP),
		WORD("BDAT ", LOOK_SMTP), WORD("VRFY ", LOOK_SMTP), WORD("EXPN ", LOOK_SMTP), WORD("ETRN ", LOOK_SMTP),
		WORD("STARTTLS\r\n", LOOK_MAYBE), WORD("NOOP", LOOK_MAYBE), WORD("RSET\r\n", LOOK_MAYBE), WORD("QUIT\r\n", LOOK_MAYBE),
		WORD("DATA\r\n", LOOK_MAYBE), WORD("\r\n", LOOK_MAYBE), WORD("XCLIENT ", LOOK_SMTP), WORD("XFORWARD ", LOOK_SMTP),
	};
	return look_words(first, words, sizeof words / sizeof *words);
}

/* A reply line with an enhanced status code (RFC 2034): 250 2.1.0 Ok. The class repeats the first digit. */
static enum look look_enhanced(struct bytes b)
{
	if (b.n < 9)
		return LOOK_MAYBE;
	bool form = b.p[4] == b.p[0] && b.p[5] == '.' && octet_is_digit(b.p[6]) && (b.p[7] == '.' || octet_is_digit(b.p[7]));
	return form ? LOOK_SMTP : LOOK_NO;
}

static bool names_smtp(struct bytes b)
{
	return bytes_find(b, B("SMTP")) != BYTES_NONE || bytes_find(b, B("LMTP")) != BYTES_NONE ||
	       bytes_find(b, B("Postfix")) != BYTES_NONE || bytes_find(b, B("Sendmail")) != BYTES_NONE ||
	       bytes_find(b, B("Exim")) != BYTES_NONE;
}

static bool ends_line(struct bytes b)
{
	return bytes_index(b, '\n') != BYTES_NONE;
}

/* Codes that SMTP gives first of all, or in the middle. 220 and 421 are FTP's too (RFC 959 4.2): the text, or the client, decides. */
enum look speaks_server(struct bytes first)
{
	static const struct word codes[] = {
		WORD("220", LOOK_MAYBE), WORD("421", LOOK_MAYBE), WORD("554", LOOK_SMTP), WORD("521", LOOK_SMTP), WORD("250", LOOK_MAYBE),
		WORD("550", LOOK_MAYBE), WORD("354", LOOK_SMTP), WORD("450", LOOK_MAYBE), WORD("451", LOOK_MAYBE), WORD("500", LOOK_MAYBE),
		WORD("501", LOOK_MAYBE), WORD("502", LOOK_MAYBE), WORD("503", LOOK_MAYBE), WORD("530", LOOK_MAYBE), WORD("535", LOOK_MAYBE),
		WORD("552", LOOK_MAYBE), WORD("553", LOOK_MAYBE), WORD("555", LOOK_SMTP), WORD("452", LOOK_MAYBE), WORD("454", LOOK_SMTP),
		WORD("221", LOOK_MAYBE), WORD("235", LOOK_SMTP), WORD("334", LOOK_MAYBE), WORD("571", LOOK_SMTP), WORD("556", LOOK_SMTP),
	};
	enum look look = look_words(first, codes, sizeof codes / sizeof *codes);
	if (look == LOOK_NO || first.n < 4)
		return look == LOOK_NO ? LOOK_NO : LOOK_MAYBE;
	if (first.p[3] != ' ' && first.p[3] != '-' && first.p[3] != '\r' && first.p[3] != '\n')
		return LOOK_NO;
	if (look == LOOK_SMTP || names_smtp(first) || look_enhanced(first) == LOOK_SMTP)
		return LOOK_SMTP;
	/* an EHLO reply, seen from its middle or its start */
	if (bytes_find(first, B("250-PIPELINING")) != BYTES_NONE || bytes_find(first, B("250-8BITMIME")) != BYTES_NONE ||
	    bytes_find(first, B("250-SIZE")) != BYTES_NONE || bytes_find(first, B("250-ENHANCEDSTATUSCODES")) != BYTES_NONE)
		return LOOK_SMTP;
	/* "220 ****": an inspecting firewall hides the text of SMTP greetings, and of nothing else */
	if (bytes_starts(first, B("220 **")))
		return LOOK_SMTP;
	if (ends_line(first) && (bytes_find(first, B("FTP")) != BYTES_NONE || bytes_find(first, B("NNTP")) != BYTES_NONE))
		return LOOK_NO;
	return LOOK_MAYBE;
}

/* ---- nDPI ---- */

struct witness {
	struct ndpi_detection_module_struct *module;
};

static struct witness *witness_new(void)
{
	struct ndpi_detection_module_struct *module = ndpi_init_detection_module(ndpi_dont_load_tor_hosts | ndpi_dont_init_libgcrypt);
	if (!module)
		return NULL;
	NDPI_PROTOCOL_BITMASK all;
	NDPI_BITMASK_SET_ALL(all);
	ndpi_set_protocol_detection_bitmask2(module, &all);
	ndpi_finalize_initialization(module);
	struct witness *w = memory_new(1, sizeof *w);
	w->module = module;
	return w;
}

enum { IP_HEADER = 20, TCP_HEADER = 20, ASKED_PAYLOAD = 512, ASKED_CLIENT = 49153, ASKED_SERVER = 49999 };

static void put_u16(uint8_t *p, unsigned value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static void put_u32(uint8_t *p, uint32_t value)
{
	put_u16(p, value >> 16);
	put_u16(p + 2, value & 0xffff);
}

/* The packet that nDPI reads: addresses of RFC 5737 and ports of no service, so that only the bytes have a say. With the true
 * port nDPI 4.2 calls HTTP on port 25 SMTP. */
static size_t build_packet(uint8_t *p, bool from_server, struct bytes payload, uint32_t seq, uint32_t ack)
{
	size_t n = IP_HEADER + TCP_HEADER + payload.n;
	memset(p, 0, IP_HEADER + TCP_HEADER);
	p[0] = 0x45;
	put_u16(p + 2, (unsigned)n);
	p[8] = 64;
	p[9] = 6;
	put_u32(p + 12, from_server ? 0xc0000202 : 0xc0000201);
	put_u32(p + 16, from_server ? 0xc0000201 : 0xc0000202);
	uint8_t *tcp = p + IP_HEADER;
	put_u16(tcp, from_server ? ASKED_SERVER : ASKED_CLIENT);
	put_u16(tcp + 2, from_server ? ASKED_CLIENT : ASKED_SERVER);
	put_u32(tcp + 4, seq);
	put_u32(tcp + 8, ack);
	tcp[12] = 5 << 4;
	tcp[13] = TCP_ACK | TCP_PSH;
	put_u16(tcp + 14, 0xffff);
	if (payload.n)
		memcpy(tcp + TCP_HEADER, payload.p, payload.n);
	return n;
}

static const char *witness_hear(struct witness *w, const struct connection *c, const struct bytes said[2])
{
	struct ndpi_flow_struct *flow = ndpi_flow_malloc(SIZEOF_FLOW_STRUCT);
	uint8_t packet[IP_HEADER + TCP_HEADER + ASKED_PAYLOAD];
	ndpi_protocol found = { 0 };
	uint32_t seq[2] = { 1000, 2000 };
	if (!flow)
		return NULL;
	memset(flow, 0, SIZEOF_FLOW_STRUCT);
	for (unsigned side = 0; side < 2; side++) {
		struct bytes b = bytes_first(said[side], ASKED_PAYLOAD);
		if (b.n == 0)
			continue;
		size_t n = build_packet(packet, side, b, seq[side], seq[!side]);
		seq[side] += (uint32_t)b.n;
		found = ndpi_detection_process_packet(w->module, flow, packet, (unsigned short)n, (u_int64_t)c->first.time / 1000000);
	}
	u_int8_t guessed = 0;
	if (found.app_protocol == NDPI_PROTOCOL_UNKNOWN && found.master_protocol == NDPI_PROTOCOL_UNKNOWN)
		found = ndpi_detection_giveup(w->module, flow, 0, &guessed);
	ndpi_free_flow(flow);
	uint16_t id = found.master_protocol != NDPI_PROTOCOL_UNKNOWN ? found.master_protocol : found.app_protocol;
	return id == NDPI_PROTOCOL_UNKNOWN || guessed ? NULL : ndpi_get_proto_name(w->module, id);
}

const char *witness_name(struct witness **w, const struct connection *c, struct bytes client_first, struct bytes server_first)
{
	if (!*w)
		*w = witness_new();
	if (!*w)
		return NULL;
	/* The client first: what is no SMTP on these ports is mostly a protocol whose client begins (HTTP, TLS, SSH). */
	const struct bytes said[2] = { client_first, server_first };
	return witness_hear(*w, c, said);
}

void witness_free(struct witness *w)
{
	if (!w)
		return;
	ndpi_exit_detection_module(w->module);
	free(w);
}
