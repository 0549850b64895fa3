/* libpcap_file.c - what our own readers do not know, through libpcap. Takes octets (unpacked already), gives frames with LINKTYPE_
 * numbers. */
#define _GNU_SOURCE
#include "capture/format.h"

#include "base/arena.h"
#include "capture/fields.h"
#include "capture/linktype.h"

#include <pcap.h>
#include <stdlib.h>
#include <string.h>

struct libpcap_state {
	pcap_t *pcap;
	int linktype;
};

static ssize_t cookie_read(void *cookie, char *to, size_t n)
{
	struct source *s = cookie;
	if (!source_has(s, 1))
		return 0;
	size_t step = s->ready.n < n ? s->ready.n : n;
	memcpy(to, s->ready.p, step);
	source_take(s, step);
	return (ssize_t)step;
}

/* libpcap takes octets before it knows the format, so it is asked only where they begin with one of its magics (sf-pcap.c): the usual
 * two in another version, Kuznetzov's, Esquire's and Navtel's variants. Its pcapng reader has nothing that ours lacks. */
static bool may_be(struct bytes head)
{
	static const uint32_t magics[] = { 0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34, 0xa1b234cd, 0xa12b3c4d };
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
		if (field_u32(head, 0, false) == magics[i] || field_u32(head, 0, true) == magics[i])
			return true;
	return false;
}

static bool libpcap_open(struct reader *r)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	(void)source_fill(r->source, 4);
	if (!may_be(r->source->ready))
		return false;
	FILE *file = fopencookie(r->source, "r", (cookie_io_functions_t){ .read = cookie_read });
	if (!file) {
		reader_trouble(r, "cannot be given to libpcap");
		return false;
	}
	pcap_t *pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!pcap) {
		fclose(file);
		reader_trouble(r, "is not a capture that can be read: %s", why);
		return false;
	}
	struct libpcap_state *state = r->state = memory_new(1, sizeof *state);
	state->pcap = pcap;
	state->linktype = linktype_of_dlt(pcap_datalink(pcap));
	r->format_name = "pcap (variant)";
	r->linktype = state->linktype;
	r->snaplen = (uint32_t)pcap_snapshot(pcap);
	return true;
}

static bool libpcap_next(struct reader *r, struct frame *frame)
{
	struct libpcap_state *state = r->state;
	struct pcap_pkthdr *header = NULL;
	const u_char *data = NULL;
	int status = pcap_next_ex(state->pcap, &header, &data);
	if (status == PCAP_ERROR && r->source->ended && r->source->ready.n == 0)
		reader_cut(r, "packet %u", r->number + 1);
	else if (status == PCAP_ERROR)
		reader_trouble(r, "is damaged at packet %u: %s", r->number + 1, pcap_geterr(state->pcap));
	if (status != 1)
		return false;
	frame->bytes = (struct bytes){ data, header->caplen };
	frame->wire_length = header->len;
	frame->linktype = state->linktype;
	frame->time = header->ts.tv_sec * NANOSECONDS + header->ts.tv_usec;
	return true;
}

static void libpcap_close(struct reader *r)
{
	struct libpcap_state *state = r->state;
	pcap_close(state->pcap);
	free(state);
}

const struct format libpcap_format = { libpcap_open, libpcap_next, libpcap_close };
