/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * A packet source that costs less than what it measures: run as live frames,
 * it rewrites one UDP packet for the next flow and sends it out of the
 * interface that it runs on.  Flows are visited in pseudo-random order, so that
 * no cache of the forwarder can pretend: each of them once, or again and again.
 *
 * Flow f belongs to device f % devices and to its allowed entry (f / devices) %
 * 10; its source port makes it one of `flows` distinct flows.  Addresses are
 * those that test/bench/forward/world.h gives.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "world.h"

/* Set by the loader before the run; the order is that of struct constants in source.c. */
volatile const struct {
	__u32 devices, flows, is_reply, is_once;
	__u32 port;   /* of the servers, plus the entry */
	__u32 target; /* of replies: the forwarder's own address, network order */
	__u8 source[6], destination[6];
} told = {.devices = 1, .flows = 1, .port = WORLD_PORT};
__u32 state = 1;

static __always_inline __u16
fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

SEC("xdp")
int
source(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *udp = (void *)(ip + 1);
	__u32 f;

	if ((void *)(udp + 1) > end)
		return XDP_ABORTED;
	if (told.is_once) {
		/* A prime that is no factor of the count: n times it visits every flow. */
		f = (__u32)((__u64)state++ * 2654435761u % told.flows);
	} else {
		state = state * 1664525 + 1013904223; /* Numerical Recipes' generator */
		f = (state >> 8) % told.flows;
	}
	__u32 device = f % told.devices, entry = f / told.devices % WORLD_ENTRIES;
	__u16 sport = bpf_htons((__u16)(WORLD_SOURCE_PORT + f)),
	      dport = bpf_htons((__u16)(told.port + entry));
	__u32 server = bpf_htonl(world_server_address(device, entry));

	/* The frame comes back as the forwarder left it: every byte is written anew. */
#pragma unroll
	for (int i = 0; i < 6; i++) {
		eth->h_dest[i] = told.destination[i];
		eth->h_source[i] = told.source[i];
	}
	eth->h_proto = bpf_htons(ETH_P_IP);
	ip->version = 4;
	ip->ihl = 5;
	ip->tos = 0;
	ip->tot_len = bpf_htons(sizeof *ip + sizeof *udp + 18);
	ip->id = 0;
	ip->frag_off = 0;
	ip->ttl = 64;
	ip->protocol = IPPROTO_UDP;
	udp->len = bpf_htons(sizeof *udp + 18);
	udp->check = 0;
	if (told.is_reply) {
		ip->saddr = server;
		ip->daddr = told.target;
		udp->source = dport;
		udp->dest = sport;
	} else {
		eth->h_source[2] = (__u8)(device >> 24);
		eth->h_source[3] = (__u8)(device >> 16);
		eth->h_source[4] = (__u8)(device >> 8);
		eth->h_source[5] = (__u8)device;
		ip->saddr = bpf_htonl(world_device_address(device));
		ip->daddr = server;
		udp->source = sport;
		udp->dest = dport;
	}
	ip->check = 0;
	__u32 sum = 0;
	__u16 *word = (__u16 *)ip;
#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += word[i];
	ip->check = fold(sum);
	return XDP_TX;
}

char source_license[] SEC("license") = "GPL";
