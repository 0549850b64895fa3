/* redact - what must not be kept leaves a line before the line is kept.
 * In:    one line (or an excerpt) and what the dialogue knows of its circumstances.
 * Out:   the text with "<redacted>" where credentials stood, on the arena; facts of an AUTH answer, judged before it went.
 * Keeps: a few of the masked words, in the caller's struct secrets, so that a reply that echoes them is masked too.
 * Never: keeps credentials anywhere else; masks a command's verb or an AUTH mechanism's name.
 * Lives: the result on the arena, or it is the text given when there was nothing to mask. */
#ifndef SMTPWHY_SMTP_REDACT_H
#define SMTPWHY_SMTP_REDACT_H

#include "smtp/session.h"

enum { SECRETS_KEPT = 8, SECRET_ROOM = 256 };

struct secrets { /* made at the first secret of a dialogue, so that most have none */
	struct { size_t n; uint8_t octets[SECRET_ROOM]; } kept[SECRETS_KEPT];
	unsigned next;
};

void secrets_free(struct secrets *); /* wiped, then freed; NULL is fine */

enum circumstance {
	NEAR_AUTH = 1, /* an AUTH was tried, or the capture has a hole: a word in base64 may be its answer */
};

bool redact_is_base64(struct bytes word);                  /* its alphabet and padding (RFC 4648 4), at least 4 octets */
struct auth_facts redact_auth_facts(struct bytes answer);  /* of a line of an AUTH exchange, or an initial response */

/* A line that answers a challenge (RFC 4954 4): all of it goes, but "*". */
struct bytes redact_answer(struct arena *, struct secrets **, struct bytes line);
/* Message content that was read as a command: the first word stays. */
struct bytes redact_content(struct arena *, struct bytes line);
/* Lines with these verbs hold no secrets: redact_line copies them as they are. They are nearly all there is. */
bool redact_is_plain(enum verb);
/* Any other line of a client. *masked is set when something went. */
struct bytes redact_line(struct arena *, struct secrets **, struct bytes line, unsigned circumstances, bool *masked);
/* A reply's text or raw form: what it echoes of secrets, and a challenge of code 334, go. */
struct bytes redact_echo(struct arena *, const struct secrets *, struct bytes text);
struct bytes redact_challenge(struct arena *, struct bytes text, bool with_code);
/* Several lines from anywhere in a stream: each line by itself, and every long run of base64. */
struct bytes redact_excerpt(struct arena *, const struct secrets *, struct bytes text);

#endif
