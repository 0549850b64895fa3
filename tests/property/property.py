#!/usr/bin/env python3
"""property - do the facts survive what captures suffer?

usage: property.py [--binary ./smtpwhy] [--seed N] [--cases N] [--seconds N] [--keep DIR] [--only SEED] CAPTURE...

Takes orderly captures, applies some mutations of mutate.py to each (seeded), writes the result in some wrapping of packets.py, and asks
smtpwhy about both. Where every octet is still there, the facts of each 5xx must be the same. Where octets are missing, each 5xx that is
still told must have the trigger it had or none, no cause may accuse a box or a client that was not accused, and the session must be marked
incomplete with the right reason. A case that fails prints its seed, and its files stay in DIR.
"""
import bz2
import gzip
import json
import lzma
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import mutate
import packets as pk
import seeds

WRAP = mutate.WRAP


class Failed(Exception):
    pass


# ---- what smtpwhy says ----

def analyse(binary, paths, scratch, options=()):
    database = os.path.join(scratch, "report.db")
    if os.path.exists(database):
        os.remove(database)
    done = subprocess.run([binary, "analyze", *options, "-o", database, *paths], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120)
    errors = done.stderr.decode(errors="replace")
    if "Sanitizer" in errors or "runtime error" in errors:
        raise Failed("a sanitizer speaks: " + errors[:3000])
    if done.returncode != 0:
        raise Failed("exit status %d: %s" % (done.returncode, errors[:500]))
    with sqlite3.connect(database) as connection:
        connection.row_factory = sqlite3.Row
        rows = {name: [dict(r) for r in connection.execute("SELECT * FROM %s_report" % name)] for name in ("session", "error", "finding")}
    connection.close()
    return rows


def ends(row):
    return row["client_addr"], row["client_port"], row["server_addr"], row["server_port"]


def plain_facts(rows):
    """All that must be the same, in an order that does not depend on frame numbers."""
    facts = []
    for s in sorted(rows["session"], key=lambda s: s["session_id"]):
        session = ends(s) + (s["protocol"], s["banner"], s["helo"], s["tls"], s["commands"], s["replies"], s["errors"], s["transactions"], s["complete"])
        errors = [tuple(e[k] for k in ("code", "enhanced", "reply_text", "trigger_verb", "trigger_line", "cause", "party", "certainty", "also_possible"))
                  for e in sorted(rows["error"], key=lambda e: e["error_id"]) if e["session_id"] == s["session_id"]]
        findings = sorted((f["cause"], f["device"] or "") for f in rows["finding"] if f["session_id"] == s["session_id"])
        facts.append((ends(s), session, errors, findings))
    return sorted(facts, key=lambda f: f[0])  # stable: connections that reuse their ends stay in order


def without_typing(facts):
    """What tells a typed command from a sent one is its segments: an inspecting box lets typed ones pass."""
    typing = {"middlebox.command_masked", "middlebox.ehlo_blocked"}
    return [f[:3] + (sorted({"masked" if cause in typing else cause for cause, _ in f[3]} | {"masked"}),) for f in facts]


# ---- what the capture still holds ----

class Streams:
    """The octets of each side of each connection, by sequence number; a new SYN begins a new connection."""

    def __init__(self, packets):
        self.number = {}
        self.isn = {}
        for p in packets:
            self.place(p, learn=True)

    def place(self, p, learn=False):
        key = p.conversation()
        if learn and p.flags & pk.SYN and not p.flags & pk.ACK and self.isn.get((key, self.number.get(key, 0), p.source), p.seq) != p.seq:
            self.number[key] = self.number.get(key, 0) + 1
        name = (key, self.number.get(key, 0), p.source)
        self.isn.setdefault(name, p.seq if p.flags & pk.SYN else (p.seq - 1) % WRAP)
        return name

    def label(self, packets):
        """Each packet learns which octets of which stream it carries."""
        self.number = {}
        for p in packets:
            name = self.place(p, learn=True)
            first = (p.seq - self.isn[name] - (0 if p.flags & pk.SYN else 1)) % WRAP
            p.base = (name, first)
            p.syn_of = name if p.flags & pk.SYN else None
            p.fin_of = name if p.flags & (pk.FIN | pk.RST) else None
            p.ends_by = p.flags & (pk.FIN | pk.RST)


def span(p):
    """(stream, first, last, kept): what a labelled packet, or one made from it, carries."""
    name, first = p.base
    start = first + p.moved
    kept = len(p.payload) if p.cut is None or p.fragments else min(p.cut, len(p.payload))
    return name, start, start + len(p.payload), start + kept


def coverage(packets):
    streams = {}
    for p in packets:
        name, first, _, kept = span(p)
        if kept > first and first < 1 << 31:
            streams.setdefault(name, []).append((first, kept))
    return {name: union(ranges) for name, ranges in streams.items()}


