/* diff.c - takes two databases, gives their entries side by side, each with the way it changed. Never draws. */
#include "report/diff.h"

#include "report/audit.h"

#include <stdlib.h>

/* Standard deviations: the difference of two shares beyond it comes by chance in one of about 22 comparisons (normal approximation). */
#define BEYOND_CHANCE 2.0
/* A share that was seen, and a number of sessions without it: less likely than this to be chance. */
#define RARELY 0.05

#define SMTP_SESSIONS "(SELECT count(*) FROM session WHERE protocol < 3)"
#define ENDPOINT "CASE WHEN instr(server_addr, ':') THEN '[' || server_addr || ']' ELSE server_addr END || ':' || server_port"

static const struct source {
	const char *name, *title;
	const char *sql; /* gives key, errors, sessions hit, sessions that could have been; NULL: the audit does */
	const char *of;  /* SQL of the sessions that could have been hit, for a side that lacks the key; NULL: none was seen then */
} sources[] = {
	{ "causes", "Causes", "SELECT cause, count(*), count(DISTINCT session_id), 0 FROM error JOIN cause USING (cause_id) GROUP BY cause ORDER BY cause",
	  SMTP_SESSIONS },
	{ "servers", "Servers", "SELECT " ENDPOINT ", sum(errors), sum(errors > 0), count(*) FROM session WHERE protocol < 3 GROUP BY 1 ORDER BY 1", NULL },
	{ "clients", "Clients", "SELECT client_addr, sum(errors), sum(errors > 0), count(*) FROM session WHERE protocol < 3 GROUP BY 1 ORDER BY 1", NULL },
	{ "boxes", "What middleboxes do, by path", NULL, NULL },
	{ "findings", "Seen and tolerated", "SELECT cause, 0, count(DISTINCT session_id), 0 FROM finding JOIN cause USING (cause_id) WHERE party <> 'middlebox' "
	  "GROUP BY cause ORDER BY cause", SMTP_SESSIONS },
	{ "coverage", "What could be looked at",
	  "SELECT CASE WHEN protocol NOT IN ('smtp', 'esmtp', 'lmtp', 'tls') THEN 'spoke ' || protocol WHEN complete = 0 THEN 'not whole: ' || incomplete_because "
	  "WHEN protocol = 'tls' OR tls_state IN ('started', 'finished') THEN 'went on encrypted' ELSE 'read whole' END, 0, count(*), 0 FROM session_report "
	  "GROUP BY 1 ORDER BY 1", "(SELECT count(*) FROM session)" },
};
#define NSOURCES (sizeof sources / sizeof *sources)
_Static_assert(NSOURCES <= DIFF_SECTIONS_MOST, "a section a source");

const char *diff_change_name(enum diff_change change)
{
	static const char *const names[] = {
		[DIFF_NEW] = "new", [DIFF_MORE] = "more", [DIFF_LESS] = "less", [DIFF_GONE] = "gone", [DIFF_FIRST] = "first seen",
		[DIFF_UNSEEN] = "not seen", [DIFF_SAME] = "same",
	};
	return names[change];
}

/* ---- reading ---- */

static struct diff_entry *entry_at(struct diff *diff, struct diff_section *section, struct bytes key)
{
	void **slot = map_put(&section->keys, key);
	if (!*slot) {
		struct diff_entry *entry = ARENA_NEW(&diff->arena, struct diff_entry);
		entry->key = arena_copy(&diff->arena, key);
		*slot = entry;
	}
	return *slot;
}

static void read_statement(struct diff *diff, struct diff_section *section, size_t side, const char *sql)
{
	struct rows *rows = read_rows(diff->reader[side], "%s", sql);
	while (read_next(diff->reader[side], &rows))
		entry_at(diff, section, rows_text(rows, 0))->side[side] = (struct diff_side){ rows_integer(rows, 1), rows_integer(rows, 2), rows_integer(rows, 3) };
}

static void read_audit(struct diff *diff, struct diff_section *section, size_t side)
{
	struct audit audit = { 0 };
	struct text key = { 0 };
	audit_read(&audit, diff->reader[side], (struct audit_options){ AUDIT_BY_PATH, { PREFIX_V4, PREFIX_V6 }, { 32, 128 } });
	for (size_t i = 0; i < audit.nrows; i++) {
		const struct audit_row *row = &audit.rows[i];
		for (enum behaviour b = 0; b < BEHAVIOURS; b++) {
			text_clear(&key);
			text_addf(&key, "%s, ", behaviour_entry(b)->name);
			text_add(&key, row->client);
			text_add_string(&key, " to ");
			text_add(&key, row->server);
			entry_at(diff, section, text_view(&key))->side[side] = (struct diff_side){ 0, row->cells ? row->cells[b].sessions : 0, row->sessions };
		}
	}
	text_free(&key);
	audit_free(&audit);
}

