// SPDX-License-Identifier: Apache-2.0
// The pages of the running virtual home, in a real browser: each flow clicked
// through, each page looked at by axe, and a picture of each.
//
//	node home.js CODE FOLDER [pictures]
//
// CODE claims the gateway; pictures go into FOLDER.  Runs inside of the gateway's
// namespace (run.sh); exits with 1 when an expectation failed.
"use strict";
const fs = require("fs");
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [code, folder, only] = process.argv.slice(2);
const base = "http://127.0.0.1:8480";
const password = "a sentence that nobody guesses";
let failed = 0;

const expect = (sentence, is, why = "") => {
	console.log(`${is ? "ok" : "not ok"} - ${sentence}${is || !why ? "" : `: ${why}`}`);
	if (!is) failed++;
};
const heading = (page) => page.textContent("h1");

// What a page must not do: load from elsewhere, complain, or break its policy.
const watched = (page, complaints) => {
	page.on("console", (m) => { if (m.type() === "error") complaints.push(m.text()); });
	page.on("pageerror", (e) => complaints.push(String(e)));
	page.on("request", (r) => { if (!r.url().startsWith(base)) complaints.push(`asked ${r.url()}`); });
	return page;
};

const claim = async (page) => {
	await page.goto(`${base}/`);
	expect("the first visit leads to the claim", page.url() === `${base}/claim`);
	const fill = async (with_code) => {
		await page.fill("[name=code]", with_code);
		await page.fill("[name=name]", "anna");
		await page.fill("[name=password]", password);
		await page.click("button.main");
		await page.waitForLoadState();
	};
	await fill("AAAA-AAAA");
	expect("a wrong code is refused", (await heading(page)).includes("refused"));
	await page.goto(`${base}/claim`);
	await fill(code);
	expect("the right one makes it somebody's", page.url() === `${base}/` && (await page.$("nav")) !== null);
};

const open_device = async (page, name) => {
	await page.goto(`${base}/devices`);
	await page.click(`tbody a:text-is("${name}")`);
	await page.waitForLoadState();
};
const state = (page) => page.textContent(".who .chip");
const click = async (page, label) => {
	await page.click(`button:text-is("${label}")`);
	await page.waitForLoadState();
};

const flows = async (page) => {
	// a new device
	await page.goto(`${base}/devices?state=waiting`);
	expect("a new device waits", (await page.$$("tbody tr")).length > 0);
	await open_device(page, "bulb");
	await click(page, "Let it in, and watch it");
	expect("it is let in from its page, and watched", (await state(page)).includes("observe"));
	await click(page, "Undo");
	await open_device(page, "bulb");
	expect("undo takes that back", (await state(page)).includes("waiting"));
	await click(page, "Let it in, and watch it");
	await page.click('a:text-is("Hold it to what it needs")');
	expect("before it is held, what that would break is said", (await page.$$(".stops li")).length === 4);
	await page.click('.stops li:first-child button:text-is("Hold it so")');
	await open_device(page, "bulb");
	expect("it is held", (await state(page)).includes("enforce"));

	// I need it now
	await page.click("a.help");
	await page.selectOption("[name=device]", { label: "bulb" });
	await click(page, "Let it work now");
	await open_device(page, "bulb");
	expect("what does not work is opened at once", (await page.textContent(".who")).includes("paused"));
	await click(page, "End the pause");
	await open_device(page, "bulb");
	expect("and closed again by hand", !(await page.textContent(".who")).includes("paused"));

	// 3 am
	await open_device(page, "camera");
	await click(page, "Let it in, and watch it");
	await click(page, "Keep it apart");
	await page.goto(`${base}/`);
	expect("Home says that one must act", (await page.textContent(".state h2")) === "Act");
	await page.click('.card a:text-matches("camera.*quarantine")');
	await click(page, "Let it back");
	expect("it is let back from there", !(await state(page)).includes("quarantine"));

	// introductions
	await open_device(page, "phone");
	await click(page, "It is a phone or laptop of ours");
	await page.goto(`${base}/introductions`);
	await page.selectOption("[name=device]", { label: "phone" });
	await page.selectOption("[name=service]", "cast");
	await page.selectOption("[name=to]", { label: "camera" });
	await click(page, "Introduce them");
	expect("two are introduced", (await page.$$("tbody tr")).length === 1);
	await click(page, "End it");
	expect("and parted", (await page.$$("tbody tr")).length === 0);
	await open_device(page, "phone");
	expect("of a phone nothing but presence is shown",
		(await page.textContent("main")).includes("nothing but presence is recorded"));

	// leaving
	await open_device(page, "bulb");
	await page.click('a:text-is("It is leaving")');
	const account = 'li:has-text("Remove it from its account")';
	await page.click(`${account} button:text-is("Done")`);
	expect("a step of leaving is ticked and stays so", (await page.textContent(account)).includes("done"));
	await click(page, "It left");
	expect("who left has a signed note", (await page.textContent("textarea")).split(".").length === 3);
	await page.goto(`${base}/left`);
	expect("and is kept until a date", (await page.$$("tbody tr")).length === 1);
	await page.goto(`${base}/rules`);
	expect("that it left is in the journal", (await page.textContent("tbody tr:first-child")).includes("left"));
	await page.click('tbody tr:first-child button:text-is("Undo")');
	await open_device(page, "bulb");
	expect("and comes back by undo, held as before", (await state(page)).includes("enforce"));
};

