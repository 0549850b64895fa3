"use strict";
/* page.js - the sections of the page, in the order a reader asks: what failed, since when, why, what to change, where, which. */

/* ---- finding errors: search words and filters ---- */

const finder = { words: [], cause: null, party: null, certainty: null, range: null, host: null };
const MISSING = SUMMARY.errors - ERRORS.length; /* left out of the table: not found among the listed is not the same as not there */
let errors_grid, errors_status, errors_chips, errors_inputs;

/* What the search looks through, made once an error. */
function haystack(error) {
	error.hay ??= [error.id, reply_line(error), error.verb, error.line, error.reply, CATALOGUE.get(error.cause)?.cause, CATALOGUE.get(error.cause)?.party,
		error.detail, endpoint(error.at.client, error.at.client_port), endpoint(error.at.server, error.at.server_port), error.at.helo,
		CAPTURES.get(error.reply_capture)?.name, iso(error.time)].join("\n").toLowerCase();
	return error.hay;
}

function wanted(error) {
	return (finder.cause === null || error.cause === finder.cause) && (finder.party === null || CATALOGUE.get(error.cause)?.party === finder.party) &&
		(finder.certainty === null || error.certainty === finder.certainty) &&
		(finder.range === null || (error.time >= finder.range[0] && error.time < finder.range[1])) &&
		(finder.host === null || error.at.client === finder.host || error.at.server === finder.host) &&
		finder.words.every(word => haystack(error).includes(word));
}

function chip(label, clear) {
	return h("button", { type: "button", class: "chip", onclick: clear }, label, h("span", { "aria-hidden": "true" }, " ×"), hidden(", take this filter away"));
}

function find() {
	const found = ERRORS.filter(wanted);
	errors_grid.rows(found);
	const all = `${counted(ERRORS.length, MISSING ? "listed error" : "error")}`;
	errors_status.textContent = found.length === ERRORS.length ? all : `${count(found.length)} of ${all}`;
	replace(errors_chips,
		finder.range ? chip(`${moment(finder.range[0])} – ${moment(finder.range[1])}`, () => TIMELINE.all()) : null,
		finder.host !== null ? chip(finder.host, () => narrow({ host: null })) : null);
	errors_inputs.cause.value = finder.cause ?? "";
	errors_inputs.party.value = finder.party ?? "";
	errors_inputs.certainty.value = finder.certainty ?? "";
}

function narrow(changes) {
	Object.assign(finder, changes);
	find();
}

const TIMELINE = SUMMARY.errors ? timeline(range => errors_grid && narrow({ range })) : null;

/* A button elsewhere on the page that shows the errors it counts. */
function show_errors(label, changes) {
	return h("button", { type: "button", class: "link", onclick: () => {
		Object.assign(finder, { words: [], cause: null, party: null, certainty: null, host: null });
		errors_inputs.search.value = "";
		narrow(changes);
		const heading = document.querySelector("#errors h2");
		heading.scrollIntoView({ block: "start" });
		heading.focus({ preventScroll: true });
	} }, label);
}

/* ---- the summary ---- */

const CAUSES = section("causes");

function figure(number, label, note) {
	return h("div", { class: "figure" }, h("dt", {}, label), h("dd", {}, h("strong", {}, number), note ? h("span", { class: "note" }, note) : null));
}

/* The host with most errors, where it stands out. */
function most_at(name) {
	const [first] = section(name);
	return first && first.errors * 10 >= SUMMARY.errors ? `most: ${first.address} (${share(first.errors, SUMMARY.errors)})` : "none stands out";
}

const TOP_CAUSES = 7;

