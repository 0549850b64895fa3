/* timeline_add.c - takes paths, gives inputs of the timeline: a file once, however often it is named; of a directory what begins like a
 * capture. Reads nothing but beginnings. */
#include "capture/timeline_inside.h"

#include "base/text.h"
#include "capture/found.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static struct input *input_new(struct timeline *t, const char *path, bool regular)
{
	struct input *in = ARENA_NEW(&t->arena, struct input);
	in->capture.path = timeline_keep(t, path);
	in->capture.linktype = -1;
	in->regular = regular;
	return in;
}

static struct input *input_add(struct timeline *t, struct input *in)
{
	if (t->count == t->room) {
		t->room = t->room ? t->room * 2 : 64;
		t->inputs = memory_grow(t->inputs, t->room, sizeof *t->inputs);
	}
	in->index = (uint32_t)t->count;
	t->inputs[t->count++] = in;
	return in;
}

struct identity {
	uint64_t device, inode;
};

static struct bytes identity_key(const struct identity *identity)
{
	return (struct bytes){ (const uint8_t *)identity, sizeof *identity };
}

/* The input that is the same file; it is told so. */
static bool was_added(struct timeline *t, const struct identity *identity, const char *path)
{
	void **slot = map_get(&t->seen, identity_key(identity));
	if (!slot)
		return false;
	struct input *first = *slot;
	struct text note = { 0 };
	if (strcmp(path, first->capture.path) == 0)
		text_addf(&note, "%s was given more than once and was read once", path);
	else
		text_addf(&note, "%s is the same file as %s and was read once", path, first->capture.path);
	if (!first->capture.note)
		first->capture.note = timeline_keep(t, note.p);
	text_free(&note);
	return true;
}

static bool is_known(const struct timeline *t, const char *path)
{
	return t->options.known && t->options.known(t->options.to, path);
}

/* ---- directories ---- */

static bool is_named_like_a_capture(const char *path)
{
	static const struct bytes endings[] = { B(".pcap"), B(".pcapng"), B(".cap"), B(".pcap.gz"), B(".pcapng.gz"), B(".pcap.zst"), B(".pcapng.zst"), B(".dmp") };
	struct bytes name = bytes_of(path);
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		if (name.n > endings[i].n && bytes_is(bytes_from(name, name.n - endings[i].n), endings[i]))
			return true;
	return false;
}

/* A file of a directory: kept when it begins like a capture, or when leaving it out could hide something. */
static bool member_add(struct timeline *t, const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return false;
	struct identity identity = { (uint64_t)st.st_dev, (uint64_t)st.st_ino };
	if (was_added(t, &identity, path) || is_known(t, path))
		return true;
	struct input *in = input_new(t, path, true);
	uint64_t before = t->bytes_done;
	input_place(t, in);
	if (!in->capture.format && !in->capture.cut && !is_named_like_a_capture(path) && in->capture.size) {
		t->bytes_done = before;
		return false;
	}
	*map_put(&t->seen, identity_key(&identity)) = input_add(t, in);
	return true;
}

static void directory_add(struct timeline *t, const char *path)
{
	struct error error = { 0 };
	struct found found = { 0 };
	struct text sentence = { 0 };
	size_t captures = 0;
	bool listed = found_in(&found, path, t->options.recurse, &error);
	for (size_t i = 0; i < found.count; i++)
		captures += member_add(t, found.paths[i]);
	if (!listed)
		text_add_string(&sentence, error.sentence);
	else if (found.unlisted)
		text_addf(&sentence, "%s could not be listed; the captures in it were not read", found.unlisted);
	else if (captures == 0)
		text_addf(&sentence, "%s holds no captures%s", path, found.below ? "; the directories below it were not searched" : "");
	if (sentence.n) { /* "nothing there" and "could not look" must not pass in silence */
		struct input *in = input_add(t, input_new(t, found.unlisted ? found.unlisted : path, true));
		in->placed = true;
		input_trouble(t, in, sentence.p);
	}
	text_free(&sentence);
	found_free(&found);
}

void timeline_add(struct timeline *t, const char *path)
{
	struct stat st = { 0 };
	bool is_stdin = strcmp(path, "-") == 0;
	if (!is_stdin && stat(path, &st) != 0) { /* the rest is read all the same, and the report names this one */
		struct text sentence = { 0 };
		struct input *in = input_add(t, input_new(t, path, false));
		text_addf(&sentence, "%s cannot be read: %s", path, strerror(errno));
		in->placed = true;
		input_trouble(t, in, sentence.p);
		text_free(&sentence);
		return;
	}
	if (!is_stdin && S_ISDIR(st.st_mode)) {
		directory_add(t, path);
		return;
	}
	struct identity identity = { (uint64_t)st.st_dev, (uint64_t)st.st_ino };
	if (was_added(t, &identity, path) || (!is_stdin && S_ISREG(st.st_mode) && is_known(t, path)))
		return;
	*map_put(&t->seen, identity_key(&identity)) = input_add(t, input_new(t, path, !is_stdin && S_ISREG(st.st_mode)));
}
