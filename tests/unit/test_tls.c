/* test_tls - handshakes as seen from outside, the same at every cut. */
#include "smtp/tls.h"

#include "support/guard.h"
#include "support/table.h"

#include <string.h>

enum { MOST = 10 };

struct flight {
	const char *octets; /* NULL ends */
	size_t n;
	bool server;
};
#define C(s) { s, sizeof(s) - 1, false }
#define S(s) { s, sizeof(s) - 1, true }

#define RANDOM "0123456789abcdef0123456789abcdef"
/* Extensions: SNI mx.example; the server's and the client's supported_versions. */
#define SNI "\x00\x00\x00\x0f\x00\x0d\x00\x00\x0amx.example"
#define HELLO_12 "\x16\x03\x01\x00\x42\x01\x00\x00\x3e\x03\x03" RANDOM "\x00\x00\x02\xc0\x2f\x01\x00\x00\x13" SNI
#define HELLO_13 "\x16\x03\x01\x00\x4d\x01\x00\x00\x49\x03\x03" RANDOM "\x00\x00\x02\x13\x01\x01\x00\x00\x1e" SNI \
	"\x00\x2b\x00\x07\x06\x9a\x9a\x03\x04\x03\x03"
#define SERVER_12 "\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" RANDOM "\x00\xc0\x2f\x00"
#define SERVER_13 "\x16\x03\x03\x00\x32\x02\x00\x00\x2e\x03\x03" RANDOM "\x00\x13\x01\x00\x00\x06\x00\x2b\x00\x02\x03\x04"
#define CHANGE "\x14\x03\x03\x00\x01\x01"
#define FINISHED "\x16\x03\x03\x00\x10" "0123456789abcdef"
#define DATA_32 "\x17\x03\x03\x00\x20" RANDOM
#define SEALED_ALERT_13 "\x17\x03\x03\x00\x13" "0123456789abcdefABC"
#define UNKNOWN_CA "\x15\x03\x03\x00\x02\x02\x30"

static const struct kase {
	const char *name;
	struct flight flights[MOST];
	enum tls_state state;
	const char *version;
	const char *server_name;
	int alert; /* -1 none */
	bool closes;
} cases[] = {
	{ "1.2, finished", { C(HELLO_12), S(SERVER_12), C(CHANGE FINISHED), S(CHANGE FINISHED) }, TLS_FINISHED, "TLS 1.2", "mx.example", -1, false },
	{ "1.2, data follows", { C(HELLO_12), S(SERVER_12), C(CHANGE FINISHED), S(CHANGE FINISHED), C(DATA_32), S(DATA_32) }, TLS_FINISHED, "TLS 1.2", "mx.example", -1, true },
	{ "1.3, finished", { C(HELLO_13), S(SERVER_13 CHANGE DATA_32), C(CHANGE DATA_32) }, TLS_FINISHED, "TLS 1.3", "mx.example", -1, true },
	{ "1.3, the client refuses under the cover", { C(HELLO_13), S(SERVER_13 CHANGE DATA_32), C(CHANGE SEALED_ALERT_13) }, TLS_FAILED, "TLS 1.3", "mx.example", -1, true },
	{ "a ClientHello alone", { C(HELLO_13) }, TLS_STARTED, "TLS 1.3", "mx.example", -1, false },
	{ "a ClientHello, then the end", { C(HELLO_12) }, TLS_FAILED, "TLS 1.2", "mx.example", -1, true },
	{ "the client knows not the authority", { C(HELLO_12), S(SERVER_12), C(UNKNOWN_CA) }, TLS_FAILED, "TLS 1.2", "mx.example", 48, false },
	{ "the server refuses at once", { C(HELLO_12), S("\x15\x03\x01\x00\x02\x02\x46") }, TLS_FAILED, "TLS 1.2", "mx.example", 70, false },
	{ "the client speaks in clear", { C("QUIT\r\n") }, TLS_PLAINTEXT, NULL, "", -1, false },
	{ "the server answers in clear", { C(HELLO_12), S("500 no\r\n") }, TLS_PLAINTEXT, "TLS 1.2", "mx.example", -1, true },
	{ "an SSLv2 ClientHello", { C("\x80\x1c\x01\x03\x01\x00\x03\x00\x00\x00\x10\x00\x00\x0a" "0123456789abcdef") }, TLS_STARTED, "TLS 1.0", "", -1, false },
	{ "nothing", { { 0 } }, TLS_ACCEPTED, NULL, "", -1, false },
};

