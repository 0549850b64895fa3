/* session - the record of one SMTP dialogue: what was sent, offered and answered, and what the connection looked like.
 * The dialogue (dialogue.h) writes it; rules, store and report only read it.
 * Keeps: no message content, no credentials: lines that carry them are masked before they are copied here.
 * Lives: everything below hangs on session.arena and is dropped as a whole. */
#ifndef SMTPWHY_SMTP_SESSION_H
#define SMTPWHY_SMTP_SESSION_H

#include "base/arena.h"
#include "flow/flow.h"

/* ---- closed vocabularies, from their tables ---- */

enum verb {
#define VERB(id, word, ...) VERB_##id,
#include "smtp/verbs.def"
#undef VERB
	VERB_COUNT,
	VERB_UNKNOWN = VERB_COUNT, /* a word that no specification defines */
	VERB_NONE,                 /* no word: an empty line, or its first octet is not printable */
};

enum extension {
#define EXTENSION(id, ...) EXT_##id,
#include "smtp/extensions.def"
#undef EXTENSION
	EXT_COUNT,
	EXT_UNKNOWN = EXT_COUNT,
	EXT_CORE, /* no extension needed: RFC 5321 itself */
};
_Static_assert(EXT_COUNT <= 64, "ext_set is 64 bits wide");
typedef uint64_t ext_set; /* 1 << enum extension */

enum parameter {
#define PARAM(id, ...) PARAM_##id,
#include "smtp/params.def"
#undef PARAM
	PARAM_COUNT,
	PARAM_UNKNOWN = PARAM_COUNT,
};

/* ---- lines ---- */

enum line_ending { LINE_CRLF, LINE_LF, LINE_CR, LINE_GAP, LINE_END }; /* GAP: a hole followed; END: the stream ended */

enum line_flag {
	LINE_HAS_NUL = 1, LINE_HAS_CONTROL = 2, /* other than HT */
	LINE_HAS_8BIT = 4, LINE_HAS_BARE_CR = 8, /* a CR that did not end it */
	LINE_AFTER_GAP = 16,  /* its beginning is missing, or may be */
	LINE_MASKED = 32,     /* credentials were here: the text holds "<redacted>" in their place */
	LINE_CONTENT = 64,    /* message content read as a command: the text keeps the first word, then "<redacted>" */
	LINE_INVISIBLE = 128, /* U+00A0, U+200B.., U+FEFF, soft hyphen: looks right and is not */
};

struct line {
	struct bytes text;     /* without its ending; at most LIMIT_LINE octets */
	uint64_t length;       /* octets on the wire without the ending */
	uint64_t offset;       /* stream offset of its first octet */
	struct place first, last; /* frames of its first and last octet */
	uint64_t acked;        /* what the segment of its last octet acknowledged of the other stream */
	enum line_ending ending : 8;
	uint8_t ttl;           /* of its last segment */
	uint16_t flags;        /* enum line_flag */
	uint16_t segments;     /* TCP segments that brought it; stops at its top */
	uint16_t odd;          /* enum odd, of all its segments */
};

/* ---- what a server offers ---- */

struct masked { /* an EHLO keyword overwritten in transit: XXXXXXXA */
	struct bytes text;      /* as it stands */
	size_t octets;          /* length of what was hidden */
	enum extension likely;  /* by length and neighbours; EXT_UNKNOWN when several fit equally well */
	bool counted;           /* the last letter counts up within the reply, A then B: Cisco's way */
	unsigned line;          /* 1.. in the reply */
};

enum mechanism_known { MECHANISM_LISTED = 1, MECHANISM_BY_EQUALS = 2 }; /* "AUTH PLAIN", "AUTH=PLAIN" */
struct mechanism {
	struct bytes name;
	unsigned known;
};

enum offer_kind { OFFER_NONE, OFFER_HELO, OFFER_EHLO, OFFER_LHLO };

