-- smtpwhy report database: tables made from the others, and views; made anew whenever rows are added.
DROP VIEW IF EXISTS change_report;
DROP TABLE IF EXISTS change;
DROP TABLE IF EXISTS server_cause;
DROP TABLE IF EXISTS client;
DROP TABLE IF EXISTS cause_count;
DROP TABLE IF EXISTS server;
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
	before_session INTEGER REFERENCES session_row (session_id), -- to look at
	after_session INTEGER REFERENCES session_row (session_id),
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
CREATE TABLE client ( -- clients that met errors
	client_addr TEXT NOT NULL,
	sessions INTEGER NOT NULL,
	with_errors INTEGER NOT NULL,   -- of its sessions
	errors INTEGER NOT NULL,
	cause_id INTEGER NOT NULL REFERENCES cause, -- the most frequent
	first INTEGER NOT NULL          -- time of its first error
);
CREATE TABLE cause_count ( -- errors counted by cause
	cause_id INTEGER NOT NULL REFERENCES cause,
	errors INTEGER NOT NULL,
	sessions INTEGER NOT NULL,      -- that met it
	clients INTEGER NOT NULL,       -- that met it
	first INTEGER NOT NULL,         -- times
	last INTEGER NOT NULL
);
CREATE TABLE server ( -- sessions counted by server
	server_addr TEXT NOT NULL,
	server_port INTEGER NOT NULL,
	sessions INTEGER NOT NULL,
	mail INTEGER NOT NULL,          -- of them, those that spoke SMTP or LMTP
	other INTEGER NOT NULL,         -- spoke something else
	with_errors INTEGER NOT NULL,
	errors INTEGER NOT NULL,
	encrypted INTEGER NOT NULL,     -- sessions that are encrypted, or went on so
	incomplete INTEGER NOT NULL,    -- sessions that are not in the captures whole
	unread INTEGER NOT NULL,        -- encrypted or incomplete
	not_offered INTEGER NOT NULL,   -- STARTTLS, in sessions that spoke nothing else
	offered INTEGER NOT NULL,       -- and not used
	refused INTEGER NOT NULL,
	accepted INTEGER NOT NULL,
	failed INTEGER NOT NULL
);
DROP VIEW IF EXISTS session;
DROP VIEW IF EXISTS error;
DROP VIEW IF EXISTS trace;
DROP VIEW IF EXISTS dialogue;
DROP VIEW IF EXISTS error_report;
DROP VIEW IF EXISTS finding_report;
DROP VIEW IF EXISTS session_report;
DROP VIEW IF EXISTS difference_report;
DROP VIEW IF EXISTS pair_report;
DROP VIEW IF EXISTS capture_report;
CREATE VIEW session AS -- SMTP (or something else on its port) on one TCP connection
SELECT session_id,                            -- ordinal of the connection's first packet among all packets read
	client_addr, client_port,                 -- 192.0.2.1, 2001:db8::1
	server_addr, server_port,
	capture_id, first_frame,                  -- file of its first frame
	last_capture_id, last_frame,
	start, start + lasted AS "end",           -- time of its first packet, of its last packet
	state & 7 AS protocol,                    -- 0 smtp, 1 esmtp, 2 lmtp, 3 tls, 4 other: speaks
	speaks,                                   -- what nDPI calls it when it is no SMTP
	banner,                                   -- text of the greeting, lines joined by LF; a text, or the text_id of one that came often
	helo,                                     -- argument of the last accepted EHLO, HELO, LHLO
	state >> 3 & 7 AS tls_state,              -- 0 none, 1 offered, 2 refused, 3 accepted, 4 started, 5 finished, 6 failed, 7 plaintext
	coalesce(tls, CASE state >> 3 & 7 WHEN 0 THEN '' WHEN 1 THEN 'offered' WHEN 2 THEN 'refused' WHEN 3 THEN 'accepted' WHEN 4 THEN 'started'
		WHEN 5 THEN 'finished' WHEN 6 THEN 'failed' ELSE 'plaintext in place of TLS' END) AS tls, -- or 'TLS 1.3', 'failed: alert 40'
	server_name,                              -- SNI of the TLS ClientHello
	auth,                                     -- mechanism of the last AUTH command seen in clear; '' without one; NULL: no AUTH
	commands, replies,
	errors,                                   -- 5xx replies
	transactions,                             -- MAIL commands that began one
	accepted,                                 -- messages accepted
	unanswered,                               -- commands without a reply in the capture
	pipelined,                                -- commands sent before the reply of an earlier one had come
	slowest,                                  -- longest time from a command to its reply, nanoseconds; NULL: none
	slowest_verb,                             -- of that command, as error.trigger_verb
	state >> 9 AS incomplete,                 -- 1 no start, 2 no end, 4 one side only, 8 gaps, 16 cut by snaplen, 32 limits, 64 commands not in the capture
	client_octets, server_octets,             -- payload sent, each octet once
	missing,                                  -- octets lost in gaps, both directions
	retransmissions,                          -- both directions
	resets,                                   -- RST segments
	state >> 6 & 7 AS ending,                 -- 0 open, 1 FIN, 2 RST, 3 port used again, 4 idle, 5 capture ended
	handshake,                                -- nanoseconds from SYN to SYN-ACK; NULL unknown
	encrypted_frame,                          -- from this frame on all is encrypted; NULL: nothing is
	look_id,                                  -- how the server showed itself; NULL: no SMTP
	client_ttl,                               -- hop count that most of the client's packets arrived with; NULL unknown
	server_ttl,                               -- the same of the server's
	client_stack_id,                          -- TCP options of the SYN; NULL not seen
	greeting_wait,                            -- nanoseconds from SYN-ACK to greeting; NULL unknown
	offer_capture_id, offer_frame, start + offer_after AS offer_time, -- where the EHLO reply ends that look_id tells of
	quickest                                  -- shortest time from a command to its reply, nanoseconds; NULL: none
