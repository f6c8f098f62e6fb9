// What a sweep found, as figures: how each placement does, and which is best as each figure varies. Uses the words of page.js.
"use strict";

const MOST_OPTIONS = 6, MOST_STRIPS = 6, ACROSS = 360, MOST_LETTERS_FIRST = 140;
const upper = words => words.charAt(0).toUpperCase() + words.slice(1);

// Where options differ, in words, with a number each: the first in full, the others by what is otherwise.
function placedBy(options) {
  const codes = question.services.map(one => one.code), at = (one, code) => (one.designated[code] || []).join();
  const differ = codes.filter(code => new Set(options.map(one => at(one, code))).size > 1), [first] = options;
  const said = (one, some) => some.map(code => `${lower(nameOf(code))} at ${sitesOf(one.designated[code] || [])}`).join("; ");
  return new Map(options.map((one, place) => {
    const other = differ.filter(code => at(one, code) !== at(first, code)), likened = one !== first && other.length < differ.length;
    return [one.option, {number: place + 1, words: `${likened ? "as 1, but " : ""}${said(one, likened ? other : differ)}` || "the only placement"}];
  }));
}

function barCell(value, most, text) {
  const cell = element("td", "", {class: "n"});
  if (value === null) return cell.append("–"), cell;
  const bar = made("svg", {class: "cell", viewBox: "0 0 44 10", preserveAspectRatio: "none", "aria-hidden": "true"});
  bar.append(made("rect", {width: most ? 44 * value / most : 0, height: 10}));
  cell.append(bar, element("span", text));
  return cell;
}

function swatch(number) {
  const mark = made("svg", {class: "swatch", viewBox: "0 0 10 10", "aria-hidden": "true"});
  mark.append(made("rect", {class: number < 0 ? "nobody" : `s${number}`, width: 10, height: 10}));
  return mark;
}

function sweepFigures(found, every) {
  const {options, scenarios, without_a_plan, varied} = found;
  if (scenarios === without_a_plan) return [element("p", `No plan meets every rule in any of the ${commas(scenarios)} scenarios.`, {class: "finding"})];
  const winners = options.filter(one => one.won_share > 0), safest = options.find(one => one.option === found.safest);
  const drawn = winners.slice(0, MOST_OPTIONS), first = options.slice(0, MOST_OPTIONS), listed = first.includes(safest) || !safest ? first : [...first, safest], placed = placedBy(listed);
  const answered = scenarios - without_a_plan, often = Math.round(drawn[0].won_share * answered);
  const {words} = placed.get(drawn[0].option);
  const head = element("p", `${words.length > MOST_LETTERS_FIRST ? "Placement 1" : upper(words)}: the best, alone or with others, in ${often === answered ? "all" : `${commas(often)} of`} ${commas(answered)} scenarios${without_a_plan ? " that have a plan" : ""}.`, {class: "finding"});
  const note = element("p", [found.title, without_a_plan ? `No plan meets every rule in ${commas(without_a_plan)} of ${commas(scenarios)} scenarios` : "Some plan meets every rule in all of them",
    "The ranges are a supposition of whoever asked, so these are no chances"].map(words => (/[.?!]$/.test(words) ? words : `${words}.`)).join(" "), {class: "note"});
  const strips = varied.slice(0, MOST_STRIPS), grid = element("div", "", {class: "strips"});
  for (const [number, one] of strips.entries()) grid.append(sweepStrip(one, every.find(({name}) => name === one.name), drawn, placed, number));
  const more = winners.length - drawn.length, left = [];
  if (more) left.push(`${commas(more)} more ${more > 1 ? "are" : "is"} best somewhere; they are grey.`);
  if (varied.length > strips.length) left.push(`Of ${varied.length} figures that varied, the ${strips.length} that turn the answer most are drawn.`);
  return [head, note, optionsTable(found, listed, drawn, placed), element("p", left.join(" "), {class: "note"}), element("h3", "Which is best as each figure varies"), grid, sweepTable(found, every, placed), ...movesTables(found, every)];
}

