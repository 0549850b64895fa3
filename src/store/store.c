/* store.c - takes sessions and captures, gives their rows. Knows what a database is only through database.h.
 * Never reads back what it wrote. */
#include "store/veil_database.h"
#include "store/writer.h"

#include <stdlib.h>
#include <string.h>

int64_t writer_text(struct store *s, struct bytes wire, size_t most, struct error *error)
{
	text_clear(&s->text);
	wire_add_lines(&s->text, wire, most);
	return interned_id(&s->texts, text_view(&s->text), error);
}

int64_t writer_says(struct store *s, const char *says, struct error *error)
{
	return says ? interned_says(&s->texts, says, error) : 0;
}

int64_t writer_lines(struct store *s, struct bytes wire, uint64_t hash, struct error *error)
{
	return wire.p ? interned_lines(&s->texts, wire, hash, LIMIT_REPLY, &s->text, error) : 0;
}

void writer_wire(struct feed *row, struct bytes wire, int64_t id)
{
	if (id) {
		feed_number(row, id);
	} else if (!wire.p) {
		feed_null(row);
	} else {
		wire_add_lines(feed_text_begin(row), wire, LIMIT_REPLY);
		feed_text_end(row);
	}
}

void writer_sentence(struct store *s, struct feed *row, const char *sentence, uint64_t hash, struct error *error)
{
	struct bytes text = bytes_of(sentence);
	int64_t id = sentence ? interned_again(&s->texts, text, hash, error) : 0;
	if (id)
		feed_number(row, id);
	else
		feed_text(row, text);
}

/* The verb as design and docs/database.md define it; an octet that is not printable anywhere in the first word makes it "-". */
static void verb_of_word(struct bytes word, struct text *room)
{
	for (size_t i = 0; i < word.n; i++)
		if (!octet_is_print(word.p[i])) {
			text_add_octet(room, '-');
			return;
		}
	for (size_t i = 0; i < word.n && i < LIMIT_TRIGGER_LINE; i++)
		text_add_octet(room, octet_upper(word.p[i]));
}

struct bytes writer_verb(const struct command *c, struct text *room)
{
	text_clear(room);
	switch (c->kind) {
	case COMMAND_UNSEEN:
		return (struct bytes){ 0 };
	case COMMAND_CONNECT:
		return B("CONN");
	case COMMAND_CONTENT:
		return B("EOM");
	case COMMAND_CHUNK:
		return B("BDAT");
	case COMMAND_AUTH:
		return B("AUTH-RESPONSE");
	case COMMAND_TLS:
		return B("-");
	default:
		verb_of_word(c->word.n || !c->line.text.n ? c->word : bytes_word(c->line.text).head, room);
		return text_view(room);
	}
}

/* ---- beginning ---- */

