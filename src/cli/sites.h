/* sites - the folders of a tree that hold files: each is a site, with a timeline of its own.
 * In:    directories.
 * Out:   they and the directories below them that hold a regular file, each once, in order.
 * Lives: until sites_free. */
#ifndef SMTPWHY_CLI_SITES_H
#define SMTPWHY_CLI_SITES_H

#include "base/map.h"
#include "capture/found.h"

struct sites {
	struct arena arena;
	char **folders;
	size_t n, room;
	struct map there;
};

bool sites_add(struct sites *, const char *directory, struct error *); /* false: it cannot be listed */
void sites_free(struct sites *);

#endif
