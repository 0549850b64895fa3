-- smtpwhy report database: tables made from the others, and views; made anew whenever rows are added.
DROP VIEW IF EXISTS change_report;
DROP TABLE IF EXISTS change;
DROP TABLE IF EXISTS server_cause;
DROP TABLE IF EXISTS client_cause;
CREATE TABLE change ( -- what changed at a server or on a path, or differs by path
	change_id INTEGER PRIMARY KEY,  -- 1.. the weightiest first
	kind TEXT NOT NULL,             -- starttls, keywords, banner, name, stack, ttl, errors
	server_addr TEXT,               -- NULL: several servers
	server_port INTEGER,
	client_network TEXT,            -- 192.0.2.0/24; NULL: every client network that was seen
	cause_id INTEGER REFERENCES cause, -- of errors
	last_before INTEGER,            -- start of the last session before; NULL: it differs by path, at all times
	since INTEGER,                  -- start of the first session since, of errors the time of the first; NULL as above
	before_text TEXT,               -- what was seen before, or on other paths; NULL for errors
	after_text TEXT,                -- what is seen since, or on this path
	before_sessions INTEGER NOT NULL, -- that were seen before, or on other paths
	before_hits INTEGER NOT NULL,   -- of them, those that met the cause; for other kinds all of them
	after_sessions INTEGER NOT NULL,
	after_hits INTEGER NOT NULL,
	before_session INTEGER REFERENCES session (session_id), -- to look at
	after_session INTEGER REFERENCES session (session_id),
	party TEXT NOT NULL,            -- middlebox; server; routing: this path alone; unknown: the server or the path
	certainty INTEGER NOT NULL,     -- as in error
	says TEXT NOT NULL              -- one sentence, without the time
);
CREATE TABLE server_cause ( -- errors counted by server and cause
	server_addr TEXT NOT NULL,
	server_port INTEGER NOT NULL,
	cause_id INTEGER NOT NULL REFERENCES cause,
	errors INTEGER NOT NULL,
	sessions INTEGER NOT NULL,      -- that met it
	first INTEGER NOT NULL,         -- times
	last INTEGER NOT NULL
);
CREATE TABLE client_cause ( -- errors counted by client and cause
	client_addr TEXT NOT NULL,
	cause_id INTEGER NOT NULL REFERENCES cause,
	errors INTEGER NOT NULL,
	sessions INTEGER NOT NULL,
	first INTEGER NOT NULL,
	last INTEGER NOT NULL
);
DROP VIEW IF EXISTS trace;
DROP VIEW IF EXISTS error_report;
DROP VIEW IF EXISTS finding_report;
DROP VIEW IF EXISTS session_report;
DROP VIEW IF EXISTS difference_report;
DROP VIEW IF EXISTS pair_report;
DROP VIEW IF EXISTS capture_report;
CREATE VIEW trace AS -- a row a session: what it shows of its server and its path, as in session and look
SELECT s.session_id, l.name_id, l.banner_id, l.starred, l.hello, l.offer_id, l.hidden_id, s.client_ttl, s.server_ttl, s.client_stack_id,
	l.server_stack_id, s.greeting_wait, s.offer_capture_id, s.offer_frame, s.offer_time