static bool fill_causes(struct store *s, struct error *error)
{
	sqlite3_stmt *statement = database_statement(&s->database,
		"INSERT INTO cause (cause, party, meaning, recognised, remedy_client, remedy_server, remedy, clause) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
		"ON CONFLICT (cause) DO UPDATE SET party = excluded.party, meaning = excluded.meaning, recognised = excluded.recognised, "
		"remedy_client = excluded.remedy_client, remedy_server = excluded.remedy_server, remedy = excluded.remedy, clause = excluded.clause "
		"RETURNING cause_id", error);
	bool done = statement;
	for (unsigned i = 0; done && i < CAUSE_COUNT; i++) {
		const struct cause_entry *c = cause_entry((enum cause)i);
		/* Who can change most comes first: the box's and the server's administrators for their own faults, else the client's. */
		bool server_first = c->party == PARTY_SERVER || c->party == PARTY_MIDDLEBOX || c->party == PARTY_RECIPIENT;
		const char *first = server_first ? c->remedy_server : c->remedy_client, *then = server_first ? c->remedy_client : c->remedy_server;
		text_clear(&s->text);
		text_add_string(&s->text, first);
		text_add_string(&s->text, *first && *then ? " " : "");
		text_add_string(&s->text, then);
		const char *columns[] = { c->slug, party_name(c->party), c->meaning, c->recognised, c->remedy_client, c->remedy_server,
		                          s->text.p ? s->text.p : "", c->clause };
		for (int k = 0; k < 8; k++)
			sqlite3_bind_text(statement, k + 1, columns[k], -1, SQLITE_STATIC);
		done = sqlite3_step(statement) == SQLITE_ROW;
		s->causes[i] = done ? sqlite3_column_int64(statement, 0) : 0;
		done = done && sqlite3_step(statement) == SQLITE_DONE;
		if (!done)
			database_trouble(&s->database, error);
		sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	return done;
}

/* By SQLite alone: what is stored of a comparison, when all sessions are. */
static bool prepare_few(struct store *s, struct error *error)
{
	static const struct { const char *table; unsigned columns; } few[] = { { "difference", 14 }, { "comparison", 4 }, { "pair", 5 } };
	sqlite3_stmt **to[] = { &s->difference, &s->comparison, &s->pair };
	for (size_t i = 0; i < sizeof few / sizeof *few; i++) {
		text_clear(&s->text);
		text_addf(&s->text, "INSERT INTO %s VALUES (?", few[i].table);
		for (unsigned k = 1; k < few[i].columns; k++)
			text_add_string(&s->text, ", ?");
		text_add_octet(&s->text, ')');
		*to[i] = database_statement(&s->database, s->text.p, error);
		if (!*to[i])
			return false;
	}
	return true;
}

enum { FEEDS = 8 };
#define EACH_FEED(s) { &(s)->session, &(s)->error, &(s)->finding, &(s)->ladder, &(s)->look, &(s)->capture, &(s)->content, &(s)->texts.rows }

static bool prepare(struct store *s, struct error *error)
{
	static const struct { const char *table; unsigned columns; } many[FEEDS - 1] = { /* that of texts is open */
		{ "session_row", 43 }, { "error_row", 27 }, { "finding", 11 }, { "ladder", 2 }, { "look", 8 }, { "capture", 25 }, { "content", 2 },
	};
	struct feed *feeds[FEEDS] = EACH_FEED(s);
	for (size_t i = 0; i < FEEDS - 1; i++)
		if (!feed_open(feeds[i], &s->database, many[i].table, many[i].columns, error))
			return false;
	return prepare_few(s, error);
}

/* Into a new database rows go past SQLite: until writer_settle it does nothing there, and a temporary table takes what comes late. What is left
 * to it goes through the pages in order, and needs few of them at a time. */
static bool go_direct(struct store *s, struct error *error)
{
	static const char *const indexes[FEEDS] = { NULL, "error_by_session", "finding_by_session" };
	return s->database.replaces || (database_index(&s->database, error) &&
		feeds_direct((struct feed *const[FEEDS])EACH_FEED(s), FEEDS, &s->file, indexes, IDS_PER_SESSION, error) &&
		database_run(&s->database, "PRAGMA cache_size = -2048", error));
}

bool writer_settle(struct store *s, struct error *error)
{
	return feeds_settle((struct feed *const[FEEDS])EACH_FEED(s), FEEDS, &s->file, error);
}

/* Names do not join rows that have lost theirs. */
static bool takes_names(struct store *s, struct error *error)
{
	int64_t redacted = 0;
	return database_number(&s->database, "SELECT count(*) FROM sqlite_schema WHERE name = 'redaction'", &redacted, error) &&
		(!redacted || error_set(error, ERROR_USAGE, "%s: is redacted; add to the database it was made from, and redact that one again", s->database.target));
}

struct store *store_new(struct store_options options, struct error *error)
{
	struct store *s = memory_new(1, sizeof *s);
	s->veil = options.redact ? veil_new(options.redact_key, error) : NULL;
	bool done = (s->veil || !options.redact) && database_begin(&s->database, options.path, options.append, options.exclusive, error) && takes_names(s, error) &&
		interned_begin(&s->texts, &s->database, error) && fill_causes(s, error) && prepare(s, error) &&
		database_number(&s->database, "SELECT coalesce(max(capture_id), 0) FROM capture", &s->capture_offset, error) &&
		database_number(&s->database, "SELECT coalesce(max(look_id), 0) FROM look", &s->last_look, error) &&
		/* Ids of the appended run begin behind all packets, and so behind all sessions, that are already told of. */
		database_number(&s->database, "SELECT max((SELECT coalesce(sum(packets), 0) FROM capture), "
		                "(SELECT coalesce(max(session_id), 0) FROM session_row))", &s->session_offset, error) && go_direct(s, error);
	s->now = &s->fetched[0];
	s->next = &s->fetched[1];
	s->database.threads = options.threads;
	s->counts = !s->database.replaces && !s->veil;
	s->census.bulk = s->database.bulk;
	if (done)
		return s;
	store_free(s);
	return NULL;
}

/* ---- a session ---- */

/* The record of a session that came in windows before; NULL for the many that did not. */
static void **pending_slot(struct store *s, uint64_t id, bool make)
{
	struct bytes key = { (const uint8_t *)&id, sizeof id };
	return make ? map_put(&s->pending, key) : map_get(&s->pending, key);
}

static void pending_free(struct pending *p)
{
	if (p)
		trace_free(&p->trace);
	free(p);
}

static struct pending *pending_begin(struct pending *p)
{
	struct text name = p->trace.name;
	arena_zeroed(p, sizeof *p);
	p->trace.name = name;
	text_clear(&p->trace.name);
	return p;
}

/* What goes on waits in the map; the room of its texts goes with it. */
static void pending_keep(struct store *s, uint64_t id)
{
	struct pending *p = memory_new(1, sizeof *p);
	*p = s->whole;
	s->whole = (struct pending){ 0 };
	*pending_slot(s, id, true) = p;
}

/* What rows are looked up by has left the caches since it was last: it comes in two steps, the first while the session before this one is stored. */
static void fetch(const struct store *s, struct fetched *f, const struct session *session, const struct verdicts *verdicts)
{
	f->session = session;
	f->id = session->id;
	f->banner = interned_fetch(&s->texts, session->banner);
	f->n = verdicts->nerrors < FETCHED_MOST ? (unsigned)verdicts->nerrors : FETCHED_MOST;
	for (unsigned i = 0; i < f->n; i++) {
		f->replies[i] = interned_fetch(&s->texts, verdicts->errors[i].exchange->reply.text);
		f->details[i] = interned_fetch(&s->texts, bytes_of(verdicts->errors[i].detail));
	}
}

void store_ahead(struct store *s, const struct session *session, const struct verdicts *verdicts)
{
	fetch(s, s->next, session, verdicts);
}

/* What was told ahead is the next one's. What is gone is nobody's: a further window of its session may come at the same address. */
static void fetched_on(struct store *s)
{
	struct fetched *gone = s->now;
	s->now = s->next;
	s->next = gone;
	gone->session = NULL;
}

static bool is_of(const struct fetched *f, const struct session *session)
{
	return f->session == session && f->id == session->id;
}

static void fetch_entries(struct store *s, const struct session *session, const struct verdicts *verdicts)
{
	if (is_of(s->next, session)) /* told when it was its turn already */
		fetched_on(s);
	struct fetched *now = s->now;
	if (!is_of(now, session))
		fetch(s, now, session, verdicts);
	map_fetch_entry(&s->texts.map, now->banner);
	for (unsigned i = 0; i < now->n; i++) {
		map_fetch_entry(&s->texts.map, now->replies[i]);
		map_fetch_entry(&s->texts.map, now->details[i]);
	}
}

bool store_session(struct store *s, const struct session *session, const struct verdicts *verdicts, bool final, struct error *error)
{
	int64_t id = (int64_t)session->id + s->session_offset;
	void **slot = s->pending.count ? pending_slot(s, session->id, false) : NULL;
	struct pending *p = slot && *slot ? *slot : pending_begin(&s->whole);
	s->offer = NULL;
	fetch_entries(s, session, verdicts);
	trace_gather(s, &p->trace, session, error);
	if (final)
		trace_key(s, &p->trace, session, error);
	writer_gather(s, p, session);
	if (!rows_of_errors(s, verdicts, id, error) || !rows_of_findings(s, verdicts, id, p->findings, error))
		return false;
	p->findings += (unsigned)verdicts->nfindings;
	if ((verdicts->nerrors || verdicts->nfindings) && !ladder_write(s, session, verdicts, id, p->parts++, error))
		return false;
	bool done = !final || session_row(s, session, p, id, error);
	fetched_on(s);
	if (!final) {
		if (p == &s->whole)
			pending_keep(s, session->id);
		return true;
	}
	if (p != &s->whole) {
		pending_free(p);
		*slot = NULL;
	}
	return done;
}

/* ---- captures ---- */

static void some_column(struct feed *row, int64_t value, bool known)
{
	if (known)
		feed_number(row, value);
	else
		feed_null(row);
}

/* Words of ours, and names of files, whose octets may be any. */
static void word_column(struct feed *row, const char *word)
{
	if (!word) {
		feed_null(row);
		return;
	}
	wire_add(feed_text_begin(row), bytes_of(word), 4096);
	feed_text_end(row);
}

bool store_capture(struct store *s, uint32_t file, const struct capture *c, const struct decode_counts *counts, struct error *error)
{
	static const struct decode_counts none;
	if (!counts)
		counts = &none;
	struct feed *row = &s->capture;
	feed_number(row, s->capture_offset + file + 1);
	word_column(row, c->path);
	word_column(row, c->format);
	text_clear(&s->line);
	if (!c->mixed_linktypes && bytes_equal(bytes_of(linktype_name(c->linktype)), B("unknown")))
		text_addf(&s->line, "unknown (%d)", c->linktype);
	else
		text_add_string(&s->line, c->mixed_linktypes ? "mixed" : linktype_name(c->linktype));
	feed_text(row, c->linktype >= 0 ? text_view(&s->line) : (struct bytes){ 0 });
	feed_number(row, (int64_t)c->packets);
	feed_number(row, (int64_t)c->bytes);
	some_column(row, (int64_t)c->size, c->size);
	some_column(row, c->snaplen, c->snaplen);
	some_column(row, c->first_time, c->packets);
	some_column(row, c->last_time, c->packets);
	const uint64_t *f = counts->frames;
	const uint64_t numbers[] = { c->cut, c->cut_packets, c->clock_steps_back, f[DECODED_TCP], f[DECODED_NOT_TCP], f[DECODED_FRAGMENT],
	                             f[DECODED_TRUNCATED], f[DECODED_MALFORMED], f[DECODED_UNKNOWN_LINK], f[DECODED_TOO_DEEP],
	                             counts->fragments_lost, counts->bad_ip_checksums, counts->bad_tcp_checksums };
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		feed_number(row, (int64_t)numbers[i]);
	text_clear(&s->note);
	wire_add(&s->note, bytes_of(c->trouble), 4096);
	if (f[DECODED_UNKNOWN_LINK] && f[DECODED_UNKNOWN_LINK] < c->packets) { /* of a file that holds nothing else it is the trouble */
		text_add_string(&s->note, c->trouble ? ", " : "");
		decode_counts_blind(counts, &s->note);
	}
	feed_text(row, s->note.n ? text_view(&s->note) : (struct bytes){ 0 });
	word_column(row, c->note);
	return feed_row(row, error);
}

bool store_print(struct store *s, uint32_t file, const char *print, struct error *error)
{
	feed_number(&s->content, s->capture_offset + file + 1);
	feed_text(&s->content, bytes_of(print));
	return feed_row(&s->content, error);
}

/* ---- the end ---- */

static void writers_free(struct store *s)
{
	sqlite3_stmt **statements[] = { &s->difference, &s->comparison, &s->pair };
	struct feed *feeds[FEEDS] = EACH_FEED(s);
	for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
		sqlite3_finalize(*statements[i]);
		*statements[i] = NULL;
	}
	for (size_t i = 0; i < FEEDS; i++)
		feed_close(feeds[i]);
	interned_free(&s->texts);
	s->texts = (struct interned){ 0 };
	tree_file_free(&s->file);
}

