/* linktype - the numbers of files (LINKTYPE_) and those of libpcap (DLT_), which differ for a few.
 * In:    a number of the one kind.
 * Out:   that of the other, as libpcap itself translates it when it reads and writes files, so that no list is kept here. */
#ifndef SMTPWHY_CAPTURE_LINKTYPE_H
#define SMTPWHY_CAPTURE_LINKTYPE_H

#include <pcap.h>

int linktype_of_dlt(int dlt);       /* -1: libpcap has no number for it */
pcap_t *linktype_pcap(int linktype); /* a pcap_t of that link type to compile filters for; the caller closes it. NULL: none */

#endif
