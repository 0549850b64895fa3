/* say.c - takes numbers and times, gives the words reports use for them. Never looks at the locale. */
#include "report/say.h"

void say_count(struct text *out, int64_t n)
{
	if (n >= 1000) {
		say_count(out, n / 1000);
		text_addf(out, ",%03d", (int)(n % 1000));
	} else {
		text_addf(out, "%d", (int)n);
	}
}

void say_counted(struct text *out, int64_t n, const char *one, const char *many)
{
	say_count(out, n);
	text_addf(out, " %s", n == 1 ? one : many);
}

void say_share(struct text *out, int64_t part, int64_t whole)
{
	double share = whole > 0 ? 100.0 * (double)part / (double)whole : 0;
	if (part == whole && whole > 0)
		text_add_string(out, "100 %");
	else if (part > 0 && share < 0.1)
		text_add_string(out, "<0.1 %");
	else if (share > 99.9)
		text_add_string(out, ">99.9 %");
	else
		text_addf(out, share < 9.95 ? "%.1f %%" : "%.0f %%", share);
}

void say_span(struct text *out, double seconds)
{
	static const struct { double from, unit; const char *name; double rest; const char *rest_name; } rows[] = {
		{ 172800, 86400, "d", 3600, "h" }, { 5400, 3600, "h", 60, "min" }, { 90, 60, "min", 0, NULL },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (seconds < rows[i].from)
			continue;
		int64_t whole = (int64_t)(seconds / rows[i].unit);
		text_addf(out, "%lld %s", (long long)whole, rows[i].name);
		int64_t rest = rows[i].rest > 0 ? (int64_t)((seconds - (double)whole * rows[i].unit) / rows[i].rest) : 0;
		if (rest)
			text_addf(out, " %lld %s", (long long)rest, rows[i].rest_name);
		return;
	}
	text_addf(out, seconds < 9.95 ? "%.1f s" : "%.0f s", seconds);
}

void say_wait(struct text *out, double seconds)
{
	if (seconds >= 0.0995)
		say_span(out, seconds);
	else
		text_addf(out, seconds < 0.001 ? "%.2f ms" : "%.1f ms", seconds * 1000);
}

void say_octets(struct text *out, int64_t octets)
{
	const char *const units[] = { "bytes", "kB", "MB", "GB", "TB" };
	double n = (double)octets;
	size_t unit = 0;
	while (n >= 999.5 && unit < 4) {
		n /= 1000;
		unit++;
	}
	text_addf(out, unit && n < 9.95 ? "%.1f %s" : "%.0f %s", n, octets == 1 ? "byte" : units[unit]);
}

struct bytes time_day(struct bytes iso)
{
	return bytes_first(iso, 10);
}

struct bytes time_clock(struct bytes iso)
{
	return bytes_first(bytes_from(iso, 11), 8);
}

void say_time(struct text *out, struct bytes iso, struct bytes day)
{
	if (!bytes_equal(time_day(iso), day)) {
		text_add(out, time_day(iso));
		text_add_octet(out, ' ');
	}
	text_add(out, time_clock(iso));
}

void say_times(struct text *out, struct bytes first, struct bytes last, struct bytes day, const char *dash)
{
	say_time(out, first, day);
	if (bytes_equal(time_day(first), time_day(last)) && bytes_equal(time_clock(first), time_clock(last)))
		return;
	text_addf(out, " %s ", dash);
	say_time(out, last, bytes_equal(time_day(first), time_day(last)) ? time_day(last) : day);
}
