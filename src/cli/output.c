/* output.c - takes a path and octets, gives the file in its place. Never leaves half of it there. */
#include "cli/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int file, struct bytes b)
{
	while (b.n) {
		ssize_t n = write(file, b.p, b.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		b = bytes_from(b, (size_t)n);
	}
	return true;
}

/* What is no plain file (/dev/null, a pipe) cannot be replaced, only written to. */
static bool is_special(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

static bool write_in_place(const char *path, struct bytes b)
{
	FILE *file = fopen(path, "wb");
	if (!file)
		return false;
	bool done = fwrite(b.p, 1, b.n, file) == b.n;
	return fclose(file) == 0 && done;
}

static bool write_beside(const char *path, struct bytes b)
{
	struct text beside = { 0 };
	mode_t mask = umask(0);
	umask(mask);
	text_addf(&beside, "%s.XXXXXX", path);
	int file = mkstemp(beside.p);
	bool done = file >= 0 && write_all(file, b) && fchmod(file, 0666 & ~mask) == 0 && fsync(file) == 0;
	if (file >= 0 && close(file) != 0)
		done = false;
	if (done)
		done = rename(beside.p, path) == 0;
	int why = errno;
	if (!done && file >= 0)
		unlink(beside.p);
	errno = why;
	text_free(&beside);
	return done;
}

/* Whether a file stands there that is neither empty nor begins so. */
static bool is_another_kind(const char *path, struct bytes beginning)
{
	uint8_t head[64];
	FILE *file = fopen(path, "rb");
	if (!file)
		return false;
	size_t n = fread(head, 1, sizeof head, file);
	fclose(file);
	return n && !bytes_starts((struct bytes){ head, n }, beginning);
}

bool output_replace(const char *path, struct bytes b, struct bytes beginning, struct error *error)
{
	if (!is_special(path) && is_another_kind(path, beginning))
		return error_set(error, ERROR_OUTPUT, "%s: a file of another kind stands there and is left as it is; name another file, or remove it", path);
	errno = 0;
	if (is_special(path) ? write_in_place(path, b) : write_beside(path, b))
		return true;
	return error_set(error, ERROR_OUTPUT, "%s: cannot be written (%s); what stood there is as it was", path, strerror(errno));
}
