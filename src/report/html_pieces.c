/* html_pieces.c - takes the files of report/html and report/vendor as the build left them, gives them as const bytes. Never
 * changes an octet: their hashes are in the page's policy. */
#include "report/html_pieces.h"

static const uint8_t uplot_css[] = {
#include "report/vendor/uplot/uplot.css.inc"
}, uplot_css_hash[] = {
#include "report/vendor/uplot/uplot.css.sha256.inc"
}, page_css[] = {
#include "report/html/page.css.inc"
}, page_css_hash[] = {
#include "report/html/page.css.sha256.inc"
}, uplot_js[] = {
#include "report/vendor/uplot/uplot.js.inc"
}, uplot_js_hash[] = {
#include "report/vendor/uplot/uplot.js.sha256.inc"
}, base_js[] = {
#include "report/html/base.js.inc"
}, base_js_hash[] = {
#include "report/html/base.js.sha256.inc"
}, grid_js[] = {
#include "report/html/grid.js.inc"
}, grid_js_hash[] = {
#include "report/html/grid.js.sha256.inc"
}, timeline_js[] = {
#include "report/html/timeline.js.inc"
}, timeline_js_hash[] = {
#include "report/html/timeline.js.sha256.inc"
}, detail_js[] = {
#include "report/html/detail.js.inc"
}, detail_js_hash[] = {
#include "report/html/detail.js.sha256.inc"
}, page_js[] = {
#include "report/html/page.js.inc"
}, page_js_hash[] = {
#include "report/html/page.js.sha256.inc"
}, page_html[] = {
#include "report/html/page.html.inc"
};

#define WHOLE(octets) { octets, sizeof octets }
#define PIECE(kind, name) { kind, WHOLE(name), WHOLE(name##_hash) }

const struct piece html_pieces[] = {
	PIECE(PIECE_STYLE, uplot_css), PIECE(PIECE_STYLE, page_css),
	PIECE(PIECE_SCRIPT, uplot_js), PIECE(PIECE_SCRIPT, base_js), PIECE(PIECE_SCRIPT, grid_js),
	PIECE(PIECE_SCRIPT, timeline_js), PIECE(PIECE_SCRIPT, detail_js), PIECE(PIECE_SCRIPT, page_js),
	{ .text = { 0 } },
};
const struct bytes html_frame = WHOLE(page_html);
