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
CREATE TABLE session_row ( -- what the view session shows, and says of its columns
	session_id INTEGER PRIMARY KEY,
	client_addr TEXT NOT NULL,
	server_addr TEXT NOT NULL,
	server_port INTEGER NOT NULL,
	start INTEGER NOT NULL,
	errors INTEGER NOT NULL,
	state INTEGER NOT NULL,         -- protocol + 8 * tls_state + 64 * ending + 512 * incomplete
	capture_id INTEGER REFERENCES capture,
	server_ttl INTEGER,
	client_stack_id INTEGER REFERENCES text,
	handshake INTEGER,
	quickest INTEGER,
	helo TEXT,
	auth TEXT,
	transactions INTEGER NOT NULL,
	accepted INTEGER NOT NULL,
	pipelined INTEGER NOT NULL,
	slowest INTEGER,
	client_octets INTEGER NOT NULL,
	client_port INTEGER NOT NULL,
	first_frame INTEGER,
	last_capture_id INTEGER REFERENCES capture,
	last_frame INTEGER,
	lasted INTEGER NOT NULL,        -- end - start
	commands INTEGER NOT NULL,
	replies INTEGER NOT NULL,
	unanswered INTEGER NOT NULL,
	server_octets INTEGER NOT NULL,
	missing INTEGER NOT NULL,
	retransmissions INTEGER NOT NULL,
	resets INTEGER NOT NULL,
	client_ttl INTEGER,
	greeting_wait INTEGER,
	offer_capture_id INTEGER REFERENCES capture,
	offer_frame INTEGER,
	offer_after INTEGER,            -- offer_time - start
	encrypted_frame INTEGER,
	slowest_verb TEXT,
	tls TEXT,                       -- NULL where tls_state says it all
	speaks TEXT,
	server_name TEXT,
	banner,
	look_id INTEGER REFERENCES look -- what needs a look-up stands last: it is fetched meanwhile
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
CREATE TABLE error_row ( -- what the view error shows, and says of its columns
	error_id INTEGER PRIMARY KEY,
	session_id INTEGER NOT NULL REFERENCES session_row, -- error_id / 100000, in a column so that joins find its index
	time INTEGER NOT NULL,
	code INTEGER NOT NULL,
	enhanced TEXT,
	reply_text NOT NULL,
	trigger_verb TEXT,
	trigger_line TEXT,
	sender_domain TEXT,
	recipient_domain TEXT,
	cause_id INTEGER NOT NULL REFERENCES cause,
	certainty INTEGER NOT NULL,
	detail,
	proofs TEXT NOT NULL,
	trigger_capture_id INTEGER REFERENCES capture,
	trigger_frame INTEGER,
	reply_capture_id INTEGER REFERENCES capture,
	reply_frame INTEGER NOT NULL,
	latency INTEGER,
	exchange INTEGER NOT NULL,
	transaction_no INTEGER NOT NULL,
	phase_id INTEGER REFERENCES text,
	offer_id INTEGER REFERENCES text,
	fault_at INTEGER,
	fault_id INTEGER REFERENCES text,
	rule_id INTEGER REFERENCES text,
	also TEXT
);
CREATE TABLE finding ( -- an observation that needs no 5xx
	finding_id INTEGER PRIMARY KEY, -- session_id * 100000 + ordinal in the session
	session_id INTEGER NOT NULL REFERENCES session_row,
	time INTEGER NOT NULL,          -- where it was first seen
	capture_id INTEGER REFERENCES capture,
	frame INTEGER,
	exchange INTEGER,               -- ordinal of command and reply; NULL: the connection as a whole
	cause_id INTEGER NOT NULL REFERENCES cause,
	device_id INTEGER REFERENCES text, -- known kind of middlebox; NULL unknown
	certainty INTEGER NOT NULL,     -- as in error
	detail,                         -- as in error
	proofs TEXT NOT NULL            -- as in error, all of them arrays
);
CREATE TABLE ladder ( -- the dialogue around errors and findings, for drawing; the view dialogue spells it out
	ladder_id INTEGER PRIMARY KEY,  -- session_id * 100000 + part, 0..: long sessions come in several
	lines TEXT NOT NULL             -- JSON [line, ...], each of them -n, the command of the session's error n, or n, its reply, where nothing is to say but that, or
	                                -- [exchange, side, frame - first_frame of the session, microseconds since start, text, flags, capture_id]; text: a string,
	                                -- a text_id, [string, text_id] (a first line, and the lines behind it), 0 for 220 and the session's banner, or -n for what the
	                                -- session's error n has: trigger_line, or the reply (code, enhanced, reply_text with a blank between);
	                                -- flags are left out where 0, capture_id where it is the session's; where it stands, the frame's own number stands too:
	                                -- flags 1 gap before, 2 retransmitted or odd packet, 4 masked, 8 credentials redacted, 16 not answered, 32 sent ahead, 64 5xx, 128 lines left out before, 256 cut, 512 message content withheld
);
CREATE TABLE difference ( -- a difference between two sides of a box (from compare)
	difference_id INTEGER PRIMARY KEY,
	inside_session INTEGER REFERENCES session_row (session_id),
	outside_session INTEGER REFERENCES session_row (session_id),
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
	inside_session INTEGER REFERENCES session_row (session_id),
	outside_session INTEGER REFERENCES session_row (session_id),
	known_by TEXT                   -- how the two were recognised: addresses and ports, sequence number, content; NULL: no partner
);