/* One generation: what one accepted EHLO reply offers, until the next one, HELO or STARTTLS ends it. */
struct offer {
	unsigned generation;      /* 1..; 0 for OFFER_NONE, the time before any accepted greeting command */
	enum offer_kind kind;
	struct place at;          /* where its reply ends; number 0 for OFFER_NONE */
	ext_set offered;
	struct bytes *keywords;   /* every keyword line after the first, as it stands */
	size_t nkeywords;
	struct mechanism *mechanisms;
	size_t nmechanisms;
	bool has_size_limit;
	uint64_t size_limit;      /* 0: no fixed maximum (RFC 1870 4) */
	struct masked *masked;
	size_t nmasked;
	bool after_tls;           /* seen in clear after STARTTLS: never, but for a decrypted capture */
	bool incomplete;          /* a gap lies in its reply: an absent keyword proves nothing */
	const struct offer *before; /* the generation before it, NULL for the first */
};

/* ---- commands ---- */

enum command_kind {
	COMMAND_CONNECT,  /* the connection itself: its reply is the greeting */
	COMMAND_LINE,     /* a command line, known or not, junk and empty lines too */
	COMMAND_CONTENT,  /* end of message data: the lone dot */
	COMMAND_CHUNK,    /* a BDAT command with its chunk */
	COMMAND_AUTH,     /* a line of an AUTH exchange after the AUTH command */
	COMMAND_UNSEEN,   /* the capture lacks it: only its reply is there */
	COMMAND_TLS,      /* TLS records where a command belongs (ClientHello in clear) */
};

/* The first place where a line breaks its grammar. */
enum fault_kind {
	FAULT_NONE,
	FAULT_VERB_UNKNOWN, FAULT_VERB_NEAR,      /* near: command.meant says which */
	FAULT_ARGUMENT_MISSING, FAULT_ARGUMENT_EXTRA, FAULT_ARGUMENT_FORM, /* of anything but an address */
	FAULT_ADDRESS,                            /* path or mailbox */
	FAULT_HELO_NAME,                          /* EHLO, HELO, LHLO argument */
	FAULT_PARAMETER_FORM, FAULT_PARAMETER_UNKNOWN, FAULT_PARAMETER_VALUE, FAULT_PARAMETER_TWICE,
	FAULT_OCTET,                              /* control, NUL, invisible or 8-bit octet where none is allowed */
	FAULT_TOO_LONG,
	FAULT_PROTOCOL,                           /* another protocol: HTTP, SSH, SIP, TLS ... ; command.protocol says which */
};

struct fault {
	enum fault_kind kind;
	size_t at;            /* octet of the line where it begins, 0.. */
	const char *wanted;   /* what the grammar wanted there, one phrase of ours */
	const char *clause;   /* "RFC 5321 4.1.2" */
};

struct param {
	struct bytes name, value;  /* views of the line's text */
	bool has_value;
	enum parameter known;
	size_t at;                 /* octet of the line */
};

enum path_flag {
	PATH_NULL = 1, PATH_POSTMASTER = 2, PATH_SOURCE_ROUTE = 4, PATH_QUOTED_LOCAL = 8, PATH_LITERAL = 16, PATH_UTF8 = 32,
	PATH_NO_BRACKETS = 64, PATH_NO_DOMAIN = 128, PATH_SPACE_AFTER_COLON = 256, PATH_DOMAIN_NOT_QUALIFIED = 512,
};
struct path {
	struct bytes whole, local, domain; /* views of the line's text; local with its quotes */
	unsigned flags;
};

