/* found.c - lists directories. Takes a path, gives the files' paths in octet order; opens no file. */
#include "capture/found.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH = 64 };

static const char *joined(struct found *f, const char *directory, const char *name)
{
	struct text path = { 0 };
	text_add_string(&path, directory);
	if (path.n && path.p[path.n - 1] != '/')
		text_add_octet(&path, '/');
	text_add_string(&path, name);
	char *kept = arena_alloc(&f->arena, path.n + 1, 1);
	memcpy(kept, path.p, path.n);
	text_free(&path);
	return kept;
}

static int by_name(const void *a, const void *b)
{
	const char *const *one = a, *const *other = b;
	return strcmp(*one, *other);
}

/* The names in one directory, sorted; false: it cannot be listed. */
static bool names_of(struct found *f, const char *directory, const char ***names, size_t *count)
{
	DIR *d = opendir(directory);
	size_t room = 0;
	if (!d)
		return false;
	for (struct dirent *entry; (entry = readdir(d));) {
		if (entry->d_name[0] == '.')
			continue;
		if (*count == room) {
			room = room ? room * 2 : 64;
			*names = memory_grow(*names, room, sizeof **names);
		}
		(*names)[(*count)++] = joined(f, directory, entry->d_name);
	}
	closedir(d);
	if (*count)
		qsort(*names, *count, sizeof **names, by_name);
	return true;
}

static bool entered_before(struct found *f, const struct stat *st)
{
	struct bytes device = { (const uint8_t *)&st->st_dev, sizeof st->st_dev }, inode = { (const uint8_t *)&st->st_ino, sizeof st->st_ino };
	struct text key = { 0 };
	text_add(&key, device);
	text_add(&key, inode);
	void **seen = map_put(&f->entered, text_view(&key));
	text_free(&key);
	bool before = *seen;
	*seen = f;
	return before;
}

static void path_add(struct found *f, const char *path)
{
	if (f->count == f->room) {
		f->room = f->room ? f->room * 2 : 64;
		f->paths = memory_grow(f->paths, f->room, sizeof *f->paths);
	}
	f->paths[f->count++] = path;
}

static bool enter(struct found *f, const char *directory, bool recurse, int depth)
{
	const char **names = NULL;
	size_t count = 0;
	struct stat st;
	if (!names_of(f, directory, &names, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (stat(names[i], &st) != 0)
			continue;
		if (S_ISREG(st.st_mode))
			path_add(f, names[i]);
		else if (S_ISDIR(st.st_mode) && (!recurse || depth == DEPTH))
			f->below = true;
		else if (S_ISDIR(st.st_mode) && !entered_before(f, &st) && !enter(f, names[i], recurse, depth + 1))
			f->unlisted = names[i];
	}
	free(names);
	return true;
}

bool found_in(struct found *f, const char *directory, bool recurse, struct error *error)
{
	struct stat st;
	if (stat(directory, &st) == 0)
		(void)entered_before(f, &st);
	if (!enter(f, directory, recurse, 0))
		return error_set(error, ERROR_INPUT, "%s: the directory cannot be listed: %s", directory, strerror(errno));
	return true;
}

void found_free(struct found *f)
{
	free(f->paths);
	map_free(&f->entered);
	arena_drop(&f->arena);
	*f = (struct found){ 0 };
}