function top_causes() {
	const list = CAUSES.slice(0, TOP_CAUSES).map(cause => h("li", {},
		h("span", { class: "number" }, count(cause.errors)), h("span", { class: "number faint" }, share(cause.errors, SUMMARY.errors)),
		h("div", {}, h("p", {}, show_errors(CATALOGUE.get(cause.cause_id).cause, { cause: cause.cause_id }), " ", party(cause.cause_id)), bar(cause.errors, CAUSES[0].errors, "", TIMELINE.color(cause.cause_id)),
			h("p", { class: "note" }, `Since ${moment(cause.first)}. ${CATALOGUE.get(cause.cause_id).meaning}`))));
	const more = CAUSES.length - list.length;
	return h("section", { class: "card wide" }, h("h2", {}, "Why"), h("ol", { class: "causes-top" }, list), more > 0 ? h("p", { class: "note" }, `and ${counted(more, "further cause")}`) : null);
}

function parties() {
	const sums = new Map();
	for (const cause of CAUSES) {
		const name = CATALOGUE.get(cause.cause_id).party, sum = sums.get(name) ?? { name, cause: cause.cause_id, errors: 0, causes: 0 };
		sum.errors += cause.errors;
		sum.causes++;
		sums.set(name, sum);
	}
	const rows = [...sums.values()].sort((a, b) => b.errors - a.errors || compare(a.name, b.name));
	return h("section", { class: "card" }, h("h2", {}, "At fault"), h("ul", { class: "parties" }, rows.map(row => h("li", {},
		show_errors(row.name, { party: row.name }), bar(row.errors, rows[0].errors, `party-${row.name.replace(/[^a-z]/g, "")}`),
		h("span", { class: "number" }, share(row.errors, SUMMARY.errors)), h("span", { class: "note" }, `${counted(row.errors, "error")}, ${counted(row.causes, "cause")}`)))));
}

function blind() {
	if (!DATA.blind.length)
		return null;
	return h("section", { class: "card warn" }, h("h2", {}, "Could not look into"), h("ul", {}, DATA.blind.map(line => h("li", {}, line))));
}

function first_change() {
	const cause = CATALOGUE.get(DATA.first);
	return cause && (cause.remedy_client || cause.remedy_server) ? h("section", { class: "card" }, h("h2", {}, "First to change"),
		h("p", {}, slug(DATA.first), " ", party(DATA.first)),
		remedies(DATA.first)) : null;
}

function summary() {
	const traces = SUMMARY.findings ? h("p", { class: "lead" }, `Also seen without a 5xx: ${counted(SUMMARY.findings, "observation")}`,
		SUMMARY.traces ? `, ${count(SUMMARY.traces)} of them traces of a middlebox on the path.` : ".") : null;
	const period = SUMMARY.from === null ? "no packets" : `${instant(SUMMARY.from).slice(0, 19)} – ${moment(SUMMARY.to)} UTC`;
	return [
		h("p", { class: "eyebrow" }, `${SUMMARY.captures === 1 ? [...CAPTURES.values()][0]?.name : counted(SUMMARY.captures, "capture")}, ${counted(SUMMARY.packets ?? 0, "packet")}, ${period}`),
		h("h1", { class: DATA.tone }, DATA.verdict.replaceAll(" %", "\u00a0%")),
		DATA.redacted ? h("p", { class: "callout" }, h("strong", {}, "Redacted. "), "Addresses, names and mailboxes are tokens, the same token for the same name.") : null,
		SUMMARY.errors ? h("dl", { class: "figures" },
			figure(count(SUMMARY.errors), "5xx replies", `since ${moment(SUMMARY.first)}`),
			figure(share(SUMMARY.hit, Math.max(SUMMARY.hit, SUMMARY.sessions)), "of sessions hit", `${count(SUMMARY.hit)} of ${count(Math.max(SUMMARY.hit, SUMMARY.sessions))}`),
			figure(count(SUMMARY.causes), SUMMARY.causes === 1 ? "cause" : "causes", `most: ${CATALOGUE.get(CAUSES[0].cause_id).cause}`),
			figure(count(SUMMARY.servers), `${SUMMARY.servers === 1 ? "server" : "servers"} of ${count(SUMMARY.all_servers)}`, most_at("servers")),
			figure(count(SUMMARY.clients), `${SUMMARY.clients === 1 ? "client" : "clients"} of ${count(SUMMARY.all_clients)}`, most_at("clients")),
			figure(count(SUMMARY.accepted ?? 0), SUMMARY.accepted === 1 ? "message accepted" : "messages accepted", "in clear text")) : null,
		traces,
		h("div", { class: "cards" }, SUMMARY.errors ? [h("div", { class: "column" }, top_causes(), first_change()), h("div", { class: "column" }, turned(), parties(), blind())] : [turned(), blind()]),
	];
}

