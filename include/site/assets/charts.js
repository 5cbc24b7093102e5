"use strict";
/* Plotly figures. No meaning hangs on colour alone: lines differ in dash and mark, bars in hatching, and all carry words. */
const INK = "#1d2730";
const COLOURS = ["#0b5c8a", "#b4460f", "#23704a", "#7a3d9a", "#806000", "#3d4852", "#a8275f", "#2a6fdb", "#5b7f00", "#8a3b2a", "#00757a"];
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
const MARKS = ["circle", "square", "diamond", "triangle-up", "x", "star", "cross", "triangle-down"];
const FILLS = ["#0b5c8a", "#f6dccd", "#e3efe8"]; /* dark, hatched, dotted: three that grey leaves apart */
const PATTERNS = ["", "/", "."];
const CONFIG = { displayModeBar: false, responsive: true, showTips: false };
const narrow = () => window.innerWidth < 700;

function layout(height, more) {
  const axis = { automargin: true, tickfont: { size: narrow() ? 11 : 12 }, gridcolor: "#dde3e8", linecolor: "#8a96a1", zerolinecolor: "#8a96a1", fixedrange: true };
  const base = {
    height,
    font: { family: "system-ui, 'DejaVu Sans', sans-serif", size: narrow() ? 12 : 13, color: INK },
    margin: { l: 10, r: 16, t: 8, b: 10 },
    paper_bgcolor: "#ffffff",
    plot_bgcolor: "#ffffff",
    legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom", traceorder: "normal", itemclick: false, itemdoubleclick: false },
    hovermode: "closest",
    dragmode: false,
  };
  return { ...base, ...more, xaxis: { ...axis, ...more.xaxis }, yaxis: { ...axis, ...more.yaxis } };
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

function lines(chart, rows) {
  const draw = chart.draw;
  const groups = new Map();
  const by = draw.by ? column(chart, draw.by, rows) : rows.map(() => label(chart, draw.y));
  rows.forEach((row, index) => groups.set(by[index], [...(groups.get(by[index]) || []), row]));
  const traces = [...groups].map(([name, own], index) => {
    const count = own.length;
    return {
      type: "scatter",
      mode: "lines+markers",
      name: String(name),
      x: column(chart, draw.x, own),
      y: scaled(chart, draw.y, own),
      text: said(chart, draw.y, own),
      hovertemplate: "%{fullData.name}<br>%{x|%-d %b %Y}: %{text}<extra></extra>",
      line: { color: COLOURS[index % COLOURS.length], dash: DASHES[index % DASHES.length], width: 2 },
      marker: { symbol: MARKS[index % MARKS.length], size: 7, maxdisplayed: count > 14 ? 10 : 0 },
    };
  });
  const goal = draw.goal && column(chart, draw.goal, rows)[0];
  if (goal !== null && goal !== undefined && draw.goal) {
    traces.push({
      type: "scatter", mode: "lines", name: `goal ${format(goal, unitOf(chart, draw.goal, rows[0]))}`, hoverinfo: "skip",
      x: column(chart, draw.x, rows), y: scaled(chart, draw.goal, rows), line: { color: INK, dash: "dot", width: 2 },
    });
  }
  return [traces, layout(narrow() ? 340 : 380, {
    showlegend: traces.length > 1,
    xaxis: { title: { text: label(chart, draw.x) }, type: "date", ...dates(column(chart, draw.x, rows)) },
    yaxis: { title: { text: axisTitle(chart, draw.y, rows[0]) }, rangemode: "tozero" },
  })];
}

/* Days are written as days, also where there is only one of them. */
function dates(days) {
  const [first, last] = [days.reduce((a, b) => (b < a ? b : a)), days.reduce((a, b) => (b > a ? b : a))];
  if (first !== last) return { nticks: narrow() ? 4 : 10 };
  const around = [-3, 3].map((shift) => new Date(Date.parse(first) + shift * 864e5).toISOString().slice(0, 10));
  return { range: around, tickvals: [first], tickformat: "%-d %b %Y" };
}

function bars(chart, all) {
  const draw = chart.draw;
  const rows = all.slice(0, draw.top);
  const names = column(chart, draw.category, rows).map((name) => wrapped(name, narrow() ? 16 : 34));
  const traces = draw.values.map((value, index) => ({
    type: "bar",
    orientation: "h",
    name: label(chart, value),
    y: names,
    x: scaled(chart, value, rows),
    text: column(chart, value, rows).map((one, place) => (one === null || (draw.stacked && !one) ? "" : brief(one, unitOf(chart, value, rows[place])))),
    textposition: draw.stacked ? "inside" : draw.marks.length ? "auto" : "outside",
    insidetextanchor: draw.stacked ? "middle" : "start",
    textangle: 0,
    cliponaxis: false,
    insidetextfont: { color: index ? INK : "#ffffff" },
    outsidetextfont: { color: INK },
    hovertemplate: "%{y}<br>%{fullData.name}: %{text}<extra></extra>",
    marker: {
      color: FILLS[index], line: { color: COLOURS[index], width: 1.5 },
      pattern: { shape: PATTERNS[index], fillmode: "overlay", fgcolor: COLOURS[index], fgopacity: 0.75, size: 7, solidity: 0.22 },
    },
  }));
  draw.marks.forEach((mark, index) => {
    const known = rows.filter((row) => chart.values[chart.columns.indexOf(mark)][row] !== null);
    if (!known.length) return;
    traces.push({
      type: "scatter", mode: "markers", name: label(chart, mark),
      y: column(chart, draw.category, known).map((name) => wrapped(name, narrow() ? 16 : 34)),
      x: scaled(chart, mark, known), text: said(chart, mark, known), hovertemplate: "%{y}<br>%{fullData.name}: %{text}<extra></extra>",
      marker: { symbol: index ? "diamond-open" : "line-ns", size: index ? 11 : 18, color: INK, line: { width: 2.5, color: INK } },
    });
  });
  const bar = draw.stacked || draw.values.length === 1 ? 30 : 20 * draw.values.length + 12;
  const lines = Math.max(...names.map((name) => name.split("<br>").length));
  const height = rows.length * Math.max(bar, 16 * lines + 6) + 110;
  const sums = rows.map((_, place) => draw.values.reduce((sum, value) => sum + (scaled(chart, value, rows)[place] || 0), 0));
  const largest = Math.max(0, ...(draw.stacked ? sums : draw.values.flatMap((value) => scaled(chart, value, rows))), ...draw.marks.flatMap((mark) => scaled(chart, mark, rows)));
  const smallest = Math.min(0, ...draw.values.flatMap((value) => scaled(chart, value, rows)));
  const name = draw.values.length > 1 && draw.values.every((value) => chart.units[value] === chart.units[draw.values[0]]) ? chart.units[draw.values[0]] : null;
  const title = name && !["money", "share"].includes(name) ? name : name ? { money: site.currency, share: "%" }[name] : axisTitle(chart, draw.values[0], rows[0]);
  return [traces, layout(height, {
    uniformtext: draw.stacked ? { mode: "hide", minsize: 10 } : { mode: false },
    barmode: draw.stacked ? "stack" : "group",
    bargap: 0.25,
    showlegend: traces.length > 1,
    legend: { orientation: "h", x: 0, xanchor: "left", xref: "container", y: 1, yanchor: "top", yref: "container", traceorder: "normal", itemclick: false, itemdoubleclick: false },
    margin: { l: 10, r: 16, t: traces.length > 1 ? (narrow() && traces.length > 2 ? 56 : 36) : 8, b: 10 },
    xaxis: { title: { text: title }, nticks: narrow() ? 4 : 8, range: [smallest * 1.15, (largest || 1) * (draw.stacked ? 1.02 : narrow() ? 1.4 : 1.2)] },
    yaxis: { title: { text: label(chart, draw.category), standoff: 14 }, autorange: "reversed", type: "category", gridcolor: "#ffffff" },
  })];
}

function flows(chart, rows) {
  const draw = chart.draw;
  const [from, to, width, back] = [draw.source, draw.target, draw.width, draw.is_back].map((name) => column(chart, name, rows));
  const names = [...new Set([...from, ...to])];
  const into = (name) => to.reduce((sum, one, index) => sum + (one === name ? width[index] : 0), 0);
  const outOf = (name) => from.reduce((sum, one, index) => sum + (one === name ? width[index] : 0), 0);
  const isBack = names.map((name) => to.some((one, index) => one === name && back[index]));
  const trace = {
    type: "sankey",
    arrangement: "snap",
    node: {
      label: names.map((name) => `${name}<br>${number(Math.max(into(name), outOf(name)))}`),
      color: isBack.map((one) => (one ? "#b4460f" : "#0b5c8a")),
      pad: 18, thickness: 14, line: { width: 0 },
      hovertemplate: "%{label}<extra></extra>",
    },
    link: {
      source: from.map((name) => names.indexOf(name)), target: to.map((name) => names.indexOf(name)), value: width,
      color: back.map((one) => (one ? "rgba(180,70,15,0.35)" : "rgba(11,92,138,0.28)")),
      customdata: width.map((value) => number(value)),
      hovertemplate: "%{customdata} customers<extra></extra>",
    },
  };
  return [[trace], layout(Math.max(420, names.length * 34), { margin: { l: 8, r: 8, t: 12, b: 12 } })];
}

function intervals(chart, rows) {
  const draw = chart.draw;
  const [value, low, high] = [draw.value, draw.low, draw.high].map((name) => column(chart, name, rows));
  const crosses = rows.map((_, index) => low[index] <= 0 && high[index] >= 0);
  const trace = {
    type: "scatter", mode: "markers",
    y: column(chart, draw.category, rows).map((name) => wrapped(name.replace(/_/g, " "), narrow() ? 16 : 34)), x: value,
    error_x: {
      type: "data", symmetric: false, array: high.map((end, index) => end - value[index]), arrayminus: low.map((end, index) => value[index] - end),
      color: "#56626d", thickness: 2, width: 5,
    },
    marker: { size: 10, color: COLOURS[0], line: { width: 2, color: COLOURS[0] }, symbol: crosses.map((one) => (one ? "circle-open" : "circle")) },
    text: rows.map((_, index) => `${number(value[index], 3)} (${number(low[index], 3)} to ${number(high[index], 3)})`),
    hovertemplate: "%{y}<br>%{text}<extra></extra>",
  };
  return [[trace], layout(rows.length * 34 + 90, {
    xaxis: { title: { text: `${label(chart, draw.value)} (${chart.units[draw.value]})` }, zeroline: true, zerolinewidth: 2, zerolinecolor: INK, nticks: narrow() ? 4 : 8 },
    yaxis: { title: { text: label(chart, draw.category), standoff: 14 }, autorange: "reversed", type: "category" },
  })];
}

const FIGURES = { lines, bars, flows, intervals };

/* What a chart shows in one sentence, for those who do not see it. */
function spoken(chart, rows) {
  const draw = chart.draw;
  const shape = { lines: "Line chart", bars: "Bar chart", flows: "Flow diagram", intervals: "Points with intervals" }[draw.kind];
  const first = draw.category || draw.by || draw.source || draw.x;
  const names = [...new Set(column(chart, first, rows))];
  const shown = names.slice(0, 12).join(", ") + (names.length > 12 ? " and others" : "");
  return `${shape}: ${chart.title}. ${label(chart, first)}: ${shown}. The numbers follow below.`;
}
