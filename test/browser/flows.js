// SPDX-License-Identifier: Apache-2.0
// What an owner does, clicked through; each flow ends with what must be true, also on the wire.
"use strict";
const { base, password, expect, lab, reaches, is_cut_off, within, heading, state, click, follow, open_device, tab_to,
	enter, picture } = require("./lib.js");

const CLOUD = "198.18.1.18", ELSEWHERE = "198.18.4.1";

// Nothing but the keyboard, from the first visit on.
const claim = async (page, code) => {
	await page.goto(`${base}/`);
	expect("the first visit leads to the claim", page.url() === `${base}/claim`);
	await picture(page, "claim");
	const fill = async (with_code) => {
		let seen = await tab_to(page, "[name=code]");
		await page.keyboard.type(with_code);
		seen = await tab_to(page, "[name=name]") && seen;
		await page.keyboard.type("anna");
		seen = await tab_to(page, "[name=password]") && seen;
		await page.keyboard.type(password);
		await enter(page);
		return seen;
	};
	expect("the claim is filled in with the keyboard, and one sees where one is", await fill("AAAA-AAAA"));
	expect("a wrong code is refused", (await heading(page)).includes("refused"));
	await page.goto(`${base}/claim`);
	await fill(code);
	expect("the right one makes it somebody's", page.url() === `${base}/begin` && (await page.$("nav")) !== null);
};

const names = { camera: "Garden camera", bulb: "Reading lamp", phone: "Anna's phone", tv: "Television", plug: "Heating" };

const first_ten_minutes = async (page) => {
	expect("who claimed it is led to the first ten minutes", (await heading(page)) === "The first ten minutes");
	const text = await page.textContent("main");
	expect("what Pinfold sees is said, and what not", /sees every packet of \d+ ports/.test(text) && text.includes("is not seen"));
	expect("and the biggest facts, in plain words", text.includes("wait for your word") && (await page.$$(".facts li")).length >= 2);
	expect("and one thing to do", text.includes("One thing to do: say of each device whether it is yours"));
	await page.goto(`${base}/`);
	expect("Home says that there is something to look at", (await page.textContent(".state h2")) !== "Calm");
	await page.goto(`${base}/devices?state=waiting`);
	expect("new devices wait", (await page.$$("tbody tr")).length >= 5);
	for (const [name, better] of Object.entries(names)) {
		await open_device(page, name);
		await page.fill("input[name=name]", better);
		await click(page, "Call it so");
	}
	await page.goto(`${base}/devices`);
	const table = await page.textContent("tbody");
	expect("five are called as their owner calls them", Object.values(names).every((n) => table.includes(n)));
	const plug = `.welcome > li:has(a:text-is("${names.plug}"))`;
	await page.goto(`${base}/welcome`);
	await page.click(`${plug} summary`);
	await page.selectOption(`${plug} [name=kind]`, "thermostat");
	await page.check(`${plug} [name=class]`);
	await follow(page, `${plug} button:text-is("Let it in")`);
	await open_device(page, names.plug);
	const who = await page.textContent(".who");
	expect("what must never be blocked is let in as such, and as what its owner says it is",
		who.includes("critical") && who.includes("thermostat") && who.includes("observe"));
	await page.goto(`${base}/card`);
	expect("the recovery card names it, and no password", (await page.textContent("main")).includes(names.plug));
	await picture(page, "card");
	await click(page, "It is printed");
	await page.goto(`${base}/begin`);
	const open = await page.$$eval(".steps li", (rows) => rows.filter((r) => r.textContent.includes("to do")).length);
	expect("of the first steps those are left that nobody did", open === 3);
};

const new_device = async (page) => {
	expect("before it is let in, nothing of it arrives anywhere", is_cut_off("bulb", CLOUD));
	const bulb = `.welcome > li:has(a:text-is("${names.bulb}"))`;
	await page.goto(`${base}/welcome`);
	expect("a new device is said to be what it probably is, with three choices",
		/lighting \(\d+ %\)/.test(await page.textContent(bulb)) && (await page.$$(`${bulb} .buttons button`)).length === 3);
	await follow(page, `${bulb} button:text-is("Not mine")`);
	expect("what is nobody's waits no more", (await page.$(bulb)) === null);
	await click(page, "Undo");
	expect("and one click brings it back", (await page.$(bulb)) !== null);
	await follow(page, `${bulb} button:text-is("Allow as: lighting")`);
	const undo = page.url();
	await open_device(page, names.bulb);
	expect("it is let in as what it is, and watched", (await state(page)).includes("observe"));
	expect("and reaches the internet", reaches("bulb", CLOUD));
	await page.goto(undo);
	await click(page, "Undo");
	await open_device(page, names.bulb);
	expect("undo takes that back", (await state(page)).includes("waiting"));
	await click(page, "Let it in, and watch it");
	await follow(page, 'a:text-is("Hold it to what it needs")');
	expect("before it is held, what that would break is said", (await page.$$(".stops > li")).length === 4);
	await follow(page, '.stops li:first-child button:text-is("Hold it so")');
	await open_device(page, names.bulb);
	expect("it is held", (await state(page)).includes("enforce"));
	expect("and nothing but what it may reaches its destination", is_cut_off("bulb", ELSEWHERE));
};

