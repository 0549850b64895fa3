/* test_skipped.c - what a run could not look at: every kind is told in capture_report in words, and "no 5xx" is never said over it. */
#include "smtpwhy.h"

#include "decode/decode.h"
#include "report/text.h"
#include "store/query.h"
#include "support/frames.h"
#include "support/scratch.h"
#include "support/table.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum { FRAGMENT_AT = 20 }; /* flags and offset of the IP header behind Ethernet */

/* ---- captures, each with one fault ---- */

static struct bytes ehlo(uint8_t room[static 256])
{
	return unhex(ETHER_EHLO, room);
}

static void one_of(struct text *file, uint32_t linktype, struct bytes frame, uint32_t wire)
{
	pcap_header(file, 0xa1b2c3d4, linktype, false);
	pcap_record(file, 1, 0, frame, wire, false);
}

static void whole(struct text *file)
{
	uint8_t room[256];
	struct bytes b = ehlo(room);
	one_of(file, 1, b, (uint32_t)b.n);
}

static void cut_packet(struct text *file)
{
	whole(file);
	pcap_record(file, 2, 0, B("octets"), 6, false);
	file->n -= 2;
}

static void unknown_link(struct text *file)
{
	one_of(file, 147, B("octets"), 6);
}

static void no_name(struct text *file)
{
	one_of(file, 60000, B("octets"), 6);
}

static void mixed_links(struct text *file)
{
	uint8_t room[256];
	pcapng_section(file, false);
	pcapng_interface(file, 1, 0, B(""), false);
	pcapng_interface(file, 189, 0, B(""), false);
	pcapng_packet(file, 0, 5000000, ehlo(room), 58, false);
	pcapng_packet(file, 1, 5000001, B("octets"), 6, false);
	pcapng_packet(file, 1, 5000002, B("octets"), 6, false);
}

static void unknown_blocks(struct text *file)
{
	uint8_t room[256];
	pcapng_section(file, false);
	pcapng_block(file, 0x0a0a, B("1234"), false);
	pcapng_interface(file, 1, 0, B(""), false);
	pcapng_block(file, 4, B("1234"), false); /* names: known, and of no use */
	pcapng_packet(file, 0, 5000000, ehlo(room), 58, false);
	pcapng_block(file, 0x80000001, B("1234"), false);
}

static void cut_block(struct text *file)
{
	unknown_blocks(file);
	file->n -= 3;
}

static void cut_headers(struct text *file)
{
	uint8_t room[256];
	one_of(file, 1, bytes_first(ehlo(room), 40), 58);
}

static void malformed(struct text *file)
{
	uint8_t room[256];
	struct bytes b = ehlo(room);
	room[14] = 0x42; /* a header of 8 octets */
	one_of(file, 1, b, (uint32_t)b.n);
}

static void fragment(struct text *file)
{
	uint8_t room[256];
	struct bytes b = ehlo(room);
	room[FRAGMENT_AT] = 0x20;
	one_of(file, 1, b, (uint32_t)b.n);
}

static void deep(struct text *file)
{
	uint8_t room[512] = { 0 };
	struct bytes b = ehlo(room + 60);
	memmove(room, room + 60, 12);
	for (size_t at = 12; at < 72; at += 4)
		memcpy(room + at, "\x81\0\0\1", 4);
	b = (struct bytes){ room, b.n + 60 };
	one_of(file, 1, b, (uint32_t)b.n);
}

static void not_tcp(struct text *file)
{
	uint8_t room[256];
	struct bytes b = ehlo(room);
	room[23] = 17;
	one_of(file, 1, b, (uint32_t)b.n);
}

static void other_port(struct text *file)
{
	uint8_t room[256];
	struct bytes b = ehlo(room);
	whole(file);
	room[37] = 80;
	pcap_record(file, 2, 0, b, (uint32_t)b.n, false);
}

static void nothing(struct text *file)
{
	(void)file;
}

static void no_packets(struct text *file)
{
	pcap_header(file, 0xa1b2c3d4, 1, false);
}

static void cut_header(struct text *file)
{
	no_packets(file);
	file->n = 4;
}

static void words(struct text *file)
{
	text_add_string(file, "From: postmaster");
}

static void absurd(struct text *file)
{
	whole(file);
	file_u32(file, 1, false), file_u32(file, 0, false), file_u32(file, 0x7fffffff, false), file_u32(file, 60, false);
}

/* Random enough to pack badly, so that the cut leaves some packets. */
static void packed(struct text *file, size_t lose, size_t damage)
{
	struct text plain = { 0 };
	uint8_t noise[512], room[8192];
	uint32_t x = 1;
	whole(&plain);
	for (unsigned i = 0; i < 8; i++) {
		for (size_t k = 0; k < sizeof noise; k++)
			noise[k] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
		memcpy(noise + 12, "\x08\x06", 2); /* ARP */
		pcap_record(&plain, 2, 0, (struct bytes){ noise, sizeof noise }, sizeof noise, false);
	}
	z_stream z = { .next_in = (Bytef *)plain.p, .avail_in = (uInt)plain.n, .next_out = room, .avail_out = sizeof room };
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	size_t n = sizeof room - z.avail_out;
	deflateEnd(&z);
	if (damage)
		room[n - damage] ^= 0xff;
	text_add(file, (struct bytes){ room, n - lose });
	text_free(&plain);
}

