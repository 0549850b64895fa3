/* run.c - the whole story on one screen: files -> frames -> packets -> connections -> dialogues -> verdicts -> rows.
 * Takes what smtpwhy.h is given, joins the stages in their order, gives what smtpwhy.h promises.
 * Never: holds state outside struct smtpwhy; knows what a frame, a line or a row looks like inside. */
#include "smtpwhy.h"

#include "base/map.h"
#include "capture/filter.h"
#include "capture/print.h"
#include "capture/timeline.h"
#include "decode/decode.h"
#include "shards.h"
#include "store/query.h"
#include "store/store.h"

#include <stdatomic.h>
#include <stdlib.h>

struct smtpwhy {
	struct smtpwhy_options options;
	struct timeline *timeline;
	struct decoder *decoder;
	struct shards *shards;
	struct why *why;
	struct store *store;
	struct report *report;      /* the finished database, while its rows are walked */
	struct rows *errors, *findings;
	struct error error;         /* the first trouble that stops the run */
	struct error store_error;   /* of the thread that stores */
	atomic_bool store_failed;
	atomic_uint_fast64_t sessions, errors_found;
	uint64_t packets;
	struct map known;           /* contents that the database tells of already */
	uint64_t skipped;           /* files that held them */
	uint64_t cut_short;         /* connections, for want of memory */
	bool finished, stopped;
};

/* ---- outcomes to rows ---- */

/* Others read it, but one at a time counts: nothing is locked for that, which would wait until all that was written has left for the caches. */
static void count(atomic_uint_fast64_t *number, uint64_t more)
{
	atomic_store_explicit(number, atomic_load_explicit(number, memory_order_relaxed) + more, memory_order_relaxed);
}

static void outcome_came(void *to, struct outcome outcome)
{
	struct smtpwhy *run = to;
	if (!run->store_failed) {
		count(&run->errors_found, outcome.verdicts.nerrors);
		count(&run->sessions, outcome.final);
		if (!store_session(run->store, outcome.session, &outcome.verdicts, outcome.final, &run->store_error))
			run->store_failed = true;
	}
	session_free(outcome.session);
}

static void outcome_ahead(void *to, const struct outcome *outcome)
{
	store_ahead(((struct smtpwhy *)to)->store, outcome->session, &outcome->verdicts);
}

/* ---- the public calls ---- */

const char *smtpwhy_version(void)
{
	return SMTPWHY_VERSION;
}

static bool is_known(void *to, const char *path)
{
	struct smtpwhy *run = to;
	char print[PRINT_ROOM];
	bool known = run->known.count && print_of(path, print) && map_get(&run->known, bytes_of(print));
	run->skipped += known;
	return known;
}

/* Tells the progress, and asks whether to go on. */
static bool is_stopped(void *to)
{
	struct smtpwhy *run = to;
	if (!run->options.progress)
		return false;
	struct smtpwhy_progress progress = {
		.bytes_done = timeline_bytes_read(run->timeline), .bytes_total = timeline_bytes_total(run->timeline),
		.packets = run->packets, .sessions = run->sessions, .errors = run->errors_found,
	};
	run->stopped = !run->options.progress(run->options.progress_to, &progress);
	return run->stopped;
}

/* A database that is not there yet, or cannot be read, knows nothing; store_new tells what is wrong with it. Parts of a run that is
 * spread over machines read the same files. */
static void known_read(struct smtpwhy *run)
{
	struct error error = { 0 };
	if (!run->options.append || !run->options.database || run->options.parts)
		return;
	struct report *report = report_open(run->options.database, &error);
	struct rows *rows = report ? report_rows(report, "SELECT print FROM content", &error) : NULL;
	while (rows && rows_next(rows, &error))
		(void)map_put(&run->known, rows_text(rows, 0));
	rows_free(rows);
	report_close(report);
}

struct smtpwhy *smtpwhy_new(const struct smtpwhy_options *options)
{
	struct smtpwhy *run = memory_new(1, sizeof *run);
	run->options = *options;
	known_read(run);
	run->timeline = timeline_new((struct timeline_options){ .filter = options->filter, .recurse = options->recurse, .known = is_known,
	                                                              .stopped = is_stopped, .to = run });
	return run;
}

bool smtpwhy_add(struct smtpwhy *run, const char *path)
{
	timeline_add(run->timeline, path);
	return run->error.kind == ERROR_NONE;
}

