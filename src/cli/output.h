/* output - a file that a command writes: all of it, or what stood there before.
 * In:    a path, and the octets.
 * Out:   the file, renamed into place when it is complete.
 * Never: leaves half a file, or changes one that it could not replace. */
#ifndef SMTPWHY_CLI_OUTPUT_H
#define SMTPWHY_CLI_OUTPUT_H

#include "base/error.h"
#include "base/text.h"

bool output_replace(const char *path, struct bytes, struct error *);

#endif
