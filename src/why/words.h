/* words - what the text of a reply says.
 * In:    code, enhanced code, stage and text of one reply.
 * Out:   the cause its words stand for, how sure, and which words said so.
 * Rules: words.tsv, compiled in, a row a pattern: cause, stage, code, weight, provider, source; further rows by --rules.
 *        All patterns are matched in one pass (an automaton), so many cost no more than few.
 * Text:  case and typographic quotes folded; quoted text, URLs, ids and addresses become placeholders first; a reply quoted inside
 *        the reply is peeled, the innermost decides.
 * Never: fails on input; blames a middlebox. */
#ifndef SMTPWHY_WHY_WORDS_H
#define SMTPWHY_WHY_WORDS_H

#include "why/why.h"

enum stage { STAGE_CONNECT, STAGE_HELO, STAGE_MAIL, STAGE_RCPT, STAGE_DATA, STAGE_CONTENT, STAGE_AUTH, STAGE_STARTTLS, STAGE_OTHER };

struct words_result {
	enum cause cause;         /* CAUSE_UNKNOWN when nothing was said */
	enum certainty certainty; /* possible or likely */
	int strength;             /* 0 nothing; 1 the basic code alone; 2 code and enhanced code; 3 general words; 4 specific words or a provider's tag */
	struct bytes matched;     /* view of the reply's text, for the evidence */
	const char *source;       /* of the row, NULL */
	enum cause also[4];
	size_t nalso;
};

struct words; /* the compiled table: read-only, shared by all threads */
struct words_memo; /* texts that one thread judged before (words_memo.h) */
struct words *words_new(const char *rules_file, struct error *);
struct words_result words_judge(const struct words *, struct words_memo *, enum stage, const struct reply *); /* memo: NULL none; the result is the same */
struct words_memo *words_memo_new(void);
void words_memo_free(struct words_memo *);
enum stage words_stage(const struct command *);
void words_free(struct words *);

#endif
