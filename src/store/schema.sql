-- smtpwhy report database: tables. The views of views.sql are what most readers want; docs/database.md explains both.
-- Times are INTEGER nanoseconds since 1970-01-01 UTC. Frames are numbered as Wireshark numbers them in their capture file.
CREATE TABLE capture ( -- a capture file that was analysed
	capture_id INTEGER PRIMARY KEY, -- 1.. in the order of the analysis
	name TEXT NOT NULL,             -- path as given
	format TEXT,                    -- 'pcap', 'pcapng', 'pcap, gzip' ...; NULL: it could not be read
	link_type TEXT,                 -- name behind LINKTYPE_, 'mixed' where interfaces differ; NULL none
	packets INTEGER NOT NULL,       -- frames read from it
	bytes INTEGER NOT NULL,         -- captured octets of these frames
	size INTEGER,                   -- octets of the file on the disk; NULL unknown
	snaplen INTEGER,                -- octets a frame was cut at; NULL unknown
	first_time INTEGER,             -- of its frames; NULL without frames
	last_time INTEGER,
	cut INTEGER NOT NULL,           -- 1: the file ends in mid-packet
	cut_packets INTEGER NOT NULL,   -- frames shorter than they were on the wire
	clock_steps_back INTEGER NOT NULL, -- frames earlier than the one before
	tcp INTEGER NOT NULL,           -- frames that gave a TCP segment
	not_tcp INTEGER NOT NULL,       -- frames of other protocols
	fragments INTEGER NOT NULL,     -- frames that were part of a datagram not yet whole
	truncated INTEGER NOT NULL,     -- frames whose headers are cut
	malformed INTEGER NOT NULL,     -- frames whose headers contradict themselves
	unknown_link INTEGER NOT NULL,  -- frames of a link type that cannot be decoded
	too_deep INTEGER NOT NULL,      -- frames with too many encapsulations
	fragments_lost INTEGER NOT NULL, -- datagrams that never became whole
	bad_ip_checksums INTEGER NOT NULL,  -- accepted all the same
	bad_tcp_checksums INTEGER NOT NULL, -- accepted all the same; sums left to the network card count too
	trouble TEXT,                   -- what could not be read and why; NULL: all was read
	note TEXT                       -- something to know that is no trouble
);
CREATE TABLE text ( -- texts that occur often are kept once (a few times in a large report); ids have no meaning
	text_id INTEGER PRIMARY KEY,
	text TEXT NOT NULL
);
CREATE TABLE cause ( -- the catalogue of causes
	cause_id INTEGER PRIMARY KEY,
	cause TEXT NOT NULL UNIQUE,     -- 'client.bad_sequence'
	party TEXT NOT NULL,            -- client, server, middlebox, sender, recipient, policy, message, routing, unknown
	meaning TEXT NOT NULL,          -- one sentence
	recognised TEXT NOT NULL,       -- how smtpwhy tells it
	remedy_client TEXT NOT NULL,    -- what the client's administrator changes; '' nothing
	remedy_server TEXT NOT NULL,    -- what the server's or the box's administrator changes; '' nothing
	remedy TEXT NOT NULL,           -- both, the one who can change most first
	clause TEXT NOT NULL            -- RFC clauses
);
CREATE TABLE session ( -- SMTP (or something else on its port) on one TCP connection
	session_id INTEGER PRIMARY KEY, -- ordinal of the connection's first packet among all packets read
	client_addr TEXT NOT NULL,      -- 192.0.2.1, 2001:db8::1
	client_port INTEGER NOT NULL,
	server_addr TEXT NOT NULL,
	server_port INTEGER NOT NULL,
	capture_id INTEGER REFERENCES capture, -- file of its first frame
	first_frame INTEGER,
	last_capture_id INTEGER REFERENCES capture,
	last_frame INTEGER,
	start INTEGER NOT NULL,         -- time of its first packet
	"end" INTEGER NOT NULL,         -- time of its last packet
	protocol INTEGER NOT NULL,      -- 0 smtp, 1 esmtp, 2 lmtp, 3 tls, 4 other: speaks
	speaks TEXT,                    -- what nDPI calls it when it is no SMTP
	banner,                         -- text of the greeting, lines joined by LF; a text, or the text_id of one that came often
	helo TEXT,                      -- argument of the last accepted EHLO, HELO, LHLO
	tls_state INTEGER NOT NULL,     -- 0 none, 1 offered, 2 refused, 3 accepted, 4 started, 5 finished, 6 failed, 7 plaintext
	tls TEXT NOT NULL,              -- '', 'offered', 'refused', 'accepted', 'started', 'TLS 1.3', 'failed: alert 40', 'plaintext in place of TLS'
	server_name TEXT,               -- SNI of the TLS ClientHello
	auth TEXT,                      -- mechanism of the last AUTH command seen in clear; '' without one; NULL: no AUTH
	commands INTEGER NOT NULL,
	replies INTEGER NOT NULL,
	errors INTEGER NOT NULL,        -- 5xx replies
	transactions INTEGER NOT NULL,  -- MAIL commands that began one
	accepted INTEGER NOT NULL,      -- messages accepted
	unanswered INTEGER NOT NULL,    -- commands without a reply in the capture
	pipelined INTEGER NOT NULL,     -- commands sent before the reply of an earlier one had come
	slowest INTEGER,                -- longest time from a command to its reply, nanoseconds; NULL: none
	slowest_verb TEXT,              -- of that command, as error.trigger_verb
	incomplete INTEGER NOT NULL,    -- 1 no start, 2 no end, 4 one side only, 8 gaps, 16 cut by snaplen, 32 limits, 64 commands not in the capture
	client_octets INTEGER NOT NULL, -- payload sent, each octet once
	server_octets INTEGER NOT NULL,
	missing INTEGER NOT NULL,       -- octets lost in gaps, both directions
	retransmissions INTEGER NOT NULL, -- both directions
	resets INTEGER NOT NULL,        -- RST segments
	ending INTEGER NOT NULL,        -- 0 open, 1 FIN, 2 RST, 3 port used again, 4 idle, 5 capture ended
	handshake INTEGER,              -- nanoseconds from SYN to SYN-ACK; NULL unknown
	encrypted_frame INTEGER,        -- from this frame on all is encrypted; NULL: nothing is
	look_id INTEGER REFERENCES look, -- how the server showed itself; NULL: no SMTP
	client_ttl INTEGER,             -- hop count that most of the client's packets arrived with; NULL unknown
	server_ttl INTEGER,             -- the same of the server's
	client_stack_id INTEGER REFERENCES text, -- TCP options of the SYN; NULL not seen
	greeting_wait INTEGER,          -- nanoseconds from SYN-ACK to greeting; NULL unknown
	offer_capture_id INTEGER REFERENCES capture, -- where the EHLO reply ends that look_id tells of
	offer_frame INTEGER,
	offer_time INTEGER,
	quickest INTEGER                -- shortest time from a command to its reply, nanoseconds; NULL: none
);
CREATE TABLE look ( -- how a server shows itself on a path, to be compared across sessions; sessions share rows (rarely two rows are alike)
	look_id INTEGER PRIMARY KEY,
	name_id INTEGER REFERENCES text,   -- how the server calls itself; NULL unknown
	banner_id INTEGER REFERENCES text, -- its greeting without what differs by session: NAME, and # for words with digits; NULL unknown
	starred INTEGER NOT NULL,       -- 1: the greeting is overwritten with stars
	hello INTEGER NOT NULL,         -- 0 none accepted, 1 HELO only, 2 HELO after a refused EHLO, 3 EHLO or LHLO
	offer_id INTEGER REFERENCES text,  -- keyword lines of the first EHLO reply in clear, joined by LF; NULL: none, or not whole
	hidden_id INTEGER REFERENCES text, -- keywords overwritten in it, likely names or ?8 (letters), joined by LF; NULL none
	server_stack_id INTEGER REFERENCES text -- TCP options of the SYN-ACK; NULL not seen
);
CREATE TABLE error ( -- a 5xx reply
	error_id INTEGER PRIMARY KEY,   -- session_id * 100000 + ordinal among the 5xx replies of the session
	session_id INTEGER NOT NULL REFERENCES session,
	time INTEGER NOT NULL,          -- of the frame that ends the reply
	code INTEGER NOT NULL,          -- 500..599
	enhanced TEXT,                  -- '5.1.1'; NULL: none
	reply_text NOT NULL,            -- lines joined by LF; a text, or the text_id of one that came often
	trigger_verb TEXT,              -- verb in capitals; CONN, EOM, BDAT, AUTH-RESPONSE, '-' unprintable, '' empty line, NULL not in the capture
	trigger_line TEXT,              -- as sent, C-escaped, at most 1,000 octets, credentials redacted
	trigger_capture_id INTEGER REFERENCES capture,
	trigger_frame INTEGER,          -- frame that ends the line; NULL: not in the capture
	reply_capture_id INTEGER REFERENCES capture,
	reply_frame INTEGER NOT NULL,   -- frame that ends the reply
	latency INTEGER,                -- nanoseconds from the end of the command to the end of the reply; NULL unknown
	exchange INTEGER NOT NULL,      -- ordinal of command and reply in the session
	transaction_no INTEGER NOT NULL, -- mail transaction in the session, 0 outside
	phase_id INTEGER REFERENCES text, -- the server's state when it read the command
	offer_id INTEGER REFERENCES text, -- EHLO keywords in force when the command was sent, joined by LF; NULL none
	sender_domain TEXT,             -- of the transaction's MAIL, lower case; '' null sender; NULL unknown
	recipient_domain TEXT,          -- of the refused RCPT, lower case; NULL: no RCPT
	fault_at INTEGER,               -- octet of the line where its grammar breaks, 0..; NULL: it does not
	fault_id INTEGER REFERENCES text, -- what the grammar wanted there
	cause_id INTEGER NOT NULL REFERENCES cause,
	certainty INTEGER NOT NULL,     -- 0 possible, 1 likely, 2 proven
	rule_id INTEGER REFERENCES text, -- rule that found the cause
	detail,                         -- one sentence about this case, a text or a text_id; NULL none
	proofs TEXT NOT NULL,           -- JSON [[capture_id, frame, side, text, says], ...]; side 0 client, 1 server; text: a string, a text_id, or 0 for trigger_line; says: text_id
	also TEXT                       -- JSON [cause_id, ...], further causes, best first; NULL none
);
CREATE TABLE finding ( -- an observation that needs no 5xx
	finding_id INTEGER PRIMARY KEY, -- session_id * 100000 + ordinal in the session
	session_id INTEGER NOT NULL REFERENCES session,
	time INTEGER NOT NULL,          -- where it was first seen
	capture_id INTEGER REFERENCES capture,
	frame INTEGER,
	exchange INTEGER,               -- ordinal of command and reply; NULL: the connection as a whole
	cause_id INTEGER NOT NULL REFERENCES cause,
	device_id INTEGER REFERENCES text, -- known kind of middlebox; NULL unknown
	certainty INTEGER NOT NULL,     -- as in error
	detail,                         -- as in error
	proofs TEXT NOT NULL            -- as in error
);
CREATE TABLE ladder ( -- the dialogue around errors and findings, for drawing
	ladder_id INTEGER PRIMARY KEY,  -- session_id * 100000 + part, 0..: long sessions come in several
	lines TEXT NOT NULL             -- JSON [[exchange, side, capture_id, frame, microseconds since start, text, flags], ...]; text: a string or a text_id;
	                                -- flags 1 gap before, 2 retransmitted or odd packet, 4 masked, 8 credentials redacted, 16 not answered, 32 sent ahead, 64 5xx, 128 lines left out before, 256 cut, 512 message content withheld
);
CREATE TABLE difference ( -- a difference between two sides of a box (from compare)
	difference_id INTEGER PRIMARY KEY,
	inside_session INTEGER REFERENCES session (session_id),
	outside_session INTEGER REFERENCES session (session_id),
	direction INTEGER NOT NULL,     -- 0 from the client, 1 from the server
	frame_inside INTEGER,
	frame_outside INTEGER,
	inside_text TEXT,
	outside_text TEXT,
	kind TEXT NOT NULL,             -- masked, removed, added, rewritten, reordered, answered_by_box, swallowed, delayed, injected
	cause_id INTEGER REFERENCES cause,
	inside_capture_id INTEGER REFERENCES capture, -- file of frame_inside
	outside_capture_id INTEGER REFERENCES capture,
	inside_exchange INTEGER,        -- ordinal of command and reply in the inside session; NULL: none
	detail_id INTEGER REFERENCES text -- one phrase on what was done
);
CREATE TABLE content ( -- what a capture file held, so that it is not read twice into one database
	capture_id INTEGER PRIMARY KEY REFERENCES capture,
	print TEXT NOT NULL             -- its size, and a hash of its first and last 64 KiB
);
CREATE TABLE comparison ( -- two sides of a box that were compared
	comparison_id INTEGER PRIMARY KEY,
	clock_offset INTEGER,           -- outside clock minus inside clock, nanoseconds; NULL unknown
	transit INTEGER,                -- usual time from one side to the other, nanoseconds; NULL unknown
	first_outside_capture INTEGER   -- captures of this comparison from here on were taken outside
);
CREATE TABLE pair ( -- a session as both sides saw it, or one that only one side has
	pair_id INTEGER PRIMARY KEY,
	comparison_id INTEGER NOT NULL REFERENCES comparison,
	inside_session INTEGER REFERENCES session (session_id),
	outside_session INTEGER REFERENCES session (session_id),
	known_by TEXT                   -- how the two were recognised: addresses and ports, sequence number, content; NULL: no partner
);
