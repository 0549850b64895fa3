/* test_raise.c - ids in JSON columns grow, all else stays; a column that is not made as ours is refused at every cut. */
#include "store/raise.h"

#include "support/guard.h"
#include "support/table.h"

#include <stdio.h>

static const struct kase {
	const char *name;
	enum raise_column column;
	const char *json, *raised; /* by 1000 for texts, 20 for captures; NULL: refused */
} cases[] = {
	{ "no proofs", RAISE_PROOFS, "[]", "[]" },
	{ "told by the row", RAISE_PROOFS, "[17,-18]", "[1017,-1018]" },
	{ "a proof of its own", RAISE_PROOFS, "[[1,148,1,10,11],12]", "[[21,148,1,1010,1011],1012]" },
	{ "of no capture, with its text", RAISE_PROOFS, "[[0,0,0,\"a \\\"b\\\" [1,2]\\\\\",5]]", "[[0,0,0,\"a \\\"b\\\" [1,2]\\\\\",1005]]" },
	{ "the text of the command, and of the reply", RAISE_PROOFS, "[[2,7,0,0,3],[2,8,1,-1,4]]", "[[22,7,0,0,1003],[22,8,1,-1,1004]]" },
	{ "no lines", RAISE_LADDER, "[]", "[]" },
	{ "lines of errors", RAISE_LADDER, "[-1,1,12]", "[-1,1,12]" },
	{ "a line and its text", RAISE_LADDER, "[[2,0,77,14279,\"EHLO a, b\"]]", "[[2,0,77,14279,\"EHLO a, b\"]]" },
	{ "a line whose text has an id", RAISE_LADDER, "[[2,1,158,22569,44],[1,1,43,8861,0],[3,0,5,6,-1,64]]", "[[2,1,158,22569,1044],[1,1,43,8861,0],[3,0,5,6,-1,64]]" },
	{ "a line whose tail has one", RAISE_LADDER, "[[2,1,158,2,[\"250-mx\",44],4]]", "[[2,1,158,2,[\"250-mx\",1044],4]]" },
	{ "a line of another capture", RAISE_LADDER, "[[2,1,158,2,9,128,3],[2,1,158,2,\"x\",0,0]]", "[[2,1,158,2,1009,128,23],[2,1,158,2,\"x\",0,0]]" },
	{ "times before the first frame", RAISE_LADDER, "[[2,1,-3,-22,9]]", "[[2,1,-3,-22,1009]]" },
	{ "nothing", RAISE_PROOFS, "", NULL },
	{ "no list", RAISE_PROOFS, "12", NULL },
	{ "more behind it", RAISE_PROOFS, "[12]]", NULL },
	{ "nothing behind a comma", RAISE_PROOFS, "[12,]", NULL },
	{ "no comma", RAISE_PROOFS, "[12\"a\"]", NULL },
	{ "an object", RAISE_PROOFS, "[{\"a\":1}]", NULL },
	{ "too deep", RAISE_LADDER, "[[1,2,3,4,[5,[6]]]]", NULL },
	{ "a number that is none", RAISE_PROOFS, "[-]", NULL },
	{ "a number too long", RAISE_PROOFS, "[99999999999999999999]", NULL },
	{ "a fraction", RAISE_PROOFS, "[1.5]", NULL },
	{ "a string that ends in an escape", RAISE_PROOFS, "[[1,1,1,\"a\\", NULL },
};

static void raises(void **state)
{
	const struct kase *k = *state;
	struct bytes all = bytes_of(k->json);
	for (size_t n = k->raised ? 0 : all.n; n <= all.n; n++) {
		struct text out = { 0 };
		struct guard g = guarded(bytes_first(all, n));
		bool done = raise_ids(&out, g.bytes, k->column, (struct raise){ 1000, 20 });
		assert_int_equal(done, n == all.n && k->raised);
		if (done)
			assert_string_equal(out.p, k->raised);
		guard_free(&g);
		text_free(&out);
	}
}

int main(void)
{
	return TABLE_RUN("raised ids", cases, raises);
}
