/* codec - one kind of packing a row.
 * In:    packed octets in pieces of any size.
 * Out:   unpacked octets; the end of each member (packers may be run one after the other into one file).
 * Never: reads or writes a file. */
#ifndef SMTPWHY_CAPTURE_CODEC_H
#define SMTPWHY_CAPTURE_CODEC_H

#include "base/bytes.h"

struct space {
	uint8_t *p;
	size_t n;
};

enum codec_state {
	CODEC_MORE,    /* wants more input, or more space */
	CODEC_END,     /* the member is complete */
	CODEC_DAMAGED,
	CODEC_TOO_LARGE, /* asks for more memory than an unpacker is given */
};

struct codec {
	const char *name;
	bool (*begins)(struct bytes head); /* a member starts here */
	void *(*open)(void);               /* NULL: no memory */
	enum codec_state (*step)(void *unpacker, struct bytes *in, struct space *out); /* both lose what was used at their front */
	void (*close)(void *unpacker);
};

enum { CODEC_MAGIC = 10 }; /* octets that tell any codec from the others */

const struct codec *codec_of(struct bytes head); /* NULL: not packed */

#endif
