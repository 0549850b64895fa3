/* One file becomes frames: each format, byte order, clock and damage, as one line a frame ("number seconds.nanoseconds octets/wire
 * linktype") and the trouble behind the path. */
#include "capture/reader.h"

#include "support/scratch.h"
#include "support/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define T 1700000000u

/* ---- files ---- */

static void pcap_micro(struct text *t)
{
	pcap_header(t, 0xa1b2c3d4, 1, false);
	pcap_record(t, T, 5, B("first"), 5, false);
	pcap_record(t, T - 1, 999999, B("second"), 60, false);
}

static void pcap_micro_big(struct text *t)
{
	pcap_header(t, 0xa1b2c3d4, 113, true);
	pcap_record(t, T, 5, B("first"), 5, true);
	pcap_record(t, 0xf0000000, 0, B(""), 0, true);
}

static void pcap_nano(struct text *t)
{
	pcap_header(t, 0xa1b23c4d, 0x24000001, false); /* with the length of a frame check sequence in the upper bits */
	pcap_record(t, T, 123456789, B("first"), 2, false);
}

static void pcap_nano_big(struct text *t)
{
	pcap_header(t, 0xa1b23c4d, 276, true);
	pcap_record(t, T, 123456789, B("first"), 9, true);
}

static void pcap_modified(struct text *t) /* Kuznetzov's: eight octets more a record */
{
	pcap_header(t, 0xa1b2cd34, 101, false);
	for (uint32_t i = 0; i < 2; i++) {
		pcap_record(t, T, i, B(""), 5, false);
		t->n -= 8;
		file_u32(t, 5, false);
		file_u32(t, 5, false);
		text_add(t, B("\1\0\0\0\0\10\0\0first"));
	}
}

static void pcap_twice(struct text *t)
{
	pcap_micro(t);
	pcap_header(t, 0xa1b23c4d, 101, true);
	pcap_header(t, 0xa1b23c4d, 101, true);
	pcap_record(t, T, 7, B("third"), 5, true);
}

static void pcap_absurd(struct text *t)
{
	pcap_micro(t);
	file_u32(t, T, false);
	file_u32(t, 0, false);
	file_u32(t, 262145, false);
	file_u32(t, 262145, false);
	for (int i = 0; i < 262145 / 5; i++)
		text_add(t, B("12345"));
}

static void pcap_largest(struct text *t)
{
	pcap_header(t, 0xa1b2c3d4, 1, false);
	uint8_t *data = calloc(262144, 1);
	pcap_record(t, T, 0, (struct bytes){ data, 262144 }, 262144, false);
	free(data);
	pcap_record(t, T, 1, B("first"), 5, false);
}

static void pcap_usb(struct text *t) /* a link type whose records may be longer than we keep */
{
	pcap_header(t, 0xa1b2c3d4, 249, false);
	uint8_t *data = calloc(600000, 1);
	pcap_record(t, T, 0, (struct bytes){ data, 600000 }, 600000, false);
	free(data);
	pcap_record(t, T, 1, B("first"), 5, false);
}

static void pcapng_plain(struct text *t)
{
	pcapng_section(t, false);
	pcapng_interface(t, 1, 0, B(""), false);
	pcapng_packet(t, 0, T * UINT64_C(1000000) + 5, B("first"), 5, false);
	pcapng_packet(t, 0, T * UINT64_C(1000000) + 6, B("second"), 100, false);
}

