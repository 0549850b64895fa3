"use strict";
/* grid.js - a table that sorts by its headings, shows its rows by the hundred and can open a row.
 * In:  columns { label, show(row), sort(row), number, kind }, rows, and detail(row) where rows open.
 * Out: { element, rows(list), open(row) }; rows(list) shows other rows in the order that is set. */
const PAGE_ROWS = 100;

function compare(a, b) {
	if (a === null || a === undefined || b === null || b === undefined)
		return (a === null || a === undefined) - (b === null || b === undefined);
	return typeof a === "string" ? (a < b ? -1 : a > b ? 1 : 0) : a - b;
}

function grid({ caption, columns, rows: all, detail, key, sorted, noun = ["row", "rows"], none = `No ${noun[1]} here.`, page_rows = PAGE_ROWS }) {
	let rows = all, order = { column: sorted?.column ?? -1, descending: sorted?.descending ?? false }, from = 0;
	const opened = new Set();
	const body = h("tbody");
	const heads = columns.map((column, index) => {
		const mark = h("span", { class: "arrow", "aria-hidden": "true" });
		const label = column.sort ? h("button", { type: "button", onclick: () => sort_by(index) }, column.label, mark) : column.label;
		return h("th", { scope: "col", "data-label": column.sort ? column.label : null, class: `${column.number ? "number" : ""} ${column.kind ?? ""}` }, label);
	});
	const where = h("span", { class: "where", role: "status" });
	const previous = h("button", { type: "button", onclick: () => go(from - page_rows) }, "Previous");
	const next = h("button", { type: "button", onclick: () => go(from + page_rows) }, "Next");
	const pager = h("nav", { class: "pager", "aria-label": `Pages of: ${caption}` }, previous, where, next);
	const box = h("div", { class: "scroll", role: "group", "aria-label": caption, tabindex: "0" },
		h("table", {}, h("caption", { class: "hidden" }, caption), h("thead", {}, h("tr", {}, heads)), body));
	const element = h("div", { class: "grid" }, box, pager);

	function sort_by(index) {
		order = { column: index, descending: order.column === index ? !order.descending : !!columns[index].number };
		from = 0;
		arrange();
	}

	function arrange() {
		heads.forEach((head, index) => {
			if (index === order.column)
				head.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
			else
				head.removeAttribute("aria-sort");
		});
		const column = columns[order.column];
		if (column) {
			const keyed = rows.map((row, index) => [column.sort(row), index, row]); /* the index keeps equal rows in their order */
			keyed.sort((a, b) => (order.descending ? compare(b[0], a[0]) : compare(a[0], b[0])) || a[1] - b[1]);
			rows = keyed.map(entry => entry[2]);
		}
		draw();
	}

	function go(to) {
		from = Math.max(0, Math.min(to, rows.length - 1));
		draw();
		box.scrollIntoView({ block: "nearest" });
	}

	function toggle(row, line, force) {
		const id = key(row), show = force ?? !opened.has(id);
		const button = line.querySelector("button.opener");
		button.setAttribute("aria-expanded", String(show));
		line.classList.toggle("opened", show);
		if (!show) {
			opened.delete(id);
			line.nextElementSibling?.classList.contains("detail") && line.nextElementSibling.remove();
		} else if (!line.nextElementSibling?.classList.contains("detail")) {
			opened.add(id);
			line.after(h("tr", { class: "detail", id: `${line.id}-detail` }, h("td", { colspan: columns.length }, detail(row))));
		}
	}

	function draw_row(row) {
		const line = h("tr", detail ? { id: `row-${key(row)}`, class: "opens" } : {});
		columns.forEach((column, index) => {
			let shown = column.show(row);
			if (detail && index === 0)
				shown = h("button", { type: "button", class: "opener", "aria-expanded": "false", "aria-controls": `${line.id}-detail`, onclick: () => toggle(row, line) }, shown);
			line.append(h(column.heading ? "th" : "td", { class: `${column.number ? "number" : ""} ${column.kind ?? ""}`, scope: column.heading ? "row" : null }, shown));
		});
		if (detail)
			line.addEventListener("click", event => {
				if (!event.target.closest("button, a") && !String(getSelection()))
					toggle(row, line);
			});
		return line;
	}

	function draw() {
		const shown = rows.slice(from, from + page_rows);
		replace(body, shown.length ? [] : h("tr", {}, h("td", { colspan: columns.length, class: "none" }, none)));
		for (const row of shown) {
			const line = draw_row(row);
			body.append(line);
			if (detail && opened.has(key(row))) {
				opened.delete(key(row));
				toggle(row, line, true);
			}
		}
		pager.classList.toggle("single", rows.length <= page_rows);
		previous.disabled = from === 0;
		next.disabled = from + page_rows >= rows.length;
		where.textContent = rows.length ? `${count(from + 1)}–${count(from + shown.length)} of ${counted(rows.length, ...noun)}` : "";
	}

	arrange();
	return {
		element,
		rows(list) {
			rows = list;
			from = 0;
			arrange();
		},
		open(row) { /* shows the page with this row, opens it and moves the focus there; false: it is not among the rows */
			const at = rows.indexOf(row);
			if (at < 0)
				return false;
			from = at - at % page_rows;
			draw();
			const line = document.getElementById(`row-${key(row)}`);
			toggle(row, line, true);
			line.scrollIntoView({ block: "start" });
			line.querySelector("button.opener").focus({ preventScroll: true });
			return true;
		},
		open_all(show) { /* every row of the page that is shown */
			for (const row of rows.slice(from, from + page_rows))
				toggle(row, document.getElementById(`row-${key(row)}`), show);
		},
	};
}
