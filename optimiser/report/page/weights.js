// Options ranked under weights of the aims on which they differ, and which of them wins where, of every mix of weights.
"use strict";

// The corners of the triangle of all mixes of three weights, each where that aim alone counts.
const CORNERS = [[130, 24], [18, 208], [242, 208]];

// Every mix of one to three weights in steps of 2%.
function* mixesOf(aims) {
  for (let one = 0; one <= 50; one++) {
    if (aims === 1) { yield [1]; return; }
    if (aims === 2) yield [one / 50, 1 - one / 50];
    else for (let other = 0; one + other <= 50; other++) yield [one / 50, other / 50, 1 - (one + other) / 50];
  }
}

const scoreOf = (scores, mix) => scores.reduce((sum, one, aim) => sum + one * mix[aim], 0);

// Of each mix of weights who wins: those with the best score, of the runs that may.
function winnersOf(scores, lawful) {
  return [...mixesOf(scores[0].length)].map(mix => {
    const best = Math.max(...lawful.map(run => scoreOf(scores[run], mix)));
    return [mix, lawful.filter(run => scoreOf(scores[run], mix) >= best - 1e-9)];
  });
}

// Nothing is weighed until somebody says how, and an option that breaks a rule is not ranked; nor is one of another
// question, or one alone.
function rank() {
  const boxes = Array.from(document.querySelectorAll("[data-aim]")), weights = boxes.map(box => Number(box.value));
  const {scores} = PAGE.aims, total = weights.reduce((sum, one) => sum + one, 0);
  const every = scores.map((_, run) => run), out = run => PAGE.runs[run].broken || PAGE.runs[run].asked_otherwise, lawful = every.filter(run => !out(run)), several = lawful.length > 1;
  const mix = total ? weights.map(one => one / total) : null, mixes = several ? winnersOf(scores, lawful) : [];
  wholeShares(mix || weights.map(() => 1)).forEach((share, aim) => (boxes[aim].nextElementSibling.textContent = mix ? `${share}%` : "–"));
  const points = run => scoreOf(scores[run], mix), wins = run => mixes.reduce((sum, [, found]) => sum + (found.includes(run) ? 1 / found.length : 0), 0);
  const order = mix ? [...lawful].sort((one, other) => points(other) - points(one)) : lawful;
  byId("ranked").tBodies[0].replaceChildren(...[...order, ...every.filter(out)].map(run => {
    const row = element("tr"), {name, broken, asked_otherwise} = PAGE.runs[run];
    const breaks = asked_otherwise ? " (answers another question)" : broken ? ` (breaks ${broken} rule${broken > 1 ? "s" : ""})` : "";
    const cells = out(run) ? ["–", "not ranked"] : [mix ? FORMS.whole(points(run)) : "–", several ? FORMS.percent(wins(run) / mixes.length) : "no other to rank it with"];
    row.append(element("th", name + breaks, {scope: "row"}), ...cells.map(cell => element("td", cell, {class: "n"})));
    return row;
  }));
  drawMixes(mixes, mix);
}

// A dot for each mix of three weights, of the option that wins there, named in the middle of its dots; a ring is yours.
function drawMixes(mixes, mine) {
  const figure = byId("mixes"), svg = figure.querySelector("svg"), at = mix => [0, 1].map(axis => mix.reduce((sum, one, aim) => sum + one * CORNERS[aim][axis], 0));
  figure.hidden = !mixes.length || CORNERS.length !== mixes[0][0].length;
  if (figure.hidden) return;
  const places = new Map();
  const dots = mixes.map(([mix, found]) => {
    const [x, y] = at(mix), alone = found.length === 1;
    if (alone) places.set(found[0], [...(places.get(found[0]) || []), [x, y]]);
    return made("circle", {class: alone ? `w${found[0] % 4}` : "level", cx: x.toFixed(1), cy: y.toFixed(1), r: 1.8});
  });
  const names = [...places].map(([run, points]) => {
    const [x, y] = [0, 1].map(axis => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
    return made("text", {x, y: y + 4}, PAGE.runs[run].name);
  });
  const aims = CORNERS.map(([x, y], aim) => made("text", {class: ["", "start", "end"][aim], x: [x, 2, 258][aim], y: aim ? y + 18 : y - 10}, PAGE.aims.aims[aim].name));
  const ring = mine ? [made("circle", {class: "mine", cx: at(mine)[0], cy: at(mine)[1], r: 6})] : [];
  svg.replaceChildren(...dots, ...ring, ...names, ...aims);
}
