// SPDX-License-Identifier: Apache-2.0
// People differ: by what they see, where they are, and what is put in their way.
"use strict";
const { execFileSync } = require("child_process");
const fs = require("fs");
const { base, here, expect, inside, reaches, is_cut_off, pinfold, within, watched, follow, open_device, focus_is_visible,
	picture } = require("./lib.js");
const { names } = require("./flows.js");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

// Every page that the navigation names, and those behind them; name: of a device to show.
const everything = async (page, name) => {
	await open_device(page, name);
	const bulb = page.url().split("/").pop();
	await page.goto(`${base}/`);
	const listed = await page.$$eval("nav a", (links) => links.map((a) => a.getAttribute("href")));
	const named = listed.map((path) => [path === "/" ? "home" : path.slice(1).replaceAll("/", "-"), path]);
	return [...named, ["begin", "/begin"], ["welcome", "/welcome"], ["card", "/card"], ["leave", `/leave/${bulb}`],
		["intake", `/intake/${bulb}`], ["left", "/left"], ["device", `/devices/${bulb}`], ["maker", `/maker/${bulb}`],
		["tale", `/story/${bulb}`], ["hold", `/hold/${bulb}`], ["incidents", "/incidents"], ["incident", "/incidents/1"],
		["why", `/why/${bulb}?destination=cloud.example&port=443`], ["help-now", "/help-now"], ["account", "/account"],
		["tell", "/tell"], ["shelf", "/shelf"], ["apps", "/apps"], ["bands", "/bands"]];
};

// axe is ours, not the page's: it goes around the policy that holds for pages.
const axe_says = async (page, rules) => {
	const found = await page.evaluate((r) => window.axe.run(document, r), rules);
	return found.violations.map((v) => `${v.id} ${v.nodes[0].html.slice(0, 120)}`).join("; ");
};

const keyboard = async (page) => {
	await page.goto(`${base}/`);
	await page.keyboard.press("Tab");
	expect("the first stop of the keyboard leads to the content",
		(await page.evaluate(() => document.activeElement.className)) === "skip");
	await page.keyboard.press("Enter");
	expect("and it goes there", await page.evaluate(() => document.activeElement.id === "main"));
	await open_device(page, names.bulb);
	const stops = await page.$$eval("a[href], button, input:not([type=hidden]), select, summary", (all) =>
		all.filter((e) => e.checkVisibility()).length);
	const unseen = [];
	let seen = 0; // the last leads out of the page: several buttons of one choice are one stop
	for (; seen < stops; seen++) {
		await page.keyboard.press("Tab");
		if (await page.evaluate(() => document.activeElement === document.body))
			break;
		if (!await focus_is_visible(page))
			unseen.push(await page.evaluate(() => document.activeElement.outerHTML.slice(0, 120)));
	}
	expect("each stop of the keyboard on a device's page is seen", !unseen.length && seen > stops / 2,
		`${seen} of ${stops}; ${unseen.join("; ")}`);
};

const plain = { colorScheme: "light", contrast: "no-preference", forcedColors: "none" };
const looks = [
	{ name: "light", width: 1280, axe: { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] } },
	{ name: "dark", width: 1280, media: { colorScheme: "dark" }, axe: { runOnly: ["color-contrast"] } },
	{ name: "contrast", width: 1280, media: { contrast: "more" }, axe: { runOnly: ["color-contrast-enhanced"] } },
	{ name: "darkest", width: 1280, media: { contrast: "more", colorScheme: "dark" },
		axe: { runOnly: ["color-contrast-enhanced"] }, for_pictures: true },
	{ name: "forced", width: 1280, media: { forcedColors: "active" }, for_pictures: true },
	{ name: "phone", width: 390, for_pictures: true },
	{ name: "narrow", width: 320 },
];

const WEIGHT_MAX = 100000; // the page, its style and its script

