"""mutate - what captures suffer, as functions on lists of packets.

Each mutation takes (rng, packets) and gives the new list. It says nothing of what is to be expected: property.py compares which octets
of each stream are still there. Times stay in order unless the mutation is about clocks. Standard library only.
"""
from packets import ACK, FIN, PSH, RST, SYN

WRAP = 1 << 32
STEP = 1000  # nanoseconds between a packet and one put behind it


def settle(packets):
    """Times that do not go back, for packets that were moved or put in."""
    last = None
    for p in packets:
        if last is not None and p.time < last:
            p.time = last + STEP
        last = p.time
    return packets


def compact(packets):
    """A busy link: a tenth of a millisecond between packets at most, so that what is moved by some places is moved by little time."""
    now = packets[0].time if packets else 0
    last = now
    for p in packets:
        gap, last = p.time - last, p.time
        now += min(max(gap, 0), 100_000)
        p.time = now
    return packets


def data_at(packets):
    return [i for i, p in enumerate(packets) if p.payload and not p.flags & SYN]


def same_side(a, b):
    return a.source == b.source and a.target == b.target


def part(p, first, last, all_flags=False):
    """Octets first..last of its payload, as a segment of their own. all_flags: as a careless tool cuts it, FIN and PSH on each part."""
    q = p.copy()
    q.payload = p.payload[first:last]
    q.seq = p.seq + first
    q.moved = p.moved + first
    flags = p.flags
    if last < len(p.payload) and not all_flags:
        flags &= ~(FIN | PSH)
    q.set_flags(flags)
    return q


# ---- the same octets, otherwise packed ----

def resegment(rng, packets):
    """Segments are cut into pieces, down to single octets."""
    most = rng.choice([1, 2, 3, 7, 20, 100, 536])
    some = rng.choice([0.2, 1.0])
    careless = rng.random() < 0.3
    out = []
    for p in packets:
        if not p.payload or p.flags & SYN or len(p.payload) > 400 * most or rng.random() > some:
            out.append(p)
            continue
        at = 0
        while at < len(p.payload):
            size = rng.randint(1, most)
            q = part(p, at, min(at + size, len(p.payload)), careless)
            q.time = p.time + at
            out.append(q)
            at += size
    return settle(out)


def merge(rng, packets):
    """Segments of one side that follow each other directly become one."""
    out = []
    for p in packets:
        q = out[-1] if out else None
        if (q and q.payload and p.payload and same_side(p, q) and p.ack == q.ack and p.ttl() == q.ttl() and (q.seq + len(q.payload)) % WRAP == p.seq
                and not (q.flags | p.flags) & (SYN | RST) and not q.flags & FIN and len(q.payload) + len(p.payload) < 9000 and rng.random() < 0.8):
            q = out[-1] = q.copy()
            q.payload += p.payload
            q.set_flags(q.flags | p.flags)
        else:
            out.append(p)
    return out


