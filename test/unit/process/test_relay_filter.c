/* SPDX-License-Identifier: Apache-2.0 */
#include "process/relay_filter.h"

#include <stdio.h>
#include <string.h>

#include "packet/packet.h"
#include "packet/udp_frame.h"
#include "test.h"

static uint8_t in[2048], out[RELAY_PAYLOAD_MAX];
static char text_out[RELAY_PAYLOAD_MAX], target[RELAY_TARGET_MAX];
static struct writer w;
static struct relay_question first;

/* The printer: 192.168.77.20, fd77::20, fe80::20. */
static struct relay_end
printer(void)
{
	struct relay_end end = {.device = 20};

	EXPECT(ip_parse(&end.address4, "192.168.77.20"));
	EXPECT(ip_parse(&end.address6, "fd77::20"));
	EXPECT(ip_parse(&end.link6, "fe80::20"));
	return end;
}

static void
message(uint16_t flags, uint16_t questions, uint16_t answers, uint16_t additional)
{
	w = writer_over(in, sizeof in);
	writer_u16(&w, 77);
	writer_u16(&w, flags);
	writer_u16(&w, questions);
	writer_u16(&w, answers);
	writer_u16(&w, 0);
	writer_u16(&w, additional);
}

static void
name(const char *text)
{
	struct dns_name n;

	EXPECT(dns_name_from_text(&n, text));
	writer_bytes(&w, n.wire, n.len);
}

static void
question(const char *text, uint16_t type, uint16_t class)
{
	name(text);
	writer_u16(&w, type);
	writer_u16(&w, class);
}

static void
record(const char *owner, uint16_t type, const void *data, uint16_t len)
{
	name(owner);
	writer_u16(&w, type);
	writer_u16(&w, 0x8001);
	writer_u32(&w, 120);
	writer_u16(&w, len);
	writer_bytes(&w, data, len);
}

static struct reader
made(void)
{
	EXPECT(writer_ok(&w));
	return reader_over(in, writer_len(&w));
}

static unsigned
count_records(const uint8_t *bytes, size_t len, uint16_t type)
{
	struct dns dns;
	struct dns_walk walk;
	struct dns_record r;
	unsigned count = 0;

	EXPECT(dns_parse(&dns, reader_over(bytes, len)));
	dns_walk_init(&walk, &dns);
	while (dns_walk_next(&walk, &r))
		count += r.section != DNS_QUESTION && (!type || r.type == type);
	EXPECT(!walk.is_broken);
	return count;
}

TEST(only_the_questions_of_a_query_are_passed_on)
{
	static const uint8_t known[] = {5, 'm', 'y', 'k', 'e', 'y', 0};

	message(0, 2, 1, 0);
	question("_ipp._tcp.local", DNS_PTR, 0x8001); /* wants a unicast answer */
	question("printer.local", DNS_A, 1);
	record("_ipp._tcp.local", DNS_PTR, known, sizeof known); /* the asker's known answer */
	size_t len = relay_mdns_question(out, sizeof out, made(), &first);
	EXPECT(len > 0);
	EXPECT_INT(count_records(out, len, 0), 0);
	EXPECT_INT(out[5], 2);
	EXPECT_INT(first.type, DNS_PTR);
	EXPECT_INT(first.id, 77);
	EXPECT(!memmem(out, len, "mykey", 5));
}

TEST(a_question_for_a_name_outside_the_link_is_not_passed_on)
{
	message(0, 1, 0, 0);
	question("secret-data.cloud.example", DNS_A, 1);
	EXPECT_INT(relay_mdns_question(out, sizeof out, made(), &first), 0);
	message(0, 1, 0, 0);
	question("printer.local", 10, 1); /* NULL */
	EXPECT_INT(relay_mdns_question(out, sizeof out, made(), &first), 0);
	/* A response is no question. */
	message(0x8400, 1, 0, 0);
	question("printer.local", DNS_A, 1);
	EXPECT_INT(relay_mdns_question(out, sizeof out, made(), &first), 0);
}

TEST(an_answerer_gives_its_own_addresses_and_no_others)
{
	static const uint8_t own[] = {192, 168, 77, 20}, camera[] = {192, 168, 77, 11},
			     gateway[] = {192, 168, 77, 1};
	struct relay_end end = printer();

	message(0x8400, 0, 3, 0);
	record("printer.local", DNS_A, own, 4);
	record("printer.local", DNS_A, camera, 4);
	record("printer.local", DNS_A, gateway, 4);
	size_t len = relay_mdns_answer(out, sizeof out, made(), &end, NULL);
	EXPECT_INT(count_records(out, len, DNS_A), 1);
	EXPECT(memmem(out, len, own, 4) != NULL);
	message(0x8400, 0, 1, 0);
	record("printer.local", DNS_A, camera, 4);
	EXPECT_INT(relay_mdns_answer(out, sizeof out, made(), &end, NULL), 0);
}

