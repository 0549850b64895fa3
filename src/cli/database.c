/* database.c - takes a path, gives an open report database or the right message. Never changes a file. */
#include "cli/database.h"

#include "store/redacted.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The first octets of what people put in a database's place: pcap in its four forms, pcapng, gzip, zstd, xz, lz4, bzip2. */
static const struct { uint8_t octets[4]; size_t n; } capture_marks[] = {
	{ { 0xd4, 0xc3, 0xb2, 0xa1 }, 4 }, { { 0xa1, 0xb2, 0xc3, 0xd4 }, 4 }, { { 0x4d, 0x3c, 0xb2, 0xa1 }, 4 }, { { 0xa1, 0xb2, 0x3c, 0x4d }, 4 },
	{ { 0x0a, 0x0d, 0x0d, 0x0a }, 4 }, { { 0x1f, 0x8b }, 2 },             { { 0x28, 0xb5, 0x2f, 0xfd }, 4 }, { { 0xfd, '7', 'z', 'X' }, 4 },
	{ { 0x04, 0x22, 0x4d, 0x18 }, 4 }, { { 'B', 'Z', 'h' }, 3 },
};

static bool is_capture(const char *path)
{
	uint8_t head[4];
	FILE *file = fopen(path, "rb");
	size_t n = file ? fread(head, 1, sizeof head, file) : 0;
	if (file)
		fclose(file);
	for (size_t i = 0; i < sizeof capture_marks / sizeof *capture_marks; i++) {
		struct bytes mark = { capture_marks[i].octets, capture_marks[i].n };
		if (bytes_starts((struct bytes){ head, n }, mark))
			return true;
	}
	return false;
}

struct report *database_open(const char *path, enum exit_status *status)
{
	struct error error = { 0 };
	if (is_capture(path)) {
		cli_complain("%s: this is a capture, not a report database; analyze it first: smtpwhy analyze -o report.db %s", path, path);
		*status = EXIT_WRONG_USE;
		return NULL;
	}
	struct report *report = report_open(path, &error);
	if (report)
		report_map(report);
	else
		*status = cli_failed(&error);
	return report;
}

struct report *database_open_redacted(const char *path, const char *key_file, enum exit_status *status)
{
	struct error error = { 0 };
	struct report *report = database_open(path, status); /* for its messages */
	if (!report)
		return NULL;
	report_close(report);
	char *copy = redacted_temporary(path, key_file, &error);
	report = copy ? report_open(copy, &error) : NULL;
	if (report)
		report_map(report);
	else
		*status = cli_failed(&error);
	if (copy)
		unlink(copy); /* it lives as long as it is open */
	free(copy);
	return report;
}

struct report *database_open_as(const struct cli_words *words, size_t redact, size_t redact_key, enum exit_status *status)
{
	if (!words->given[redact] && !words->given[redact_key])
		return database_open(words->operands[0], status);
	return database_open_redacted(words->operands[0], words->given[redact_key], status);
}

enum { FLUSH_AT = 1 << 16 };

bool database_print(struct rows *rows, const struct format *format, struct error *error)
{
	struct text out = { 0 };
	bool written = true;
	format->begin(&out, rows);
	while (written && rows_next(rows, error)) {
		format->row(&out, rows);
		if (out.n >= FLUSH_AT)
			written = cli_write(&out);
	}
	written = cli_write(&out) && written;
	rows_free(rows);
	text_free(&out);
	return written && error->kind == ERROR_NONE;
}