struct command {
	struct line line;
	struct bytes word;        /* first word as sent, view of the line */
	const struct fault *fault; /* the first one; no_fault when the line keeps its grammar; never NULL */
	const struct path *path;  /* MAIL, RCPT, VRFY (a mailbox), the name of HELO, EHLO and LHLO; else no_path; never NULL */
	struct param *params;
	const char *protocol;     /* of FAULT_PROTOCOL and COMMAND_TLS: "HTTP", "SSH", "TLS" ...; else NULL */
	uint64_t chunk;           /* BDAT: octets announced */
	const struct offer *offer; /* the generation in force at the client when it was sent */
	enum command_kind kind : 8;
	enum verb verb : 8, meant : 8; /* meant: of a near miss; else VERB_UNKNOWN */
	bool masked_run : 1;      /* its word is a run of one filler letter (XXXX): overwritten in transit */
	bool chunk_last : 1, chunk_short : 1; /* LAST; fewer octets followed than announced */
	/* the moment it was sent */
	bool before_greeting : 1; /* sent before the greeting was complete: an early talker */
	bool ahead : 1;           /* sent before the reply of an earlier command had come */
	bool first_of_group : 1;  /* no earlier command was without reply, and one followed ahead of its reply */
	bool followed : 1;        /* commands or data followed ahead of its reply */
	bool behind_starttls : 1; /* in the segments that brought STARTTLS, or before its reply */
	uint16_t nparams;
	uint32_t content_of;      /* message content read as a command: ordinal of the DATA or BDAT exchange it belongs to; 0 none */
};
extern const struct fault no_fault;
extern const struct path no_path;
const struct fault *fault_copy(struct arena *, const struct fault *);
struct bytes command_argument(const struct command *);  /* after the verb and its blanks */
struct bytes command_mechanism(const struct command *); /* AUTH: what stands where it belongs; else empty */

/* A few facts of one AUTH exchange line, judged before it was masked. */
struct auth_facts {
	bool seen : 1, base64 : 1, cancelled : 1, empty : 1; /* empty: "=" or nothing */
	bool has_word : 1;     /* CRAM-MD5: "user SP 32 hex digits" (RFC 2195 2) */
	uint16_t octets;       /* of the decoded answer: fewer than LIMIT_LINE */
	uint16_t nuls;         /* in it: PLAIN needs two (RFC 4616 2) */
};

/* ---- replies ---- */

enum reply_flag {
	REPLY_CODE_MISSING = 1,   /* no three digits: code is -1 */
	REPLY_CODE_CHANGES = 2,   /* lines of one reply carry different codes; the last one counts */
	REPLY_CODE_ODD = 4,       /* three digits outside 200..599 */
	REPLY_SEPARATOR_ODD = 8,  /* neither SP nor - nor end of line after the code */
	REPLY_BARE_NEWLINE = 16,
	REPLY_AFTER_GAP = 32,     /* its beginning may be missing */
	REPLY_CUT = 64,           /* a hole or the end of the capture lies in it */
	REPLY_UNASKED = 128,      /* no command was waiting: 421 at a timeout, a second greeting */
	REPLY_ENHANCED_MISMATCH = 256, /* class of the enhanced code differs from the code's first digit (RFC 2034 4) */
	REPLY_QUOTES_MASK = 512,  /* it quotes a run of X (or other filler) that the client did not send */
};

struct enhanced {
	bool present;
	uint8_t class;
	uint16_t subject, detail; /* RFC 3463 2 */
};

struct reply {
	struct bytes text;      /* lines joined by \n, without codes, separators and enhanced codes; at most LIMIT_REPLY */
	struct bytes raw;       /* as it stands, lines joined by \n; at most LIMIT_REPLY; credentials that it echoes are masked */
	struct place first, last;
	uint64_t offset;        /* of its first octet in the server's stream */
	uint64_t acked;         /* octets of the client's stream that its last segment acknowledges */
	int16_t code;           /* 0..999; -1 missing */
	uint16_t flags;         /* enum reply_flag */
	struct enhanced enhanced;
	uint16_t nlines;        /* stops at its top */
	uint16_t odd;           /* enum odd, of all its segments */
	uint8_t ttl;            /* of its last segment */
};

/* ---- the dialogue ---- */

