/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_POLICY_ADMIN_PORT_H
#define PINFOLD_POLICY_ADMIN_PORT_H

/*
 * TCP ports that no observed device opens on others: telnet, SSH and their
 * usual second ports, TR-069, ADB, remote desktops, SMB, WinRM, Winbox, and the
 * ports on which worms of the Mirai family log in.  The kernel's observe chain
 * and the rules that people read are made of this one list.
 */
#define ADMIN_PORT_LIST                                                                            \
	22, 23, 26, 135, 139, 445, 512, 513, 514, 2222, 2323, 3389, 4719, 5358, 5555, 5800, 5900,  \
		5985, 5986, 6789, 7547, 8291, 8728, 9527, 19058, 23231, 37215, 52869

#endif
