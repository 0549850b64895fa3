"""packets - captures as lists of IP packets: read from plain captures, written in any wrapping.

Reads pcap files of Ethernet, cooked and raw link types whose frames are whole; gives Packet objects. Writes them as pcap or pcapng,
each through an envelope (what lies between the file and the IP header). Knows nothing of SMTP. Standard library only.
"""
import struct

LINK_NULL, LINK_ETHERNET, LINK_PPP, LINK_RAW, LINK_LOOP, LINK_SLL, LINK_SLL2, LINK_IPV4, LINK_IPV6 = 0, 1, 9, 101, 108, 113, 276, 228, 229
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def checksum(data):
    if len(data) & 1:
        data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Packet:
    """One TCP segment. Fields that stay as they were (TTL, options ...) are kept as bytes."""

    def __init__(self, time, ip, tcp, payload):
        self.time, self.ip, self.tcp, self.payload = time, ip, tcp, payload
        self.cut = None            # payload octets that the capture keeps; None: all
        self.bad_sum = False
        self.zero_length = False   # IP length 0, as segmentation offload leaves it
        self.fragments = None      # sizes to cut the IP payload into
        self.moved = 0             # how far its first octet is from that of the packet it was made from
        self.padding = 0

    def copy(self):
        other = Packet(self.time, self.ip, self.tcp, self.payload)
        other.__dict__.update(self.__dict__)
        return other

    v6 = property(lambda self: self.ip[0] >> 4 == 6)
    source = property(lambda self: (self.ip[8:24] if self.v6 else self.ip[12:16], self.tcp[0:2]))
    target = property(lambda self: (self.ip[24:40] if self.v6 else self.ip[16:20], self.tcp[2:4]))
    flags = property(lambda self: self.tcp[13])

    def _get(self, at):
        return struct.unpack(">I", self.tcp[at:at + 4])[0]

    def _set(self, at, value):
        self.tcp = self.tcp[:at] + struct.pack(">I", value & 0xFFFFFFFF) + self.tcp[at + 4:]

    seq = property(lambda self: self._get(4), lambda self, v: self._set(4, v))
    ack = property(lambda self: self._get(8), lambda self, v: self._set(8, v))

    def set_flags(self, flags):
        self.tcp = self.tcp[:13] + bytes([flags]) + self.tcp[14:]

    def set_ttl(self, ttl):
        at = 7 if self.v6 else 8
        self.ip = self.ip[:at] + bytes([ttl]) + self.ip[at + 1:]

    def ttl(self):
        return self.ip[7 if self.v6 else 8]

    def set_id(self, number):
        if not self.v6:
            self.ip = self.ip[:4] + struct.pack(">H", number & 0xFFFF) + self.ip[6:]

    def conversation(self):
        return tuple(sorted((self.source, self.target)))

    def segment(self):
        """The TCP segment with its checksum, right or wrong."""
        tcp = self.tcp[:16] + b"\0\0" + self.tcp[18:]
        length = len(tcp) + len(self.payload)
        if self.v6:
            pseudo = self.ip[8:40] + struct.pack(">II", length, 6)
        else:
            pseudo = self.ip[12:20] + struct.pack(">HH", 6, length)
        total = checksum(pseudo + tcp + self.payload)
        if self.bad_sum:
            total ^= 0x1234
        return tcp[:16] + struct.pack(">H", total) + tcp[18:] + self.payload

    def datagrams(self):
        """The IP datagrams that carry the segment: (octets, octets cut off their end)."""
        segment = self.segment()
        cut = 0 if self.cut is None else len(self.payload) - self.cut
        if not self.fragments:
            return [(self._header(len(segment), 0, False) + segment, cut)]
        made, at = [], 0
        for size in list(self.fragments) + [len(segment)]:
            part = segment[at:at + size]
            if not part:
                break
            last = at + len(part) >= len(segment)
            made.append((self._header(len(part), at, not last, fragment=True) + part, 0))
            at += len(part)
        return made

    def _header(self, length, offset, more, fragment=False):
        if self.v6:
            extension = b""
            ip = self.ip[:40]
            if fragment:
                extension = struct.pack(">BBHI", 6, 0, offset | (1 if more else 0), self.seq ^ 0x5A5A)
                ip = ip[:6] + bytes([44]) + ip[7:]
            size = 0 if self.zero_length else length + len(extension)
            return ip[:4] + struct.pack(">H", size) + ip[6:] + extension
        size = 0 if self.zero_length else len(self.ip) + length
        place = offset // 8 | (0x2000 if more else 0) | (0 if fragment else struct.unpack(">H", self.ip[6:8])[0] & 0x4000)
        ip = self.ip[:2] + struct.pack(">H", size) + self.ip[4:6] + struct.pack(">H", place) + self.ip[8:10] + b"\0\0" + self.ip[12:]
        return ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]


# ---- reading ----

