// SPDX-License-Identifier: Apache-2.0
// What all stories need: a browser, expectations, the keyboard, and the rooms of the
// virtual home.  Environment: LAB (pinfold-lab), PINFOLD_BUILD.
"use strict";
const { execFileSync } = require("child_process");
const fs = require("fs");
const { chromium } = require("playwright-core");

const base = "http://127.0.0.1:8480";
const password = "a sentence that nobody guesses";
const here = { failed: 0, complaints: [], folder: "" };

const expect = (sentence, is, why = "") => {
	console.log(`${is ? "ok" : "not ok"} - ${sentence}${is || !why ? "" : `: ${why}`}`);
	if (!is) here.failed++;
};

// A command in a room ("bulb", "internet") or, without exec, of the lab; true: it succeeded.
const lab = (...words) => {
	try {
		execFileSync(process.env.LAB, words, { stdio: ["ignore", "pipe", "pipe"], timeout: 120000 });
		return true;
	} catch { return false; }
};
const inside = (name, ...words) => lab("exec", name, ...words);
// What is dropped is not waited for as long as what may be slow.
const connects = (name, address, port, seconds) =>
	inside(name, "socat", "-T", "1", "-", `TCP4:${address}:${port},connect-timeout=${seconds}`);
const reaches = (name, address, port = 443) => connects(name, address, port, 4);
const is_cut_off = (name, address, port = 443) => !connects(name, address, port, 1);
const pinfold = (...words) => lab("pinfold", ...words);
const within = async (seconds, is) => {
	for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
		if (await is()) return true;
		await new Promise((done) => setTimeout(done, 200));
	}
	return false;
};

// What a page must not do: load from elsewhere, complain, or break its policy.
const watched = (page) => {
	page.setDefaultTimeout(60000);
	page.on("console", (m) => { if (m.type() === "error") here.complaints.push(m.text()); });
	page.on("pageerror", (e) => here.complaints.push(String(e)));
	page.on("dialog", (d) => { here.complaints.push(`a dialog: ${d.message()}`); d.dismiss(); });
	page.on("request", (r) => { if (!r.url().startsWith(base)) here.complaints.push(`asked ${r.url()}`); });
	return page;
};

const heading = (page) => page.textContent("h1");
const state = (page) => page.textContent(".who .chip");
const click = (page, label) => follow(page, `button:text-is("${label}")`);
const follow = (page, link) => Promise.all([page.waitForNavigation(), page.click(link)]);
const open_device = async (page, name) => {
	await page.goto(`${base}/devices?find=${encodeURIComponent(name)}`);
	await follow(page, `tbody a:text-is("${name}")`);
};

// The outline of what has the focus can be seen.
const focus_is_visible = (page) => page.evaluate(() => {
	const style = getComputedStyle(document.activeElement);
	return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== "none";
});
// By Tab alone, to the first that fits; false: it is not reached, or the focus was lost from sight.
const tab_to = async (page, selector) => {
	let seen = true;
	for (let i = 0; i < 120; i++) {
		await page.keyboard.press("Tab");
		seen = seen && await focus_is_visible(page);
		if (await page.evaluate((s) => document.activeElement.matches(s), selector)) return seen;
	}
	return false;
};
const enter = (page) => Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);

const picture = async (page, name) => {
	fs.mkdirSync(here.folder, { recursive: true });
	await page.screenshot({ path: `${here.folder}/${name}.png`, fullPage: true });
};

const browser_new = () => chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox",
	"--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
	"--disable-sync", "--disable-dev-shm-usage"] });

module.exports = { base, password, here, expect, lab, inside, reaches, is_cut_off, pinfold, within, watched, heading, state,
	click, follow, open_device, focus_is_visible, tab_to, enter, picture, browser_new };
