/* tree - rows of one table, or entries of an index, in ascending order of their ids, written as the pages of its b-tree
 * (sqlite.org/fileformat2.html) beside SQLite.
 * In:    a report database that SQLite has made and is not at work in, with empty tables; rows as SQLite's records, or ids that an index leads
 *        to by their quotients.
 * Out:   after tree_end and tree_file_end the same pages as if SQLite had inserted each row behind the last.
 * Keeps: TREE_PAGES pages, and 16 octets for each page that was written.
 * Never: takes a row that does not belong behind the last, or needs more than its page; tree_takes says so.
 * Why:   SQLite takes a record apart and makes it anew, looks for its place, and writes pages one at a time: half of what storing costs.
 * Lives: until tree_free. */
#ifndef SMTPWHY_STORE_TREE_H
#define SMTPWHY_STORE_TREE_H

#include "base/bytes.h"
#include "base/error.h"

enum { TREE_PAGE = 8192, TREE_PAGES = 16 };

struct tree_file { /* zeroed storage is a closed one */
	const char *name; /* for errors; borrowed */
	int file;
	uint32_t next;    /* page behind the last */
	bool open;
};

struct tree_child { /* of an interior page */
	int64_t last; /* greatest id in it; of an index, the one behind it, which stands beside it in the interior page */
	uint32_t page;
};

struct tree {
	struct tree_file *to; /* NULL: of no file */
	uint32_t root;
	int64_t per;          /* 0: a table; else an index by id / per */
	int64_t last;         /* id; 0 none */
	uint8_t *pages;       /* TREE_PAGES of them; the first so many are full, the next one is being filled */
	unsigned full, cells; /* cells: in that one */
	size_t begin;         /* of its cells, which grow towards its head */
	struct tree_child *children;
	size_t nchildren, room; /* the last full ones have no page number yet */
};

/* False where the file is not as this one knows it, which is no error: pages of another size or use, another text encoding. */
bool tree_file_begin(struct tree_file *, const char *path, const char *name);
bool tree_file_end(struct tree_file *, struct error *); /* every tree has ended; closes the file. SQLite finds that it has changed */
void tree_file_free(struct tree_file *);                /* closes it as it stands */
void tree_begin(struct tree *, struct tree_file *, uint32_t root, int64_t per); /* root: page of the empty tree */
bool tree_takes(const struct tree *, int64_t id, size_t record);
bool tree_add(struct tree *, int64_t id, struct bytes head, struct bytes body, struct error *); /* a record that it takes, in two parts */
bool tree_add_id(struct tree *, int64_t id, struct error *);  /* to an index; behind the last */
bool tree_end(struct tree *, struct error *);
void tree_free(struct tree *); /* also of a zeroed one */

#endif
