/* audit.c - takes the sessions of a database and what was seen in them, gives rows of paths and their cells. */
#include "report/audit.h"

#include <stdlib.h>
#include <string.h>

static const struct behaviour_entry entries[BEHAVIOURS] = {
#define BEHAVIOUR(id, brief, name, cause) [BEHAVIOUR_##id] = { brief, name, cause },
#include "report/behaviours.def"
#undef BEHAVIOUR
};

const struct behaviour_entry *behaviour_entry(enum behaviour behaviour)
{
	return &entries[behaviour];
}

const char *box_place_name(enum box_place place)
{
	static const char *const names[] = {
		[BOX_UNKNOWN] = "unknown", [BOX_CLIENT_END] = "client end", [BOX_SERVER_END] = "server end", [BOX_EVERYWHERE] = "every path",
		[BOX_SOME_PATHS] = "some paths",
	};
	return names[place];
}

/* ---- sessions ---- */

struct way { /* one client network with one server, whatever makes a row */
	uint32_t client, server, row;
	bool has[BEHAVIOURS];
};

struct seen {
	int64_t id, start;
	uint32_t path;
};

struct walk {
	struct audit *audit;
	struct reader *reader;
	struct audit_options options;
	struct map clients, servers, server_keys, paths, rows; /* texts to numbers from 1; a number pair to a path; a row's key to its row */
	struct way *all;
	size_t npaths, paths_room, rows_room, seen_room, nseen;
	struct seen *seen;
	struct text text;
};

static uint32_t number(struct map *map, struct bytes text)
{
	void **slot = map_put(map, text);
	if (!*slot)
		*slot = (void *)(uintptr_t)map->count;
	return (uint32_t)(uintptr_t)*slot;
}

/* The name of the network an address lies in, made once for each address. */
static struct bytes network_of(struct walk *w, struct map *names, struct bytes address, struct prefixes prefixes, int64_t port)
{
	void **slot = map_put(names, address);
	if (!*slot) {
		struct bytes *name = ARENA_NEW(&w->audit->arena, struct bytes);
		text_clear(&w->text);
		network_add(&w->text, address, prefixes);
		if (port && bytes_equal(text_view(&w->text), address)) {
			bool v6 = bytes_index(address, ':') != BYTES_NONE;
			text_clear(&w->text);
			text_addf(&w->text, v6 ? "[%.*s]:%lld" : "%.*s:%lld", (int)address.n, (const char *)address.p, (long long)port);
		}
		*name = arena_copy(&w->audit->arena, text_view(&w->text));
		*slot = name;
	}
	return *(struct bytes *)*slot;
}

static uint32_t row_of(struct walk *w, struct bytes client, struct bytes server)
{
	struct audit *a = w->audit;
	client = w->options.by == AUDIT_BY_SERVER ? B("") : client;
	server = w->options.by == AUDIT_BY_CLIENT ? B("") : server;
	text_clear(&w->text);
	text_add(&w->text, client);
	text_add_octet(&w->text, '\n');
	text_add(&w->text, server);
	uint32_t at = number(&w->rows, text_view(&w->text)) - 1;
	if (at == a->nrows) {
		MEMORY_ROOM(a->rows, a->nrows, w->rows_room);
		a->rows[a->nrows++] = (struct audit_row){ .client = client, .server = server };
	}
	return at;
}

static uint32_t path_of(struct walk *w, struct bytes client, struct bytes server)
{
	uint32_t key[2] = { number(&w->clients, client), number(&w->servers, server) };
	uint32_t at = number(&w->paths, (struct bytes){ (const uint8_t *)key, sizeof key }) - 1;
	if (at == w->npaths) {
		MEMORY_ROOM(w->all, w->npaths, w->paths_room);
		w->all[w->npaths++] = (struct way){ .client = key[0], .server = key[1], .row = row_of(w, client, server) };
		w->audit->rows[w->all[at].row].partners++;
	}
	return at;
}