bool store_finish(struct store *s, struct error *error)
{
	bool done = writer_settle(s, error);
	writers_free(s);
	return done && (!s->veil || veil_database(&s->database, s->veil, error)) && database_finish(&s->database, s->counts ? &s->census : NULL, error);
}

const char *store_path(const struct store *s)
{
	return s->database.path;
}

static void pending_drop(struct store *s)
{
	for (size_t i = 0; i < s->pending.count; i++)
		pending_free(s->pending.entries[i]->value);
	map_free(&s->pending);
}

void store_advance(struct store *s, uint64_t packets, size_t files)
{
	pending_drop(s);
	s->session_offset += (int64_t)packets;
	s->capture_offset += (int64_t)files;
}

bool store_forget(struct store *s, struct error *error)
{
	pending_drop(s);
	text_clear(&s->text);
	text_addf(&s->text, "DELETE FROM session_row WHERE session_id > %lld;", (long long)s->session_offset);
	static const char *const tables[][2] = { { "error_row", "error_id" }, { "finding", "finding_id" }, { "ladder", "ladder_id" } };
	census_forget(&s->census, s->session_offset);
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		text_addf(&s->text, "DELETE FROM %s WHERE %s >= %lld;", tables[i][0], tables[i][1], (long long)(s->session_offset + 1) * IDS_PER_SESSION);
	return writer_settle(s, error) && database_run(&s->database, s->text.p, error);
}

void store_free(struct store *s)
{
	if (!s)
		return;
	writers_free(s);
	census_free(&s->census); /* its arrays are the database's */
	database_free(&s->database);
	veil_free(s->veil);
	pending_drop(s);
	text_free(&s->text);
	text_free(&s->line);
	text_free(&s->note);
	text_free(&s->greeting);
	text_free(&s->key);
	trace_free(&s->whole.trace);
	map_free(&s->looks);
	free(s);
}
