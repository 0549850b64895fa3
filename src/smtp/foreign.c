/* foreign.c - other protocols, by the form of a line of theirs. Takes the first octets or a line, gives a name of ours; never
 * claims a line that could be SMTP. */
#include "smtp/grammar.h"
#include "smtp/tls.h"

#include "base/banned.h"

/* Octets that some protocol begins with. */
static const struct {
	struct bytes start;
	const char *protocol;
} starts[] = {
	{ B("SSH-2.0-"), "SSH" },       { B("SSH-1."), "SSH" },
	{ B("\r\n\r\n\0\r\nQUIT\n"), "PROXY" },                          /* v2 signature, PROXY protocol 2.2 */
	{ B("PROXY TCP4 "), "PROXY" },  { B("PROXY TCP6 "), "PROXY" },  { B("PROXY UNKNOWN"), "PROXY" },
	{ B("HTTP/1."), "HTTP" },       { B("PRI * HTTP/2"), "HTTP" },   { B("RTSP/1.0 "), "RTSP" },  { B("SIP/2.0 "), "SIP" },
	{ B("<stream:stream"), "XMPP" }, { B("<?xml "), "XML" },         { B("\x13" "BitTorrent protocol"), "BitTorrent" },
	{ B("AMQP\0"), "AMQP" },        { B("AMQP\1"), "AMQP" },         { B("JDWP-Handshake"), "JDWP" }, { B("GIOP\1"), "CORBA" },
	{ B("JRMI\0"), "Java RMI" },    { B("RFB 003."), "VNC" },        { B("MGLNDD_"), "a scanner" },
	{ B("\3\0\0"), "RDP" },         { B("\x05\x01\x00"), "SOCKS" },  { B("\x05\x02\x00"), "SOCKS" }, { B("\x04\x01\x00"), "SOCKS" },
	{ B("* OK "), "IMAP" },         { B("+OK "), "POP3" },           { B("GNUTELLA "), "Gnutella" },
};

/* Methods of HTTP and its kin. A target must follow, so that a lone word is no request. */
static const struct bytes methods[] = {
	B("GET"), B("HEAD"), B("POST"), B("PUT"), B("DELETE"), B("OPTIONS"), B("TRACE"), B("CONNECT"), B("PATCH"), B("PROPFIND"),
	B("INVITE"), B("REGISTER"), B("SUBSCRIBE"), B("NOTIFY"), B("MESSAGE"), B("BYE"), B("ACK"), B("CANCEL"),
	B("DESCRIBE"), B("SETUP"), B("PLAY"), B("TEARDOWN"), B("ANNOUNCE"),
};

/* Header fields of HTTP requests that mail does not know. */
static const struct bytes headers[] = {
	B("Host:"), B("Accept:"), B("Accept-Encoding:"), B("Connection:"), B("Cookie:"), B("Content-Length:"), B("Referer:"),
	B("Proxy-Connection:"), B("Proxy-Authorization:"), B("Upgrade-Insecure-Requests:"), B("Sec-Fetch-"), B("Cache-Control:"),
	B("X-Forwarded-For:"), B("If-Modified-Since:"), B("Origin:"),
};

/* Words of line protocols that share ports and habits with SMTP. argument: what must follow the word. */
enum follows { NOTHING, SOMETHING, EITHER, DIGITS };
static const struct {
	struct bytes word;
	enum follows follows;
	const char *protocol;
} words[] = {
	{ B("USER"), SOMETHING, "POP3 or FTP" }, { B("PASS"), SOMETHING, "POP3 or FTP" }, { B("CAPA"), NOTHING, "POP3" },
	{ B("STLS"), NOTHING, "POP3" },   { B("APOP"), SOMETHING, "POP3" },  { B("UIDL"), EITHER, "POP3" },  { B("STAT"), NOTHING, "POP3" },
	{ B("RETR"), SOMETHING, "POP3" }, { B("DELE"), SOMETHING, "POP3" },  { B("LIST"), EITHER, "POP3 or FTP" }, { B("TOP"), DIGITS, "POP3" },
	{ B("FEAT"), NOTHING, "FTP" },    { B("SYST"), NOTHING, "FTP" },     { B("PASV"), NOTHING, "FTP" },  { B("EPSV"), EITHER, "FTP" },
	{ B("CWD"), SOMETHING, "FTP" },   { B("REST"), DIGITS, "FTP" },      { B("CAPABILITY"), NOTHING, "IMAP" },
	{ B("AUTHENTICATE"), SOMETHING, "IMAP" }, { B("NICK"), SOMETHING, "IRC" }, { B("NLST"), EITHER, "FTP" },
};

