#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A camera with a factory login on telnet waits in its pen, and is tested there
# by the real, confined checker through the real rules.  What it answers comes
# back; nothing else of it comes in, and no other process of ours reaches it.
# Blocked, it is not reached at all, and that is said.
#
#	400-*.sh ENFORCER DRIVE CHECKER CHECKER_DRIVE
set -eu
if [ $# -ge 4 ]; then
	CHECKER=$(realpath "$3") CHECKER_DRIVE=$(realpath "$4")
	export CHECKER CHECKER_DRIVE
fi
. "$(dirname "$0")/enforcer/place.sh"
busybox --list | grep -qx telnetd || skip "needs busybox-static, for its telnetd"

begin
said restored
mkdir -p /run/place/empty

# It asks as busybox does, and knows one login, of the factory.
cat >$folder/login <<'END'
#!/bin/sh
n=0
while [ $n -lt 3 ]; do
	printf 'camera login: '
	read -r user || exit 1
	printf 'Password: '
	stty -echo 2>/dev/null; read -r password || exit 1; stty echo 2>/dev/null
	echo
	[ "$user" = root ] && [ "$password" = xmhdipc ] && exec /bin/sh
	echo 'Login incorrect'
	n=$((n + 1))
done
END
chmod 755 $folder/login
on a busybox telnetd -F -p 2323 -l $folder/login >/dev/null 2>&1 &
listen a 8080
listen net 443 8080
within 50 is_listening a 2323
cat >$folder/http <<'END'
#!/bin/sh
read -r line
printf 'HTTP/1.0 200 OK\r\nServer: test\r\n\r\nhello\n'
END
chmod 755 $folder/http
on a socat TCP6-LISTEN:80,ipv6only=0,fork,reuseaddr EXEC:$folder/http 2>/dev/null &
within 50 is_listening a 80

audit() { # NAME CHECK...
	name=$1
	shift
	$CHECKER_DRIVE $CHECKER $folder/$name.jsonl gentle 1 60 192.168.77.11 - "$@" >$folder/$name 2>>$log
	cat $folder/$name >>$log
}
finds() { grep -q "^finding $2" $folder/$1; }
# As a process of ours with this number, which the rules tell apart.
as() { # USER ADDRESS
	echo hello | setpriv --reuid=$1 --regid=$1 --clear-groups timeout 3 socat -t1 - \
		TCP$(family $2):$(bracket $2):8080,connect-timeout=1 2>/dev/null | grep -q hello
}
checker=64511 # uid-base, and the number of the checker in message.h

expect "a camera waits" hold a quarantine
expect "it is tested in its pen" audit pen tcp-ports telnet-login
expect "its telnet is found, at a port of its own" finds pen "5.6-1 FAIL - 2323 telnet"
expect "its factory login is found" finds pen "5.1-1 FAIL - 2323"
expect "and that the password can be read on the way" finds pen "5.1-3 FAIL - 2323"
expect "the run ends well" grep -q "^end 0" $folder/pen
expect "the transcript alone gives the same" grep -q "^again same" $folder/pen
expect "the checker reaches it by IPv6 as well" as $checker fd77::11
# As systemd sets it for all; a namespace begins with nobody.
sysctl -qw net.ipv4.ping_group_range="0 65535"
echoes() { # USER
	timeout 3 setpriv --reuid=$1 --regid=$1 --clear-groups \
		/usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
s.settimeout(1)
s.sendto(bytes([8] + [0] * 15), ("192.168.77.11", 0))
sys.exit(s.recv(64)[0])' 2>/dev/null
}
if [ -x /usr/bin/python3 ]; then
	expect "and its echo is answered" echoes $checker
	refuse "but nobody else's" echoes $((checker - 1))
fi
refuse "no other process of ours does" as $((checker - 1)) fd77::11
refuse "nor by IPv4" as $((checker - 1)) 192.168.77.11
refuse "the checker does not reach the internet" as $checker 198.18.1.1
refuse "nor the gateway itself" as $checker 192.168.77.1
refuse "it opens nothing towards us" tcp a 192.168.77.1 8080
refuse "nor outside" tcp a 198.18.1.1 443

# What the checker asked may be answered; a port of ours beside it is as closed as before.
socat TCP4-LISTEN:8080,fork,reuseaddr PIPE 2>/dev/null &
socat TCP4-LISTEN:40000,fork,reuseaddr PIPE 2>/dev/null &
refuse "a port that we listen on stays closed to it" tcp a 192.168.77.1 40000

# A segment as its raw socket sends it, known by its window.
segment() { # FROM-PORT TO-PORT FLAGS
	/usr/bin/python3 - $checker "$@" <<'END'
import ctypes, socket, struct, sys
user, source, to, flags = (int(word, 0) for word in sys.argv[1:])
ctypes.CDLL(None).setfsuid(user)
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
ends = socket.inet_aton("192.168.77.1") + socket.inet_aton("192.168.77.11")
head = struct.pack("!HHIIBBHHH", source, to, 7, 7, 5 << 4, flags, 4242, 0, 0)
total = sum(struct.unpack("!16H", ends + struct.pack("!HH", 6, len(head)) + head))
total = (total & 0xffff) + (total >> 16)
head = head[:16] + struct.pack("!H", ~(total + (total >> 16)) & 0xffff) + head[18:]
try:
    raw.sendto(head, ("192.168.77.11", 0))
except PermissionError:
    pass
END
}
calls_us() { conntrack -L -p tcp --orig-port-src 5080 --orig-port-dst 80 2>/dev/null | grep -q ESTABLISHED; }
if [ -x /usr/bin/python3 ]; then
	socat TCP4-LISTEN:80,reuseaddr PIPE 2>/dev/null &
	within 50 sh -c "ss -Hltn 'sport = :80' | grep -q ."
	sleep 30 | on a socat - TCP4:192.168.77.1:80,sourceport=5080 >/dev/null 2>&1 &
	expect "it calls the status page" within 50 calls_us
	count_start a asked tcp window 4242 tcp dport 8080
	count_start a fits tcp window 4242 tcp dport 5080
	segment 64600 8080 0x02
	expect "the checker's raw socket asks a port" within 20 arrived a asked
	segment 80 5080 0x12
	segment 80 5080 0x06
	sleep 0.2
	refuse "it says nothing in a flow that is not its own" arrived a fits
fi

expect "the same camera, blocked" hold a block
audit blocked tcp-ports telnet-login || true
refuse "nothing is found" grep -q "FAIL\|NFF\|PASS\| NA " $folder/blocked
expect "and that is said" finds blocked "5.6-1 INC DEVICE_LOST"
finish