def union(ranges):
    out = []
    for first, last in sorted(ranges):
        if out and first <= out[-1][1]:
            out[-1][1] = max(out[-1][1], last)
        else:
            out.append([first, last])
    return out


# ---- one case ----

class Case:
    def __init__(self, seed, path, original, packets, binary, scratch, thorough):
        self.rng = random.Random(seed)
        self.seed, self.path, self.original, self.binary, self.scratch = seed, path, original, binary, scratch
        self.packets = [p.copy() for p in packets]
        self.story = []
        self.thorough = thorough

    def mutated(self):
        rng = self.rng
        count = rng.choice([0, 1, 1, 1, 2, 2, 3])
        chosen = rng.sample(mutate.SAME, count)
        if rng.random() < 0.5:
            chosen += rng.sample(mutate.LESS, 1)
        order = {m: i for i, m in enumerate(ORDER)}
        packets = self.packets
        for m in sorted(chosen, key=lambda m: order[m]):
            self.story.append(m.__name__)
            packets = m(rng, packets)
        return packets

    def write(self, packets):
        """The files, and for each (file, frame) the packet."""
        rng = self.rng
        kinds = sorted(pk.ENVELOPES)
        mixed = rng.random() < 0.3
        chosen = rng.sample(kinds, 3) if mixed else [rng.choice(kinds)]
        frames = pk.frames(packets, lambda p: rng.choice(chosen))
        if "fragment" in self.story and rng.random() < 0.5:
            frames = shuffled_fragments(rng, frames)
        parts = split(rng, frames) if rng.random() < 0.4 and "clock_step" not in self.story else [frames]
        names = ["part%d" % i for i in range(len(parts))]
        rng.shuffle(names)
        paths, numbers = [], {}
        for part, name in zip(parts, names):
            links = {f.link for f in part}
            if len(links) > 1 or rng.random() < 0.3:
                data, ending = pk.pcapng(part, rng), ".pcapng"
            else:
                data, ending = pk.pcap(part, rng.choice("<>"), rng.random() < 0.5), ".pcap"
            packing = rng.choice([None, None, None, ".gz", ".xz", ".bz2", ".zst"])
            if packing == ".zst" and not shutil.which("zstd"):
                packing = None
            path = os.path.join(self.scratch, name + ending + (packing or ""))
            with open(path, "wb") as f:
                f.write(packed(data, packing))
            paths.append(path)
            for i, frame in enumerate(part):
                numbers[path, i + 1] = frame.packet
        self.story.append("%s in %d files" % ("+".join(chosen), len(paths)))
        order = sorted(paths) if rng.random() < 0.5 else rng.sample(paths, len(paths))
        return order, numbers

    def run(self):
        packets = self.mutated()
        if "clock_step" not in self.story:
            packets = mutate.settle(packets)  # files of a ring are put in order by their times
        self.paths, numbers = self.write(packets)
        options = ["--jobs", "2"] if self.rng.random() < 0.2 else []
        rows = analyse(self.binary, self.paths, self.scratch, options)
        whole = coverage(self.packets) == coverage(packets)
        marks = {(p.syn_of, p.fin_of, p.ends_by) for p in self.packets if p.syn_of or p.fin_of}
        whole = whole and marks == {(p.syn_of, p.fin_of, p.ends_by) for p in packets if p.syn_of or p.fin_of}
        if whole:
            self.same(rows)
        else:
            self.honest(rows, packets, numbers)

    def same(self, rows):
        want, got = plain_facts(self.original), plain_facts(rows)
        if {"resegment", "merge"} & set(self.story):
            want, got = without_typing(want), without_typing(got)
        if want == got:
            return
        for w, g in zip(want, got):
            if w != g:
                for a, b in zip(w[1:], g[1:]):
                    if a != b:
                        raise Failed("not the same: %s\n  want %r\n  got  %r" % (w[0], a, b))
        raise Failed("%d sessions instead of %d" % (len(got), len(want)))

    # -- octets are missing --

    def honest(self, rows, packets, numbers):
        self.triggers(rows, numbers)
        self.accusations(rows)
        self.reasons(rows, packets)

    def original_error(self, e, numbers):
        """Those of the original that stand in the octets which this one's frame carries."""
        frame = numbers.get((e["capture"], e["reply_frame"]))
        if frame is None:
            raise Failed("the reply's frame %r is not in the capture" % ((e["capture"], e["reply_frame"]),))
        name, first, last, _ = span(frame)
        near = []
        for o in self.original["error"]:
            p = self.by_number[o["reply_frame"]]
            oname, ofirst, olast = p.base[0], p.base[1], p.base[1] + len(p.payload)
            if oname == name and ofirst < last and first < olast:
                near.append(o)
        return near

    def triggers(self, rows, numbers):
        for e in rows["error"]:
            near = self.original_error(e, numbers)
            told = [o for o in near if o["code"] == e["code"]]
            if not told and not near:
                told = [o for o in self.original["error"] if o["code"] == e["code"] and ends(o) == ends(e)]
            if not told:
                raise Failed("a 5xx that was not: %s %s, trigger %r %r" % (e["code"], e["reply_text"], e["trigger_verb"], e["trigger_line"]))
            if e["trigger_verb"] is None:
                continue
            if not any((o["trigger_verb"], o["trigger_line"]) == (e["trigger_verb"], e["trigger_line"]) or self.shorter(o, e) for o in told):
                raise Failed("wrong trigger: %s %s drawn by %r %r instead of %r" % (
                    e["code"], e["reply_text"], e["trigger_verb"], e["trigger_line"], [(o["trigger_verb"], o["trigger_line"]) for o in told]))

    @staticmethod
    def shorter(o, e):
        """The capture lacks a part of the line: what is told must be a part of it."""
        told = (e["trigger_line"] or "").removesuffix("<redacted>")  # what may be message content is not quoted
        return o["trigger_verb"] == e["trigger_verb"] and (e["trigger_verb"] == "-" or told in (o["trigger_line"] or ""))

    def accusations(self, rows):
        had = {(ends(e), e["cause"]) for e in self.original["error"]} | {(ends(f), f["cause"]) for f in self.original["finding"]}
        for e in self.original["error"]:
            had |= {(ends(e), c) for c in json.loads(e["also_possible"])}
        for r in rows["error"] + rows["finding"]:
            box = r["cause"].startswith("middlebox.")
            if box and not any(ends(r) == h[0] and h[1].startswith("middlebox.") for h in had):
                raise Failed("a box is accused: %s %s" % (r["cause"], r.get("detail")))
            if r["certainty"] == "proven" and not box and (ends(r), r["cause"]) not in had:
                raise Failed("a new cause is called proven: %s %s (had %s)" % (r["cause"], r.get("reply_text"), sorted(h[1] for h in had)))
            if r["cause"].startswith("client.") and r.get("trigger_verb", "") is not None and (ends(r), r["cause"]) not in had:
                raise Failed("the client is accused anew: %s %s (had %s)" % (r["cause"], r.get("reply_text"), sorted(h[1] for h in had)))

    def reasons(self, rows, packets):
        whole, now = coverage(self.packets), coverage(packets)
        sessions = {}
        for s in rows["session"]:
            sessions.setdefault(ends(s), []).append(s)
        originals = {}
        for s in self.original["session"]:
            originals.setdefault(ends(s), []).append(s)
        for key, found in sessions.items():
            if len(found) > 1 or len(originals.get(key, [])) != 1:
                continue
            s, o = found[0], originals[key][0]
            if key not in self.names:
                continue
            names = self.names[key]
            because = s["incomplete_because"]
            gap = {n: self.hole(whole.get(n, []), now.get(n, []), packets, n) for n in names}
            cut = any(p.cut is not None and p.cut < len(p.payload) and not p.fragments and p.base[0] in names for p in packets)
            silent = [n for n in names if not any(p.base[0] == n for p in packets)]
            starts = any(p.syn_of in names for p in packets)
            # a tail that no FIN, and no octet behind it, bears witness of is nobody's to miss
            ended = {n for n in names if any(p.fin_of == n and p.flags & pk.FIN for p in packets)}
            lost = any(whole.get(n) != now.get(n) for n in names if n in ended or self.hole(whole.get(n, []), now.get(n, []), packets, n))
            encrypted = o["tls_state"] in ("started", "finished", "failed", "plaintext") or o["protocol"] not in ("smtp", "esmtp", "lmtp")
            if lost and s["complete"] and not encrypted:
                raise Failed("octets are missing and the session is called complete: %s" % (key,))
            if not starts and "no start" not in because and "one side only" not in because:
                raise Failed("no SYN in the capture, and because is %r: %s" % (because, key))
            if silent and "one side only" not in because:
                raise Failed("one side only, and because is %r: %s" % (because, key))
            if "one side only" in because and not silent:
                raise Failed("both sides are there, and because is %r: %s" % (because, key))
            if "snaplen" in because and not cut:
                raise Failed("nothing was cut, and because is %r: %s" % (because, key))
            if cut and lost and "snaplen" not in because and not encrypted:
                raise Failed("frames were cut, and because is %r: %s" % (because, key))
            if any(gap.values()) and not cut and "gaps" not in because and "no start" not in because and not encrypted:
                raise Failed("a hole in the middle, and because is %r: %s" % (because, key))

    @staticmethod
    def hole(whole, now, packets, name):
        """Octets are missing between octets that are there."""
        return len(now) > len(whole)


