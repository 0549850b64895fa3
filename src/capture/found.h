/* found - the files of a directory, in order of their names.
 * In:    a directory, and whether to go below it.
 * Out:   the paths of its regular files, hidden ones left out.
 * Never: opens a file; enters a directory twice (links that lead back).
 * Lives: until found_free. */
#ifndef SMTPWHY_CAPTURE_FOUND_H
#define SMTPWHY_CAPTURE_FOUND_H

#include "base/error.h"
#include "base/map.h"

struct found {
	struct arena arena;
	struct map entered; /* directories, by device and inode */
	const char **paths;
	size_t count, room;
	bool below;       /* there are directories that were not entered */
	const char *unlisted; /* a directory below that cannot be listed; NULL: none */
};

bool found_in(struct found *, const char *directory, bool recurse, struct error *); /* false: cannot be listed */
void found_free(struct found *);

#endif