enum phase {
	PHASE_CONNECTED, /* no greeting yet */
	PHASE_GREETED,   /* no HELO or EHLO accepted yet */
	PHASE_READY,
	PHASE_SENDER,    /* MAIL accepted */
	PHASE_RECIPIENT, /* at least one RCPT accepted */
	PHASE_CONTENT,   /* after 354 */
	PHASE_CHUNKS,    /* between BDAT and its LAST */
	PHASE_AUTH,      /* after 334 */
	PHASE_TLS,       /* after 220 to STARTTLS, or from the first byte (465) */
	PHASE_CLOSED,    /* after 221 or 421 */
};

/* What the server had accepted when it read a command, as its replies tell. */
struct state {
	enum phase phase : 8;
	bool certain;           /* false after a gap or a start in mid-session: phase is the best guess */
	bool authenticated : 1, encrypted : 1, sender_refused : 1;
	unsigned recipients_accepted, recipients_refused;
	unsigned errors;        /* 5xx replies before it in the session */
	unsigned errors_in_a_row; /* 4xx and 5xx replies directly before it */
};

/* Facts of message data that a reply may turn on; the data itself is not kept. */
struct content {
	bool seen;
	uint64_t octets, lines, longest_line; /* longest: octets without its ending */
	uint64_t bare_lf, bare_cr, nul_octets, octets_8bit;
	uint64_t lone_dots_odd;  /* a dot alone on a line whose end or beginning is no CRLF: an end for some servers */
	bool header_8bit, has_header;
	bool header_from, header_date, header_message_id, header_to;
	unsigned received_headers;
	bool dot_after_reply;    /* the server answered before the final dot had come */
	struct place first, last;
};

enum pairing { PAIRED_IN_ORDER, PAIRED_BY_ACK, PAIRED_UNCERTAIN, PAIRED_NONE };

struct exchange {
	struct exchange *next, *previous; /* in order of commands */
	struct command command;
	struct reply reply;
	struct content *content;   /* COMMAND_CONTENT and COMMAND_CHUNK; else NULL */
	struct state before;       /* the server's state when it read the command */
	struct auth_facts auth;    /* AUTH with an initial response, COMMAND_AUTH */
	bool answered;             /* the reply is in the capture */
	enum pairing pairing : 8;
	unsigned ordinal;          /* 1.. in the session */
	unsigned transaction;      /* 1.. counts MAIL commands that began one; 0 outside */
	unsigned recipient_of;     /* LMTP: the ordinal of the RCPT that this reply to the data answers; 0 none */
};
_Static_assert(sizeof(struct exchange) <= 320, "most of what a session keeps");

enum protocol { PROTOCOL_SMTP, PROTOCOL_ESMTP, PROTOCOL_LMTP, PROTOCOL_TLS, PROTOCOL_OTHER };

/* TLS as seen from outside (tls.h). */
enum tls_state { TLS_NONE, TLS_OFFERED, TLS_REFUSED, TLS_ACCEPTED, TLS_STARTED, TLS_FINISHED, TLS_FAILED, TLS_PLAINTEXT };
struct tls {
	enum tls_state state : 8;  /* PLAINTEXT: plain bytes where records belong */
	bool implicit;             /* from the first byte (465) */
	bool client_hello, server_hello, application_data[2];
	bool alert : 1;
	bool commands_behind : 1;  /* commands injected behind STARTTLS in clear */
	enum direction alert_from : 2, plaintext_from : 2;
	const char *version;       /* "TLS 1.2" as the ServerHello agrees, or the ClientHello offers; NULL not seen */
	struct bytes server_name;  /* SNI */
	uint8_t alert_level, alert_description; /* RFC 8446 6; only alerts in clear */
	struct place client_hello_at, server_hello_at, alert_at, plaintext_at, encrypted_from;
	struct bytes plaintext;    /* first octets of it, at most 64, no credentials */
	struct place ended_at;
};