ORDER = [mutate.resegment, mutate.merge, mutate.lost_on_wire, mutate.retransmit, mutate.swap_directions, mutate.reorder, mutate.keep_alive,
        mutate.duplicate, mutate.wrap, mutate.bad_sums, mutate.zero_length, mutate.fragment, mutate.lose_acks, mutate.lose, mutate.lose_one,
        mutate.no_handshake, mutate.start_late, mutate.end_early, mutate.one_direction, mutate.snaplen, mutate.padding, mutate.clock_step]


def packed(data, packing):
    if packing == ".gz":
        return gzip.compress(data, 1)
    if packing == ".xz":
        return lzma.compress(data, preset=0)
    if packing == ".bz2":
        return bz2.compress(data, 1)
    if packing == ".zst":
        return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def shuffled_fragments(rng, frames):
    """Fragments of one datagram in another order."""
    out, i = [], 0
    while i < len(frames):
        j = i + 1
        while j < len(frames) and frames[j].packet is frames[i].packet:
            j += 1
        group = frames[i:j]
        rng.shuffle(group)
        out += group
        i = j
    return out


def split(rng, frames):
    """Several files; some overlap."""
    cuts = sorted(rng.randrange(len(frames) + 1) for _ in range(rng.randint(1, 6)))
    parts, at = [], 0
    for cut in cuts + [len(frames)]:
        first = at
        if at and rng.random() < 0.3:
            first = max(0, at - rng.randint(1, 12))
        part = frames[first:cut]
        at = max(at, cut)
        if part:
            parts.append(part)
    return parts or [frames]


