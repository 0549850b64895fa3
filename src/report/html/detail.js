"use strict";
/* detail.js - one error in full: what, why, the dialogue as a ladder, the command, the evidence, the remedies, how to see it. */
const ERRORS = section("errors");
const SESSIONS = new Map(section("sessions").map(session => [session.id, session]));
for (const error of ERRORS)
	error.at = SESSIONS.get(error.session);

/* Rows of a section that belong together, found by a column; the lists are made once, when first asked for. */
function grouped(name, column) {
	let lists = null;
	return id => {
		if (!lists) {
			lists = new Map();
			for (const row of section(name)) {
				if (!lists.has(row[column]))
					lists.set(row[column], []);
				lists.get(row[column]).push(row);
			}
		}
		return lists.get(id) ?? [];
	};
}
const proofs_of = grouped("proofs", "id");
const dialogue_of = grouped("dialogues", "session");

function command_words(error) {
	const words = { CONN: "the connection itself", EOM: "the end of the message", "-": "octets that are no command", "": "an empty line" };
	return error.verb === null ? "a command outside the capture" : words[error.verb] ?? error.verb;
}

const reply_line = error => `${String(error.code).padStart(3, "0")}${error.enhanced ? ` ${error.enhanced}` : ""}`;

/* ---- the ladder ---- */

/* What is near the error, the greeting, and the offer in force, as smtpwhy explain shows it. */
function rungs_of(error) {
	const all = dialogue_of(error.session);
	let offer = 0;
	for (const rung of all)
		if (rung.greets && rung.exchange <= error.exchange)
			offer = rung.exchange;
	return all.filter(rung => rung.exchange === 1 || rung.exchange === offer ||
		(rung.exchange >= error.exchange - DATA.before && rung.exchange <= error.exchange + DATA.after));
}

function rung_element(rung, wrong) {
	const server = rung.side === 1;
	return h("li", { class: `rung ${server ? "server" : "client"} ${wrong ? "wrong" : ""}` },
		h("span", { class: "at" }, `+${(rung.at / 1e6).toFixed(rung.at < 1e7 ? 4 : 3)}`, hidden(" seconds")),
		h("div", { class: "lane" }, hidden(server ? "Server: " : "Client: "),
			h("div", { class: "words" }, wire(rung.text === "" ? "(empty line)" : rung.text), rung.remark ? h("p", { class: "remark" }, rung.remark) : null),
			h("span", { class: "line", "aria-hidden": "true" })),
		h("span", { class: "frame-number" }, rung.frame > 0 ? [hidden("frame "), count(rung.frame)] : ""));
}

function ladder(error) {
	const rungs = rungs_of(error);
	if (!rungs.length)
		return h("p", { class: "note" }, "The dialogue around this error was not kept.");
	const list = h("ol", { class: "rungs" });
	let before = -1;
	for (const rung of rungs) {
		const left_out = rung.place - before - 1;
		if (left_out > 0)
			list.append(h("li", { class: "left-out" }, h("span", {}, `${counted(left_out, "line")} left out`)));
		list.append(rung_element(rung, rung.exchange === error.exchange));
		before = rung.place;
	}
	return h("div", { class: "ladder" },
		h("div", { class: "heads", "aria-hidden": "true" }, h("span", { class: "at" }, "seconds"), h("span", {}, `client ${endpoint(error.at.client, error.at.client_port)}`),
			h("span", {}, `server ${endpoint(error.at.server, error.at.server_port)}`), h("span", { class: "frame-number" }, "frame")), list);
}

/* ---- the command ---- */

/* Where octet n of the wire stands in the escaped line, and how many characters it takes there. */
function faulty(line, n) {
	let i = 0;
	const width = () => line[i] !== "\\" ? (line.codePointAt(i) > 0xffff ? 2 : 1) : line[i + 1] === "x" ? 4 : 2;
	const octets_at = () => line[i] === "\\" ? 1 : new TextEncoder().encode(String.fromCodePoint(line.codePointAt(i))).length;
	while (n > 0 && i < line.length) {
		n -= octets_at();
		i += width();
	}
	return [Math.min(i, line.length), i < line.length ? width() : 0];
}

function command_line(error) {
	if (error.verb === null)
		return h("p", {}, "It is not in the capture; the reply alone can be judged.");
	if (error.verb === "CONN")
		return h("p", {}, "None: the server refused before any command.");
	if (error.fault_at === null)
		return h("p", {}, wire(error.line === "" ? "(an empty line)" : error.line));
	const [at, n] = faulty(error.line, error.fault_at);
	return [
		h("p", {}, h("code", { class: "wire" }, error.line.slice(0, at), h("mark", {}, error.line.slice(at, at + n) || "\u2038"), error.line.slice(at + n))),
		h("p", { class: "note" }, `The line breaks the grammar at octet ${count(error.fault_at + 1)}. Wanted here: ${error.wanted ?? "something else"}.`),
	];
}

