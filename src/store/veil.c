/* veil.c - takes a key and names, gives tokens and other addresses; knows which words stay. Never keeps a name. */
#include "store/veil_parts.h"

#include "why/why.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { TOKEN_LETTERS = 10, KEY_LEAST = 16, KEY_MOST = 4096 };
enum word_kind { WORD_PLAIN = 1, WORD_OURS = 2 }; /* OURS: only in sentences of ours */
static const char *const prefixes[] = {
	[NAME_BOX] = "box-", [NAME_HOST] = "host-", [NAME_URL] = "url-", [NAME_ID] = "id-", [NAME_WORD] = "word-", [NAME_BANNER] = "banner-",
	[NAME_CAPTURE] = "capture-",
};

static const char plain_words[] = {
#include "store/plain_words.tsv.inc"
	0
};

/* ---- the key ---- */

/* Any file with enough octets; two hashes of all of them under keys that everybody knows make the 128 bits. */
static bool key_of_file(struct veil *v, const char *path, struct error *error)
{
	uint8_t octets[KEY_MOST];
	FILE *file = fopen(path, "rb");
	size_t n = file ? fread(octets, 1, sizeof octets, file) : 0;
	bool failed = !file || ferror(file);
	if (failed)
		error_set(error, ERROR_USAGE, "%s: the key file cannot be read: %s", path, strerror(errno));
	else if (n < KEY_LEAST)
		error_set(error, ERROR_USAGE, "%s: a key file holds at least %d octets that nobody can guess; make one: head -c 32 /dev/urandom > %s", path,
		          KEY_LEAST, path);
	if (file)
		fclose(file);
	for (uint8_t half = 0; half < 2; half++) {
		const uint8_t known[SIPHASH_KEY] = { 's', 'm', 't', 'p', 'w', 'h', 'y', half };
		uint64_t hash = siphash(known, (struct bytes){ octets, n });
		memcpy(v->key + half * sizeof hash, &hash, sizeof hash);
	}
	explicit_bzero(octets, sizeof octets);
	return !failed && n >= KEY_LEAST;
}

static bool key_of_chance(struct veil *v, struct error *error)
{
	return getrandom(v->key, sizeof v->key, 0) == (ssize_t)sizeof v->key ||
		error_set(error, ERROR_OUTPUT, "the system gives no random key: %s; name a key file", strerror(errno));
}

/* ---- words that stay ---- */

enum { LONGEST_WORD = 64 };

static struct bytes folded(struct bytes word, uint8_t room[LONGEST_WORD])
{
	struct bytes cut = bytes_first(word, LONGEST_WORD);
	for (size_t i = 0; i < cut.n; i++)
		room[i] = octet_lower(cut.p[i]);
	return (struct bytes){ room, cut.n };
}

static void know(struct veil *v, struct bytes word, enum word_kind kind)
{
	uint8_t room[LONGEST_WORD];
	if (word.n == 0 || word.n > LONGEST_WORD)
		return;
	void **slot = map_put(&v->words, folded(word, room));
	if (!*slot || kind == WORD_PLAIN)
		*slot = (void *)(intptr_t)kind;
}

void veil_know_ours(struct veil *v, struct bytes word)
{
	know(v, word, WORD_OURS);
}

static void know_words(struct veil *v, const char *sentence, enum word_kind kind)
{
	struct bytes rest = bytes_of(sentence);
	while (rest.n) {
		size_t n = 0, skip = 0;
		while (skip < rest.n && !octet_is_alpha(rest.p[skip]) && !octet_is_digit(rest.p[skip]))
			skip++;
		rest = bytes_from(rest, skip);
		while (n < rest.n && (octet_is_alpha(rest.p[n]) || octet_is_digit(rest.p[n])))
			n++;
		know(v, bytes_first(rest, n), kind);
		rest = bytes_from(rest, n);
	}
}

static void know_all(struct veil *v)
{
	for (struct cut line = bytes_cut(bytes_of(plain_words), '\n'); line.head.n || line.found; line = bytes_cut(line.tail, '\n'))
		if (!bytes_starts(line.head, B("#")))
			know(v, line.head, WORD_PLAIN);
	for (int i = 0; i < VERB_COUNT; i++)
		know(v, bytes_of(verb_word((enum verb)i)), WORD_PLAIN);
	for (int i = 0; i < EXT_COUNT; i++)
		know(v, bytes_of(extension_keyword((enum extension)i)), WORD_PLAIN);
	for (int i = 0; i < PARAM_COUNT; i++)
		know(v, bytes_of(parameter_name((enum parameter)i)), WORD_PLAIN);
	for (int i = 0; i < CAUSE_COUNT; i++) {
		const struct cause_entry *c = cause_entry((enum cause)i);
		const char *texts[] = { c->slug, c->meaning, c->recognised, c->remedy_client, c->remedy_server, c->clause };
		for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
			know_words(v, texts[k], WORD_OURS);
	}
}

