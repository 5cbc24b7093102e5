"use strict";
/* What every drawing needs: elements, scales, axes, legends. No meaning hangs on colour alone. */
const COLOURS = ["#0b5c8a", "#b4460f", "#23704a", "#7a3d9a", "#806000", "#3d4852", "#a8275f", "#2a6fdb", "#5b7f00", "#8a3b2a", "#00757a"];
const DASHES = ["", "9 5", "2 4", "9 4 2 4", "16 5", "16 4 2 4"];
const FONT = 12;
const narrow = () => window.innerWidth < 700;
const pen = document.createElement("canvas").getContext("2d");

function svg(name, attributes, ...content) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...content.filter((one) => one !== null));
  return made;
}

function hint(text) {
  return svg("title", {}, text);
}

function widthOf(text) {
  pen.font = `${FONT}px system-ui, "DejaVu Sans", sans-serif`;
  return pen.measureText(text).width;
}

function words(text, x, y, anchor = "start", more = {}) {
  return svg("text", { x, y, "text-anchor": anchor, ...more }, text);
}

function column(chart, name, rows) {
  const values = chart.values[chart.columns.indexOf(name)];
  return rows.map((row) => values[row]);
}

/* Shares are drawn as percentages, so that axes and words have the same numbers. */
function scaled(chart, name, rows) {
  const share = unitOf(chart, name, rows[0]) === "share";
  return column(chart, name, rows).map((value) => (share && value !== null ? value * 100 : value));
}

function said(chart, name, rows) {
  return column(chart, name, rows).map((value, index) => format(value, unitOf(chart, name, rows[index])));
}

function linear([low, high], [from, to]) {
  const span = high - low || 1;
  return (value) => from + ((value - low) / span) * (to - from);
}

/* Round numbers that span the values, about as many as asked for. */
function ticks(low, high, about) {
  const span = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(span / about));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => span / one <= about) || 10 * power;
  const found = [];
  for (let one = Math.ceil(low / step - 1e-9); one * step <= high + step * 1e-9; one += 1) found.push(Number((one * step).toPrecision(12)));
  return found;
}

function short(value) {
  return new Intl.NumberFormat("en", { notation: Math.abs(value) >= 10000 ? "compact" : "standard", maximumFractionDigits: 3 }).format(value);
}

/* Days, first days of months or of years, by how much time there is to show. */
function dateTicks(first, last, most) {
  const day = 864e5;
  const days = (last - first) / day;
  if (days < 62) {
    const step = Math.max(1, Math.ceil(days / most));
    const count = Math.floor(days / step) + 1;
    return Array.from({ length: count }, (_, index) => first + index * step * day).map((at) => [at, new Date(at).toLocaleDateString("en", { day: "numeric", month: "short", timeZone: "UTC" })]);
  }
  const [from, to] = [new Date(first), new Date(last)];
  const months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
  const step = [1, 2, 3, 6, 12, 24].find((one) => months / one <= most) || 60;
  const found = [];
  for (let month = Math.ceil((from.getUTCMonth() + (from.getUTCDate() > 1 ? 1 : 0)) / step) * step; ; month += step) {
    const at = Date.UTC(from.getUTCFullYear(), month, 1);
    if (at > last) return found;
    found.push([at, new Date(at).toLocaleDateString("en", { month: "short", year: "numeric", timeZone: "UTC" })]);
  }
}

function frame(width, height) {
  return svg("svg", { class: "drawn", width, height, viewBox: `0 0 ${width} ${height}`, "font-size": FONT });
}

function xAxis(scale, marks, title, [left, right, top, bottom]) {
  const group = svg("g", { class: "axis" });
  for (const [at, text] of marks) {
    const x = scale(at).toFixed(1);
    group.append(svg("line", { x1: x, x2: x, y1: top, y2: bottom, class: "grid" }), words(text, x, bottom + 16, "middle"));
  }
  group.append(svg("line", { x1: left, x2: right, y1: bottom, y2: bottom, class: "base" }), words(title, (left + right) / 2, bottom + 38, "middle", { class: "axis-title" }));
  return group;
}

function yTitle(title, top, bottom) {
  return words(title, 0, 0, "middle", { class: "axis-title", transform: `translate(12 ${(top + bottom) / 2}) rotate(-90)` });
}

const SHAPES = [
  "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0", "M-3.5,-3.5h7v7h-7z", "M0,-5l5,5l-5,5l-5,-5z", "M0,-5l5,8h-10z",
  "M-4,-4l8,8M4,-4l-8,8", "M-5,0h10M0,-5v10", "M0,5l5,-8h-10z",
];

function marker(index, x, y, colour) {
  const open = index % SHAPES.length === 4 || index % SHAPES.length === 5;
  return svg("path", { d: SHAPES[index % SHAPES.length], transform: `translate(${x} ${y})`, fill: open ? "none" : colour, stroke: colour, "stroke-width": open ? 2 : 1 });
}

/* The hatchings of bars, one set for each drawing; the first is plain. */
function fills(id) {
  const defs = svg("defs", {});
  const hatch = svg("pattern", { id: `${id}-1`, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  hatch.append(svg("rect", { width: 7, height: 7, fill: "#f6dccd" }), svg("rect", { width: 2.2, height: 7, fill: COLOURS[1] }));
  const dots = svg("pattern", { id: `${id}-2`, width: 7, height: 7, patternUnits: "userSpaceOnUse" });
  dots.append(svg("rect", { width: 7, height: 7, fill: "#e3efe8" }), svg("circle", { cx: 3.5, cy: 3.5, r: 1.5, fill: COLOURS[2] }));
  defs.append(hatch, dots);
  return defs;
}

function fill(id, index) {
  return index ? `url(#${id}-${index})` : COLOURS[0];
}

/* A legend of [name, drawing of 28 x 14]. */
function legend(entries) {
  const list = element("ul", { class: "legend", "aria-hidden": "true" });
  for (const [name, drawing] of entries) {
    list.append(element("li", {}, svg("svg", { width: 28, height: 14, viewBox: "-14 -7 28 14" }, ...drawing), name));
  }
  return list;
}