static void cut_gzip(struct text *file) { packed(file, 700, 0); }
static void bad_gzip(struct text *file) { packed(file, 0, 6); } /* its check sum */

/* ---- what is told of each ---- */

static const struct told_case {
	const char *name;
	void (*write)(struct text *);
	const char *filter, *skipped, *note; /* NULL: nothing is said. An asterisk: the rest may be anything */
	enum smtpwhy_status status;
	const char *verdict;
} cases[] = {
	{ "all of it read", whole, NULL, NULL, NULL, SMTPWHY_DONE, "No 5xx reply was seen, but 1 of 1 session could not be read whole." },
	{ "cut in a packet", cut_packet, NULL, "ends in the middle of packet 2; what is before it was read", NULL, SMTPWHY_INPUT_DAMAGED, NULL },
	{ "cut in a block", cut_block, NULL, "ends in the middle of block 6, after packet 1; what is before it was read", "2 blocks of types*", SMTPWHY_INPUT_DAMAGED, NULL },
	{ "cut in the file header", cut_header, NULL, "ends in the middle of its file header; what is before it was read", NULL, SMTPWHY_INPUT_DAMAGED,
	  "No SMTP session was found. That is no clean bill: nothing here could be judged. There was not a single packet to look at." },
	{ "an unknown link type", unknown_link, NULL, "holds 1 packet of link type 147 (USER0), which cannot be decoded", NULL, SMTPWHY_INPUT_DAMAGED,
	  "No SMTP session was found. That is no clean bill: nothing here could be judged. No packet held TCP that could be read." },
	{ "a link type without a name", no_name, NULL, "holds 1 packet of link type 60000, which cannot be decoded", NULL, SMTPWHY_INPUT_DAMAGED, NULL },
	{ "link types of which one is unknown", mixed_links, NULL, "2 packets of link type 189 (USB_LINUX), which cannot be decoded", NULL, SMTPWHY_DONE, NULL },
	{ "blocks of unknown types", unknown_blocks, NULL, NULL,
	  "2 blocks of types that are not known (the last: 0x80000001) were passed over", SMTPWHY_DONE, NULL },
	{ "headers that are cut", cut_headers, NULL, "1 packet whose headers are cut", NULL, SMTPWHY_DONE, "*No packet held TCP that could be read." },
	{ "a malformed header", malformed, NULL, "1 malformed packet", NULL, SMTPWHY_DONE, NULL },
	{ "fragments that never came", fragment, NULL, "1 IP datagram that lacks fragments", NULL, SMTPWHY_DONE, NULL },
	{ "too deep", deep, NULL, "1 packet in too many tunnels", NULL, SMTPWHY_DONE, NULL },
	{ "no TCP", not_tcp, NULL, NULL, NULL, SMTPWHY_DONE, "*No packet held TCP that could be read." },
	{ "filtered out", other_port, "port 80", NULL, "the filter left out 1 of 2 packets", SMTPWHY_DONE, NULL },
	{ "all filtered out", whole, "port 80", NULL, "the filter left out 1 of 1 packets", SMTPWHY_DONE, "*There was not a single packet to look at." },
	{ "an empty file", nothing, NULL, "is empty", NULL, SMTPWHY_INPUT_DAMAGED, NULL },
	{ "a capture without packets", no_packets, NULL, NULL, "it holds no packets", SMTPWHY_DONE, "*There was not a single packet to look at." },
	{ "no capture", words, NULL, "is not a capture (begins with \"From: postmaster\")", NULL, SMTPWHY_INPUT_DAMAGED, NULL },
	{ "a length beyond all reason", absurd, NULL, "is damaged: packet 2 claims 2147483647 octets; what is before it was read", NULL, SMTPWHY_INPUT_DAMAGED, NULL },
	{ "gzip that is cut", cut_gzip, NULL, "has gzip data that is cut off, in the middle of packet *", NULL, SMTPWHY_INPUT_DAMAGED, NULL },
	{ "gzip that is damaged", bad_gzip, NULL, "has gzip data that is damaged after packet 9; what is before it was read", NULL, SMTPWHY_INPUT_DAMAGED, NULL },
};

/* With the file's path in front of it left out. */
static void check_words(struct rows *rows, size_t column, const char *path, const char *want)
{
	const char *got = rows_null(rows, column) ? NULL : (const char *)rows_text(rows, column).p;
	if (!want) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	if (strncmp(got, path, strlen(path)) == 0)
		got += strlen(path) + 1;
	size_t n = strlen(want);
	if (want[n - 1] == '*')
		assert_int_equal(strncmp(got, want, n - 1), 0);
	else
		assert_string_equal(got, want);
}

static void check_verdict(struct report *report, const char *want)
{
	struct error error = { 0 };
	struct page page = { 0 };
	assert_true(text_headline(report, &page, &error));
	text_add_octet(&page.out, 0);
	assert_non_null(strstr(page.out.p, want + (*want == '*')));
	assert_null(strstr(page.out.p, "captures whole."));
	page_free(&page);
}

