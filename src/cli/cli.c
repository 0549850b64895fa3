/* cli.c - takes the words of a command line and a command's entry, gives parsed words, help pages, messages and output.
 * Never: knows what a command does. */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH = 80, WIDTH_LEAST = 60, WIDTH_MOST = 110, OPTION_CODE = 256, HELP_CODE = 255, OPERAND_CODE = 1 };

/* ---- messages ---- */

/* A message may name a file, and a file's name may hold anything. */
static void complain(const char *format, va_list arguments)
{
	char sentence[2048];
	struct text shown = { 0 };
	vsnprintf(sentence, sizeof sentence, format, arguments);
	escape_terminal(&shown, bytes_of(sentence), cli_style(stderr).charset);
	fprintf(stderr, "smtpwhy: %s\n", shown.p ? shown.p : "");
	text_free(&shown);
}

void cli_complain(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	complain(format, arguments);
	va_end(arguments);
}

void cli_cut_short(uint64_t connections)
{
	if (connections)
		cli_complain("%llu connections were closed before their end, since memory was full; their sessions say \"limit reached\", and what was said "
		             "later is told as sessions that began earlier. More --memory keeps them whole", (unsigned long long)connections);
}

enum exit_status cli_misused(const struct cli_command *command, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	complain(format, arguments);
	va_end(arguments);
	fprintf(stderr, "Usage: smtpwhy %s%s%s\nTry: smtpwhy %s%s--help\n", command->name, *command->name ? " " : "", command->usage,
	        command->name, *command->name ? " " : "");
	return EXIT_WRONG_USE;
}

enum exit_status cli_failed(const struct error *error)
{
	static const enum exit_status statuses[] = {
		[ERROR_NONE] = EXIT_DONE, [ERROR_USAGE] = EXIT_WRONG_USE, [ERROR_INPUT] = EXIT_INPUT_DAMAGED,
		[ERROR_OUTPUT] = EXIT_NOT_WRITTEN,
	};
	if (error->sentence[0])
		cli_complain("%s", error->sentence);
	return statuses[error->kind];
}

/* ---- output ---- */

static unsigned terminal_width(FILE *stream)
{
	struct winsize size = { 0 };
	if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return WIDTH;
	return size.ws_col < WIDTH_LEAST ? WIDTH_LEAST : size.ws_col > WIDTH_MOST ? WIDTH_MOST : size.ws_col;
}

unsigned cli_columns(FILE *stream)
{
	struct winsize size = { 0 };
	return isatty(fileno(stream)) && ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

struct page_style cli_style(FILE *stream)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM"); /* https://no-color.org: set and not empty */
	bool terminal = isatty(fileno(stream));
	return (struct page_style){
		.charset = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? CHARSET_UTF8 : CHARSET_ASCII,
		.colour = terminal && !(no_color && *no_color) && term && *term && strcmp(term, "dumb") != 0,
		.width = terminal ? terminal_width(stream) : WIDTH,
	};
}

bool cli_write(struct text *text)
{
	struct bytes b = text_view(text);
	bool written = !ferror(stdout) && (b.n == 0 || fwrite(b.p, 1, b.n, stdout) == b.n);
	text_clear(text);
	return written;
}

/* Who closed the pipe has read enough: no message, as of cat or grep. */
static bool reader_gone(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
	return poll(&out, 1, 0) > 0 && (out.revents & POLLERR);
}

enum exit_status cli_close(enum exit_status status)
{
	errno = 0;
	bool failed = ferror(stdout) != 0;
	if (fflush(stdout) == 0 && !failed)
		return status;
	if (!reader_gone())
		cli_complain("standard output: cannot be written (%s)", errno ? strerror(errno) : "an earlier write failed");
	return EXIT_NOT_WRITTEN;
}

/* ---- help ---- */

static void option_help(struct page *page, const struct cli_option *option)
{
	enum { COLUMN = 28 };
	struct text left = { 0 };
	if (option->letter)
		text_addf(&left, "-%c, ", option->letter);
	else
		text_add_string(&left, "    ");
	text_addf(&left, "--%s", option->name);
	if (option->argument)
		text_addf(&left, option->optional ? "[=%s]" : " %s", option->argument);
	page_spaces(page, 2);
	page_put(page, INK_STRONG, text_view(&left));
	if (left.n + 2 >= COLUMN) {
		page_line(page);
		page_spaces(page, COLUMN);
	} else {
		page_spaces(page, COLUMN - 2 - left.n);
	}
	page_fill(page, INK_PLAIN, COLUMN, COLUMN, bytes_of(option->help));
	text_free(&left);
}

