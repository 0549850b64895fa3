/* Many files become one sequence in time; each file's account says what it was and what was not read. */
#include "capture/timeline.h"

#include "support/scratch.h"
#include "support/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file: its packets' times in seconds, ended by 0; or other content. Names that end in "/" are directories. */
struct given {
	const char *name;
	unsigned times[8];
	const char *content;
	const char *link; /* a symbolic link to this name */
};

static const struct kase {
	const char *name;
	struct given files[8];
	const char *add[8]; /* names below the scratch directory */
	bool recurse;
	const char *order; /* file index:frame number, in order */
	const char *told;  /* name, packets, what is said of it without its path; a line a file */
} cases[] = {
	{ "one file", { { .name = "a", .times = { 1, 2, 3 } } }, { "a" }, false, "0:1 0:2 0:3", "a 3\n" },
	{ "a ring whose names are not in order of time", { { .name = "r0", .times = { 30, 31 } }, { .name = "r1", .times = { 10, 11 } }, { .name = "r2", .times = { 20, 21 } } },
	  { "r0", "r1", "r2" }, false, "1:1 1:2 2:1 2:2 0:1 0:2", "r0 2\nr1 2\nr2 2\n" },
	{ "files that overlap", { { .name = "a", .times = { 1, 3, 5, 7 } }, { .name = "b", .times = { 2, 4, 9 } }, { .name = "c", .times = { 6, 8 } } },
	  { "c", "b", "a" }, false, "2:1 1:1 2:2 1:2 2:3 0:1 2:4 0:2 1:3", "c 2\nb 3\na 4\n" },
	{ "equal times: the file that began first, then the one given first", { { .name = "a", .times = { 5, 6 } }, { .name = "b", .times = { 5, 6 } }, { .name = "c", .times = { 1, 5, 6 } } },
	  { "a", "b", "c" }, false, "2:1 2:2 0:1 1:1 2:3 0:2 1:2", "a 2\nb 2\nc 3\n" },
	{ "a clock that steps back keeps the order of the file", { { .name = "a", .times = { 10, 20, 12, 13, 30 } }, { .name = "b", .times = { 15, 25 } } },
	  { "a", "b" }, false, "0:1 1:1 0:2 0:3 0:4 1:2 0:5", "a 5 steps 1\nb 2\n" },
	{ "a frame dated hours ahead of those around it holds nothing back",
	  { { .name = "a", .times = { 10, 12, 900000, 14, 16 } }, { .name = "b", .times = { 11, 13, 15 } } }, { "a", "b" }, false,
	  "0:1 1:1 0:2 0:3 1:2 0:4 1:3 0:5", "a 5 note frame 3 is dated hours ahead of those around it, and was read at their time\nb 3\n" },
	{ "a night without packets is no misdating", { { .name = "a", .times = { 10, 40000, 40001 } }, { .name = "b", .times = { 11, 12 } } },
	  { "a", "b" }, false, "0:1 1:1 1:2 0:2 0:3", "a 3\nb 2\n" },
	{ "the same file twice, once through a link", { { .name = "a", .times = { 1, 2 } }, { .name = "b", .link = "a" } }, { "a", "b", "a" }, false, "0:1 0:2",
	  "a 2 note b is the same file as a and was read once\n" },
	{ "the same packets in two files", { { .name = "a", .times = { 1, 2 } }, { .name = "b", .times = { 1, 2 } } }, { "a", "b" }, false, "0:1 1:1 0:2 1:2", "a 2\nb 2\n" },
	{ "no capture, an empty file and one without packets beside a good one",
	  { { .name = "a", .times = { 1 } }, { .name = "b", .content = "hello" }, { .name = "c", .content = "" }, { .name = "d", .times = { 0 } } }, { "b", "c", "d", "a" }, false,
	  "3:1", "b 0 is not a capture (begins with \"hello\")\nc 0 is empty\nd 0 note it holds no packets\na 1\n" },
	{ "a directory: captures by content, in order of name; strangers, hidden files and directories passed over",
	  { { .name = "d/" }, { .name = "d/z", .times = { 1 } }, { .name = "d/b.txt", .times = { 3 } }, { .name = "d/notes", .content = "hello" },
	    { .name = "d/.hidden", .times = { 2 } }, { .name = "d/bad.pcap", .content = "hello" }, { .name = "d/e/" }, { .name = "d/e/f", .times = { 5 } } },
	  { "d" }, false, "2:1 0:1", "d/b.txt 1\nd/bad.pcap 0 is not a capture (begins with \"hello\")\nd/z 1\n" },
	{ "directories below, one of which leads back", { { .name = "d/" }, { .name = "d/z", .times = { 1 } }, { .name = "d/e/" }, { .name = "d/e/f", .times = { 5 } }, { .name = "d/e/up", .link = ".." } },
	  { "d" }, true, "1:1 0:1", "d/e/f 1\nd/z 1\n" },
	{ "a directory given with a file of it", { { .name = "d/" }, { .name = "d/a", .times = { 1 } }, { .name = "d/b", .times = { 2 } } }, { "d/b", "d" }, false, "1:1 0:1",
	  "d/b 1 note was given more than once and was read once\nd/a 1\n" },
	{ "a directory without captures", { { .name = "d/" }, { .name = "d/notes", .content = "hello" }, { .name = "d/e/" } }, { "d" }, false, "",
	  "d 0 holds no captures; the directories below it were not searched\n" },
};