/* ---- causes and remedies ---- */

const replies_of = grouped("replies", "cause_id");

function reply_words(reply) {
	return `${reply.code}${reply.enhanced ? ` ${reply.enhanced}` : ""} to ${reply.verb === null ? "a command not captured" : reply.verb || "an empty line"}: ${count(reply.n)}`;
}

function cause_detail(cause) {
	const entry = CATALOGUE.get(cause.cause_id);
	return h("div", { class: "error" },
		h("p", { class: "lead" }, entry.meaning),
		h("p", { class: "note" }, `How it is told: ${entry.recognised}`),
		h("p", {}, "Certainty: ", ["proven", "likely", "possible"].filter(name => cause[name]).map(name => `${name} ${count(cause[name])}`).join(", "), ". Replies: ",
			replies_of(cause.cause_id).map((reply, index) => [index ? ", " : "", reply_words(reply)]), "."),
		remedies(cause.cause_id), entry.clause ? h("p", { class: "note" }, entry.clause) : null,
		h("p", {}, show_errors(`Show its ${counted(cause.errors, "error")}`, { cause: cause.cause_id })));
}

function causes() {
	return grid({ caption: "Causes", rows: CAUSES, noun: ["cause", "causes"], key: cause => `cause-${cause.cause_id}`, detail: cause_detail, columns: [
		{ label: "Cause", show: cause => slug(cause.cause_id), sort: cause => CATALOGUE.get(cause.cause_id).cause },
		{ label: "Errors", number: true, show: cause => count(cause.errors), sort: cause => cause.errors },
		{ label: "Share", kind: "barred", show: cause => [bar(cause.errors, SUMMARY.errors), h("span", { class: "faint" }, share(cause.errors, SUMMARY.errors))] },
		{ label: "At fault", show: cause => party(cause.cause_id), sort: cause => CATALOGUE.get(cause.cause_id).party },
		{ label: "Sessions", number: true, show: cause => count(cause.sessions), sort: cause => cause.sessions },
		{ label: "Servers", number: true, show: cause => count(cause.servers), sort: cause => cause.servers },
		{ label: "Clients", number: true, show: cause => count(cause.clients), sort: cause => cause.clients },
		{ label: "First", kind: "time", show: cause => moment(cause.first), sort: cause => cause.first },
		{ label: "Last", kind: "time", show: cause => moment(cause.last), sort: cause => cause.last },
	] }).element;
}

const REMEDIES_MOST = 10;

function changes() {
	const helped = CAUSES.filter(cause => CATALOGUE.get(cause.cause_id).remedy_client || CATALOGUE.get(cause.cause_id).remedy_server);
	return [
		h("ol", { class: "changes" }, helped.slice(0, REMEDIES_MOST).map(cause => h("li", {},
			h("h3", {}, slug(cause.cause_id), " ", party(cause.cause_id)), h("p", { class: "note" }, `would end ${counted(cause.errors, "error")} (${share(cause.errors, SUMMARY.errors)})`), remedies(cause.cause_id)))),
		helped.length > REMEDIES_MOST ? h("p", { class: "note" }, `The remedies of ${counted(helped.length - REMEDIES_MOST, "further cause")} stand in the table of causes.`) : null,
	];
}

/* ---- what changed ---- */

const CHANGES = section("changes");

/* What a reader of the first lines must know; hop counts and the like stand in the table alone. */
function turned() {
	const first = CHANGES.filter(change => ["starttls", "keywords", "banner", "errors"].includes(change.kind)).slice(0, 3);
	return first.length ? h("section", { class: "card" }, h("h2", {}, "What changed"),
		h("ul", { class: "turned" }, first.map(change => h("li", {}, change.since === null ? null : h("strong", {}, `since ${moment(change.since)} `), change.says)))) : null;
}

