"use strict";
/* timeline.js - errors over time by cause: stacked columns drawn by uPlot, with zoom by mouse, keys and buttons, and the same
 * numbers as a table. In: on_range([from, to] in microseconds, or null for all). Out: { element, draw() }. */
const SERIES_MOST = 6;
const COLUMN_WIDTHS = [1e3, 1e4, 1e5, 1e6, 2e6, 5e6, 10e6, 30e6, 60e6, 120e6, 300e6, 600e6, 1800e6, 3600e6, 7200e6, 21600e6, 43200e6, 86400e6, 604800e6, 2592000e6, 31536000e6];

function timeline(on_range) {
	const cells = section("timeline"), fine = cells.length ? cells[0].width : 1e6;
	const totals = new Map();
	for (const cell of cells)
		totals.set(cell.cause, (totals.get(cell.cause) ?? 0) + cell.n);
	const ranked = [...totals.keys()].sort((a, b) => totals.get(b) - totals.get(a) || a - b);
	const series = ranked.slice(0, ranked.length > SERIES_MOST ? SERIES_MOST - 1 : SERIES_MOST).map((cause, index) => ({ cause, name: CATALOGUE.get(cause).cause, color: `--series-${index + 1}` }));
	if (ranked.length > series.length)
		series.push({ cause: null, name: `${counted(ranked.length - series.length, "other cause")}`, color: "--series-other" });
	const place = new Map(series.map((one, index) => [one.cause, index]));
	const whole = extent();
	let range = null, view = columns(whole), chart = null;

	const box = h("div", { class: "chart" });
	const tip = h("div", { class: "tip", hidden: true });
	const said = h("p", { class: "said", role: "status" });
	const legend = h("ul", { class: "legend" });
	const table = h("div");
	const tools = [["Zoom in", () => zoom(0.5)], ["Zoom out", () => zoom(2)], ["Earlier", () => pan(-0.5)], ["Later", () => pan(0.5)], ["All", () => show(null)]]
		.map(([label, act]) => h("button", { type: "button", class: "quiet", onclick: act }, label));
	const keys = { "+": 0, "=": 0, "-": 1, ArrowLeft: 2, ArrowRight: 3, "0": 4, Escape: 4 };
	const frame = h("div", { class: "frame", tabindex: "0", role: "group", "aria-label": "Errors over time by cause. Plus and minus zoom, left and right move, 0 shows all. The numbers are in the table below.",
		onkeydown: event => {
			if (event.key in keys && !event.ctrlKey && !event.metaKey && !event.altKey) {
				tools[keys[event.key]].click();
				event.preventDefault();
			}
		} }, box, tip);
	const element = h("div", { class: "timeline" }, h("div", { class: "row" }, said, h("div", { class: "tools" }, tools)), frame, legend,
		h("details", {}, h("summary", {}, "The same as a table"), table));

	function extent() {
		if (!cells.length)
			return [0, 1];
		const from = Math.min(SUMMARY.from ?? Infinity, cells[0].start), to = Math.max(SUMMARY.to ?? 0, cells[cells.length - 1].start + fine);
		return [from, Math.max(to, from + 20 * fine)];
	}

	/* The counts of a range in columns of a round width, about a hundred of them. */
	function columns([from, to]) {
		const width = COLUMN_WIDTHS.find(one => one >= fine && (to - from) / one <= 110) ?? 31536000e6;
		const start = Math.floor(from / width) * width, n = Math.max(1, Math.ceil((to - start) / width));
		const counts = series.map(() => new Array(n).fill(0));
		for (const cell of cells) {
			const at = Math.floor((cell.start - start) / width);
			if (at >= 0 && at < n)
				counts[place.get(cell.cause) ?? series.length - 1][at] += cell.n;
		}
		return { from, to, start, width, n, counts };
	}

	/* uPlot draws its series over one another: the highest sum first, the lowest part last. */
	function stacked() {
		const x = Array.from({ length: view.n }, (_, i) => (view.start + i * view.width) / 1e6);
		const sums = [];
		view.counts.forEach((one, index) => sums.push(one.map((n, i) => n + (index ? sums[index - 1][i] : 0))));
		return [x, ...sums.reverse()];
	}

	function label(us, width) {
		const time = iso(us);
		return width >= 2592000e6 ? time.slice(0, 10) : width >= 86400e6 ? time.slice(5, 10) : width >= 60e6 ? time.slice(11, 16) : width >= 1e6 ? time.slice(11, 19) : time.slice(17, 23);
	}

	function describe() {
		const n = view.counts.flat().reduce((a, b) => a + b, 0);
		const same = day(view.from) === day(view.to);
		said.textContent = `${counted(n, "error")}, ${day(view.from)} ${clock(view.from)} – ${same ? "" : `${day(view.to)} `}${clock(view.to)} UTC; a column is ${span(view.width / 1e6)}`;
		replace(legend, series.map((one, index) => {
			const mark = h("span", { class: "swatch", "aria-hidden": "true" });
			mark.style.background = `var(${one.color})`;
			return h("li", {}, mark, h("span", { class: "slug" }, one.name), h("span", { class: "count" }, count(view.counts[index].reduce((a, b) => a + b, 0))));
		}));
		const filled = Array.from({ length: view.n }, (_, i) => i).filter(i => view.counts.some(one => one[i]));
		replace(table, grid({ caption: "Errors over time", rows: filled, noun: ["column with errors", "columns with errors"], page_rows: 50, columns: [
			{ label: "From (UTC)", show: i => moment(view.start + i * view.width), sort: i => i, heading: true },
			...series.map((one, index) => ({ label: one.name, number: true, show: i => count(view.counts[index][i]), sort: i => view.counts[index][i] })),
		] }).element);
	}

	function point(u) {
		const i = u.cursor.idx;
		tip.hidden = i === null || i === undefined || !view.counts.some(one => one[i]);
		if (tip.hidden)
			return;
		replace(tip, h("p", {}, `${moment(view.start + i * view.width)} – ${clock(view.start + (i + 1) * view.width)}`),
			series.map((one, index) => {
				if (!view.counts[index][i])
					return null;
				const mark = h("span", { class: "swatch" });
				mark.style.background = `var(${one.color})`;
				return h("p", {}, mark, h("span", { class: "count" }, count(view.counts[index][i])), " ", one.name);
			}));
		const left = u.cursor.left + u.over.offsetLeft, room = box.clientWidth;
		tip.style.left = left > room / 2 ? "auto" : `${left + 16}px`;
		tip.style.right = left > room / 2 ? `${room - left + 16}px` : "auto";
	}

	function options() {
		const style = getComputedStyle(document.documentElement), color = name => style.getPropertyValue(name).trim();
		const axis = { stroke: color("--soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
		return {
			width: Math.max(280, box.clientWidth), height: 240, legend: { show: false },
			tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
			cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false }, bind: { dblclick: () => () => show(null) } },
			scales: { x: { time: true, range: () => [view.start / 1e6, (view.start + view.n * view.width) / 1e6] }, y: { range: (u, low, high) => [0, Math.max(1, high * 1.08)] } },
			axes: [
				{ ...axis, values: (u, splits, index, space, step) => splits.map(at => label(Math.round(at * 1e6), step * 1e6)), space: 80, size: 32 },
				{ ...axis, size: 48, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 1e7], values: (u, splits) => splits.map(count) },
			],
			series: [{}, ...series.map(one => ({ fill: color(one.color), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.86, 64, 2], align: 1 }) })).reverse()],
			hooks: {
				setCursor: [point],
				setSelect: [u => {
					if (u.select.width < 8)
						return;
					const from = u.posToVal(u.select.left, "x") * 1e6, to = u.posToVal(u.select.left + u.select.width, "x") * 1e6;
					u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
					show([from, to]);
				}],
			},
		};
	}

	function draw() {
		chart?.destroy();
		chart = box.clientWidth ? new uPlot(options(), stacked(), box) : null;
		describe();
	}

	function show(wanted) {
		if (wanted) {
			const least = 20 * fine, middle = (wanted[0] + wanted[1]) / 2, half = Math.max(least, wanted[1] - wanted[0]) / 2;
			const from = Math.max(whole[0], Math.round(middle - half)), to = Math.min(whole[1], Math.round(middle + half));
			range = from <= whole[0] && to >= whole[1] ? null : [from, to];
		} else {
			range = null;
		}
		view = columns(range ?? whole);
		tip.hidden = true;
		draw();
		on_range(range);
	}

	function zoom(factor) {
		const [from, to] = range ?? whole, middle = (from + to) / 2, half = (to - from) / 2 * factor;
		show([middle - half, middle + half]);
	}

	function pan(by) {
		const [from, to] = range ?? whole, move = Math.max(whole[0] - from, Math.min(whole[1] - to, (to - from) * by));
		show([from + move, to + move]);
	}

	new ResizeObserver(() => {
		if (chart && Math.abs(chart.width - box.clientWidth) > 1 && box.clientWidth >= 280)
			chart.setSize({ width: box.clientWidth, height: 240 });
		else if (!chart && box.clientWidth)
			draw();
	}).observe(box);
	return { element, draw, all: () => show(null), color: cause => `var(${(series[place.get(cause)] ?? series[series.length - 1]).color})` };
}