FROM session_row;
CREATE VIEW error AS -- a 5xx reply
SELECT error_id,                              -- session_id * 100000 + ordinal among the 5xx replies of the session
	session_id,
	time,                                     -- of the frame that ends the reply
	code,                                     -- 500..599
	enhanced,                                 -- '5.1.1'; NULL: none
	reply_text,                               -- lines joined by LF; a text, or the text_id of one that came often
	trigger_verb,                             -- verb in capitals; CONN, EOM, BDAT, AUTH-RESPONSE, '-' unprintable, '' empty line, NULL not in the capture
	trigger_line,                             -- as sent, C-escaped, at most 1,000 octets, credentials redacted
	trigger_capture_id, trigger_frame,        -- frame that ends the line; NULL: not in the capture
	reply_capture_id, reply_frame,            -- frame that ends the reply
	latency,                                  -- nanoseconds from the end of the command to the end of the reply; NULL unknown
	exchange,                                 -- ordinal of command and reply in the session
	transaction_no,                           -- mail transaction in the session, 0 outside
	phase_id,                                 -- the server's state when it read the command
	offer_id,                                 -- EHLO keywords in force when the command was sent, joined by LF; NULL none
	sender_domain,                            -- of the transaction's MAIL, lower case; '' null sender; NULL unknown
	recipient_domain,                         -- of the refused RCPT, lower case; NULL: no RCPT
	fault_at,                                 -- octet of the line where its grammar breaks, 0..; NULL: it does not
	fault_id,                                 -- what the grammar wanted there
	cause_id,
	certainty,                                -- 0 possible, 1 likely, 2 proven
	rule_id,                                  -- rule that found the cause
	detail,                                   -- one sentence about this case, a text or a text_id; NULL none
	proofs,                                   -- JSON [says, ...]: a text_id of what trigger_line shows, or, below 0, of what the reply does (code, enhanced, reply_text with a blank between); or [capture_id, frame, side, text, says] for another line: side 0 client, 1 server; text a string, a text_id, 0 for trigger_line, or -1 for the reply
	also                                      -- JSON [cause_id, ...], further causes, best first; NULL none
FROM error_row;
CREATE VIEW trace AS -- a row a session: what it shows of its server and its path, as in session and look
SELECT s.session_id, l.name_id, l.banner_id, l.starred, l.hello, l.offer_id, l.hidden_id, s.client_ttl, s.server_ttl, s.client_stack_id,
	l.server_stack_id, s.greeting_wait, s.offer_capture_id, s.offer_frame, s.offer_time
