/* sites.c - takes directories, gives the folders in them that hold files. Never opens a file. */
#include "cli/sites.h"

#include <stdlib.h>
#include <string.h>

bool sites_add(struct sites *s, const char *directory, struct error *error)
{
	struct found found = { 0 };
	bool listed = found_in(&found, directory, true, error);
	for (size_t i = 0; i < found.count; i++) {
		const char *path = found.paths[i], *slash = strrchr(path, '/');
		if (!slash || slash == path)
			continue;
		const struct bytes folder = { (const uint8_t *)path, (size_t)(slash - path) };
		void **slot = map_put(&s->there, folder);
		if (*slot)
			continue;
		char *name = arena_alloc(&s->arena, folder.n + 1, 1);
		memcpy(name, folder.p, folder.n);
		*slot = s;
		if (s->n == s->room) {
			s->room = s->room ? 2 * s->room : 64;
			s->folders = memory_grow(s->folders, s->room, sizeof *s->folders);
		}
		s->folders[s->n++] = name;
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
