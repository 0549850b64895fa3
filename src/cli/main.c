/* main.c - the list of commands. Takes the command line, gives the exit status of the command it names; words that name a file or
 * directory are captures for the plain command. */
#include "cli/cli.h"

#include "smtpwhy.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct cli_command *const commands[] = {
	&plain_command, &analyze_command, &report_command, &explain_command, &audit_command, &compare_command, &diff_command, &query_command, &merge_command, &redact_command, &causes_command,
};

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static enum exit_status overview(void)
{
	struct page page = { .style = cli_style(stdout) };
	page_string(&page, INK_TITLE, "smtpwhy");
	page_string(&page, INK_PLAIN, " says why an SMTP server answered 5xx, from packet captures.");
	page_line(&page);
	page_line(&page);
	for (size_t i = 0; i < COUNT(commands); i++) {
		struct text left = { 0 };
		text_addf(&left, "smtpwhy %s%s%s", commands[i]->name, *commands[i]->name ? " " : "", commands[i]->usage);
		page_spaces(&page, 2);
		page_put(&page, INK_STRONG, text_view(&left));
		page_line(&page);
		page_paragraph(&page, 6, commands[i]->summary);
		text_free(&left);
	}
	page_line(&page);
	page_paragraph(&page, 0, "Options and details: smtpwhy COMMAND --help. Version: smtpwhy --version. The manual: man smtpwhy.");
	page_line(&page);
	page_paragraph(&page, 0, "Exit status: 0 done; 1 done, and --fail-on matched; 2 wrong use; 3 some input could not be read or was "
	               "damaged, the rest was done; 4 the output could not be written.");
	cli_write(&page.out);
	page_free(&page);
	return cli_close(EXIT_DONE);
}

static bool exists(const char *path)
{
	struct stat status;
	return strcmp(path, "-") == 0 || stat(path, &status) == 0;
}

/* Edits (insert, drop, change) from one word to the other, as far as 2; 3 stands for more. */
static size_t distance(struct bytes a, struct bytes b, size_t most)
{
	while (a.n && b.n && a.p[0] == b.p[0])
		a = bytes_from(a, 1), b = bytes_from(b, 1);
	if (!a.n || !b.n)
		return a.n + b.n;
	if (!most)
		return 1;
	size_t drop = distance(bytes_from(a, 1), b, most - 1), insert = distance(a, bytes_from(b, 1), most - 1);
	size_t change = distance(bytes_from(a, 1), bytes_from(b, 1), most - 1);
	size_t least = drop < insert ? drop : insert;
	return 1 + (change < least ? change : least);
}

static enum exit_status unknown(const char *word)
{
	const char *meant = NULL;
	for (size_t i = 1; i < COUNT(commands) && !meant; i++) {
		struct bytes name = bytes_of(commands[i]->name), given = bytes_of(word);
		if ((given.n >= 3 && bytes_starts_word(name, given)) || distance(given, name, 2) <= 2)
			meant = commands[i]->name;
	}
	if (meant)
		cli_complain("%s: neither a command nor a file; did you mean \"smtpwhy %s\"?", word, meant);
	else
		cli_complain("%s: neither a command nor a file; \"smtpwhy --help\" lists the commands", word);
	return EXIT_WRONG_USE;
}

static enum exit_status dispatch(int argc, char **argv)
{
	if (argc < 2) {
		cli_complain("no capture and no command given; \"smtpwhy --help\" lists the commands");
		return EXIT_WRONG_USE;
	}
	const char *word = argv[1];
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
		printf("smtpwhy %s\n", smtpwhy_version());
		return cli_close(EXIT_DONE);
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || (strcmp(word, "help") == 0 && argc == 2))
		return overview();
	for (size_t i = 1; i < COUNT(commands); i++)
		if (strcmp(word, commands[i]->name) == 0)
			return cli_run(commands[i], argc - 1, argv + 1);
	if (word[0] != '-' && !exists(word))
		return unknown(word);
	return cli_run(&plain_command, argc, argv);
}

int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is a failed write, told by the exit status */
	return (int)dispatch(argc, argv);
}
