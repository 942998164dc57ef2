#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the seeds of corpus/, one file each, named after what it shows.

The seeds are kept in the tree, so this runs only when one is added or changed.
A crash that a fuzzer finds becomes a row here (or a file beside the others) and
a unit test with a sentence.
"""
import hashlib
import json
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
MAC_A = bytes.fromhex("020000000001")
MAC_B = bytes.fromhex("020000000002")
V4_A, V4_B = bytes([198, 18, 0, 10]), bytes([198, 18, 0, 1])
V6_A = bytes.fromhex("fe800000000000000000000000000001")
V6_B = bytes.fromhex("20010db8000000000000000000000042")
URL = b"https://maker.example/camera.json"


def u8(*v): return bytes(v)
def u16(*v): return b"".join(struct.pack("!H", x) for x in v)
def u32(*v): return b"".join(struct.pack("!I", x) for x in v)


def seed(decoder, name, data):
    folder = os.path.join(HERE, "corpus", decoder)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


# --- layers, also used to build whole frames -------------------------------

def ethernet(kind, payload, tags=()):
    head = MAC_B + MAC_A
    for tag in tags:
        head += u16(0x8100, tag)
    return head + u16(kind) + payload


def ipv4(protocol, payload, options=b"", fragment=0):
    words = 5 + len(options) // 4
    return (u8(0x40 | words, 0) + u16(words * 4 + len(payload), 1, fragment) + u8(64, protocol)
            + u16(0) + V4_A + V4_B + options + payload)


def ipv6(following, payload, hops=255):
    return u32(6 << 28) + u16(len(payload)) + u8(following, hops) + V6_A + V6_B + payload


def udp(source, destination, payload):
    return u16(source, destination, 8 + len(payload), 0) + payload


def tcp(source, destination, payload, flags=0x18, options=b""):
    return (u16(source, destination) + u32(1, 2) + u8((5 + len(options) // 4) << 4, flags)
            + u16(65535, 0, 0) + options + payload)


SYN_OPTIONS = u8(2, 4, 5, 180, 4, 2, 8, 10) + u32(1, 0) + u8(1, 3, 3, 7)


def option(code, value): return u8(code, len(value)) + value
def option6(code, value): return u16(code, len(value)) + value


def dhcpv4(options, sname=b"", file=b"", op=1):
    return (u8(op, 1, 6, 0) + u32(0x11223344) + u16(0, 0x8000) + bytes(16) + MAC_A + bytes(10)
            + sname.ljust(64, b"\0") + file.ljust(128, b"\0") + u32(0x63825363) + options)


def name(text):
    return b"".join(u8(len(l)) + l for l in text.encode().split(b".") if l) + b"\0"


def dns(flags, questions=(), answers=(), authority=(), additional=()):
    parts = (questions, answers, authority, additional)
    return u16(7, flags, *map(len, parts)) + b"".join(b"".join(p) for p in parts)


def question(text, kind, cls=1): return name(text) + u16(kind, cls)


def record(owner, kind, data, ttl=60, cls=1):
    return owner + u16(kind, cls) + u32(ttl) + u16(len(data)) + data


OPT = record(b"\0", 41, b"", 0x8000, 4096)


def tlv(kind, value): return u16(kind << 9 | len(value)) + value


LLDP_HEAD = tlv(1, u8(4) + MAC_A) + tlv(2, u8(3) + MAC_A) + tlv(3, u16(120))


def extension(kind, value): return u16(kind, len(value)) + value


def sni(host):
    entry = u8(0) + u16(len(host)) + host
    return extension(0, u16(len(entry)) + entry)


def hello(extensions, ciphers=(0x0a0a, 0x1301, 0xc02f)):
    body = (u16(0x0303) + bytes(32) + u8(0) + u16(2 * len(ciphers), *ciphers) + u8(1, 0)
            + u16(len(extensions)) + extensions)
    handshake = u8(1, 0) + u16(len(body)) + body
    return u8(22) + u16(0x0301, len(handshake)) + handshake


HELLO = hello(sni(b"cloud.example") + extension(10, u16(4, 29, 23)) + extension(11, u8(1, 0))
              + extension(13, u16(4, 0x0403, 0x0804)) + extension(16, u16(3) + b"\x02h2")
              + extension(43, u8(4) + u16(0x0304, 0x0303)))

HTTP = (b"GET /firmware?v=1 HTTP/1.1\r\nHost: update.example\r\nUser-Agent: bulb/1.0\r\n"
        b"Authorization: Basic Zm9vOmJhcg==\r\n\r\n")


def mqtt(level, flags, payload, protocol=b"MQTT", properties=b""):
    rest = (u16(len(protocol)) + protocol + u8(level, flags) + u16(60) + properties + payload)
    return u8(0x10, len(rest)) + rest


def string(value): return u16(len(value)) + value


QUERY = dns(0x0100, [question("cloud.example", 1)])
ANSWER = dns(0x8180, [question("cloud.example", 1)],
             [record(b"\xc0\x0c", 5, name("cdn.example.net")),
              record(b"\xc0\x2b", 1, bytes([198, 18, 1, 1])),
              record(b"\xc0\x2b", 28, V6_B)])
PRINTER = dns(0x8400, [], [
    record(name("_ipp._tcp.local"), 12, b"\x07Printer\xc0\x0c"),
    record(b"\x07Printer\xc0\x0c", 33, u16(0, 0, 631) + b"\x03prn" + name("local"), cls=0x8001),
    record(b"\x07Printer\xc0\x0c", 16, b"\x0amd=LaserJ1\x07fn=Desk"),
    record(name("prn.local"), 1, V4_A),
])
DISCOVER = dhcpv4(option(53, u8(1)) + option(12, b"camera") + option(61, u8(1) + MAC_A)
                  + option(60, b"udhcp 1.35.0") + option(55, u8(1, 3, 6, 12, 15))
                  + option(161, URL) + u8(255))
DUID = u16(3, 1) + MAC_A
SOLICIT = (u8(1, 1, 2, 3) + option6(1, DUID) + option6(6, u16(23, 24)) + option6(8, u16(0))
           + option6(3, u32(1, 0, 0) + option6(5, V6_B + u32(100, 200))) + option6(112, URL)
           + option6(39, u8(0) + name("camera")))
ND_NS = u8(135, 0, 0, 0) + u32(0) + V6_B + u8(1, 1) + MAC_A
ND_RA = (u8(134, 0, 0, 0, 64, 0xc0) + u16(1800) + u32(0, 0) + u8(1, 1) + MAC_A
         + u8(3, 4, 64, 0xc0) + u32(86400, 14400, 0) + V6_B + u8(25, 3) + u16(0) + u32(600) + V6_B)

seed("arp", "request", u16(1, 0x800) + u8(6, 4) + u16(1) + MAC_A + V4_A + bytes(6) + V4_B)
seed("arp", "probe-from-nobody", u16(1, 0x800) + u8(6, 4) + u16(1) + MAC_A + bytes(10) + V4_A)
seed("arp", "not-ethernet", u16(6, 0x800) + u8(8, 4) + u16(1) + bytes(24))

seed("ethernet", "plain", ethernet(0x800, b"x"))
seed("ethernet", "two-tags", ethernet(0x86dd, b"x", (5, 6)))
seed("ethernet", "five-tags", ethernet(0x86dd, b"x", (1, 2, 3, 4, 5)))
seed("ethernet", "spanning-tree", MAC_B + MAC_A + u16(38) + u8(0x42, 0x42, 3) + bytes(35))
seed("ethernet", "snap", MAC_B + MAC_A + u16(9) + u8(0xaa, 0xaa, 3, 0, 0, 0) + u16(0x800) + b"x")
seed("ethernet", "eapol-start", ethernet(0x888e, u8(2, 1, 0, 0)))

seed("ipv4", "udp", ipv4(17, udp(1, 2, b"x")))
seed("ipv4", "later-fragment", ipv4(17, b"12345678", fragment=0x2005))
seed("ipv4", "router-alert", ipv4(2, bytes(8), u8(148, 4, 0, 0)))
seed("ipv4", "option-of-no-length", ipv4(17, b"", u8(131, 0, 0, 0)))
seed("ipv4", "padded", ipv4(17, udp(1, 2, b"")) + bytes(18))
seed("ipv4", "shorter-than-its-header", u8(0x4f) + bytes(19))

seed("ipv6", "udp", ipv6(17, udp(1, 2, b"x")))
seed("ipv6", "router-alert", ipv6(0, u8(58, 0, 5, 2, 0, 0, 1, 0) + u8(143, 0) + bytes(6)))
seed("ipv6", "fragment", ipv6(44, u8(17, 0) + u16(1448 | 1) + u32(9) + b"12345678"))
seed("ipv6", "routing-and-authentication",
     ipv6(43, u8(51, 0, 0, 0) + u32(0) + u8(17, 1) + bytes(10) + udp(1, 2, b"")))
seed("ipv6", "many-extensions", ipv6(60, u8(60, 0, 1, 4, 0, 0, 0, 0) * 12 + u8(59, 0) + bytes(6)))
seed("ipv6", "late-hop-by-hop", ipv6(60, u8(0, 0) + bytes(6) + u8(59, 0) + bytes(6)))

seed("icmp", "echo", u8(8, 0, 0, 0) + u16(1, 2) + b"payload")
seed("icmp", "unreachable", u8(3, 3, 0, 0) + u32(0) + ipv4(17, udp(1, 2, b"")))

for who, first in (("neighbour", u8(0)), ("nobody", u8(1))):
    seed("nd", "solicitation-from-" + who, first + ND_NS)
seed("nd", "duplicate-address-detection", u8(1) + ND_NS[:24])
seed("nd", "advertisement", u8(0, 136, 0, 0, 0, 0xe0, 0, 0, 0) + V6_B + u8(2, 1) + MAC_A)
seed("nd", "router", u8(0) + ND_RA)
seed("nd", "redirect", u8(0, 137, 0, 0, 0) + u32(0) + V6_A + V6_B + u8(2, 1) + MAC_A)
seed("nd", "option-of-no-length", u8(0) + ND_NS[:24] + u8(1, 0) + MAC_A)

seed("udp", "datagram", udp(1, 2, b"hello"))
seed("udp", "shorter-than-its-header", u16(1, 2, 7, 0) + b"hello")
seed("udp", "padded", udp(1, 2, b"hello") + bytes(8))

seed("tcp", "syn", tcp(1, 2, b"", 2, SYN_OPTIONS))
seed("tcp", "data", tcp(1, 2, b"hello"))
seed("tcp", "option-of-no-length", tcp(1, 2, b"", 2, u8(2, 0, 1, 1)))
seed("tcp", "forty-pads", tcp(1, 2, b"", 2, u8(1) * 40))
seed("tcp", "header-of-four-words", tcp(1, 2, b"")[:12] + u8(0x40) + bytes(7))

seed("dhcpv4", "discover", DISCOVER)
seed("dhcpv4", "ack", dhcpv4(option(53, u8(5)) + option(54, V4_B) + option(51, u32(3600))
                             + u8(255), op=2))
seed("dhcpv4", "overloaded", dhcpv4(option(52, u8(3)) + option(53, u8(3)) + u8(255),
                                    option(12, b"tail") + u8(255), option(12, b"head-") + u8(255)))
seed("dhcpv4", "split-host-name", dhcpv4(option(53, u8(1)) + option(12, b"cam")
                                         + option(12, b"era") + u8(255)))
seed("dhcpv4", "two-mud-urls", dhcpv4(option(53, u8(1)) + option(161, URL) * 2 + u8(255)))
seed("dhcpv4", "url-longer-than-packet", dhcpv4(option(53, u8(1)) + u8(161, 40) + b"https:"))
seed("dhcpv4", "host-name-over-255", dhcpv4(option(53, u8(1)) + option(12, b"a" * 200) * 2))
seed("dhcpv4", "two-types", dhcpv4(option(53, u8(1)) + option(53, u8(3)) + u8(255)))

seed("dhcpv6", "solicit", SOLICIT)
seed("dhcpv6", "relay-forward", u8(12, 1) + V6_B + V6_A + option6(9, SOLICIT))
seed("dhcpv6", "two-mud-urls", u8(1, 1, 2, 3) + option6(112, URL) * 2)
seed("dhcpv6", "nine-addresses", u8(7, 1, 2, 3) + option6(
    3, u32(1, 0, 0) + option6(5, V6_B + u32(1, 2)) * 9 + option6(13, u16(0))))
seed("dhcpv6", "option-longer-than-packet", u8(1, 1, 2, 3) + u16(1, 40) + DUID)

seed("dns", "query", QUERY)
seed("dns", "answer-with-alias", ANSWER)
seed("dns", "query-with-edns", dns(0x0120, [question("Cloud.Example", 28)], [], [], [OPT]))
seed("dns", "https-with-hints", dns(0x8180, [question("a.example", 65)], [record(
    b"\xc0\x0c", 65, u16(1) + b"\0" + u16(1, 3) + b"\x02h2" + u16(4, 4) + V4_A + u16(6, 16) + V6_B)]))
seed("dns", "name-points-at-itself", u16(7, 0x100, 1, 0, 0, 0) + b"\xc0\x0c" + u16(1, 1))
seed("dns", "name-points-forward", u16(7, 0x100, 1, 0, 0, 0) + b"\xc0\x0e" + u16(1, 1) + b"\0")
seed("dns", "names-in-a-ring", dns(0x8180, [], [record(b"\x01a\xc0\x0e", 1, V4_A)]))
seed("dns", "name-of-255", dns(0x100, [question(".".join(["a" * 63] * 3 + ["a" * 61]), 1)]))
seed("dns", "name-of-256", dns(0x100, [question(".".join(["a" * 63] * 3 + ["a" * 62]), 1)]))
seed("dns", "service", PRINTER)

for size, what in ((4, "truncated"), (64, "whole")):
    seed("dns_reply", "query-" + what, u8(size, len(QUERY)) + QUERY + ANSWER)
EDNS = dns(0x0120, [question("cLOUD.example", 1)], [], [], [OPT])
seed("dns_reply", "query-with-edns", u8(255, len(EDNS)) + EDNS + ANSWER)
BADVERS = EDNS[:-11] + record(b"\0", 41, b"", 0x00010000, 4096)
seed("dns_reply", "edns-version-1", u8(255, len(BADVERS)) + BADVERS)
seed("dns_reply", "two-questions",
     u8(255, 255) + dns(0x100, [question("a.example", 1), question("b.example", 1)]))
HEADER_NAME = ANSWER[:12] + question("cloud.example", 1) + record(b"\xc0\x03", 1, V4_A)
seed("dns_reply", "record-named-by-the-header", u8(255, len(QUERY)) + QUERY
     + HEADER_NAME[:6] + u16(1, 0, 0) + HEADER_NAME[12:])
seed("dns_reply", "answer-to-another",
     u8(255, len(QUERY)) + QUERY + ANSWER.replace(b"cloud", b"clown"))

seed("mdns", "printer", PRINTER)
seed("mdns", "who-is-there", dns(0, [question("_services._dns-sd._udp.local", 12),
                                     question("_googlecast._tcp.local", 12, 0x8001)]))
seed("mdns", "goodbye", dns(0x8400, [], [record(name("_hap._tcp.local"), 12,
                                                b"\x03Tv1\xc0\x0c", 0)]))
seed("mdns", "subtype", dns(0, [question("_color._sub._ipp._tcp.local", 12)]))
seed("mdns", "instance-with-dots-and-escapes", dns(0x8400, [], [
    record(name("_ipp._tcp.local"), 12, b"\x0bA.b\x1b[31m\"<>\xc0\x0c")]))

seed("ssdp", "search", b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
     b"MAN: \"ssdp:discover\"\r\nMX: 1\r\nST: ssdp:all\r\nUSER-AGENT: tv/1\r\n\r\n")
seed("ssdp", "notify", b"NOTIFY * HTTP/1.1\r\nNT: upnp:rootdevice\r\nNTS: ssdp:alive\r\n"
     b"USN: uuid:1::upnp:rootdevice\r\nLOCATION: http://198.18.0.10/d.xml\r\n"
     b"SERVER: Linux UPnP/1.0 x/2\r\n\r\n")
seed("ssdp", "goodbye", b"NOTIFY * HTTP/1.1\r\nnts:ssdp:byebye\r\n\r\n")
seed("ssdp", "response-without-end", b"HTTP/1.1 200 OK\nST: ssdp:all\nLocation: x")

seed("lldp", "access-point", LLDP_HEAD + tlv(5, b"ap") + tlv(6, b"AP 1") + tlv(7, u16(8, 8)) + tlv(0, b""))
seed("lldp", "mud-url", LLDP_HEAD + tlv(127, u8(0, 0, 0x5e, 1) + URL) + tlv(0, b""))
seed("lldp", "two-mud-urls", LLDP_HEAD + tlv(127, u8(0, 0, 0x5e, 1) + URL) * 2 + tlv(0, b""))
seed("lldp", "wrong-order", tlv(2, u8(3) + MAC_A) + tlv(1, u8(4) + MAC_A) + tlv(3, u16(1)))
seed("lldp", "tlv-longer-than-frame", LLDP_HEAD + u16(5 << 9 | 400) + b"ap")

seed("ntp", "client", u8(0x23) + bytes(39) + u32(0xe0000000, 1))
seed("ntp", "server", u8(0x24, 2, 6, 0xec) + bytes(8) + V4_B + bytes(24) + u32(0xe0000000, 1))
seed("ntp", "control", u8(0x16, 2) + bytes(10))
seed("ntp", "monlist", u8(0x17, 0, 3, 42) + bytes(4))

seed("tls", "hello", HELLO)
seed("tls", "goes-on-in-another-segment", HELLO[:-20])
seed("tls", "cut-in-its-ciphers", HELLO[:50])
seed("tls", "two-server-names", hello(sni(b"a.example") + sni(b"b.example")))
seed("tls", "name-longer-than-extension", hello(extension(0, u16(40) + u8(0) + u16(99) + b"x")))
seed("tls", "encrypted-hello", hello(sni(b"cover.example") + extension(0xfe0d, bytes(10))))
seed("tls", "three-hundred-ciphers", hello(b"", range(300)))
seed("tls", "without-extensions", u8(22) + u16(0x0300, 45) + u8(1, 0, 0, 41) + u16(0x0300)
     + bytes(32) + u8(0) + u16(2, 47) + u8(1, 0))

seed("http", "request", HTTP)
seed("http", "goes-on-in-another-segment", HTTP[:-30])
seed("http", "two-hosts", b"GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n")
seed("http", "connect", b"CONNECT a.example:443 HTTP/1.1\r\n\r\n")
seed("http", "post", b"POST http://a.example/ HTTP/1.0\nContent-Type: text/plain\n\nbody")
seed("http", "not-http", b"GET up and go\r\n\r\n")

seed("mqtt", "v4", mqtt(4, 0xc2, string(b"plug-1") + string(b"user") + string(b"pass")))
seed("mqtt", "v3", mqtt(3, 2, string(b"plug-1"), b"MQIsdp"))
seed("mqtt", "v5-with-will", mqtt(5, 0x06, string(b"") + u8(0) + string(b"t") + string(b"gone"),
                                  properties=u8(5, 0x11) + u32(10)))
seed("mqtt", "length-of-five-bytes", u8(0x10, 0xff, 0xff, 0xff, 0xff, 0x7f) + string(b"MQTT"))
seed("mqtt", "reserved-flag", mqtt(4, 1, string(b"x")))

seed("coap", "get", u8(0x41, 1, 0, 7, 9) + u8(0x3b) + b"dev.example" + u8(0x86) + b"sensor" + u8(4) + b"temp")
seed("coap", "content", u8(0x61, 69, 0, 7, 9, 0xff) + b"21.5")
seed("coap", "empty", u8(0x40, 0, 0, 7))
seed("coap", "long-option", u8(0x40, 2, 0, 7, 0xdd, 0, 20) + b"x" * 33)
seed("coap", "marker-without-payload", u8(0x40, 1, 0, 7, 0xff))
seed("coap", "token-of-nine", u8(0x49, 1, 0, 7) + bytes(9))

seed("mud_url", "plain", URL)
seed("mud_url", "port-and-query", b"https://Maker.Example:8443/mud?model=a&v=1")
seed("mud_url", "reserved-part", URL + b" reserved")
seed("mud_url", "octets-255", URL + b"a" * (255 - len(URL)))
seed("mud_url", "octets-256", URL + b"a" * (256 - len(URL)))
for what, bad in (("newline", b"\n"), ("nul", b"\0"), ("escape", b"\x1b[0m"), ("quote", b"\"")):
    seed("mud_url", "with-" + what, URL + bad)
seed("mud_url", "not-https", b"http://maker.example/")
seed("mud_url", "user-name", b"https://bank.example@evil.example/")
seed("mud_url", "address", b"https://198.18.0.1/")


def whole(what, frame): seed("packet", what, u8(0) + frame)


whole("arp", ethernet(0x806, u16(1, 0x800) + u8(6, 4) + u16(2) + MAC_A + V4_A + MAC_B + V4_B))
whole("dhcp-discover", ethernet(0x800, ipv4(17, udp(68, 67, DISCOVER))))
whole("dhcpv6-solicit", ethernet(0x86dd, ipv6(17, udp(546, 547, SOLICIT))))
whole("dns-query", ethernet(0x800, ipv4(17, udp(40000, 53, QUERY))))
whole("dns-in-tcp", ethernet(0x800, ipv4(6, tcp(40000, 53, u16(len(QUERY)) + QUERY))))
whole("mdns", ethernet(0x86dd, ipv6(17, udp(5353, 5353, PRINTER)), (7,)))
whole("syn", ethernet(0x800, ipv4(6, tcp(40000, 23, b"", 2, SYN_OPTIONS))))
whole("tls", ethernet(0x86dd, ipv6(6, tcp(40000, 8883, HELLO))))
whole("http", ethernet(0x800, ipv4(6, tcp(40000, 8080, HTTP))))
whole("mqtt", ethernet(0x800, ipv4(6, tcp(40000, 1883, mqtt(4, 2, string(b"plug"))))))
whole("lldp", ethernet(0x88cc, LLDP_HEAD + tlv(0, b"")))
whole("router", ethernet(0x86dd, ipv6(58, ND_RA)))
whole("first-fragment", ethernet(0x800, ipv4(17, udp(68, 67, DISCOVER), fragment=0x2000)))
seed("packet", "from-ip", u8(1) + ipv4(17, udp(40000, 123, u8(0x23) + bytes(47))))


# --- text ------------------------------------------------------------------

for what, text in (("plain", b"\x20camera"), ("terminal-escape", b"\x20\x1b[31m\"\\"),
                   ("invalid-utf-8", b"\x20\xc3\x28\xff"), ("no-room", b"\0\n")):
    seed("printable", what, text)

seed("settings", "router", b"mode = router # home\nlan-bridge = br-lan\nlan-port = eth1\n"
     b"lan-address = 192.168.77.1/24\nlan-prefix = fd77::1/64\nuplink = eth0\n"
     b"uplink-mode = static\nuplink-address = 198.18.0.2/30\nuplink-gateway = 198.18.0.1\n"
     b"dns-forward = 198.18.0.53\ncontainment = report\njoin-window = 10\n"
     b"packet-cap = 4000\nflow-cap = 50\nweb-listen = 127.0.0.1:8480\ndebug = yes\n")
seed("settings", "sensor", b"mode = sensor\nlan-port = eth1\nuplink-mode = none\n")
seed("settings", "unknown-key", b"mode = router\nlan-bridg = x\n")
seed("settings", "port-out-of-range", b"web-listen = 127.0.0.1:70000\n")
seed("settings", "name-with-a-slash", b"lan-port = ../eth1\n")


def mud(aces_from, aces_to=(), **more):
    def policy(label):
        return {"access-lists": {"access-list": [{"name": label}]}}

    def acl(label, aces):
        return {"name": label, "type": "ipv4-acl-type", "aces": {"ace": [
            {"name": "a%d" % i, "matches": m, "actions": {"forwarding": f}}
            for i, (m, f) in enumerate(aces)]}}

    body = {"mud-version": 1, "mud-url": "https://maker.example/cam.json",
            "last-update": "2024-01-01T00:00:00+00:00", "cache-validity": 48,
            "is-supported": True, "systeminfo": "camera",
            "from-device-policy": policy("from"), "to-device-policy": policy("to")}
    body.update(more)
    return json.dumps({"ietf-mud:mud": body, "ietf-access-control-list:acls": {
        "acl": [acl("from", aces_from), acl("to", aces_to)]}}).encode()


def tcp443(name, direction):
    where = {"ipv4": {"ietf-acldns:dst-dnsname": name, "protocol": 6},
             "tcp": {"ietf-mud:direction-initiated": "from-device",
                     "destination-port": {"operator": "eq", "port": 443}}}
    if direction == "to":
        where = {"ipv4": {"ietf-acldns:src-dnsname": name, "protocol": 6},
                 "tcp": {"ietf-mud:direction-initiated": "from-device",
                         "source-port": {"operator": "eq", "port": 443}}}
    return where


seed("mud", "cloud", mud([(tcp443("cloud.example", "from"), "accept")],
                         [(tcp443("cloud.example", "to"), "accept")]))
seed("mud", "abstractions", mud([
    ({"ietf-mud:mud": {"local-networks": [None]}}, "accept"),
    ({"ietf-mud:mud": {"same-manufacturer": [None]}}, "drop"),
    ({"ietf-mud:mud": {"manufacturer": "maker.example"}}, "accept"),
    ({"ietf-mud:mud": {"controller": "urn:ietf:params:mud:dns"}}, "accept"),
    ({"ietf-mud:mud": {"my-controller": [None]}}, "accept")]))
seed("mud", "range-and-address", mud([
    ({"ipv4": {"destination-ipv4-network": "203.0.113.0/24", "protocol": 17},
      "udp": {"destination-port": {"lower-port": 1000, "upper-port": 2000}}}, "accept"),
    ({"icmp": {"type": 8, "code": 0}}, "accept")]))
seed("mud", "unknown-match", mud([({"eth": {"ethertype": "0x0800"}}, "accept"),
                                  ({"l5": {"x": 1}}, "drop")]))
seed("mud", "not-supported-any-more", mud([], **{"is-supported": False}))
seed("mud", "duplicate-key", b'{"ietf-mud:mud": {"mud-version": 1, "mud-version": 2}}')
seed("mud", "deeply-nested", b"[" * 64 + b"]" * 64)
seed("mud", "escapes-in-its-name", mud([], systeminfo="\x1b[31m\"<script>"))


# --- evidence packs and results ----------------------------------------------

def tar_header(name, size, kind=b"0"):
    field = lambda text, n: text.encode().ljust(n, b"\0")
    head = lambda total: (field(name, 100) + field("0000644", 8) + field("0000000", 8) * 2 +
                          field("%011o" % size, 12) + field("00000000000", 12) + total + kind +
                          bytes(100) + b"ustar\0" + b"00" + bytes(64) +
                          field("0000000", 8) * 2 + bytes(167))
    return head(b"%06o\0 " % sum(head(b" " * 8)))


def pack(files, listed=None, kind=b"0", signature=None):
    def entry(name, data, kind=b"0"):
        return tar_header(name, len(data), kind) + data + bytes(-len(data) % 512)

    def sha(data): return hashlib.sha256(data).digest()

    def root(leaves):
        if len(leaves) == 1:
            return sha(b"\0" + leaves[0][0].encode() + b"\0" + leaves[0][1])
        half = 1
        while half * 2 < len(leaves):
            half *= 2
        return sha(b"\1" + root(leaves[:half]) + root(leaves[half:]))
    rows = sorted((listed or files).items())
    manifest = json.dumps({
        "schema": "pinfold-pack-1", "key": "00" * 32, "run": 1, "device": "d-abcdefghij",
        "tool": "pinfold", "ruleset": "", "created": 1767225600,
        "root": root([(n, sha(d)) for n, d in rows]).hex() if rows else sha(b"").hex(),
        "files": [{"name": n, "size": len(d), "sha256": sha(d).hex(), "block": 4096,
                   "blocks": [sha(d[i:i + 4096]).hex() for i in range(0, len(d), 4096)]}
                  for n, d in rows]}, sort_keys=True, separators=(",", ":")).encode()
    signed = entry("manifest.sig", signature) if signature else b""
    return (entry("manifest.json", manifest) + signed +
            b"".join(entry(n, d, kind) for n, d in sorted(files.items())) + bytes(1024))


def result(findings=(), **run):
    text = ["id", "name", "kind", "class", "claimed_maker", "claimed_model", "claimed_hardware",
            "claimed_firmware", "claimed_serial", "mac", "address4", "address6"]
    return json.dumps({
        "schema": "pinfold-result-1", "device": dict.fromkeys(text, ""), "verdicts": {},
        "run": dict({"number": 1, "begun_s": 0, "ended_s": 0, "pace": "gentle", "consent": "probe",
                     "is_complete": True, "units": 1, "exchanges": 0, "packets": 0, "profile": "",
                     "gateway": "", "operator_": "", "tool": "", "ruleset": "", "why": ""}, **run),
        "checks": [{"id": "tcp-ports", "title": "", "step": "done", "consent": "probe",
                    "is_planned": True, "provisions": "5.6-1", "for_owner": "", "for_maker": ""}],
        "findings": list(findings)}).encode()


def finding(verdict, reason="", **more):
    return dict({"check": "tcp-ports", "provision": "5.6-1", "verdict": verdict, "reason": reason,
                 "is_critical": False, "address": "198.18.0.7", "proto": 6, "port": 23, "tried": 1,
                 "all": 3, "evidence": [1, 2], "evidence_in_all": 2, "text": "<b> & 'x'"}, **more)


seed("result", "without-findings", result())
seed("result", "fail-and-inconclusive", result([finding("FAIL"), finding("INC", "TIME_OUT")]))
seed("result", "condition-that-does-not-hold", result([finding("NA", provision="F:y")]))
seed("result", "word-that-nobody-knows", result([finding("GOOD")]))
seed("result", "number-too-large", result(number=2**32))
whole_pack = {"env.json": b"{}\n", "probes.jsonl": b"", "result.json": result([finding("FAIL")])}
seed("pack", "unsigned", pack(whole_pack))
seed("pack", "signed-by-nobody", pack(whole_pack, signature=bytes(64)))
seed("pack", "only-a-manifest", pack({}))
seed("pack", "changed-byte", pack({"env.json": b"{ }"}, {"env.json": b"{}\n"}))
seed("pack", "name-that-leads-elsewhere", pack({"../env.json": b"{}"}))
seed("pack", "link", pack({"env.json": b""}, kind=b"2"))
seed("pack", "more-than-is-listed", pack({"env.json": b"{}", "device.json": b"{}"}, {"env.json": b"{}"}))


# --- passkeys ------------------------------------------------------------------

P256_X = bytes.fromhex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
P256_Y = bytes.fromhex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
P256_N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551


def passkey_words(kind, **more):
    return json.dumps(dict({"type": "webauthn." + kind, "challenge": "A" * 43,
                            "origin": "https://gateway.example:8443", "crossOrigin": False}, **more)).encode()


def passkey_says(flags, count, *rest, name=b"gateway.example"):
    return hashlib.sha256(name).digest() + u8(flags) + u32(count) + b"".join(rest)


def passkey_key(x=P256_X):
    return (b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + x + b"\x22\x58\x20" + P256_Y)


# The private key is 1, and so is the number that each signature should have of its own.
def passkey_signature(says, words):
    hash_ = int.from_bytes(hashlib.sha256(says + hashlib.sha256(words).digest()).digest(), "big")
    r = int.from_bytes(P256_X, "big") % P256_N
    der = b""
    for number in (r, (hash_ + r) % P256_N):
        text = number.to_bytes(33, "big").lstrip(b"\0")
        text = b"\0" * (text[0] >> 7) + text
        der += u8(2, len(text)) + text
    return u8(0x30, len(der)) + der


def passkey_made(says, form=b"\x64none", statement=b"\xa0", words=None):
    words = words or passkey_words("create")
    if statement is None:
        signature = passkey_signature(says, words)
        statement = b"\xa2\x63alg\x26\x63sig\x58" + u8(len(signature)) + signature
    whole = (b"\xa3\x63fmt" + form + b"\x67attStmt" + statement + b"\x68authData\x58" +
             u8(len(says)) + says)
    return u16(len(words)) + words + u16(len(whole)) + whole


def passkey_used(says, words=None, signature=None):
    words = words or passkey_words("get")
    return (u16(len(words)) + words + u16(len(says)) + says +
            (signature or passkey_signature(says, words)))


credential = bytes(16) + u16(16) + bytes(range(16)) + passkey_key()
seed("passkey", "made", passkey_made(passkey_says(0x45, 0, credential)))
seed("passkey", "made-and-signed-by-itself",
     passkey_made(passkey_says(0x45, 1, credential), b"\x66packed", None))
seed("passkey", "made-with-extensions",
     passkey_made(passkey_says(0xc5, 0, credential, b"\xa2\x6bcredProtect\x02\x6bhmac-secret\xf5")))
seed("passkey", "key-beside-the-curve", passkey_made(passkey_says(0x45, 0, credential[:34], passkey_key(bytes(32)))))
seed("passkey", "longer-id-than-there-is", passkey_made(passkey_says(0x45, 0, bytes(16) + b"\xff\xff")))
seed("passkey", "nested", passkey_made(passkey_says(0xc5, 0, credential, b"\xa1\x00" + b"\x81" * 40 + b"\x00")))
seed("passkey", "used", passkey_used(passkey_says(0x05, 2)))
seed("passkey", "used-on-several-devices", passkey_used(passkey_says(0x1d, 2)))
seed("passkey", "counts-back", passkey_used(passkey_says(0x05, 1)))
seed("passkey", "other-name", passkey_used(passkey_says(0x05, 2, name=b"evil.example")))
seed("passkey", "other-site", passkey_used(passkey_says(0x05, 2), passkey_words("get", origin="https://evil.example")))
seed("passkey", "framed", passkey_used(passkey_says(0x05, 2), passkey_words("get", crossOrigin=True)))
seed("passkey", "signature-in-another-form", passkey_used(passkey_says(0x05, 2), signature=b"\x30\x80\x02\x01\x01\x02\x01\x01\0\0"))