bool veil_word_stays(const struct veil *v, struct bytes word, bool ours)
{
	uint8_t room[LONGEST_WORD];
	if (word.n > LONGEST_WORD)
		return false;
	void **slot = map_get(&v->words, folded(word, room));
	return slot && ((intptr_t)*slot == WORD_PLAIN || ours);
}

struct veil *veil_new(const char *key_file, struct error *error)
{
	struct veil *v = memory_new(1, sizeof *v);
	if (key_file ? key_of_file(v, key_file, error) : key_of_chance(v, error)) {
		know_all(v);
		return v;
	}
	veil_free(v);
	return NULL;
}

void veil_free(struct veil *v)
{
	if (!v)
		return;
	map_free(&v->words);
	map_free(&v->names);
	explicit_bzero(v, sizeof *v);
	free(v);
}

/* ---- tokens ---- */

static uint64_t hash_folded(const struct veil *v, struct bytes name)
{
	struct text lower = { 0 };
	for (size_t i = 0; i < name.n; i++)
		text_add_octet(&lower, octet_lower(name.p[i]));
	uint64_t hash = siphash(v->key, text_view(&lower));
	text_free(&lower);
	return hash;
}

/* 50 bits in letters and digits that nobody mistakes for one another. */
void veil_token(const struct veil *v, enum name_kind kind, struct bytes name, struct text *out)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789"; /* 32: without l, o, 0, 1 */
	uint64_t hash = hash_folded(v, name);
	text_add_string(out, prefixes[kind]);
	for (int i = 0; i < TOKEN_LETTERS; i++, hash >>= 5)
		text_add_octet(out, (uint8_t)letters[hash & 31]);
}

void veil_key_name(const struct veil *v, struct text *out)
{
	veil_token(v, NAME_ID, B("the name of this key"), out);
}

/* Bit i of the result is bit i of the address, turned over or not as the bits before it decide. */
static void map_bits(const struct veil *v, uint8_t *octets, size_t n)
{
	uint8_t seen[1 + 16 + 1] = { (uint8_t)n }; /* family, the bits so far, how many */
	for (size_t bit = 0; bit < n * 8; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8), *octet = &octets[bit / 8];
		bool one = *octet & mask;
		seen[17] = (uint8_t)bit;
		if (siphash(v->key, (struct bytes){ seen, sizeof seen }) & 1)
			*octet ^= mask;
		if (one)
			seen[1 + bit / 8] |= mask;
	}
}

bool veil_put_address(const struct veil *v, struct bytes text, struct text *out)
{
	char string[INET6_ADDRSTRLEN];
	uint8_t octets[16];
	if (text.n == 0 || text.n >= sizeof string || bytes_index(text, 0) != BYTES_NONE)
		return false;
	memcpy(string, text.p, text.n);
	string[text.n] = 0;
	bool v4 = inet_pton(AF_INET, string, octets) == 1;
	if (!v4 && inet_pton(AF_INET6, string, octets) != 1)
		return false;
	map_bits(v, octets, v4 ? 4 : 16);
	inet_ntop(v4 ? AF_INET : AF_INET6, octets, string, sizeof string);
	text_add_string(out, string);
	return true;
}

void veil_address(const struct veil *v, struct bytes text, struct text *out)
{
	if (!veil_put_address(v, text, out))
		veil_token(v, NAME_HOST, text, out);
}

/* Letters that a veil made: a second veil leaves them. */
bool veil_is_token(struct bytes b)
{
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		struct bytes prefix = bytes_of(prefixes[i]);
		if (b.n != prefix.n + TOKEN_LETTERS || !bytes_starts(b, prefix))
			continue;
		for (size_t k = prefix.n; k < b.n; k++)
			if (!(b.p[k] >= 'a' && b.p[k] <= 'z') && !octet_is_digit(b.p[k]))
				return false;
		return true;
	}
	return false;
}
