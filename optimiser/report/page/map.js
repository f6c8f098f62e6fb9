// Draws the map and the journey curve. Shapes come ready from the page; this chooses their classes and lines.
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const byId = name => document.getElementById(name);

function made(name, attributes = {}, text = "") {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text) node.textContent = text;
  return node;
}

// Line patterns, so that catchments differ without colour.
function drawPatterns(colours) {
  const lines = ["M-2 2l4-4M0 12L12 0M10 14l4-4", "M0 6h12", "M6 0v12", "M0 0L12 12M-2 10l4 4M10-2l4 4", "M0 6h12M6 0v12", "M3 3h1M9 9h1"];
  lines.forEach((d, number) => {
    const pattern = made("pattern", {id: `p${number}`, width: 12, height: 12, patternUnits: "userSpaceOnUse"});
    pattern.append(made("rect", {width: 12, height: 12, fill: colours[number], "fill-opacity": 0.3}),
      made("path", {d, stroke: colours[number], "stroke-width": 2, fill: "none"}));
    byId("patterns").append(pattern);
  });
}

const MINUTES_STEP = (minutes, breaks) => breaks.filter(one => minutes > one).length;
const CHANGES = [[-Infinity, -FAR, "more than 10 shorter"], [-FAR, -1, "1 to 10 shorter"], [-1, 1, "within 1 minute"],
  [1, FAR, "1 to 10 longer"], [FAR, Infinity, "more than 10 longer"]];

function changeStep(change) {
  if (change < -FAR) return 0;
  if (change < -1) return 1;
  if (change <= 1) return 2;
  return change <= FAR ? 3 : 4;
}

// The class of a journey: by minutes, by where it ends, or by what changes from what it was.
function classOf(question, view, minutes, site, was, breaks) {
  const {scales, candidates} = question;
  if (view === "catchments") return site < 0 ? "out" : site < candidates ? `t${site % 6}` : "tn";
  if (view === "minutes") return `m${MINUTES_STEP(minutes / scales.minutes, breaks)}`;
  return `d${changeStep(minutes === was ? 0 : (minutes - was) / scales.minutes)}`;
}

// One class name an area of those who do not leave in any case, and how many patients a year are of each class: all of
// them, but where they go is told of those who stay alone.
function classesOf(question, view, going, before, breaks) {
  const {resident} = question.areas, {minutes, site} = oneRowAnArea(question, going), was = oneRowAnArea(question, before).minutes, {rows} = going, total = new Map();
  rows.patients.forEach((many, row) => {
    const area = rows.area[row], leaves = rows.to[row] >= 0;
    if (!resident[area] || (leaves && view === "catchments")) return;
    const name = classOf(question, view, going.minutes[row], going.site[row], leaves ? going.minutes[row] : was[area], breaks);
    total.set(name, (total.get(name) || 0) + many);
  });
  const classes = Array.from(site, (_, area) => (resident[area] ? classOf(question, view, minutes[area], site[area], was[area], breaks) : "out"));
  return {classes, total, site};
}

// Shares in whole percent that add up to 100, so that any number of them from the first on add up to their share.
function wholeShares(parts) {
  const all = parts.reduce((sum, one) => sum + one, 0);
  let sum = 0, told = 0;
  return parts.map(one => {
    sum += one;
    const share = Math.floor(100 * sum / all + 0.5) - told;
    told += share;
    return share;
  });
}

function drawMap(page, view, code, going, before) {
  const {question, map} = page;
  const {classes, total, site: sites} = classesOf(question, view, going, before, page.breaks[code]);
  if (map.points) drawDots(map.points, classes);
  else Array.from(byId("areas").children).forEach((path, area) => path.setAttribute("class", classes[area]));
  const site = area => (question.areas.resident[area] ? sites[area] : -9);
  byId("catchments").setAttribute("d", map.borders.filter(([one, other]) => site(one) !== site(other)).map(border => border[2]).join(""));
  nameCatchments(page, view, sites);
  return total;
}

