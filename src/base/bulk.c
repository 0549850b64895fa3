/* bulk.c - takes sizes, gives arrays, and lets go of the pages that nobody is at. The only file that maps memory. */
#define _GNU_SOURCE /* O_TMPFILE */
#include "base/bulk.h"

#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

struct piece {
	void *at;
	size_t size;
	int file;   /* -1: on the heap */
	bool spare; /* a file that nobody has: its pages need not be made again */
};

struct bulk {
	char *folder;
	struct piece *pieces;
	size_t npieces, pieces_room, on_heap, heap_most;
	unsigned nfiles, nspares;
	int status;       /* what is resident; -1 cannot be told */
	size_t least;     /* resident after the last rest: the program's own files */
	long page;
	pthread_mutex_t lock;
};

struct bulk *bulk_new(const char *beside, size_t heap)
{
	struct bulk *b = memory_new(1, sizeof *b);
	char *copy = strdup(beside);
	const char *folder = copy ? dirname(copy) : ".";
	b->folder = memory_new(strlen(folder) + 1, 1);
	memcpy(b->folder, folder, strlen(folder));
	free(copy);
	b->heap_most = heap;
	b->status = -1;
	b->page = sysconf(_SC_PAGESIZE);
	pthread_mutex_init(&b->lock, NULL);
	return b;
}

static void piece_free(struct bulk *b, const struct piece *p)
{
	if (p->file < 0) {
		free(p->at);
		b->on_heap -= p->size;
		return;
	}
	munmap(p->at, p->size);
	close(p->file);
	__atomic_sub_fetch(&b->nfiles, 1, __ATOMIC_RELAXED);
}

void bulk_drop(struct bulk *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->npieces; i++)
		piece_free(b, &b->pieces[i]);
	if (b->status >= 0)
		close(b->status);
	pthread_mutex_destroy(&b->lock);
	free(b->pieces);
	free(b->folder);
	free(b);
}

/* ---- files ---- */

static int file_without_name(const char *folder)
{
	int file = -1;
#ifdef O_TMPFILE
	file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
#endif
	if (file >= 0)
		return file;
	size_t n = strlen(folder) + sizeof "/smtpwhy.XXXXXX";
	char *name = memory_new(n, 1);
	snprintf(name, n, "%s/smtpwhy.XXXXXX", folder);
	file = mkostemp(name, O_CLOEXEC);
	if (file >= 0)
		unlink(name);
	free(name);
	return file;
}

/* Room on the disk is taken at once: a page that could not be written would end the program. */
static void *mapped(int file, size_t size)
{
	if (size > INT64_MAX / 2 || posix_fallocate(file, 0, (off_t)size) != 0)
		return NULL;
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	return at == MAP_FAILED ? NULL : at;
}

static bool in_file(struct bulk *b, struct piece *p)
{
	p->file = file_without_name(b->folder);
	p->at = p->file >= 0 ? mapped(p->file, p->size) : NULL;
	if (p->at) {
		__atomic_add_fetch(&b->nfiles, 1, __ATOMIC_RELAXED);
		return true;
	}
	if (p->file >= 0)
		close(p->file);
	p->file = -1;
	return false;
}

/* ---- arrays ---- */

static struct piece *piece_of(struct bulk *b, const void *at)
{
	size_t i = b->npieces;
	while (i > 0 && (b->pieces[i - 1].at != at || b->pieces[i - 1].spare))
		i--;
	return i ? &b->pieces[i - 1] : NULL;
}

static size_t octets(size_t count, size_t size)
{
	size_t total;
	if (__builtin_mul_overflow(count, size, &total))
		total = SIZE_MAX; /* as memory_new answers it */
	return total ? total : 1;
}

static bool fits(const struct bulk *b, size_t more)
{
	return more <= b->heap_most && b->on_heap <= b->heap_most - more;
}

/* The shortest that is long enough, and not far too long. */
static struct piece *spare_for(struct bulk *b, size_t total)
{
	enum { TIMES = 4 };
	struct piece *best = NULL;
	for (size_t i = 0; i < b->npieces; i++) {
		struct piece *p = &b->pieces[i];
		if (p->spare && p->size >= total && p->size / TIMES <= total && (!best || p->size < best->size))
			best = p;
	}
	return best;
}

/* longest: on the heap */
static void *take(struct bulk *b, size_t total, size_t longest, bool zeroed)
{
	struct piece p = { .size = total, .file = -1 };
	bool on_heap = total <= longest && fits(b, total);
	struct piece *spare = on_heap || zeroed ? NULL : spare_for(b, total);
	if (spare) {
		spare->spare = false;
		b->nspares--;
		return spare->at;
	}
	if (on_heap || !in_file(b, &p)) {
		p.at = zeroed ? memory_new(total, 1) : memory_grow(NULL, total, 1);
		b->on_heap += total;
	}
	MEMORY_ROOM(b->pieces, b->npieces, b->pieces_room);
	b->pieces[b->npieces++] = p;
	return p.at;
}

