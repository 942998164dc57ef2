/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PINFOLD_PROCESS_CURL_LOOP_H
#define PINFOLD_PROCESS_CURL_LOOP_H

#include <curl/curl.h>
#include <openssl/x509.h>

/*
 * libcurl on our loop; one in a process.  Starts libcurl, so it belongs before confine().
 *
 * on_done is told when a transfer that was added to the handle is over, with what stood in its
 * CURLOPT_PRIVATE; it may remove and clean up the transfer.  At most `connections` at a time,
 * the rest waits.
 */
CURLM *curl_loop_new(unsigned connections, void (*on_done)(void *private, CURLcode));
/*
 * Whom servers' certificates must come from: of the file, or of the system where it is "".
 * That there are none is said in the log, and then no server is believed.  Gives.
 */
X509_STORE *curl_loop_anchors(const char *web_ca);

#endif
