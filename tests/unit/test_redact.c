/* test_redact.c - what is masked, what stays, and what is learned of an AUTH answer before it goes. */
#include "support/guard.h"
#include "support/table.h"

#include "smtp/redact.h"

#include <string.h>

static const struct line_case { const char *name, *line, *want; unsigned circumstances; } lines[] = {
	{ "AUTH keeps its mechanism", "AUTH PLAIN AGEAYg==", "AUTH PLAIN <redacted>", 0 },
	{ "auth in lower case", "auth plain AGEAYg==", "auth plain <redacted>", 0 },
	{ "AUTH without initial response", "AUTH LOGIN", "AUTH LOGIN", 0 },
	{ "AUTH with an empty initial response", "AUTH EXTERNAL =", "AUTH EXTERNAL =", 0 },
	{ "AUTH with the response where the mechanism belongs", "AUTH AGFsaWNlAHNlY3JldA==", "AUTH <redacted>", 0 },
	{ "AUTH with an unknown mechanism", "AUTH X-NEW-MECH c2VjcmV0", "AUTH X-NEW-MECH <redacted>", 0 },
	{ "AUTH misspelt", "ATUH PLAIN AGEAYg==", "ATUH PLAIN <redacted>", 0 },
	{ "AUTH overwritten in transit", "XXXX LOGIN c2VjcmV0", "XXXX LOGIN <redacted>", 0 },
	{ "POP3 USER", "USER alice", "USER <redacted>", 0 },
	{ "POP3 PASS", "PASS two words", "PASS <redacted>", 0 },
	{ "IMAP LOGIN", "a1 LOGIN alice secret", "a1 LOGIN <redacted>", 0 },
	{ "HTTP Authorization", "Authorization: Basic YTpi", "Authorization: <redacted>", 0 },
	{ "HTTP Cookie", "cookie: id=1", "cookie: <redacted>", 0 },
	{ "Authorization without a value", "Authorization:", "Authorization:", 0 },
	{ "URL with a password", "GET http://u:p4ssw@h.test/ HTTP/1.1", "GET http://<redacted>@h.test/ HTTP/1.1", 0 },
	{ "URL without one", "GET http://h.test/a@b HTTP/1.1", "GET http://h.test/a@b HTTP/1.1", 0 },
	{ "form with a password", "user=a&password=b&c=d", "user=a&password=<redacted>&c=d", 0 },
	{ "a word in base64 after AUTH", "c2VjcmV0", "<redacted>", NEAR_AUTH },
	{ "a short word without AUTH", "c2VjcmV0", "c2VjcmV0", 0 },
	{ "a long word in base64", "AGFsaWNlAHNlY3JldA==", "<redacted>", 0 },
	{ "a known verb after AUTH", "STARTTLS", "STARTTLS", NEAR_AUTH },
	{ "a filler run after AUTH", "XXXXXXXX", "XXXXXXXX", NEAR_AUTH },
	{ "MAIL with AUTH=", "MAIL FROM:<a@b.test> AUTH=<>", "MAIL FROM:<a@b.test> AUTH=<>", 0 },
	{ "MAIL stays", "MAIL FROM:<login@b.test>", "MAIL FROM:<login@b.test>", NEAR_AUTH },
	{ "RCPT stays", "RCPT TO:<pass@b.test>", "RCPT TO:<pass@b.test>", NEAR_AUTH },
	{ "an empty line", "", "", NEAR_AUTH },
};

static void line_is(void **state)
{
	const struct line_case *k = *state;
	struct arena arena = { 0 };
	struct secrets *secrets = NULL;
	bool masked;
	struct guard g = guarded(bytes_of(k->line));
	struct bytes got = redact_line(&arena, &secrets, g.bytes, k->circumstances, &masked);
	assert_int_equal(got.n, strlen(k->want));
	if (got.n)
		assert_memory_equal(got.p, k->want, got.n);
	assert_int_equal(masked, strcmp(k->line, k->want) != 0);
	guard_free(&g);
	secrets_free(secrets);
	arena_drop(&arena);
}

static const struct auth_case { const char *name, *answer; struct auth_facts want; } answers[] = {
	{ "PLAIN as it should be", "AGFsaWNlAHNlY3JldA==", { .seen = true, .base64 = true, .octets = 13, .nuls = 2 } },
	{ "PLAIN with one NUL", "YWxpY2UAc2VjcmV0", { .seen = true, .base64 = true, .octets = 12, .nuls = 1 } },
	{ "no base64", "alice:secret", { .seen = true } },
	{ "padding missing", "YWxpY2U", { .seen = true } },
	{ "empty", "", { .seen = true, .empty = true, .base64 = true } },
	{ "an empty initial response", "=", { .seen = true, .empty = true, .base64 = true } },
	{ "cancelled", "*", { .seen = true, .cancelled = true } },
	{ "CRAM-MD5", "YSAwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==",
	  { .seen = true, .base64 = true, .octets = 34, .has_word = true } },
	{ "CRAM-MD5 with a short digest", "YSAwMTIzNDU2Nzg5YWJjZGVm", { .seen = true, .base64 = true, .octets = 18 } },
};