// Say where patients go, on the area of each catchment that lies nearest to its middle, clear of the marks of sites.
function nameCatchments({question, map, short}, view, goesTo) {
  const {areas, sites} = question, of = new Map(), labels = [];
  byId("names").toggleAttribute("hidden", view === "catchments");
  const marks = Array.from(byId("marks").children, mark => mark.transform.baseVal[0].matrix);
  const isClear = ([x, y]) => marks.every(({e, f}) => Math.abs(x - e) > 120 || y < f - 40 || y > f + 85);
  if (view === "catchments") {
    const middles = middlesOf(map);
    goesTo.forEach((site, area) => {
      if (site < 0 || !areas.resident[area]) return;
      if (!of.has(site)) of.set(site, []);
      of.get(site).push(middles[area]);
    });
  }
  for (const [site, points] of of) {
    if (points.length < 0.02 * areas.codes.length) continue;
    const mean = axis => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
    const [x, y] = [mean(0), mean(1)], far = point => (point[0] - x) ** 2 + (point[1] - y) ** 2;
    const clear = points.filter(isClear);
    const [left, top] = (clear.length ? clear : points).reduce((best, point) => (far(point) < far(best) ? point : best));
    labels.push(made("text", {x: left, y: top}, `to ${short[sites[site].code]}`));
  }
  byId("going").replaceChildren(...labels);
}

function middlesOf(map) {
  if (!map.middles) {
    map.middles = map.points || Array.from(byId("areas").children, path => {
      const {x, y, width, height} = path.getBBox();
      return [x + width / 2, y + height / 2];
    });
  }
  return map.middles;
}

const drawDots = (points, classes) => byId("areas").replaceChildren(...shapesOf(points, classes));

// One path a class: of all its areas, from their outlines or points.
function shapesOf(points, classes) {
  const paths = new Map(), outlines = byId("areas").children;
  classes.forEach((name, area) => {
    if (!paths.has(name)) paths.set(name, []);
    paths.get(name).push(points ? `M${points[area][0]} ${points[area][1]}h3` : outlines[area].getAttribute("d"));
  });
  return Array.from(paths, ([name, d]) => made("path", {class: points ? `${name} dots` : name, d: d.join("")}));
}

// A small map of minutes or, against another result, of changes: land, areas, and a disc where the service is.
function smallMap({question, map, breaks}, code, result, words, before = null) {
  const {classes} = classesOf(question, before ? "difference" : "minutes", result.going[code], (before || result).going[code], breaks[code]);
  const svg = made("svg", {viewBox: byId("picture").getAttribute("viewBox"), class: byId("picture").getAttribute("class"), role: "img", "aria-label": words});
  if (byId("land")) svg.append(made("use", {href: "#land"}));
  const areas = made("g", {class: "areas"});
  areas.append(...shapesOf(map.points, classes));
  svg.append(areas);
  for (const mark of document.querySelectorAll("#marks .site")) {
    if (result.chosen[code].includes(mark.dataset.site)) {
      const disc = made("g", {transform: mark.getAttribute("transform")});
      disc.append(made("circle", {r: 34, class: "halo"}), ...["circle.disc", "text"].map(one => mark.querySelector(one).cloneNode(true)));
      svg.append(disc);
    }
  }
  return svg;
}

// Which area an event is at; −1 for none.
function areaAt(map, event) {
  if (!map.points) {
    if (!map.numbers) map.numbers = new Map(Array.from(byId("areas").children, (path, area) => [path, area]));
    return map.numbers.has(event.target) ? map.numbers.get(event.target) : -1;
  }
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(byId("picture").getScreenCTM().inverse());
  const far = ([x, y]) => (x - at.x) ** 2 + (y - at.y) ** 2;
  const nearest = map.points.reduce((best, point, area) => (far(point) < far(map.points[best]) ? area : best), 0);
  return far(map.points[nearest]) < 400 ? nearest : -1;
}

const WAYS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};

// The nearest area that way, with those to the side counted as further off; the same one where there is none.
function areaBeyond(map, area, [right, down]) {
  const middles = middlesOf(map), [x, y] = middles[area];
  let best = area, least = Infinity;
  middles.forEach(([left, top], one) => {
    const along = (left - x) * right + (top - y) * down, aside = Math.abs((left - x) * down) + Math.abs((top - y) * right);
    if (along > 0 && aside <= 2 * along && along + 2 * aside < least) [best, least] = [one, along + 2 * aside];
  });
  return best;
}

function pointAt(map, area) {
  const [x, y] = map.points ? map.points[area] : [0, 0];
  byId("pointed").setAttribute("d", map.points ? `M${x - 8} ${y}a8 8 0 1 0 16 0a8 8 0 1 0 -16 0` : byId("areas").children[area].getAttribute("d"));
}

