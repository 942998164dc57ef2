/* SPDX-License-Identifier: Apache-2.0 */
#include "observation/filter.h"

#include <linux/if_packet.h>
#include <pcap/pcap.h>

/*
 * tcp[] reads IPv4 only, so IPv6 is spelled out; with extension headers it is
 * not matched, which costs us a name and opens nothing.
 */
#define PAYLOAD4  "((tcp[12]&0xf0)>>2)"
#define PAYLOAD6  "40+((ip6[52]&0xf0)>>2)"
#define TCP4(at)  "tcp[" PAYLOAD4 "+" at "]"
#define TCP6(at)  "ip6[" PAYLOAD6 "+" at "]"
#define EITHER(x) "(tcp and (" x(TCP4) ")) or (ip6[6]=6 and (" x(TCP6) "))"

#define FIRST(at, word) at("0:4") "=" word

/* A record of type handshake, version 3.x, with a ClientHello. */
#define HELLO(at)        at("0:2") "=0x1603 and " at("5:1") "=1"
#define SERVER_HELLO(at) at("0:2") "=0x1603 and " at("5:1") "=2"
/* GET, POST, PUT, HEAD, OPTI(ONS), DELE(TE), PATC(H), SUBS(CRIBE), NOTI(FY). */
/* clang-format off */
#define REQUEST(at)                                                                                \
	FIRST(at, "0x47455420") " or " FIRST(at, "0x504f5354") " or " FIRST(at, "0x50555420") " or " \
	FIRST(at, "0x48454144") " or " FIRST(at, "0x4f505449") " or " FIRST(at, "0x44454c45") " or " \
	FIRST(at, "0x50415443") " or " FIRST(at, "0x53554253") " or " FIRST(at, "0x4e4f5449")
/* USER, PASS; DESC(RIBE), SETU(P), PLAY, ANNO(UNCE), RTSP; REGI(STER), INVI(TE). */
#define CLEAR(at)                                                                                  \
	FIRST(at, "0x55534552") " or " FIRST(at, "0x50415353") " or " FIRST(at, "0x44455343") " or " \
	FIRST(at, "0x53455455") " or " FIRST(at, "0x504c4159") " or " FIRST(at, "0x414e4e4f") " or " \
	FIRST(at, "0x52545350") " or " FIRST(at, "0x52454749") " or " FIRST(at, "0x494e5649")
/* clang-format on */
/* Two options of telnet, at its usual ports; much else begins with such a byte. */
#define TELNET(at) at("0:1") "=0xff and " at("3:1") "=0xff and port (23 or 2323)"
/* CONNECT, a length of one or two bytes, then "MQTT" or "MQIs". */
#define CONNECT(at)                                                                                \
	at("0:1") "=0x10 and (" at("4:4") "=0x4d515454 or " at("5:4") "=0x4d515454 or " at(        \
		"4:4") "=0x4d514973 or " at("5:4") "=0x4d514973)"

const char filter_incoming[] =
	"arp or ether proto 0x88cc or ether proto 0x888e"
	/* discovery, DHCP, names, time, and who asks the router for a port */
	" or (udp and (port 53 or port 67 or port 68 or port 546 or port 547 or port 123 or"
	" port 5353 or port 1900 or port 5683 or port 5060 or dst port 5351))"
	/* neighbour discovery; multicast listeners stand behind a hop-by-hop header */
	" or (ip6[6]=58 and ip6[40]>=130 and ip6[40]<=137)"
	" or (ip6[6]=0 and ip6[40]=58 and (ip6[48]=143 or (ip6[48]>=130 and ip6[48]<=132)))"
	/* SYN without ACK */
	" or (tcp[13]&0x12=2) or (ip6[6]=6 and ip6[53]&0x12=2)"
	" or " EITHER(HELLO) " or " EITHER(REQUEST) " or " EITHER(CONNECT) " or " EITHER(
		CLEAR) " or " EITHER(TELNET);

/* What our DHCP server says, and what servers chose that devices asked. */
const char filter_outgoing[] = "(udp and (src port 67 or src port 547)) or " EITHER(SERVER_HELLO);

static enum err
compile(pcap_t *pcap, const char *text, struct bpf_program *program, struct fault *why)
{
	if (!pcap_compile(pcap, program, text, 1, PCAP_NETMASK_UNKNOWN))
		return ERR_OK;
	fault_set(why, ERR_INVALID, "capture filter: %s", pcap_geterr(pcap));
	return ERR_INVALID;
}

/* libpcap's instruction and the kernel's are the same eight bytes. */
static void
append(struct filter *filter, const struct bpf_program *program)
{
	for (unsigned i = 0; i < program->bf_len; i++)
		filter->code[filter->n++] = (struct sock_filter){program->bf_insns[i].code,
			program->bf_insns[i].jt, program->bf_insns[i].jf, program->bf_insns[i].k};
}

enum err
filter_make(struct filter *filter, const uint32_t *ifindex, size_t n, struct fault *why)
{
	struct bpf_program in = {0}, out = {0};
	pcap_t *pcap = NULL;
	enum err err;

	if (n > FILTER_INTERFACES_MAX) {
		fault_set(why, ERR_FULL, "capture filter: more than %d interfaces",
			FILTER_INTERFACES_MAX);
		return ERR_FULL;
	}
	pcap = pcap_open_dead(DLT_EN10MB, 65535);
	if (!pcap) {
		fault_set(why, ERR_SYSTEM, "capture filter: libpcap does not start");
		return ERR_SYSTEM;
	}
	err = compile(pcap, filter_incoming, &in, why);
	if (!err)
		err = compile(pcap, filter_outgoing, &out, why);
	if (!err && n + in.bf_len + out.bf_len + 8 > FILTER_MAX) {
		fault_set(why, ERR_FULL, "capture filter: too long");
		err = ERR_FULL;
	}
	if (err)
		goto done;

	filter->n = 0;
	if (n) {
		filter->code[filter->n++] = (struct sock_filter)BPF_STMT(
			BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX));
		/* Each jumps over the rest and the refusal behind them. */
		for (size_t i = 0; i < n; i++)
			filter->code[filter->n++] = (struct sock_filter)BPF_JUMP(
				BPF_JMP | BPF_JEQ | BPF_K, ifindex[i], (uint8_t)(n - i), 0);
		filter->code[filter->n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	}
	filter->code[filter->n++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE));
	filter->code[filter->n++] =
		(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1);
	filter->code[filter->n++] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, in.bf_len);
	append(filter, &in);
	append(filter, &out);
done:
	pcap_freecode(&in);
	pcap_freecode(&out);
	pcap_close(pcap);
	return err;
}