// Which figures move the answer, alone and with others, where the sweep asked for that: shares, each with where it may lie.
function movesTables({moves}, every) {
  if (!moves.length) return [];
  const percent = share => FORMS.percent(share).replace(/^[-−]0%/, "0%");
  const tables = [...new Set(moves.map(one => one.of))].map(of => {
    const called = of === "best value" ? "What moves the best value" : `What moves whether ${of}`, scroll = element("div", "", {class: "scroll", tabindex: 0, role: "region", "aria-label": called});
    const table = element("table", "", {class: "swept"}), top = element("thead"), head = element("tr"), body = element("tbody"), some = moves.filter(one => one.of === of);
    for (const words of ["Figure", "Alone", "With others"]) head.append(element("th", words, {scope: "col", class: words === "Figure" ? "" : "n"}));
    for (const one of some) {
      const row = element("tr"), known = every.find(({name}) => name === one.parameter) || {meaning: one.parameter};
      const shared = (share, low, high) => barCell(Math.min(1, Math.max(0, share)), 1, `${percent(share)} (${percent(low)} to ${percent(high)})`);
      row.append(element("th", known.meaning.split(". ")[0], {scope: "row"}), shared(one.first_order, one.first_low, one.first_high), shared(one.total_order, one.total_low, one.total_high));
      body.append(row);
    }
    top.append(head);
    table.append(element("caption", called), top, body);
    scroll.append(table);
    return scroll;
  });
  return [element("h3", "What moves the answer"), element("p", "Shares of the variance over all scenarios (Sobol indices), and where 95% of resamples put each. They are estimates: more draws make them surer.", {class: "note"}), ...tables];
}

function optionsTable(found, listed, drawn, placed) {
  const scroll = element("div", "", {class: "scroll", tabindex: 0, role: "region", "aria-label": "Placements of the sweep"});
  const table = element("table", "", {class: "swept"}), top = element("thead"), head = element("tr"), body = element("tbody"), furthest = Math.max(...listed.map(one => one.max_regret || 0));
  for (const words of ["Placement", "Best, alone or with others", "Meets every rule", `Furthest from the best, ${found.unit}`]) head.append(element("th", words, {scope: "col", class: words === "Placement" ? "" : "n"}));
  for (const one of listed) {
    const row = element("tr"), name = element("th", "", {scope: "row"});
    name.append(...(drawn.includes(one) ? [swatch(drawn.indexOf(one))] : []), `${placed.get(one.option).number}. ${upper(placed.get(one.option).words)}`, ...(one.option === found.safest ? [" ", element("small", "never far off: least at worst, of the ways that meet the rules most often")] : []));
    row.append(name, barCell(one.won_share, 1, FORMS.percent1(one.won_share)), barCell(one.lawful_share, 1, FORMS.percent1(one.lawful_share)),
      barCell(one.max_regret, furthest, commas(one.max_regret || 0)));
    body.append(row);
  }
  top.append(head);
  table.append(element("caption", "How each placement does"), top, body);
  scroll.append(table);
  return scroll;
}

