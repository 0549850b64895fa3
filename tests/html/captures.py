"""captures - makes the captures of the page's test.

In:    a path and talks; a talk is a list of (side, octets), side "C" or "S", of one TCP connection.
Out:   a pcap file of raw IPv4 (LINKTYPE_RAW), each talk with handshake and end.
"""
import struct

BEGIN = 1_760_000_000_000_000  # microseconds


def _packet(source, target, sequence, acknowledged, flags, payload):
    (source_address, source_port), (target_address, target_port) = source, target
    tcp = struct.pack("!HHIIBBHHH", source_port, target_port, sequence & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF, 5 << 4, flags, 65535, 0, 0) + payload
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, source_address, target_address) + tcp


def frames(talk, client, server, start):
    """(time, packet) of one connection."""
    at, sequence = start, {"C": 1000, "S": 5000}
    ends = {"C": (client, server), "S": (server, client)}

    def one(side, flags, payload=b"", counts=0):
        nonlocal at
        at += 1000
        other = "S" if side == "C" else "C"
        packet = _packet(*ends[side], sequence[side], sequence[other] if flags & 16 else 0, flags, payload)
        sequence[side] += len(payload) + counts
        return at, packet

    yield one("C", 0x02, counts=1)
    yield one("S", 0x12, counts=1)
    yield one("C", 0x10)
    for side, octets in talk:
        yield one(side, 0x18, octets)
    yield one("C", 0x11, counts=1)
    yield one("S", 0x11, counts=1)
    yield one("C", 0x10)


def address(text):
    return bytes(map(int, text.split(".")))


def write(path, talks, gap=1_000_000):
    """talks: (client address, server address, talk), each so many microseconds after the one before."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for number, (client, server, talk) in enumerate(talks):
            for at, packet in frames(talk, (address(client), 20000 + number % 40000), (address(server), 25), BEGIN + number * gap):
                file.write(struct.pack("<IIII", at // 1_000_000, at % 1_000_000, len(packet), len(packet)) + packet)


def lines(text):
    """A talk of lines "S: 220 mx" and "C: EHLO a"; "S-" begins a line of the same reply's packet."""
    talk = []
    for line in text.strip("\n").split("\n"):
        side, octets = line[0], line[3:].encode("utf-8", "surrogateescape") + b"\r\n"
        if line[1] == "-":
            talk[-1] = (side, talk[-1][1] + octets)
        else:
            talk.append((side, octets))
    return talk


EVIL = (  # what a sender could put where a page shows it
    "<script>window.pwned=1</script>", "</script><script>window.pwned=2</script>", "<img src=x onerror=window.pwned=3>", "\"><svg onload=window.pwned=4>",
    "' autofocus onfocus='window.pwned=5", "<!--<script>", "]]>--></style><base href=http://evil.test/>", "javascript:window.pwned=6", "${window.pwned=7}{{data}}",
    "<iframe srcdoc='<script>parent.pwned=8</script>'>", "\u202egnp.exe\u202c \u2066rtl\u2069", "a\u0301\u0302\u0303\u0304zalgo \u05d0\u05d1\u05d2 \ufeff\u200b\u2028\u2029",
    "\\u003cscript>", "&lt;b&gt;&#x3c;i&#x3e;", "__proto__", "\x1b[31mred\x07\x00",
)


def hostile():
    talks = []
    for number, evil in enumerate(EVIL):
        other = EVIL[(number + 1) % len(EVIL)]
        talks.append((f"192.0.2.{number + 1}", f"198.51.100.{number % 5 + 1}", lines(f"""
S: 220 {evil} ESMTP {other}
C: EHLO {evil}
S: 250-{evil}
S- 250-PIPELINING {other}
S- 250 SIZE 1000
C: MAIL FROM:<{evil}@{other}>
S: 501 5.1.7 {other} is no sender
C: RCPT TO:<{evil}@example.test> {other}=1
S: 503 5.5.1 {evil}
C: {evil}
S: 500 5.5.2 {other}
C: STARTTLS {other}
S: 501 {evil}
C: QUIT
S: 221 {evil}
""")))
    return talks


def many(n):
    """n sessions with an error each; a rare one among them."""
    words = ("mailbox unavailable", "no such user here", "relay access denied", "blocked by our list", "quota exceeded")
    for number in range(n):
        rare = number == n // 2
        yield f"192.0.{number // 250 % 250}.{number % 250 + 1}", f"198.51.100.{number % 7 + 1}", lines(f"""
S: 220 mx{number % 7}.example.test ESMTP
C: EHLO client{number}.example.test
S: 250-mx.example.test
S- 250 PIPELINING
C: {'DATA' if rare else f'VRFY user{number}'}
S: {'503 5.5.1 needle in the hay' if rare else f'550 5.{number % 5}.1 {words[number % 5]} {number}'}
C: QUIT
S: 221 bye
""")


def clean():
    return [("192.0.2.1", "198.51.100.1", lines("S: 220 mx ESMTP\nC: EHLO a.test\nS: 250 mx\nC: QUIT\nS: 221 bye"))]
