"use strict";
/* base.js - the page's data, ways to make elements, and how numbers and times are said. Text becomes text nodes and nothing else:
 * no function here or in the other files makes markup of a string, and the page's policy would not let it. */
const DATA = JSON.parse(document.getElementById("data").textContent);

/* The rows of a section as objects; columns named "x#" hold places in DATA.texts and become x. */
function section(name) {
	const { columns, rows } = DATA.sections[name];
	const shared = columns.map(column => column.endsWith("#"));
	const names = columns.map(column => column.replace("#", ""));
	return rows.map(row => {
		const object = {};
		for (let i = 0; i < names.length; i++)
			object[names[i]] = shared[i] && row[i] !== null ? DATA.texts[row[i]] : row[i];
		return object;
	});
}

const SUMMARY = section("summary")[0];
const CATALOGUE = new Map(section("catalogue").map(cause => [cause.cause_id, cause]));
const CAPTURES = new Map(section("captures").map(capture => [capture.capture_id, capture]));
const CERTAINTIES = ["possible", "likely", "proven"];

/* ---- elements ---- */

function put(element, children) {
	for (const child of [children].flat(Infinity)) {
		if (child === null || child === undefined || child === false || child === "")
			continue;
		element.append(child instanceof Node ? child : String(child));
	}
	return element;
}

/* h("p", { class: "note", onclick: f }, "text", element, ...) */
function h(tag, properties, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(properties || {})) {
		if (name.startsWith("on"))
			element.addEventListener(name.slice(2), value);
		else if (value === true)
			element.setAttribute(name, "");
		else if (value !== null && value !== undefined && value !== false)
			element.setAttribute(name, value);
	}
	return put(element, children);
}

function replace(element, ...children) {
	element.textContent = "";
	return put(element, children);
}

const wire = (text, kind = "") => h("code", { class: `wire ${kind}` }, text); /* octets of the capture, shown in the order they came */
const slug = cause_id => h("span", { class: "slug" }, (CATALOGUE.get(cause_id)?.cause ?? "?").split(/(?<=[._])/).map((part, at) => [at ? h("wbr") : null, part]));
const party = cause_id => {
	const name = CATALOGUE.get(cause_id)?.party ?? "unknown";
	return h("span", { class: `tag party-${name.replace(/[^a-z]/g, "")}` }, name);
};
const certainty = level => h("span", { class: `certainty c${level}` }, CERTAINTIES[level] ?? "?");
const hidden = text => h("span", { class: "hidden" }, text);

/* A bar of a share, for the eye only: the number stands beside it. */
function bar(part, whole, kind = "", color = null) {
	const fill = h("span", { class: `fill ${kind}` });
	if (color)
		fill.style.background = color;
	fill.style.inlineSize = `${whole > 0 ? Math.max(part > 0 ? 1 : 0, 100 * part / whole) : 0}%`;
	return h("span", { class: "bar", "aria-hidden": "true" }, fill);
}

/* ---- numbers and times ---- */

const count = n => n === null || n === undefined ? "–" : String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
const counted = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

function share(part, whole) {
	const percent = whole > 0 ? 100 * part / whole : 0;
	if (part === whole && whole > 0)
		return "100\u00a0%";
	if (part > 0 && percent < 0.1)
		return "<0.1\u00a0%";
	if (percent > 99.9)
		return ">99.9\u00a0%";
	return `${percent < 9.95 ? percent.toFixed(1) : percent.toFixed(0)}\u00a0%`;
}

/* Times are microseconds since 1970, UTC. */
const iso = us => new Date(Math.floor(us / 1000)).toISOString();
const day = us => iso(us).slice(0, 10);
const FIRST_DAY = SUMMARY.from === null ? "" : day(SUMMARY.from);
const clock = us => iso(us).slice(11, 19);
const moment = us => us === null || us === undefined ? "–" : (day(us) === FIRST_DAY ? "" : `${day(us)} `) + clock(us);
const instant = us => `${day(us)} ${clock(us)}.${String(us % 1e6).padStart(6, "0")}`;

function span(seconds) {
	const units = [[172800, 86400, "d", 3600, "h"], [5400, 3600, "h", 60, "min"], [90, 60, "min", 0, ""]];
	for (const [from, unit, name, rest, rest_name] of units) {
		if (seconds < from)
			continue;
		const whole = Math.floor(seconds / unit), more = rest ? Math.floor((seconds - whole * unit) / rest) : 0;
		return `${whole} ${name}${more ? ` ${more} ${rest_name}` : ""}`;
	}
	if (seconds >= 9.95)
		return `${seconds.toFixed(0)} s`;
	return seconds >= 0.1 || seconds === 0 ? `${seconds.toFixed(1)} s` : `${(seconds * 1000).toFixed(seconds < 0.001 ? 2 : 1)} ms`;
}

function octets(n) {
	let unit = 0;
	for (; n >= 999.5 && unit < 4; unit++)
		n /= 1000;
	return `${unit && n < 9.95 ? n.toFixed(1) : n.toFixed(0)} ${["bytes", "kB", "MB", "GB", "TB"][unit]}`;
}

const endpoint = (address, port) => address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