// A figure from its least to its most: of the scenarios of each step, in what share each placement is best.
function sweepStrip(one, parameter, drawn, placed, number) {
  const {meaning, unit, current} = parameter || {meaning: one.name, unit: "", current: NaN}, figure = element("figure"), title = element("figcaption", `${meaning.split(". ")[0]}${unit === "times" ? "" : ` (${unit})`}`);
  const svg = made("svg", {class: "curve swept", viewBox: `0 0 ${ACROSS} 78`, role: "img"}), {steps} = one, wide = ACROSS / steps.length;
  const of = {low: steps[0].low, high: steps[steps.length - 1].high};
  for (const [place, step] of steps.entries()) {
    const total = Object.values(step.best).reduce((sum, many) => sum + many, 0);
    let from = 54;
    for (const [which, option] of [...drawn.map((each, index) => [index, each.option]), [-1, null]]) {
      const many = option === null ? total - drawn.reduce((sum, each) => sum + (step.best[each.option] || 0), 0) : step.best[option] || 0;
      if (!many) continue;
      const high = 50 * many / total, part = made("rect", {class: which < 0 ? "nobody" : `s${which}`, x: place * wide + 1, y: from - high, width: wide - 2, height: high});
      part.append(made("title", {}, `${stepSaid(step)}: ${which < 0 ? "another, or no plan" : numbered(placed, option)} in ${commas(many)} of ${commas(total)} scenarios`));
      svg.append(part);
      from -= high;
    }
  }
  svg.append(made("text", {x: 0, y: 72}, size(of.low)), made("text", {x: ACROSS, y: 72, class: "end"}, size(of.high)));
  const where = (current - of.low) / (of.high - of.low) * ACROSS;
  if (steps[0].low !== steps[0].high && where >= 0 && where <= ACROSS) {
    svg.append(made("line", {class: "limit", x1: where, x2: where, y1: 0, y2: 58}));
    if (where > 60 && where < ACROSS - 60) svg.append(made("text", {x: where, y: 72, class: "middle"}, `now ${size(current)}`));
  }
  svg.setAttribute("aria-label", `${title.textContent}. ${turnsSaid(steps, placed)}`);
  figure.append(title, svg, element("p", turnsSaid(steps, placed), {class: "note"}));
  addSaving(() => svg, figure.lastChild, `sweep_${number + 1}`, () => `Which is best: ${title.textContent}`, () => [["from", "to", "placement", "scenarios"],
    ...steps.flatMap(step => Object.entries(step.best).map(([option, many]) => [step.low, step.high, numbered(placed, option), many]))]);
  return figure;
}

const size = value => commas(value, Math.abs(value) < 100 ? 2 : 0);
const stepSaid = ({low, high}) => (low === high ? size(low) : `${size(low)} to ${size(high)}`);

function numbered(placed, option) {
  const one = placed.get(option);
  return one ? `${one.number}. ${one.words}` : option === "" ? "no plan" : "another placement";
}

// Which is best most often at the low end, and where that first changes.
function turnsSaid(steps, placed) {
  const most = ({best}) => Object.entries(best).sort((one, other) => other[1] - one[1])[0][0];
  const words = option => (option === "" ? "no plan meets every rule" : `${placed.has(option) ? `placement ${placed.get(option).number}` : "another"} is best`);
  const filled = steps.filter(({best}) => Object.keys(best).length), first = most(filled[0]), last = most(filled[filled.length - 1]), turn = filled.find(step => most(step) !== first);
  if (!turn) return `From one end to the other ${words(first)} most often.`;
  return `At the low end ${words(first)} most often; from ${size(turn.low)} on ${words(most(turn))}${last === most(turn) ? "" : `, and at the high end ${words(last)}`}.`;
}

function sweepTable(found, every, placed) {
  const details = element("details"), scroll = element("div", "", {class: "scroll", tabindex: 0, role: "region", "aria-label": "Numbers of the sweep"});
  const table = element("table"), top = element("thead"), head = element("tr"), body = element("tbody");
  for (const words of ["Figure", "From", "To", "Best", "Scenarios"]) head.append(element("th", words, {scope: "col"}));
  for (const {name, steps} of found.varied) {
    const meaning = (every.find(one => one.name === name) || {meaning: name}).meaning.split(". ")[0];
    for (const step of steps) for (const [option, many] of Object.entries(step.best)) {
      const row = element("tr");
      row.append(element("th", meaning, {scope: "row"}), ...[size(step.low), size(step.high), numbered(placed, option), commas(many)].map(words => element("td", words)));
      body.append(row);
    }
  }
  top.append(head);
  table.append(element("caption", "In how many scenarios each placement is best, from each value to the next"), top, body);
  scroll.append(table);
  details.append(element("summary", "As a table"), scroll);
  return details;
}
