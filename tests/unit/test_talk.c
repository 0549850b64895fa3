/* test_talk.c - the talk's own language: escapes, joined lines, holes, second copies, ends; and what the session notes of them. */
#include "support/table.h"
#include "support/talk.h"

#include "base/text.h"
#include "smtp/dialogue.h"

static const struct kase { const char *name, *talk, *want; } cases[] = {
	{ "frames are numbered by segment", "S: 220 a\nC: NOOP\nC+: NOOP\nS: 250 b\n", "0/1 2/3 2/- | " },
	{ "escapes", "S: 220 a\nC: \\x4eOOP\\t\nS: 250 b\n", "0/1 2/3 | " },
	{ "a line that goes on", "S: 220 a\nC: NO\\\nC: OP\nS: 250 b\n", "0/1 2/4 | " },
	{ "a hole of the server's", "S: 220 a\nC: NOOP\nS-: 20\nC: NOOP\nS: 250 b\n", "0/1 2/- 4/5 | gap:20 resync:0 " },
	{ "a hole of the client's", "S: 220 a\nC-: 30\nS: 250 b\nC: NOOP\nS: 250 c\n", "0/1 0/3 4/5 | gap:30 resync:0 " },
	{ "a second copy", "S: 220 a\nC!: STARTTLS | XXXXXXXX\nS: 500 b\n", "0/1 2/4 | overlap:0 " },
	{ "a reset", "S: 220 a\nS.: RST\n", "0/1 | reset:0 " },
	{ "a bare LF", "S: 220 a\nC: NOOP\\n\\\nS: 250 b\n", "0/1 2/3 | newline:0 " },
	{ "talk before the greeting", "C: NOOP\nS: 220 a\nS: 250 b\n", "0/2 1/3 | early:0 " },
};

static const char *note_name(enum note_kind kind)
{
	static const char *const names[] = {
		[NOTE_OVERLAP] = "overlap", [NOTE_GAP] = "gap", [NOTE_EARLY_TALK] = "early", [NOTE_LINE_TOO_LONG] = "long",
		[NOTE_BARE_NEWLINE] = "newline", [NOTE_BEHIND_STARTTLS] = "behind", [NOTE_RESET] = "reset", [NOTE_NOT_SMTP] = "other",
		[NOTE_RESYNC] = "resync", [NOTE_PROXY_LINE] = "proxy", [NOTE_SECOND_GREETING] = "greeting", [NOTE_ALTERED_TAIL] = "tail",
	};
	return names[kind];
}

static void told(void **state)
{
	const struct kase *k = *state;
	struct session *s = talk_session(k->talk, 0);
	struct text out = { 0 };
	assert_non_null(s);
	for (const struct exchange *e = s->first; e; e = e->next) {
		text_addf(&out, "%u/", e->command.line.first.number);
		text_addf(&out, e->answered ? "%u " : "- ", e->reply.first.number);
	}
	text_add_string(&out, "| ");
	for (const struct note *n = s->notes; n; n = n->next)
		text_addf(&out, "%s:%u ", note_name(n->kind), (unsigned)n->number);
	assert_string_equal((const char *)text_view(&out).p, k->want);
	text_free(&out);
	session_free(s);
}

int main(void)
{
	return TABLE_RUN("talks", cases, told) != 0;
}
