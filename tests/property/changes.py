#!/usr/bin/env python3
"""changes - does a comparison of two sides tell each change, and no other?

usage: changes.py [--binary ./smtpwhy] [--seed N] [--cases N] [--keep DIR] [--only SEED] CAPTURE...

Takes the dialogues of real captures, lets a box of its own change some lines of them, and writes what each side of the box would have
recorded: through address translation, with other sequence numbers, cut into other segments, hours apart by the clock, with
retransmissions, keep-alives and loss, in one file or several, among many sessions that say the same. Then smtpwhy compare must tell
exactly the changes that were made; where octets are lost on one side, none that was not made. Standard library only.
"""
import os
import random
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile

import mutate
import packets as pk
import seeds

CLIENT, SERVER = 0, 1
SECOND = 10**9


# ---- dialogues ----

def dialogue(path):
    """[(side, octets)] of the one plain session in a capture; None where it is no such session."""
    packets = pk.read(path)
    if not packets or not packets[0].flags & pk.SYN or len({p.conversation() for p in packets}) != 1:
        return None
    client, turns, expected = packets[0].source, [], {}
    for p in packets:
        if p.flags & pk.SYN:
            expected[p.source] = (p.seq + 1) % mutate.WRAP
            continue
        if not p.payload:
            continue
        if p.seq != expected.get(p.source):
            return None
        expected[p.source] = (p.seq + len(p.payload)) % mutate.WRAP
        side = CLIENT if p.source == client else SERVER
        if turns and turns[-1][0] == side:
            turns[-1] = (side, turns[-1][1] + p.payload)
        else:
            turns.append((side, p.payload))
    text = b"".join(t for _, t in turns)
    plain = turns and turns[0][0] == SERVER and turns[0][1].startswith(b"220") and b"EHLO" in text and b"\x16\x03" not in text
    return turns if plain and all(t.endswith(b"\r\n") for _, t in turns) else None


class Session:
    """What was said, as two lists: inside and outside. They begin as the same."""

    def __init__(self, turns, number):
        self.number = number
        self.views = [list(turns), list(turns)]
        self.used = set()
        self.wanted = []       # (direction, kinds, inside, outside): octets that the texts must hold
        self.late = {}         # turn of the inside -> nanoseconds that the box held it

    def find(self, rng, side, pattern):
        """A turn not yet changed that the pattern matches, and the match."""
        places = [(i, m) for i, (s, t) in enumerate(self.views[0]) if s == side and i not in self.used for m in [re.search(pattern, t)] if m]
        if not places:
            return None
        i, match = rng.choice(places)
        self.used.add(i)
        return i, match

    def put(self, view, i, octets):
        self.views[view][i] = (self.views[view][i][0], octets)

    def change(self, view, i, match, group, octets):
        t = self.views[view][i][1]
        self.put(view, i, t[:match.start(group)] + octets + t[match.end(group):])

    def want(self, direction, kinds, inside, outside):
        self.wanted.append((direction, kinds.split(), inside, outside))


# ---- what the box does: each returns False where there is nothing to do it to ----

def mask_keyword(rng, s):
    found = s.find(rng, SERVER, rb"\r\n250[- ]([A-Z0-9]{4,})(?=\r\n)")
    if not found:
        return False
    i, m = found
    filler = rng.choice([b"X", b"x", b"*", b"#"])
    masked = filler * (len(m.group(1)) - 1) + (b"A" if filler == b"X" else filler)
    s.change(0, i, m, 1, masked)
    s.want(SERVER, "masked", masked, m.group(1))
    return True


def remove_keyword(rng, s):
    found = s.find(rng, SERVER, rb"\r\n(250-[A-Z0-9]{4,}\r\n)")
    if not found:
        return False
    i, m = found
    s.change(0, i, m, 1, b"")
    s.want(SERVER, "removed", b"", m.group(1)[4:].strip())
    return True


def add_keyword(rng, s):
    found = s.find(rng, SERVER, rb"\r\n()250[- ][A-Z0-9]{4,}")
    if not found:
        return False
    i, m = found
    s.change(0, i, m, 1, b"250-XMADEUP\r\n")
    s.want(SERVER, "added", b"XMADEUP", b"")
    return True