def endpoint(side):
    address, port = side
    if len(address) == 4:
        text = ".".join(str(b) for b in address)
    else:
        import ipaddress
        text = str(ipaddress.IPv6Address(address))
    return text, int.from_bytes(port, "big")


class Capture:
    """An orderly capture, what smtpwhy says of it, and where its octets stand."""

    def __init__(self, path, binary, scratch):
        self.path = path
        self.packets = pk.read(path)
        self.usable = bool(self.packets) and len(self.packets) <= 3000
        if not self.usable:
            return
        Streams(self.packets).label(self.packets)
        for p in self.packets:
            p.moved = 0
        self.original = analyse(binary, [path], scratch)
        self.by_number = {p.number: p for p in self.packets}
        self.names = {}
        for p in self.packets:
            name = p.base[0]
            for a, b in ((p.source, p.target), (p.target, p.source)):
                self.names.setdefault(endpoint(a) + endpoint(b), set()).add(name)
        sessions = self.original["session"]
        self.usable = bool(sessions) and all(s["complete"] for s in sessions) and all(e["reply_frame"] in self.by_number for e in self.original["error"])
        # two copies of one range with other bytes: what is cut or moved there is another story each time
        rival = {"middlebox.stream_altered", "middlebox.reply_injected"}
        self.usable = self.usable and not any(r["cause"] in rival for r in self.original["error"] + self.original["finding"])


def run_case(seed, capture, binary, keep, thorough):
    scratch = tempfile.mkdtemp(prefix="property")
    case = Case(seed, capture.path, capture.original, capture.packets, binary, scratch, thorough)
    case.by_number, case.names = capture.by_number, capture.names
    try:
        case.run()
        return None
    except Failed as why:
        kept = seeds.keep_files(keep, "seed-%d" % seed, scratch)
        return "seed %d: %s, %s: %s (files in %s)" % (seed, os.path.basename(capture.path), ", ".join(case.story), why, kept)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def main():
    parser = seeds.parser(__doc__, 10**9)
    parser.add_argument("--seconds", type=float, default=25)
    args = parser.parse_args()
    scratch = tempfile.mkdtemp(prefix="property")
    captures, end, failures, done = {}, time.monotonic() + args.seconds, [], 0
    paths = sorted(args.captures)
    try:
        for seed in seeds.chosen(args):
            path = paths[seed % len(paths)]
            if path not in captures:
                try:
                    captures[path] = Capture(path, args.binary, scratch)
                except Failed as why:
                    print("%s: %s" % (path, why))
                    captures[path] = None
            capture = captures[path]
            if capture and capture.usable:
                failure = run_case(seed, capture, args.binary, args.keep, False)
                done += 1
                if failure:
                    failures.append(failure)
                    print(failure, flush=True)
            if time.monotonic() > end or len(failures) >= args.most:
                break
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print("%d cases from %d captures, %d failed" % (done, sum(1 for c in captures.values() if c and c.usable), len(failures)))
    return 1 if failures or not done else 0


if __name__ == "__main__":
    sys.exit(main())
