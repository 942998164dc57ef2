/* SPDX-License-Identifier: Apache-2.0 */
/* Real captures, not part of the project: nothing crashes, and known facts are found. */
#include <dirent.h>
#include <pcap/pcap.h>
#include <stdio.h>

#include "packet/packet.h"

#include "bytes.h"

struct totals {
	struct packet_counts counts;
	unsigned files, mud_urls;
	char mud_url[256];     /* the last one seen */
	char server_name[256]; /* of TLS */
	struct octets hostname;
	unsigned max_vlans;
};

static void
keep_facts(struct totals *totals, const struct packet *packet)
{
	const struct mud_url *url = NULL;

	if (packet->protocol == PROTOCOL_DHCPV4) {
		if (packet->dhcpv4.claimed_hostname.len)
			totals->hostname = packet->dhcpv4.claimed_hostname;
		if (packet->dhcpv4.mud_url_claim == MUD_URL_VALID)
			url = &packet->dhcpv4.claimed_mud_url;
	}
	if (packet->protocol == PROTOCOL_DHCPV6 && packet->dhcpv6.mud_url_claim == MUD_URL_VALID)
		url = &packet->dhcpv6.claimed_mud_url;
	if (packet->protocol == PROTOCOL_LLDP && packet->lldp.mud_url_claim == MUD_URL_VALID)
		url = &packet->lldp.claimed_mud_url;
	if (packet->protocol == PROTOCOL_TLS && packet->tls.claimed_server_name.len)
		snprintf(totals->server_name, sizeof totals->server_name, "%.*s",
			(int)packet->tls.claimed_server_name.len,
			(const char *)packet->tls.claimed_server_name.at);
	if (packet->layers & LAYER_VLAN && packet->ethernet.vlan_count > totals->max_vlans)
		totals->max_vlans = packet->ethernet.vlan_count;
	if (url) {
		totals->mud_urls++;
		memcpy(totals->mud_url, url->text, sizeof totals->mud_url);
	}
}

/* Every packet in an allocation of its own size; every link type is taken for Ethernet. */
static void
read_file(struct totals *totals, const char *path)
{
	static struct packet packet;
	char why[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *head;
	const u_char *bytes;
	pcap_t *pcap = pcap_open_offline(path, why);

	if (!pcap) /* some are meant to be no capture at all */
		return;
	totals->files++;
	bool is_ip = pcap_datalink(pcap) == DLT_RAW;
	while (pcap_next_ex(pcap, &head, &bytes) == 1) {
		uint8_t *copy = malloc(head->caplen ? head->caplen : 1);
		EXPECT(copy);
		memcpy(copy, bytes, head->caplen);
		bool is_fine = is_ip ? packet_parse_ip(&packet, copy, head->caplen, head->len)
				     : packet_parse(&packet, copy, head->caplen, head->len);
		EXPECT(is_fine || packet.discard != DISCARD_NONE);
		packet_count(&totals->counts, &packet);
		keep_facts(totals, &packet);
		free(copy);
	}
	pcap_close(pcap);
}

static void
read_folder(struct totals *totals, const char *folder)
{
	char path[4096];
	struct dirent *entry;
	DIR *dir = opendir(folder);

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		if (entry->d_type == DT_DIR)
			read_folder(totals, path);
		else if (strstr(entry->d_name, ".pcap"))
			read_file(totals, path);
	}
	if (dir)
		closedir(dir);
}

static struct totals totals;

/* Reads one file or folder of the data afresh; false where it is absent. */
static bool
read_data(const char *name)
{
	const char *data = test_data();
	char path[4096];

	if (!data)
		return false;
	memset(&totals, 0, sizeof totals);
	snprintf(path, sizeof path, "%s/%s", data, name);
	if (strstr(name, ".pcap"))
		read_file(&totals, path);
	else
		read_folder(&totals, path);
	return totals.files > 0;
}

TEST(captures_made_to_break_decoders_do_not_break_ours)
{
	if (!read_data("pcap-edge-cases"))
		SKIP("no captures of edge cases here");
	EXPECT(totals.counts.packets > 1000);
	EXPECT(totals.counts.discarded[DISCARD_IPV4] > 0);
	EXPECT(totals.counts.discarded[DISCARD_IPV6] > 0);
}

TEST(captures_of_many_protocols_are_read_and_most_of_ours_are_found)
{
	static const enum packet_protocol wanted[] = {PROTOCOL_DHCPV4, PROTOCOL_DNS, PROTOCOL_MDNS,
		PROTOCOL_SSDP, PROTOCOL_NTP, PROTOCOL_TLS, PROTOCOL_HTTP, PROTOCOL_MQTT,
		PROTOCOL_COAP};

	if (!read_data("pcap-protocols"))
		SKIP("no captures of protocols here");
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		EXPECT(totals.counts.protocol[wanted[i]] > 0);
}

TEST(devices_of_a_home_speak_what_we_decode)
{
	if (!read_data("pcap-iot-sentinel"))
		SKIP("no captures of devices here");
	EXPECT(totals.counts.protocol[PROTOCOL_DHCPV4] > 100);
	EXPECT(totals.counts.protocol[PROTOCOL_DNS] > 100);
	EXPECT(totals.counts.protocol[PROTOCOL_MDNS] > 100);
	/* What is not what its port says is rare in real homes. */
	EXPECT(totals.counts.discarded[DISCARD_APPLICATION] * 100 < totals.counts.packets);
}

TEST(a_mud_url_is_found_in_a_dhcp_request)
{
	if (!read_data("pcap-edge-cases/dhcp-mud.pcap"))
		SKIP("no such capture here");
	EXPECT_STR(totals.mud_url, "https://mudctl.example.com/.well-known/mud/v1/rasbp101");
	EXPECT_OCTETS(totals.hostname, "raspberrypi");
}

TEST(a_mud_url_is_found_in_lldp)
{
	if (!read_data("pcap-edge-cases/lldp_mudurl.pcap"))
		SKIP("no such capture here");
	EXPECT_STR(totals.mud_url, "https://imright.mud.example.com/.well-known/mud/v1/vomitv2.0");
	EXPECT_INT(totals.counts.protocol[PROTOCOL_LLDP], totals.counts.packets);
}

TEST(relayed_dhcpv6_is_recognised_without_believing_its_mud_url)
{
	if (!read_data("pcap-edge-cases/dhcpv6-mud.pcap"))
		SKIP("no such capture here");
	EXPECT(totals.counts.protocol[PROTOCOL_DHCPV6] > 0);
	EXPECT_INT(totals.mud_urls, 0);
}

TEST(stacked_vlan_tags_are_read_in_a_real_capture)
{
	if (!read_data("pcap-edge-cases/802.1ad_QinQ.pcap"))
		SKIP("no such capture here");
	EXPECT_INT(totals.max_vlans, 2);
}

TEST(the_server_name_of_a_real_hello_is_found)
{
	if (!read_data("pcap-protocols/443-curl.pcap"))
		SKIP("no such capture here");
	EXPECT_STR(totals.server_name, "www.ntop.org");
}