static void told(void **state)
{
	const struct told_case *k = *state;
	struct scratch dir = scratch_new();
	struct text file = { 0 };
	struct error error = { 0 };
	char path[256];
	k->write(&file);
	scratch_file(&dir, "a.pcap", text_view(&file), path);
	struct smtpwhy *run = smtpwhy_new(&(struct smtpwhy_options){ .filter = k->filter });
	assert_true(smtpwhy_add(run, path) && smtpwhy_analyze(run) && smtpwhy_finish(run));
	assert_int_equal(smtpwhy_status(run), k->status);
	struct report *report = report_open(smtpwhy_database(run), &error);
	struct rows *rows = report_rows(report, "SELECT skipped, note FROM capture_report", &error);
	assert_true(rows_next(rows, &error));
	check_words(rows, 0, path, k->skipped);
	check_words(rows, 1, path, k->note);
	rows_free(rows);
	if (k->verdict)
		check_verdict(report, k->verdict);
	report_close(report);
	smtpwhy_free(run);
	text_free(&file);
	scratch_free(&dir);
}

/* ---- files that cannot be opened, and a run that is interrupted ---- */

static bool stop_later(void *to, const struct smtpwhy_progress *progress)
{
	(void)progress;
	unsigned *left = to;
	return (*left)-- > 0;
}

static const struct stopped {
	const char *name;
	unsigned after;          /* times that it is asked whether to go on */
	const char *told[3];     /* of each file; NULL: nothing */
} stops[] = {
	{ "interrupted before anything was read", 0, { "was not read: the run was interrupted", "was not read: the run was interrupted", "was not read: the run was interrupted" } },
	{ "interrupted in the second of three files", 1, { NULL, "was read to packet 6384 and no further: the run was interrupted", "was not read: the run was interrupted" } },
	{ "not interrupted", 9, { NULL, NULL, NULL } },
};

static void interrupted(void **state)
{
	const struct stopped *k = *state;
	struct scratch dir = scratch_new();
	struct error error = { 0 };
	char paths[3][256];
	unsigned left = k->after;
	struct smtpwhy *run = smtpwhy_new(&(struct smtpwhy_options){ .progress = stop_later, .progress_to = &left });
	for (unsigned i = 0; i < 3; i++) {
		struct text file = { 0 };
		char name[2] = { (char)('a' + i), 0 };
		pcap_header(&file, 0xa1b2c3d4, 1, false);
		for (unsigned n = 0; n < 10000; n++)
			pcap_record(&file, i * 10000 + n, 0, B("octets"), 6, false);
		assert_true(smtpwhy_add(run, scratch_file(&dir, name, text_view(&file), paths[i])));
		text_free(&file);
	}
	assert_true(smtpwhy_analyze(run) && smtpwhy_finish(run));
	assert_int_equal(smtpwhy_status(run), k->told[2] ? SMTPWHY_INPUT_DAMAGED : SMTPWHY_DONE);
	struct report *report = report_open(smtpwhy_database(run), &error);
	struct rows *rows = report_rows(report, "SELECT trouble FROM capture_report ORDER BY name", &error);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(rows_next(rows, &error));
		check_words(rows, 0, paths[i], k->told[i]);
	}
	rows_free(rows);
	report_close(report);
	smtpwhy_free(run);
	scratch_free(&dir);
}

static const struct place_case {
	const char *name, *below; /* of the scratch directory; given is what is there */
	const char *says;
	bool directory;
} places[] = {
	{ "a file that is not there", "none.pcap", "cannot be read: No such file or directory", false },
	{ "a directory without captures", "empty", "holds no captures", true },
	{ "a way through a file", "file/a.pcap", "cannot be read: Not a directory", false },
};

static void nowhere(void **state)
{
	const struct place_case *k = *state;
	struct scratch dir = scratch_new();
	struct error error = { 0 };
	char path[256];
	snprintf(path, sizeof path, "%s/%s", dir.directory, k->below);
	char file[256];
	scratch_file(&dir, "file", B("x"), file);
	if (k->directory)
		assert_int_equal(mkdir(path, 0700), 0);
	struct smtpwhy *run = smtpwhy_new(&(struct smtpwhy_options){ 0 });
	assert_true(smtpwhy_add(run, path) && smtpwhy_analyze(run) && smtpwhy_finish(run));
	assert_int_equal(smtpwhy_status(run), SMTPWHY_INPUT_DAMAGED);
	struct report *report = report_open(smtpwhy_database(run), &error);
	struct rows *rows = report_rows(report, "SELECT skipped FROM capture_report", &error);
	assert_true(rows_next(rows, &error));
	check_words(rows, 0, path, k->says);
	rows_free(rows);
	check_verdict(report, "No SMTP session was found.");
	report_close(report);
	smtpwhy_free(run);
	scratch_free(&dir);
}

int main(void)
{
	return TABLE_RUN("told", cases, told) + TABLE_RUN("interrupted", stops, interrupted) + TABLE_RUN("nowhere", places, nowhere);
}