def fragment(rng, packets):
    """IP fragments, in order or not."""
    out = []
    for p in packets:
        if p.payload and len(p.payload) > 24 and rng.random() < 0.5 and not p.cut and not p.zero_length:
            p = p.copy()
            sizes = []
            left = len(p.tcp) + len(p.payload)
            while left > 8:
                size = 8 * rng.randint(1, max(1, min(left - 1, 800) // 8))
                sizes.append(size)
                left -= size
            p.fragments = sizes[:40]
            p.set_id(rng.randrange(1, 65536))
        out.append(p)
    return out


# ---- the order ----

def swap_directions(rng, packets):
    """The two directions were recorded with another delay each, as by two cards."""
    packets = compact(packets)
    late = packets[0].source if packets else None
    delay = rng.randint(1, 12)
    keyed = [(i + (delay if p.source == late else 0), i, p) for i, p in enumerate(packets)]
    out = [p for _, _, p in sorted(keyed, key=lambda k: k[:2])]
    return settle(out)


def reorder(rng, packets):
    """Packets change places, within a direction and across."""
    packets = compact(packets)
    reach = rng.choice([1, 2, 4, 8])
    some = rng.choice([0.1, 0.5, 1.0])
    keyed = [(i + (rng.randint(0, reach) + 0.5 if rng.random() < some else 0), i, p) for i, p in enumerate(packets)]
    return settle([p for _, _, p in sorted(keyed, key=lambda k: k[:2])])


def lost_on_wire(rng, packets):
    """A segment is lost before the capture and comes again, before the other side has acknowledged it."""
    out = list(packets)
    for i in sorted(data_at(out), reverse=True):
        if rng.random() > 0.3:
            continue
        p, j = out[i], i + 1
        while j < len(out) and j < i + 20:
            q = out[j]
            if not same_side(p, q) and q.conversation() == p.conversation() and (q.flags & (SYN | RST) or (q.ack - p.seq) % WRAP < WRAP // 2 and q.ack != p.seq):
                break
            if same_side(p, q) and q.flags & (FIN | RST | SYN):
                break
            j += 1
        if j > i + 1:
            out.insert(j - 1, out.pop(i))
            p.time = out[j - 2].time + STEP
    return settle(out)


# ---- more than there was ----

def duplicate(rng, packets):
    """Frames recorded twice: a mirror port, or every interface of a router."""
    out = []
    some = rng.choice([0.2, 1.0])
    hop = rng.random() < 0.5
    for p in packets:
        out.append(p)
        if rng.random() < some:
            q = p.copy()
            q.time += rng.randrange(0, 60_000)
            if hop:
                q.set_ttl(max(1, p.ttl() - 1))
            out.append(q)
    return settle(out)


def retransmit(rng, packets):
    """Octets are sent again, whole segments or across their bounds, some time later."""
    out = list(packets)
    for i in sorted(data_at(packets), reverse=True):
        if rng.random() > 0.25:
            continue
        p = packets[i]
        q = p.copy()
        before = [b for b in packets[max(0, i - 4):i] if same_side(b, p) and b.payload and b.payload != b"\0" and (b.seq + len(b.payload)) % WRAP == p.seq]
        if before and rng.random() < 0.5:
            back = rng.randint(1, len(before[-1].payload))
            q.payload = before[-1].payload[-back:] + p.payload
            q.seq = p.seq - back
            q.moved = p.moved - back
        elif len(p.payload) > 2 and rng.random() < 0.5:
            a = rng.randrange(len(p.payload))
            q = part(p, a, rng.randint(a + 1, len(p.payload)))
        q.set_flags(q.flags & ~FIN)
        q.set_id(rng.randrange(1, 65536))
        at = min(len(out), i + rng.choice([1, 1, 2, 3, 6]))
        q.time = out[at - 1].time + rng.choice([STEP, 200_000_000])
        out.insert(at, q)
    return settle(out)


def keep_alive(rng, packets):
    """Probes of a silent connection: the octet before the next one, or none (RFC 9293 3.8.4)."""
    out = []
    for p in packets:
        out.append(p)
        if p.payload and rng.random() < 0.3 and not p.flags & FIN:
            q = p.copy()
            q.seq = p.seq + len(p.payload) - 1
            q.moved = p.moved + len(p.payload) - 1
            q.payload = rng.choice([b"", b"\0"])
            q.set_flags(ACK)
            q.time += STEP
            if q.payload and not any(r.source == p.target and r.flags & ACK and r.ack == (p.seq + len(p.payload)) % WRAP for r in packets):
                continue  # not acknowledged: then it would be a retransmission with another octet
            out.append(q)
    return settle(out)


# ---- less ----

def lose(rng, packets):
    """The capture drops packets, here and there or a run of them."""
    if rng.random() < 0.5:
        some = rng.choice([0.03, 0.1, 0.3])
        return [p for p in packets if rng.random() > some] or packets[:1]
    first = rng.randrange(len(packets))
    return packets[:first] + packets[first + rng.randint(1, 8):] or packets[:1]


def lose_one(rng, packets):
    """Exactly one segment with payload is missing."""
    at = data_at(packets)
    if not at:
        return packets
    i = rng.choice(at)
    return packets[:i] + packets[i + 1:]


def lose_acks(rng, packets):
    """Segments without payload are missing."""
    return [p for p in packets if p.payload or p.flags & (SYN | FIN | RST) or rng.random() < 0.3]


def no_handshake(rng, packets):
    """The capture began after the handshake."""
    return [p for p in packets if not p.flags & SYN] or packets


def start_late(rng, packets):
    return packets[rng.randrange(len(packets)):]


def end_early(rng, packets):
    return packets[:rng.randint(1, len(packets))]


def one_direction(rng, packets):
    """An asymmetric path: only one side of each connection."""
    server = rng.random() < 0.5
    first = {}
    for p in packets:
        first.setdefault(p.conversation(), p.source if not (p.flags & SYN and p.flags & ACK) else p.target)
    return [p for p in packets if (p.source != first[p.conversation()]) == server] or packets


def snaplen(rng, packets):
    """Frames are cut."""
    keep = rng.choice([0, 2, 10, 40, 100])
    out = []
    for p in packets:
        p = p.copy()
        if len(p.payload) > keep:
            p.cut = keep
        out.append(p)
    return out


# ---- fields ----

def wrap(rng, packets):
    """Sequence numbers pass 2^32 somewhere."""
    shift = {}
    for p in packets:
        for side in (p.source, p.target):
            if (p.conversation(), side) not in shift:
                base = p.seq if side == p.source else p.ack
                shift[p.conversation(), side] = (WRAP - rng.choice([1, 2, 10, 50, 300, 2000]) - base) % WRAP
    out = []
    for p in packets:
        p = p.copy()
        p.seq = p.seq + shift[p.conversation(), p.source]
        if p.flags & ACK:
            p.ack = p.ack + shift[p.conversation(), p.target]
        out.append(p)
    return out


def bad_sums(rng, packets):
    for p in packets:
        p.bad_sum = rng.random() < 0.7
    return packets


def zero_length(rng, packets):
    """IP length 0: segmentation offload."""
    for p in packets:
        p.zero_length = bool(p.payload) and not p.fragments
    return packets


def padding(rng, packets):
    """Octets behind the IP datagram: short frames, or a check sequence that was recorded."""
    for p in packets:
        size = 14 + len(p.ip) + len(p.tcp) + len(p.payload)
        p.padding = max(0, 60 - size) + rng.choice([0, 4])
    return packets


def clock_step(rng, packets):
    """The clock was set while the capture ran."""
    at = rng.randrange(len(packets))
    step = rng.choice([-3_600, -30, -0.5, -0.001, 0.5, 20, 7_200]) * 10**9
    for p in packets[at:]:
        p.time += int(step)
    return packets


SAME = [resegment, merge, fragment, swap_directions, reorder, lost_on_wire, duplicate, retransmit, keep_alive, lose_acks, wrap, bad_sums,
        zero_length, padding, clock_step]
LESS = [lose, lose_one, no_handshake, start_late, end_early, one_direction, snaplen]
