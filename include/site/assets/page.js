"use strict";
/* Fills the page: choices, drawings, the numbers behind them. The first charts are drawn first; the page is usable then. */
const charts = new Map(site.charts.map((chart) => [chart.id, chart]));
const chosen = {};

function rowsOf(chart, columns = chart.where) {
  const wanted = columns.map((name) => [chart.values[chart.columns.indexOf(name)], chosen[name]]);
  const rows = [];
  const length = chart.values.length ? chart.values[0].length : 0;
  for (let row = 0; row < length; row += 1) {
    if (wanted.every(([values, value]) => values[row] === value)) rows.push(row);
  }
  return rows;
}

/* Offers the values of a choice, those that fit the choices before it, and keeps what was chosen where it still fits. */
function fillChoice(choice) {
  const chart = charts.get(choice.chart);
  const before = [];
  for (let name = choice.within; name; name = site.selectors.find((one) => one.column === name).within) before.push(name);
  const values = [...new Set(rowsOf(chart, before).map((row) => chart.values[chart.columns.indexOf(choice.column)][row]))];
  const select = document.getElementById(`choose-${choice.column}`);
  select.replaceChildren(...values.map((value) => element("option", { value }, value)));
  if (values.includes(chosen[choice.column])) select.value = chosen[choice.column];
  chosen[choice.column] = values.length ? select.value : null;
  select.disabled = !values.length;
}

function choose(choice) {
  chosen[choice.column] = document.getElementById(`choose-${choice.column}`).value;
  const changed = [choice.column];
  for (const other of site.selectors) {
    if (changed.includes(other.within)) {
      fillChoice(other);
      changed.push(other.column);
    }
  }
  for (const chart of site.charts) if (chart.where.some((name) => changed.includes(name))) show(chart);
}

function show(chart) {
  const card = document.getElementById(chart.id);
  const rows = rowsOf(chart);
  const place = card.querySelector(".drawing");
  const said = card.querySelector(".chosen");
  said.hidden = !chart.where.length;
  const asked = (name) => site.selectors.find((one) => one.column === name).label;
  said.textContent = chart.where.map((name) => `${asked(name)}: ${chosen[name]}`).join(" · ");
  card.querySelector(".numbers").hidden = card.querySelector(".meaning").hidden = !rows.length;
  if (!rows.length) {
    place.replaceChildren(element("p", { class: "empty" }, chart.empty));
    return;
  }
  const kind = chart.draw.kind;
  if (kind === "tiles") place.replaceChildren(...tiles(chart, rows));
  else if (kind === "heat") place.replaceChildren(...heat(chart, rows));
  else if (kind === "listing") place.replaceChildren(...table(chart, rows, chart.where));
  else draw(chart, rows, place);
  numbers(chart, rows, card);
}

const FIGURES = { lines, bars, intervals, flows };

function draw(chart, rows, place) {
  const [style, room] = [getComputedStyle(place), place.clientWidth];
  const width = room - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const plot = element("div", { class: "plot", role: "img", "aria-label": spoken(chart, rows) }, ...FIGURES[chart.draw.kind](chart, rows, width));
  // A flow diagram cannot be made as narrow as a phone; it moves sideways there.
  place.replaceChildren(chart.draw.kind === "flows" ? scrolling(chart.title, plot) : plot);
}

/* What a chart shows in one sentence, for those who do not see it. */
function spoken(chart, rows) {
  const draw = chart.draw;
  const shape = { lines: "Line chart", bars: "Bar chart", flows: "Flow diagram", intervals: "Points with intervals" }[draw.kind];
  const first = draw.category || draw.by || draw.source || draw.x;
  const names = [...new Set(column(chart, first, rows))];
  const shown = names.slice(0, 12).join(", ") + (names.length > 12 ? " and others" : "");
  return `${shape}: ${chart.title}. ${label(chart, first)}: ${shown}. The numbers follow below.`;
}

/* The table of a chart is made when it is opened; a listing is its own table and only offers the file. */
function numbers(chart, rows, card) {
  const details = card.querySelector(".numbers");
  const sheet = details.querySelector(".sheet");
  const fill = () => {
    const own = chart.draw.kind === "listing" ? [] : table(chart, rows, chart.where);
    sheet.replaceChildren(...own, csvButton(chart, rows));
  };
  details.ontoggle = () => details.open && fill();
  if (details.open) fill();
}

/* Everything is drawn; the value says after how many milliseconds. */
function ready() {
  document.documentElement.dataset.ready = Math.round(performance.now());
}

function start() {
  for (const choice of site.selectors) {
    fillChoice(choice);
    document.getElementById(`choose-${choice.column}`).addEventListener("change", () => choose(choice));
  }
  const waiting = [...site.charts];
  const next = () => {
    const chart = waiting.shift();
    if (!chart) return ready();
    show(chart);
    setTimeout(next, 0);
  };
  next();
}

/* Drawings are made for a width; another one needs another drawing. */
let known = window.innerWidth;
window.addEventListener("resize", () => {
  if (window.innerWidth === known) return;
  known = window.innerWidth;
  for (const chart of site.charts) if (chart.draw.kind in FIGURES) show(chart);
});

document.addEventListener("DOMContentLoaded", start);