/* Commands of IMAP behind a tag (RFC 9051 6). */
static const struct bytes tagged[] = {
	B("LOGIN"), B("CAPABILITY"), B("AUTHENTICATE"), B("STARTTLS"), B("LOGOUT"), B("SELECT"), B("EXAMINE"), B("LIST"), B("ID"),
	B("NOOP"), B("STATUS"), B("FETCH"), B("ENABLE"), B("IDLE"),
};

static bool is_one_of(struct bytes word, const struct bytes *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes_is(word, rows[i]))
			return true;
	return false;
}

static const char *by_start(struct bytes line)
{
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (bytes_starts(line, starts[i].start))
			return starts[i].protocol;
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		if (bytes_starts_word(line, headers[i]))
			return "HTTP";
	return NULL;
}

/* Method SP target [SP version]: the version names the protocol; without one (HTTP/0.9) the target must look like one. */
static const char *by_method(struct cut first)
{
	struct bytes target = bytes_word(first.tail).head;
	if (!is_one_of(first.head, methods, sizeof methods / sizeof *methods) || target.n == 0)
		return NULL;
	if (bytes_find(first.tail, B(" RTSP/")) != BYTES_NONE)
		return "RTSP";
	if (bytes_find(first.tail, B(" SIP/")) != BYTES_NONE)
		return "SIP";
	if (bytes_find(first.tail, B(" HTTP/")) != BYTES_NONE)
		return "HTTP";
	bool looks_like_target = target.p[0] == '/' || bytes_find(target, B("://")) != BYTES_NONE;
	bool authority = bytes_is(first.head, B("CONNECT")) && bytes_index(target, ':') != BYTES_NONE;
	return looks_like_target || authority ? "HTTP" : NULL;
}

static bool has_digit(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (octet_is_digit(b.p[i]))
			return true;
	return false;
}

static const char *by_word(struct cut first)
{
	uint64_t number;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!bytes_is(first.head, words[i].word))
			continue;
		bool fits = words[i].follows == EITHER || (words[i].follows == NOTHING) == (first.tail.n == 0);
		if (words[i].follows == DIGITS)
			fits = bytes_number(bytes_word(first.tail).head, &number);
		return fits ? words[i].protocol : NULL;
	}
	bool tag = first.head.n <= 8 && has_digit(first.head) && verb_find(first.head) == VERB_UNKNOWN;
	return tag && is_one_of(bytes_word(first.tail).head, tagged, sizeof tagged / sizeof *tagged) ? "IMAP" : NULL;
}

/* An array header of RESP: '*' and a number, nothing else (redis.io/docs/reference/protocol-spec). */
static bool is_array_header(struct bytes line)
{
	uint64_t number;
	return line.n > 1 && line.p[0] == '*' && bytes_number(bytes_from(line, 1), &number);
}

const char *grammar_foreign(struct bytes line)
{
	if (line.n == 0)
		return NULL;
	if (tls_looks_like_record(line))
		return "TLS";
	if (is_array_header(line))
		return "Redis";
	const char *protocol = by_start(line);
	struct cut first = bytes_word(line);
	if (!protocol)
		protocol = by_method(first);
	return protocol ? protocol : by_word(first);
}