static const char *below(const struct scratch *dir, const char *name, char path[static 256])
{
	snprintf(path, 256, "%s/%s", dir->directory, name);
	return path;
}

static void give(struct scratch *dir, const struct given *g)
{
	char path[256];
	struct text file = { 0 };
	below(dir, g->name, path);
	if (g->link) {
		assert_int_equal(symlink(g->link, path), 0);
	} else if (path[strlen(path) - 1] == '/') {
		assert_int_equal(mkdir(path, 0700), 0);
	} else if (g->content) {
		scratch_file(dir, g->name, bytes_of(g->content), path);
	} else {
		pcap_header(&file, 0xa1b2c3d4, 1, false);
		for (size_t i = 0; g->times[i]; i++)
			pcap_record(&file, g->times[i], 0, B("octets"), 6, false);
		scratch_file(dir, g->name, text_view(&file), path);
	}
	text_free(&file);
}

/* Adds a sentence with the scratch directory's path taken out. */
static void add_short(struct text *t, const char *sentence, const char *directory, const char *own)
{
	size_t n = strlen(directory) + 1, named = n + strlen(own) + 1;
	if (strncmp(sentence, directory, n - 1) == 0 && strncmp(sentence + n, own, strlen(own)) == 0 && sentence[named - 1] == ' ')
		sentence += strstr(sentence, " is the same file") ? 0 : named;
	for (const char *at; (at = strstr(sentence, directory)); sentence = at + n)
		text_add(t, (struct bytes){ (const uint8_t *)sentence, (size_t)(at - sentence) });
	text_add_string(t, sentence);
}

static void tell(struct text *t, const struct capture *c, const char *directory)
{
	const char *own = c->path + strlen(directory) + 1;
	text_addf(t, "%s %llu", own, (unsigned long long)c->packets);
	if (c->clock_steps_back)
		text_addf(t, " steps %llu", (unsigned long long)c->clock_steps_back);
	if (c->trouble) {
		text_add_octet(t, ' ');
		add_short(t, c->trouble, directory, own);
	}
	if (c->note) {
		text_add_string(t, " note ");
		add_short(t, c->note, directory, own);
	}
	text_add_octet(t, '\n');
}

static void in_order(void **state)
{
	const struct kase *k = *state;
	struct scratch dir = scratch_new();
	struct timeline *t = timeline_new((struct timeline_options){ .recurse = k->recurse });
	struct text order = { 0 }, told = { 0 };
	struct frame f;
	char path[256];
	for (size_t i = 0; i < 8 && k->files[i].name; i++)
		give(&dir, &k->files[i]);
	for (size_t i = 0; i < 8 && k->add[i]; i++)
		timeline_add(t, below(&dir, k->add[i], path));
	for (uint64_t ordinal = 1; timeline_next(t, &f); ordinal++) {
		text_addf(&order, "%s%u:%u", order.n ? " " : "", f.file, f.number);
		assert_int_equal(f.ordinal, ordinal);
		assert_true(bytes_equal(f.bytes, B("octets")));
	}
	assert_false(timeline_next(t, &f));
	for (size_t i = 0; i < timeline_count(t); i++)
		tell(&told, timeline_capture(t, i), dir.directory);
	assert_string_equal(order.n ? order.p : "", k->order);
	assert_string_equal(told.p, k->told);
	assert_int_equal(timeline_bytes_read(t), timeline_bytes_total(t));
	text_free(&order);
	text_free(&told);
	timeline_free(t);
	scratch_free(&dir);
}

