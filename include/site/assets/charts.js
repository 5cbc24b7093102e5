"use strict";
/* Lines, bars and intervals as SVG, drawn for the width there is. */

function lines(chart, rows, width) {
  const draw = chart.draw;
  const [xs, ys, texts] = [column(chart, draw.x, rows).map((one) => Date.parse(one)), scaled(chart, draw.y, rows), said(chart, draw.y, rows)];
  const names = draw.by ? column(chart, draw.by, rows).map(spaced) : rows.map(() => label(chart, draw.y));
  const goal = draw.goal ? scaled(chart, draw.goal, rows)[0] : null;
  const known = ys.filter((one) => one !== null);
  let [first, last] = [xs.reduce((a, b) => Math.min(a, b)), xs.reduce((a, b) => Math.max(a, b))];
  if (first === last) [first, last] = [first - 3 * 864e5, last + 3 * 864e5];
  const [low, high] = [Math.min(0, ...known, goal ?? 0), Math.max(...known, goal ?? 0, 0) * 1.05 || 1];
  const marks = ticks(low, high, 6);
  const height = narrow() ? 300 : 340;
  const [left, right, top, bottom] = [34 + Math.max(...marks.map((one) => widthOf(short(one)))), width - 24, 10, height - 48];
  const [x, y] = [linear([first, last], [left + 8, right - 8]), linear([low, high], [bottom, top])];
  const drawn = frame(width, height);
  for (const one of marks) drawn.append(svg("line", { x1: left, x2: right, y1: y(one), y2: y(one), class: "grid" }), words(short(one), left - 6, y(one) + 4, "end"));
  const days = new Set(xs).size === 1 ? [[xs[0], new Date(xs[0]).toISOString().slice(0, 10)]] : dateTicks(first, last, narrow() ? 4 : 10);
  drawn.append(xAxis(x, days, label(chart, draw.x), [left, right, top, bottom]), yTitle(axisTitle(chart, draw.y, rows[0]), top, bottom));
  const groups = [...new Set(names)];
  groups.forEach((name, index) => drawn.append(line(name, index, rows.map((_, at) => at).filter((at) => names[at] === name))));
  const entries = groups.map((name, index) => [name, [stroke(index, "M-14,0H14"), marker(index, 0, 0, colour(index))]]);
  if (goal !== null) {
    drawn.append(svg("line", { x1: left, x2: right, y1: y(goal), y2: y(goal), class: "goal-line" }, hint(`goal: ${said(chart, draw.goal, rows)[0]}`)));
    entries.push([`goal ${said(chart, draw.goal, rows)[0]}`, [svg("line", { x1: -14, x2: 14, y1: 0, y2: 0, class: "goal-line" })]]);
  }
  return entries.length > 1 ? [legend(entries), drawn] : [drawn];

  function line(name, index, own) {
    const group = svg("g", { class: "line" });
    let path = "";
    own.forEach((at, place) => {
      if (ys[at] === null) return;
      path += `${place && ys[own[place - 1]] !== null ? "L" : "M"}${x(xs[at]).toFixed(1)},${y(ys[at]).toFixed(1)}`;
    });
    group.append(stroke(index, path));
    const every = Math.max(1, Math.ceil(own.length / 12));
    own.forEach((at, place) => {
      if (ys[at] === null) return;
      if (place % every === 0 || place === own.length - 1) group.append(marker(index, x(xs[at]).toFixed(1), y(ys[at]).toFixed(1), colour(index)));
      const spot = { cx: x(xs[at]).toFixed(1), cy: y(ys[at]).toFixed(1), r: 7, class: "spot" };
      group.append(svg("circle", spot, hint(`${name}, ${column(chart, draw.x, [rows[at]])[0]}: ${texts[at]}`)));
    });
    return group;
  }
}

function colour(index) {
  return COLOURS[index % COLOURS.length];
}

function stroke(index, path) {
  return svg("path", { d: path, fill: "none", stroke: colour(index), "stroke-width": 2, "stroke-dasharray": DASHES[index % DASHES.length] });
}

/* The rows of a drawing with a name at the left of each: bars and intervals. */
function named(chart, rows, heights, width, range, title) {
  const names = column(chart, chart.draw.category, rows).map((name) => wrapped(spaced(name), narrow() ? 15 : 32));
  const left = 30 + Math.max(...names.flat().map(widthOf));
  const tall = Math.max(heights, 15 * Math.max(...names.map((name) => name.length)) + 8);
  const heading = label(chart, chart.draw.category);
  // Beside few rows there is no room for a long title; it stands above them then.
  const fits = widthOf(heading) * 1.1 <= tall * rows.length;
  const top = fits ? 6 : 24;
  const [right, bottom] = [width - 16, top + tall * rows.length];
  const x = linear(range, [left, right]);
  const drawn = frame(width, bottom + 46);
  const marks = ticks(range[0], range[1], Math.max(2, Math.floor((right - left) / 64)));
  drawn.append(xAxis(x, marks.map((one) => [one, short(one)]), title, [left, right, top, bottom]));
  drawn.append(fits ? yTitle(heading, top, bottom) : words(heading, 2, 13, "start", { class: "axis-title" }));
  names.forEach((name, index) => {
    const middle = top + tall * (index + 0.5);
    name.forEach((part, place) => drawn.append(words(part, left - 8, middle + 4 + (place - (name.length - 1) / 2) * 14, "end")));
  });
  return { drawn, x, left, middle: (index) => top + tall * (index + 0.5), top, bottom };
}

