/* database - one SQLite file that is built beside its target and renamed into place.
 * In:    where it shall lie, whether what lies there is kept.
 * Out:   an open connection in one transaction, statements, and at the end a file that is whole and on the disk.
 * Never: touches the target before database_finish; overwrites a file that is no report database.
 * Lives: until database_free, which removes what was not finished, and a temporary one. */
#ifndef SMTPWHY_STORE_DATABASE_H
#define SMTPWHY_STORE_DATABASE_H

#include "base/bytes.h"
#include "base/error.h"

#include <sqlite3.h>

enum {
	DATABASE_APPLICATION = 0x534d5457, /* "SMTW" */
	DATABASE_VERSION = 5,              /* user_version: rises when a documented column changes */
};

struct database {
	sqlite3 *db;
	char *target; /* NULL: temporary */
	char *path;   /* where it is being built, or lies */
	struct bulk *bulk; /* for what is compared of all sessions at the end; NULL: heap */
	unsigned threads; /* set by the caller after begin: more than 1, and database_finish uses a second one */
	bool finished, replaces; /* replaces: rows of a database that stood there were copied */
};

bool database_begin(struct database *, const char *target, bool append, bool exclusive, struct error *);
/* The same with the rows of another database. */
bool database_begin_copy(struct database *, const char *from, const char *target, struct error *);
bool database_index(struct database *, struct error *); /* makes the indexes, as database_finish does where there are none */
struct bulk;
struct census;
bool database_finish(struct database *, struct census *, struct error *); /* census: of its sessions, used up; NULL: they are read */
void database_free(struct database *);
bool database_trouble(const struct database *, struct error *); /* fills the error with SQLite's last words; false */
bool database_run(struct database *, const char *sql, struct error *);
bool database_number(struct database *, const char *sql, int64_t *, struct error *);
sqlite3_stmt *database_statement(struct database *, const char *sql, struct error *);
bool database_step(struct database *, sqlite3_stmt *, struct error *); /* one row inserted; the statement is reset */
void database_bind_text(sqlite3_stmt *, int column, struct bytes); /* borrowed until the step */
void database_bind_id(sqlite3_stmt *, int column, int64_t id);     /* 0 is NULL */
/* Whether an open database is one of ours of a version we know; false fills the error. */
bool database_is_ours(sqlite3 *, const char *path, enum error_kind, struct error *);

#endif