const keyboard = async (page) => {
	await page.goto(`${base}/`);
	await page.keyboard.press("Tab");
	expect("the first stop of the keyboard leads to the content",
		(await page.evaluate(() => document.activeElement.className)) === "skip");
	await page.keyboard.press("Enter");
	expect("and it goes there", await page.evaluate(() => document.activeElement.id === "main"));
};

const everything = async (page) => {
	const id = async (name) => { await open_device(page, name); return page.url().split("/").pop(); };
	const bulb = await id("bulb");
	const tv = await id("tv");
	return [["home", "/"], ["leave", `/leave/${tv}`], ["left", "/left"], ["devices", "/devices"], ["device", `/devices/${bulb}`], ["hold", `/hold/${bulb}`],
		["why", `/why/${bulb}?destination=cloud.example&port=443`], ["story", "/story"], ["rules", "/rules"],
		["introductions", "/introductions"], ["doors", "/doors"], ["bench", "/bench"], ["box", "/box"],
		["help-now", "/help-now"], ["account", "/account"]];
};

const accessible = async (page, pages) => {
	for (const [name, path] of pages) {
		await page.goto(base + path);
		// axe is ours, not the page's: it goes around the policy that holds for pages.
		const found = await page.evaluate(`${axe}; axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})`);
		expect(`axe has nothing to say of ${name}`, found.violations.length === 0,
			found.violations.map((v) => `${v.id} ${v.nodes[0].html.slice(0, 120)}`).join("; "));
	}
};

const pictures = async (browser, storageState, pages) => {
	const looks = [["light", 1280, 900, "light"], ["dark", 1280, 900, "dark"], ["phone", 390, 844, "light"]];
	fs.mkdirSync(folder, { recursive: true });
	for (const [look, width, height, colorScheme] of looks) {
		const context = await browser.newContext({ viewport: { width, height }, colorScheme, storageState });
		const page = await context.newPage();
		for (const [name, path] of pages) {
			await page.goto(base + path);
			await page.waitForTimeout(200);
			await page.screenshot({ path: `${folder}/${name}-${look}.png`, fullPage: true });
			if (look === "phone")
				expect(`${name} fits on a phone`, await page.evaluate(() =>
					document.documentElement.scrollWidth <= window.innerWidth));
		}
		await context.close();
	}
};

(async () => {
	const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox",
		"--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--disable-dev-shm-usage"] });
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
	const complaints = [];
	const page = watched(await context.newPage(), complaints);
	page.setDefaultTimeout(10000);
	try {
		await claim(page);
		if (only !== "pictures") {
			await flows(page);
			await keyboard(page);
		}
		const pages = await everything(page);
		if (only !== "pictures")
			await accessible(page, pages);
		await pictures(browser, await context.storageState(), pages);
		const ours = complaints.filter((c) => !c.includes("status of 4"));
		expect("no page asks anybody else for anything, or breaks its own policy", ours.length === 0, ours.join("; "));
	} catch (e) {
		expect("the browser gets through", false, `${e.message} at ${page.url()}`);
		fs.mkdirSync(folder, { recursive: true });
		await page.screenshot({ path: `${folder}/stuck.png`, fullPage: true });
	}
	await browser.close();
	process.exit(failed ? 1 : 0);
})();
