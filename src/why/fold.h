/* fold - a reply's text made plain for matching.
 * In:    the text of a reply, any octets.
 * Out:   lower case (Latin, Cyrillic), accents dropped (U+00C0..U+017F, and Latin-1 octets that are no UTF-8), full-width
 *        forms, typographic quotes and dashes made ASCII, blanks and line ends folded to one space; addresses of mailboxes become
 *        "<addr>", IP addresses "<ip>", long ids "<id>", host names "<dn>", the schemes of URLs "<www> ". The host names and URLs
 *        of block lists and providers stay: they are words of theirs. Of other URLs nothing stays.
 *        On demand, text in double quotes becomes "<quote>".
 * Keeps: for each octet of the result where it stood in the text.
 * Never: fails; grows beyond FOLD_MOST octets. */
#ifndef SMTPWHY_WHY_FOLD_H
#define SMTPWHY_WHY_FOLD_H

#include "base/bytes.h"

enum { FOLD_MOST = 4096, FOLD_AT_ONCE = 16 };

struct folded {
	size_t n;
	uint8_t text[FOLD_MOST + FOLD_AT_ONCE]; /* what is written behind n at once means nothing */
	uint16_t from[FOLD_MOST + FOLD_AT_ONCE]; /* octet of the original where each octet of text comes from */
};

void fold(struct bytes text, bool quotes, struct folded *); /* quotes: what they hold stays */
bool fold_has_quotes(struct bytes text);

#endif
