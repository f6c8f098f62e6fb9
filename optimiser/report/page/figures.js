// Save any figure as SVG or PNG, its numbers as CSV, or copy how to cite it: of what is shown, the choice included.
// Uses the words of page.js. Nothing leaves the machine.
"use strict";

const PNG_ACROSS = 1600;

// A text for a table that other programs open: quoted, and never a formula.
const safeText = text => `"${String(text).replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
const csvOf = rows => [...rows.map(row => row.map(cell => (typeof cell === "number" ? (Number.isFinite(cell) ? cell : "") : safeText(cell))).join(",")), ""].join("\r\n");

function saveAs(name, blob) {
  const link = element("a", "", {download: name});
  link.href = URL.createObjectURL(blob);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// A text in lines that fit so many units, at a size of letters.
function linesOf(text, across, size) {
  const most = Math.floor(across / (0.56 * size)), lines = [""];
  for (const word of text.split(" ")) {
    if (lines[lines.length - 1].length + word.length >= most && lines[lines.length - 1]) lines.push("");
    lines[lines.length - 1] += `${lines[lines.length - 1] ? " " : ""}${word}`;
  }
  return lines;
}

// The figure as a file that stands by itself: with its style, its title and where it comes from, and below it the part of
// a map that is drawn once more.
function standingAlone(svg, words) {
  const [, , across, down] = svg.getAttribute("viewBox").split(" ").map(Number), size = Math.max(12, across / 45), step = 1.35 * size;
  const head = linesOf(words, across - size, size), foot = linesOf(`Draft: not a decision. ${document.title}`, across - size, size);
  const inset = svg.id === "picture" ? document.querySelector("#close-up svg") : null, side = inset ? across / 2 : 0;
  const above = step * (head.length + 0.6), below = above + down + side, whole = below + step * (foot.length + 0.6);
  const file = made("svg", {viewBox: `0 0 ${across} ${whole}`, width: across, height: whole, xmlns: "http://www.w3.org/2000/svg"});
  // Styles are set one by one: as attributes the page's policy would refuse them.
  const styled = (node, css) => {
    node.style.cssText = css;
    return node;
  };
  const written = (lines, top, weight, left = 0) => lines.map((line, number) => styled(made("text", {x: left + size / 2, y: top + step * (number + 1)}, line),
    `font: ${weight} ${size}px Arial, sans-serif; fill: #1d2730; text-anchor: start; stroke: none`));
  const style = made("style"), figure = svg.cloneNode(true), ground = getComputedStyle(svg).backgroundColor;
  style.textContent = document.querySelector("style").textContent;
  const placed = (node, y, width, height, css) => {
    const [left, top, wide, high] = node.getAttribute("viewBox").split(" ");
    for (const name of ["aria-labelledby", "role"]) node.removeAttribute(name);
    for (const [name, value] of Object.entries({x: 0, y, width, height})) node.setAttribute(name, value);
    node.prepend(styled(made("rect", {x: left, y: top, width: wide, height: high}), `fill: ${ground === "rgba(0, 0, 0, 0)" ? "#fff" : ground}; stroke: none`));
    return styled(node, `width: ${width}px; height: ${height}px; ${css}`);
  };
  placed(figure, above, across, down, "max-height: none; font-family: Arial, sans-serif");
  file.append(made("title", {}, words), style, styled(made("rect", {width: across, height: whole}), "fill: #fff; stroke: none"),
    ...written(head, 0, 600), figure, ...written(foot, below, 400));
  if (inset) {
    figure.after(placed(inset.cloneNode(true), above + down, side, side, "--hair: .25; --thin: .8; --thick: 1.4"),
      ...written(linesOf(byId("close-said").textContent, across - side - size, size), below - 4 * step, 400, side));
  }
  return new XMLSerializer().serializeToString(file);
}

function savePng(name, text) {
  const image = new Image();
  image.addEventListener("load", () => {
    const canvas = element("canvas"), scale = PNG_ACROSS / image.width;
    canvas.width = PNG_ACROSS;
    canvas.height = Math.round(image.height * scale);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob(blob => saveAs(name, blob), "image/png");
  });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}

