/* fuzz_veil.c - any octets through every form of the veil: the place that is followed stays inside, no mailbox comes out as it went in. */
#include "store/veil.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A name that no word list has, put where the octets ask for it. */
#define SECRET B("<Qvxzjk.Wqpfhg@Zzqxjv.Kwvbnq>")

static void one(struct veil *veil, enum veil_form form, struct bytes input, size_t at)
{
	struct text line = { 0 }, out = { 0 };
	size_t followed = at;
	text_add(&line, bytes_first(input, at));
	text_add(&line, SECRET);
	text_add(&line, bytes_from(input, at));
	veil_text(veil, form, text_view(&line), &out, &followed);
	if (followed > out.n || bytes_find(text_view(&out), B("Qvxzjk.Wqpfhg")) != BYTES_NONE || bytes_find(text_view(&out), B("Zzqxjv.Kwvbnq")) != BYTES_NONE)
		abort();
	text_free(&line);
	text_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error error = { 0 };
	struct veil *veil = veil_new("/proc/self/exe", &error); /* any file that stays the same */
	if (!veil)
		return 0;
	struct bytes input = { data, size < 512 ? size : 512 };
	veil_learn(veil, VEIL_LINE, input);
	veil_learn_verb(veil, input);
	for (int form = 0; form < VEIL_FORMS; form++)
		if (form != VEIL_OURS) /* its quoted end is ours, not the wire's */
			one(veil, (enum veil_form)form, input, size ? data[0] % (input.n + 1) : 0);
	veil_free(veil);
	return 0;
}
