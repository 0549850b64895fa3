/* analyze_batch - analyze --batch: a tree of sites, its progress, and what of it could not be read.
 * In:    the words and options of the command.
 * Out:   the database, messages on stderr, a summary on stdout; the exit status.
 * Never: reads a capture itself (src/batch.h). */
#ifndef SMTPWHY_CLI_ANALYZE_BATCH_H
#define SMTPWHY_CLI_ANALYZE_BATCH_H

#include "cli/cli.h"
#include "cli/fail_on.h"
#include "smtpwhy.h"

struct batch_job {
	const struct cli_words *words;
	const struct smtpwhy_options *options;
	const struct fail_on *fail_on;
	bool quiet;
};

enum exit_status batch_work(const struct batch_job *);

#endif
