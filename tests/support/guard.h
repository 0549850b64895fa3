/* guard - input that ends flush against memory that cannot be read, so that a read past the end stops the test.
 * Lives: until guard_free. */
#ifndef SMTPWHY_TESTS_GUARD_H
#define SMTPWHY_TESTS_GUARD_H

#include "base/bytes.h"

struct guard {
	uint8_t *pages;
	size_t size;
	struct bytes bytes; /* the copy */
};

struct guard guarded(struct bytes);
void guard_free(struct guard *);

#endif
