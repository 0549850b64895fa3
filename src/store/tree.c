/* tree.c - takes records of ascending ids, gives pages of a table's b-tree; or takes ids, gives pages of an index's. Section numbers are
 * those of sqlite.org/fileformat2.html. Never knows what a record holds. */
#include "store/tree.h"

#include "base/arena.h"
#include "store/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* 1.3: of the file's first page. */
enum { HEADER = 100, AT_PAGE_SIZE = 16, AT_RESERVED = 20, AT_CHANGES = 24, AT_PAGES = 28, AT_FORMAT = 44, AT_LARGEST_ROOT = 52, AT_ENCODING = 56,
	AT_CHANGES_OF_VERSION = 92 };
enum { FORMAT = 4 /* 0 and 1 need no octets */, UTF_8 = 1 };
/* 1.6: of a page. */
enum { INDEX_INTERIOR = 2, INTERIOR = 5, INDEX_LEAF = 10, LEAF = 13, LEAF_HEAD = 8, INTERIOR_HEAD = 12, POINTER = 2, CHILD = 4 };
enum { RECORD_MOST = TREE_PAGE - 35 /* of a table: more of it would go on overflow pages */ };
enum { ENTRY_HEAD = 3, ENTRY_MOST = ENTRY_HEAD + 2 * RECORD_NUMBER /* of an index */ };
enum { CHILDREN_MOST = (TREE_PAGE - INTERIOR_HEAD) / (CHILD + RECORD_VARINT + POINTER) + 1,
       INDEX_CHILDREN_MOST = (TREE_PAGE - INTERIOR_HEAD) / (CHILD + 1 + ENTRY_MOST + POINTER) + 1 };
enum { LOCK_PAGE = 0x40000000 / TREE_PAGE + 1 /* 1.4: nothing stands there */ };

static void put(uint8_t *at, uint64_t number, unsigned octets)
{
	while (octets--) {
		at[octets] = (uint8_t)number;
		number >>= 8;
	}
}

static uint32_t get(const uint8_t *at, unsigned octets)
{
	uint32_t number = 0;
	while (octets--)
		number = number << 8 | *at++;
	return number;
}

/* ---- the file ---- */

static bool write_at(const struct tree_file *f, const uint8_t *from, size_t n, int64_t at, struct error *error)
{
	while (n) {
		ssize_t done = pwrite(f->file, from, n, at);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return error_set(error, ERROR_OUTPUT, "%s: cannot write the database: %s; free space on its disk or choose another place with -o", f->name,
			                 strerror(done ? errno : ENOSPC));
		from += done;
		n -= (size_t)done;
		at += done;
	}
	return true;
}

static int64_t place_of(uint32_t page)
{
	return (int64_t)(page - 1) * TREE_PAGE;
}

bool tree_file_begin(struct tree_file *f, const char *path, const char *name)
{
	uint8_t header[HEADER];
	*f = (struct tree_file){ .name = name, .file = open(path, O_RDWR | O_CLOEXEC) };
	if (f->file < 0)
		return false;
	f->open = pread(f->file, header, sizeof header, 0) == sizeof header && get(header + AT_PAGE_SIZE, 2) == TREE_PAGE && !header[AT_RESERVED] &&
		get(header + AT_FORMAT, 4) == FORMAT && !get(header + AT_LARGEST_ROOT, 4) && get(header + AT_ENCODING, 4) == UTF_8 &&
		get(header + AT_CHANGES, 4) == get(header + AT_CHANGES_OF_VERSION, 4);
	f->next = f->open ? get(header + AT_PAGES, 4) + 1 : 0;
	if (!f->open)
		close(f->file);
	return f->open;
}

