/* linktype.c - asks libpcap for the link type number it writes and reads, by way of a capture file in memory. */
#include "capture/linktype.h"

#include "capture/fields.h"
#include "capture/format.h"

#include <stdio.h>
#include <stdlib.h>

enum { HEADER = 24 };

int linktype_of_dlt(int dlt)
{
	char *written = NULL;
	size_t n = 0;
	int linktype = -1;
	pcap_t *pcap = pcap_open_dead(dlt, FRAME_MOST);
	FILE *memory = open_memstream(&written, &n);
	pcap_dumper_t *dumper = pcap && memory ? pcap_dump_fopen(pcap, memory) : NULL;
	if (dumper)
		pcap_dump_close(dumper);
	else if (memory)
		fclose(memory);
	if (dumper && n >= HEADER)
		linktype = (int)(field_u32((struct bytes){ (uint8_t *)written, n }, 20, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) & 0xffff);
	free(written);
	if (pcap)
		pcap_close(pcap);
	return linktype;
}

pcap_t *linktype_pcap(int linktype)
{
	char why[PCAP_ERRBUF_SIZE];
	/* magic, version 2.4, zone, accuracy, snaplen, link type, in the machine's own order */
	uint32_t header[HEADER / 4] = { 0xa1b2c3d4u, 0, 0, 0, FRAME_MOST, (uint32_t)linktype };
	const uint16_t version[2] = { 2, 4 };
	memcpy(&header[1], version, sizeof version);
	FILE *memory = fmemopen(header, sizeof header, "r");
	pcap_t *pcap = memory ? pcap_fopen_offline(memory, why) : NULL;
	if (!pcap && memory)
		fclose(memory);
	return pcap;
}