static void pcapng_mixed(struct text *t)
{
	pcapng_section(t, false);
	pcapng_interface(t, 1, 0, B("\2\0\3\0abc\0\11\0\1\0\6\0\0\0\16\0\10\0\x10\x0e\0\0\0\0\0\0\0\0\0\0"), false); /* name, microseconds, offset 3,600 s */
	pcapng_interface(t, 101, 96, B("\11\0\1\0\11\0\0\0"), false);
	pcapng_interface(t, 113, 0, B("\11\0\1\0\x8a\0\0\0"), false); /* 1/1024 s */
	pcapng_interface(t, 276, 0, B("\11\0\1\0\3\0\0\0"), false);
	pcapng_packet(t, 0, T * UINT64_C(1000000) + 5, B("first"), 5, false);
	pcapng_packet(t, 1, T * UINT64_C(1000000000) + 123456789, B("second"), 100, false);
	pcapng_packet(t, 2, T * UINT64_C(1024) + 512, B("third"), 5, false);
	pcapng_packet(t, 3, T * UINT64_C(1000) + 7, B("fourth"), 6, false);
	pcapng_section(t, true);
	pcapng_interface(t, 105, 0, B("\0\16\0\10\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0"), true); /* one second back */
	pcapng_packet(t, 0, T * UINT64_C(1000000) + 5, B("fifth"), 5, true);
	pcapng_packet(t, 1, T * UINT64_C(1000000) + 5, B("no such interface"), 5, true);
	pcapng_packet(t, 0, T * UINT64_C(1000000) + 6, B("sixth"), 5, true);
}

static void pcapng_old(struct text *t) /* simple packets and the obsolete block */
{
	pcapng_section(t, false);
	pcapng_interface(t, 1, 8, B(""), false);
	struct text body = { 0 };
	file_u32(&body, 0, false);
	file_u32(&body, (uint32_t)(T * UINT64_C(1000000) >> 32), false);
	file_u32(&body, (uint32_t)(T * UINT64_C(1000000)), false);
	file_u32(&body, 5, false);
	file_u32(&body, 5, false);
	text_add(&body, B("first"));
	pcapng_block(t, 2, text_view(&body), false);
	text_free(&body);
	pcapng_block(t, 3, B("\x40\0\0\0" "eight of"), false);
	pcapng_block(t, 3, B("\3\0\0\0" "two"), false);
}

static void pcapng_others(struct text *t) /* blocks without packets; a journal entry and a custom block take a number */
{
	uint8_t *data = calloc(3000000, 1);
	pcapng_section(t, false);
	pcapng_interface(t, 1, 0, B(""), false);
	pcapng_block(t, 4, B("\0\0\0\0"), false);
	pcapng_block(t, 0x777, (struct bytes){ data, 3000000 }, false);
	pcapng_packet(t, 0, 5, B("first"), 5, false);
	pcapng_block(t, 5, B("\0\0\0\0\0\0\0\0\0\0\0\0"), false);
	pcapng_block(t, 9, B("__REALTIME_TIMESTAMP=1\nMESSAGE=hello\n"), false);
	pcapng_block(t, 0xbad, B("\1\2\3\4"), false);
	pcapng_packet(t, 0, 6, B("fourth"), 6, false);
	free(data);
}

static void pcapng_clocks(struct text *t) /* resolutions at the ends of their range */
{
	pcapng_section(t, false);
	pcapng_interface(t, 1, 0, B("\11\0\1\0\0\0\0\0"), false);
	pcapng_interface(t, 1, 0, B("\11\0\1\0\x7f\0\0\0"), false);
	pcapng_interface(t, 1, 0, B("\11\0\1\0\xff\0\0\0"), false);
	pcapng_interface(t, 1, 0, B("\11\0\1\0\14\0\0\0"), false);
	pcapng_packet(t, 0, T, B("first"), 5, false);
	pcapng_packet(t, 1, UINT64_MAX, B("first"), 5, false);
	pcapng_packet(t, 2, UINT64_MAX, B("first"), 5, false);
	pcapng_packet(t, 3, UINT64_C(1700000000123456789), B("first"), 5, false);
	pcapng_packet(t, 0, UINT64_MAX, B("first"), 5, false);
}

static void pcapng_unpadded(struct text *t) /* a length that leaves out the padding */
{
	pcapng_section(t, false);
	pcapng_interface(t, 1, 0, B(""), false);
	size_t at = t->n;
	pcapng_packet(t, 0, 5, B("first"), 5, false);
	t->p[at + 4] = t->p[t->n - 4] = 37;
	pcapng_packet(t, 0, 6, B("second"), 6, false);
}

static void pcapng_short_block(struct text *t)
{
	pcapng_plain(t);
	file_u32(t, 6, false);
	file_u32(t, 8, false);
	file_u32(t, 8, false);
}