function changed() {
	return grid({ caption: "What changed", rows: CHANGES, page_rows: 15, noun: ["change", "changes"], columns: [
		{ label: "Since", heading: true, kind: "time", show: row => row.since === null ? "by path" : moment(row.since), sort: row => row.since },
		{ label: "What", show: row => row.says, sort: row => row.says },
		{ label: "Certainty", show: row => row.certainty, sort: row => row.certainty },
		{ label: "Session before", number: true, show: row => count(row.before_session), sort: row => row.before_session },
		{ label: "Session after", number: true, show: row => count(row.after_session), sort: row => row.after_session },
	] }).element;
}

/* ---- hosts, paths, boxes ---- */

/* What a list does not hold is told above it. */
function left_out(listed, all, many) {
	return all > listed ? h("p", { class: "callout" }, `${count(listed)} of ${count(all)} ${many} are listed, those with most errors first; ${count(all - listed)} are left out.`) : null;
}

function hosts(name, caption, columns, other) {
	const rows = section(name);
	return [left_out(rows.length, SUMMARY[`all_${name}`], name), grid({ caption, rows, page_rows: 20, noun: [name.slice(0, -1), name], columns: [
		{ label: caption.slice(0, -1), heading: true, kind: "address", show: row => show_errors(row.address, { host: row.address }), sort: row => row.address },
		...columns,
		{ label: "Errors", number: true, show: row => count(row.errors), sort: row => row.errors },
		{ label: "Sessions hit", kind: "barred", show: row => [bar(row.hit, row.sessions), h("span", { class: "faint" }, `${count(row.hit)} of ${count(row.sessions)}`)], sort: row => row.hit / row.sessions, number: true },
		{ label: other, number: true, show: row => count(row.others), sort: row => row.others },
		{ label: "Mostly", show: row => row.top === null ? "–" : slug(row.top), sort: row => row.top === null ? null : CATALOGUE.get(row.top).cause },
		{ label: "Since", kind: "time", show: row => moment(row.since), sort: row => row.since },
	] }).element];
}

const name_column = label => ({ label, kind: "text", show: row => row.name ? wire(row.name.split("\n")[0]) : "–", sort: row => row.name });
const servers = () => hosts("servers", "Servers", [{ label: "Ports", show: row => row.ports.replaceAll(",", ", ") }, name_column("Greeting")], "Clients");
const clients = () => hosts("clients", "Clients", [name_column("Says it is")], "Servers");

/* 192.0.2.7 is in 192.0.2.0/24, 2001:db8::1 in 2001:db8::/64. */
function network(address) {
	if (!address.includes(":"))
		return address.replace(/\.\d+$/, ".0/24");
	const [head, tail] = address.split("::"), left = head ? head.split(":") : [], right = tail ? tail.split(":") : [];
	const words = tail === undefined ? left : [...left, ...new Array(Math.max(0, 8 - left.length - right.length)).fill("0"), ...right];
	return `${words.slice(0, 4).join(":").replace(/(:0)+$/, "")}::/64`;
}

/* Client networks to servers; a network of which one client was seen is called by that client. */
function path_rows() {
	const rows = new Map();
	for (const path of section("paths")) {
		const id = `${network(path.client)} ${path.server}`;
		const row = rows.get(id) ?? { id, network: network(path.client), server: path.server, clients: [], sessions: 0, hit: 0, errors: 0, accepted: 0, encrypted: 0, incomplete: 0 };
		row.clients.push(path.client);
		for (const name of ["sessions", "hit", "errors", "accepted", "encrypted", "incomplete"])
			row[name] += path[name] ?? 0;
		rows.set(id, row);
	}
	return [...rows.values()].sort((a, b) => b.errors - a.errors || b.sessions - a.sessions);
}

