// SPDX-License-Identifier: Apache-2.0
// Logging in by a passkey, and making one: only where the pages are served by TLS for
// their name.  The forms are shown once this has found that the browser can.
"use strict";
(() => {
	if (!window.PublicKeyCredential) return;
	const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
	const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
		.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
	const ask = async (form, path, body) => {
		const answer = await fetch("/api/v1" + path, { method: "POST", body: JSON.stringify(body),
			headers: { "Content-Type": "application/json", "X-Pinfold-CSRF": form.elements.csrf.value } });
		const said = await answer.json();
		if (!answer.ok) throw new Error(said.detail);
		return said.result;
	};
	const login = async (form) => {
		const asked = await ask(form, "/session/challenge", {});
		const { rawId, response } = await navigator.credentials.get({ publicKey: { ...asked, challenge: bytes(asked.challenge) } });
		await ask(form, "/session/passkey", { credential: text(rawId), client: text(response.clientDataJSON),
			authenticator: text(response.authenticatorData), signature: text(response.signature),
			user: text(response.userHandle || []) });
		// Whoever made a link to here wrote where to go on to.
		const on = new URL(form.elements.back.value, location.href);
		location.assign(on.origin === location.origin ? on : "/");
	};
	const make = async (form) => {
		const asked = await ask(form, "/passkeys/challenge", { password: form.elements.password.value });
		const { response } = await navigator.credentials.create({ publicKey: { ...asked, challenge: bytes(asked.challenge),
			user: { ...asked.user, id: bytes(asked.user.id) },
			excludeCredentials: asked.excludeCredentials.map((c) => ({ ...c, id: bytes(c.id) })) } });
		await ask(form, "/passkeys", { name: form.elements.name.value, client: text(response.clientDataJSON),
			attestation: text(response.attestationObject) });
		location.reload();
	};
	document.addEventListener("submit", async (event) => {
		const form = event.target, act = { login, make }[form.dataset.passkey];
		if (!act) return;
		event.preventDefault();
		const say = form.querySelector("[role=status]"), button = form.querySelector("button");
		say.textContent = "";
		button.disabled = true;
		try {
			await act(form);
		} catch (e) {
			say.textContent = e.name === "InvalidStateError" ? form.dataset.known
				: e.name === "Error" ? e.message : form.dataset.cancelled;
		}
		button.disabled = false;
	});
	document.documentElement.classList.add("passkeys");
})();
