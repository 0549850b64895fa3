/* talks - how talks begin. */
#ifndef SMTPWHY_TESTS_TALKS_H
#define SMTPWHY_TESTS_TALKS_H

/* Greeted by a server that offers what most do; by one that offers nothing; by one whose STARTTLS a box has overwritten. */
#define GREETED "S: 220 mx.test ESMTP\n" "C: EHLO a.test\n" "S: 250-mx.test\nS: 250-PIPELINING\nS: 250-SIZE 1000\nS: 250-VRFY\nS: 250-ETRN\n" \
	"S: 250-STARTTLS\nS: 250-AUTH PLAIN CRAM-MD5\nS: 250-ENHANCEDSTATUSCODES\nS: 250-8BITMIME\nS: 250 DSN\n"
#define BARE "S: 220 mx.test ESMTP\n" "C: EHLO a.test\n" "S: 250-mx.test\nS: 250 ENHANCEDSTATUSCODES\n"
#define STARS "S: 220 ****************************\n"
#define MASKED STARS "C: EHLO a.test\n" "S: 250-mx.test\nS: 250-PIPELINING\nS: 250-SIZE 1000\nS: 250-VRFY\nS: 250-ETRN\nS: 250-XXXXXXXA\n" \
	"S: 250-AUTH PLAIN\nS: 250-ENHANCEDSTATUSCODES\nS: 250-8BITMIME\nS: 250-DSN\nS: 250 XXXXXXXB\n"
#define SENDER "C: MAIL FROM:<a@b.test>\n" "S: 250 2.1.0 ok\n"
#define RCPT "C: RCPT TO:<c@mx.test>\n" "S: 250 2.1.5 ok\n"

#endif