const PATHS = path_rows();
const path_columns = [
	{ label: "From", heading: true, kind: "address", show: row => row.clients.length === 1 ? row.clients[0] : `${row.network} (${counted(row.clients.length, "client")})`, sort: row => row.network },
	{ label: "To", kind: "address", show: row => row.server, sort: row => row.server },
];

function paths() {
	return [left_out(section("paths").length, section("paths")[0]?.paths ?? 0, "pairs of client and server"), grid({ caption: "Paths", rows: PATHS, page_rows: 20, noun: ["path", "paths"], columns: [
		...path_columns,
		{ label: "Errors", number: true, show: row => count(row.errors), sort: row => row.errors },
		{ label: "Sessions hit", number: true, kind: "barred", show: row => [bar(row.hit, row.sessions), h("span", { class: "faint" }, `${count(row.hit)} of ${count(row.sessions)}`)], sort: row => row.hit / row.sessions },
		{ label: "Messages accepted", number: true, show: row => count(row.accepted), sort: row => row.accepted },
		{ label: "Went on encrypted", number: true, show: row => count(row.encrypted), sort: row => row.encrypted },
		{ label: "Not read whole", number: true, show: row => count(row.incomplete), sort: row => row.incomplete },
	] }).element];
}

/* The audit: a row a path, a column a behaviour. */
const BEHAVIOURS = section("behaviours");
const AUDIT = section("audit").map((row, id) => ({ ...row, id, cells: new Map() }));
for (const cell of section("audit_cells"))
	AUDIT[cell.row].cells.set(cell.behaviour, cell);

function heat(row, behaviour) {
	const cell = row.cells.get(behaviour);
	if (!cell)
		return h("span", { class: "faint" }, "·", hidden(" not seen"));
	const element = h("span", { class: "cell" }, count(cell.sessions), h("span", { class: "faint" }, ` ${share(cell.sessions, row.sessions)}`));
	element.style.setProperty("--heat", String(0.1 + 0.4 * cell.sessions / row.sessions));
	return element;
}

function box_detail(row) {
	return h("div", { class: "error" }, [...row.cells.values()].map(cell => [
		h("h3", { class: "minor" }, BEHAVIOURS[cell.behaviour].name),
		h("p", {}, `In ${count(cell.sessions)} of ${counted(row.sessions, "session")}, ${moment(cell.first)} – ${moment(cell.last)}; `, certainty(cell.certainty), `. Device: ${cell.device || "not known"}. `,
			`Where the box sits: ${cell.place}. Sessions to look at: ${cell.examples || "–"}.`),
	]));
}

function boxes() {
	const seen = BEHAVIOURS.map((behaviour, index) => [behaviour, index]).filter(([behaviour]) => behaviour.seen);
	return [
		h("p", { class: "note" }, "A row a path, a column a behaviour: in how many of the path's sessions it was seen, with or without a 5xx."),
		left_out(AUDIT.length, DATA.sections.affected, "paths with traces"),
		grid({ caption: "What middleboxes do, by path", rows: AUDIT, page_rows: 50, noun: ["path", "paths"], key: row => `path-${row.id}`, detail: box_detail, columns: [
			{ label: "From", kind: "address", show: row => row.client, sort: row => row.client },
			{ label: "To", kind: "address", show: row => row.server, sort: row => row.server },
			{ label: "Sessions", number: true, show: row => count(row.sessions), sort: row => row.sessions },
			{ label: "Affected", number: true, show: row => count(row.affected), sort: row => row.affected },
			...seen.map(([behaviour, index]) => ({ label: behaviour.name, number: true, kind: "heat", show: row => heat(row, index), sort: row => row.cells.get(index)?.sessions ?? 0 })),
			{ label: "Like", show: row => [...new Set([...row.cells.values()].map(cell => cell.device).filter(Boolean))].join(", ") || "–" },
		] }).element,
	];
}

const finding_proofs_of = grouped("finding_proofs", "finding_id");

