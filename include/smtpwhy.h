/* smtpwhy.h - analyse captures of SMTP from another program.
 *
 * A run reads captures, writes one report database and can be asked for its errors and findings. It owns everything it hands
 * out; every pointer lives until the next call of the same walk, or until smtpwhy_free. Times are nanoseconds since 1970, UTC. A run
 * belongs to one thread at a time; several runs may live side by side. No call prints, exits or keeps state outside its run, but that
 * memory that the system refuses ends the process with a message (exit status 4).
 *
 *	struct smtpwhy *run = smtpwhy_new(&(struct smtpwhy_options){ .database = "report.db" });
 *	if (smtpwhy_add(run, "outage.pcap") && smtpwhy_analyze(run) && smtpwhy_finish(run))
 *		for (struct smtpwhy_error e; smtpwhy_next_error(run, &e);)
 *			printf("%d %s: %s\n", e.code, e.trigger_verb, e.cause);
 *	else
 *		fputs(smtpwhy_trouble(run), stderr);
 *	smtpwhy_free(run);
 */
#ifndef SMTPWHY_H
#define SMTPWHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SMTPWHY_VERSION "0.1.0"

#if defined __GNUC__
#define SMTPWHY_API __attribute__((visibility("default")))
#else
#define SMTPWHY_API
#endif

struct smtpwhy_progress {
	uint64_t bytes_done, bytes_total; /* of the files on the disk; total 0: unknown */
	uint64_t packets, sessions, errors;
};

/* Zeroed options are the defaults. */
struct smtpwhy_options {
	const char *database;     /* path of the report database; NULL: a temporary one that goes with the run */
	bool append;              /* keep the rows of the database that stands there; files whose content it tells of are not read again */
	const char *filter;       /* pcap-filter(7) syntax; NULL: every packet */
	const char *rules;        /* file of further words rules; NULL: none */
	const uint16_t *ports;    /* further SMTP ports, ended by 0; NULL: none */
	size_t memory;            /* bytes for all connections alive; 0: 112 MiB */
	int64_t idle;             /* nanoseconds of capture time after which a silent connection is closed; 0: 15 minutes */
	bool recurse;             /* directories below given directories as well */
	unsigned threads;         /* 0 or 1: one */
	unsigned part, parts;     /* take only part 1..parts of the connections; parts 0: all. smtpwhy merge joins the databases */
	bool no_ndpi;             /* do not ask nDPI */
	bool redact;              /* addresses and names become tokens, in the database and so in all that is read from it; not with append */
	const char *redact_key;   /* file whose octets make the tokens the same in several runs; NULL: a random key */
	/* Called now and then during smtpwhy_analyze; false stops reading (what was read is kept). NULL: never. */
	bool (*progress)(void *to, const struct smtpwhy_progress *);
	void *progress_to;
};

enum smtpwhy_status { /* as the exit status of the program */
	SMTPWHY_DONE = 0,
	SMTPWHY_WRONG_USE = 2,
	SMTPWHY_INPUT_DAMAGED = 3, /* the rest was analysed and stored */
	SMTPWHY_NOT_WRITTEN = 4,   /* what stood at the target is untouched */
};

struct smtpwhy;

SMTPWHY_API struct smtpwhy *smtpwhy_new(const struct smtpwhy_options *); /* never NULL; its trouble is told by the first call */
SMTPWHY_API bool smtpwhy_add(struct smtpwhy *, const char *path);        /* a capture, a directory of captures, "-" for standard input */
SMTPWHY_API bool smtpwhy_analyze(struct smtpwhy *);                      /* reads all that was added; false: nothing could be analysed or stored */
SMTPWHY_API bool smtpwhy_finish(struct smtpwhy *);                       /* puts the database in its place */
SMTPWHY_API const char *smtpwhy_database(const struct smtpwhy *);        /* where it lies, after smtpwhy_finish; a temporary one as well */
SMTPWHY_API enum smtpwhy_status smtpwhy_status(const struct smtpwhy *);
SMTPWHY_API const char *smtpwhy_trouble(const struct smtpwhy *);         /* one sentence; "" when there is none */
SMTPWHY_API const char *smtpwhy_input_trouble(const struct smtpwhy *, size_t i); /* the i-th input that could not be read whole; NULL: no more */
SMTPWHY_API uint64_t smtpwhy_skipped(const struct smtpwhy *);           /* files that were not read, for append: their content is in the database */
SMTPWHY_API uint64_t smtpwhy_cut_short(const struct smtpwhy *);         /* connections that were closed before their end, since memory was full */
SMTPWHY_API void smtpwhy_free(struct smtpwhy *);

/* A row of error_report; texts are escaped as in the database and never carry credentials. NULL where the database has NULL. */
struct smtpwhy_error {
	int64_t error_id, session_id;
	const char *capture, *client, *server; /* "192.0.2.1:25", "[2001:db8::1]:25" */
	const char *time;                      /* ISO 8601, UTC */
	int code;
	const char *enhanced, *reply_text, *trigger_verb, *trigger_line;
	uint32_t trigger_frame, reply_frame;   /* 0: not in the capture */
	const char *cause, *party, *certainty, *evidence, *remedy, *also_possible; /* evidence, also_possible: JSON */
};

struct smtpwhy_finding {
	int64_t finding_id, session_id;
	const char *capture, *client, *server, *time, *cause, *device, *certainty, *evidence;
};

/* After smtpwhy_finish: one row a call, in order of id; false: no more (and the walk begins anew). */
SMTPWHY_API bool smtpwhy_next_error(struct smtpwhy *, struct smtpwhy_error *);
SMTPWHY_API bool smtpwhy_next_finding(struct smtpwhy *, struct smtpwhy_finding *);

SMTPWHY_API const char *smtpwhy_version(void);

#ifdef __cplusplus
}
#endif

#endif
