/* bulk - arrays as long as the run was, of which little is in memory at a time.
 * In:    sizes; a path beside which files may stand; how much may lie on the heap.
 * Out:   arrays: on the heap while all of them together are short, else in files without a name, mapped. One that grows leaves the heap early:
 *        it is written once and read once, and what is made of it is worth more there.
 * Keeps: that much on the heap; of files BULK_RESIDENT octets, and what is touched between two looks of bulk_rest. What has left the
 *        memory is in the system's page cache, or on the disk: it comes back when it is touched.
 * Never: fails for want of a file: then it is heap memory. A disk that is full is met when an array is made, not when it is written.
 * Threads may share one; an array is one thread's at a time, unless nobody writes it.
 * Lives: until bulk_drop, which frees all arrays. */
#ifndef SMTPWHY_BASE_BULK_H
#define SMTPWHY_BASE_BULK_H

#include "base/arena.h"

enum { BULK_HEAP = 48 * 1024 * 1024, BULK_RESIDENT = 8 * 1024 * 1024 };

struct bulk;
struct bulk *bulk_new(const char *beside, size_t heap); /* files are made in the folder of that path; heap: octets, BULK_HEAP unless there is a reason */
void bulk_drop(struct bulk *);             /* NULL: nothing */

/* Where bulk is NULL all of these are heap memory (memory_new, memory_grow, free). */
void *bulk_array(struct bulk *, size_t count, size_t size);           /* zeroed, never NULL */
void *bulk_bare(struct bulk *, size_t count, size_t size);            /* not zeroed, never NULL */
void *bulk_grow(struct bulk *, void *old, size_t count, size_t size); /* old NULL: new; what is new is not zeroed */
void bulk_free(struct bulk *, void *);                                /* NULL: nothing */

/* Room for more than that: short arrays double, long ones grow by a quarter. */
static inline size_t bulk_room(size_t room, size_t size)
{
	enum { SHORT = 1024 * 1024 };
	return room < 64 ? 64 : room + (room * size < SHORT ? room : room / 4);
}

#define BULK_ARRAY(bulk, type, count) ((type *)bulk_array((bulk), (count), sizeof(type)))
#define BULK_BARE(bulk, type, count) ((type *)bulk_bare((bulk), (count), sizeof(type)))

/* Room for one more in an array of n with room for so many. */
#define BULK_ROOM(bulk, pointer, n, room)                                                        \
	do {                                                                                     \
		if ((n) == (room)) {                                                             \
			(room) = bulk_room((room), sizeof *(pointer));                           \
			(pointer) = bulk_grow((bulk), (pointer), (room), sizeof *(pointer));     \
		}                                                                                \
	} while (0)

/* A loop over such arrays rests now and then: it calls this for each element, with a pace of its own. Addresses stay good. */
struct bulk_pace { /* zeroed storage is a new one */
	unsigned calls;
	long faults;
};
enum { BULK_CALLS = 2048 };
void bulk_rest_now(struct bulk *, struct bulk_pace *);

static inline void bulk_rest(struct bulk *b, struct bulk_pace *pace)
{
	if (b && ++pace->calls % BULK_CALLS == 0)
		bulk_rest_now(b, pace);
}

#endif
