/* timeline_inside - what the files of the timeline share: its inputs, and how one is placed.
 * Lives: with the timeline. */
#ifndef SMTPWHY_CAPTURE_TIMELINE_INSIDE_H
#define SMTPWHY_CAPTURE_TIMELINE_INSIDE_H

#include "base/map.h"
#include "capture/reader.h"
#include "capture/timeline.h"

struct input {
	struct capture capture;
	struct reader *reader; /* while its time has come, or a pipe that was placed and cannot be opened again */
	struct frame head;     /* the next one to come out */
	int64_t start;         /* time of the first frame, filtered out or not */
	uint32_t index;
	bool regular, placed, has_frames, waiting; /* waiting: head was read when the file was placed */
	/* A frame that seems misdated is judged by the one after it, and kept meanwhile. */
	struct frame after;
	uint8_t *kept;
	bool has_after, at_end, redated;
};

struct timeline {
	struct timeline_options options;
	struct filter *filter;
	struct arena arena;
	struct map seen; /* inputs by device and inode */
	struct input **inputs;
	size_t count, room;
	struct input **order; /* those with frames, by start; next is the first that is not open yet */
	size_t norder, next;
	struct input **heap; /* open ones, that with the earliest head on top */
	size_t nheap, open_most; /* of these, how many files stay open between two reads */
	struct input *lone; /* the only one whose frames still come out, with nothing held back of it; NULL: not so, or not known yet */
	bool started, came_out; /* came_out: the top's head was given out by the last timeline_next */
	uint64_t ordinal, bytes_done;
};

const char *timeline_keep(struct timeline *, const char *); /* a copy that lives with the timeline */
void input_trouble(struct timeline *, struct input *, const char *sentence); /* the first one stays */
void input_place(struct timeline *, struct input *);        /* reads its beginning: format, time of the first frame */

#endif