FROM session AS s JOIN look AS l ON l.look_id = s.look_id;
CREATE VIEW error_report AS -- a row a 5xx reply: what was refused, why, whose fault, the proof, what to change
SELECT e.error_id, rc.name AS capture, e.session_id, s.client_addr, s.client_port, s.server_addr, s.server_port,
	e.error_id % 100000 AS ordinal,           -- 1.. among the 5xx replies of its session
	strftime('%Y-%m-%dT%H:%M:%S', e.time / 1000000000, 'unixepoch') || printf('.%06dZ', e.time / 1000 % 1000000) AS time, -- ISO 8601, UTC
	e.code, e.enhanced,                       -- enhanced: '5.1.1', NULL none
	CASE typeof(e.reply_text) WHEN 'text' THEN e.reply_text ELSE (SELECT text FROM text WHERE text_id = e.reply_text) END AS reply_text, -- lines joined by LF
	e.trigger_verb, e.trigger_line, e.trigger_frame, e.reply_frame,
	c.cause, c.party,
	CASE e.certainty WHEN 2 THEN 'proven' WHEN 1 THEN 'likely' ELSE 'possible' END AS certainty,
	(SELECT json_group_array(json_object('capture', pc.name, 'frame', p.value ->> 1,
		'direction', CASE p.value ->> 2 WHEN 0 THEN 'client' ELSE 'server' END,
		'text', CASE json_type(p.value, '$[3]') WHEN 'text' THEN p.value ->> 3
			ELSE CASE p.value ->> 3 WHEN 0 THEN e.trigger_line ELSE (SELECT text FROM text WHERE text_id = p.value ->> 3) END END,
		'says', (SELECT text FROM text WHERE text_id = p.value ->> 4)))
		FROM json_each(e.proofs) AS p LEFT JOIN capture AS pc ON pc.capture_id = p.value ->> 0) AS evidence, -- JSON array
	c.remedy,
	CASE WHEN e.also IS NULL THEN '[]' ELSE (SELECT json_group_array(ac.cause)
		FROM json_each(e.also) AS a JOIN cause AS ac ON ac.cause_id = a.value) END AS also_possible, -- JSON array
	tc.name AS trigger_capture,               -- file of the command
	CASE typeof(e.detail) WHEN 'text' THEN e.detail ELSE (SELECT text FROM text WHERE text_id = e.detail) END AS detail,
	(SELECT text FROM text WHERE text_id = e.phase_id) AS phase,
	(SELECT text FROM text WHERE text_id = e.offer_id) AS offer, -- EHLO keywords in force, joined by LF
	e.latency / 1e9 AS latency,               -- seconds from command to reply
	e.exchange, e.transaction_no, e.sender_domain, e.recipient_domain, e.fault_at,
	(SELECT text FROM text WHERE text_id = e.fault_id) AS fault_wanted,
	c.meaning, c.remedy_client, c.remedy_server, c.clause,
	(SELECT text FROM text WHERE text_id = e.rule_id) AS rule
FROM error AS e
JOIN session AS s ON s.session_id = e.session_id
JOIN cause AS c ON c.cause_id = e.cause_id
LEFT JOIN capture AS rc ON rc.capture_id = e.reply_capture_id
LEFT JOIN capture AS tc ON tc.capture_id = e.trigger_capture_id;
CREATE VIEW finding_report AS -- a row an observation that needs no 5xx
SELECT f.finding_id, fc.name AS capture, f.session_id, s.client_addr, s.client_port, s.server_addr, s.server_port,
	strftime('%Y-%m-%dT%H:%M:%S', f.time / 1000000000, 'unixepoch') || printf('.%06dZ', f.time / 1000 % 1000000) AS time,
	c.cause,
	(SELECT text FROM text WHERE text_id = f.device_id) AS device, -- known kind of middlebox, NULL unknown
	CASE f.certainty WHEN 2 THEN 'proven' WHEN 1 THEN 'likely' ELSE 'possible' END AS certainty,
	(SELECT json_group_array(json_object('capture', pc.name, 'frame', p.value ->> 1,
		'direction', CASE p.value ->> 2 WHEN 0 THEN 'client' ELSE 'server' END,
		'text', CASE json_type(p.value, '$[3]') WHEN 'text' THEN p.value ->> 3 ELSE (SELECT text FROM text WHERE text_id = p.value ->> 3) END,
		'says', (SELECT text FROM text WHERE text_id = p.value ->> 4)))
		FROM json_each(f.proofs) AS p LEFT JOIN capture AS pc ON pc.capture_id = p.value ->> 0) AS evidence, -- JSON array
	c.party, f.frame, f.exchange, CASE typeof(f.detail) WHEN 'text' THEN f.detail ELSE (SELECT text FROM text WHERE text_id = f.detail) END AS detail, c.remedy, c.meaning