/* ---- what does not fit into the table ---- */

static void missing(void)
{
	struct timeline *t = timeline_new((struct timeline_options){ 0 });
	struct error error = { 0 };
	struct frame frame;
	timeline_add(t, "/nonexistent/x.pcap"); /* the others are read all the same */
	assert_int_equal(error.kind, ERROR_NONE);
	assert_false(timeline_next(t, &frame));
	assert_int_equal(timeline_count(t), 1);
	assert_non_null(strstr(timeline_capture(t, 0)->trouble, "/nonexistent/x.pcap cannot be read"));
	timeline_free(t);
}

/* 300 files that all overlap, with room for 100 open ones. */
static void many_with(rlim_t descriptors)
{
	enum { FILES = 300, PACKETS = 40 };
	struct scratch dir = scratch_new();
	struct rlimit old, few;
	getrlimit(RLIMIT_NOFILE, &old);
	few = old;
	few.rlim_cur = descriptors;
	setrlimit(RLIMIT_NOFILE, &few);
	struct timeline *t = timeline_new((struct timeline_options){ 0 });
	struct frame f;
	uint8_t large[1400] = { 0 };
	uint64_t frames = 0;
	int64_t last = 0;
	for (uint32_t i = 0; i < FILES; i++) {
		struct text file = { 0 };
		char name[32], path[256];
		pcap_header(&file, 0xa1b2c3d4, 1, false);
		for (uint32_t p = 0; p < PACKETS; p++)
			pcap_record(&file, 1000 + p * FILES + i * 7 % FILES, 0, (struct bytes){ large, sizeof large }, 1500, false);
		snprintf(name, sizeof name, "f%u", i);
		scratch_file(&dir, name, text_view(&file), path);
		timeline_add(t, path);
		text_free(&file);
	}
	for (; timeline_next(t, &f); frames++) {
		assert_true(f.time >= last);
		last = f.time;
	}
	setrlimit(RLIMIT_NOFILE, &old);
	assert_int_equal(frames, FILES * PACKETS);
	for (size_t i = 0; i < FILES; i++)
		assert_null(timeline_capture(t, i)->trouble);
	timeline_free(t);
	scratch_free(&dir);
}

static void many(void) { many_with(100); }
static void many_with_few(void) { many_with(20); }

static void piped(void)
{
	struct scratch dir = scratch_new();
	struct text file = { 0 };
	char path[256];
	struct frame f;
	int ends[2], saved = dup(STDIN_FILENO);
	pcap_header(&file, 0xa1b2c3d4, 1, false);
	pcap_record(&file, 10, 0, B("octets"), 6, false);
	pcap_record(&file, 30, 0, B("octets"), 6, false);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], file.p, file.n), file.n);
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	give(&dir, &(struct given){ .name = "a", .times = { 20 } });
	struct timeline *t = timeline_new((struct timeline_options){ 0 });
	timeline_add(t, "-");
	timeline_add(t, below(&dir, "a", path));
	timeline_add(t, "-");
	assert_int_equal(timeline_count(t), 2);
	assert_true(timeline_next(t, &f) && f.file == 0 && f.number == 1);
	assert_true(timeline_next(t, &f) && f.file == 1 && f.number == 1);
	assert_true(timeline_next(t, &f) && f.file == 0 && f.number == 2);
	assert_false(timeline_next(t, &f));
	assert_int_equal(timeline_bytes_total(t), 0);
	timeline_free(t);
	dup2(saved, STDIN_FILENO);
	close(saved);
	text_free(&file);
	scratch_free(&dir);
}

