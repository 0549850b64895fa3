/* tls - TLS records as seen from outside: handshake started, finished or failed, version, SNI, alerts, plaintext in their place.
 * In:    chunks of both directions from where TLS begins.
 * Out:   struct tls of the session, kept up to date.
 * Keeps: at most 16 KiB of an unfinished handshake record a direction; application data is skipped by length.
 * Never: decrypts; fails on input. */
#ifndef SMTPWHY_SMTP_TLS_H
#define SMTPWHY_SMTP_TLS_H

#include "smtp/session.h"

struct tls_reader;
struct tls_reader *tls_reader_new(struct tls *, struct arena *);
/* The beginning is not in the capture: no end of it is called a failure. */
void tls_reader_join(struct tls_reader *);
/* false: these octets are no TLS records; nothing of them was taken, tls->state is TLS_PLAINTEXT. */
bool tls_reader_data(struct tls_reader *, enum direction, const struct chunk *);
bool tls_reader_goes_on(const struct tls_reader *, enum direction, struct bytes); /* a record is not complete, or one may begin here */
void tls_reader_gap(struct tls_reader *, enum direction, const struct gap *);
void tls_reader_end(struct tls_reader *, enum direction, enum ending, struct place);
bool tls_reader_done(const struct tls_reader *); /* the handshake is over: nothing further to learn but the end */
void tls_reader_rest(struct tls_reader *); /* no data will come, but perhaps an end: what was held for it goes */
size_t tls_reader_size(const struct tls_reader *); /* bytes on the heap */
void tls_reader_free(struct tls_reader *);
bool tls_looks_like_record(struct bytes);        /* ContentType 20..24 and version 3.x (RFC 8446 5.1), or an SSLv2 ClientHello */

#endif