// The numbers behind each figure, as rows under headings.
function areaRows() {
  const {areas} = question, [is, was] = [now, today].map(result => oneRowAnArea(question, result.going[shown]));
  const of = (one, area) => [Number.isFinite(one.minutes[area]) ? one.minutes[area] / question.scales.minutes : NaN, one.site[area] < 0 ? "" : names(question.sites[one.site[area]].code)];
  return [["area", "name", "resident", "minutes", "site", "minutes today", "site today"],
    ...areas.codes.map((code, area) => [code, areas.names[area], areas.resident[area] ? "yes" : "no", ...of(is, area), ...of(was, area)])];
}

function curveRows() {
  const [is, was] = [now, today].map(result => reached(question, result.going[shown]));
  return [["minutes", "share reached", "share reached today"], ...is.map((share, minute) => [minute, share, was[minute]])];
}

function districtRows() {
  return [["group", "minutes today", `minutes in ${PAGE.answer_word}`, "minutes in your choice"],
    ...question.groups.names.map(group => [group, ...[today, answer, now].map(result => measure(result, "mean_minutes", shown, group))])];
}

// A cell as it is shown, without the mark of the best; what is a number as one.
function plainCell(cell) {
  const text = cell.textContent.trim().replace(/^● /, "");
  return /^[\d,]+([.]\d+)?$/.test(text) ? Number(text.replaceAll(",", "")) : text;
}

// What tables show, as rows: where they have headings of groups each row begins with its group.
function shownRows(tables) {
  const found = [];
  for (const table of tables) {
    const grouped = table.querySelector(".group") !== null, [head] = table.tHead.rows;
    let group = "";
    if (!found.length) found.push([...(grouped ? ["group"] : []), ...Array.from(head.cells, cell => cell.textContent || "measure")]);
    for (const row of Array.from(table.tBodies).flatMap(body => Array.from(body.rows))) {
      if (row.cells[0].matches(".group")) group = row.cells[0].textContent;
      else found.push([...(grouped ? [group] : []), ...Array.from(row.cells, plainCell)]);
    }
  }
  return found;
}

const cited = words => `${words}. ${document.title} ${document.querySelector("footer p").textContent.split(". ").slice(0, 2).join(". ")}. ${location.hash ? `State: ${location.hash}` : "As first shown"}.`;

// What can be done with a figure, in a line below it; of a table, which has no picture, with its numbers.
function addSaving(svg, after, called, title, rows) {
  const line = element("p", "", {class: "buttons saving"}), told = element("span", "", {role: "status"});
  const name = ending => `${called}${shown ? `_${shown}` : ""}.${ending}`;
  const ways = [
    svg && ["SVG", () => saveAs(name("svg"), new Blob([standingAlone(svg(), title())], {type: "image/svg+xml"}))],
    svg && ["PNG", () => savePng(name("png"), standingAlone(svg(), title()))],
    ["Data (CSV)", () => saveAs(name("csv"), new Blob([csvOf(rows())], {type: "text/csv"}))],
    ["Copy citation", async () => { await copyText(cited(title())); told.textContent = "Copied."; }],
  ].filter(Boolean);
  line.append("Save: ", ...ways.map(([words, action]) => {
    const button = element("button", words, {type: "button", "aria-label": `${words}: ${called}`});
    button.addEventListener("click", action);
    return button;
  }), told);
  after.after(line);
}

function addAllSaving() {
  const words = id => () => byId(id).textContent;
  if (byId("picture")) addSaving(() => byId("picture"), byId("map-sub"), "map", words("map-title"), areaRows);
  if (byId("dumbbell")) addSaving(() => byId("dumbbell"), byId("floors-said"), "districts", words("dumbbells-title"), districtRows);
  if (byId("strip")) addSaving(() => byId("strip"), byId("ways-said"), "ways", () => `${byId("ways-title").textContent}. ${byId("ways-axis").textContent}`, waysRows);
  const placed = byId("placements"), options = Array.from(document.querySelectorAll("#options .sheet"));
  if (placed) addSaving(null, placed.closest(".scroll").nextElementSibling, "placements", words("placed-title"), () => shownRows([placed]));
  if (options.length) {
    addSaving(null, options[options.length - 1].closest("details") || options[0], "options", () => document.querySelector("[data-title=options]").textContent,
      () => shownRows(options.map(one => one.querySelector("table"))));
  }
  for (const svg of document.querySelectorAll("[data-curve]")) {
    addSaving(() => svg, svg, "journeys", () => svg.closest("figure").querySelector("figcaption").textContent, curveRows);
  }
}
