#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The same checks against servers that other people wrote, as devices have them: once
# with a factory login, open to all or old, and once as their owner should have them.
# What is bad is found, and no good one is called bad.
#
#	422-*.sh CHECK_DRIVER
set -u
. "$(dirname "$0")/expect.sh"
[ "$(id -u)" = 0 ] || skip "needs root for namespaces"
[ $# -eq 1 ] || { echo "usage: $0 CHECK_DRIVER"; exit 2; }
for tool in ip busybox dropbear dropbearkey mosquitto mosquitto_passwd lighttpd openssl ss; do
	command -v $tool >/dev/null || skip "needs $tool"
done
if [ -z "${PINFOLD_INSIDE-}" ]; then
	driver=$(realpath "$1")
	PINFOLD_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child "$0" "$driver"
fi
driver=$1
mount -t proc proc /proc
mount -t tmpfs none /run
mkdir -p /run/netns
ip netns add home
ip link add lan type veth peer name eth0 netns home
ip link set lo up
ip link set lan up
ip addr add 10.77.0.1/24 dev lan
ip -n home link set lo up
ip -n home link set eth0 up
n=10

# device NAME PORT PROTO CHECKS FAIL [MAY]: an address of its own, and what must be said of it
device() {
	n=$((n + 1))
	name=$1 port=$2 at=10.77.0.$n here=/run/$n
	mkdir -p $here
	ip -n home addr add $at/24 dev eth0
	quoted() { for word in $1; do printf '%s"%s"' "${comma-}" "$word" && comma=,; done; comma=; }
	echo "{\"seed\":$n,\"service\":\"$name\",\"manner\":\"real\",\"proto\":$3,\"port\":$port,\"address4\":\"$at\",\"address6\":\"\"," \
		"\"checks\":[$(quoted "tcp-ports $4")],\"fail\":[$(quoted "$5")]," \
		"\"may\":[$(quoted "tcp-ports login-throttle banners ${6-}")]}" >$here/truth
}
inside() { ip netns exec home "$@"; }
self_signed() { # key and certificate
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=device \
		-keyout $here/key -out $here/certificate 2>/dev/null
	cat $here/key $here/certificate >$here/both
}

# --- telnet: busybox, its login in a jail

telnetd() { # PASSWORD
	jail=$here/jail
	mkdir -p $jail/bin $jail/etc $jail/dev $jail/root
	cp "$(command -v busybox)" $jail/bin/busybox
	for applet in sh login echo; do ln -s busybox $jail/bin/$applet; done
	echo "root:x:0:0:root:/root:/bin/sh" >$jail/etc/passwd
	echo "root:x:0:" >$jail/etc/group
	echo "root:$(openssl passwd -6 -salt factory "$1"):19000:0:99999:7:::" >$jail/etc/shadow
	echo camera >$jail/etc/issue
	mount -t tmpfs -o mode=755 tmpfs $jail/dev
	mknod -m 666 $jail/dev/null c 1 3
	mkdir $jail/dev/pts
	mount -t devpts -o newinstance,ptmxmode=666 devpts $jail/dev/pts
	ln -s pts/ptmx $jail/dev/ptmx
	inside chroot $jail /bin/busybox telnetd -F -b $at:23 -l /bin/login >/dev/null 2>&1 &
}
device "telnet, factory login" 23 6 telnet-login "telnet-login/5.1-1 tcp-ports/5.6-1" telnet-login/5.1-3
telnetd vizxv
device "telnet, own password" 23 6 telnet-login tcp-ports/5.6-1 telnet-login/5.1-3
telnetd Own-4711-Qx

# --- ssh: dropbear with a user list of its own

ssh_server() { # PASSWORD
	mkdir -p $here/keys
	dropbearkey -t ecdsa -f $here/keys/one >/dev/null 2>&1
	echo "root:x:0:0:root:/root:/bin/sh" >$here/passwd
	echo "root:$(openssl passwd -6 -salt factory "$1"):19000:0:99999:7:::" >$here/shadow
	inside unshare --mount sh -c '
		mount --make-rprivate /
		mount --bind $1/passwd /etc/passwd
		mount --bind $1/shadow /etc/shadow
		exec dropbear -F -E -p $2:22 -r $1/keys/one' ssh $here $at >$here/log 2>&1 &
}
device "ssh, factory login" 22 6 ssh-login ssh-login/5.1-1
ssh_server vizxv
device "ssh, own password" 22 6 ssh-login ""
ssh_server Own-4711-Qx

# --- http: busybox with Basic, lighttpd with Digest, over TLS, and with files that lie about

device "busybox httpd, factory login" 80 6 "http-login unauth-http" http-login/5.1-1 http-login/5.1-3
mkdir -p $here/www && echo "live view" >$here/www/index.html && echo "/:admin:admin" >$here/conf
inside busybox httpd -f -p $at:80 -h $here/www -c $here/conf -r camera &

lighttpd_server() { # PORT PASSWORD
	mkdir -p $here/www
	echo "live view" >$here/www/index.html
	realm=device
	echo "admin:$realm:$(printf 'admin:%s:%s' $realm "$2" | openssl md5 | sed 's/.* //')" >$here/users
	{
		echo "server.modules = (\"mod_auth\", \"mod_authn_file\", \"mod_openssl\")
server.bind = \"$at\"
server.port = $1
server.document-root = \"$here/www\"
index-file.names = (\"index.html\")
mimetype.assign = (\".html\" => \"text/html\", \"\" => \"text/plain\")
auth.backend = \"htdigest\"
auth.backend.htdigest.userfile = \"$here/users\""
		[ -z "$2" ] || echo "auth.require = (\"/\" => (\"method\" => \"digest\", \"realm\" => \"$realm\", \"require\" => \"valid-user\"))"
		[ "$1" = 80 ] || echo "ssl.engine = \"enable\"
ssl.pemfile = \"$here/both\""
	} >$here/conf
	inside lighttpd -D -f $here/conf >$here/log 2>&1 &
}
device "lighttpd with Digest, own password" 80 6 "http-login unauth-http" "" http-login/5.1-3
lighttpd_server 80 Own-4711-Qx
device "lighttpd with Digest, factory login" 80 6 "http-login unauth-http" http-login/5.1-1 http-login/5.1-3
lighttpd_server 80 admin
device "lighttpd over TLS, own password" 443 6 "http-login unauth-http tls-server" ""
self_signed
lighttpd_server 443 Own-4711-Qx
device "lighttpd with a file that lies about" 80 6 unauth-http unauth-http
mkdir -p $here/www/.git
printf '[core]\n\trepositoryformatversion = 0\n\tbare = false\n' >$here/www/.git/config
lighttpd_server 80 ""

# --- a broker

device "mosquitto, open" 1883 6 mqtt-open mqtt-open
printf 'listener 1883 %s\nallow_anonymous true\n' $at >$here/conf
inside mosquitto -c $here/conf >$here/log 2>&1 &
device "mosquitto, with a password" 1883 6 mqtt-open "" mqtt-open/5.1-3
mosquitto_passwd -b -c $here/users owner Own-4711-Qx 2>/dev/null
chmod 644 $here/users
printf 'listener 1883 %s\nallow_anonymous false\npassword_file %s\n' $at $here/users >$here/conf
inside mosquitto -c $here/conf >$here/log 2>&1 &

# --- TLS as OpenSSL speaks it

device "a TLS server that still speaks 1.1" 4433 6 tls-server tls-server
self_signed
inside openssl s_server -quiet -accept $at:4433 -key $here/key -cert $here/certificate -tls1_1 \
	-cipher 'ALL:@SECLEVEL=0' -www >/dev/null 2>&1 </dev/null &
device "a TLS server of today" 4433 6 tls-server ""
self_signed
inside openssl s_server -quiet -accept $at:4433 -key $here/key -cert $here/certificate -www >/dev/null 2>&1 </dev/null &


# --- each is audited, all at once

for truth in /run/[0-9]*/truth; do
	here=${truth%/truth}
	(
		port=$(sed 's/.*"port":\([0-9]*\).*/\1/' $truth) at=10.77.0.${here##*/}
		tries=0
		until [ "$port" = 9 ] || inside ss -Hltn "src $at:$port" | grep -q . || [ $tries -gt 50 ]; do
			tries=$((tries + 1))
			sleep 0.1
		done
		"$driver" --seconds ${SECONDS_EACH:-35} --ports known --checks related $truth >$here/said 2>&1
		echo $? >$here/status
	) &
	audits="${audits-} $!"
done
# shellcheck disable=SC2086 # one word a process
wait $audits
failed=0
for here in $(ls -d /run/[0-9]*/ | sort -V); do
	here=${here%/}
	name=$(sed 's/.*"service":"\([^"]*\)".*/\1/' $here/truth)
	# Each is within the time given; what is late here is missed.
	case $(cat $here/status)$(grep -c ^late $here/said) in
	00) echo "ok - $name: $(sed -n 's/^verdict [^:]*: //p' $here/said | cut -d, -f1-4)" ;;
	*)
		failed=1
		echo "not ok - $name"
		grep -Ev '"word":"(NA|NFF)"' $here/said | sed 's/^/   /'
		;;
	esac
done
exit $failed