FROM finding AS f
JOIN session AS s ON s.session_id = f.session_id
JOIN cause AS c ON c.cause_id = f.cause_id
LEFT JOIN capture AS fc ON fc.capture_id = f.capture_id;
CREATE VIEW session_report AS -- a row a session
SELECT s.session_id, fc.name AS capture, s.client_addr, s.client_port, s.server_addr, s.server_port,
	strftime('%Y-%m-%dT%H:%M:%S', s.start / 1000000000, 'unixepoch') || printf('.%06dZ', s.start / 1000 % 1000000) AS start,
	strftime('%Y-%m-%dT%H:%M:%S', s."end" / 1000000000, 'unixepoch') || printf('.%06dZ', s."end" / 1000 % 1000000) AS "end",
	CASE s.protocol WHEN 0 THEN 'smtp' WHEN 1 THEN 'esmtp' WHEN 2 THEN 'lmtp' WHEN 3 THEN 'tls' ELSE coalesce(s.speaks, 'unknown') END AS protocol,
	CASE typeof(s.banner) WHEN 'text' THEN s.banner ELSE (SELECT text FROM text WHERE text_id = s.banner) END AS banner, s.helo, s.tls,
	s.commands, s.replies, s.errors, s.transactions,
	s.incomplete = 0 AS complete,
	rtrim(CASE WHEN s.incomplete & 1 THEN 'no start, ' ELSE '' END || CASE WHEN s.incomplete & 2 THEN 'no end, ' ELSE '' END ||
		CASE WHEN s.incomplete & 4 THEN 'one side only, ' ELSE '' END || CASE WHEN s.incomplete & 8 THEN 'gaps, ' ELSE '' END ||
		CASE WHEN s.incomplete & 16 THEN 'cut by snaplen, ' ELSE '' END || CASE WHEN s.incomplete & 32 THEN 'limit reached, ' ELSE '' END ||
		CASE WHEN s.incomplete & 64 THEN 'commands not in the capture, ' ELSE '' END, ', ') AS incomplete_because, -- '' complete
	s.speaks,
	CASE s.tls_state WHEN 0 THEN 'none' WHEN 1 THEN 'offered' WHEN 2 THEN 'refused' WHEN 3 THEN 'accepted' WHEN 4 THEN 'started'
		WHEN 5 THEN 'finished' WHEN 6 THEN 'failed' ELSE 'plaintext' END AS tls_state,
	s.server_name, s.auth, s.accepted, s.unanswered, s.pipelined,
	s.slowest / 1e9 AS slowest, s.slowest_verb, -- seconds
	s.client_octets, s.server_octets, s.missing, s.retransmissions, s.resets,
	CASE s.ending WHEN 1 THEN 'FIN' WHEN 2 THEN 'RST' WHEN 3 THEN 'port used again' WHEN 4 THEN 'idle' WHEN 5 THEN 'capture ended' ELSE 'open' END AS ending,
	s.handshake / 1e9 AS handshake,            -- seconds
	s.first_frame, s.last_frame, lc.name AS last_capture,
	s.encrypted_frame                          -- from this frame on all is encrypted; NULL: nothing is
FROM session AS s
LEFT JOIN capture AS fc ON fc.capture_id = s.capture_id
LEFT JOIN capture AS lc ON lc.capture_id = s.last_capture_id;
CREATE VIEW difference_report AS -- a row a difference between two sides of a box
SELECT d.inside_session, d.outside_session, CASE d.direction WHEN 0 THEN 'client' ELSE 'server' END AS direction,
	d.frame_inside, d.frame_outside, d.inside_text, d.outside_text, d.kind, c.cause, d.difference_id,
	(SELECT text FROM text WHERE text_id = d.detail_id) AS detail, -- what was done, in words
	ic.name AS capture_inside, oc.name AS capture_outside, d.inside_exchange
