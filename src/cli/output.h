/* output - a file that a command writes: all of it, or what stood there before.
 * In:    a path, the octets, and how files of this kind begin.
 * Out:   the file, renamed into place when it is complete.
 * Never: leaves half a file, changes one that it could not replace, or replaces one of another kind: who types the name of a capture
 *        in the place of the page keeps the capture. */
#ifndef SMTPWHY_CLI_OUTPUT_H
#define SMTPWHY_CLI_OUTPUT_H

#include "base/error.h"
#include "base/text.h"

bool output_replace(const char *path, struct bytes, struct bytes beginning, struct error *);

#endif
