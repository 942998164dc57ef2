#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A bridge with three isolated ports in a network namespace of its own; see
# relay_driver.c.
#
#	270-*.sh DRIVER RELAY
set -eu
driver=$(realpath "$1") relay=$(realpath "$2")
. "$(dirname "$0")/driver.sh"
ip link add br-lan type bridge mcast_snooping 0
for n in 1 2 3; do
	ip link add port$n type veth peer name dev$n
	ip link set dev$n addrgenmode none
	ip link set port$n addrgenmode none
	ip link set port$n master br-lan up
	bridge link set dev port$n isolated on
	ip link set dev$n up
done
ip link set br-lan up
ip addr add 192.168.77.1/24 dev br-lan
ip addr add fd77::1/64 dev br-lan nodad
# The devices' addresses are on the link; nothing here speaks for them.
sleep 1
RELAY=$relay FOLDER=$folder "$driver"