def _network(link, frame):
    """The IP datagram inside a frame; None when there is none."""
    if link == LINK_RAW:
        return frame
    if link == LINK_NULL:
        return frame[4:]
    if link == LINK_ETHERNET:
        kind, at = frame[12:14], 14
        while kind in (b"\x81\x00", b"\x88\xa8"):
            kind, at = frame[at + 2:at + 4], at + 4
    elif link == LINK_SLL:
        kind, at = frame[14:16], 16
    elif link == LINK_SLL2:
        kind, at = frame[0:2], 20
    else:
        return None
    return frame[at:] if kind in (b"\x08\x00", b"\x86\xdd") else None


def _packet(time, data):
    if len(data) < 20:
        return None
    if data[0] >> 4 == 4:
        header, total = (data[0] & 15) * 4, struct.unpack(">H", data[2:4])[0]
        place = struct.unpack(">H", data[6:8])[0]
        if data[9] != 6 or place & 0x3FFF or (total and total > len(data)):
            return None
        data = data[:total] if total else data
    else:
        header, total = 40, struct.unpack(">H", data[4:6])[0]
        if len(data) < 40 or data[6] != 6 or (total and total + 40 > len(data)):
            return None
        data = data[:total + 40] if total else data
    tcp = (data[header + 12] >> 4) * 4
    return Packet(time, data[:header], data[header:header + tcp], data[header + tcp:])


def read(path):
    """The TCP packets of a plain pcap file, or None where the file is not of the plain kind that this reads."""
    with open(path, "rb") as f:
        data = f.read()
    for order in "<>":
        magic = struct.unpack(order + "I", data[:4])[0] if len(data) >= 24 else 0
        if magic in (0xA1B2C3D4, 0xA1B23C4D):
            break
    else:
        return None
    unit = 1000 if magic == 0xA1B2C3D4 else 1
    link = struct.unpack(order + "I", data[20:24])[0] & 0xFFFF
    packets, at, number = [], 24, 0
    while at + 16 <= len(data):
        seconds, part, captured, wire = struct.unpack(order + "IIII", data[at:at + 16])
        number += 1
        if captured != wire:
            return None
        network = _network(link, data[at + 16:at + 16 + captured])
        packet = network and _packet(seconds * 10**9 + part * unit, network)
        if network and network[0] >> 4 == 4 and network[9] == 6 and not packet:
            return None
        if packet:
            packet.number = number
            packets.append(packet)
        at += 16 + captured
    return packets


# ---- envelopes: IP datagram -> (link type, frame) ----

MACS = bytes.fromhex("020000000002020000000001")


def _kind(ip):
    return b"\x86\xdd" if ip[0] >> 4 == 6 else b"\x08\x00"


def _v4(protocol, payload, number=7):
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), number, 0, 60, protocol, 0, bytes([198, 51, 100, 1]), bytes([198, 51, 100, 2]))
    return ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + payload


def _v6(protocol, payload):
    return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 60) + b"\x20\x01\x0d\xb8" + bytes(11) + b"\1" + b"\x20\x01\x0d\xb8" + bytes(11) + b"\2" + payload


def _udp(port, payload):
    return struct.pack(">HHHH", 40000, port, 8 + len(payload), 0) + payload


def ethernet(ip):
    return LINK_ETHERNET, MACS + _kind(ip) + ip


def _inner(ip):
    return ethernet(ip)[1]