static void feed(struct tls_reader *reader, const struct flight *f, size_t step, uint32_t *frame)
{
	enum direction from = f->server ? FROM_SERVER : FROM_CLIENT;
	for (size_t at = 0; at < f->n; at += step) {
		struct guard g = guarded(bytes_first((struct bytes){ (const uint8_t *)f->octets + at, f->n - at }, step));
		struct chunk chunk = { .bytes = g.bytes, .offset = at, .place = { .number = ++*frame } };
		tls_reader_data(reader, from, &chunk);
		guard_free(&g);
	}
}

static void at_every_cut(void **state)
{
	const struct kase *k = *state;
	for (size_t step = 1; step < 100; step++) {
		struct arena arena = { 0 };
		struct tls tls = { .state = TLS_ACCEPTED };
		struct tls_reader *reader = tls_reader_new(&tls, &arena);
		uint32_t frame = 0;
		size_t bare = tls_reader_size(reader);
		for (size_t i = 0; i < MOST && k->flights[i].octets; i++)
			feed(reader, &k->flights[i], step, &frame);
		if (k->closes)
			tls_reader_end(reader, FROM_CLIENT, END_FIN, (struct place){ .number = ++frame });
		assert_int_equal(tls.state, k->state);
		assert_true(!k->version == !tls.version);
		if (k->version)
			assert_string_equal(tls.version, k->version);
		assert_true(bytes_equal(tls.server_name, bytes_of(k->server_name)));
		assert_int_equal(tls.alert ? tls.alert_description : -1, k->alert);
		assert_int_equal(tls_reader_done(reader), k->state == TLS_FINISHED || k->state == TLS_PLAINTEXT);
		assert_int_equal(tls_reader_size(reader) > bare, frame > 0); /* what was held counts */
		tls_reader_rest(reader);
		assert_int_equal(tls_reader_size(reader), bare);
		tls_reader_free(reader);
		arena_drop(&arena);
	}
}

static const struct plain_kase {
	const char *octets, *kept;
} plains[] = {
	{ "MAIL FROM:<a@b.example>\r\nRCPT", "MAIL FROM:<a@b.example>" },
	{ "AUTH PLAIN AGEAYg==\r\n", "AUTH PLAIN <redacted>" },
	{ "AUTH LOGIN\r\n", "AUTH LOGIN" },
	{ "AGEAYg==\r\n", "<redacted>" },
	{ "PASS secret\r\n", "PASS <redacted>" },
	{ "QUIT\r\n", "QUIT" },
};

static void plain_octets(void **state)
{
	const struct plain_kase *k = *state;
	struct arena arena = { 0 };
	struct tls tls = { .state = TLS_ACCEPTED };
	struct tls_reader *reader = tls_reader_new(&tls, &arena);
	struct guard g = guarded(bytes_of(k->octets));
	struct chunk chunk = { .bytes = g.bytes, .place = { .number = 3 } };
	assert_false(tls_reader_data(reader, FROM_CLIENT, &chunk));
	assert_true(bytes_equal(tls.plaintext, bytes_of(k->kept)));
	assert_true(tls.plaintext_at.number == 3 && tls.plaintext_from == FROM_CLIENT);
	guard_free(&g);
	tls_reader_free(reader);
	arena_drop(&arena);
}

static void a_gap(void **state)
{
	(void)state;
	struct arena arena = { 0 };
	struct tls tls = { .state = TLS_ACCEPTED };
	struct tls_reader *reader = tls_reader_new(&tls, &arena);
	struct gap gap = { .missing = 1000 };
	struct chunk middle = { .bytes = B("no record begins here") }, record = { .bytes = B(DATA_32) };
	tls_reader_gap(reader, FROM_SERVER, &gap);
	assert_true(tls_reader_data(reader, FROM_SERVER, &middle));
	assert_int_equal(tls.state, TLS_ACCEPTED);
	assert_true(tls_reader_data(reader, FROM_SERVER, &record));
	assert_true(tls.application_data[FROM_SERVER]);
	tls_reader_end(reader, FROM_SERVER, END_FIN, (struct place){ .number = 9 });
	assert_int_equal(tls.ended_at.number, 9);
	tls_reader_free(reader);
	arena_drop(&arena);
}

int main(void)
{
	const struct CMUnitTest others[] = { cmocka_unit_test(a_gap) };
	int failed = TABLE_RUN("handshakes at every cut", cases, at_every_cut);
	failed += TABLE_RUN("plaintext", plains, plain_octets);
	failed += cmocka_run_group_tests_name("gaps", others, NULL, NULL);
	return failed != 0;
}
