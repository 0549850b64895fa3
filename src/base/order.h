/* order - in which order numbers are ascending.
 * In:    keys, any int64_t, at the same place of each element of an array.
 * Out:   the elements' indexes by key; equal keys keep their order.
 * Cost:  of n and of how far the keys lie apart (RADIX bits a pass); none of comparing. Keys in order already are passed once.
 * Lives: nothing is kept; the caller frees what it is given (bulk_free). */
#ifndef SMTPWHY_BASE_ORDER_H
#define SMTPWHY_BASE_ORDER_H

#include "base/bulk.h"

/* first: the key of the first element, not looked at where there is none; size: of an element, in octets; n below 2^32. An array of bulk, never NULL. */
uint32_t *order_of_keys(const void *first, size_t size, size_t n, struct bulk *);
/* The same records by a uint32_t that stands at such an offset, and is below so much; what has the same number keeps its order. size: of a record, in
 * octets. Another array of bulk, never NULL. */
void *order_by_number(struct bulk *, const void *records, size_t n, size_t size, size_t at, size_t below);
#define ORDER_BY(bulk, type, records, n, member, below) ((type *)order_by_number((bulk), (records), (n), sizeof(type), offsetof(type, member), (below)))

#endif
