// SPDX-License-Identifier: Apache-2.0
// Keeps the page as it would be after a reload: on each event the page is
// fetched again, at most once a second, and its main part put in place.
"use strict";
(() => {
	const live = document.getElementById("live");
	let due = 0, busy = false;

	const say = (text) => { if (live.textContent !== text) live.textContent = text; };

	const refresh = async () => {
		due = 0;
		if (busy) { later(); return; }
		busy = true;
		try {
			const answer = await fetch(location.pathname + location.search, { cache: "no-store" });
			if (!answer.ok) throw new Error(answer.status);
			const news = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
			const main = document.getElementById("main");
			const at = document.activeElement && document.activeElement.id;
			main.replaceChildren(...document.importNode(news, true).childNodes);
			if (at && document.getElementById(at)) document.getElementById(at).focus({ preventScroll: true });
		} catch (e) {
			say("The gateway does not answer; what is shown is old.");
		}
		busy = false;
	};
	const later = () => { if (!due) due = setTimeout(refresh, 1000); };

	const events = new EventSource("/api/v1/events");
	events.onopen = () => { say("Live."); later(); };
	events.onmessage = later;
	events.addEventListener("lost", later);
	events.onerror = () => say("Connection lost; trying again.");
})();
