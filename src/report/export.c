/* export.c - what reports give to other programs: a row a view, with its field names. Elastic Common Schema 8.x names where one
 * fits (event, source, destination, error, network, file), smtpwhy.* for the rest. Never holds code but a lookup. */
#include "report/format.h"

#include <string.h>

#define ENDS                                                                                                                   \
	"client_addr AS \"source.ip\", client_port AS \"source.port\", server_addr AS \"destination.ip\", "                        \
	"server_port AS \"destination.port\", 'tcp' AS \"network.transport\""
#define JSON_COLUMN(column) "CASE WHEN json_valid(" column ") THEN json(" column ") END AS \"smtpwhy." column ":json\""

const struct export exports[] = {
	{ "errors",
	  "SELECT time AS \"@timestamp\", 'alert' AS \"event.kind\", 'smtpwhy.error' AS \"event.dataset\", error_id || '' AS \"event.id\", "
	  "cause AS \"event.reason\", 'failure' AS \"event.outcome\", " ENDS ", 'smtp' AS \"network.protocol\", code || '' AS \"error.code\", "
	  "reply_text AS \"error.message\", enhanced AS \"smtpwhy.enhanced\", capture AS \"file.name\", session_id AS \"smtpwhy.session_id\", "
	  "ordinal AS \"smtpwhy.ordinal\", trigger_verb AS \"smtpwhy.trigger_verb\", trigger_line AS \"smtpwhy.trigger_line\", "
	  "trigger_frame AS \"smtpwhy.trigger_frame\", trigger_capture AS \"smtpwhy.trigger_capture\", reply_frame AS \"smtpwhy.reply_frame\", "
	  "cause AS \"smtpwhy.cause\", party AS \"smtpwhy.party\", certainty AS \"smtpwhy.certainty\", " JSON_COLUMN("evidence") ", "
	  "remedy AS \"smtpwhy.remedy\", " JSON_COLUMN("also_possible") " FROM error_report ORDER BY error_id",
	  "SELECT * FROM error_report ORDER BY error_id" },
	{ "findings",
	  "SELECT time AS \"@timestamp\", 'event' AS \"event.kind\", 'smtpwhy.finding' AS \"event.dataset\", finding_id || '' AS \"event.id\", "
	  "cause AS \"event.reason\", " ENDS ", 'smtp' AS \"network.protocol\", capture AS \"file.name\", session_id AS \"smtpwhy.session_id\", "
	  "cause AS \"smtpwhy.cause\", device AS \"observer.product\", certainty AS \"smtpwhy.certainty\", " JSON_COLUMN("evidence")
	  " FROM finding_report ORDER BY finding_id",
	  "SELECT * FROM finding_report ORDER BY finding_id" },
	{ "sessions",
	  "SELECT start AS \"@timestamp\", 'event' AS \"event.kind\", 'smtpwhy.session' AS \"event.dataset\", session_id || '' AS \"event.id\", "
	  "start AS \"event.start\", \"end\" AS \"event.end\", " ENDS ", protocol AS \"network.protocol\", session_id AS \"smtpwhy.session_id\", "
	  "banner AS \"smtpwhy.banner\", helo AS \"smtpwhy.helo\", tls AS \"smtpwhy.tls\", commands AS \"smtpwhy.commands\", "
	  "replies AS \"smtpwhy.replies\", errors AS \"smtpwhy.errors\", transactions AS \"smtpwhy.transactions\", "
	  "complete AS \"smtpwhy.complete\", incomplete_because AS \"smtpwhy.incomplete_because\" FROM session_report ORDER BY session_id",
	  "SELECT * FROM session_report ORDER BY session_id" },
	{ "differences",
	  "SELECT 'event' AS \"event.kind\", 'smtpwhy.difference' AS \"event.dataset\", cause AS \"event.reason\", "
	  "inside_session AS \"smtpwhy.inside_session\", outside_session AS \"smtpwhy.outside_session\", direction AS \"smtpwhy.direction\", "
	  "frame_inside AS \"smtpwhy.frame_inside\", frame_outside AS \"smtpwhy.frame_outside\", inside_text AS \"smtpwhy.inside_text\", "
	  "outside_text AS \"smtpwhy.outside_text\", kind AS \"smtpwhy.kind\", cause AS \"smtpwhy.cause\" FROM difference_report",
	  "SELECT * FROM difference_report" },
	{ "changes",
	  "SELECT since AS \"@timestamp\", 'event' AS \"event.kind\", 'smtpwhy.change' AS \"event.dataset\", change_id || '' AS \"event.id\", "
	  "kind AS \"event.reason\", says AS \"message\", server_addr AS \"destination.ip\", server_port AS \"destination.port\", "
	  "client_network AS \"smtpwhy.client_network\", cause AS \"smtpwhy.cause\", last_before AS \"smtpwhy.last_before\", "
	  "before AS \"smtpwhy.before\", after AS \"smtpwhy.after\", before_sessions AS \"smtpwhy.before_sessions\", "
	  "before_hits AS \"smtpwhy.before_hits\", after_sessions AS \"smtpwhy.after_sessions\", after_hits AS \"smtpwhy.after_hits\", "
	  "before_session AS \"smtpwhy.before_session\", after_session AS \"smtpwhy.after_session\", party AS \"smtpwhy.party\", "
	  "certainty AS \"smtpwhy.certainty\" FROM change_report ORDER BY change_id",
	  "SELECT * FROM change_report ORDER BY change_id" },
	{ "captures",
	  "SELECT first_time AS \"@timestamp\", 'event' AS \"event.kind\", 'smtpwhy.capture' AS \"event.dataset\", name AS \"file.name\", "
	  "format AS \"smtpwhy.format\", packets AS \"network.packets\", bytes AS \"network.bytes\", first_time AS \"event.start\", "
	  "last_time AS \"event.end\" FROM capture_report ORDER BY name",
	  "SELECT * FROM capture_report ORDER BY name" },
	{ NULL, NULL, NULL },
};

const struct export *export_find(const char *name)
{
	for (const struct export *export = exports; export->name; export++)
		if (strcmp(export->name, name) == 0)
			return export;
	return NULL;
}

struct bytes format_field(const struct rows *rows, size_t column, bool *json)
{
	struct bytes name = bytes_of(rows_name(rows, column)), ending = B(":json");
	*json = name.n > ending.n && bytes_equal(bytes_from(name, name.n - ending.n), ending);
	return *json ? bytes_first(name, name.n - ending.n) : name;
}
