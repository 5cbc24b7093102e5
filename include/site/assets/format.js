"use strict";
/* Words and numbers: one way to write each unit. Plain scripts, since browsers load no modules from disk. */
const site = JSON.parse(document.getElementById("data").textContent);
const MONEY = new Intl.NumberFormat("en", { style: "currency", currency: site.currency, currencyDisplay: "code" });
const COUNTED = ["count", "customers", "rows", "runs"];

function number(value, digits) {
  return new Intl.NumberFormat("en", { maximumFractionDigits: digits }).format(value);
}

function signed(text, value) {
  return value > 0 ? `+${text}` : text;
}

/* A value as people read it. Without a unit text stays text; NULL is unknown and never 0. */
function format(value, unit) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return String(value);
  if (unit === "money") return MONEY.format(value);
  if (unit === "share" || unit === "percent") return `${number(unit === "share" ? value * 100 : value, 1)} %`;
  if (unit === "change") return value && Math.abs(value) < 0.0005 ? "under 0.1 %" : signed(`${number(value * 100, 1)} %`, value);
  if (unit === "points") return signed(`${number(value * 100, 1)} points`, value);
  if (unit === "days" || unit === "months") return `${number(value, value < 1 ? 2 : 1)} ${unit}`;
  if (COUNTED.includes(unit)) return number(value, 1);
  return number(value, 3);
}

/* Shorter, for tiles and the ends of bars: no cents beside thousands. */
function brief(value, unit) {
  if (unit === "money" && Math.abs(value) >= 1000) return `${site.currency} ${number(value, 0)}`;
  return format(value, unit);
}

function unitOf(chart, column, row) {
  const unit = chart.units[column];
  const own = () => chart.values[chart.columns.indexOf("unit")][row];
  if (unit === "difference") return own() === "share" ? "points" : own();
  return unit === "unit" ? own() : unit;
}

/* A name of the tables as people read it. */
function spaced(name) {
  return String(name).replace(/_/g, " ");
}

function label(chart, column) {
  return chart.labels[column] || spaced(column);
}

/* The title of an axis: what is counted, and in which unit. */
function axisTitle(chart, column, row) {
  const unit = unitOf(chart, column, row);
  const units = { money: site.currency, share: "%", percent: "%", count: "number", ratio: "ratio", rows: "rows" };
  const shown = units[unit] || unit;
  return shown && shown !== label(chart, column) ? `${label(chart, column)} (${shown})` : label(chart, column);
}

function element(name, attributes, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...content);
  return made;
}

/* Breaks a long name into lines for an axis. */
function wrapped(text, width) {
  const lines = [""];
  for (const word of String(text).split(" ")) {
    if (lines.at(-1) && (lines.at(-1) + " " + word).length > width) lines.push(word);
    else lines[lines.length - 1] = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
  }
  return lines.length > 3 ? [...lines.slice(0, 2), `${lines[2]} …`] : lines;
}
