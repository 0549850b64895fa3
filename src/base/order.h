/* order - in which order numbers are ascending.
 * In:    keys, any int64_t.
 * Out:   their indexes by key; equal keys keep their order.
 * Cost:  of n and of how far the keys lie apart (RADIX bits a pass); none of comparing. Keys in order already are passed once.
 * Lives: nothing is kept; the caller frees what it is given. */
#ifndef SMTPWHY_BASE_ORDER_H
#define SMTPWHY_BASE_ORDER_H

#include <stddef.h>
#include <stdint.h>

uint32_t *order_of_keys(const int64_t *keys, size_t n); /* n below 2^32; on the heap, never NULL */

#endif