const need_it_now = async (page) => {
	await page.goto(`${base}/`);
	await tab_to(page, "a.help");
	await enter(page);
	await tab_to(page, "select[name=device]");
	await page.keyboard.type(names.bulb);
	await tab_to(page, "main form button");
	await enter(page);
	await open_device(page, names.bulb);
	expect("what does not work is opened with the keyboard alone", (await page.textContent(".who")).includes("paused"));
	expect("and its packets arrive", reaches("bulb", ELSEWHERE, 80));
	await click(page, "End the pause");
	await open_device(page, names.bulb);
	expect("it closes again", !(await page.textContent(".who")).includes("paused") && is_cut_off("bulb", ELSEWHERE, 80));
	expect("and what it needed is offered", (await page.textContent("main")).includes("It needed 1 destination"));
	await picture(page, "what-it-needed");
	await click(page, "Allow for ever");
	expect("and one click allows that", reaches("bulb", ELSEWHERE, 80));
	expect("and nothing else", is_cut_off("bulb", "198.18.1.11"));
};

const three_in_the_morning = async (page) => {
	await open_device(page, names.camera);
	await click(page, "Let it in, and watch it");
	lab("attack", "scan", "camera", "300");
	await page.goto(`${base}/`);
	const acted = await within(60, async () => {
		await page.reload();
		return (await page.textContent(".state h2")) === "Act";
	});
	expect("a camera that tries all ports of its neighbours makes Home say that one must act", acted);
	await picture(page, "three-in-the-morning");
	await follow(page, `main a:text-matches("${names.camera}.*quarantine")`);
	expect("its page says what was done about it, and why", (await page.textContent("main")).includes("What Pinfold did about it"));
	await picture(page, "incident");
	await page.goto(`${base}/story`);
	expect("the story tells it", (await page.textContent("main")).includes(names.camera));
	const cell = await page.$(`.lanes a[href*="hour="]:has(path.bad)`);
	expect("in its lane stands an alarm", cell !== null);
	await tab_to(page, ".lanes a:has(path.bad)");
	await enter(page);
	expect("and the keyboard opens its hour as a table", (await page.textContent("#day details[open]")).includes(names.camera));
	await follow(page, `article:has-text("${names.camera}") a:text-matches("How it came to that")`);
	const told = await page.textContent("dl");
	expect("an incident says what, since when, what was done and what one can do",
		["What", "Since when", "What Pinfold did", "What you can do"].every((word) => told.includes(word)));
	expect("and is told in six frames", (await page.$$(".strip > li")).length === 6);
	// Whoever was let in a moment ago has none yet; they are asked for once more.
	const are_kept = async () => {
		const packets = await page.request.get(`${page.url()}/packets.pcapng`);
		return packets.ok() && (await packets.body()).readUInt32BE(0) === 0x0a0d0d0a;
	};
	expect("with its packets to save", await within(60, are_kept));
	await picture(page, "incident-page");
	await page.goto(`${base}/`);
	expect("and Home tells it in the morning", (await page.$$(".strip > li")).length === 6);
	await open_device(page, names.camera);
	await click(page, "Let it back");
	expect("and one click takes that back", !/quarantine|contained/.test(await page.textContent(".who")));
};

const introductions = async (page) => {
	await open_device(page, names.phone);
	await click(page, "It is a phone or laptop of ours");
	await page.goto(`${base}/introductions`);
	await page.selectOption("[name=device]", { label: names.phone });
	await page.selectOption("[name=service]", "cast");
	await page.selectOption("[name=to]", { label: names.camera });
	await click(page, "Introduce them");
	expect("two are introduced", (await page.$$("tbody tr")).length === 1);
	await click(page, "End it");
	expect("and parted", (await page.$$("tbody tr")).length === 0);
	await open_device(page, names.phone);
	expect("of a phone nothing but presence is shown",
		(await page.textContent("main")).includes("nothing but presence is recorded"));
};

const leaving = async (page) => {
	await open_device(page, names.tv);
	await click(page, "Let it in, and watch it");
	expect("what stays a while reaches the internet", reaches("tv", "198.18.1.17"));
	await open_device(page, names.tv);
	await follow(page, 'a:text-is("It is leaving")');
	const account = 'li:has-text("Remove it from its account")';
	await follow(page, `${account} button:text-is("Done")`);
	expect("a step of leaving is ticked and stays so", (await page.textContent(account)).includes("done"));
	await click(page, "It left");
	expect("who left has a signed note", (await page.textContent("textarea")).split(".").length === 3);
	expect("and reaches nothing any more", is_cut_off("tv", "198.18.1.17"));
	await page.goto(`${base}/left`);
	expect("and is kept until a date", (await page.$$("tbody tr")).length === 1);
	await page.goto(`${base}/rules`);
	expect("that it left is in the journal", (await page.textContent("tbody tr:first-child")).includes("left"));
	await page.click('tbody tr:first-child button:text-is("Undo")');
	await open_device(page, names.tv);
	expect("and it comes back by undo, as it was", (await state(page)).includes("observe"));
};

const log_in_again = async (page) => {
	await click(page, "Log out");
	await page.goto(`${base}/rules`);
	expect("who is logged out is asked to log in", page.url().startsWith(`${base}/login`));
	await tab_to(page, "[name=name]");
	await page.keyboard.type("anna");
	await tab_to(page, "[name=password]");
	await page.keyboard.type(password);
	await enter(page);
	expect("with the keyboard, and goes on where that was", page.url() === `${base}/rules`);
};

module.exports = { names, claim, flows: [first_ten_minutes, new_device, need_it_now, three_in_the_morning, introductions,
	leaving, log_in_again] };
