/* veil_parts - what veil.c (keys, known words, tokens) gives veil_text.c (the reading of texts).
 * Lives: with the veil. */
#ifndef SMTPWHY_STORE_VEIL_PARTS_H
#define SMTPWHY_STORE_VEIL_PARTS_H

#include "base/map.h"
#include "base/siphash.h"
#include "store/veil.h"

enum name_kind { NAME_BOX, NAME_HOST, NAME_URL, NAME_ID, NAME_WORD, NAME_BANNER, NAME_CAPTURE };

struct veil {
	uint8_t key[SIPHASH_KEY];
	struct map words; /* lower case; value: which of them stay where */
	struct map names; /* plain words that are names here, as written; value: enum name_kind + 1 */
};

void veil_know_ours(struct veil *, struct bytes word); /* stays in sentences of ours */
bool veil_word_stays(const struct veil *, struct bytes word, bool ours); /* ours: in a sentence of ours */
void veil_token(const struct veil *, enum name_kind, struct bytes name, struct text *out);
bool veil_is_token(struct bytes); /* made by any veil: a second veil leaves it */
bool veil_put_address(const struct veil *, struct bytes text, struct text *out); /* false: it is none, nothing was added */

#endif