def other_size(rng, s):
    found = s.find(rng, SERVER, rb"250[- ]SIZE (\d+)")
    if not found:
        return False
    i, m = found
    s.change(0, i, m, 1, b"%d" % rng.randrange(1000, 99999))
    s.want(SERVER, "rewritten", b"SIZE", b"SIZE " + m.group(1))
    return True


def star_banner(rng, s):
    found = s.find(rng, SERVER, rb"^220 ([^*\r\n]+)\r\n$")
    if not found:
        return False
    i, m = found
    s.change(0, i, m, 1, b"*" * len(m.group(1)))
    s.want(SERVER, "masked", b"****", m.group(1))
    return True


def other_banner(rng, s):
    found = s.find(rng, SERVER, rb"^220 ([^\r\n]+)\r\n$")
    if not found:
        return False
    i, m = found
    s.change(0, i, m, 1, b"gateway ready %d" % rng.randrange(99))
    s.want(SERVER, "rewritten", b"gateway ready", m.group(1))
    return True


def mask_verb(rng, s):
    found = s.find(rng, CLIENT, rb"(?m)^(EHLO|VRFY|RSET|NOOP|EXPN|HELP)(?= |\r\n)")
    if not found:
        return False
    i, m = found
    s.change(1, i, m, 1, b"X" * len(m.group(1)))
    s.want(CLIENT, "masked", m.group(1), b"XXXX")
    return True


def other_address(rng, s):
    found = s.find(rng, CLIENT, rb"(?m)^(?:MAIL FROM|RCPT TO):<([^>\r\n]+)>")
    if not found:
        return False
    i, m = found
    s.change(1, i, m, 1, b"someone%d@else.example" % rng.randrange(99))
    s.want(CLIENT, "rewritten", m.group(1), b"@else.example")
    return True


def other_name(rng, s):
    found = s.find(rng, CLIENT, rb"(?m)^EHLO ([^\r\n]+)")
    if not found:
        return False
    i, m = found
    s.change(1, i, m, 1, b"gateway.example.net")
    s.want(CLIENT, "rewritten", m.group(1), b"gateway.example.net")
    return True


def other_answer(rng, s):
    found = s.find(rng, SERVER, rb"^(250 2\.1[^\r\n]*)\r\n$")
    if not found:
        return False
    i, m = found
    s.put(0, i, b"554 5.7.1 Blocked by the gateway\r\n")
    s.want(SERVER, "answered_by_box", b"Blocked by the gateway", m.group(1))
    return True


def keep_command(rng, s):
    """The box answers; the server never sees it."""
    turns = s.views[0]
    places = [i for i in range(len(turns) - 1) if i not in s.used and i + 1 not in s.used and turns[i][0] == CLIENT and
              re.match(rb"(VRFY|NOOP|RSET|HELP)\b[^\r\n]*\r\n$", turns[i][1]) and turns[i + 1][0] == SERVER]
    if not places:
        return False
    i = rng.choice(places)
    s.used |= {i, i + 1}
    s.put(1, i, b"")
    s.put(1, i + 1, b"")
    s.put(0, i + 1, b"252 2.5.2 The gateway says so\r\n")
    s.want(CLIENT, "swallowed", turns[i][1].strip(), b"")
    s.want(SERVER, "answered_by_box", b"The gateway says so", b"")
    return True


def own_command(rng, s):
    """The box says something of its own to the server, before a MAIL."""
    found = s.find(rng, CLIENT, rb"^MAIL FROM")
    if not found or found[0] - 2 in s.used:
        return False  # one command taken away and another put there is one that was rewritten
    i, _ = found
    s.used.add(i - 2)
    s.put(1, i, [(CLIENT, b"XWHOAMI gateway.example.net\r\n"), (SERVER, b"250 2.0.0 Ok, gateway\r\n"), (CLIENT, s.views[1][i][1])])
    s.want(CLIENT, "added", b"", b"XWHOAMI")
    s.want(SERVER, "swallowed", b"", b"Ok, gateway")
    return True


