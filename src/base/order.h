/* order - in which order numbers are ascending.
 * In:    keys, any int64_t, at the same place of each element of an array.
 * Out:   the elements' indexes by key; equal keys keep their order.
 * Cost:  of n and of how far the keys lie apart (RADIX bits a pass); none of comparing. Keys in order already are passed once.
 * Lives: nothing is kept; the caller frees what it is given. */
#ifndef SMTPWHY_BASE_ORDER_H
#define SMTPWHY_BASE_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* first: the key of the first element, not looked at where there is none; size: of an element, in octets; n below 2^32. On the heap, never NULL. */
uint32_t *order_of_keys(const void *first, size_t size, size_t n);

#endif
