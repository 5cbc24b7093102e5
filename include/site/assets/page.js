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
  Plotly.purge(place);
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

function draw(chart, rows, place) {
  const canvas = element("div", { class: "plot", role: "img", "aria-label": spoken(chart, rows) });
  place.replaceChildren(scrollable(chart, canvas));
  const [traces, figure] = FIGURES[chart.draw.kind](chart, rows);
  Plotly.newPlot(canvas, traces, figure, CONFIG);
}

/* A flow diagram cannot be made as narrow as a phone; it moves sideways there. */
function scrollable(chart, canvas) {
  return chart.draw.kind === "flows" ? scrolling(chart.title, canvas) : canvas;
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

function ready() {
  document.documentElement.dataset.ready = "true";
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

document.addEventListener("DOMContentLoaded", start);