def add_field(rng, s):
    found = s.find(rng, CLIENT, rb"^()[A-Z][A-Za-z-]+: [\s\S]*\r\n\.\r\n")
    if not found:
        return False
    i, m = found
    s.change(1, i, m, 1, b"Received: from here by gateway.example.net\r\n")
    s.want(CLIENT, "added", b"", b"Received")
    return True


def other_body(rng, s):
    found = s.find(rng, CLIENT, rb"\r\n\r\n([^.\r\n][^\r\n]+)\r\n[\s\S]*\.\r\n")
    if not found:
        return False
    i, m = found
    s.change(1, i, m, 1, b"Something else is here %d." % rng.randrange(99))
    s.want(CLIENT, "rewritten", b"", b"")
    return True


def hold_reply(rng, s):
    found = s.find(rng, SERVER, rb"^(25\d [^\r\n]*)\r\n$")
    if not found:
        return False
    i, m = found
    s.late[i] = rng.randrange(3, 8) * SECOND
    s.want(SERVER, "delayed", m.group(1), m.group(1))
    return True


def introduce(rng, s):
    """A PROXY header before all else, in its text or its binary form."""
    if 0 in s.used:
        return False
    s.used.add(0)
    binary = b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x21, 0x11, 0, 12]) + bytes([192, 0, 2, 10, 198, 51, 100, 25]) + struct.pack(">HH", 40000, 25)
    header = rng.choice([b"PROXY TCP4 192.0.2.10 198.51.100.25 40000 25\r\n", binary])
    s.put(1, 0, [(CLIENT, header), s.views[1][0]])
    s.want(CLIENT, "added", b"", b"QUIT" if header == binary else b"PROXY TCP4")
    return True


BOX = [introduce, mask_keyword, remove_keyword, add_keyword, other_size, star_banner, other_banner, mask_verb, other_address, other_name, other_answer,
       keep_command, own_command, add_field, other_body, hold_reply]


# ---- what a side records ----