static bool stages_begin(struct smtpwhy *run)
{
	if (run->options.filter && !filter_check(run->options.filter, &run->error))
		return false;
	run->why = why_new((struct why_options){ .rules_file = run->options.rules }, &run->error);
	if (!run->why)
		return false;
	struct store_options where = { .path = run->options.database, .threads = run->options.threads, .append = run->options.append,
	                               .redact = run->options.redact, .redact_key = run->options.redact_key };
	run->store = store_new(where, &run->error);
	if (!run->store)
		return false;
	run->decoder = decoder_new();
	struct shards_options how = { .threads = run->options.threads, .part = run->options.part, .parts = run->options.parts };
	struct flow_options limits = {
		.memory = run->options.memory, .idle = run->options.idle, .ports = run->options.ports, .no_ndpi = run->options.no_ndpi,
	};
	run->shards = shards_new(how, limits, run->why, (struct outcome_sink){ outcome_came, run, true, outcome_ahead });
	return true;
}

static bool goes_on(struct smtpwhy *run)
{
	return !run->store_failed && !run->stopped && (run->packets % PAUSE_EVERY || !is_stopped(run));
}

static bool capture_row(struct smtpwhy *run, uint32_t file)
{
	const struct capture *capture = timeline_capture(run->timeline, file);
	char print[PRINT_ROOM];
	if (!store_capture(run->store, file, capture, decoder_counts(run->decoder, file), &run->error))
		return false;
	bool whole = !run->stopped && !run->options.parts && print_of(capture->path, print);
	return !whole || store_print(run->store, file, print, &run->error);
}

/* With one thread. */
static void packets_read(struct smtpwhy *run)
{
	struct frame frame;
	struct packet packet;
	while (goes_on(run) && timeline_next(run->timeline, &frame)) {
		run->packets++;
		if (decoder_packet(run->decoder, &frame, &packet) == DECODED_TCP)
			shards_packet(run->shards, &packet);
	}
}

/* With several: the threads take turns at reading, and the caller's alone asks for more than that. */
static enum reading packet_next(void *to, struct packet *packet, struct window **window)
{
	struct smtpwhy *run = to;
	struct frame frame;
	if (run->store_failed || run->stopped || !timeline_next(run->timeline, &frame))
		return READ_END;
	run->packets++;
	if (decoder_packet(run->decoder, &frame, packet) != DECODED_TCP)
		return READ_NOTHING;
	*window = packet->payload.n ? timeline_window(run->timeline, packet->payload) : NULL;
	return READ_PACKET;
}

static void reading_paused(void *to)
{
	(void)is_stopped(to);
}

bool smtpwhy_analyze(struct smtpwhy *run)
{
	if (run->options.parts && (run->options.part < 1 || run->options.part > run->options.parts))
		error_set(&run->error, ERROR_USAGE, "there is no part %u of %u", run->options.part, run->options.parts);
	if (run->error.kind != ERROR_NONE || !stages_begin(run))
		return false;
	if (shards_several(run->shards)) {
		struct packets_source source = { packet_next, reading_paused, run, timeline_waits(run->timeline) };
		shards_run(run->shards, &source);
	} else {
		packets_read(run);
	}
	shards_end(run->shards);
	run->cut_short = shards_cut_short(run->shards);
	shards_free(run->shards); /* what comes next takes their memory */
	run->shards = NULL;
	if (run->stopped)
		timeline_stop(run->timeline);
	decoder_blind(run->decoder, run->timeline, 0);
	if (run->store_failed)
		run->error = run->store_error;
	for (size_t i = 0; i < timeline_count(run->timeline) && run->error.kind == ERROR_NONE; i++)
		capture_row(run, (uint32_t)i);
	return run->error.kind == ERROR_NONE;
}

bool smtpwhy_finish(struct smtpwhy *run)
{
	run->finished = run->error.kind == ERROR_NONE && run->store && store_finish(run->store, &run->error);
	return run->finished;
}

const char *smtpwhy_database(const struct smtpwhy *run)
{
	return run->store ? store_path(run->store) : NULL;
}

uint64_t smtpwhy_skipped(const struct smtpwhy *run)
{
	return run->skipped;
}

uint64_t smtpwhy_cut_short(const struct smtpwhy *run)
{
	return run->cut_short;
}

const char *smtpwhy_input_trouble(const struct smtpwhy *run, size_t i)
{
	for (size_t file = 0; file < timeline_count(run->timeline); file++) {
		const struct capture *capture = timeline_capture(run->timeline, file);
		if (capture->trouble && i-- == 0)
			return capture->trouble;
	}
	return NULL;
}

