/* veil_database.c - takes a report database and a veil, gives the database with tokens in place of names.
 * The work is SQL with functions of the veil; rows below say what each column is. Never leaves the old texts in free pages. */
#include "store/veil_database.h"

#include "store/redacted.h"
#include "store/wire.h"

#include <stdlib.h>
#include <string.h>

/* ---- texts of columns: C escapes off, veiled, C escapes on ---- */

static int hex(uint8_t c)
{
	return octet_is_digit(c) ? c - '0' : octet_lower(c) >= 'a' && octet_lower(c) <= 'f' ? octet_lower(c) - 'a' + 10 : -1;
}

/* One octet of the wire from escaped text; how many octets of the text it took. */
static size_t unescape(struct bytes b, uint8_t *octet)
{
	static const char letters[] = "trn\\\"", octets[] = "\t\r\n\\\"";
	*octet = b.p[0];
	if (b.p[0] != '\\' || b.n < 2)
		return 1;
	const char *letter = memchr(letters, b.p[1], sizeof letters - 1);
	if (letter) {
		*octet = (uint8_t)octets[letter - letters];
		return 2;
	}
	if (b.n < 4 || b.p[1] != 'x' || hex(b.p[2]) < 0 || hex(b.p[3]) < 0)
		return 1;
	*octet = (uint8_t)(hex(b.p[2]) << 4 | hex(b.p[3]));
	return 4;
}

/* An LF that is escaped in the text is an octet of a line, a real one parts two lines: the first stays out of the veil's sight. */
static void veil_escaped(struct veil *veil, enum veil_form form, struct bytes escaped, struct text *out, size_t *at)
{
	struct text wire = { 0 }, veiled = { 0 };
	while (escaped.n) {
		uint8_t octet;
		size_t n = unescape(escaped, &octet);
		text_add_octet(&wire, n > 1 && octet == '\n' ? '\r' : octet);
		escaped = bytes_from(escaped, n);
	}
	veil_text(veil, form, text_view(&wire), &veiled, at);
	wire_add_lines(out, text_view(&veiled), SIZE_MAX);
	text_free(&wire);
	text_free(&veiled);
}

/* The strings of a JSON value, as wire_add_quoted and SQLite write them; all else is copied. */
static void veil_json(struct veil *veil, struct bytes json, struct text *out)
{
	struct text string = { 0 }, veiled = { 0 };
	for (size_t i = 0; i < json.n;) {
		if (json.p[i] != '"') {
			text_add_octet(out, json.p[i++]);
			continue;
		}
		text_clear(&string);
		text_clear(&veiled);
		for (i++; i < json.n && json.p[i] != '"'; i++) {
			bool escaped = json.p[i] == '\\' && i + 1 < json.n;
			i += escaped;
			text_add_octet(&string, escaped && json.p[i] == 'n' ? '\n' : json.p[i]);
		}
		i++;
		veil_escaped(veil, VEIL_LINE, text_view(&string), &veiled, NULL);
		wire_add_quoted(out, text_view(&veiled));
	}
	text_free(&string);
	text_free(&veiled);
}

/* ---- functions for SQL; NULL stays NULL ---- */

static struct bytes argument(sqlite3_value *value)
{
	const uint8_t *p = sqlite3_value_text(value);
	return (struct bytes){ p ? p : (const uint8_t *)"", (size_t)sqlite3_value_bytes(value) };
}

static void give(sqlite3_context *context, struct text *text)
{
	sqlite3_result_text64(context, text->p ? text->p : "", text->n, SQLITE_TRANSIENT, SQLITE_UTF8);
	text_free(text);
}

static bool is_null(sqlite3_value *value)
{
	return sqlite3_value_type(value) == SQLITE_NULL; /* and so is the result, unless it is set */
}

static void sql_veil(sqlite3_context *context, int n, sqlite3_value **values) /* veil(form, text) */
{
	struct text out = { 0 };
	int form = sqlite3_value_int(values[0]);
	(void)n;
	if (is_null(values[1]))
		return;
	veil_escaped(sqlite3_user_data(context), form >= 0 && form < VEIL_FORMS ? (enum veil_form)form : VEIL_LINE, argument(values[1]), &out, NULL);
	give(context, &out);
}

static void sql_at(sqlite3_context *context, int n, sqlite3_value **values) /* veil_at(line, octet) */
{
	struct text out = { 0 };
	size_t at = (size_t)sqlite3_value_int64(values[1]);
	(void)n;
	if (is_null(values[1]) || is_null(values[0]))
		return;
	veil_escaped(sqlite3_user_data(context), VEIL_LINE, argument(values[0]), &out, &at);
	sqlite3_result_int64(context, (int64_t)at);
	text_free(&out);
}

