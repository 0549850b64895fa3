/* readloop.c - the yardstick: a loop that calls pcap_next_ex and nothing else. */
#include <pcap.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char trouble[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *data;
	unsigned long long packets = 0, octets = 0;
	pcap_t *p = argc == 2 ? pcap_open_offline(argv[1], trouble) : NULL;
	if (!p) {
		fprintf(stderr, "readloop: %s\n", argc == 2 ? trouble : "usage: readloop CAPTURE");
		return 1;
	}
	while (pcap_next_ex(p, &header, &data) == 1) {
		packets++;
		octets += header->caplen;
	}
	pcap_close(p);
	printf("%llu %llu\n", packets, octets);
	return 0;
}
