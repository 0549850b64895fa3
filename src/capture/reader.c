/* reader.c - finds the format of a file and reads its frames. Takes a path, gives frames; keeps the first trouble as a sentence. */
#include "capture/reader.h"

#include "base/arena.h"
#include "capture/format.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

uint32_t linktype_most(int linktype)
{
	/* libpcap, max_snaplen_for_dlt(): DBUS, EBHSCR, USB_LINUX, USB_LINUX_MMAPPED, USBPCAP, USB_2_0 */
	static const struct most {
		int linktype;
		uint32_t most;
	} most[] = {
		{ 231, 128 * 1024 * 1024 }, { 279, 8 * 1024 * 1024 },   { 189, 128 * 1024 * 1024 },
		{ 220, 128 * 1024 * 1024 }, { 249, 128 * 1024 * 1024 }, { 288, 128 * 1024 * 1024 },
	};
	for (size_t i = 0; i < sizeof most / sizeof *most; i++)
		if (most[i].linktype == linktype)
			return most[i].most;
	return FRAME_MOST;
}

/* ---- trouble ---- */

static void sentence(struct reader *r, const char *format, va_list arguments)
{
	char words[400];
	if (r->trouble.n)
		return;
	vsnprintf(words, sizeof words, format, arguments);
	text_addf(&r->trouble, "%s %s", r->path, words);
}

void reader_trouble(struct reader *r, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	sentence(r, format, arguments);
	va_end(arguments);
}

void reader_cut(struct reader *r, const char *format, ...)
{
	char where[100];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(where, sizeof where, format, arguments);
	va_end(arguments);
	r->cut = true;
	if (r->source->trouble.n) /* the packing is damaged or cut: that is the cause */
		reader_trouble(r, "%s, in the middle of %s; what is before it was read", r->source->trouble.p, where);
	else
		reader_trouble(r, "ends in the middle of %s; what is before it was read", where);
}

/* ---- what is no capture ---- */

struct stranger {
	size_t offset;
	struct bytes magic;
	const char *what;
};

static const struct stranger strangers[] = {
	{ 0, B("snoop\0\0\0"), "a snoop file; turn it into pcapng with \"editcap\"" },
	{ 0, B("#!AIX"), "an iptrace file; turn it into pcapng with \"editcap\"" },
	{ 0, B("iptrace "), "an iptrace file; turn it into pcapng with \"editcap\"" },
	{ 0, B("RTSS"), "a Network Monitor file; turn it into pcapng with \"editcap\"" },
	{ 0, B("GMBU"), "a Network Monitor file; turn it into pcapng with \"editcap\"" },
	{ 0, B("TRSNIFF data"), "a Sniffer file; turn it into pcapng with \"editcap\"" },
	{ 0, B("PK\x03\x04"), "a zip archive; unpack it first" },
	{ 0, B("7z\xbc\xaf\x27\x1c"), "a 7-Zip archive; unpack it first" },
	{ 0, B("Rar!\x1a\x07"), "a RAR archive; unpack it first" },
	{ 257, B("ustar"), "a tar archive; unpack it first" },
	{ 0, B("SQLite format 3"), "a SQLite database" },
};

static void no_capture(struct reader *r)
{
	(void)source_fill(r->source, 512);
	struct bytes head = r->source->ready;
	if (head.n == 0 && r->source->trouble.n) {
		reader_trouble(r, "%s", r->source->trouble.p);
		r->cut = r->source->cut;
		return;
	}
	if (head.n == 0) {
		reader_trouble(r, source_packing(r->source) ? "is empty once it is unpacked" : "is empty");
		return;
	}
	for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
		if (bytes_starts(bytes_from(head, strangers[i].offset), strangers[i].magic)) {
			reader_trouble(r, "is not a capture: it is %s", strangers[i].what);
			return;
		}
	}
	struct text beginning = { 0 };
	text_add_c(&beginning, head, 16);
	reader_trouble(r, "is not a capture (begins with \"%s\")", beginning.p);
	text_free(&beginning);
}

/* ---- frames ---- */

struct reader *reader_open(const char *path, struct source_options options)
{
	static const struct format *const formats[] = { &pcap_format, &pcapng_format, &libpcap_format };
	struct reader *r = memory_new(1, sizeof *r);
	r->path = path;
	r->linktype = -1;
	r->source = source_open(path, options);
	for (size_t i = 0; i < sizeof formats / sizeof *formats && !r->format && r->trouble.n == 0; i++)
		if (formats[i]->open(r))
			r->format = formats[i];
	if (!r->format)
		no_capture(r);
	return r;
}

static bool ended(struct reader *r)
{
	if (r->source->trouble.n) {
		r->cut |= r->source->cut;
		reader_trouble(r, "%s after packet %u; what is before it was read", r->source->trouble.p, r->number);
	}
	return false;
}

bool reader_next(struct reader *r, struct frame *frame)
{
	if (!r->format)
		return false;
	if (!r->format->next(r, frame))
		return ended(r);
	frame->number = ++r->number;
	if (frame->wire_length < frame->bytes.n)
		frame->wire_length = (uint32_t)frame->bytes.n;
	if (r->linktype < 0)
		r->linktype = frame->linktype;
	return true;
}

void reader_close(struct reader *r)
{
	if (!r)
		return;
	if (r->format)
		r->format->close(r);
	source_close(r->source);
	text_free(&r->trouble);
	free(r);
}
