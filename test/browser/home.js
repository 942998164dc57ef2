// SPDX-License-Identifier: Apache-2.0
// The pages of the running virtual home, in a real browser: each flow clicked
// through, each page looked at by axe, and a picture of each.
//
//	node home.js CODE FOLDER [pictures]
//
// CODE claims the gateway; pictures go into FOLDER.  Runs inside of the gateway's
// network (run.sh); exits with 1 when an expectation failed.
"use strict";
const { here, expect, watched, picture, browser_new } = require("./lib.js");
const { names, claim, flows } = require("./flows.js");
const people = require("./people.js");
const label = require("./label.js");

const [code, folder, only] = process.argv.slice(2);
here.folder = folder;

(async () => {
	const browser = await browser_new();
	const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
	const page = watched(await context.newPage());
	try {
		await claim(page, code);
		if (only !== "pictures") {
			for (const flow of flows) await flow(page);
			await label.story(page, names.bulb);
		}
		const pages = await people.everything(page, only === "pictures" ? "bulb" : names.bulb);
		if (only !== "pictures")
			pages.push(...label.pages());
		const session = await context.storageState();
		if (only !== "pictures") {
			await people.keyboard(page);
			await people.zones(browser, session);
			await people.in_the_hand(page);
			await people.in_german(browser, session, page, pages);
			await people.without_script(browser, session, pages);
			await people.hostile_names(page, pages);
		}
		await people.seen_by_all(context, pages, only === "pictures");
		if (only !== "pictures")
			await people.web_killed(page);
		const ours = here.complaints.filter((c) => !/status of 4|ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|INCOMPLETE_CHUNKED/.test(c));
		expect("no page asks anybody else for anything, or breaks its own policy", ours.length === 0, ours.join("; "));
	} catch (e) {
		expect("the browser gets through", false, `${e.stack} at ${page.url()}`);
		await picture(page, "stuck");
	}
	await browser.close();
	process.exit(here.failed ? 1 : 0);
})();