static void read_sessions(struct walk *w)
{
	struct map client_names = { 0 };
	struct rows *rows = read_rows(w->reader, "SELECT session_id, start, client_addr, server_addr, server_port, incomplete & ~2 FROM session "
	                              "WHERE protocol <= 2 ORDER BY session_id");
	while (read_next(w->reader, &rows)) {
		int64_t start = rows_integer(rows, 1), port = rows_integer(rows, 4);
		struct bytes client = network_of(w, &client_names, rows_text(rows, 2), w->options.client, 0);
		/* Two ports of an address are two servers. */
		text_clear(&w->text);
		text_addf(&w->text, "%.*s %lld", (int)rows_text(rows, 3).n, (const char *)rows_text(rows, 3).p, (long long)port);
		void **slot = map_get(&w->server_keys, text_view(&w->text));
		struct bytes server;
		if (slot) {
			server = *(struct bytes *)*slot;
		} else {
			struct bytes *name = ARENA_NEW(&w->audit->arena, struct bytes), key = arena_copy(&w->audit->arena, text_view(&w->text));
			struct map none = { 0 };
			*name = network_of(w, &none, rows_text(rows, 3), w->options.server, port);
			map_free(&none);
			*map_put(&w->server_keys, key) = name;
			server = *name;
		}
		MEMORY_ROOM(w->seen, w->nseen, w->seen_room);
		uint32_t path = path_of(w, client, server);
		w->seen[w->nseen++] = (struct seen){ rows_integer(rows, 0), start, path };
		struct audit_row *row = &w->audit->rows[w->all[path].row];
		row->first = !row->sessions || start < row->first ? start : row->first;
		row->last = !row->sessions || start > row->last ? start : row->last;
		row->sessions++;
		row->whole += rows_integer(rows, 5) == 0;
		w->audit->sessions++;
	}
	map_free(&client_names);
}

/* ---- what was seen in them ---- */

/* Behaviours by cause; starttls_stripped: by what the session's trace says. A row a session and behaviour, or several. */
static const char marks_sql[] =
	"WITH box AS (SELECT cause_id, cause FROM cause WHERE party = 'middlebox') "
	"SELECT m.session_id, b.cause, m.device_id, m.certainty, m.across, "
	/* columns behind: overwritten, and which sign it is that has no cause of a box */
	"m.hidden AND instr(char(10) || coalesce((SELECT text FROM text WHERE text_id = l.hidden_id), '') || char(10), char(10) || 'STARTTLS' || char(10)), m.cause_id "
	"FROM (SELECT session_id, cause_id, device_id, certainty, finding_id %% 100000 >= 99901 AS across, 1 AS hidden FROM finding "
	"WHERE cause_id IN (SELECT cause_id FROM box) "
	"UNION ALL SELECT session_id, cause_id, NULL, certainty, 0, 1 FROM error WHERE cause_id IN (SELECT cause_id FROM box) "
	/* a load balancer's PROXY header that the server took for a command or a reason to refuse */
	"UNION ALL SELECT session_id, -2, NULL, certainty, 0, 0 FROM (SELECT session_id, cause_id, certainty, detail FROM error "
	"UNION ALL SELECT session_id, cause_id, certainty, detail FROM finding) WHERE cause_id = (SELECT cause_id FROM cause WHERE cause = "
	"'client.wrong_protocol') AND coalesce(CASE typeof(detail) WHEN 'integer' THEN (SELECT text FROM text WHERE text_id = detail) ELSE detail END, '') "
	"LIKE '%%PROXY%%' "
	/* a greeting of stars may be configured: it counts beside another sign, or where it depends on the path */
	"UNION ALL SELECT t.session_id, -1, NULL, 1, 0, 0 FROM trace AS t WHERE t.starred = 1 AND ("
	"EXISTS (SELECT 1 FROM finding AS f WHERE f.session_id = t.session_id AND f.cause_id IN (SELECT cause_id FROM box)) "
	"OR EXISTS (SELECT 1 FROM error AS e WHERE e.session_id = t.session_id AND e.cause_id IN (SELECT cause_id FROM box)) "
	"OR EXISTS (SELECT 1 FROM change AS d JOIN session AS s ON s.session_id = t.session_id WHERE d.kind = 'banner' AND d.party = 'middlebox' "
	"AND d.after_text = 'nothing but stars' AND coalesce(d.server_addr, s.server_addr) = s.server_addr))) AS m "
	"LEFT JOIN box AS b ON b.cause_id = m.cause_id LEFT JOIN session AS s ON s.session_id = m.session_id "
	"LEFT JOIN look AS l ON l.look_id = s.look_id ORDER BY m.session_id"; /* not the view trace: a join that is joined would be made whole first */

