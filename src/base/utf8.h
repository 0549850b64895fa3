/* utf8 - one character of UTF-8 at a time (RFC 3629 section 4).
 * In:    a view of bytes.
 * Out:   the octets of the well-formed character at its start, and its code point; 0 when there is none; or a string made text.
 * Never: takes overlong forms, surrogates or code points beyond U+10FFFF; reads outside the view. */
#ifndef SMTPWHY_BASE_UTF8_H
#define SMTPWHY_BASE_UTF8_H

#include "base/bytes.h"

size_t utf8_character(struct bytes, uint32_t *code); /* code may be NULL */
void utf8_mend(char *); /* a string that quotes the wire: '?' for each octet that is no text */

#endif