function finding_detail(finding) {
	const proofs = finding_proofs_of(finding.example);
	return h("div", { class: "error" }, h("p", { class: "lead" }, proofs[0]?.detail || CATALOGUE.get(finding.cause_id).meaning), h("h3", { class: "minor" }, `Evidence of one of them (${finding.example})`),
		proof_list(proofs, null), h("h3", { class: "minor" }, "What to change"), remedies(finding.cause_id));
}

function findings() {
	return grid({ caption: "Seen and tolerated", rows: section("findings"), noun: ["observation", "observations"], key: row => `finding-${row.example}`, detail: finding_detail, columns: [
		{ label: "Observation", show: row => slug(row.cause_id), sort: row => CATALOGUE.get(row.cause_id).cause },
		{ label: "Device", show: row => row.device ?? "–", sort: row => row.device },
		{ label: "Times", number: true, show: row => count(row.n), sort: row => row.n },
		{ label: "Sessions", number: true, show: row => count(row.sessions), sort: row => row.sessions },
		{ label: "Servers", number: true, show: row => count(row.servers), sort: row => row.servers },
		{ label: "Clients", number: true, show: row => count(row.clients), sort: row => row.clients },
		{ label: "Certainty", show: row => certainty(row.certainty), sort: row => row.certainty },
		{ label: "First", kind: "time", show: row => moment(row.first), sort: row => row.first },
		{ label: "Last", kind: "time", show: row => moment(row.last), sort: row => row.last },
	] }).element;
}

/* ---- the errors ---- */

function choice(label, name, options, read) {
	const select = h("select", { onchange: event => narrow({ [name]: event.target.value === "" ? null : read(event.target.value) }) }, h("option", { value: "" }, "any"), options.map(([value, text]) => h("option", { value }, text)));
	errors_inputs[name] = select;
	return h("label", {}, h("span", {}, label), select);
}

function finder_form() {
	errors_inputs = {};
	errors_inputs.search = h("input", { type: "search", placeholder: "address, words of the command or reply, code, cause", autocomplete: "off", spellcheck: "false", oninput: event => {
		finder.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
		find();
	} });
	const slugs = CAUSES.map(cause => [cause.cause_id, CATALOGUE.get(cause.cause_id).cause]).sort((a, b) => compare(a[1], b[1]));
	const names = [...new Set(CAUSES.map(cause => CATALOGUE.get(cause.cause_id).party))].sort();
	errors_status = h("span", { class: "status", role: "status" });
	errors_chips = h("span", { class: "chips" });
	let open = false;
	const all = h("button", { type: "button", class: "quiet", onclick: () => {
		open = !open;
		errors_grid.open_all(open);
		all.textContent = open ? "Close all on this page" : "Open all on this page";
	} }, "Open all on this page");
	return h("form", { class: "finder", role: "search", "aria-label": "Find errors", onsubmit: event => event.preventDefault() },
		h("label", { class: "search" }, h("span", {}, "Search"), errors_inputs.search),
		choice("Cause", "cause", slugs, Number), choice("At fault", "party", names.map(name => [name, name]), String),
		choice("Certainty", "certainty", [2, 1, 0].map(level => [level, CERTAINTIES[level]]), Number),
		h("div", { class: "found" }, errors_status, errors_chips, all));
}