static void pcapng_other_length(struct text *t)
{
	pcapng_plain(t);
	t->p[t->n - 4] = 0x55;
}

static void pcapng_claims(struct text *t)
{
	pcapng_section(t, false);
	pcapng_interface(t, 1, 0, B(""), false);
	size_t at = t->n;
	pcapng_packet(t, 0, 5, B("first"), 5, false);
	t->p[at + 8 + 12] = 9;
	pcapng_packet(t, 0, 6, B("second"), 6, false);
}

static void nothing(struct text *t)
{
	text_clear(t);
}

static void words(struct text *t)
{
	text_add_string(t, "Received: from\nhere");
}

static void archive(struct text *t)
{
	text_add(t, B("PK\x03\x04 and so on"));
}

static void strange_version(struct text *t)
{
	pcap_header(t, 0xa1b2c3d4, 1, false);
	t->p[4] = 9;
}

#define MICRO "1 1700000000.000005000 5/5 1\n2 1699999999.999999000 6/60 1\n"
#define PLAIN "1 1700000000.000005000 5/5 1\n2 1700000000.000006000 6/100 1\n"

static const struct kase {
	const char *name;
	void (*make)(struct text *);
	const char *format, *want, *trouble;
} cases[] = {
	{ "pcap", pcap_micro, "pcap", MICRO, "" },
	{ "pcap, big-endian, after 2038", pcap_micro_big, "pcap", "1 1700000000.000005000 5/5 113\n2 4026531840.000000000 0/0 113\n", "" },
	{ "pcap, nanoseconds, frame check sequence bits", pcap_nano, "pcap (nanoseconds)", "1 1700000000.123456789 5/5 1\n", "" },
	{ "pcap, nanoseconds, big-endian", pcap_nano_big, "pcap (nanoseconds)", "1 1700000000.123456789 5/9 276\n", "" },
	{ "pcap, modified", pcap_modified, "pcap (variant)", "1 1700000000.000000000 5/5 101\n2 1700000000.000001000 5/5 101\n", "" },
	{ "pcap behind a pcap", pcap_twice, "pcap", MICRO "3 1700000000.000000007 5/5 101\n", "" },
	{ "a packet of 262,145 octets", pcap_absurd, "pcap", MICRO, "is damaged: packet 3 claims 262145 octets; what is before it was read" },
	{ "a packet of 262,144 octets", pcap_largest, "pcap", "1 1700000000.000000000 262144/262144 1\n2 1700000000.000001000 5/5 1\n", "" },
	{ "a USB transfer of 600,000 octets", pcap_usb, "pcap", "1 1700000000.000000000 262144/600000 249\n2 1700000000.000001000 5/5 249\n", "" },
	{ "pcapng", pcapng_plain, "pcapng", PLAIN, "" },
	{ "pcapng, sections and interfaces that differ", pcapng_mixed, "pcapng",
	  "1 1700003600.000005000 5/5 1\n2 1700000000.123456789 6/100 101\n3 1700000000.500000000 5/5 113\n4 1700000000.007000000 6/6 276\n"
	  "5 1699999999.000005000 5/5 105\n7 1699999999.000006000 5/5 105\n",
	  "is damaged: packet 6 names interface 1, which its section does not describe; it was left out" },
	{ "pcapng, simple and obsolete packets", pcapng_old, "pcapng", "1 1700000000.000000000 5/5 1\n2 1700000000.000000000 8/64 1\n3 1700000000.000000000 3/3 1\n", "" },
	{ "pcapng, blocks without packets", pcapng_others, "pcapng", "1 0.000005000 5/5 1\n4 0.000006000 6/6 1\n", "" },
	{ "pcapng, clocks at their limits", pcapng_clocks, "pcapng",
	  "1 1700000000.000000000 5/5 1\n2 0.000000000 5/5 1\n3 0.000000000 5/5 1\n4 1700000.000123456 5/5 1\n5 9223372036.854775807 5/5 1\n", "" },
	{ "pcapng, lengths without padding", pcapng_unpadded, "pcapng", "1 0.000005000 5/5 1\n2 0.000006000 6/6 1\n", "" },
	{ "pcapng, a block of 8 octets", pcapng_short_block, "pcapng", PLAIN, "is damaged: block 5, after packet 2, claims 8 octets; what is before it was read" },
	{ "pcapng, lengths that differ", pcapng_other_length, "pcapng", "1 1700000000.000005000 5/5 1\n",
	  "is damaged: block 4, after packet 1, claims 40 octets and at its end 85; what is before it was read" },
	{ "pcapng, a packet longer than its block", pcapng_claims, "pcapng", "2 0.000006000 6/6 1\n",
	  "is damaged: packet 1 claims 9 octets in a block of 8; it was left out" },
	{ "an empty file", nothing, NULL, "", "is empty" },
	{ "a text", words, NULL, "", "is not a capture (begins with \"Received: from\\nh\")" },
	{ "a zip archive", archive, NULL, "", "is not a capture: it is a zip archive; unpack it first" },
	{ "a pcap of version 9", strange_version, NULL, "", "is not a capture that can be read: unsupported pcap savefile version 9.4" },
};