function offer(error) {
	if (!error.offer)
		return h("p", { class: "note" }, "No offer: no EHLO reply was in force when this was sent.");
	return h("ul", { class: "offer", "aria-label": "Offered by the EHLO reply in force" }, error.offer.split("\n").map(word => h("li", {}, wire(word))));
}

/* ---- evidence, remedies, alternatives ---- */

/* A list as long as that of an EHLO reply is written as one line. */
const listed = text => text.split("\n").length > 5 ? text.replaceAll("\n", ", ") : text;

function proof_list(proofs, home) {
	return h("ol", { class: "proofs" }, proofs.map(proof => h("li", {},
		h("span", { class: "frame-number" }, `frame ${count(proof.frame)}`),
		h("div", {}, h("p", {}, proof.says, proof.capture !== home ? h("span", { class: "note" }, ` in ${CAPTURES.get(proof.capture)?.name ?? "another capture"}`) : null),
			proof.text ? h("p", { class: "said-by" }, h("span", { class: "side" }, proof.side ? "S" : "C"), wire(listed(proof.text))) : null))));
}

function remedies(cause_id) {
	const cause = CATALOGUE.get(cause_id);
	return h("dl", { class: "remedies" },
		h("div", {}, h("dt", {}, "Client side"), h("dd", {}, cause.remedy_client || "Nothing.")),
		h("div", {}, h("dt", {}, "Server side, or the box between"), h("dd", {}, cause.remedy_server || "Nothing.")));
}

function alternatives(error) {
	const ids = error.also ? JSON.parse(error.also) : [];
	return ids.length ? [h("h4", {}, "What else it could be"), h("dl", { class: "others" }, ids.slice(0, 5).map(id => [h("dt", {}, slug(id)), h("dd", {}, CATALOGUE.get(id)?.meaning)]))] : null;
}

const shell_word = text => `'${text.replaceAll("'", "'\\''")}'`;

/* A line for each capture in which proof stands, that of the reply first; then the whole connection. */
function shell_lines(error) {
	const frames = new Map([[error.reply_capture, new Set([error.reply_frame])]]);
	const add = (capture, frame) => frame > 0 && (frames.get(capture) ?? frames.set(capture, new Set()).get(capture)).add(frame);
	add(error.command_capture, error.command_frame);
	for (const proof of proofs_of(error.id))
		add(proof.capture, proof.frame);
	const name = id => shell_word(CAPTURES.get(id)?.name ?? "capture"), ip = error.at.client.includes(":") ? "ipv6" : "ip";
	const both = `${ip}.addr == ${error.at.client} && ${ip}.addr == ${error.at.server} && tcp.port == ${error.at.client_port} && tcp.port == ${error.at.server_port}`;
	return [...[...frames].filter(([id]) => CAPTURES.has(id)).map(([id, set]) => `tshark -r ${name(id)} -Y 'frame.number in {${[...set].sort((a, b) => a - b).join(", ")}}'`),
		`tshark -r ${name(error.reply_capture)} -Y ${shell_word(both)}`, `smtpwhy explain ${shell_word(DATA.path)} ${error.id}`]
		.map(line => h("p", {}, h("code", { class: "shell" }, line)));
}

/* ---- the whole ---- */

function error_detail(error) {
	const cause = CATALOGUE.get(error.cause);
	return h("article", { class: "error", "aria-label": `Error ${error.id}` },
		h("header", {},
			h("h3", {}, reply_line(error), " to ", command_words(error)),
			h("p", { class: "cause" }, slug(error.cause), party(error.cause), certainty(error.certainty)),
			h("p", { class: "lead" }, error.detail || cause.meaning),
			error.detail ? h("p", { class: "note" }, cause.meaning) : null,
			h("p", { class: "note" }, `Error ${error.id}, ${instant(error.time)} UTC, session ${error.session}, ${CAPTURES.get(error.reply_capture)?.name ?? ""}`,
				error.latency === null ? "" : `; answered ${span(error.latency / 1e6)} after the command`)),
		h("section", {}, h("h4", {}, "The dialogue"), ladder(error)),
		h("div", { class: "pair" },
			h("section", {}, h("h4", {}, "The command"), command_line(error), error.phase ? h("p", { class: "note" }, `The server's state: ${error.phase}.`) : null, h("h4", {}, "Offer in force"), offer(error)),
			h("section", {}, h("h4", {}, "Evidence"), proof_list(proofs_of(error.id), error.reply_capture))),
		h("section", {}, h("h4", {}, "What to change"), remedies(error.cause), cause.clause ? h("p", { class: "note" }, cause.clause) : null),
		h("section", {}, alternatives(error)),
		h("section", {}, h("h4", {}, "To see it"), shell_lines(error)));
}
