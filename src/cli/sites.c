/* sites.c - takes directories, gives the folders in them that hold files. Never opens a file. */
#include "cli/sites.h"

#include <stdlib.h>
#include <string.h>

bool sites_add(struct sites *s, const char *directory, struct error *error)
{
	struct found found = { 0 };
	bool listed = found_in(&found, directory, true, error);
	for (size_t i = 0; i < found.count; i++) {
		const char *slash = strrchr(found.paths[i], '/');
		size_t length = slash ? (size_t)(slash - found.paths[i]) : 0;
		char *folder = arena_alloc(&s->arena, length + 1, 1);
		memcpy(folder, found.paths[i], length);
		void **slot = length ? map_put(&s->there, bytes_of(folder)) : NULL;
		if (!slot || *slot)
			continue;
		*slot = s;
		if (s->n == s->room) {
			s->room = s->room ? 2 * s->room : 64;
			s->folders = memory_grow(s->folders, s->room, sizeof *s->folders);
		}
		s->folders[s->n++] = folder;
	}
	found_free(&found);
	return listed;
}

void sites_free(struct sites *s)
{
	free(s->folders);
	map_free(&s->there);
	arena_drop(&s->arena);
}