static enum behaviour behaviour_of(struct rows *rows)
{
	struct bytes cause = rows_text(rows, 1);
	if (rows_null(rows, 1))
		return rows_integer(rows, 6) == -2 ? BEHAVIOUR_PROXY_LINE : BEHAVIOUR_BANNER_MASKED;
	if (bytes_equal(cause, bytes_of(cause_entry(CAUSE_MIDDLEBOX_STARTTLS_STRIPPED)->slug)))
		return rows_integer(rows, 4) ? BEHAVIOUR_STARTTLS_REMOVED : rows_integer(rows, 5) ? BEHAVIOUR_STARTTLS_MASKED : BEHAVIOUR_STARTTLS_ANSWERED;
	if (bytes_equal(cause, bytes_of(cause_entry(CAUSE_MIDDLEBOX_REPLY_INJECTED)->slug)))
		return rows_integer(rows, 4) ? BEHAVIOUR_PROXIED : BEHAVIOUR_INJECTED;
	/* Altered bytes are seen; that something was dropped is only consistent with what is seen. */
	if (bytes_equal(cause, bytes_of(cause_entry(CAUSE_MIDDLEBOX_STREAM_ALTERED)->slug)))
		return rows_integer(rows, 3) == CERTAINTY_POSSIBLE ? BEHAVIOUR_DROPPED : BEHAVIOUR_ALTERED;
	for (enum behaviour b = BEHAVIOUR_KEYWORDS_MASKED; b < BEHAVIOURS; b++)
		if (bytes_equal(cause, bytes_of(cause_entry(entries[b].cause)->slug)))
			return b;
	return BEHAVIOURS;
}

static struct bytes device_name(struct walk *w, struct map *devices, struct rows *rows)
{
	int64_t id = rows_integer(rows, 2);
	if (!id)
		return (struct bytes){ 0 };
	void **slot = map_put(devices, (struct bytes){ (const uint8_t *)&id, sizeof id });
	if (!*slot) {
		struct bytes *name = ARENA_NEW(&w->audit->arena, struct bytes);
		text_clear(&w->text);
		read_text(w->reader, &w->text, "SELECT text FROM text WHERE text_id = %lld", (long long)id);
		*name = arena_copy(&w->audit->arena, text_view(&w->text));
		*slot = name;
	}
	return *(struct bytes *)*slot;
}

static void mark(struct audit_cell *cell, const struct seen *seen, struct bytes device, unsigned certainty)
{
	cell->certainty = certainty > cell->certainty ? certainty : cell->certainty;
	cell->device = cell->device.n ? cell->device : device;
	if (cell->sessions && cell->last_session == seen->id)
		return;
	if (cell->sessions < AUDIT_EXAMPLES)
		cell->examples[cell->sessions] = seen->id;
	cell->first = !cell->sessions || seen->start < cell->first ? seen->start : cell->first;
	cell->last = !cell->sessions || seen->start > cell->last ? seen->start : cell->last;
	cell->last_session = seen->id;
	cell->sessions++;
}

