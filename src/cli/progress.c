/* progress.c - one line on a terminal that tells how far long work is. Takes counts, writes to stderr, keeps nothing. */
#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const int64_t SECOND = 1000000000, PAUSE = 200000000;

static int64_t now(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * SECOND + at.tv_nsec;
}

void progress_begin(struct progress *p, bool wanted)
{
	*p = (struct progress){ .wanted = wanted && isatty(STDERR_FILENO), .begun = now() };
}

static void print_scaled(double octets)
{
	const char *units = "BkMGT";
	for (; octets >= 1000 && units[1]; units++)
		octets /= 1000;
	if (*units == 'B')
		fprintf(stderr, "%.0f B", octets);
	else
		fprintf(stderr, "%.1f %cB", octets, *units);
}

static void print_time(double seconds)
{
	if (seconds >= 3600)
		fprintf(stderr, "%d h %02d min", (int)seconds / 3600, (int)seconds % 3600 / 60);
	else if (seconds >= 60)
		fprintf(stderr, "%d min %02d s", (int)seconds / 60, (int)seconds % 60);
	else
		fprintf(stderr, "%.0f s", seconds);
}

void progress_show(struct progress *p, const struct smtpwhy_progress *at)
{
	int64_t time = p->wanted ? now() : 0;
	if (!p->wanted || time - p->last < PAUSE)
		return;
	p->last = time;
	p->shown = true;
	double seconds = (double)(time - p->begun) / (double)SECOND;
	double rate = seconds > 0 ? (double)at->bytes_done / seconds : 0;
	fputs("\r\033[K", stderr);
	print_scaled((double)at->bytes_done);
	if (at->bytes_total) {
		fputs(" of ", stderr);
		print_scaled((double)at->bytes_total);
	}
	fputs(", ", stderr);
	print_scaled(rate);
	fputs("/s", stderr);
	if (at->bytes_total > at->bytes_done && rate > 0 && seconds > 1) {
		fputs(", ", stderr);
		print_time((double)(at->bytes_total - at->bytes_done) / rate);
		fputs(" left", stderr);
	}
	fprintf(stderr, "; %llu sessions, %llu errors", (unsigned long long)at->sessions, (unsigned long long)at->errors);
}

void progress_clear(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