TEST(services_and_texts_under_local_are_passed_on_and_the_rest_is_not)
{
	static const uint8_t instance[] = {2, 'P', '1', 4, '_', 'i', 'p', 'p', 4, '_', 't', 'c',
		'p', 5, 'l', 'o', 'c', 'a', 'l', 0};
	static const uint8_t srv[] = {0, 0, 0, 0, 2, 0x77, 7, 'p', 'r', 'i', 'n', 't', 'e', 'r', 5,
		'l', 'o', 'c', 'a', 'l', 0};
	static const uint8_t away[] = {
		0, 0, 0, 0, 2, 0x77, 4, 'e', 'v', 'i', 'l', 3, 'c', 'o', 'm', 0};
	static const uint8_t txt[] = {4, 't', 'y', '=', 'x'};
	struct relay_end end = printer();

	message(0x8400, 0, 4, 1);
	record("_ipp._tcp.local", DNS_PTR, instance, sizeof instance);
	record("p1._ipp._tcp.local", DNS_SRV, srv, sizeof srv);
	record("p1._ipp._tcp.local", DNS_SRV, away, sizeof away);
	record("cloud.example", DNS_TXT, txt, sizeof txt);
	record("p1._ipp._tcp.local", DNS_TXT, txt, sizeof txt);
	size_t len = relay_mdns_answer(out, sizeof out, made(), &end, NULL);
	EXPECT_INT(count_records(out, len, 0), 3);
	EXPECT_INT(count_records(out, len, DNS_SRV), 1);
	EXPECT(!memmem(out, len, "evil", 4));
	EXPECT(!memmem(out, len, "cloud", 5));
}

TEST(who_asked_from_a_port_of_his_own_gets_his_id_and_question_back)
{
	static const uint8_t own[] = {192, 168, 77, 20};
	struct relay_end end = printer();
	struct relay_question asked = {.id = 0x1234, .type = DNS_A};
	struct dns dns;

	EXPECT(dns_name_from_text(&asked.name, "printer.local"));
	message(0x8400, 0, 1, 0);
	record("printer.local", DNS_A, own, 4);
	size_t len = relay_mdns_answer(out, sizeof out, made(), &end, &asked);
	EXPECT(dns_parse(&dns, reader_over(out, len)));
	EXPECT_INT(dns.id, 0x1234);
	EXPECT(dns.has_question && dns_name_is_equal(&dns.question, &asked.name));
	EXPECT_INT(count_records(out, len, DNS_A), 1);
}

TEST(an_mdns_message_cut_anywhere_gives_nothing_that_was_not_there)
{
	static const uint8_t own[] = {192, 168, 77, 20};
	struct relay_end end = printer();

	message(0x8400, 0, 1, 0);
	record("printer.local", DNS_A, own, 4);
	size_t whole = writer_len(&w);
	for (size_t len = 0; len < whole; len++)
		EXPECT_INT(relay_mdns_answer(out, sizeof out, reader_over(in, len), &end, NULL), 0);
}

TEST(a_location_must_be_an_address_of_the_answerer)
{
	static const struct {
		const char *url;
		bool is_fine;
	} cases[] = {
		{"http://192.168.77.20/d.xml", true},
		{"http://192.168.77.20:8080/d.xml", true},
		{"https://[fd77::20]:443/d.xml", true},
		{"http://192.168.77.11/d.xml", false},
		{"http://192.168.77.20@192.168.77.11/", false},
		{"http://192.168.77.20.evil.example/", false},
		{"http://printer.local/d.xml", false},
		{"http://[fd77::21]/", false},
		{"http://[fd77::20].evil/", false},
		{"file:///etc/passwd", false},
		{"javascript:alert(1)", false},
		{"http://", false},
		{"", false},
	};
	struct relay_end end = printer();

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		EXPECT_INT(relay_location_is_of((struct bytes){(const uint8_t *)cases[i].url,
							strlen(cases[i].url)},
				   &end),
			cases[i].is_fine);
}

static size_t
ssdp_answer(const char *text, enum ssdp_kind *kind)
{
	struct relay_end end = printer();
	size_t len = relay_ssdp_answer(text_out, sizeof text_out, reader_over(text, strlen(text)),
		&end, false, target, kind);
	text_out[len] = 0;
	return len;
}

