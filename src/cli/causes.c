/* causes.c - takes the compiled-in catalogue, gives it as a list by party or one cause in full. Never opens a file. */
#include "cli/cli.h"

#include "why/why.h"

#include <stdlib.h>

enum { SLUG_COLUMN = 4 };

static void list(struct page *page)
{
	for (int party = 0; party < PARTY_COUNT; party++) {
		page_section(page, party_name((enum party)party));
		for (int cause = 0; cause < CAUSE_COUNT; cause++) {
			const struct cause_entry *entry = cause_entry((enum cause)cause);
			if (entry->party != (enum party)party)
				continue;
			page_spaces(page, 2);
			page_string(page, INK_NAME, entry->slug);
			page_line(page);
			page_paragraph(page, SLUG_COLUMN, entry->meaning);
		}
	}
	page_line(page);
	page_paragraph(page, 0, "One cause in full: smtpwhy causes CAUSE");
}

static void in_full(struct page *page, const struct cause_entry *entry)
{
	static const struct { const char *label; size_t at; } parts[] = {
		{ "Meaning", offsetof(struct cause_entry, meaning) },
		{ "Recognised by", offsetof(struct cause_entry, recognised) },
		{ "Client side", offsetof(struct cause_entry, remedy_client) },
		{ "Server side", offsetof(struct cause_entry, remedy_server) },
		{ "Specified in", offsetof(struct cause_entry, clause) },
	};
	page_title(page, entry->slug);
	page_labelled(page, 2, "Party", 18, bytes_of(party_name(entry->party)));
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		const char *text = *(const char *const *)(const void *)((const char *)entry + parts[i].at);
		page_labelled(page, 2, parts[i].label, 18, text && *text ? bytes_of(text) : B("nothing to change"));
	}
}

/* "relay_denied" or "relay" will do where only one cause contains it. */
static enum cause by_part(struct bytes word)
{
	enum cause found = CAUSE_COUNT;
	for (int cause = 0; cause < CAUSE_COUNT; cause++) {
		if (bytes_find(bytes_of(cause_entry((enum cause)cause)->slug), word) == BYTES_NONE)
			continue;
		if (found != CAUSE_COUNT)
			return CAUSE_COUNT;
		found = (enum cause)cause;
	}
	return found;
}

static void suggest(const char *word)
{
	struct text near = { 0 };
	for (int cause = 0; cause < CAUSE_COUNT; cause++) {
		const char *slug = cause_entry((enum cause)cause)->slug;
		if (bytes_find(bytes_of(slug), bytes_of(word)) != BYTES_NONE)
			text_addf(&near, "%s%s", near.n ? ", " : "", slug);
	}
	if (near.n)
		cli_complain("%s: more than one cause has this in its name: %s", word, near.p);
	else
		cli_complain("%s: no such cause; \"smtpwhy causes\" lists them", word);
	text_free(&near);
}

static enum exit_status causes(const struct cli_command *command, const struct cli_words *words)
{
	(void)command;
	struct page page = { .style = cli_style(stdout) };
	enum exit_status status = EXIT_DONE;
	if (words->noperands == 0)
		list(&page);
	for (size_t i = 0; i < words->noperands && status == EXIT_DONE; i++) {
		enum cause cause = cause_find(bytes_of(words->operands[i]));
		if (cause == CAUSE_COUNT)
			cause = by_part(bytes_of(words->operands[i]));
		if (cause == CAUSE_COUNT) {
			suggest(words->operands[i]);
			status = EXIT_WRONG_USE;
			break;
		}
		if (i)
			page_line(&page);
		in_full(&page, cause_entry(cause));
	}
	cli_write(&page.out);
	page_free(&page);
	return cli_close(status);
}

const struct cli_command causes_command = {
	.name = "causes",
	.usage = "[CAUSE...]",
	.summary = "the catalogue of causes: meaning, how recognised, remedy, RFC",
	.detail = "Without an argument every cause with its meaning, by the party at fault. With one or more, each in full: how it is recognised, "
	          "what either side changes, and the clause it rests on. A part of the name will do where only one cause has it.",
	.run = causes,
};
