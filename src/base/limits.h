/* limits - every cap on hostile input, with the reason for its size. Reaching one is a fact that is reported, never an error. */
#ifndef SMTPWHY_BASE_LIMITS_H
#define SMTPWHY_BASE_LIMITS_H

enum limits {
	/* smtp: RFC 5321 4.5.3.1.4 allows 512 octets a command line, extensions add some hundreds; AUTH lines may have 12,288
	 * (RFC 4954 4) but are not kept. 2,048 keeps any line that a diagnosis could quote. The excess is counted. */
	LIMIT_LINE = 2048,
	/* smtp: a reply keeps 4 KiB of text: EHLO replies of real servers stay under 1 KiB, policy texts under 2. */
	LIMIT_REPLY = 4096,
	/* smtp: commands in flight without a reply. Servers stop reading long before; Zeek uses 1,000 as well. */
	LIMIT_QUEUE = 1000,
	/* smtp: the window of exchanges a session keeps for its diagnosis, by memory. Beyond it, what is answered is diagnosed and dropped. */
	LIMIT_SESSION_MEMORY = 512 * 1024,
	/* smtp: 5xx replies of one session that are stored one by one; error ids have room for five digits. */
	LIMIT_ERRORS_PER_SESSION = 99999,
	/* store: octets of a triggering line that are kept (design: at most 1,000). */
	LIMIT_TRIGGER_LINE = 1000,
	/* why: lines of one direction that compare sets side by side: a message of some megabytes. Commands and replies beyond it
	 * are compared by their text, content is not. */
	LIMIT_TRANSCRIPT = 65536,
	/* flow: bytes after a hole, for each direction, until the hole is declared a gap. A receive window is rarely larger in mail. */
	LIMIT_OUT_OF_ORDER = 1024 * 1024,
	/* flow: waiting segments of one direction; a window of 1 MiB in full segments is 720, and the list is searched in order. */
	LIMIT_PIECES = 1024,
	/* flow: delivered bytes that are remembered to notice a retransmission with other bytes. */
	LIMIT_HISTORY = 2048,
	/* flow: packets of a connection for which data is held that acknowledges bytes not seen yet (captures that swap the two directions). */
	LIMIT_HOLD_PACKETS = 32,
	/* decode: encapsulations inside one frame. */
	LIMIT_TUNNEL_DEPTH = 8,
	/* decode: incomplete IP datagrams, and the bytes they hold in all. */
	LIMIT_FRAGMENTED = 1024,
	LIMIT_FRAGMENT_MEMORY = 16 * 1024 * 1024,
	/* capture: files open at once. Of more that overlap in time, each is opened for the moment of a read: the usual limit of a
	 * process is 1,024 descriptors, and the windows of 64 files are 16 MiB. */
	LIMIT_OPEN_CAPTURES = 64,
};

#endif
