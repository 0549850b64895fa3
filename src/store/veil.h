/* veil - names become tokens: what a report must not tell when it is shared.
 * In:    text of the wire (octets, lines separated by LF), and what kind of text it is; addresses.
 * Out:   the same text, where a mailbox is box-..., a host host-..., a URL url-..., an id id-..., any other word that is not of the
 *        language of SMTP (plain_words.tsv, the vocabularies) word-..., the words of a greeting banner-...; addresses become others.
 * Keys:  tokens are SipHash under a key of 128 bits, so that nobody without the key can try names; the letters behind the dash are
 *        the same wherever the same text stood, case ignored. Without a key file the key is random and forgotten.
 * Addresses: two with n leading bits in common still have n in common (Xu, Fan, Ammar, Moon: "Prefix-preserving IP address
 *        anonymization", 2002), so that networks stay networks. Who knows some of them knows the networks of their neighbours.
 * Never: lets a word through because no rule names it; changes codes, enhanced codes, verbs, keywords, masks, punctuation, controls. */
#ifndef SMTPWHY_STORE_VEIL_H
#define SMTPWHY_STORE_VEIL_H

#include "base/error.h"
#include "base/text.h"

enum veil_form {
	VEIL_REPLY,    /* of a server: lines with or without codes */
	VEIL_LINE,     /* of either side: a reply when it begins with a code, else a command */
	VEIL_GREETING, /* the text of a greeting */
	VEIL_NAME,     /* a host name or an address literal as a whole */
	VEIL_FILE,     /* a path of a capture */
	VEIL_OURS,     /* a sentence of ours that may quote the wire */
	VEIL_FORMS,
};

struct veil;
struct veil *veil_new(const char *key_file, struct error *); /* NULL: the error is filled */
/* *at, unless NULL: an octet of the text, becomes its place in the result. */
void veil_text(struct veil *, enum veil_form, struct bytes, struct text *out, size_t *at);
/* An address as text; what is none is veiled as a name. */
void veil_address(const struct veil *, struct bytes, struct text *out);
/* A mailbox whose local part, or a host whose name, is a plain word: from now on this word, written so, is a token too. */
void veil_learn(struct veil *, enum veil_form, struct bytes);
/* The verb of a line that keeps it: our sentences may name it too. */
void veil_learn_verb(struct veil *, struct bytes line);
void veil_key_name(const struct veil *, struct text *out); /* equal for equal keys, tells nothing of the key */
void veil_free(struct veil *);

#endif