function bars(chart, all, width) {
  const draw = chart.draw;
  const rows = all.slice(0, draw.top);
  const values = draw.values.map((name) => scaled(chart, name, rows));
  const marked = draw.marks.filter((name) => column(chart, name, rows).some((one) => one !== null));
  const marks = marked.map((name) => scaled(chart, name, rows));
  const sums = rows.map((_, at) => values.reduce((sum, own) => sum + (own[at] || 0), 0));
  const ends = [...(draw.stacked ? sums : values.flat()), ...marks.flat()].filter((one) => one !== null);
  const room = draw.stacked ? 1.04 : narrow() ? 1.5 : width < 700 ? 1.3 : 1.16;
  const range = [Math.min(0, ...ends) * room, (Math.max(0, ...ends) || 1) * room];
  const thick = draw.values.length > 1 && !draw.stacked ? 15 : 19;
  const count = draw.stacked ? 1 : draw.values.length;
  const plot = named(chart, rows, thick * count + 11, width, range, barTitle(chart, rows));
  plot.drawn.prepend(fills(chart.id));
  const names = column(chart, draw.category, rows);
  rows.forEach((row, at) => {
    let from = 0;
    values.forEach((own, index) => {
      const value = own[at];
      const y = plot.middle(at) - (thick * count) / 2 + (draw.stacked ? 0 : index * thick);
      if (value === null) return;
      const [start, end] = draw.stacked ? [from, from + value] : [Math.min(0, value), Math.max(0, value)];
      from += draw.stacked ? value : 0;
      const text = brief(column(chart, draw.values[index], [row])[0], unitOf(chart, draw.values[index], row));
      const [x1, x2] = [plot.x(start), plot.x(end)];
      const box = { x: x1.toFixed(1), y, width: Math.max(0, x2 - x1).toFixed(1), height: thick - 2, fill: fill(chart.id, index), stroke: COLOURS[index], class: "bar" };
      plot.drawn.append(svg("rect", box, hint(`${names[at]}, ${label(chart, draw.values[index])}: ${text}`)));
      if (!draw.stacked) {
        // The word of a bar must not stand on a mark.
        const near = marks.filter((mark) => mark[at] !== null).map((mark) => plot.x(mark[at])).filter((one) => one > x2 - 8 && one < x2 + widthOf(text) + 14);
        const isInside = near.length && !index && x2 - x1 > widthOf(text) + 12;
        if (isInside) plot.drawn.append(words(text, x1 + 6, y + thick / 2 + 3, "start", { class: "on-dark" }));
        else plot.drawn.append(words(text, Math.max(x2, ...near.map((one) => one + 4)) + 5, y + thick / 2 + 3));
      } else if (value && x2 - x1 > widthOf(text) + 8) {
        plot.drawn.append(words(text, (x1 + x2) / 2, y + thick / 2 + 3, "middle", { class: index ? "on-light" : "on-dark" }));
      }
    });
    marks.forEach((own, index) => {
      if (own[at] === null) return;
      const text = said(chart, marked[index], [row])[0];
      plot.drawn.append(svg("path", { ...markShape(index, plot.x(own[at]), plot.middle(at)) }, hint(`${names[at]}, ${label(chart, marked[index])}: ${text}`)));
    });
  });
  const entries = draw.values.map((name, index) => [label(chart, name), [svg("rect", { x: -13, y: -6, width: 26, height: 12, fill: fill(chart.id, index), stroke: COLOURS[index] })]]);
  marked.forEach((name, index) => entries.push([label(chart, name), [svg("path", markShape(index, 0, 0))]]));
  const parts = entries.length > 1 ? [legend(entries), plot.drawn] : [plot.drawn];
  if (all.length > rows.length) parts.push(element("p", { class: "note" }, `The first ${rows.length} of ${all.length}; the numbers have all.`));
  return parts;
}

function markShape(index, x, y) {
  const shape = index ? "M0,-6l6,6l-6,6l-6,-6z" : "M0,-10v20";
  return { d: shape, transform: `translate(${x} ${y})`, class: index ? "mark diamond" : "mark" };
}

function barTitle(chart, rows) {
  const units = chart.draw.values.map((name) => chart.units[name]);
  if (units.length === 1 || units.some((one) => one !== units[0])) return axisTitle(chart, chart.draw.values[0], rows[0]);
  return { money: site.currency, share: "%" }[units[0]] || units[0];
}

function intervals(chart, rows, width) {
  const draw = chart.draw;
  const [value, low, high] = [draw.value, draw.low, draw.high].map((name) => column(chart, name, rows));
  const span = Math.max(...high, 0) - Math.min(...low, 0) || 1;
  const range = [Math.min(...low, 0) - span * 0.05, Math.max(...high, 0) + span * 0.05];
  const plot = named(chart, rows, 32, width, range, axisTitle(chart, draw.value, rows[0]));
  plot.drawn.append(svg("line", { x1: plot.x(0), x2: plot.x(0), y1: plot.top, y2: plot.bottom, class: "zero" }));
  const names = column(chart, draw.category, rows);
  rows.forEach((_, at) => {
    const y = plot.middle(at);
    const [from, to, x] = [plot.x(low[at]), plot.x(high[at]), plot.x(value[at])];
    const crosses = low[at] <= 0 && high[at] >= 0;
    plot.drawn.append(svg("path", { d: `M${from},${y - 5}v10M${from},${y}H${to}M${to},${y - 5}v10`, class: "interval" }));
    const text = `${names[at]}: ${number(value[at], 3)} (${number(low[at], 3)} to ${number(high[at], 3)})`;
    plot.drawn.append(svg("circle", { cx: x, cy: y, r: 5.5, class: crosses ? "point open" : "point" }, hint(text)));
  });
  return [plot.drawn];
}
