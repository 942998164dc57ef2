/* SPDX-License-Identifier: Apache-2.0 */
#include "check/table.h"

#include "base/auto.h"

const struct check_halves check_halves[] = {
	{"maker-web", maker_web_probe, maker_web_judge},
	{"tcp-ports", tcp_ports_probe, tcp_ports_judge},
	{"udp-services", udp_services_probe, udp_services_judge},
	{"telnet-login", telnet_login_probe, telnet_login_judge},
	{"ssh-login", ssh_login_probe, ssh_login_judge},
	{"http-login", http_login_probe, http_login_judge},
	{"ftp-login", ftp_login_probe, ftp_login_judge},
	{"rtsp-login", rtsp_login_probe, rtsp_login_judge},
	{"mqtt-open", mqtt_open_probe, mqtt_open_judge},
	{"debug-ports", debug_ports_probe, debug_ports_judge},
	{"snmp-public", snmp_public_probe, snmp_public_judge},
	{"coap-open", coap_open_probe, coap_open_judge},
	{"tls-server", tls_server_probe, tls_server_judge},
	{"unauth-http", unauth_http_probe, unauth_http_judge},
	{"upnp-igd", upnp_igd_probe, upnp_igd_judge},
	{"banners", banners_probe, banners_judge},
	{"login-throttle", login_throttle_probe, login_throttle_judge},
	{"robustness", robustness_probe, robustness_judge},
	{"rig-certificate", rig_certificate_probe, rig_certificate_judge},
	{"rig-outage", rig_outage_probe, rig_outage_judge},
	{"rig-names", rig_names_probe, rig_names_judge},
	{"rig-maker", rig_maker_probe, rig_maker_judge},
	{"rig-link", rig_link_probe, rig_link_judge},
	{"rig-backoff", rig_backoff_probe, rig_backoff_judge},
	{"rig-clock", rig_clock_probe, rig_clock_judge},
	{"reset-before", reset_before_probe, reset_before_judge},
	{"reset-after", reset_after_probe, reset_after_judge},
	{"papers", papers_probe, papers_judge},
	{"app-manifest", app_manifest_probe, app_manifest_judge},
	{"traffic", NULL, traffic_judge},
	{"clear-text", NULL, clear_text_judge},
	{"tls-client", NULL, tls_client_judge},
	{"update-channel", NULL, update_channel_judge},
	{"trackers", NULL, trackers_judge},
	{"identifiers", NULL, identifiers_judge},
	{"upnp-ports", NULL, upnp_ports_judge},
	{"maker-servers", NULL, maker_servers_judge},
	{"declaration", NULL, declaration_judge},
};

const size_t n_check_halves = COUNT_OF(check_halves);