// Each page is loaded once, and then looked at by everybody.
const look_at = async (page, [name, path], with_pictures, said) => {
	await page.goto(base + path);
	const weight = await page.evaluate(async () => {
		const parts = [...document.querySelectorAll("script[src], link[rel=stylesheet]")].map((e) => e.src || e.href);
		const sizes = [location.href, ...parts].map(async (url) => (await (await fetch(url)).arrayBuffer()).byteLength);
		return (await Promise.all(sizes)).reduce((sum, n) => sum + n, 0);
	});
	here.heaviest = Math.max(here.heaviest || 0, weight);
	if (weight >= WEIGHT_MAX) said.heavy.push(`${name}: ${weight} bytes`);
	await page.evaluate(`${axe}; 0`);
	for (const look of looks.filter((l) => with_pictures || !l.for_pictures)) {
		await page.setViewportSize({ width: look.width, height: look.width < 400 ? 844 : 900 });
		await page.emulateMedia({ ...plain, ...look.media });
		if (with_pictures) await picture(page, `${name}-${look.name}`);
		const complaint = look.axe ? await axe_says(page, look.axe) : "";
		if (complaint) said[look.name].push(`${name}: ${complaint}`);
		if (look.width < 400 && await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth))
			said[look.name].push(name);
	}
};

const seen_by_all = async (context, pages, with_pictures) => {
	const said = Object.fromEntries([...looks, { name: "heavy" }].map(({ name }) => [name, []]));
	const left = [...pages];
	const tab = async () => {
		const page = watched(await context.newPage());
		while (left.length) await look_at(page, left.shift(), with_pictures, said);
		await page.close();
	};
	await Promise.all([tab(), tab()]);
	const none = (sentence, ...names) => {
		const all = names.flatMap((name) => said[name]);
		expect(sentence, !all.length, all.join("\n"));
	};
	none(`axe has nothing to say of ${pages.length} pages`, "light");
	none("in the dark there is contrast enough", "dark");
	none("who asks for more contrast gets seven to one", "contrast", "darkest");
	none("no page is wider than a narrow screen", "phone", "narrow");
	none(`no page is heavy; the heaviest has ${here.heaviest} bytes`, "heavy");
};

const zones = async (browser, storageState) => {
	for (const timezoneId of ["Pacific/Auckland", "America/St_Johns"]) {
		const context = await browser.newContext({ timezoneId, locale: "en-GB", storageState });
		const page = watched(await context.newPage());
		await page.goto(`${base}/story`);
		const [at, title] = await page.$eval("time[datetime]", (t) => [t.dateTime, t.title]);
		expect(`times are those of ${timezoneId}`,
			title === new Date(at).toLocaleString("en-GB", { timeZone: timezoneId }), `${at}: ${title}`);
		await context.close();
	}
};

// What it says in sentences; commands and rules are the same in every language.
const sentences = (page) => page.$$eval("main *", (all) => all.filter((e) => !e.closest("code, pre, textarea, .paper, [translate=no]"))
	.flatMap((e) => [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()))
	.filter((text) => !text.startsWith("pinfold ") && !/\ballow (tcp|udp) /.test(text) &&
		text.split(/\s+/).filter((word) => /^[a-z]{2,}[.,;:]?$/.test(word)).length >= 3));

const in_german = async (browser, storageState, english, pages) => {
	const context = await browser.newContext({ locale: "de-CH", storageState });
	const page = watched(await context.newPage());
	await page.goto(`${base}/`);
	expect("who reads German is told in German", (await page.textContent("h1")) === "Ist alles in Ordnung?" &&
		(await page.getAttribute("html", "lang")) === "de");
	await picture(page, "home-german");
	const same = [];
	for (const [name, path] of pages) {
		await Promise.all([english.goto(base + path), page.goto(base + path)]);
		const said = new Set(await sentences(english));
		same.push(...(await sentences(page)).filter((text) => said.has(text)).map((text) => `${name}: ${text}`));
	}
	expect("and on no page in English", !same.length, same.join("\n"));
	await context.close();
};

