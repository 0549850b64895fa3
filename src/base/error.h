/* error - the world failed: one kind and one sentence.
 * The sentence names the file, what is wrong and what to do. A function that returns false has filled it. */
#ifndef SMTPWHY_BASE_ERROR_H
#define SMTPWHY_BASE_ERROR_H

#include <stdbool.h>

enum error_kind {
	ERROR_NONE,
	ERROR_USAGE,  /* the call's words are wrong */
	ERROR_INPUT,  /* a capture or database cannot be read, or is damaged */
	ERROR_OUTPUT, /* the database or page cannot be written */
};

struct error {
	enum error_kind kind;
	char sentence[512];
};

/* Fills the error and returns false, so that a failing function ends in "return error_set(...)". */
bool error_set(struct error *, enum error_kind, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