static void fill_of(struct diff *diff, struct diff_section *section, const char *of)
{
	for (size_t side = 0; side < 2; side++) {
		int64_t sessions = read_number(diff->reader[side], "SELECT %s", of);
		for (size_t i = 0; i < section->keys.count; i++)
			((struct diff_entry *)section->keys.entries[i]->value)->side[side].of = sessions;
	}
}

static void read_section(struct diff *diff, const struct source *source)
{
	struct diff_section *section = &diff->sections[diff->nsections++];
	section->name = source->name;
	section->title = source->title;
	section->prose = !source->sql;
	for (size_t side = 0; side < 2; side++) {
		if (source->sql)
			read_statement(diff, section, side, source->sql);
		else
			read_audit(diff, section, side);
	}
	if (source->of)
		fill_of(diff, section, source->of);
}

/* ---- judging ---- */

static double share(struct diff_side side)
{
	return side.of > 0 ? (double)side.hit / (double)side.of : 0;
}

/* Whether none of n may be chance when others were hit with the share of this side, which few sessions tell badly (rule of succession). */
static bool none_by_chance(struct diff_side side, int64_t n)
{
	double hit_share = (double)(side.hit + 1) / (double)(side.of + 2), none = 1;
	for (int64_t i = 0; i < n && none > RARELY; i++)
		none *= 1 - hit_share;
	return none > RARELY;
}

/* The two-proportion test, squared so that it needs no root. */
static bool differ(struct diff_side old, struct diff_side new)
{
	double n = (double)old.of, m = (double)new.of, all = (double)(old.hit + new.hit) / (n + m), apart = share(new) - share(old);
	return apart * apart > BEYOND_CHANCE * BEYOND_CHANCE * all * (1 - all) * (1 / n + 1 / m);
}

static void judge(struct diff_entry *entry)
{
	struct diff_side old = entry->side[0], new = entry->side[1];
	if (old.hit && !new.of)
		entry->change = DIFF_UNSEEN;
	else if (new.hit && !old.of)
		entry->change = DIFF_FIRST;
	else if (new.hit && !old.hit)
		entry->change = DIFF_NEW;
	else if (old.hit && !new.hit)
		entry->change = DIFF_GONE;
	else if (old.of && new.of && differ(old, new))
		entry->change = share(new) > share(old) ? DIFF_MORE : DIFF_LESS;
	else
		entry->change = DIFF_SAME;
	entry->chance = entry->change == DIFF_NEW ? none_by_chance(new, old.of) : entry->change == DIFF_GONE && none_by_chance(old, new.of);
}

static int64_t weight(const struct diff_entry *entry)
{
	return llabs(entry->side[1].hit - entry->side[0].hit);
}

static int by_weight(const void *left, const void *right)
{
	const struct diff_entry *a = *(const struct diff_entry *const *)left, *b = *(const struct diff_entry *const *)right;
	if (a->change != b->change)
		return a->change < b->change ? -1 : 1;
	if (weight(a) != weight(b))
		return weight(a) > weight(b) ? -1 : 1;
	return bytes_compare(a->key, b->key);
}

static void arrange(struct diff *diff, struct diff_section *section)
{
	section->entries = ARENA_ARRAY(&diff->arena, struct diff_entry *, section->keys.count + 1);
	for (size_t i = 0; i < section->keys.count; i++) {
		struct diff_entry *entry = section->keys.entries[i]->value;
		if (!entry->side[0].hit && !entry->side[1].hit)
			continue;
		judge(entry);
		section->entries[section->n++] = entry;
	}
	qsort(section->entries, section->n, sizeof *section->entries, by_weight);
}

bool diff_read(struct diff *diff, struct reader *old, const char *old_name, struct reader *new, const char *new_name)
{
	*diff = (struct diff){ .reader = { old, new }, .name = { old_name, new_name } };
	for (size_t i = 0; i < NSOURCES; i++)
		read_section(diff, &sources[i]);
	for (size_t i = 0; i < diff->nsections; i++)
		arrange(diff, &diff->sections[i]);
	for (size_t side = 0; side < 2; side++)
		diff->total.side[side] = (struct diff_side){
			read_number(diff->reader[side], "SELECT count(*) FROM error"),
			read_number(diff->reader[side], "SELECT count(DISTINCT session_id) FROM error"),
			read_number(diff->reader[side], "SELECT " SMTP_SESSIONS),
		};
	judge(&diff->total);
	return old->error->kind == ERROR_NONE && new->error->kind == ERROR_NONE;
}

void diff_free(struct diff *diff)
{
	for (size_t i = 0; i < diff->nsections; i++)
		map_free(&diff->sections[i].keys);
	arena_drop(&diff->arena);
}