const without_script = async (browser, storageState, pages) => {
	const context = await browser.newContext({ javaScriptEnabled: false, storageState });
	const page = watched(await context.newPage());
	await page.goto(`${base}/help-now`);
	await page.selectOption("[name=device]", { label: names.bulb });
	await follow(page, "main form button");
	await page.goto(base + pages.find(([name]) => name === "device")[1]);
	expect("without script, it is paused as well", (await page.textContent(".who")).includes("paused"));
	pinfold("device", "resume", names.bulb);
	await context.close();
};

// What a device calls itself, and what an owner may call it, is text and nothing else.
const hostile_names = async (page, pages) => {
	const bad = "zq<img src=x onerror=alert(1)><script>alert(2)</script>";
	const id = pages.find(([name]) => name === "device")[1].split("/").pop();
	inside("tv", "busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "1", "-T", "1", "-s", "/bin/true",
		"-x", `0x0c:${Buffer.from(bad).toString("hex")}`);
	await page.goto(`${base}/devices?find=zq%3Cimg`);
	expect("a device that calls itself by a script is found by that name", (await page.$$("tbody tr")).length === 1);
	await follow(page, "tbody a");
	expect("its page shows the name", (await page.textContent("main")).includes("<script>alert(2)</script>"));
	await picture(page, "hostile-name");
	pinfold("device", "name", id, bad.slice(0, 60));
	for (const [, path] of pages) {
		await page.goto(base + path);
		if (await page.$("main img:not(.qr), main script, main [onerror]"))
			here.complaints.push(`${path} has an element that a name made`);
	}
	expect("and as a name it is no element on any page, and no dialog", !here.complaints.some((c) => /dialog|element/.test(c)));
	pinfold("device", "name", id, names.bulb);
};

// A page that renews itself takes nothing from under the hand.
const in_the_hand = async (page) => {
	await page.goto(`${base}/devices`);
	const link = page.locator(`tbody a:text-is("${names.bulb}")`);
	await link.focus();
	pinfold("device", "name", names.plug, "Radiator");
	expect("what happens is shown on the page that is open",
		await within(60, async () => (await page.textContent("tbody")).includes("Radiator")));
	expect("and the keyboard stays where it was",
		(await page.evaluate(() => document.activeElement.textContent)) === names.bulb);
	await link.hover();
	await page.mouse.down();
	pinfold("device", "name", "Radiator", names.plug);
	await page.waitForTimeout(3000); // longer than the page waits before it renews itself
	await page.mouse.up();
	expect("a click is of what was pressed, whatever happens until it is released",
		await within(10, () => page.url().includes("/devices/d-")));
};

const web_process = () => {
	try {
		return execFileSync("pgrep", ["-P", process.env.MONITOR, "-x", "web"]).toString().trim();
	} catch { return ""; }
};

const web_killed = async (page) => {
	await page.goto(`${base}/`);
	await page.waitForFunction(() => document.getElementById("live"));
	const before = web_process();
	await page.waitForTimeout(300); // the stream is open
	const said = page.waitForFunction(() => /Connection lost/.test(document.getElementById("live").textContent));
	process.kill(Number(before), "SIGKILL");
	expect("while the web process is dead, what may pass arrives and nothing else",
		reaches("bulb", "198.18.4.1", 80) && is_cut_off("bulb", "198.18.1.11"));
	expect("the page says that the connection is lost", Boolean(await said.catch(() => false)));
	expect("and comes back by itself", await within(60, () => page.evaluate(() => !document.getElementById("live").textContent)));
	expect("from another process", web_process() !== before);
	pinfold("device", "name", names.phone, "Phone of Anna");
	await page.goto(`${base}/devices`);
	expect("and hears what happens again", await within(60, async () => (await page.textContent("main")).includes("Phone of Anna")));
};

module.exports = { everything, keyboard, in_the_hand, seen_by_all, zones, in_german, without_script, hostile_names, web_killed };