/* ---- reading ---- */

struct read {
	struct text frames;
	char trouble[600];
	char format[40];
	bool cut;
};

static struct read read_file(const char *path, size_t window)
{
	struct read result = { 0 };
	struct reader *r = reader_open(path, (struct source_options){ .window = window });
	struct frame f;
	while (reader_next(r, &f)) {
		text_addf(&result.frames, "%u %lld.%09lld %zu/%u %d\n", f.number, (long long)(f.time / 1000000000), (long long)(f.time % 1000000000),
		    f.bytes.n, f.wire_length, f.linktype);
		assert_true(f.bytes.n == 0 || f.bytes.p[0] == 0 || strchr("fstne", f.bytes.p[0]));
	}
	assert_false(reader_next(r, &f));
	if (r->trouble.n) {
		assert_memory_equal(r->trouble.p, path, strlen(path));
		snprintf(result.trouble, sizeof result.trouble, "%s", r->trouble.p + strlen(path) + 1);
	}
	snprintf(result.format, sizeof result.format, "%s", r->format_name ? r->format_name : "");
	result.cut = r->cut;
	reader_close(r);
	return result;
}

static void reads(void **state)
{
	const struct kase *k = *state;
	static const size_t windows[] = { 0, 10, 100, 4096 };
	struct scratch dir = scratch_new();
	struct text file = { 0 };
	char path[256];
	k->make(&file);
	scratch_file(&dir, "file", text_view(&file), path);
	for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
		struct read got = read_file(path, windows[i]);
		assert_string_equal(got.frames.n ? got.frames.p : "", k->want);
		assert_string_equal(got.trouble, k->trouble);
		assert_string_equal(got.format, k->format ? k->format : "");
		assert_false(got.cut);
		text_free(&got.frames);
	}
	text_free(&file);
	scratch_free(&dir);
}

/* Cut anywhere, a file gives the first frames of the whole one; where no frame is missing or damaged, something else is: it says so
 * unless the cut falls between two records. */
static void reads_at_every_cut(void **state)
{
	const struct kase *k = *state;
	struct scratch dir = scratch_new();
	struct text file = { 0 };
	char path[256];
	size_t silent = 0;
	k->make(&file);
	for (size_t n = 1; k->format && n < file.n && n < 600; n++) {
		struct read got = read_file(scratch_file(&dir, "file", bytes_first(text_view(&file), n), path), 0);
		assert_true(strncmp(got.frames.n ? got.frames.p : "", k->want, got.frames.n) == 0);
		assert_true(!got.cut || got.trouble[0]);
		silent += !got.trouble[0];
		text_free(&got.frames);
	}
	assert_true(silent <= 14); /* records and blocks in the longest file */
	text_free(&file);
	scratch_free(&dir);
}

int main(void)
{
	int failed = TABLE_RUN("files", cases, reads);
	failed += TABLE_RUN("files at every cut", cases, reads_at_every_cut);
	return failed != 0;
}