// The share of residents within so many minutes, minute by minute; of patients where nobody knows how many live there.
function reached(question, going) {
  const counts = [], {rows} = going;
  let total = 0;
  going.minutes.forEach((minutes, row) => {
    if (!rows.resident[row] || rows.to[row] >= 0) return;
    const many = (rows.people || rows.patients)[row];
    total += many;
    if (!Number.isFinite(minutes)) return;
    const minute = Math.ceil(minutes / question.scales.minutes);
    counts[minute] = (counts[minute] || 0) + many;
  });
  let sum = 0;
  return Array.from(counts, many => (sum += many || 0) / total);
}

const MOST_ROWS = 12;

// A row a group: a ring for today, a disc for the answer, a line between them, and a diamond for a choice that is another.
function drawDumbbell(svg, rows, other) {
  const [left, right, high] = [128, 352, 23], bottom = rows.length * high + 6;
  const all = rows.flatMap(row => [row.today, row.answer, ...(other ? [row.now] : [])]);
  const step = Math.max(...all) - Math.min(...all) > 60 ? 30 : 10;
  const first = Math.floor(Math.min(...all) / step) * step, last = Math.max(first + step, Math.ceil(Math.max(...all) / step) * step);
  const x = minutes => left + (right - left) * (minutes - first) / (last - first), parts = [];
  for (let minutes = first; minutes <= last; minutes += step) {
    parts.push(made("path", {class: "grid", d: `M${x(minutes)} 2V${bottom}`}), made("text", {class: "quiet", x: x(minutes), y: bottom + 15, "text-anchor": "middle"}, minutes === last ? `${minutes} min` : String(minutes)));
  }
  rows.forEach((row, number) => {
    const y = number * high + 14, change = row.answer - row.today;
    parts.push(made("text", {x: left - 12, y: y + 4, "text-anchor": "end"}, row.name.length > 20 ? `${row.name.slice(0, 19)}…` : row.name),
      made("path", {class: "link", d: `M${x(row.today)} ${y}H${x(row.answer)}`}),
      made("circle", {class: "is", cx: x(row.answer), cy: y, r: 5.5}), made("circle", {class: "was", cx: x(row.today), cy: y, r: 4.5}),
      made("text", {class: "quiet", x: 398, y: y + 4, "text-anchor": "end"}, Math.abs(change) < 0.05 ? "0" : `${change > 0 ? "+" : "−"}${Math.abs(change).toFixed(1)}`));
    if (other) parts.push(made("path", {class: "mine", d: `M${x(row.now)} ${y - 6}l6 6l-6 6l-6 -6z`}));
  });
  svg.setAttribute("viewBox", `0 0 400 ${bottom + 20}`);
  svg.replaceChildren(...parts);
}

function drawCurve(svg, lines) {
  const last = Math.max(60, ...lines.map(line => line.values.length)) + 2;
  const [left, right, top, bottom] = [48, 580, 14, 290];
  const x = minute => left + (right - left) * minute / last, y = share => bottom - (bottom - top) * share;
  const parts = [];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    parts.push(made("path", {class: "axis", d: `M${left} ${y(share)}H${right}`}),
      made("text", {x: left - 6, y: y(share) + 4, "text-anchor": "end"}, `${share * 100}%`));
  }
  const step = last > 130 ? 30 : last > 70 ? 15 : 10;
  for (let minute = 0; minute <= last; minute += step) parts.push(made("text", {x: x(minute), y: bottom + 18, "text-anchor": "middle"}, String(minute)));
  parts.push(made("text", {x: (left + right) / 2, y: bottom + 36, "text-anchor": "middle"}, "minutes"));
  for (const band of BANDS) parts.push(made("path", {class: "limit", d: `M${x(band)} ${top}V${bottom}`}));
  // Labels stand where lines are furthest apart: at three quarters, each beside its own line, pushed apart.
  const labels = lines.map(line => {
    const at = line.values.findIndex(share => share >= 0.8);
    return {...line, minute: at < 0 ? line.values.length : at};
  }).sort((one, other) => one.minute - other.minute);
  lines.forEach(line => parts.push(made("path", {class: `line ${line.kind}`,
    d: line.values.map((share, minute) => `${minute ? "L" : "M"}${x(minute).toFixed(1)} ${y(share).toFixed(1)}`).join("")})));
  labels.forEach((line, number) => parts.push(
    made("path", {class: `line ${line.kind}`, d: `M${right - 128} ${bottom - 18 - 20 * (labels.length - number)}h22`}),
    made("text", {class: line.kind, x: right - 100, y: bottom - 14 - 20 * (labels.length - number)}, line.name)));
  svg.replaceChildren(...parts);
}
