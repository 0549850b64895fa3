/* cli - one command a file: a const entry and one function; main.c holds the list.
 *
 * To add a command: a file cli/NAME.c with `const struct cli_command NAME_command = { ... }`, its line below and one in main.c's
 * list, a section in docs/smtpwhy.1. Its --help is made from the entry.
 *
 * In:    the words of the command line, parsed by the entry's option table.
 * Out:   text on standard output, messages on standard error, an exit status.
 * Never: prints a message that does not name the file or word it is about. */
#ifndef SMTPWHY_CLI_CLI_H
#define SMTPWHY_CLI_CLI_H

#include "base/error.h"
#include "report/page.h"

#include <stdio.h>

enum exit_status {
	EXIT_DONE = 0,
	EXIT_MATCHED = 1,       /* done, and --fail-on matched */
	EXIT_WRONG_USE = 2,
	EXIT_INPUT_DAMAGED = 3, /* some input could not be read or was damaged; the rest was done */
	EXIT_NOT_WRITTEN = 4,   /* the output could not be written; what stood there before is untouched */
};

struct cli_option {
	char letter;          /* 0: none */
	const char *name;     /* of the long form */
	const char *argument; /* its name in the help; NULL: a switch */
	const char *help;
	bool optional;        /* the argument may be left out (--csv, --csv=sessions) */
};

enum { CLI_OPTIONS_MOST = 24 };

/* What was given, by index of the option in its table. A switch that is given has the value "". NULL: not given. */
struct cli_words {
	const char *given[CLI_OPTIONS_MOST];
	char **operands;
	size_t noperands;
	size_t split[CLI_OPTIONS_MOST]; /* how many operands stand before the option, by its index: --inside A B --outside C */
};

struct cli_command {
	const char *name;
	const char *usage;    /* what follows the name: "DB [ERROR...]" */
	const char *summary;  /* one line for the list of commands */
	const char *detail;   /* paragraphs for --help, blank lines between them */
	const struct cli_option *options;
	size_t noptions;
	enum exit_status (*run)(const struct cli_command *, const struct cli_words *);
};

#define CLI_OPTIONS(table) .options = (table), .noptions = sizeof(table) / sizeof *(table)

extern const struct cli_command analyze_command, audit_command, causes_command, compare_command, diff_command, explain_command, merge_command, plain_command, query_command,
	redact_command, report_command;

/* Parses the words after the command's name and runs it; --help is answered here. */
enum exit_status cli_run(const struct cli_command *, int argc, char **argv);
void cli_help(const struct cli_command *, struct page *);

/* Messages: "smtpwhy: ..." on standard error. */
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cli_cut_short(uint64_t connections); /* closed for want of memory: says what to do; 0: nothing */
enum exit_status cli_misused(const struct cli_command *, const char *format, ...) __attribute__((format(printf, 2, 3)));
enum exit_status cli_failed(const struct error *); /* tells the sentence; the status by its kind */

/* How a page for this stream looks: colour only on a terminal and without NO_COLOR, charset by locale, width of the terminal. */
struct page_style cli_style(FILE *);
unsigned cli_columns(FILE *);                             /* of its terminal; 0: it is none, or does not say */
/* Standard output: writes and empties a text; false once writing failed. cli_close tells why, and gives EXIT_NOT_WRITTEN. */
bool cli_write(struct text *);
enum exit_status cli_close(enum exit_status);

#endif