FROM difference AS d LEFT JOIN cause AS c ON c.cause_id = d.cause_id
LEFT JOIN capture AS ic ON ic.capture_id = d.inside_capture_id
LEFT JOIN capture AS oc ON oc.capture_id = d.outside_capture_id;
CREATE VIEW pair_report AS -- a row a session that was looked for on both sides of a box
SELECT p.pair_id, p.inside_session, p.outside_session, p.known_by,
	i.client_addr AS inside_client_addr, i.client_port AS inside_client_port, i.server_addr AS inside_server_addr, i.server_port AS inside_server_port,
	o.client_addr AS outside_client_addr, o.client_port AS outside_client_port, o.server_addr AS outside_server_addr, o.server_port AS outside_server_port,
	m.clock_offset / 1e9 AS clock_offset, m.transit / 1e9 AS transit, -- seconds
	(SELECT count(*) FROM difference AS d WHERE d.inside_session IS p.inside_session AND d.outside_session IS p.outside_session) AS differences,
	strftime('%Y-%m-%dT%H:%M:%S', coalesce(i.start, o.start) / 1000000000, 'unixepoch') || printf('.%06dZ', coalesce(i.start, o.start) / 1000 % 1000000) AS start,
	p.comparison_id
FROM pair AS p JOIN comparison AS m ON m.comparison_id = p.comparison_id
LEFT JOIN session AS i ON i.session_id = p.inside_session
LEFT JOIN session AS o ON o.session_id = p.outside_session;
CREATE VIEW capture_report AS -- a row a capture file: what was in it, what was skipped and why
SELECT name, format, link_type, packets, bytes,
	strftime('%Y-%m-%dT%H:%M:%S', first_time / 1000000000, 'unixepoch') || printf('.%06dZ', first_time / 1000 % 1000000) AS first_time,
	strftime('%Y-%m-%dT%H:%M:%S', last_time / 1000000000, 'unixepoch') || printf('.%06dZ', last_time / 1000 % 1000000) AS last_time,
	nullif(rtrim(CASE WHEN trouble IS NULL THEN '' ELSE trouble || ', ' END ||
		CASE WHEN truncated THEN truncated || iif(truncated = 1, ' packet', ' packets') || ' whose headers are cut, ' ELSE '' END ||
		CASE WHEN malformed THEN malformed || ' malformed ' || iif(malformed = 1, 'packet, ', 'packets, ') ELSE '' END ||
		CASE WHEN too_deep THEN too_deep || iif(too_deep = 1, ' packet', ' packets') || ' in too many tunnels, ' ELSE '' END ||
		CASE WHEN fragments_lost THEN fragments_lost || iif(fragments_lost = 1, ' IP datagram that lacks', ' IP datagrams that lack') || ' fragments, ' ELSE '' END, ', '), '') AS skipped, -- and why; NULL nothing
	cut,                                       -- 1: it ends in mid-packet
	not_tcp, truncated, malformed, unknown_link, fragments_lost, bad_ip_checksums, bad_tcp_checksums, cut_packets, clock_steps_back,
	size, snaplen, trouble, note, capture_id
FROM capture;
CREATE VIEW change_report AS -- a row a change at a server or on a path, the weightiest first; or a difference between paths
SELECT d.change_id, d.kind, d.server_addr, d.server_port, d.client_network, c.cause,
	strftime('%Y-%m-%dT%H:%M:%S', d.since / 1000000000, 'unixepoch') || printf('.%06dZ', d.since / 1000 % 1000000) AS since, -- NULL: differs by path
	strftime('%Y-%m-%dT%H:%M:%S', d.last_before / 1000000000, 'unixepoch') || printf('.%06dZ', d.last_before / 1000 % 1000000) AS last_before,
	d.before_text AS before, d.after_text AS after, d.before_sessions, d.before_hits, d.after_sessions, d.after_hits,
	d.before_session, d.after_session, d.party,
	CASE d.certainty WHEN 2 THEN 'proven' WHEN 1 THEN 'likely' ELSE 'possible' END AS certainty, d.says
FROM change AS d LEFT JOIN cause AS c ON c.cause_id = d.cause_id;