FROM session AS s JOIN look AS l ON l.look_id = s.look_id;
CREATE VIEW dialogue AS -- a row a line of a ladder: who said what around errors and findings
SELECT r.ladder_id,                           -- session_id * 100000 + part
	l.key AS line,                            -- 0.. in its ladder
	s.session_id,
	iif(l.type = 'integer', e.exchange, l.value ->> 0) AS exchange, -- ordinal of command and reply
	iif(l.type = 'integer', l.value > 0, l.value ->> 1) AS side, -- 0 client, 1 server
	CASE WHEN l.type = 'array' THEN coalesce(l.value ->> 6, s.capture_id) WHEN l.value < 0 THEN e.trigger_capture_id ELSE e.reply_capture_id END AS capture_id,
	CASE WHEN l.type = 'array' THEN iif(l.value ->> 6 IS NULL, (l.value ->> 2) + s.first_frame, l.value ->> 2)
		WHEN l.value < 0 THEN e.trigger_frame ELSE e.reply_frame END AS frame, -- that ends the line
	CASE WHEN l.type = 'array' THEN l.value ->> 3 WHEN l.value < 0 THEN (e.time - coalesce(e.latency, 0) - s.start) / 1000
		ELSE (e.time - s.start) / 1000 END AS at, -- microseconds since the start of the session
	CASE WHEN json_type(l.value, '$[4]') = 'text' THEN l.value ->> 4
		WHEN json_type(l.value, '$[4]') = 'array' THEN (l.value ->> '$[4][0]') || char(10) || (SELECT text FROM text WHERE text_id = l.value ->> '$[4][1]')
		WHEN l.value ->> 4 > 0 THEN (SELECT text FROM text WHERE text_id = l.value ->> 4)
		WHEN l.value ->> 4 = 0 THEN '220 ' || CASE typeof(s.banner) WHEN 'text' THEN s.banner ELSE (SELECT text FROM text WHERE text_id = s.banner) END
		WHEN iif(l.type = 'array', l.value ->> 1 = 0, l.value < 0) THEN e.trigger_line
		ELSE e.code || ' ' || coalesce(e.enhanced || ' ', '') ||
			CASE typeof(e.reply_text) WHEN 'text' THEN e.reply_text ELSE (SELECT text FROM text WHERE text_id = e.reply_text) END END AS text, -- C-escaped, lines joined by LF
	iif(l.type = 'integer', 64 * (l.value > 0), coalesce(l.value ->> 5, 0)) AS flags -- 1 gap before, 2 retransmitted or odd packet, 4 masked, 8 credentials redacted, 16 not answered, 32 sent ahead, 64 5xx, 128 lines left out before, 256 cut, 512 message content withheld
FROM ladder AS r JOIN session_row AS s ON s.session_id = r.ladder_id / 100000, json_each(r.lines) AS l
LEFT JOIN error_row AS e ON e.error_id = s.session_id * 100000 + abs(iif(l.type = 'integer', l.value, min(l.value ->> 4, 0)));
CREATE VIEW error_report AS -- a row a 5xx reply: what was refused, why, whose fault, the proof, what to change
SELECT e.error_id, rc.name AS capture, e.session_id, s.client_addr, s.client_port, s.server_addr, s.server_port,
	e.error_id % 100000 AS ordinal,           -- 1.. among the 5xx replies of its session
	strftime('%Y-%m-%dT%H:%M:%S', e.time / 1000000000, 'unixepoch') || printf('.%06dZ', e.time / 1000 % 1000000) AS time, -- ISO 8601, UTC
	e.code, e.enhanced,                       -- enhanced: '5.1.1', NULL none
	CASE typeof(e.reply_text) WHEN 'text' THEN e.reply_text ELSE (SELECT text FROM text WHERE text_id = e.reply_text) END AS reply_text, -- lines joined by LF
	e.trigger_verb, e.trigger_line, e.trigger_frame, e.reply_frame,
	c.cause, c.party,
	CASE e.certainty WHEN 2 THEN 'proven' WHEN 1 THEN 'likely' ELSE 'possible' END AS certainty,
	(SELECT json_group_array(json_object('capture', pc.name,
		'frame', CASE WHEN p.type = 'array' THEN p.value ->> 1 WHEN p.value > 0 THEN e.trigger_frame ELSE e.reply_frame END,
		'direction', iif(iif(p.type = 'array', p.value ->> 2 = 0, p.value > 0), 'client', 'server'),
		'text', CASE json_type(p.value, '$[3]') WHEN 'text' THEN p.value ->> 3
			ELSE CASE CASE WHEN p.type = 'array' THEN p.value ->> 3 WHEN p.value > 0 THEN 0 ELSE -1 END WHEN 0 THEN e.trigger_line
			WHEN -1 THEN e.code || ' ' || coalesce(e.enhanced || ' ', '') || CASE typeof(e.reply_text) WHEN 'text' THEN e.reply_text ELSE (SELECT text FROM text WHERE text_id = e.reply_text) END
			ELSE (SELECT text FROM text WHERE text_id = p.value ->> 3) END END,
		'says', (SELECT text FROM text WHERE text_id = iif(p.type = 'array', p.value ->> 4, abs(p.value)))))
		FROM json_each(e.proofs) AS p LEFT JOIN capture AS pc ON pc.capture_id =
			CASE WHEN p.type = 'array' THEN p.value ->> 0 WHEN p.value > 0 THEN e.trigger_capture_id ELSE e.reply_capture_id END) AS evidence, -- JSON array
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
