/* print.c - takes a path, gives size and hash of both ends. */
#include "capture/print.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

enum { END_OCTETS = 64 * 1024, READ_AT_ONCE = 4096 };

/* FNV-1a, 64 bits: kept in databases, so it stays as it is. */
static bool hash_part(FILE *file, off_t from, uint64_t *hash)
{
	uint8_t room[READ_AT_ONCE];
	size_t left = END_OCTETS;
	if (fseeko(file, from, SEEK_SET) != 0)
		return false;
	for (size_t n; left && (n = fread(room, 1, left < sizeof room ? left : sizeof room, file)) > 0; left -= n)
		for (size_t i = 0; i < n; i++)
			*hash = (*hash ^ room[i]) * 0x100000001b3u;
	return !ferror(file);
}

bool print_of(const char *path, char print[PRINT_ROOM])
{
	struct stat st;
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	FILE *file = fopen(path, "rb");
	uint64_t hash = 0xcbf29ce484222325u;
	bool read = file && hash_part(file, 0, &hash) && hash_part(file, st.st_size > END_OCTETS ? st.st_size - END_OCTETS : 0, &hash);
	if (file)
		fclose(file);
	snprintf(print, PRINT_ROOM, "%jd-%016" PRIx64, (intmax_t)st.st_size, hash);
	return read;
}