static void read_marks(struct walk *w)
{
	struct map devices = { 0 };
	int64_t last = 0;
	size_t at = 0;
	struct rows *rows = read_rows(w->reader, marks_sql);
	while (read_next(w->reader, &rows)) {
		int64_t id = rows_integer(rows, 0);
		while (at < w->nseen && w->seen[at].id < id)
			at++;
		enum behaviour b = behaviour_of(rows);
		if (at == w->nseen || w->seen[at].id != id || b == BEHAVIOURS)
			continue;
		struct way *path = &w->all[w->seen[at].path];
		struct audit_row *row = &w->audit->rows[path->row];
		if (!row->cells)
			row->cells = ARENA_ARRAY(&w->audit->arena, struct audit_cell, BEHAVIOURS);
		mark(&row->cells[b], &w->seen[at], device_name(w, &devices, rows), (unsigned)rows_integer(rows, 3));
		path->has[b] = w->audit->seen[b] = true;
		row->affected += id != last;
		w->audit->affected += id != last;
		last = id;
	}
	map_free(&devices);
}

/* ---- where the box sits ---- */

struct reach { /* of a client network or a server, for one behaviour */
	unsigned hit, clean; /* partners that show it, and that never do */
};

static enum box_place place(const struct reach *client, const struct reach *server)
{
	bool client_end = client->hit > 1 && !client->clean, server_end = server->hit > 1 && !server->clean;
	if (client_end && server_end)
		return BOX_EVERYWHERE;
	if (client_end)
		return BOX_CLIENT_END;
	if (server_end)
		return BOX_SERVER_END;
	return client->clean && server->clean ? BOX_SOME_PATHS : BOX_UNKNOWN;
}

static void find_places(struct walk *w)
{
	struct reach *clients = memory_new(w->clients.count + 1, sizeof *clients), *servers = memory_new(w->servers.count + 1, sizeof *servers);
	for (enum behaviour b = 0; b < BEHAVIOURS; b++) {
		if (!w->audit->seen[b])
			continue;
		memset(clients, 0, (w->clients.count + 1) * sizeof *clients);
		memset(servers, 0, (w->servers.count + 1) * sizeof *servers);
		for (size_t i = 0; i < w->npaths; i++) {
			const struct way *p = &w->all[i];
			unsigned *c = p->has[b] ? &clients[p->client].hit : &clients[p->client].clean;
			unsigned *s = p->has[b] ? &servers[p->server].hit : &servers[p->server].clean;
			++*c, ++*s;
		}
		for (size_t i = 0; i < w->npaths; i++) {
			const struct way *p = &w->all[i];
			if (!p->has[b])
				continue;
			struct audit_cell *cell = &w->audit->rows[p->row].cells[b];
			enum box_place here = place(&clients[p->client], &servers[p->server]);
			cell->place = cell->place == BOX_UNKNOWN || cell->place == here ? here : BOX_SOME_PATHS;
		}
	}
	free(clients);
	free(servers);
}

/* ---- the whole ---- */

static int by_affected(const void *a, const void *b)
{
	const struct audit_row *x = a, *y = b;
	if (x->affected != y->affected)
		return x->affected > y->affected ? -1 : 1;
	if (x->sessions != y->sessions)
		return x->sessions > y->sessions ? -1 : 1;
	int order = bytes_compare(x->client, y->client);
	return order ? order : bytes_compare(x->server, y->server);
}

bool audit_read(struct audit *audit, struct reader *reader, struct audit_options options)
{
	*audit = (struct audit){ 0 };
	struct walk w = { .audit = audit, .reader = reader, .options = options };
	read_sessions(&w);
	read_marks(&w);
	find_places(&w);
	if (audit->nrows)
		qsort(audit->rows, audit->nrows, sizeof *audit->rows, by_affected);
	while (audit->naffected < audit->nrows && audit->rows[audit->naffected].affected)
		audit->naffected++;
	struct map *maps[] = { &w.clients, &w.servers, &w.server_keys, &w.paths, &w.rows };
	for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
		map_free(maps[i]);
	free(w.all);
	free(w.seen);
	text_free(&w.text);
	return reader->error->kind == ERROR_NONE;
}

void audit_free(struct audit *audit)
{
	free(audit->rows);
	arena_drop(&audit->arena);
}