ENVELOPES = {
    "ethernet": ethernet,
    "vlan": lambda ip: (LINK_ETHERNET, MACS + b"\x81\x00\x00\x64" + _kind(ip) + ip),
    "qinq": lambda ip: (LINK_ETHERNET, MACS + b"\x88\xa8\x00\x0a\x81\x00\x00\x64" + _kind(ip) + ip),
    "mpls": lambda ip: (LINK_ETHERNET, MACS + b"\x88\x47" + struct.pack(">II", 100 << 12 | 64, 200 << 12 | 1 << 8 | 64) + ip),
    "snap": lambda ip: (LINK_ETHERNET, MACS + struct.pack(">H", len(ip) + 8) + b"\xaa\xaa\x03\0\0\0" + _kind(ip) + ip) if len(ip) < 1490 else ethernet(ip),
    "pppoe": lambda ip: (LINK_ETHERNET, MACS + b"\x88\x64\x11\x00\x00\x01" + struct.pack(">H", len(ip) + 2) + (b"\x00\x57" if ip[0] >> 4 == 6 else b"\x00\x21") + ip),
    "gre": lambda ip: ethernet(_v4(47, b"\0\0" + _kind(ip) + ip)),
    "gre with key and sequence": lambda ip: ethernet(_v4(47, b"\x30\0" + _kind(ip) + bytes(8) + ip)),
    "gre in ipv6": lambda ip: ethernet(_v6(47, b"\0\0" + _kind(ip) + ip)),
    "erspan 1": lambda ip: ethernet(_v4(47, b"\0\0\x88\xbe" + _inner(ip))),
    "erspan 2": lambda ip: ethernet(_v4(47, b"\x10\0\x88\xbe" + bytes(4) + b"\x10\x64\0\1\0\0\0\0" + _inner(ip))),
    "erspan 3": lambda ip: ethernet(_v4(47, b"\x10\0\x22\xeb" + bytes(4) + b"\x20\x64\0\1" + bytes(8) + _inner(ip))),
    "vxlan": lambda ip: ethernet(_v4(17, _udp(4789, b"\x08\0\0\0\0\0\x64\0" + _inner(ip)))),
    "geneve": lambda ip: ethernet(_v4(17, _udp(6081, b"\0\0\x65\x58\0\0\x64\0" + _inner(ip)))),
    "ip in ip": lambda ip: ethernet(_v4(41 if ip[0] >> 4 == 6 else 4, ip)),
    "ip in ipv6": lambda ip: ethernet(_v6(41 if ip[0] >> 4 == 6 else 4, ip)),
    "gtp-u": lambda ip: ethernet(_v4(17, _udp(2152, b"\x30\xff" + struct.pack(">HI", len(ip), 77) + ip))),
    "sll": lambda ip: (LINK_SLL, b"\0\0\0\1\0\6" + MACS[:6] + b"\0\0" + _kind(ip) + ip),
    "sll2": lambda ip: (LINK_SLL2, _kind(ip) + b"\0\0\0\0\0\2\0\1\0\6" + MACS[:6] + b"\0\0" + ip),
    "raw": lambda ip: (LINK_RAW, ip),
    "raw by version": lambda ip: (LINK_IPV6 if ip[0] >> 4 == 6 else LINK_IPV4, ip),
    "null": lambda ip: (LINK_NULL, struct.pack("<I", 30 if ip[0] >> 4 == 6 else 2) + ip),
    "null swapped": lambda ip: (LINK_NULL, struct.pack(">I", 24 if ip[0] >> 4 == 6 else 2) + ip),
    "loop": lambda ip: (LINK_LOOP, struct.pack(">I", 24 if ip[0] >> 4 == 6 else 2) + ip),
    "ppp": lambda ip: (LINK_PPP, b"\xff\x03" + (b"\x00\x57" if ip[0] >> 4 == 6 else b"\x00\x21") + ip),
}

class Frame:
    def __init__(self, time, link, data, wire, packet):
        self.time, self.link, self.data, self.wire, self.packet = time, link, data, wire, packet


def frames(packets, envelope):
    """envelope(packet) names one of ENVELOPES."""
    made = []
    for p in packets:
        for datagram, cut in p.datagrams():
            link, data = ENVELOPES[envelope(p)](datagram)
            wire = len(data)
            if cut:
                data = data[:wire - cut]
            elif link == LINK_ETHERNET and p.padding and not p.zero_length:
                data += bytes(p.padding)
                wire = len(data)
            made.append(Frame(p.time, link, data, wire, p))
    return made


# ---- writing ----

def pcap(frames_, order="<", nanoseconds=False):
    link = frames_[0].link if frames_ else LINK_ETHERNET
    out = [struct.pack(order + "IHHiIII", 0xA1B23C4D if nanoseconds else 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)]
    for f in frames_:
        part = f.time % 10**9 // (1 if nanoseconds else 1000)
        out.append(struct.pack(order + "IIII", f.time // 10**9, part, len(f.data), f.wire) + f.data)
    return b"".join(out)


def _block(order, kind, body):
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def _option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def pcapng(frames_, rng):
    """Interfaces of mixed link types and resolutions, in one or two sections of either byte order, with blocks to be skipped."""
    half = rng.randrange(len(frames_) + 1) if rng.random() < 0.4 else len(frames_)
    out = []
    for part in (frames_[:half], frames_[half:]):
        if not part:
            continue
        order = rng.choice("<>")
        out.append(_block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1) + _option(order, 1, b"a comment") + _option(order, 0, b"")))
        interfaces = {}
        for f in part:
            if f.link not in interfaces:
                resolution = rng.choice([None, 6, 9, 0x80 | 30])
                offset = rng.choice([None, 1000])
                options = b""
                if resolution is not None:
                    options += _option(order, 9, bytes([resolution]))
                if offset is not None:
                    options += _option(order, 14, struct.pack(order + "q", offset))
                interfaces[f.link] = (len(interfaces), resolution, offset or 0)
                out.append(_block(order, 1, struct.pack(order + "HHI", f.link, 0, 0) + (options + _option(order, 0, b"") if options else b"")))
            index, resolution, offset = interfaces[f.link]
            time = f.time - offset * 10**9
            if resolution is None or resolution == 6:
                ticks = time // 1000
            elif resolution == 9:
                ticks = time
            else:
                ticks = -(-(time << 30) // 10**9)
            out.append(_block(order, 6, struct.pack(order + "IIIII", index, ticks >> 32, ticks & 0xFFFFFFFF, len(f.data), f.wire) + f.data + bytes(-len(f.data) % 4)))
            if rng.random() < 0.05:
                out.append(_block(order, 0x0A0A, b"a block of an unknown type"))
    return b"".join(out)