void cli_help(const struct cli_command *command, struct page *page)
{
	page_string(page, INK_FAINT, "Usage: ");
	page_string(page, INK_STRONG, "smtpwhy");
	page_spaces(page, 1);
	if (*command->name) {
		page_string(page, INK_STRONG, command->name);
		page_spaces(page, 1);
	}
	page_string(page, INK_PLAIN, command->usage);
	page_line(page);
	struct bytes rest = bytes_of(command->detail);
	while (rest.n) {
		size_t end = bytes_find(rest, B("\n\n"));
		page_line(page);
		page_fill(page, INK_PLAIN, 0, 0, bytes_first(rest, end));
		rest = end == BYTES_NONE ? (struct bytes){ 0 } : bytes_from(rest, end + 2);
	}
	page_line(page);
	page_string(page, INK_TITLE, "Options");
	page_line(page);
	for (size_t i = 0; i < command->noptions; i++)
		option_help(page, &command->options[i]);
	option_help(page, &(struct cli_option){ 'h', "help", NULL, "This page.", false });
}

static enum exit_status show_help(const struct cli_command *command)
{
	struct page page = { .style = cli_style(stdout) };
	cli_help(command, &page);
	cli_write(&page.out);
	page_free(&page);
	return cli_close(EXIT_DONE);
}

/* ---- words ---- */

/* The option table in getopt's form. Codes: OPTION_CODE + index for long forms, the letter for short ones. */
static void getopt_tables(const struct cli_command *command, struct option *longs, char *shorts)
{
	*shorts++ = '-'; /* operands are given in their place, as code 1 */
	*shorts++ = ':'; /* a missing argument is told apart from an unknown option */
	*shorts++ = 'h';
	for (size_t i = 0; i < command->noptions; i++) {
		const struct cli_option *option = &command->options[i];
		int takes = !option->argument ? no_argument : option->optional ? optional_argument : required_argument;
		longs[i] = (struct option){ option->name, takes, NULL, OPTION_CODE + (int)i };
		if (!option->letter)
			continue;
		*shorts++ = option->letter;
		if (takes == required_argument)
			*shorts++ = ':';
	}
	longs[command->noptions] = (struct option){ "help", no_argument, NULL, HELP_CODE };
	longs[command->noptions + 1] = (struct option){ 0 };
	*shorts = 0;
}

static size_t option_index(const struct cli_command *command, int code)
{
	if (code >= OPTION_CODE)
		return (size_t)(code - OPTION_CODE);
	for (size_t i = 0; i < command->noptions; i++)
		if (command->options[i].letter == code)
			return i;
	return command->noptions;
}

enum exit_status cli_run(const struct cli_command *command, int argc, char **argv)
{
	struct option longs[CLI_OPTIONS_MOST + 2];
	char shorts[4 + 2 * CLI_OPTIONS_MOST];
	struct cli_words words = { .given = { NULL }, .operands = argv + 1 };
	getopt_tables(command, longs, shorts);
	opterr = 0;
	optind = 1;
	for (int code; (code = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
		if (code == 'h' || code == HELP_CODE)
			return show_help(command);
		if (code == OPERAND_CODE) {
			words.operands[words.noperands++] = optarg; /* behind what was read */
			continue;
		}
		const char *word = argv[optind - 1];
		if (code == ':')
			return cli_misused(command, "%s needs an argument", word);
		if (code == '?' && optopt && optopt < OPTION_CODE)
			return cli_misused(command, "there is no option -%c here", optopt);
		if (code == '?')
			return cli_misused(command, optopt ? "%s takes no argument" : "there is no option %s here, or it is no unique short form", word);
		words.given[option_index(command, code)] = optarg ? optarg : "";
		words.split[option_index(command, code)] = words.noperands;
	}
	for (; optind < argc; optind++) /* behind -- */
		words.operands[words.noperands++] = argv[optind];
	return command->run(command, &words);
}