/* 1.3.9: who has read the file before sees by the number of changes that it must do so again. */
bool tree_file_end(struct tree_file *f, struct error *error)
{
	uint8_t header[HEADER];
	bool done = pread(f->file, header, sizeof header, 0) == sizeof header ||
		error_set(error, ERROR_OUTPUT, "%s: cannot read the database that is being written: %s; check its disk", f->name, strerror(errno));
	if (done) {
		uint32_t changes = get(header + AT_CHANGES, 4) + 1;
		put(header + AT_CHANGES, changes, 4);
		put(header + AT_CHANGES_OF_VERSION, changes, 4);
		put(header + AT_PAGES, f->next - 1, 4);
		done = write_at(f, header, sizeof header, 0, error);
	}
	tree_file_free(f);
	return done;
}

void tree_file_free(struct tree_file *f)
{
	if (f->open)
		close(f->file);
	*f = (struct tree_file){ 0 };
}

/* ---- pages ---- */

void tree_begin(struct tree *t, struct tree_file *to, uint32_t root, int64_t per)
{
	*t = (struct tree){ .to = to, .root = root, .per = per };
}

static uint8_t *page(const struct tree *t)
{
	return t->pages + (size_t)t->full * TREE_PAGE;
}

/* The pages that are full become the next ones of the file; children: they. */
static bool write_pages(struct tree *t, struct tree_child *children, struct error *error)
{
	bool done = true;
	unsigned from = 0;
	for (unsigned i = 0; done && i < t->full; i++) {
		if (t->to->next == LOCK_PAGE) {
			done = from == i || write_at(t->to, t->pages + (size_t)from * TREE_PAGE, (size_t)(i - from) * TREE_PAGE, place_of(children[from].page), error);
			from = i;
			t->to->next++;
		}
		children[i].page = t->to->next++;
	}
	done = done && write_at(t->to, t->pages + (size_t)from * TREE_PAGE, (size_t)(t->full - from) * TREE_PAGE, place_of(children[from].page), error);
	t->full = 0;
	return done;
}

/* 1.6: the head of a page with its cells in place; what lies between the two holds nothing. */
static void finish_page(uint8_t *at, uint8_t kind, size_t head, unsigned cells, size_t begin)
{
	at[0] = kind;
	put(at + 1, 0, 2);
	put(at + 3, cells, 2);
	put(at + 5, begin, 2);
	at[7] = 0;
	memset(at + head + cells * POINTER, 0, begin - head - cells * POINTER);
}

/* 1.6: what parts two leaves of an index is an entry, which the leaves do not have: the last one, where others follow. */
static void finish_leaf(struct tree *t, bool others)
{
	if (t->per && others) {
		t->cells--;
		t->begin = get(page(t) + LEAF_HEAD + (t->cells - 1) * POINTER, POINTER);
	}
	finish_page(page(t), t->per ? INDEX_LEAF : LEAF, LEAF_HEAD, t->cells, t->begin);
	MEMORY_ROOM(t->children, t->nchildren, t->room);
	t->children[t->nchildren++] = (struct tree_child){ .last = t->last };
	t->full++;
	t->cells = 0;
}

bool tree_takes(const struct tree *t, int64_t id, size_t record)
{
	return id > t->last && record <= RECORD_MOST;
}

bool tree_add(struct tree *t, int64_t id, struct bytes head, struct bytes body, struct error *error)
{
	uint8_t front[2 * RECORD_VARINT];
	size_t n = record_put_varint(front, head.n + body.n);
	if (!t->per)
		n += record_put_varint(front + n, (uint64_t)id);
	size_t cell = n + head.n + body.n;
	if (!t->pages)
		t->pages = memory_grow(NULL, TREE_PAGES, TREE_PAGE);
	if (t->cells && LEAF_HEAD + (t->cells + 1) * POINTER + cell > t->begin) {
		finish_leaf(t, true);
		if (t->full == TREE_PAGES && !write_pages(t, t->children + t->nchildren - t->full, error))
			return false;
	}
	t->begin = (t->cells ? t->begin : TREE_PAGE) - cell;
	uint8_t *at = page(t) + t->begin;
	memcpy(at, front, n);
	memcpy(at + n, head.p, head.n);
	memcpy(at + n + head.n, body.p, body.n);
	put(page(t) + LEAF_HEAD + t->cells * POINTER, t->begin, POINTER);
	t->cells++;
	t->last = id;
	return true;
}

