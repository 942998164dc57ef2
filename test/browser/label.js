// SPDX-License-Identifier: Apache-2.0
// A device is tested, answered for, labelled and put on the shelf, from its pages alone.
"use strict";
const { base, expect, click, follow, open_device, within } = require("./lib.js");

const found = {}; // where the pages are that this story made

const chip = (page) => page.textContent("main .chip");

const why = async (page, name) => {
	await open_device(page, name);
	expect("a passport has a label", (await page.textContent("#label")).includes("Updates by"));
	await follow(page, 'a:text-is("Why it says no more, and what would change that")');
	found.why = new URL(page.url()).pathname;
	const unmet = (await page.$$(".need.warn")).length;
	await page.selectOption("[name=field]", "responsible");
	await page.fill("[name=value]", "Example Maker");
	await click(page, "Say it");
	expect("what its owner knows meets what was not met", (await page.$$(".need.warn")).length === unmet - 1);
};

const audit = async (page, name) => {
	await page.goto(`${base}/bench`);
	await page.selectOption("select[name=device]", { label: name });
	await page.check("[name=consent][value=passive]");
	await click(page, "Begin");
	found.run = new URL(page.url()).pathname;
	expect("an audit that was begun is what one sees next", /^\/bench\/[0-9]+$/.test(found.run));
	expect("with how far it is", (await page.$("progress")) !== null);
	await click(page, "Stop it");
	const is_stopped = async () => {
		await page.goto(base + found.run);
		return (await chip(page)).includes("stopped");
	};
	expect("it can be stopped, and what was found is kept", await within(60, is_stopped));
	expect("each provision is on the map", (await page.$$(".clauses li")).length === 78);
	expect("and in the table that says the same", (await page.$$(".provisions tbody tr")).length === 78);
	for (const [kind, begin] of [["pdf", "%PDF"], ["html", "<!doctype html>"], ["json", "{"], ["xml", "<?xml"]]) {
		const body = await page.evaluate(async (path) => (await fetch(path)).text(), `${found.run}/report.${kind}`);
		expect(`its report is there as ${kind}`, body.startsWith(begin));
	}
};

const declare = async (page) => {
	await page.goto(base + found.run);
	await follow(page, 'a:text-is("Answer what a test cannot see")');
	found.declaration = new URL(page.url()).pathname;
	await page.check('[name="answers/5.1-1/answer"][value=no]');
	await page.fill('[name="answers/5.1-1/reason"]', "one for all");
	await click(page, "Save this section");
	expect("a section is saved, and counted", (await page.textContent("main")).includes("1 / 6"));
	expect("with its reason", (await page.inputValue('[name="answers/5.1-1/reason"]')) === "one for all");
	await click(page, "Undo");
	await page.goto(base + found.declaration);
	expect("and taken back", (await page.textContent("main")).includes("0 / 6"));
};

const label = async (page) => {
	await page.goto(`${base}/labels`);
	await page.fill("form:has([name=kind]) [name=url]", "https://labels.example");
	await page.fill("[name=name]", "Example Laboratory");
	await click(page, "Set it");
	await page.goto(base + found.why);
	await click(page, "Issue it");
	await page.goto(`${base}/labels`);
	await follow(page, "tbody th a");
	found.label = new URL(page.url()).pathname;
	expect("an issued label has its QR code", await page.evaluate(() => document.querySelector(".qr").naturalWidth > 0));
	const said = async () => (await page.$$("ol.plain-list li")).length;
	const before = await said();
	await page.click("summary");
	await page.fill('form:has(button:text-is("Suspend it")) [name=reason]', "a recall");
	await click(page, "Suspend it");
	expect("suspended it says so first", (await page.textContent(".lead")).includes("SUSPENDED"));
	expect("and its log has one entry more", (await said()) === before + 1);
};

const shelf = async (page) => {
	await page.goto(base + found.run.replace("/bench/", "/gate/"));
	found.gate = new URL(page.url()).pathname;
	expect("what was hardly looked at does not go on the shelf by itself", (await chip(page)).includes("laboratory"));
	await page.fill("[name=model]", "X-1");
	await click(page, "Register it");
	await page.goto(`${base}/shelf`);
	expect("what is registered is on the shelf", (await page.textContent("tbody")).includes("X-1"));
	await follow(page, 'tr:has-text("X-1") button:text-is("Take it off")');
	await page.goto(`${base}/shelf`);
	expect("until it is taken off", !(await page.textContent("main")).includes("X-1"));
};

const story = async (page, name) => {
	await why(page, name);
	await audit(page, name);
	await declare(page);
	await label(page);
	await shelf(page);
};

// Those that the navigation does not have.
const pages = () => [["label-why", found.why], ["audit", found.run], ["declaration", found.declaration],
	["label", found.label], ["gate", found.gate], ["reset", found.why.replace("/labels/", "/reset/")],
	["compare", `/compare?run=${found.run.split("/").pop()}&with=${found.run.split("/").pop()}`]];

module.exports = { story, pages };
