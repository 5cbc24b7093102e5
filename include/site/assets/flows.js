"use strict";
/* A Sankey diagram. The links never form a circle: the mart ends a flow back in a node of its own. */
const NODE = 14;
const LAST = 90; // more room before the last column, whose names stand before it
const GAP = 28; // room for a node's words

function flows(chart, rows, available) {
  const draw = chart.draw;
  const width = Math.max(available, 700);
  const links = rows.map((row) => ({
    source: column(chart, draw.source, [row])[0], target: column(chart, draw.target, [row])[0],
    size: column(chart, draw.width, [row])[0], back: column(chart, draw.is_back, [row])[0],
  }));
  const nodes = placed(links, width);
  const height = Math.max(...[...nodes.values()].map((node) => node.y + node.height)) + 30;
  const drawn = frame(width, height);
  const ribbons = svg("g", { class: "ribbons" });
  for (const link of links) {
    const [a, b] = [nodes.get(link.source), nodes.get(link.target)];
    const [x1, x2, middle] = [a.x + NODE, b.x, (a.x + NODE + b.x) / 2];
    const path = `M${x1},${link.y1}C${middle},${link.y1} ${middle},${link.y2} ${x2},${link.y2}`;
    const text = `${link.source} → ${link.target}: ${number(link.size)} customers`;
    ribbons.append(svg("path", { d: path, "stroke-width": Math.max(1, link.thick), class: link.back ? "ribbon back" : "ribbon" }, hint(text)));
  }
  drawn.append(ribbons);
  for (const [name, node] of nodes) {
    drawn.append(svg("rect", { x: node.x, y: node.y, width: NODE, height: Math.max(2, node.height), class: node.back ? "node back" : "node" }));
    drawn.append(...wordsOf(spaced(name), node));
  }
  const back = links.some((link) => link.back);
  const entries = [["forward", [svg("rect", { x: -13, y: -5, width: 26, height: 10, class: "node" })]], ["back to an earlier stage", [svg("rect", { x: -13, y: -5, width: 26, height: 10, class: "node back" })]]];
  const title = element("p", { class: "note" }, "Customers who moved, from left to right; the number of each node is the larger of who came and who left.");
  return back ? [legend(entries), drawn, title] : [drawn, title];
}

/* Names stand above and below the nodes in turn, so that those of neighbours do not meet; the last ones stand beside them. */
function wordsOf(name, node) {
  const halo = { class: "halo" };
  if (node.isLast) {
    return [words(`${name} ${number(node.size)}`, node.x - 6, node.y + Math.max(2, node.height) / 2 + 4, "end", halo)];
  }
  const y = node.depth % 2 ? node.y + node.height + 16 : node.y - 7;
  const [x, anchor] = node.depth ? [node.x + NODE / 2, "middle"] : [node.x, "start"];
  return [words(`${name} ${number(node.size)}`, x, y, anchor, halo)];
}

/* Nodes with their places; the links get theirs at both ends. */
function placed(links, width) {
  const nodes = new Map();
  for (const name of links.flatMap((link) => [link.source, link.target])) {
    if (nodes.has(name)) continue;
    const [into, out] = [links.filter((link) => link.target === name), links.filter((link) => link.source === name)];
    const size = Math.max(total(into), total(out));
    nodes.set(name, { name, into, out, size, depth: 0, back: into.some((link) => link.back) });
  }
  // The longest way to a node says its column; as many rounds as nodes reach the end of any way.
  for (let round = 0; round < nodes.size; round += 1) {
    for (const link of links) nodes.get(link.target).depth = Math.max(nodes.get(link.target).depth, nodes.get(link.source).depth + 1);
  }
  const last = Math.max(...[...nodes.values()].map((node) => node.depth));
  for (const node of nodes.values()) if (!node.out.length) node.depth = last;
  const columns = Array.from({ length: last + 1 }, (_, depth) => [...nodes.values()].filter((node) => node.depth === depth));
  const scale = 300 / Math.max(...columns.map((own) => own.reduce((sum, node) => sum + node.size, 0)), 1);
  const step = last ? (width - NODE - 4 - LAST) / last : 0;
  columns.forEach((own, depth) => {
    for (const node of own) {
      Object.assign(node, { x: 2 + depth * step + (depth === last && last ? LAST : 0), height: node.size * scale, isLast: depth === last && depth > 0 });
      node.wanted = node.into.length ? node.into.reduce((sum, link) => sum + link.size * centre(nodes.get(link.source)), 0) / total(node.into) : 180;
    }
    stack(own.sort((a, b) => a.wanted - b.wanted));
  });
  const top = Math.min(...[...nodes.values()].map((node) => node.y));
  for (const node of nodes.values()) node.y += 24 - top;
  for (const node of nodes.values()) {
    let [from, to] = [node.y, node.y];
    for (const link of [...node.out].sort((a, b) => centre(nodes.get(a.target)) - centre(nodes.get(b.target)))) {
      link.thick = link.size * scale;
      link.y1 = from + link.thick / 2;
      from += link.thick;
    }
    for (const link of [...node.into].sort((a, b) => centre(nodes.get(a.source)) - centre(nodes.get(b.source)))) {
      link.y2 = to + (link.size * scale) / 2;
      to += link.size * scale;
    }
  }
  return nodes;
}

/* Puts the nodes of a column where they want to be, as far as their neighbours leave room. */
function stack(own) {
  let free = -Infinity;
  for (const node of own) {
    node.y = Math.max(free, node.wanted - node.height / 2);
    free = node.y + Math.max(node.height + 10, GAP);
  }
  const over = own.reduce((sum, node) => sum + node.y + node.height / 2 - node.wanted, 0) / own.length;
  for (const node of own) node.y -= over;
}

function total(links) {
  return links.reduce((sum, link) => sum + link.size, 0);
}

function centre(node) {
  return node.y + node.height / 2;
}
