/* window - octets of a file, held by the one who reads it and by those who still look at them, who may be other threads.
 * Never: is written to while anybody but its reader holds it.
 * Lives: until all who hold it have dropped it. */
#ifndef SMTPWHY_CAPTURE_WINDOW_H
#define SMTPWHY_CAPTURE_WINDOW_H

#include "base/bytes.h"

#include <stdatomic.h>

struct window {
	atomic_uint held;
	size_t room;
	_Alignas(64) uint8_t octets[];
};

struct window *window_new(size_t room); /* held by the caller; the octets are not set */
bool window_is_alone(const struct window *); /* held by one, who is the caller */
void window_hold(struct window *);
void window_drop(struct window *); /* NULL does nothing */

#endif