function errors() {
	const form = finder_form();
	errors_grid = grid({ caption: "Errors", rows: ERRORS, noun: ["error", "errors"], none: MISSING ? `None among those listed; ${counted(MISSING, "error")} are not in this table.` : undefined, key: error => `error-${error.id}`, detail: error_detail, sorted: { column: 0 }, columns: [
		{ label: "Time (UTC)", kind: "time", show: error => moment(error.time), sort: error => error.time },
		{ label: "Reply", kind: "code", show: error => reply_line(error), sort: error => error.code },
		{ label: "Command", kind: "text", show: error => error.verb === null ? h("span", { class: "faint" }, "not captured") : error.verb === "CONN" ? h("span", { class: "faint" }, "connection") : wire(error.line || "(empty line)"), sort: error => error.line },
		{ label: "The server said", kind: "text said", show: error => wire(error.reply.split("\n")[0]), sort: error => error.reply },
		{ label: "Cause, at fault", kind: "why", show: error => [slug(error.cause), party(error.cause)], sort: error => CATALOGUE.get(error.cause).cause },
		{ label: "Certainty", kind: "sure", show: error => certainty(error.certainty), sort: error => error.certainty },
		{ label: "Client", kind: "address", show: error => error.at.client, sort: error => error.at.client },
		{ label: "Server", kind: "address", show: error => error.at.server, sort: error => error.at.server },
		{ label: "Frame", number: true, show: error => count(error.reply_frame), sort: error => error.reply_frame },
	] });
	return [
		MISSING > 0 ? h("p", { class: "callout" }, h("strong", {}, `${count(ERRORS.length)} of ${counted(SUMMARY.errors, "error")} are listed; ${count(MISSING)} are left out of this table. `),
			"Listed are, for each cause and code on each server, the best proven errors first, then the earliest. Every other number on this page counts all errors. ",
			h("code", { class: "shell" }, `smtpwhy report --csv ${shell_word(DATA.path)}`), " lists them all.") : null,
		form, errors_grid.element,
	];
}

/* ---- what could not be read, captures, differences ---- */

function unread() {
	const list = section("unread");
	return [
		h("ul", { class: "reasons" }, section("reasons").map(row => h("li", {}, h("strong", {}, count(row.sessions)), ` ${row.sessions === 1 ? "session" : "sessions"}: ${row.why}`, row.errors ? `; ${counted(row.errors, "5xx reply", "5xx replies")} seen in them` : ""))),
		left_out(list.length, SUMMARY.unread, "sessions"),
		grid({ caption: "Sessions that were not read whole", rows: list, page_rows: 20, noun: ["session", "sessions"], columns: [
			{ label: "Session", heading: true, show: row => count(row.session_id), sort: row => row.session_id },
			{ label: "Start", kind: "time", show: row => moment(row.start), sort: row => row.start },
			{ label: "Client", kind: "address", show: row => endpoint(row.client, row.client_port), sort: row => row.client },
			{ label: "Server", kind: "address", show: row => endpoint(row.server, row.server_port), sort: row => row.server },
			{ label: "Why", show: row => row.why, sort: row => row.why },
			{ label: "5xx seen", number: true, show: row => count(row.errors), sort: row => row.errors },
			{ label: "Octets missing", number: true, show: row => count(row.missing), sort: row => row.missing },
			{ label: "Capture", kind: "text", show: row => CAPTURES.get(row.capture)?.name ?? "–", sort: row => CAPTURES.get(row.capture)?.name },
			{ label: "Frame", number: true, show: row => count(row.first_frame), sort: row => row.first_frame },
		] }).element,
	];
}

function captures() {
	return [CAPTURES.size < SUMMARY.captures ? h("p", { class: "callout" }, `${count(CAPTURES.size)} of ${count(SUMMARY.captures)} captures are listed, the earliest first.`) : null, grid({ caption: "Captures", rows: [...CAPTURES.values()], page_rows: 20, noun: ["capture", "captures"], columns: [
		{ label: "Capture", heading: true, kind: "text", show: row => row.name, sort: row => row.name },
		{ label: "Format", show: row => row.format ?? "–", sort: row => row.format },
		{ label: "Link", show: row => row.link_type ?? "–", sort: row => row.link_type },
		{ label: "Packets", number: true, show: row => count(row.packets), sort: row => row.packets },
		{ label: "Octets", number: true, show: row => octets(row.bytes), sort: row => row.bytes },
		{ label: "First", kind: "time", show: row => moment(row.first), sort: row => row.first },
		{ label: "Last", kind: "time", show: row => moment(row.last), sort: row => row.last },
		{ label: "Not read, and why", kind: "text", show: row => [row.skipped, row.cut ? "ends in mid-packet" : null, row.note].filter(Boolean).join("; ") || "–", sort: row => (row.skipped ?? "") + row.cut },
	] }).element];
}

