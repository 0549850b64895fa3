/* rows - triggers that let a test write rows into the views session and error as they read: INSERT INTO session VALUES (...). */
#ifndef SMTPWHY_TESTS_ROWS_H
#define SMTPWHY_TESTS_ROWS_H

#define ROWS_OF_VIEWS                                                                                                              \
	"CREATE TRIGGER session_in INSTEAD OF INSERT ON session BEGIN INSERT INTO session_row VALUES (new.session_id, new.client_addr, " \
	"new.server_addr, new.server_port, new.start, new.errors, "                                                                  \
	"new.protocol + 8 * new.tls_state + 64 * new.ending + 512 * new.incomplete, new.capture_id, new.server_ttl, "                 \
	"new.client_stack_id, new.handshake, new.quickest, new.helo, new.auth, new.transactions, new.accepted, new.pipelined, " \
	"new.slowest, new.client_octets, new.client_port, new.first_frame, new.last_capture_id, new.last_frame, "         \
	"new.\"end\" - new.start, new.commands, new.replies, new.unanswered, new.server_octets, new.missing, new.retransmissions, "   \
	"new.resets, new.client_ttl, new.greeting_wait, new.offer_capture_id, new.offer_frame, new.offer_time - new.start, "         \
	"new.encrypted_frame, new.slowest_verb, new.tls, new.speaks, new.server_name, new.banner, new.look_id); END;"                                          \
	"CREATE TRIGGER error_in INSTEAD OF INSERT ON error BEGIN INSERT INTO error_row VALUES (new.error_id, coalesce(new.session_id, new.error_id / 100000), new.time, new.code, "   \
	"new.enhanced, new.reply_text, new.trigger_verb, new.trigger_line, new.sender_domain, new.recipient_domain, new.cause_id, "  \
	"new.certainty, new.detail, new.proofs, new.trigger_capture_id, new.trigger_frame, new.reply_capture_id, "        \
	"new.reply_frame, new.latency, new.exchange, new.transaction_no, new.phase_id, new.offer_id, new.fault_at, new.fault_id, "   \
	"new.rule_id, json(new.also)); END;"

#endif
