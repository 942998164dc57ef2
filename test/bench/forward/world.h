/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_BENCH_WORLD_H
#define PINFOLD_BENCH_WORLD_H

/*
 * The addresses of the forwarding bench, known to the packet source, to the
 * policies and to the rulesets of the peers.  Host order.
 */
#define WORLD_ENTRIES     10    /* allowed (server, port) pairs a device */
#define WORLD_PORT        20000 /* of the servers, plus the entry */
#define WORLD_SOURCE_PORT 2048  /* of the devices, plus the flow */

/* 10.0.1.0 and up; devices have MAC 02:aa:<number in 4 bytes>. */
static inline unsigned
world_device_address(unsigned device)
{
	return 0x0a000100u + device;
}

/* 198.18.0.0/15, an address for each (device, entry). */
static inline unsigned
world_server_address(unsigned device, unsigned entry)
{
	return 0xc6120000u + ((device * WORLD_ENTRIES + entry) & 0x1ffff);
}

#endif