/* Ethernet, IPv4, TCP to the port; the fields that a filter looks at. */
static void segment(struct text *t, uint16_t port)
{
	text_clear(t);
	text_add(t, B("\0\0\0\0\0\1\0\0\0\0\0\2\10\0\x45\0\0\x28\0\0\x40\0\x40\6\0\0\xc0\0\2\1\xc0\0\2\2\xc0\0"));
	file_u16(t, port, true);
	text_add(t, B("\0\0\0\0\0\0\0\0\x50\2\0\0\0\0\0\0"));
}

static void filtered(void)
{
	struct scratch dir = scratch_new();
	struct text file = { 0 }, packet = { 0 };
	char path[256];
	struct frame f;
	struct error error = { 0 };
	pcapng_section(&file, false);
	pcapng_interface(&file, 1, 0, B(""), false);
	pcapng_interface(&file, 60000, 0, B(""), false);
	for (uint16_t port = 24; port < 27; port++) {
		segment(&packet, port);
		pcapng_packet(&file, 0, port, text_view(&packet), 54, false);
		pcapng_packet(&file, 1, port, text_view(&packet), 54, false);
	}
	scratch_file(&dir, "a", text_view(&file), path);
	struct timeline *t = timeline_new((struct timeline_options){ .filter = "tcp dst port 25" });
	timeline_add(t, path);
	assert_true(timeline_next(t, &f) && f.number == 3 && f.ordinal == 1);
	assert_false(timeline_next(t, &f));
	const struct capture *c = timeline_capture(t, 0);
	assert_true(c->packets == 1 && c->bytes == 54 && c->trouble && strstr(c->trouble, "60000"));
	timeline_free(t);
	assert_true(timeline_filter_check("tcp port 25", &error));
	assert_true(timeline_filter_check("type data", &error)); /* 802.11 alone */
	assert_false(timeline_filter_check("tcp prot 25", &error));
	assert_int_equal(error.kind, ERROR_USAGE);
	text_free(&file);
	text_free(&packet);
	scratch_free(&dir);
}

static void accounted(void)
{
	struct scratch dir = scratch_new();
	struct text file = { 0 };
	char path[256];
	struct frame f;
	pcapng_section(&file, false);
	pcapng_interface(&file, 1, 96, B(""), false);
	pcapng_interface(&file, 101, 128, B(""), false);
	pcapng_packet(&file, 0, 5000000, B("octets"), 60, false);
	pcapng_packet(&file, 1, 6000000, B("octets"), 6, false);
	pcapng_packet(&file, 1, 7000000, B("octets"), 6, false);
	scratch_file(&dir, "a", bytes_first(text_view(&file), file.n - 5), path);
	struct timeline *t = timeline_new((struct timeline_options){ 0 });
	timeline_add(t, path);
	assert_true(timeline_next(t, &f) && f.linktype == 1 && f.wire_length == 60);
	assert_true(timeline_next(t, &f) && f.linktype == 101);
	assert_false(timeline_next(t, &f));
	const struct capture *c = timeline_capture(t, 0);
	assert_string_equal(c->format, "pcapng");
	assert_true(c->linktype == 1 && c->mixed_linktypes && c->packets == 2 && c->bytes == 12 && c->size == file.n - 5);
	assert_true(c->snaplen == 128 && c->first_time == 5000000000 && c->last_time == 6000000000 && c->cut && c->cut_packets == 1);
	assert_non_null(strstr(c->trouble, "ends in the middle of block 6, after packet 2"));
	timeline_free(t);
	text_free(&file);
	scratch_free(&dir);
}

static const struct other {
	const char *name;
	void (*run)(void);
} others[] = {
	{ "a file that does not exist", missing },
	{ "300 files that overlap, 100 descriptors", many },
	{ "300 files that overlap, 20 descriptors", many_with_few },
	{ "standard input, once, in time with a file", piped },
	{ "a filter, over two link types", filtered },
	{ "a file's account", accounted },
};

static void run_other(void **state)
{
	const struct other *other = *state;
	other->run();
}

int main(void)
{
	int failed = TABLE_RUN("order", cases, in_order);
	failed += TABLE_RUN("others", others, run_other);
	return failed != 0;
}
