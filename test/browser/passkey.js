// SPDX-License-Identifier: Apache-2.0
// Passkeys in a real browser, with an authenticator that the browser plays (CDP WebAuthn):
// made, used, refused, removed; over plain HTTP there are none.
//
//	node passkey.js CODE ORIGIN ADDRESS SPKI FOLDER
//
// CODE claims the gateway; ADDRESS is where ORIGIN leads and where the pages are by plain HTTP,
// SPKI the digest of the key that its certificate is for.  Pictures go into FOLDER.
"use strict";
const fs = require("fs");
const { chromium } = require("playwright-core");
const { password, here, expect, within, watched, picture } = require("./lib.js");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [code, origin, plain, spki, folder] = process.argv.slice(2);
const name = new URL(origin).hostname, address = new URL(plain).hostname;
here.folder = folder;

const login = "form[data-passkey=login]", make = "form[data-passkey=make]";
const said = async (page, form) => {
	await within(5, () => page.textContent(`${form} [role=status]`));
	return page.textContent(`${form} [role=status]`);
};
const log_out = async (page) => {
	await page.context().clearCookies();
	await page.goto(`${origin}/login`);
};
const by_passkey = (page) => Promise.all([page.waitForNavigation(), page.click(`${login} button`)]);
const add = async (page, title, word) => {
	await page.goto(`${origin}/account`);
	await page.fill(`${make} [name=name]`, title);
	await page.fill(`${make} [name=password]`, word);
	await page.click(`${make} button`);
};

const looked_at = async (page, what) => {
	const found = await page.evaluate(`${axe}; axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] })`);
	expect(`axe has nothing to say of the page: ${what}`, !found.violations.length, found.violations.map((v) => v.id).join(" "));
};

const authenticator = async (page) => {
	const client = await page.context().newCDPSession(page);
	await client.send("WebAuthn.enable");
	const { authenticatorId } = await client.send("WebAuthn.addVirtualAuthenticator", { options: { protocol: "ctap2",
		transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
		automaticPresenceSimulation: true } });
	return { client, authenticatorId };
};

const story = async (page) => {
	await page.goto(`${origin}/claim`);
	await page.fill("[name=code]", code);
	await page.fill("[name=name]", "anna");
	await page.fill("[name=password]", password);
	await Promise.all([page.waitForNavigation(), page.click("main form button")]);
	const { client, authenticatorId } = await authenticator(page);

	await add(page, "my phone", "not the password at all");
	expect("adding a passkey asks for the password", /password is wrong/.test(await said(page, make)));
	await add(page, "Büro", password);
	expect("a name that would be refused is refused before the phone is asked",
		!(await client.send("WebAuthn.getCredentials", { authenticatorId })).credentials.length &&
		await page.$(`${make} [name=name]:invalid`));
	await add(page, "my \"phone\"", password);
	expect("so is one with quotes in it", await page.$(`${make} [name=name]:invalid`));
	await add(page, "my phone", password);
	await page.waitForSelector("th:text-is(\"my phone\")");
	const { credentials } = await client.send("WebAuthn.getCredentials", { authenticatorId });
	expect("a passkey is made that names nobody and belongs to this name",
		credentials.length === 1 && credentials[0].isResidentCredential && credentials[0].rpId === name);
	await picture(page, "passkey-account");
	await page.setViewportSize({ width: 390, height: 844 });
	expect("a narrow screen is wide enough", !await page.evaluate(() => document.documentElement.scrollWidth > innerWidth));
	await picture(page, "passkey-account-phone");
	await page.setViewportSize({ width: 1280, height: 900 });
	await looked_at(page, "account");
	await add(page, "once more", password);
	expect("the same phone is not taken twice", /already/.test(await said(page, make)));

	await log_out(page);
	expect("the password is asked for as ever", await page.isVisible("[name=password]"));
	await picture(page, "passkey-login");
	await looked_at(page, "log in");
	await page.goto(`${origin}/login?back=/devices`);
	await by_passkey(page);
	expect("the passkey logs in, and goes on to where one was", page.url() === `${origin}/devices`, page.url());
	await log_out(page);
	await page.goto(`${origin}/login?back=https://evil.example/`);
	await by_passkey(page);
	expect("and never to another site", page.url() === `${origin}/`, page.url());

	await log_out(page);
	await client.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
	await page.click(`${login} button`);
	expect("whoever is not known to the phone is told to try again", /Try it again/.test(await said(page, login)));
	await client.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
	await by_passkey(page);

	await page.goto(`${origin}/account`);
	await page.click("tr:has(th:text-is(\"my phone\")) summary");
	await page.fill("tr:has(th:text-is(\"my phone\")) [name=password]", password);
	await page.setViewportSize({ width: 390, height: 844 });
	expect("on a telephone there is room for the button that removes it", await page.evaluate(() => {
		const button = document.querySelector("details[open] button");
		return button.offsetWidth > innerWidth / 3 &&
			button.getBoundingClientRect().right <= button.closest("td").getBoundingClientRect().right;
	}));
	await picture(page, "passkey-remove");
	await page.setViewportSize({ width: 1280, height: 900 });
	await Promise.all([page.waitForNavigation(), page.click("button:text-is(\"Remove this passkey\")")]);
	expect("it is removed", !await page.$("th:text-is(\"my phone\")"));
	await log_out(page);
	await page.click(`${login} button`);
	expect("and logs in no more", /not known here/.test(await said(page, login)));

	await page.goto(`${plain}/login`);
	expect("over plain HTTP nothing is offered", !await page.$(".passkey") && !await page.$("script[src*=passkey]"));
};

(async () => {
	const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-dev-shm-usage", `--host-resolver-rules=MAP ${name} ${address}`,
		`--ignore-certificate-errors-spki-list=${spki}`] });
	const page = watched(await (await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light" })).newPage());
	try {
		await story(page);
		const bare = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
		await bare.goto(`${origin}/login`);
		expect("without script there is the password", await bare.isVisible("[name=password]") && !await bare.isVisible(login));
	} catch (e) {
		expect("the browser gets through", false, `${e.stack} at ${page.url()}`);
		await picture(page, "stuck");
	}
	await browser.close();
	process.exit(here.failed ? 1 : 0);
})();