static void give(struct bulk *b, struct piece *p)
{
	enum { SPARES = 4 };
	if (p->file >= 0 && b->nspares < SPARES) {
		p->spare = true;
		b->nspares++;
		return;
	}
	piece_free(b, p);
	*p = b->pieces[--b->npieces];
}

static void *array(struct bulk *b, size_t count, size_t size, bool zeroed)
{
	if (!b)
		return zeroed ? memory_new(count ? count : 1, size) : memory_grow(NULL, count ? count : 1, size);
	pthread_mutex_lock(&b->lock);
	void *at = take(b, octets(count, size), b->heap_most, zeroed);
	pthread_mutex_unlock(&b->lock);
	return at;
}

void *bulk_array(struct bulk *b, size_t count, size_t size)
{
	return array(b, count, size, true);
}

void *bulk_bare(struct bulk *b, size_t count, size_t size)
{
	return array(b, count, size, false);
}

/* One that grows leaves the heap early. */
static size_t growing_most(const struct bulk *b)
{
	return b->heap_most / 4;
}

/* Where it is: on the heap, or in its file. */
static bool lengthened(struct bulk *b, struct piece *p, size_t total)
{
	if (p->file < 0 && total > p->size && total <= growing_most(b) && fits(b, total - p->size)) {
		b->on_heap += total - p->size;
		p->at = memory_grow(p->at, total, 1);
		p->size = total;
		return true;
	}
	void *at = p->file >= 0 ? mapped(p->file, total) : NULL;
	if (!at)
		return false;
	munmap(p->at, p->size);
	p->at = at;
	p->size = total;
	return true;
}

static void *grown(struct bulk *b, void *old, size_t total)
{
	struct piece *p = piece_of(b, old);
	if (lengthened(b, p, total))
		return p->at;
	void *at = take(b, total, growing_most(b), false);
	p = piece_of(b, old); /* the list may have moved */
	memcpy(at, old, p->size < total ? p->size : total);
	give(b, p);
	return at;
}

void *bulk_grow(struct bulk *b, void *old, size_t count, size_t size)
{
	if (!b)
		return memory_grow(old, count, size);
	pthread_mutex_lock(&b->lock);
	void *at = old ? grown(b, old, octets(count, size)) : take(b, octets(count, size), growing_most(b), false);
	pthread_mutex_unlock(&b->lock);
	return at;
}

void bulk_free(struct bulk *b, void *at)
{
	if (!b) {
		free(at);
		return;
	}
	if (!at)
		return;
	pthread_mutex_lock(&b->lock);
	give(b, piece_of(b, at));
	pthread_mutex_unlock(&b->lock);
}

/* ---- rest ---- */

/* Octets of files that are in memory and mapped here, by the third number of statm (proc(5)); 0 cannot be told. */
static size_t resident(struct bulk *b)
{
	char line[128] = { 0 };
	unsigned long all, here, shared = 0;
	if (b->status < 0)
		b->status = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	if (b->status < 0 || pread(b->status, line, sizeof line - 1, 0) <= 0 || sscanf(line, "%lu %lu %lu", &all, &here, &shared) != 3)
		return 0;
	return shared * (size_t)b->page;
}

static void let_go(struct bulk *b)
{
	for (size_t i = 0; i < b->npieces; i++)
		if (b->pieces[i].file >= 0)
			madvise(b->pieces[i].at, b->pieces[i].size, MADV_DONTNEED); /* shared with the file: nothing is lost */
}

/* Faults tell cheaply that something has come; how much it is, the system is asked then only. */
void bulk_rest_now(struct bulk *b, struct bulk_pace *pace)
{
	enum { FEW = 2 }; /* one may bring 2 MiB */
	struct rusage usage = { 0 };
	if (!__atomic_load_n(&b->nfiles, __ATOMIC_RELAXED))
		return;
	getrusage(RUSAGE_SELF, &usage);
	if (usage.ru_minflt - pace->faults < FEW)
		return;
	pace->faults = usage.ru_minflt;
	pthread_mutex_lock(&b->lock);
	size_t size = resident(b);
	b->least = b->least && b->least < size ? b->least : size;
	if (!size || size - b->least > BULK_RESIDENT) {
		let_go(b);
		b->least = resident(b);
	}
	pthread_mutex_unlock(&b->lock);
}
