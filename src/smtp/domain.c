/* domain.c - domains and address literals by RFC 5321 4.1.2, 4.1.3. Takes their octets, gives the first that breaks the grammar. */
#include "smtp/domain.h"

#include "base/banned.h"

static struct misfit misfit(size_t at, const char *wanted, const char *clause)
{
	return (struct misfit){ true, at, wanted, clause };
}

static bool is_let_dig(uint8_t c)
{
	return octet_is_alpha(c) || octet_is_digit(c) || c >= 0x80;
}

static struct misfit check_label(struct bytes label)
{
	if (label.n == 0)
		return misfit(0, "a letter or a digit between the dots of a domain", "RFC 5321 4.1.2");
	for (size_t i = 0; i < label.n; i++)
		if (!is_let_dig(label.p[i]) && label.p[i] != '-')
			return misfit(i, "letters, digits and hyphens in a domain", "RFC 5321 4.1.2");
	if (label.p[0] == '-')
		return misfit(0, "a letter or a digit at the start of a label", "RFC 5321 4.1.2");
	if (label.p[label.n - 1] == '-')
		return misfit(label.n - 1, "a letter or a digit at the end of a label", "RFC 5321 4.1.2");
	if (label.n > 63)
		return misfit(63, "labels of at most 63 octets", "RFC 1035 2.3.4");
	return (struct misfit){ 0 };
}

struct domain_shape domain_shape_of(const struct classes *c, size_t n)
{
	uint64_t whole = scan_whole(n), inner = (c->letters | c->digits) & whole, dots = c->dots & whole;
	bool fits = ((inner | dots | c->hyphens) & whole) == whole;
	return (struct domain_shape){ fits && n < SCAN_MOST && parts_lie_between(inner, dots, n), dots != 0, (c->letters & whole) != 0 };
}

struct domain_shape domain_shape(struct bytes domain)
{
	if (domain.n >= SCAN_MOST) /* a label may be too long */
		return (struct domain_shape){ 0 };
	struct classes c = scan_classes(domain);
	return domain_shape_of(&c, domain.n);
}

struct misfit domain_check(struct bytes domain)
{
	if (domain_shape(domain).ordinary)
		return (struct misfit){ 0 };
	if (domain.n == 0)
		return misfit(0, "a domain", "RFC 5321 4.1.2");
	struct cut cut = { .tail = domain, .found = true };
	for (size_t at = 0; cut.found; at += cut.head.n + 1) {
		cut = bytes_cut(cut.tail, '.');
		struct misfit m = check_label(cut.head);
		if (m.found) {
			m.at += at;
			return m;
		}
	}
	if (domain.n > 255)
		return misfit(255, "a domain of at most 255 octets", "RFC 5321 4.5.3.1.2");
	return (struct misfit){ 0 };
}

bool domain_is_v4(struct bytes b)
{
	struct cut cut = { .tail = b, .found = true };
	unsigned parts = 0;
	while (cut.found) {
		uint64_t value;
		cut = bytes_cut(cut.tail, '.');
		if (cut.head.n > 3 || !bytes_number(cut.head, &value) || value > 255)
			return false;
		parts++;
	}
	return parts == 4;
}

static bool is_group(struct bytes b)
{
	if (b.n == 0 || b.n > 4)
		return false;
	for (size_t i = 0; i < b.n; i++)
		if (!octet_is_digit(b.p[i]) && (octet_lower(b.p[i]) < 'a' || octet_lower(b.p[i]) > 'f'))
			return false;
	return true;
}

/* Groups of one side of "::", the last of the address may be a dotted quad; 99 when it is none. */
static unsigned count_groups(struct bytes b, bool last)
{
	unsigned n = 0;
	if (b.n == 0)
		return 0;
	struct cut cut = { .tail = b, .found = true };
	while (cut.found && n < 99) {
		cut = bytes_cut(cut.tail, ':');
		if (last && !cut.found && domain_is_v4(cut.head))
			n += 2;
		else
			n = is_group(cut.head) ? n + 1 : 99;
	}
	return n;
}

bool domain_is_v6(struct bytes b)
{
	size_t gap = bytes_find(b, B("::"));
	if (gap == BYTES_NONE)
		return count_groups(b, true) == 8;
	return count_groups(bytes_first(b, gap), false) + count_groups(bytes_from(b, gap + 2), true) <= 7;
}

struct misfit domain_check_literal(struct bytes literal)
{
	static const char clause[] = "RFC 5321 4.1.3";
	size_t end = bytes_index(literal, ']');
	if (end == BYTES_NONE)
		return misfit(literal.n, "a closing ] after the address", clause);
	if (end + 1 != literal.n)
		return misfit(end + 1, "nothing after the ] of an address literal", clause);
	struct bytes inner = bytes_first(bytes_from(literal, 1), literal.n - 2);
	if (bytes_starts_word(inner, B("IPv6:")))
		return domain_is_v6(bytes_from(inner, 5)) ? (struct misfit){ 0 } : misfit(6, "an IPv6 address after IPv6:", clause);
	if (domain_is_v4(inner))
		return (struct misfit){ 0 };
	if (domain_is_v6(inner))
		return misfit(1, "IPv6: before an IPv6 address", clause);
	struct cut tag = bytes_cut(inner, ':');
	if (!tag.found || tag.tail.n == 0 || check_label(tag.head).found)
		return misfit(1, "an IPv4 address, or IPv6: and an address", clause);
	for (size_t i = 0; i < tag.tail.n; i++) /* dcontent */
		if (tag.tail.p[i] < 33 || tag.tail.p[i] == '[' || tag.tail.p[i] == '\\' || tag.tail.p[i] == 127)
			return misfit(tag.head.n + 2 + i, "printable octets in an address literal", clause);
	return (struct misfit){ 0 };
}
