/* filter.c - compiles the user's expression with libpcap, a program for each link type. Takes frames, gives yes or no. */
#include "capture/filter.h"

#include "base/arena.h"
#include "base/text.h"
#include "capture/linktype.h"

#include <stdlib.h>

struct program {
	struct program *next;
	int linktype;
	struct bpf_program code;
	struct text why; /* empty: the code is good */
};

struct filter {
	struct text expression;
	struct program *programs; /* the one used last in front */
};

static struct program *program_new(const char *expression, int linktype)
{
	struct program *p = memory_new(1, sizeof *p);
	pcap_t *pcap = linktype_pcap(linktype);
	p->linktype = linktype;
	if (!pcap)
		text_addf(&p->why, "holds packets of link type %d, which libpcap cannot filter", linktype);
	else if (pcap_compile(pcap, &p->code, expression, 1, PCAP_NETMASK_UNKNOWN) != 0)
		text_addf(&p->why, "holds packets of link type %d, for which the filter \"%s\" does not compile (%s); they were left out", linktype, expression, pcap_geterr(pcap));
	if (pcap)
		pcap_close(pcap);
	return p;
}

static void program_free(struct program *p)
{
	if (p->why.n == 0)
		pcap_freecode(&p->code);
	text_free(&p->why);
	free(p);
}

static struct program *program_of(struct filter *f, int linktype)
{
	struct program **link = &f->programs, *p = NULL;
	while (*link && (*link)->linktype != linktype)
		link = &(*link)->next;
	p = *link;
	if (p)
		*link = p->next;
	else
		p = program_new(f->expression.p, linktype);
	p->next = f->programs;
	f->programs = p;
	return p;
}

struct filter *filter_new(const char *expression)
{
	if (!expression)
		return NULL;
	struct filter *f = memory_new(1, sizeof *f);
	text_add_string(&f->expression, expression);
	return f;
}

bool filter_wants(struct filter *f, const struct frame *frame, const char **why)
{
	struct program *p = f->programs;
	*why = NULL;
	if (!p || p->linktype != frame->linktype)
		p = program_of(f, frame->linktype);
	if (p->why.n) {
		*why = p->why.p;
		return false;
	}
	struct pcap_pkthdr header = { .caplen = (bpf_u_int32)frame->bytes.n, .len = frame->wire_length };
	return pcap_offline_filter(&p->code, &header, frame->bytes.p) != 0;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	while (f->programs) {
		struct program *next = f->programs->next;
		program_free(f->programs);
		f->programs = next;
	}
	text_free(&f->expression);
	free(f);
}

bool filter_check(const char *expression, struct error *error)
{
	static const int usual[] = { 1, 101, 113, 276, 105, 0 }; /* ETHERNET, RAW, LINUX_SLL, LINUX_SLL2, IEEE802_11, NULL */
	bool compiles = false;
	char why[300] = "";
	for (size_t i = 0; i < sizeof usual / sizeof *usual && !compiles; i++) {
		pcap_t *pcap = linktype_pcap(usual[i]);
		struct bpf_program code;
		if (!pcap)
			continue;
		compiles = pcap_compile(pcap, &code, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
		if (compiles)
			pcap_freecode(&code);
		else if (!why[0])
			snprintf(why, sizeof why, "%s", pcap_geterr(pcap));
		pcap_close(pcap);
	}
	return compiles || error_set(error, ERROR_USAGE, "the filter \"%.150s\" cannot be used: %s; see pcap-filter(7)", expression, why);
}
