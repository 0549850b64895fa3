/* scratch - files of a test, and captures written octet by octet.
 * Lives: a directory until scratch_free, which removes it with all that is in it. */
#ifndef SMTPWHY_TESTS_SCRATCH_H
#define SMTPWHY_TESTS_SCRATCH_H

#include "base/text.h"

struct scratch {
	char directory[64];
};

struct scratch scratch_new(void);
/* Writes a file and gives its path, which lives until the next call. */
const char *scratch_file(struct scratch *, const char *name, struct bytes content, char path[static 256]);
void scratch_free(struct scratch *);

/* Captures; big: in big-endian order. */
void file_u16(struct text *, uint16_t, bool big);
void file_u32(struct text *, uint32_t, bool big);
void pcap_header(struct text *, uint32_t magic, uint32_t linktype, bool big);
void pcap_record(struct text *, uint32_t seconds, uint32_t fraction, struct bytes data, uint32_t wire, bool big);
void pcapng_block(struct text *, uint32_t type, struct bytes body, bool big);
void pcapng_section(struct text *, bool big);
void pcapng_interface(struct text *, uint16_t linktype, uint32_t snaplen, struct bytes options, bool big);
void pcapng_packet(struct text *, uint32_t interface, uint64_t stamp, struct bytes data, uint32_t wire, bool big);

#endif