function differences() {
	return grid({ caption: "Differences between the two sides", rows: section("differences"), page_rows: 50, noun: ["difference", "differences"], columns: [
		{ label: "From", heading: true, show: row => row.direction, sort: row => row.direction },
		{ label: "Kind", show: row => row.kind, sort: row => row.kind },
		{ label: "Cause", show: row => row.cause ?? "–", sort: row => row.cause },
		{ label: "Inside frame", number: true, show: row => count(row.frame_inside), sort: row => row.frame_inside },
		{ label: "Inside", kind: "text", show: row => row.inside === null ? "–" : wire(row.inside.replaceAll("\\r\\n", "\\r\\n\n")) },
		{ label: "Outside frame", number: true, show: row => count(row.frame_outside), sort: row => row.frame_outside },
		{ label: "Outside", kind: "text", show: row => row.outside === null ? "–" : wire(row.outside.replaceAll("\\r\\n", "\\r\\n\n")) },
	] }).element;
}

/* ---- the page ---- */

const SECTIONS = [
	["timeline", "Timeline", SUMMARY.errors, () => TIMELINE.element],
	["changed", "What changed", CHANGES.length, changed],
	["causes", "Causes", SUMMARY.errors, causes],
	["changes", "What to change, in order of effect", SUMMARY.errors, changes],
	["errors", "Errors", SUMMARY.errors, errors],
	["servers", "Servers", SUMMARY.all_servers, servers],
	["clients", "Clients", SUMMARY.all_clients, clients],
	["paths", "Paths", SUMMARY.paths, paths],
	["boxes", "Middleboxes", AUDIT.length, boxes],
	["findings", "Seen on the path and tolerated", SUMMARY.findings, findings],
	["differences", "Two sides of a box", DATA.sections.differences.rows.length, differences],
	["unread", "Not read whole", SUMMARY.unread, unread],
	["captures", "Captures", SUMMARY.captures, captures],
];
const SHORT = { changed: "Changes", changes: "Remedies", findings: "Tolerated", differences: "Differences", unread: "Not read" };

function theme() {
	const button = document.getElementById("theme"), root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
	const is_dark = () => root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
	const name = () => {
		button.textContent = is_dark() ? "Light" : "Dark";
		button.setAttribute("aria-label", `Change to ${is_dark() ? "light" : "dark"} colours`);
	};
	button.addEventListener("click", () => {
		root.dataset.theme = is_dark() ? "light" : "dark";
		name();
		TIMELINE?.draw();
	});
	dark.addEventListener("change", () => {
		name();
		TIMELINE?.draw();
	});
	let before;
	addEventListener("beforeprint", () => { /* the chart is pixels: it is drawn again in the colours of paper */
		before = root.dataset.theme;
		root.dataset.theme = "light";
		TIMELINE?.draw();
	});
	addEventListener("afterprint", () => {
		if (before)
			root.dataset.theme = before;
		else
			delete root.dataset.theme;
		TIMELINE?.draw();
	});
	name();
}

/* report.html#error-5100001 opens that error. */
function follow_address() {
	const found = /^#error-(\d+)$/.exec(location.hash), error = found && ERRORS.find(one => one.id === Number(found[1]));
	if (error) {
		narrow({ words: [], cause: null, party: null, certainty: null, range: null, host: null });
		errors_grid.open(error);
	}
}

function page() {
	const shown = SECTIONS.filter(([, , when]) => when);
	put(document.getElementById("content"), [h("section", { id: "summary", "aria-label": "Summary" }, summary()),
		shown.map(([id, title, , make]) => h("section", { id, "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title`, tabindex: "-1" }, title), make()))]);
	put(document.getElementById("nav"), h("ul", {}, [["summary", "Summary"], ...shown.map(([id, title]) => [id, SHORT[id] ?? title])].map(([id, title]) => h("li", {}, h("a", { href: `#${id}` }, title)))));
	if (SUMMARY.errors)
		find();
	TIMELINE?.draw();
	theme();
	follow_address();
	addEventListener("hashchange", follow_address);
}

page();