class Wire:
    """One side of the box: its addresses, its sequence numbers, its segments, its clock."""

    def __init__(self, rng, session, view, ends, isns, segment, offset, start, quick):
        self.rng, self.session, self.ends, self.segment, self.now = rng, session, ends, segment, start + offset
        self.seq = [isns[0], isns[1]]
        self.made, self.view, self.quick = [], view, quick

    def packet(self, side, flags, payload=b""):
        a, b = self.ends[side], self.ends[1 - side]
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40, self.rng.randrange(65536), 0x4000, 64 - 9 * side, 6, 0, a[0], b[0])
        options = struct.pack(">BBHBBBB", 2, 4, 1460, 1, 1, 4, 2) if flags & pk.SYN else b""
        ack = 0 if flags == pk.SYN else self.seq[1 - side]
        tcp = struct.pack(">HHIIBBHHH", a[1], b[1], self.seq[side] % mutate.WRAP, ack % mutate.WRAP, (20 + len(options)) // 4 << 4, flags, 500, 0, 0) + options
        self.made.append(pk.Packet(self.now, ip, tcp, payload))
        self.seq[side] += len(payload) + (1 if flags & (pk.SYN | pk.FIN) else 0)
        self.now += 50_000

    def say(self, side, octets):
        at = 0
        while at < len(octets):
            size = len(octets) if octets.startswith(b"\r\n\r\n\0") else self.segment(self.rng)  # a PROXY header is sent as one
            self.packet(side, pk.ACK | pk.PSH, octets[at:at + size])
            at += size
        self.now += 300_000
        self.packet(1 - side, pk.ACK)

    def record(self):
        self.packet(CLIENT, pk.SYN)
        self.packet(SERVER, pk.SYN | pk.ACK)
        self.packet(CLIENT, pk.ACK)
        for i, (side, octets) in enumerate(self.session.views[self.view]):
            self.now += self.quick
            if self.view == 0:
                self.now += self.session.late.get(i, 0)
            for s, t in octets if isinstance(octets, list) else [(side, octets)]:
                if t:
                    self.say(s, t)
            if self.view == 1:
                self.now += self.session.late.get(i, 0)  # the client goes on as much later
        self.packet(CLIENT, pk.FIN | pk.ACK)
        self.packet(SERVER, pk.FIN | pk.ACK)
        self.packet(CLIENT, pk.ACK)
        return self.made


def segments(rng):
    most = rng.choice([1460, 1460, 536, 100, 31, 7])
    return (lambda r: most) if rng.random() < 0.7 else (lambda r: r.randrange(1, most + 1))


HARMLESS = [mutate.lost_on_wire, mutate.retransmit, mutate.keep_alive, mutate.duplicate, mutate.lose_acks] # in this order


class Failed(Exception):
    pass


class Case:
    def __init__(self, seed, dialogues, binary, scratch):
        self.rng, self.binary, self.scratch = random.Random(seed), binary, scratch
        self.dialogues, self.story = dialogues, []

    def sessions(self):
        rng = self.rng
        count = rng.choice([1, 1, 1, 2, 3, 12])
        alike = rng.random() < 0.5
        turns = rng.choice(self.dialogues)
        made = []
        for number in range(count):
            mine = turns if alike else rng.choice(self.dialogues)
            s = Session(mine, number)
            if number == 0 or rng.random() < 0.3:
                for change in rng.sample(BOX, rng.choice([0, 1, 1, 2, 3])):
                    if change(rng, s):
                        self.story.append("%d:%s" % (number, change.__name__))
            made.append(s)
        return made

    def sides(self, sessions):
        rng = self.rng
        nat, proxy = rng.random() < 0.5, rng.random() < 0.3
        other_isn = proxy or rng.random() < 0.3
        offset = rng.choice([0, 0, 1, -1]) * rng.randrange(0, 9 * 3600 * SECOND)
        quick = rng.randrange(200_000, 4_000_000)
        cut = [segments(rng), segments(rng)] if proxy else [segments(rng)] * 2
        sides = [[], []]
        self.story += [w for w, on in (("nat", nat), ("proxy", proxy), ("isn", other_isn), ("%d s apart" % (offset // SECOND), offset)) if on]
        for s in sessions:
            client, server = (bytes([192, 0, 2, 10]), 40000 + s.number), (bytes([198, 51, 100, 25]), 25)
            start = 1_772_445_600 * SECOND + s.number * 20 * SECOND + rng.randrange(15 * SECOND)
            isns = [rng.randrange(mutate.WRAP), rng.randrange(mutate.WRAP)]
            one_segment = random.Random(rng.random())
            for view in (0, 1):
                ends = [client, server]
                if view == 1 and (nat or proxy):
                    ends[CLIENT] = (bytes([203, 0, 113, 7]), rng.randrange(1024, 60000))
                if view == 0 and proxy:
                    ends[SERVER] = (bytes([192, 0, 2, 1]), 25)
                wire = Wire(rng if proxy else random.Random(one_segment.random()), s, view, ends,
                            [rng.randrange(mutate.WRAP), rng.randrange(mutate.WRAP)] if other_isn and view else isns, cut[view],
                            offset if view else 0, start + (700_000 if view else 0), quick)
                sides[view] += wire.record()
        for side in sides:
            side.sort(key=lambda p: p.time)
        return sides

    def suffered(self, side):
        """Each connection by itself: what is moved in one does not wait for another."""
        rng, talks = self.rng, {}
        some = rng.sample(HARMLESS, rng.choice([0, 0, 1, 2]))
        some = [m for m in HARMLESS if m in some]
        self.story += [m.__name__ for m in some]
        for p in side:
            talks.setdefault(p.conversation(), []).append(p)
        for m in some:
            talks = {name: mutate.settle(m(rng, talk)) for name, talk in talks.items()}
        return sorted((p for talk in talks.values() for p in talk), key=lambda p: p.time)

    def write(self, name, side):
        paths, count = [], self.rng.choice([1, 1, 3])
        for k in range(count):
            part = side[len(side) * k // count:len(side) * (k + 1) // count]
            path = os.path.join(self.scratch, "%s%d.pcap" % (name, k))
            with open(path, "wb") as f:
                f.write(pk.pcap(pk.frames(part, lambda p: "ethernet"), nanoseconds=True))
            paths.append(path)
        return paths

    def compare(self, paths):
        database = os.path.join(self.scratch, "compare.db")
        words = [self.binary, "compare", "-q", "-o", database]
        for name, files in zip(("--inside", "--outside"), paths):
            words += [name, *files]
        done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120)
        text = done.stderr.decode(errors="replace")
        if "Sanitizer" in text or "runtime error" in text or done.returncode != 0:
            raise Failed("exit status %d: %s" % (done.returncode, text[:2000]))
        with sqlite3.connect(database) as connection:
            rows = connection.execute("SELECT d.direction, d.kind, coalesce(d.inside_text, ''), coalesce(d.outside_text, ''), s.client_port "
                                      "FROM difference_report AS d LEFT JOIN session AS s ON s.session_id = d.inside_session").fetchall()
            pairs = connection.execute("SELECT count(*), sum(inside_session IS NOT NULL AND outside_session IS NOT NULL) FROM pair").fetchone()
        connection.close()
        return rows, pairs

    def run(self):
        sessions = self.sessions()
        sides = [self.suffered(side) for side in self.sides(sessions)]
        loses = self.rng.random() < 0.3
        if loses:
            which = self.rng.choice([0, 1])
            lose = self.rng.choice([mutate.lose, mutate.lose_one, mutate.end_early, mutate.start_late])
            self.story.append("%s %s" % (lose.__name__, "outside" if which else "inside"))
            sides[which] = lose(self.rng, sides[which])
        rows, pairs = self.compare([self.write(name, side) for name, side in zip(("inside", "outside"), sides)])
        left, told = [(40000 + s.number,) + w for s in sessions for w in s.wanted], []
        for direction, kind, inside, outside, port in rows:
            fits = [w for w in left if w[0] == port and direction in ((CLIENT, "client"), (SERVER, "server"))[w[1]] and kind in w[2] and
                    w[3].decode() in inside and w[4].decode() in outside]
            if not fits and any(w[0] == port and kind == "masked" in w[2] and inside in w[3].decode() and outside in w[4].decode() for w in told):
                continue  # a line that came in several segments is told by segment
            pieces = [w for w in left if w[0] == port and kind == "masked" in w[2] and direction == "client" and inside in w[3].decode()]
            fits = fits or pieces[:1]
            if not fits:
                raise Failed("told, not made: %r" % ((direction, kind, inside[:120], outside[:120], port),))
            told.append(max(fits, key=lambda w: len(w[3]) + len(w[4])))
            left.remove(told[-1])
        again = mutate.lost_on_wire.__name__ in self.story or mutate.retransmit.__name__ in self.story
        left = [w for w in left if not (again and w[2] == ["delayed"])]  # told only where nothing was sent twice
        if not loses and left:
            raise Failed("made, not told: %r" % (left,))
        if not loses and pairs != (len(sessions), len(sessions)):
            raise Failed("%r pairs of %d sessions" % (pairs, len(sessions)))


def run_case(seed, dialogues, binary, keep):
    scratch = tempfile.mkdtemp(prefix="changes")
    case = Case(seed, dialogues, binary, scratch)
    try:
        case.run()
        return None
    except Failed as why:
        kept = seeds.keep_files(keep, "changes-%d" % seed, scratch)
        return "seed %d: %s: %s (files in %s)" % (seed, ", ".join(case.story), why, kept)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def main():
    args = seeds.parser(__doc__, 200).parse_args()
    dialogues = [d for d in map(dialogue, sorted(args.captures)) if d]
    failures, done = [], 0
    for seed in seeds.chosen(args):
        failure = run_case(seed, dialogues, args.binary, args.keep) if dialogues else "no usable capture"
        done += 1
        if failure:
            failures.append(failure)
            print(failure, flush=True)
        if len(failures) >= args.most:
            break
    print("%d cases from %d dialogues, %d failed" % (done, len(dialogues), len(failures)))
    return 1 if failures or not done else 0


if __name__ == "__main__":
    sys.exit(main())
