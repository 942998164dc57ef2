// SPDX-License-Identifier: Apache-2.0
// Keeps the page as it would be after a reload: on each event the page is fetched
// again, at most once in two seconds, and its main part put in place, unless somebody
// is filling in a form or about to click.  Times are shown in the viewer's zone.
"use strict";
(() => {
	const live = document.getElementById("live");
	let due = 0, busy = false, lost = false;

	const say = (text) => { if (live && live.textContent !== text) live.textContent = text; };
	const spoken = document.documentElement.lang;
	const language = navigator.language.startsWith(spoken) ? navigator.language : spoken;
	const minute = (at) => at.toLocaleString(language, { dateStyle: "short", timeStyle: "short" });
	const times = () => {
		for (const time of document.querySelectorAll("time[datetime]")) {
			const at = new Date(time.dateTime);
			if (isNaN(at)) continue;
			time.title = at.toLocaleString(language);
			if ("at" in time.dataset) time.textContent = minute(at);
		}
		for (const option of document.querySelectorAll("option[data-at]"))
			option.textContent = option.textContent.replace(/^[-0-9]+ [0-9:]+ UTC/, minute(new Date(option.dataset.at)));
	};
	// Browsers know what countries are called.
	const regions = () => {
		for (const region of document.querySelectorAll("[data-region]")) {
			try {
				region.textContent = new Intl.DisplayNames([language], { type: "region" }).of(region.dataset.region);
				region.lang = language;
			} catch { /* it stays as it is */ }
		}
	};
	// The sky of a device: the slider shows the steps that the table has; the choice beside it does the same.
	const sky = () => {
		const slider = document.getElementById("sky-slider"), choice = document.getElementById("sky-step");
		const rows = document.querySelectorAll("[data-step]");
		if (!slider || !choice || !rows.length) return;
		const show = (at) => {
			const row = rows[at], cells = row.querySelectorAll("td");
			for (const figure of document.querySelectorAll("[data-sky]")) {
				const side = figure.dataset.sky, is6 = side === "ipv6";
				figure.querySelector(".now").setAttribute("r", row.dataset[side]);
				figure.classList.toggle("none", !Number(row.dataset[side]));
				figure.querySelector(".used").setAttribute("r", row.dataset[side + "Used"]);
				figure.querySelector(".count").replaceChildren(...[...cells[is6 ? 2 : 1].cloneNode(true).childNodes]);
				figure.querySelector(".used-count").textContent = cells[4].textContent.split(" + ")[is6 ? 1 : 0];
			}
			slider.value = choice.value = at;
			slider.setAttribute("aria-valuetext", choice.selectedOptions[0].textContent);
		};
		slider.hidden = false;
		slider.addEventListener("input", () => show(Number(slider.value)));
		choice.addEventListener("change", () => show(Number(choice.value)));
		slider.setAttribute("aria-valuetext", choice.selectedOptions[0].textContent);
	};
	const stops = () => {
		const slider = document.getElementById("stop-slider"), choice = document.getElementById("stop-choice");
		const rows = [...document.querySelectorAll("[data-stop]")];
		if (!slider || !choice || !rows.length) return;
		const show = (at) => {
			rows.forEach((row, i) => i === at ? row.setAttribute("aria-current", "true") : row.removeAttribute("aria-current"));
			slider.value = choice.selectedIndex = at;
			slider.setAttribute("aria-valuetext", `${choice.selectedOptions[0].textContent}: ${rows[at].querySelector("p").textContent}`);
		};
		slider.hidden = false;
		slider.addEventListener("input", () => show(Number(slider.value)));
		choice.addEventListener("change", () => show(choice.selectedIndex));
	};
	const countdown = () => {
		for (const timer of document.querySelectorAll("[data-countdown]")) {
			const end = Date.now() + timer.dataset.countdown * 1000;
			const tick = () => {
				const left = Math.max(0, Math.round((end - Date.now()) / 1000));
				timer.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
				if (left && timer.isConnected) setTimeout(tick, 1000);
			};
			tick();
		}
	};
	// A table that has room is no stop on the way of the Tab key.
	const boxes = () => {
		for (const box of document.querySelectorAll(".wide[role]"))
			if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; else box.removeAttribute("tabindex");
	};
	addEventListener("resize", boxes);
	document.addEventListener("toggle", boxes, true);
	const ready = () => { boxes(); times(); regions(); sky(); stops(); countdown(); };
	// What somebody has typed or chosen and not sent yet is not thrown away.
	const changed = (field) => {
		if (/^(radio|checkbox)$/.test(field.type)) return field.checked !== field.defaultChecked;
		if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
		const chosen = [...field.options].findIndex((o) => o.defaultSelected);
		return field.selectedIndex !== Math.max(chosen, 0);
	};
	const filling = () => {
		if ([...document.querySelectorAll("main input, main select, main textarea")].some(changed)) return true;
		const at = document.activeElement;
		return (at && /^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName)) || document.querySelector("details[open]");
	};
	// A click is of one thing from its press to its release, and what one aims at stays where it is.
	let still = 0;
	const stay = (e) => { still = Date.now() + (e.buttons || e.type === "keydown" ? 10000 : 1000); };
	for (const event of ["pointermove", "pointerdown", "pointerup", "keydown", "keyup"])
		addEventListener(event, stay, { capture: true, passive: true });
	const must_stay = () => filling() || Date.now() < still || document.hidden || !getSelection().isCollapsed;
	// Where the keyboard is: the same link or button, also where several are alike.
	const alike = (main, as) => [...main.querySelectorAll("a, button, summary, [tabindex]")].filter((e) =>
		e.tagName === as.tagName && e.textContent === as.textContent && e.getAttribute("href") === as.getAttribute("href"));
	const put = (main, news) => {
		const kept = [...document.querySelectorAll(".notice")];
		const at = main.contains(document.activeElement) ? document.activeElement : null;
		const nth = at ? alike(main, at).indexOf(at) : -1;
		main.replaceChildren(...document.importNode(news, true).childNodes);
		main.querySelector("#live").replaceWith(live);
		for (const notice of kept) if (!main.querySelector(".notice")) live.after(notice);
		main.dataset.old = "";
		ready();
		const there = at && at !== main && ((at.id && document.getElementById(at.id)) || alike(main, at)[nth]);
		if (there) there.focus({ preventScroll: true });
	};
	const refresh = async () => {
		due = 0;
		if (busy || must_stay()) { later(); return; }
		busy = true;
		try {
			const answer = await fetch(location.pathname + location.search, { cache: "no-store" });
			if (!answer.ok || answer.redirected) throw new Error(answer.status);
			const news = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
			// Somebody may have begun to type or to click meanwhile.
			if (must_stay()) later(); else put(document.getElementById("main"), news);
			say("");
			lost = false;
		} catch (e) {
			lost = true;
			say(live.dataset.old);
			later();
		}
		busy = false;
	};
	const later = () => { if (!due) due = setTimeout(refresh, 2000); };

	ready();
	if (!document.querySelector("nav")) return;
	const events = new EventSource("/api/v1/events");
	events.onopen = () => { if (lost) later(); };
	events.onmessage = later;
	events.addEventListener("lost", later);
	events.onerror = () => { lost = true; say(live.dataset.lost); };
})();
