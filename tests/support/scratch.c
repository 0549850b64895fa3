/* scratch.c - a directory for a test's files, and captures written octet by octet. */
#define _GNU_SOURCE /* nftw */
#include "support/scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct scratch scratch_new(void)
{
	struct scratch s = { "/tmp/smtpwhy-test-XXXXXX" };
	if (!mkdtemp(s.directory))
		abort();
	return s;
}

const char *scratch_file(struct scratch *s, const char *name, struct bytes content, char path[static 256])
{
	snprintf(path, 256, "%s/%s", s->directory, name);
	FILE *file = fopen(path, "wb");
	if (!file || fwrite(content.p, 1, content.n, file) != content.n || fclose(file) != 0)
		abort();
	return path;
}

static int removed(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

void scratch_free(struct scratch *s)
{
	nftw(s->directory, removed, 8, FTW_DEPTH | FTW_PHYS);
}

void file_u16(struct text *t, uint16_t value, bool big)
{
	text_add_octet(t, (uint8_t)(big ? value >> 8 : value));
	text_add_octet(t, (uint8_t)(big ? value : value >> 8));
}

void file_u32(struct text *t, uint32_t value, bool big)
{
	file_u16(t, (uint16_t)(big ? value >> 16 : value), big);
	file_u16(t, (uint16_t)(big ? value : value >> 16), big);
}

void pcap_header(struct text *t, uint32_t magic, uint32_t linktype, bool big)
{
	file_u32(t, magic, big);
	file_u16(t, 2, big);
	file_u16(t, 4, big);
	file_u32(t, 0, big);
	file_u32(t, 0, big);
	file_u32(t, 262144, big);
	file_u32(t, linktype, big);
}

void pcap_record(struct text *t, uint32_t seconds, uint32_t fraction, struct bytes data, uint32_t wire, bool big)
{
	file_u32(t, seconds, big);
	file_u32(t, fraction, big);
	file_u32(t, (uint32_t)data.n, big);
	file_u32(t, wire, big);
	text_add(t, data);
}

void pcapng_block(struct text *t, uint32_t type, struct bytes body, bool big)
{
	uint32_t length = (uint32_t)(body.n + 3) / 4 * 4 + 12;
	file_u32(t, type, big);
	file_u32(t, length, big);
	text_add(t, body);
	for (size_t n = body.n; n % 4; n++)
		text_add_octet(t, 0);
	file_u32(t, length, big);
}

void pcapng_section(struct text *t, bool big)
{
	struct text body = { 0 };
	file_u32(&body, 0x1a2b3c4d, big);
	file_u16(&body, 1, big);
	file_u16(&body, 0, big);
	file_u32(&body, 0xffffffff, big);
	file_u32(&body, 0xffffffff, big);
	pcapng_block(t, 0x0a0d0d0a, text_view(&body), big);
	text_free(&body);
}

void pcapng_interface(struct text *t, uint16_t linktype, uint32_t snaplen, struct bytes options, bool big)
{
	struct text body = { 0 };
	file_u16(&body, linktype, big);
	file_u16(&body, 0, big);
	file_u32(&body, snaplen, big);
	text_add(&body, options);
	pcapng_block(t, 1, text_view(&body), big);
	text_free(&body);
}

void pcapng_packet(struct text *t, uint32_t interface, uint64_t stamp, struct bytes data, uint32_t wire, bool big)
{
	struct text body = { 0 };
	file_u32(&body, interface, big);
	file_u32(&body, (uint32_t)(stamp >> 32), big);
	file_u32(&body, (uint32_t)stamp, big);
	file_u32(&body, (uint32_t)data.n, big);
	file_u32(&body, wire, big);
	text_add(&body, data);
	pcapng_block(t, 6, text_view(&body), big);
	text_free(&body);
}