/* Odd things that stand on their own, in order; rules make findings of them. */
enum note_kind {
	NOTE_OVERLAP,        /* two copies of the same octets differ: first, second */
	NOTE_GAP,            /* first: how many octets; number */
	NOTE_EARLY_TALK,     /* the client spoke before the greeting ended */
	NOTE_LINE_TOO_LONG,  /* accepted all the same */
	NOTE_BARE_NEWLINE,   /* in a command, or in content */
	NOTE_BEHIND_STARTTLS,
	NOTE_RESET,
	NOTE_NOT_SMTP,       /* text: what was seen */
	NOTE_RESYNC,         /* pairing was anchored anew by ACKs */
	NOTE_PROXY_LINE,     /* PROXY v1 or v2 header */
	NOTE_SECOND_GREETING,
	NOTE_ALTERED_TAIL,   /* the stream goes on with the tail of a differing second copy */
};
struct note {
	enum note_kind kind;
	enum direction direction;
	struct place place, second_place;
	struct bytes first, second; /* excerpts, at most 256 octets each, masked like lines */
	uint16_t second_odd, first_odd;
	struct marks first_marks, second_marks;
	uint64_t number;
	unsigned near;              /* ordinal of the exchange it stands at; 0 none */
	struct note *next;
};

enum { HEAD_BYTES = 64 };

/* What each exchange touches comes first. */
struct session {
	struct arena arena;         /* it lies there itself: session_free */
	uint64_t id;                /* connection.ordinal */
	struct exchange *first, *last;
	unsigned nexchanges;        /* kept in this window */
	enum protocol protocol : 8;
	bool confirmed;             /* it is SMTP beyond doubt: greeting and verb, or replies and verbs fit */
	bool mid_start;             /* no handshake in the capture: it may have begun earlier */
	bool line_limit : 1, queue_limit : 1, error_limit : 1, memory_limit : 1; /* caps that were reached */
	bool closed : 1;
	/* counts of the whole session, not of the window */
	unsigned commands, replies, errors, transactions, accepted_messages, unanswered;
	unsigned window;            /* 0: the session fitted; else how many windows were diagnosed and dropped before this one */
	unsigned resyncs;           /* times the pairing was anchored anew after a gap */
	unsigned uncertain;         /* replies whose command is not in the capture */
	struct offer *offers;       /* the newest; older ones by ->before */
	struct bytes banner;        /* text of the greeting, lines joined by \n */
	struct bytes helo;          /* argument of the last accepted HELO, EHLO or LHLO */
	struct bytes server_name;   /* first word of the greeting, or of the EHLO reply */
	struct note *notes, **notes_end;
	const char *speaks;         /* nDPI's name when protocol is PROTOCOL_OTHER; else NULL */
	struct tls tls;
	struct content *unfinished; /* message data that never came to its end; NULL none */
	struct connection connection; /* a copy, filled when the session closes */
};

/* Names of the closed vocabularies, for stores and reports. */
const char *verb_word(enum verb);               /* "MAIL"; NULL for UNKNOWN and NONE */
const char *verb_clause(enum verb);             /* "RFC 5321 4.1.1.2" */
enum extension verb_needs(enum verb);           /* EXT_CORE, or the extension that permits it */
const char *extension_keyword(enum extension);  /* "STARTTLS" */
const char *extension_clause(enum extension);
enum extension extension_find(struct bytes keyword); /* EXT_UNKNOWN */
const char *parameter_name(enum parameter);
enum parameter parameter_find(struct bytes name);    /* PARAM_UNKNOWN */
enum extension parameter_needs(enum parameter, enum verb);
const char *phase_name(enum phase);
bool offer_has(const struct offer *, enum extension);
const struct masked *offer_masked(const struct offer *, enum extension); /* a masked keyword that is likely this one; NULL none */
bool offer_has_mechanism(const struct offer *, struct bytes name);

#endif