TEST(a_search_is_written_anew)
{
	static const char search[] =
		"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\n"
		"MX: 120\r\nST: urn:dial-multiscreen-org:service:dial:1\r\n"
		"X-Secret: my-wifi-password\r\nUSER-AGENT: phone\r\n\r\n";

	size_t len = relay_ssdp_search(
		text_out, sizeof text_out, reader_over(search, sizeof search - 1), false, target);
	EXPECT(len > 0);
	EXPECT_STR(target, "urn:dial-multiscreen-org:service:dial:1");
	EXPECT(strstr(text_out, "MX: 1\r\n") != NULL);
	EXPECT(!strstr(text_out, "password"));
	EXPECT(!strstr(text_out, "phone"));
}

TEST(an_answer_passes_only_with_the_answerers_own_location)
{
	static const char form[] =
		"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=99999\r\nLOCATION: http://%s/d.xml\r\n"
		"SERVER: x\r\nST: upnp:rootdevice\r\nUSN: uuid:1\r\nX-MORE: payload\r\n\r\n";
	enum ssdp_kind kind;
	char text[512];

	snprintf(text, sizeof text, form, "192.168.77.20:80");
	EXPECT(ssdp_answer(text, &kind) > 0);
	EXPECT_INT(kind, SSDP_RESPONSE);
	EXPECT_STR(target, "upnp:rootdevice");
	EXPECT(strstr(text_out, "max-age=1800") != NULL);
	EXPECT(!strstr(text_out, "payload"));
	snprintf(text, sizeof text, form, "192.168.77.11");
	EXPECT_INT(ssdp_answer(text, &kind), 0);
}

TEST(a_goodbye_needs_no_location)
{
	enum ssdp_kind kind;

	EXPECT(ssdp_answer(
		       "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: upnp:rootdevice\r\n"
		       "NTS: ssdp:byebye\r\nUSN: uuid:1\r\n\r\n",
		       &kind) > 0);
	EXPECT_INT(kind, SSDP_NOTIFY);
	EXPECT(strstr(text_out, "ssdp:byebye") != NULL);
}

TEST(a_frame_has_the_checksums_that_a_receiver_wants)
{
	struct udp_frame frame = {.source_mac = {2, 0, 0, 0, 0, 1},
		.target_mac = {2, 0, 0, 0, 0, 2},
		.source_port = 5353,
		.target_port = 5353,
		.hops = 255};
	static struct packet packet;
	uint8_t bytes[200];
	const uint8_t *ip = bytes + 14;
	uint32_t total = 0;

	EXPECT(ip_parse(&frame.source, "192.168.77.1"));
	EXPECT(ip_parse(&frame.target, "224.0.0.251"));
	size_t len = udp_frame_render(bytes, sizeof bytes, &frame, "abc", 3);
	EXPECT_INT(len, 14 + 20 + 8 + 3);
	for (int i = 0; i < 20; i += 2)
		total += (uint32_t)ip[i] << 8 | ip[i + 1];
	EXPECT_INT((total & 0xffff) + (total >> 16), 0xffff);
	/* The pseudo header, RFC 768: addresses, 17, length; then header and data, padded. */
	total = 17 + 11;
	for (int i = 12; i < 20 + 8; i += 2)
		total += (uint32_t)ip[i] << 8 | ip[i + 1];
	total += ('a' << 8 | 'b') + ('c' << 8);
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	EXPECT_INT(total, 0xffff);
	EXPECT(packet_parse(&packet, bytes, len, len));
	EXPECT_INT(packet.destination_port, 5353);
	EXPECT(ip_parse(&frame.source, "fe80::1"));
	EXPECT_INT(udp_frame_render(bytes, sizeof bytes, &frame, "abc", 3), 0);
	EXPECT(ip_parse(&frame.target, "ff02::fb"));
	len = udp_frame_render(bytes, sizeof bytes, &frame, "abc", 3);
	EXPECT_INT(len, 14 + 40 + 8 + 3);
	EXPECT(packet_parse(&packet, bytes, len, len));
	EXPECT(ip_is_equal(&packet.source, &frame.source));
}

TEST(a_macs_link_local_address_is_known)
{
	static const uint8_t mac[6] = {0x02, 0x11, 0x22, 0x33, 0x44, 0x55};
	struct ip ip = relay_link_local(mac);
	char text[IP_TEXT_MAX];

	EXPECT_STR(ip_render(&ip, text), "fe80::11:22ff:fe33:4455");
}
