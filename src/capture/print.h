/* print - what a file holds, in a few octets: its size, and a hash of its first and last 64 KiB.
 * In:    the path of a regular file.
 * Out:   text that is the same for the same content, whatever the file is called.
 * Never: reads a file whole. A capture that grew has another print; one whose middle alone was changed has the same. */
#ifndef SMTPWHY_CAPTURE_PRINT_H
#define SMTPWHY_CAPTURE_PRINT_H

#include <stdbool.h>

enum { PRINT_ROOM = 48 };

bool print_of(const char *path, char print[PRINT_ROOM]); /* false: no regular file, or it cannot be read */

#endif
