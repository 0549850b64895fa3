/* database.c - takes a target path, gives a SQLite file built beside it and renamed into place. Never leaves half a file there. */
#include "store/database.h"

#include "store/across.h"

#include "base/arena.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char schema_sql[] = {
#include "store/schema.sql.inc"
	0
};
static const char indexes_sql[] = {
#include "store/indexes.sql.inc"
	0
};
static const char views_sql[] = {
#include "store/views.sql.inc"
	0
};

bool database_trouble(const struct database *d, struct error *error)
{
	const char *name = d->target ? d->target : d->path;
	int code = sqlite3_errcode(d->db);
	const char *advice = code == SQLITE_FULL ? "free space on its disk or choose another place with -o" :
		code == SQLITE_IOERR ? "check its disk" : "see whether its directory can be written";
	return error_set(error, ERROR_OUTPUT, "%s: cannot write the database: %s; %s", name, sqlite3_errmsg(d->db), advice);
}

bool database_run(struct database *d, const char *sql, struct error *error)
{
	return sqlite3_exec(d->db, sql, NULL, NULL, NULL) == SQLITE_OK || database_trouble(d, error);
}

sqlite3_stmt *database_statement(struct database *d, const char *sql, struct error *error)
{
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v3(d->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
		database_trouble(d, error);
	return statement;
}

bool database_number(struct database *d, const char *sql, int64_t *number, struct error *error)
{
	sqlite3_stmt *statement = database_statement(d, sql, error);
	bool done = statement && sqlite3_step(statement) == SQLITE_ROW;
	if (done)
		*number = sqlite3_column_int64(statement, 0);
	else if (statement)
		database_trouble(d, error);
	sqlite3_finalize(statement);
	return done;
}

bool database_step(struct database *d, sqlite3_stmt *statement, struct error *error)
{
	int result = sqlite3_step(statement);
	if (result != SQLITE_DONE && result != SQLITE_ROW) {
		database_trouble(d, error);
		sqlite3_reset(statement);
		return false;
	}
	sqlite3_reset(statement);
	return true;
}

void database_bind_text(sqlite3_stmt *statement, int column, struct bytes b)
{
	if (b.p)
		sqlite3_bind_text64(statement, column, (const char *)b.p, b.n, SQLITE_STATIC, SQLITE_UTF8);
	else
		sqlite3_bind_null(statement, column);
}

void database_bind_id(sqlite3_stmt *statement, int column, int64_t id)
{
	if (id)
		sqlite3_bind_int64(statement, column, id);
	else
		sqlite3_bind_null(statement, column);
}

static int64_t pragma(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t value = -1;
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

bool database_is_ours(sqlite3 *db, const char *path, enum error_kind kind, struct error *error)
{
	int64_t application = pragma(db, "PRAGMA application_id"), version = pragma(db, "PRAGMA user_version");
	if (application == -1)
		return error_set(error, kind, "%s: this is no SQLite database, or a damaged one (%s); name a report database", path, sqlite3_errmsg(db));
	if (application != DATABASE_APPLICATION)
		return error_set(error, kind, "%s: this SQLite database was not written by smtpwhy; name a report database", path);
	if (version > DATABASE_VERSION)
		return error_set(error, kind, "%s: written by a newer smtpwhy (schema %d, this one knows %d); use that one", path, (int)version, DATABASE_VERSION);
	if (version < DATABASE_VERSION)
		return error_set(error, kind, "%s: written by an older smtpwhy (schema %d, this one needs %d); analyse the captures again", path, (int)version, DATABASE_VERSION);
	return true;
}

/* What an older smtpwhy wrote cannot be read or added to, but it may be replaced. */
static bool may_stand_there(sqlite3 *db, const char *target, bool append, struct error *error)
{
	bool older = pragma(db, "PRAGMA application_id") == DATABASE_APPLICATION && pragma(db, "PRAGMA user_version") < DATABASE_VERSION;
	return (older && !append) || database_is_ours(db, target, ERROR_OUTPUT, error);
}

/* What stands at the target: nothing, or a report database; anything else is not ours to replace. */
static bool look_at_target(const char *target, bool append, bool exclusive, bool *stands, struct error *error)
{
	struct stat st;
	*stands = false;
	if (stat(target, &st) != 0)
		return errno == ENOENT || error_set(error, ERROR_OUTPUT, "%s: %s; choose another place for the database", target, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(error, ERROR_OUTPUT, "%s: not a regular file; name a file for the database", target);
	if (exclusive)
		return error_set(error, ERROR_OUTPUT, "%s: exists already; name a new file", target);
	if (access(target, W_OK) != 0)
		return error_set(error, ERROR_OUTPUT, "%s: %s; change its permissions or name another file", target, strerror(errno));
	if (st.st_size == 0)
		return true;
	sqlite3 *db = NULL;
	bool ours = sqlite3_open_v2(target, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK && may_stand_there(db, target, append, error);
	if (!ours && error->kind == ERROR_NONE)
		error_set(error, ERROR_OUTPUT, "%s: %s", target, sqlite3_errmsg(db));
	sqlite3_close(db);
	*stands = ours;
	return ours;
}

static bool make_beside(struct database *d, struct error *error)
{
	struct text name = { 0 };
	const char *place = getenv("TMPDIR");
	if (d->target)
		text_addf(&name, "%s.XXXXXX", d->target);
	else
		text_addf(&name, "%s/smtpwhy.XXXXXX", place && *place ? place : "/tmp");
	d->path = name.p;
	int file = mkstemp(d->path);
	if (file < 0) {
		error_set(error, ERROR_OUTPUT, "%s: cannot create the database beside it: %s; choose a directory that can be written",
		          d->target ? d->target : d->path, strerror(errno));
		free(d->path);
		d->path = NULL;
		return false;
	}
	if (d->target) {
		mode_t mask = umask(0);
		umask(mask);
		fchmod(file, 0666 & ~mask);
	}
	close(file);
	d->bulk = bulk_new(d->path, BULK_HEAP);
	return true;
}

/* The pages of a database, as SQLite's own backup copies them. */
static bool copy_old(struct database *d, const char *from, struct error *error)
{
	sqlite3 *old = NULL;
	bool done = false;
	if (sqlite3_open_v2(from, &old, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK) {
		sqlite3_backup *backup = sqlite3_backup_init(d->db, "main", old, "main");
		done = backup && sqlite3_backup_step(backup, -1) == SQLITE_DONE;
		if (backup)
			done = sqlite3_backup_finish(backup) == SQLITE_OK && done;
	}
	sqlite3_close(old);
	return done || error_set(error, ERROR_OUTPUT, "%s: cannot copy the database: %s", from, sqlite3_errmsg(d->db));
}

/* from: the database whose rows it begins with; NULL: none. */
static bool begin(struct database *d, const char *target, const char *from, bool append, bool exclusive, struct error *error)
{
	bool stands = false;
	*d = (struct database){ 0 };
	if (target) {
		char *real = realpath(target, NULL); /* a symbolic link stays, its file is replaced */
		d->target = real ? real : strdup(target);
		if (!look_at_target(d->target, append, exclusive && !append, &stands, error))
			return false;
	}
	if (!make_beside(d, error))
		return false;
	if (sqlite3_open_v2(d->path, &d->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return database_trouble(d, error);
	from = append && stands ? d->target : from;
	d->replaces = from != NULL;
	if (from && !copy_old(d, from, error))
		return false;
	/* Nobody else sees this file: no journal, no sync until it is whole. What is freed in it need not be overwritten: a redacted copy ends
	 * with VACUUM. */
	if (!database_run(d, "PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192;"
	                     "PRAGMA secure_delete = OFF; PRAGMA foreign_keys = OFF; BEGIN", error))
		return false;
	if (d->replaces)
		return true;
	struct text sql = { 0 };
	text_addf(&sql, "PRAGMA application_id = %d; PRAGMA user_version = %d;", DATABASE_APPLICATION, DATABASE_VERSION);
	text_add_string(&sql, schema_sql);
	bool done = database_run(d, sql.p, error);
	text_free(&sql);
	return done;
}

bool database_begin(struct database *d, const char *target, bool append, bool exclusive, struct error *error)
{
	return begin(d, target, NULL, append, exclusive, error);
}

bool database_begin_copy(struct database *d, const char *from, const char *target, struct error *error)
{
	sqlite3 *look = NULL;
	bool ours = sqlite3_open_v2(from, &look, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK && database_is_ours(look, from, ERROR_INPUT, error);
	if (!ours && error->kind == ERROR_NONE)
		error_set(error, ERROR_INPUT, "%s: %s; name a report database", from, sqlite3_errmsg(look));
	sqlite3_close(look);
	*d = (struct database){ 0 };
	return ours && begin(d, target, from, false, false, error);
}

static bool sync_path(const char *path, int flags)
{
	int file = open(path, flags | O_CLOEXEC);
	bool done = file >= 0 && fsync(file) == 0;
	if (file >= 0)
		close(file);
	return done;
}

static bool put_in_place(struct database *d, struct error *error)
{
	if (!sync_path(d->path, O_RDWR) || rename(d->path, d->target) != 0)
		return error_set(error, ERROR_OUTPUT, "%s: cannot put the database in its place: %s", d->target, strerror(errno));
	d->finished = true;
	free(d->path);
	d->path = strdup(d->target);
	char *copy = strdup(d->target);
	sync_path(dirname(copy), O_RDONLY | O_DIRECTORY); /* the name; some file systems cannot, and the rename stands all the same */
	free(copy);
	return true;
}

bool database_index(struct database *d, struct error *error)
{
	return database_run(d, indexes_sql, error);
}

/* Of the tables that have an index, and of those that are small. To count the sessions and the ladders SQLite would read all of their pages;
 * it takes them for many, which they are where it matters. */
static const char analyse_sql[] =
	"PRAGMA analysis_limit = 1000; ANALYZE error_row; ANALYZE finding; ANALYZE difference; ANALYZE capture; ANALYZE content; ANALYZE text; ANALYZE cause;"
	"ANALYZE look; ANALYZE comparison; ANALYZE pair; ANALYZE change; ANALYZE server; ANALYZE client; ANALYZE server_cause; ANALYZE cause_count";

bool database_finish(struct database *d, struct census *census, struct error *error)
{
	if (!database_run(d, views_sql, error) || !across_fill(d, indexes_sql, census, d->threads > 1, error) || !database_run(d, "COMMIT", error))
		return false;
	if (!database_run(d, analyse_sql, error))
		return false;
	if (sqlite3_close(d->db) != SQLITE_OK)
		return database_trouble(d, error);
	d->db = NULL;
	if (d->target)
		return put_in_place(d, error);
	d->finished = true;
	return true;
}

void database_free(struct database *d)
{
	sqlite3_close(d->db);
	if (d->path && (!d->finished || !d->target))
		unlink(d->path);
	bulk_drop(d->bulk);
	free(d->path);
	free(d->target);
	*d = (struct database){ 0 };
}