static void facts_are(void **state)
{
	const struct auth_case *k = *state;
	struct guard g = guarded(bytes_of(k->answer));
	struct auth_facts got = redact_auth_facts(g.bytes);
	assert_int_equal(got.seen, k->want.seen);
	assert_int_equal(got.base64, k->want.base64);
	assert_int_equal(got.cancelled, k->want.cancelled);
	assert_int_equal(got.empty, k->want.empty);
	assert_int_equal(got.octets, k->want.octets);
	assert_int_equal(got.nuls, k->want.nuls);
	assert_int_equal(got.has_word, k->want.has_word);
	guard_free(&g);
}

static const struct echo_case { const char *name, *said, *reply, *want; } echoes[] = {
	{ "a reply quotes the word", "PASS hunter22", "500 bad: PASS hunter22", "500 bad: PASS <redacted>" },
	{ "in capitals", "PASS hunter22", "500 HUNTER22?", "500 <redacted>?" },
	{ "twice", "PASS hunter22", "hunter22 hunter22", "<redacted> <redacted>" },
	{ "a short word masks nothing", "PASS ok", "250 ok", "250 ok" },
	{ "the mask's own letters", "PASS redact", "<redacted> redact", "<redacted> redact" },
};

static void echo_is(void **state)
{
	const struct echo_case *k = *state;
	struct arena arena = { 0 };
	struct secrets *secrets = NULL;
	bool masked;
	(void)redact_line(&arena, &secrets, bytes_of(k->said), 0, &masked);
	struct bytes got = redact_echo(&arena, secrets, bytes_of(k->reply));
	assert_int_equal(got.n, strlen(k->want));
	assert_memory_equal(got.p, k->want, got.n);
	secrets_free(secrets);
	arena_drop(&arena);
}

static const struct excerpt_case { const char *name, *text, *want; } excerpts[] = {
	{ "commands stay", "250 ok\r\nMAIL FROM:<a@b.test>\r\n", "250 ok\r\nMAIL FROM:<a@b.test>\r\n" },
	{ "keywords stay", "250-ENHANCEDSTATUSCODES\r\n250 XXXXXXXXXXXXXXXXXXXX\r\n", "250-ENHANCEDSTATUSCODES\r\n250 XXXXXXXXXXXXXXXXXXXX\r\n" },
	{ "names and ids stay", "250 mx-fallback.Backup.example queued as 4bGdJk2Zq9z1Wx\r\n", "250 mx-fallback.Backup.example queued as 4bGdJk2Zq9z1Wx\r\n" },
	{ "a line each", "x\r\nPASS secret\r\ny\r\n", "x\r\nPASS <redacted>\r\ny\r\n" },
	{ "begun in the middle of a line", "in AGFsaWNlAHNlY3JldA==\r\nQUIT\r\n", "in <redacted>==\r\nQUIT\r\n" },
	{ "ended in the middle of a word", "LAIN:AGFsaWNlAHNlY3JldAx", "LAIN:<redacted>" },
};

static void excerpt_is(void **state)
{
	const struct excerpt_case *k = *state;
	struct arena arena = { 0 };
	struct guard g = guarded(bytes_of(k->text));
	struct bytes got = redact_excerpt(&arena, NULL, g.bytes);
	assert_int_equal(got.n, strlen(k->want));
	assert_memory_equal(got.p, k->want, got.n);
	guard_free(&g);
	arena_drop(&arena);
}

static const struct content_case { const char *name, *line, *want; } contents[] = {
	{ "the first word stays", "Subject: offer of the day", "Subject: <redacted>" },
	{ "one word", "hello", "hello" },
	{ "the dot", ".", "." },
	{ "an empty line", "", "" },
	{ "blanks only", "   ", "" },
	{ "an attachment in base64", "SGVsbG8gd29ybGQsIGhlbGxv", "<redacted>" },
};

static void content_is(void **state)
{
	const struct content_case *k = *state;
	struct arena arena = { 0 };
	struct bytes got = redact_content(&arena, bytes_of(k->line));
	assert_int_equal(got.n, strlen(k->want));
	if (got.n)
		assert_memory_equal(got.p, k->want, got.n);
	arena_drop(&arena);
}

int main(void)
{
	int failed = TABLE_RUN("redacted lines", lines, line_is);
	failed += TABLE_RUN("facts of AUTH answers", answers, facts_are);
	failed += TABLE_RUN("echoes", echoes, echo_is);
	failed += TABLE_RUN("excerpts", excerpts, excerpt_is);
	failed += TABLE_RUN("content", contents, content_is);
	return failed != 0;
}