enum smtpwhy_status smtpwhy_status(const struct smtpwhy *run)
{
	switch (run->error.kind) {
	case ERROR_USAGE:
		return SMTPWHY_WRONG_USE;
	case ERROR_OUTPUT:
		return SMTPWHY_NOT_WRITTEN;
	case ERROR_INPUT:
		return SMTPWHY_INPUT_DAMAGED;
	case ERROR_NONE:
		break;
	}
	return smtpwhy_input_trouble(run, 0) ? SMTPWHY_INPUT_DAMAGED : SMTPWHY_DONE;
}

const char *smtpwhy_trouble(const struct smtpwhy *run)
{
	return run->error.sentence;
}

/* ---- walking the finished database ---- */

static struct rows *walk_begin(struct smtpwhy *run, struct rows **walk, const char *sql)
{
	if (!*walk && run->finished) {
		if (!run->report)
			run->report = report_open(store_path(run->store), &run->error);
		if (run->report)
			*walk = report_rows(run->report, sql, &run->error);
	}
	return *walk;
}

static bool walk_next(struct smtpwhy *run, struct rows **walk, const char *sql)
{
	if (walk_begin(run, walk, sql) && rows_next(*walk, &run->error))
		return true;
	rows_free(*walk);
	*walk = NULL;
	return false;
}

/* SQLite keeps a NUL behind each text of a row. */
static const char *text_at(const struct rows *rows, size_t column)
{
	return rows_null(rows, column) ? NULL : (const char *)rows_text(rows, column).p;
}

#define ENDPOINT(side) "CASE WHEN instr(" side "_addr, ':') THEN '[' || " side "_addr || ']' ELSE " side "_addr END || ':' || " side "_port"

bool smtpwhy_next_error(struct smtpwhy *run, struct smtpwhy_error *e)
{
	static const char sql[] = "SELECT error_id, session_id, capture, " ENDPOINT("client") ", " ENDPOINT("server") ", time, code, enhanced,"
		" reply_text, trigger_verb, trigger_line, trigger_frame, reply_frame, cause, party, certainty, evidence, remedy, also_possible"
		" FROM error_report ORDER BY error_id";
	if (!walk_next(run, &run->errors, sql))
		return false;
	const struct rows *r = run->errors;
	*e = (struct smtpwhy_error){
		.error_id = rows_integer(r, 0), .session_id = rows_integer(r, 1), .capture = text_at(r, 2), .client = text_at(r, 3),
		.server = text_at(r, 4), .time = text_at(r, 5), .code = (int)rows_integer(r, 6), .enhanced = text_at(r, 7),
		.reply_text = text_at(r, 8), .trigger_verb = text_at(r, 9), .trigger_line = text_at(r, 10),
		.trigger_frame = (uint32_t)rows_integer(r, 11), .reply_frame = (uint32_t)rows_integer(r, 12), .cause = text_at(r, 13),
		.party = text_at(r, 14), .certainty = text_at(r, 15), .evidence = text_at(r, 16), .remedy = text_at(r, 17),
		.also_possible = text_at(r, 18),
	};
	return true;
}

bool smtpwhy_next_finding(struct smtpwhy *run, struct smtpwhy_finding *f)
{
	static const char sql[] = "SELECT finding_id, session_id, capture, " ENDPOINT("client") ", " ENDPOINT("server")
		", time, cause, device, certainty, evidence FROM finding_report ORDER BY finding_id";
	if (!walk_next(run, &run->findings, sql))
		return false;
	const struct rows *r = run->findings;
	*f = (struct smtpwhy_finding){
		.finding_id = rows_integer(r, 0), .session_id = rows_integer(r, 1), .capture = text_at(r, 2), .client = text_at(r, 3),
		.server = text_at(r, 4), .time = text_at(r, 5), .cause = text_at(r, 6), .device = text_at(r, 7),
		.certainty = text_at(r, 8), .evidence = text_at(r, 9),
	};
	return true;
}

void smtpwhy_free(struct smtpwhy *run)
{
	if (!run)
		return;
	rows_free(run->errors);
	rows_free(run->findings);
	report_close(run->report);
	shards_free(run->shards);
	decoder_free(run->decoder);
	store_free(run->store);
	why_free(run->why);
	timeline_free(run->timeline);
	map_free(&run->known);
	free(run);
}
