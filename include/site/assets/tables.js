"use strict";
/* What is shown as a table: listings, the numbers behind a chart, tiles and heat maps. */
const SHOWN_ROWS = 500;

function scrolling(name, content) {
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": name }, content);
}

function cellOf(chart, column, row) {
  const value = chart.values[column][row];
  const numeric = typeof value === "number";
  const text = format(value, unitOf(chart, chart.columns[column], row));
  return element("td", { class: numeric || value === null ? "number" : text.length <= 24 ? "text short" : "text" }, text);
}

/* A table of rows, without the columns that the page's selectors have fixed. */
function table(chart, rows, fixed) {
  const shown = chart.columns.map((_, index) => index).filter((index) => {
    const name = chart.columns[index];
    return !fixed.includes(name) && name !== "unit" && !Array.isArray(chart.values[index]?.[rows[0]]);
  });
  const head = element("tr", {});
  for (const index of shown) {
    const numeric = rows.some((row) => typeof chart.values[index][row] === "number");
    head.append(element("th", { scope: "col", class: numeric ? "number" : "text" }, label(chart, chart.columns[index])));
  }
  const body = element("tbody", {});
  for (const row of rows.slice(0, SHOWN_ROWS)) {
    const line = element("tr", {});
    shown.forEach((index, place) => {
      const cell = cellOf(chart, index, row);
      line.append(place ? cell : element("th", { scope: "row", class: cell.className }, cell.textContent));
    });
    body.append(line);
  }
  const made = element("table", {}, element("thead", {}, head), body);
  const parts = [scrolling(chart.title, made)];
  const all = rows.length > SHOWN_ROWS ? `The first ${SHOWN_ROWS} of ${number(rows.length)} rows; the file has all.` : `${rows.length} rows; the table scrolls.`;
  if (rows.length > 15) parts.push(element("p", { class: "note" }, all));
  return parts;
}

/* The rows as a CSV file, values as they are in the warehouse. */
function csvButton(chart, rows) {
  const button = element("button", { type: "button" }, "Save as CSV");
  button.addEventListener("click", () => {
    const quoted = (value) => (/[",\n]/.test(value) ? `"${value.replace(/"/g, '""')}"` : value);
    const lines = rows.map((row) => chart.values.map((column) => quoted(String(column[row] ?? ""))).join(","));
    const file = new Blob([[chart.columns.join(","), ...lines].join("\n") + "\n"], { type: "text/csv" });
    const link = element("a", { href: URL.createObjectURL(file), download: `${chart.id}.csv` });
    link.click();
    URL.revokeObjectURL(link.href);
  });
  return button;
}

function sparkline(values) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return "";
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const points = values.map((value, index) => [
    (index / (values.length - 1)) * 98 + 1,
    value === null ? null : 27 - ((value - low) / (high - low || 1)) * 24,
  ]).filter((point) => point[1] !== null);
  const line = points.map((point) => point.map((part) => part.toFixed(1)).join(",")).join(" ");
  const [x, y] = points.at(-1);
  const svg = element("span", { class: "spark", "aria-hidden": "true" });
  svg.innerHTML = `<svg viewBox="0 0 100 30" preserveAspectRatio="none"><polyline points="${line}"/></svg>`;
  svg.append(element("span", { class: "last", style: `left:${x}%;top:${(y / 30) * 100}%` }));
  return svg;
}


function tiles(chart, rows) {
  const at = (name, row) => chart.values[chart.columns.indexOf(name)][row];
  const list = element("ul", { class: "tiles" });
  for (const row of rows) {
    const unit = at("unit", row);
    const tile = element("li", {}, element("h3", {}, at("name", row)));
    const value = at("value", row);
    tile.append(element("p", { class: "value" }, value === null ? "unknown" : brief(value, unit)));
    const change = at("relative_change", row);
    const trend = at("trend", row);
    const arrow = change > 0 ? "▲" : change < 0 ? "▼" : "●";
    const said = trend ? `${arrow} ${change === null ? "from 0" : format(change, "change")}: ${trend}` : "nothing to compare with";
    tile.append(element("p", { class: `change ${trend || ""}` }, said));
    const goal = at("goal", row);
    tile.append(element("p", { class: "goal" }, goal === null ? "no goal set" : `Goal ${brief(goal, unit)}: ${at("goal_status", row)}`));
    tile.append(sparkline(at("history", row) || []));
    list.append(tile);
  }
  const since = at("period_start", rows[0]).slice(0, 7);
  return [element("p", { class: "note" }, `Month ${since}, each beside the month before; the line shows thirteen months.`), list];
}

/* A heat map is a table: every cell has its number, so it reads in grey, aloud and without seeing. */
function heat(chart, rows) {
  const at = (name, row) => chart.values[chart.columns.indexOf(name)][row];
  const draw = chart.draw;
  const columns = [...new Set(rows.map((row) => at(draw.column, row)))].sort((a, b) => (typeof a === "number" ? a - b : 0));
  const byRow = new Map();
  for (const row of rows) {
    const name = at(draw.row, row);
    if (!byRow.has(name)) byRow.set(name, { size: at(draw.size, row), cells: new Map() });
    byRow.get(name).cells.set(at(draw.column, row), at(draw.value, row));
  }
  const values = rows.filter((row) => at(draw.column, row) !== columns[0] || columns.length === 1).map((row) => at(draw.value, row));
  const top = Math.max(...values.filter((value) => value !== null), 1e-9);
  const unit = chart.units[draw.value];
  const head = element("tr", {}, element("th", { scope: "col" }, label(chart, draw.row)), element("th", { scope: "col", class: "number" }, label(chart, draw.size)));
  const numbered = typeof columns[0] === "number";
  columns.forEach((column) => head.append(element("th", { scope: "col", class: numbered ? "number" : "slanted" }, String(column))));
  const body = element("tbody", {});
  for (const [name, { size, cells }] of byRow) {
    const line = element("tr", {}, element("th", { scope: "row" }, String(name)), element("td", { class: "number" }, format(size, "count")));
    for (const column of columns) {
      const value = cells.get(column) ?? null;
      if (value === null) {
        line.append(element("td", { class: draw.hatched ? "hatched" : "none" }, element("span", { class: "hidden" }, draw.missing)));
        continue;
      }
      const strength = Math.max(0, Math.min(1, value / top));
      const shown = unit === "share" ? number(value * 100, value < 0.1 ? 1 : 0) : number(value, Math.abs(value) < 100 ? 1 : 0);
      line.append(element("td", { class: `cell${strength > 0.71 ? " dark" : ""}`, style: `--strength:${(strength * 100).toFixed(0)}%` }, shown));
    }
    body.append(line);
  }
  const shownUnit = { share: "%", money: site.currency }[unit];
  const across = `across: ${label(chart, draw.column)}`;
  const caption = element("caption", {}, `${label(chart, draw.value)} (${shownUnit}); ${across}. Darker is more${draw.hatched ? `; hatched is ${draw.missing}` : ""}.`);
  return [scrolling(chart.title, element("table", { class: "heat" }, caption, element("thead", {}, head), body))];
}
