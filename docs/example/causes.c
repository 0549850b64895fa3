/* causes.c - a program that embeds smtpwhy: counts the causes in captures, and prints each error in one line.
 *
 *	cc -o causes causes.c $(pkg-config --cflags --libs smtpwhy)
 *	./causes outage.pcap
 */
#include <smtpwhy.h>

#include <stdio.h>

static bool progress(void *to, const struct smtpwhy_progress *at)
{
	(void)to;
	fprintf(stderr, "\r%llu packets", (unsigned long long)at->packets);
	return true; /* false stops reading; what was read is kept */
}

int main(int argc, char **argv)
{
	struct smtpwhy_options options = { .progress = progress }; /* no database is named: a temporary one */
	struct smtpwhy *run = smtpwhy_new(&options);
	for (int i = 1; i < argc; i++)
		if (!smtpwhy_add(run, argv[i]))
			break; /* smtpwhy_trouble says why, and the calls below do nothing */
	int status = 1;
	if (smtpwhy_analyze(run) && smtpwhy_finish(run)) {
		unsigned errors = 0, findings = 0;
		fputc('\n', stderr);
		for (struct smtpwhy_error e; smtpwhy_next_error(run, &e); errors++)
			printf("%s %s -> %s: %s: %d to %s: %s (%s)\n", e.time, e.client, e.server, e.cause, e.code,
			       e.trigger_verb ? e.trigger_verb : "a command that is not in the capture", e.remedy, e.certainty);
		for (struct smtpwhy_finding f; smtpwhy_next_finding(run, &f); findings++)
			printf("%s %s -> %s: %s%s%s\n", f.time, f.client, f.server, f.cause, f.device ? ", " : "", f.device ? f.device : "");
		printf("smtpwhy %s: %u errors, %u findings\n", smtpwhy_version(), errors, findings);
		const char *trouble;
		for (size_t i = 0; (trouble = smtpwhy_input_trouble(run, i)); i++)
			fprintf(stderr, "%s\n", trouble);
		status = (int)smtpwhy_status(run); /* the program's exit status: 3 when an input was damaged */
	} else {
		fprintf(stderr, "%s\n", smtpwhy_trouble(run));
	}
	smtpwhy_free(run);
	return status;
}