/* 2.3: of an index, the column and the id. Gives its length. */
static size_t put_entry(uint8_t at[ENTRY_MOST], int64_t id, int64_t per)
{
	uint8_t column = record_type(id / per), key = record_type(id);
	at[0] = ENTRY_HEAD;
	at[1] = column;
	at[2] = key;
	size_t n = ENTRY_HEAD + record_put(at + ENTRY_HEAD, id / per, column);
	return n + record_put(at + n, id, key);
}

bool tree_add_id(struct tree *t, int64_t id, struct error *error)
{
	uint8_t entry[ENTRY_MOST];
	size_t n = put_entry(entry, id, t->per);
	return tree_add(t, id, (struct bytes){ entry, ENTRY_HEAD }, (struct bytes){ entry + ENTRY_HEAD, n - ENTRY_HEAD }, error);
}

/* ---- the end ---- */

/* Of an interior page: what lies between a page and the next one. */
static size_t put_key(uint8_t *at, const struct tree *t, int64_t id)
{
	if (!t->per)
		return record_put_varint(at, (uint64_t)id);
	uint8_t entry[ENTRY_MOST];
	size_t n = put_entry(entry, id, t->per);
	*at = (uint8_t)n; /* a varint of one octet */
	memcpy(at + 1, entry, n);
	return 1 + n;
}

static void interior_page(uint8_t *at, const struct tree *t, const struct tree_child *children, size_t n)
{
	size_t begin = TREE_PAGE;
	for (size_t i = 0; i + 1 < n; i++) {
		uint8_t cell[CHILD + 1 + ENTRY_MOST];
		put(cell, children[i].page, CHILD);
		size_t length = CHILD + put_key(cell + CHILD, t, children[i].last);
		begin -= length;
		memcpy(at + begin, cell, length);
		put(at + INTERIOR_HEAD + i * POINTER, begin, POINTER);
	}
	finish_page(at, t->per ? INDEX_INTERIOR : INTERIOR, INTERIOR_HEAD, (unsigned)n - 1, begin);
	put(at + LEAF_HEAD, children[n - 1].page, CHILD);
}

static size_t children_most(const struct tree *t)
{
	return t->per ? INDEX_CHILDREN_MOST : CHILDREN_MOST;
}

/* The children become those of as few pages as can be, alike in number, which stand in their place. */
static bool level(struct tree *t, struct error *error)
{
	size_t n = t->nchildren, groups = (n + children_most(t) - 1) / children_most(t);
	for (size_t g = 0; g < groups; g++) {
		size_t from = n * g / groups, to = n * (g + 1) / groups;
		interior_page(page(t), t, t->children + from, to - from);
		t->children[g] = (struct tree_child){ .last = t->children[to - 1].last };
		t->full++;
		if ((t->full == TREE_PAGES || g + 1 == groups) && !write_pages(t, t->children + g + 1 - t->full, error))
			return false;
	}
	t->nchildren = groups;
	return true;
}

bool tree_end(struct tree *t, struct error *error)
{
	if (!t->last)
		return true;
	if (t->cells)
		finish_leaf(t, false);
	if (t->nchildren == 1) { /* the root itself; it was not written, since that is done for TREE_PAGES at once */
		t->full = 0;
		return write_at(t->to, t->pages, TREE_PAGE, place_of(t->root), error);
	}
	if (t->full && !write_pages(t, t->children + t->nchildren - t->full, error))
		return false;
	while (t->nchildren > children_most(t))
		if (!level(t, error))
			return false;
	interior_page(t->pages, t, t->children, t->nchildren);
	return write_at(t->to, t->pages, TREE_PAGE, place_of(t->root), error);
}

void tree_free(struct tree *t)
{
	free(t->pages);
	free(t->children);
	*t = (struct tree){ 0 };
}