static void sql_json(sqlite3_context *context, int n, sqlite3_value **values) /* veil_json(text) */
{
	struct text out = { 0 };
	(void)n;
	if (is_null(values[0]))
		return;
	veil_json(sqlite3_user_data(context), argument(values[0]), &out);
	give(context, &out);
}

static void sql_address(sqlite3_context *context, int n, sqlite3_value **values) /* veil_address(text) */
{
	struct text out = { 0 };
	(void)n;
	if (is_null(values[0]))
		return;
	veil_address(sqlite3_user_data(context), argument(values[0]), &out);
	give(context, &out);
}

static void sql_learn(sqlite3_context *context, int n, sqlite3_value **values) /* veil_learn(form, text) */
{
	(void)n;
	veil_learn(sqlite3_user_data(context), sqlite3_value_int(values[0]) == VEIL_NAME ? VEIL_NAME : VEIL_LINE, argument(values[1]));
}

static void sql_verb(sqlite3_context *context, int n, sqlite3_value **values) /* veil_verb(line) */
{
	(void)n;
	veil_learn_verb(sqlite3_user_data(context), argument(values[0]));
}

static bool functions(struct database *d, struct veil *veil, struct error *error)
{
	static const struct { const char *name; int arguments; void (*function)(sqlite3_context *, int, sqlite3_value **); } rows[] = {
		{ "veil", 2, sql_veil }, { "veil_at", 2, sql_at }, { "veil_json", 1, sql_json }, { "veil_address", 1, sql_address },
		{ "veil_learn", 2, sql_learn },           { "veil_verb", 1, sql_verb },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (sqlite3_create_function_v2(d->db, rows[i].name, rows[i].arguments, SQLITE_UTF8 | SQLITE_DIRECTONLY, veil, rows[i].function, NULL,
		                               NULL, NULL) != SQLITE_OK)
			return database_trouble(d, error);
	return true;
}

/* ---- what each column is ---- */

/* Numbers of enum veil_form, as SQL needs them. */
#define REPLY "0"
#define LINE "1"
#define GREETING "2"
#define NAME "3"
#define FILE_ "4"
#define OURS "5"
_Static_assert(VEIL_REPLY == 0 && VEIL_LINE == 1 && VEIL_GREETING == 2 && VEIL_NAME == 3 && VEIL_FILE == 4 && VEIL_OURS == 5, "as above");

#define ABOUT(column) "CASE WHEN instr(" column ", name) = 1 THEN veil(" FILE_ ", name) || veil(" OURS ", substr(" column ", length(name) + 1)) " \
	"ELSE veil(" OURS ", " column ") END"

/* Of a column that holds a text or the id of one, whose row is replaced itself. */
#define HERE(form, column) "CASE typeof(" column ") WHEN 'text' THEN veil(" form ", " column ") ELSE " column " END"

/* NULL: harmless, stays. A column of text that has no row here is a line of the wire. */
static const struct column { const char *table, *column, *becomes; } columns[] = {
	{ "capture", "name", "veil(" FILE_ ", name)" },
	{ "capture", "format", NULL },
	{ "capture", "link_type", NULL },
	{ "capture", "trouble", ABOUT("trouble") },
	{ "capture", "note", ABOUT("note") },
	{ "text", "text", "CASE (SELECT form FROM veil_use AS u WHERE u.text_id = text.text_id) WHEN -1 THEN text WHEN " REPLY " THEN veil(" REPLY ", text) "
	          "WHEN " GREETING " THEN veil(" GREETING ", text) WHEN " NAME " THEN veil(" NAME ", text) WHEN " OURS " THEN veil(" OURS ", text) "
	          "ELSE veil(" LINE ", text) END" },
	{ "session_row", "client_addr", "veil_address(client_addr)" },
	{ "session_row", "server_addr", "veil_address(server_addr)" },
	{ "session_row", "banner", HERE(GREETING, "banner") },
	{ "session_row", "helo", "veil(" NAME ", helo)" },
	{ "session_row", "auth", "veil(" REPLY ", auth)" },
	{ "session_row", "slowest_verb", "upper(veil(" REPLY ", slowest_verb))" },
	{ "session_row", "tls", NULL },
	{ "session_row", "speaks", NULL },
	{ "session_row", "server_name", "veil(" NAME ", server_name)" },
	{ "error_row", "enhanced", NULL },
	{ "error_row", "reply_text", HERE(REPLY, "reply_text") },
	{ "error_row", "detail", HERE(OURS, "detail") },
	{ "error_row", "trigger_verb", "CASE WHEN trigger_verb IN ('CONN', 'EOM', 'BDAT', 'AUTH-RESPONSE', '-', '') THEN trigger_verb "
	           "ELSE upper(veil(" LINE ", substr(ltrim(trigger_line), 1, length(trigger_verb)))) END" },
	{ "error_row", "trigger_line", "veil(" LINE ", trigger_line)" },
	{ "error_row", "sender_domain", "veil(" NAME ", sender_domain)" },
	{ "error_row", "recipient_domain", "veil(" NAME ", recipient_domain)" },
	{ "error_row", "proofs", "veil_json(proofs)" },
	{ "error_row", "fault_at", "veil_at(trigger_line, fault_at)" },
	{ "error_row", "also", NULL },
	{ "finding", "detail", HERE(OURS, "detail") },
	{ "finding", "proofs", "veil_json(proofs)" },
	{ "ladder", "lines", "veil_json(lines)" },
	{ "difference", "kind", NULL },
	{ "pair", "known_by", NULL },
};

/* Which columns point at which texts; the first row that points at one decides. -1: words of ours alone. */
static const struct use { const char *table, *column; int form; } uses[] = {
	{ "error_row", "reply_text", VEIL_REPLY }, { "look", "name_id", VEIL_NAME },       { "session_row", "banner", VEIL_GREETING },
	{ "look", "banner_id", VEIL_GREETING },    { "error_row", "offer_id", VEIL_REPLY }, { "look", "offer_id", VEIL_REPLY },
	{ "error_row", "phase_id", -1 },         { "error_row", "rule_id", -1 },     { "error_row", "fault_id", -1 },
	{ "finding", "device_id", -1 },            { "session_row", "client_stack_id", -1 }, { "look", "server_stack_id", -1 },
	{ "look", "hidden_id", -1 },               { "error_row", "detail", VEIL_OURS },   { "finding", "detail", VEIL_OURS },
	{ "difference", "detail_id", VEIL_OURS },
};

static bool run_each(struct database *d, const char *const *sql, struct error *error)
{
	for (; *sql; sql++)
		if (!database_run(d, *sql, error))
			return false;
	return true;
}

static bool column_stands(struct database *d, const char *table, const char *column)
{
	return sqlite3_table_column_metadata(d->db, "main", table, column, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

static bool prepare_texts(struct database *d, struct error *error)
{
	static const char *const learn[] = {
		"SELECT sum(veil_learn(" NAME ", helo)) FROM session_row WHERE helo IS NOT NULL",
		"SELECT sum(veil_learn(" LINE ", trigger_line)), sum(veil_verb(trigger_line)) FROM error_row WHERE trigger_line IS NOT NULL",
		"SELECT sum(veil_learn(" LINE ", text)) FROM text", "SELECT sum(veil_learn(" LINE ", lines)) FROM ladder",
		"SELECT sum(veil_learn(" LINE ", reply_text)) FROM error_row WHERE typeof(reply_text) = 'text'",
		"SELECT sum(veil_learn(" LINE ", banner)) FROM session_row WHERE typeof(banner) = 'text'",
		"CREATE TEMP TABLE veil_use (text_id INTEGER PRIMARY KEY, form INTEGER NOT NULL)", NULL
	};
	static const char *const says[] = {
		"INSERT OR IGNORE INTO veil_use SELECT iif(p.type = 'array', p.value ->> 4, abs(p.value)), " OURS " FROM error_row AS e, json_each(e.proofs) AS p "
		"WHERE p.type = 'integer' OR p.value ->> 4 > 0",
		"INSERT OR IGNORE INTO veil_use SELECT p.value ->> 4, " OURS " FROM finding AS f, json_each(f.proofs) AS p WHERE p.value ->> 4 > 0", NULL
	};
	struct text sql = { 0 };
	bool done = run_each(d, learn, error);
	for (size_t i = 0; done && i < sizeof uses / sizeof *uses; i++) {
		text_clear(&sql);
		text_addf(&sql, "INSERT OR IGNORE INTO veil_use SELECT DISTINCT %s, %d FROM %s WHERE typeof(%s) = 'integer'", uses[i].column, uses[i].form,
		          uses[i].table, uses[i].column);
		done = database_run(d, sql.p, error);
	}
	text_free(&sql);
	return done && run_each(d, says, error);
}

static const struct column *column_find(struct bytes table, struct bytes column)
{
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		if (bytes_equal(table, bytes_of(columns[i].table)) && bytes_equal(column, bytes_of(columns[i].column)))
			return &columns[i];
	return NULL;
}

/* "UPDATE table SET a = ..., b = ..." from the columns that the database has; names of columns are words of ours or of a later version. */
static bool update_table(struct database *d, struct bytes table, struct error *error)
{
	struct text sql = { 0 };
	sqlite3_stmt *info = database_statement(d, "SELECT name, type FROM pragma_table_info(?)", error);
	if (!info)
		return false;
	size_t set = 0;
	database_bind_text(info, 1, table);
	text_addf(&sql, "UPDATE \"%.*s\" SET ", (int)table.n, (const char *)table.p);
	while (sqlite3_step(info) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(info, 0), *type = (const char *)sqlite3_column_text(info, 1);
		const struct column *known = column_find(table, bytes_of(name));
		if (known ? !known->becomes : *type && strcmp(type, "TEXT") != 0)
			continue;
		text_addf(&sql, "%s\"%s\" = ", set++ ? ", " : "", name);
		if (known)
			text_add_string(&sql, known->becomes);
		else
			text_addf(&sql, "veil(" LINE ", \"%s\")", name);
	}
	sqlite3_finalize(info);
	bool done = set == 0 || database_run(d, sql.p, error);
	text_free(&sql);
	return done;
}

static bool update_all(struct database *d, struct error *error)
{
	struct text names = { 0 };
	sqlite3_stmt *tables = database_statement(d, "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' "
	                                          "ESCAPE '\\' AND name NOT IN ('cause', 'redaction')", error);
	if (!tables)
		return false;
	while (sqlite3_step(tables) == SQLITE_ROW)
		text_addf(&names, "%s\n", (const char *)sqlite3_column_text(tables, 0));
	sqlite3_finalize(tables);
	bool done = true;
	for (struct cut line = bytes_cut(text_view(&names), '\n'); done && line.found; line = bytes_cut(line.tail, '\n'))
		done = update_table(d, line.head, error);
	text_free(&names);
	return done;
}

/* Samples of indexed values stand in the tables of ANALYZE; database_finish makes them anew. */
static bool forget_samples(struct database *d, struct error *error)
{
	return (!column_stands(d, "sqlite_stat1", "tbl") || database_run(d, "DELETE FROM sqlite_stat1", error)) &&
		(!column_stands(d, "sqlite_stat4", "tbl") || database_run(d, "DELETE FROM sqlite_stat4", error));
}

static bool note_redaction(struct database *d, struct veil *veil, struct error *error)
{
	struct text key = { 0 };
	bool done = database_run(d, "CREATE TABLE redaction ( -- only in a redacted database: names are tokens\n"
	                            "\tkey_name TEXT NOT NULL -- tokens of databases with the same name can be compared\n)", error);
	sqlite3_stmt *row = done ? database_statement(d, "INSERT INTO redaction VALUES (?)", error) : NULL;
	veil_key_name(veil, &key);
	if (row)
		database_bind_text(row, 1, text_view(&key));
	done = row && database_step(d, row, error);
	sqlite3_finalize(row);
	text_free(&key);
	return done;
}

bool veil_database(struct database *d, struct veil *veil, struct error *error)
{
	return functions(d, veil, error) && prepare_texts(d, error) && update_all(d, error) && forget_samples(d, error) &&
		note_redaction(d, veil, error) && database_run(d, "DROP TABLE temp.veil_use; COMMIT; VACUUM; BEGIN", error);
}

/* ---- a database that stands already ---- */

static bool redact(struct database *d, const char *from, const char *to, const char *key_file, struct error *error)
{
	int64_t redacted = 0;
	struct veil *veil = veil_new(key_file, error);
	bool done = veil && database_begin_copy(d, from, to, error) &&
		database_number(d, "SELECT count(*) FROM sqlite_schema WHERE name = 'redaction'", &redacted, error);
	if (done && redacted)
		done = error_set(error, ERROR_USAGE, "%s: is redacted already; name the database it was made from", from);
	done = done && veil_database(d, veil, error) && database_finish(d, NULL, error);
	veil_free(veil);
	return done;
}

bool redacted_copy(const char *from, const char *to, const char *key_file, struct error *error)
{
	struct database d = { 0 };
	bool done = redact(&d, from, to, key_file, error);
	database_free(&d);
	return done;
}

char *redacted_temporary(const char *from, const char *key_file, struct error *error)
{
	struct database d = { 0 };
	char *path = NULL;
	if (redact(&d, from, NULL, key_file, error)) {
		path = d.path;
		d.path = NULL;
	}
	database_free(&d);
	return path;
}
