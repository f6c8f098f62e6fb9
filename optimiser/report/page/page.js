// The page itself: ticks, words, tables. Text goes in as textContent only.
"use strict";

const PAGE = JSON.parse(byId("data").textContent);
PAGE.question = readQuestion(PAGE.question);
if (PAGE.map) PAGE.map.borders = stretchesOf(PAGE.map.borders);
const asStated = PAGE.question;
let {question} = PAGE;
const someLeave = () => question.border && question.border.pull < 1;
const answerChoice = PAGE.runs[0].designated;
const kept = new Map();
// Nobody is shared out today: everybody goes to the nearest, or where they are known to go.
let today = evaluate({...question, everybodyToTheNearest: true}, PAGE.today, null);
let answer = evaluate(question, answerChoice, today, kept);
const answerAsStated = answer;
let chosen = copyOf(answerChoice), now = answer, view = "minutes";
let shown = (question.services.find(one => one.code in PAGE.breaks && one.code === Object.keys(PAGE.breaks)[0]) || {}).code;

const MOST_LETTERS = 18; // of a name beside a figure

function copyOf(choice) {
  return Object.fromEntries(Object.entries(choice).map(([code, sites]) => [code, [...sites]]));
}

const CELLS = Array.from(document.querySelectorAll("[data-m]"), node => ({node, key: node.dataset.m, form: node.dataset.f, text: node.textContent}));

function element(name, text, attributes = {}) {
  const node = document.createElement(name);
  if (text) node.textContent = text;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

// Numbers and names in words --------------------------------------------------------------------------------------

const WRITTEN = [0, 1, 2].map(most => new Intl.NumberFormat("en-GB", {maximumFractionDigits: most}));
const commas = (value, most = 0) => WRITTEN[most].format(value);
const EXACT = [0, 1, 2].map(most => new Intl.NumberFormat("en-GB", {minimumFractionDigits: most, maximumFractionDigits: most, signDisplay: "negative"}));
const exactly = most => value => (Number.isFinite(value) ? EXACT[most].format(value) : FORMS.fine(value));
const signed = (value, size) => (size === "0.0" ? "0" : (value > 0 ? "+" : "−") + size);
const half = value => Math.floor(value + 0.5);
const FORMS = {
  whole: value => (value === Infinity ? "none" : Number.isFinite(value) ? commas(half(value)) : "–"),
  change: value => (Number.isFinite(value) ? signed(value, EXACT[1].format(Math.abs(value))) : "–"),
  percent: value => (Number.isFinite(value) ? `${half(100 * value)}%` : "–"),
  percent1: value => (Number.isFinite(value) ? `${exactly(1)(100 * value)}%` : "–"),
  fine: value => (Number.isFinite(value) ? commas(value, 2) : value === Infinity ? "none" : "–"),
  spare: value => (Number.isNaN(value) ? "not needed" : Math.abs(value) < 1e-9 ? "just enough" : `${commas(Math.abs(value), 2)} ${value > 0 ? "spare" : "short"}`),
  sites: value => value,
  d0: exactly(0), d1: exactly(1), d2: exactly(2),
};
const names = code => PAGE.short[code] || code;
const joined = words => (words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}` : words[0] || "no site");
const sitesOf = sites => joined(sites.map(names));
const lower = name => (/^[A-Z]{2}/.test(name) ? name : name.charAt(0).toLowerCase() + name.slice(1));
const nameOf = code => question.service[code].name;
const measure = (result, name, code, group = "") => {
  const value = result.measures.get(`${name}|${code}|${group}`);
  return value === undefined ? NaN : value;
};
// Average minutes of a service in two results, with two decimals, as they are said everywhere.
const means = (code, ...results) => results.map(result => FORMS.d2(measure(result, "mean_minutes", code)));

function differences(from, to) {
  const said = [];
  for (const {code, name} of question.services) {
    const closes = from[code].filter(site => !to[code].includes(site)), opens = to[code].filter(site => !from[code].includes(site));
    if (!opens.length && !closes.length) continue;
    const many = Math.max(to[code].length, from[code].length) > 8;
    const moves = [["opens", opens], ["closes", closes]].filter(([, sites]) => sites.length).map(([verb, sites]) => `${verb} at ${sitesOf(sites.slice(0, 8))}${sites.length > 8 ? " …" : ""}`);
    said.push(many ? `${name} ${joined(moves)}` : `${name} at ${sitesOf(to[code])} (${PAGE.answer_word}: ${sitesOf(from[code])})`);
  }
  return said;
}

// How many rules are broken: one may be broken at several sites.
const rulesBroken = ({broken}) => new Set(broken.map(rule => rule.instance.split(".").filter(part => !question.sites.some(site => site.code === part)).join("."))).size;

function amountOfRules({broken}) {
  const rules = rulesBroken({broken}), places = broken.length > rules ? `, in ${broken.length} places` : "";
  return rules ? `${rules} rule${rules > 1 ? "s" : ""}${places}` : "no rule";
}
const rulesSaid = result => `Breaks ${amountOfRules(result)}.`;

function journeySaid(code, result, against, word) {
  const [mine, theirs] = means(code, result, against);
  if (!Number.isFinite(measure(result, "mean_minutes", code))) return "Somebody reaches no site.";
  return `${nameOf(code)}: ${mine} minutes on average${mine === theirs ? `, as in ${word}` : `, ${theirs} in ${word}`}.`;
}

function say() {
  const changed = differences(answerChoice, chosen);
  const what = changed.length ? `${changed.slice(0, 2).join("; ")}${changed.length > 2 ? `; ${changed.length - 2} more changes` : ""}.` : `Your choice is ${PAGE.answer_word}.`;
  const journey = shown && changed.length ? ` ${journeySaid(shown, now, answer, PAGE.answer_word)}` : "";
  byId("said").textContent = `${road ? `With ${road.name}: ` : ""}${what}${journey} ${rulesSaid(now)}`;
}

// The first screen ------------------------------------------------------------------------------------------------

// Follows the choice: what is said at the top is of the answer or of the choice, never of one under the other's name.
function fillTop() {
  const changed = differences(answerChoice, chosen), other = changed.length > 0 || "pull" in moved || road !== null;
  document.querySelector("main").classList.toggle("chosen", other);
  byId("choice-said").textContent = other ? `${isMoved() ? `With ${floorsSaid()}, not ${PAGE.answer_word} to what was asked` : `Your choice, not ${PAGE.answer_word}`}: ${changed.length ? joined(changed) : `services where ${PAGE.answer_word} has them`}. ${isMoved() ? "By the rules as asked it breaks" : "Breaks"} ${amountOfRules(now)}.` : "";
  if (!other) return;
  const lists = document.querySelectorAll(".card ul.of-choice"), [safe, loses, sure, change] = [aboutSafety(), aboutLosers(), aboutProof(), aboutLaw()];
  [safe, loses, sure, change].forEach((lines, number) => lists[number].replaceChildren(...lines.filter(Boolean).map(([lead, more = "", caution]) => {
    const item = element("li", "", caution ? {class: "caution"} : {});
    item.append(...(lead ? [element("b", lead)] : []), more);
    return item;
  })));
}

function withinOf(result, code) {
  const all = measure(result, "patients", code), beyond = measure(result, "patients_beyond_standard", code);
  return (Number.isFinite(beyond) ? all - beyond : measure(result, "patients_within_30", code)) / all;
}

// Nothing where no hospital outside is stated for a service: then no share can be told.
const outsideOf = (result, code) => (question.service[code].sites.some(site => site >= question.codes.length) ? measure(result, "share_outside", code) : NaN);

const limitOf = code => (question.service[code].standard === null ? BANDS[0] : question.service[code].standard);

function aboutSafety() {
  const {broken} = now, known = question.not_judged.length ? " that is judged here" : "";
  const within = shown && [`${FORMS.percent(withinOf(now, shown))} of ${FORMS.whole(measure(now, "patients", shown))} patients within ${commas(limitOf(shown))} minutes`, `; ${PAGE.answer_word} ${FORMS.percent(withinOf(answer, shown))}, today ${FORMS.percent(withinOf(today, shown))}.`];
  const fragile = [...now.measures].filter(([key]) => key.startsWith("short_with_one_vacancy|")), short = fragile.filter(([, value]) => value > 0).length;
  return [broken.length ? [rulesSaid(now), "", true] : [`Breaks no rule${known}.`], within,
    short ? [`With one vacancy ${short} of ${fragile.length} rotas would be short, unless others move there.`] : null];
}

function aboutLosers() {
  if (!shown) return [];
  const far = measure(now, "people_more_than_10_longer", shown), people = measure(now, "people", shown), worst = hardestHit();
  const [outside, ...others] = [now, answer, today].map(result => outsideOf(result, shown));
  return [
    [`${nameOf(shown)}: ${FORMS.change(measure(now, "mean_change", shown))} minutes`, " on average against today."],
    worst && worst.change >= 0.05 && ["", `Most for ${worst.name}: ${FORMS.change(worst.change)} minutes on average.`],
    Number.isFinite(far) && ["Over 10 minutes longer:", ` where ${FORMS.whole(far)} of ${FORMS.whole(people)} residents (${FORMS.percent(far / people)}) live.`],
    Number.isFinite(outside) && [`${FORMS.percent(outside)} treated outside`, ` the area; ${PAGE.answer_word} ${FORMS.percent(others[0])}, today ${FORMS.percent(others[1])}.`],
  ];
}

function aboutProof() {
  const journey = shown ? journeySaid(shown, now, answer, PAGE.answer_word) : "";
  return [["Not proved: your choice", `, worked out on this page. ${PAGE.answer_word === "the answer" ? "What is proved is the answer." : ""}`, true], ["", journey]];
}

function aboutLaw() {
  const {broken} = now;
  if (!broken.length) return [["", `It meets every rule${question.not_judged.length ? " judged here" : ""}.`]];
  return [["It would be lawful if this were met:"], ...broken.slice(0, 3).map(rule => ["", `${breach(rule)}.`]), broken.length > 3 && ["", `${broken.length - 3} more below.`]];
}

// Rows of the ways to place the service shown, in the shapes that Python writes them in (placements.py).
const SHORT = {">=": "too few", "<=": "too many"};
const ASKED = {"patients a year": "patients", people: "staff", WTE: "staff", minutes: "minutes", sites: "sites", "share of patients": "patients in time"};

function verdictOf(broken) {
  if (!broken.length) return question.not_judged.length ? "not all judged here" : "meets every rule";
  const known = broken.filter(rule => rule.relation in SHORT && rule.unit in ASKED), others = broken.length - known.length;
  const found = Object.entries(SHORT).map(([relation, words]) => [words, [...new Set(known.filter(rule => rule.relation === relation).map(rule => ASKED[rule.unit]))]])
    .filter(([, what]) => what.length).map(([words, what]) => `${words} ${joined(what)}`);
  if (others) found.push(`${found.length ? "other " : ""}rules broken (${others})`);
  return joined(found);
}

// Every way to place a service, worked out once; sites and what is called what come from Python.
function waysOf(code) {
  const placed = PAGE.placements[code];
  if (!placed.rows) {
    placed.rows = placed.ways.map(way => {
      const choice = {...answerChoice, ...way.choice}, result = evaluate(question, choice, today, kept);
      return {way, choice, result, mean: measure(result, "mean_minutes", code), lawful: !result.broken.length};
    });
    const far = row => (Number.isFinite(row.mean) ? row.mean : Infinity);
    placed.rows.sort((one, other) => other.lawful - one.lawful || (far(one) === far(other) ? 0 : far(one) - far(other)));
  }
  return placed.rows;
}

function cellsOf(code, {way, result}, longest, {patients: floor, staff: more}) {
  const {team, length, ceiling} = PAGE.placements[code], transfer = question.service[code].transfer;
  const minutes = name => {
    const value = measure(result, name, code);
    return Number.isFinite(value) ? {text: FORMS.d2(value), length: Math.floor(length * value / longest)} : {text: "no site"};
  };
  const share = value => ({text: FORMS.percent(value), length: Number.isFinite(value) ? Math.floor(length * value) : undefined});
  const seen = way.sites.map(site => measure(result, "site_patients", code, site)), least = Math.min(...seen), most = Math.max(...seen);
  const cells = [minutes("mean_minutes"), ...(transfer ? ["mean_road_minutes", "mean_minutes_straight_there"].map(minutes) : []),
    share(withinOf(result, code)), share(outsideOf(result, code)),
    way.sites.length ? {text: [...new Set([least, most].map(FORMS.whole))].join(" to "), bad: (floor !== null && least < floor) || (ceiling !== null && most > ceiling)} : {text: "–"}];
  if (team) {
    const here = result.staff.filter(row => row.team === team[0] && row.unit === team[1]), sum = name => here.reduce((all, row) => all + row[name], 0);
    cells.push(here.length ? {text: `${commas(sum("needed"), 2)} of ${commas(sum("in_post"), 2)}`, bad: sum("short") > more + 1e-6} : {text: "–"});
  }
  return cells;
}

// What is asked otherwise of the service shown; empty where nothing is.
let moved = {};

function asked() {
  return {...floorsOf(asStated, PAGE.placements[shown], shown), ...moved};
}

// The rows of the service shown with the rules that each breaks by what is asked on the page.
function judgedRows() {
  const floors = asked();
  return waysOf(shown).map(row => ({...row, broken: brokenIf(shown, row.result, PAGE.placements[shown], floors)}));
}

// Of many ways those with a name and, beside them, those that break fewest rules as the question asks, the nearest first.
function shownOf(rows, most, best) {
  const rest = rows.filter(row => !row.way.named), far = row => (Number.isFinite(row.mean) ? row.mean : Infinity);
  rest.sort((one, other) => one.result.broken.length - other.result.broken.length || (far(one) === far(other) ? 0 : far(one) - far(other)));
  const leftOut = new Set(rest.slice(Math.max(0, most - (rows.length - rest.length))));
  return rows.filter(row => row === best || !leftOut.has(row));
}

function floorsSaid() {
  const said = {
    patients: value => `at least ${commas(value)} patients a year at every unit`,
    staff: value => `${commas(value)} more ${PAGE.placements[shown].staff}`,
    share: value => `at least ${commas(100 * value)}% within ${commas(limitOf(shown))} minutes`,
    pull: value => `${commas(100 * value)}% of patients going to the nearest hospital of all`,
  };
  return joined([...(road ? [road.name] : []), ...Object.entries(moved).map(([name, value]) => said[name](value))]);
}

const isMoved = () => Object.keys(moved).length > 0 || road !== null;

// Counts anew where the roads are otherwise, or another share of patients is asked to go to the nearest hospital of all.
function countAnew() {
  const onRoads = road ? road.question : asStated, stated = asStated.border && asStated.border.pull, pull = "pull" in moved ? moved.pull : stated;
  const same = !question.border || question.border.pull === pull;
  if (same && question.onRoads === (road ? road.number : undefined)) return;
  question = PAGE.question = {...(pull === stated ? onRoads : withPull(onRoads, pull)), ...(road ? {onRoads: road.number} : {})};
  if (!road && pull === stated) question = PAGE.question = asStated;
  kept.clear();
  for (const placed of Object.values(PAGE.placements)) delete placed.rows;
  today = evaluate({...question, everybodyToTheNearest: true}, PAGE.today, null);
  answer = evaluate(question, answerChoice, today, kept);
}

// Sliders for what the service shown asks; made anew for each service.
function makeFloors() {
  const form = byId("floors");
  if (!form || !shown) return;
  const now = floorsOf(asStated, PAGE.placements[shown], shown), most = now.patients ? 10 ** Math.ceil(Math.log10(now.patients)) : 0, step = Math.max(1, most / 100);
  const ranges = [
    ["patients", now.patients ? "Fewest patients a year at a unit" : null, 0, Math.ceil(1.5 * now.patients / step) * step, step],
    ["staff", now.staff === null ? null : `More ${PAGE.placements[shown].staff}`, 0, 12, 1],
    ["share", now.share === null ? null : `Least share within ${commas(limitOf(shown))} minutes`, 0, 1, 0.01],
    ["pull", now.pull === null ? null : "Go to the nearest hospital of all, inside or outside", 0, 1, 0.01],
  ].filter(([, label]) => label);
  form.hidden = !ranges.length || question.not_judged.length > 0 || !PAGE.placements[shown].every;
  byId("floor-inputs").replaceChildren(...ranges.map(([name, label, least, largest, by]) => {
    const line = element("p"), said = element("output", "", {for: `floor-${name}`}), value = name in moved ? moved[name] : now[name];
    const input = element("input", "", {type: "range", id: `floor-${name}`, min: least, max: Math.max(largest, now[name]), step: by, "data-floor": name});
    const tell = () => (said.textContent = ["share", "pull"].includes(name) ? `${commas(100 * Number(input.value))}%` : commas(Number(input.value)));
    input.value = value;
    tell();
    input.addEventListener("input", () => {
      tell();
      if (Number(input.value) === now[name]) delete moved[name];
      else moved[name] = Number(input.value);
      countAnew();
      const best = bestOf(judgedRows());
      chosen = copyOf(best ? best.choice : answerChoice);
      update();
    });
    line.append(element("label", label, {for: `floor-${name}`}), " ", input, " ", said);
    return line;
  }));
}

function fillFloors(rows) {
  const out = byId("floors-said");
  if (!out) return;
  if (!isMoved()) { out.textContent = ""; return; }
  const best = bestOf(rows);
  if (!best) { out.textContent = `With ${floorsSaid()}: no way to place it meets every rule.`; return; }
  const [mine, theirs] = means(shown, best.result, answer), within = [best.result, answer].map(result => FORMS.percent(withinOf(result, shown)));
  const same = differences(answerChoice, best.choice).length === 0;
  out.textContent = `With ${floorsSaid()}: ${same ? `${PAGE.answer_word} stays best` : `${placedAt(best.way.sites)} would be best, ${mine} minutes on average and not ${theirs}, ${within[0]} within ${commas(limitOf(shown))} minutes and not ${within[1]}`}. Every other service where ${PAGE.answer_word} has it.`;
}

// The state is in the address, so that it can be sent; a page as it was opened has none.
function writeAddress() {
  const plain = !isMoved() && shown === firstShown && differences(answerChoice, chosen).length === 0;
  const hash = plain ? "" : addressOf(question, chosen, shown, {...moved, ...(road ? {road: road.number} : {})});
  if (plain ? location.hash.startsWith("#c=") : location.hash !== hash) history.replaceState(null, "", hash || location.pathname + location.search);
}

function openAddress() {
  const found = readAddress(question, location.hash);
  if (!found || !(found.shown in PAGE.breaks)) return;
  const known = floorsOf(asStated, PAGE.placements[found.shown], found.shown);
  moved = Object.fromEntries(Object.entries(found.floors).filter(([name, value]) => Number.isFinite(value) && Number.isFinite(known[name])));
  chosen = copyOf(found.chosen);
  road = stateOf(PAGE, found.floors.road);
  const asked = moved;
  show(found.shown);
  moved = asked;
  countAnew();
  if (byId("shown")) byId("shown").value = shown;
  makeFloors();
  update();
}

function fillPlacements() {
  const table = byId("placements");
  if (!table || !shown) return;
  const placed = PAGE.placements[shown], every = judgedRows(), best = isMoved() && bestOf(every), rows = shownOf(every, placed.most, best);
  fillFloors(every);
  const averages = rows.flatMap(({result}) => ["mean_minutes", "mean_minutes_straight_there"].map(name => measure(result, name, shown))).filter(Number.isFinite);
  const same = choice => question.services.every(({code}) => choice[code].join() === chosen[code].join());
  const lawful = every.filter(row => !row.broken.length).length, left = every.length - rows.length, some = left ? `; ${left} not shown that break more or take longer` : "", alone = document.querySelector("[data-show]") ? "" : `${nameOf(shown)}: `;
  byId("placed-title").textContent = question.not_judged.length || !placed.every ? `${alone}Some of the choices of sites` : `${alone}${lawful} of ${every.length} choices of sites ${lawful === 1 ? "meets" : "meet"} every rule${isMoved() ? ", so asked" : ""}${some}`;
  for (const button of document.querySelectorAll("[data-show]")) button.setAttribute("aria-pressed", String(button.dataset.show === shown));
  const head = element("tr");
  head.append(...placed.heads.map((words, number) => element("th", headSaid(words) || "verdict", {scope: "col", ...(number && number < placed.heads.length - 1 ? {class: number === placed.units_at ? "n units" : "n"} : {})})));
  table.tHead.replaceChildren(head);
  const pressed = document.activeElement && document.activeElement.closest("#placements tbody") ? document.activeElement.closest("tr").rowIndex : 0;
  table.tBodies[0].replaceChildren(...rows.map(row => {
    const line = element("tr", "", {class: [row.broken.length ? "unlawful" : "lawful", (best ? row === best : row.way.called.includes(PAGE.answer_word)) && "best", same(row.choice) && differences(answerChoice, chosen).length && "now"].filter(Boolean).join(" ")});
    const first = element("th", "", {scope: "row"}), button = element("button", "", {type: "button", "aria-pressed": String(same(row.choice))});
    button.append(element("span", rowAt(row.way.sites)));
    button.addEventListener("click", () => choose(row.choice));
    if (row.way.called.length) button.append(" ", element("small", row.way.called.join(", ")));
    first.append(button);
    const cells = cellsOf(shown, row, Math.max(...averages), asked()).map(cell => {
      const node = element("td", "", {class: `n${cell.bad ? " bad" : ""}`});
      if (cell.length !== undefined) {
        const bar = made("svg", {class: "cell", viewBox: `0 0 ${placed.length} 10`, "aria-hidden": "true"});
        bar.append(made("rect", {width: cell.length, height: 10}));
        node.append(bar, " ");
      }
      node.append(cell.text);
      return node;
    });
    line.append(first, ...cells, element("td", row.way.not_settled && !isMoved() ? `${verdictOf(row.broken)}? ${row.way.not_settled}` : verdictOf(row.broken)));
    return line;
  }));
  if (pressed && table.rows[pressed]) table.rows[pressed].querySelector("button").focus();
}

// The heading of patients says how many are asked for, also where that is moved.
const headSaid = words => ("patients" in moved ? words.replace(/\(at least [\d,.]*\d/, `(at least ${commas(moved.patients)}`) : words);

// As in placements.py: of all sites how many they are, of all but one that is not among many the one.
function rowAt(sites) {
  const others = question.codes.filter(code => !sites.includes(code)), many = question.codes.length;
  if (!others.length && many > 2) return `all ${many} sites`;
  return others.length === 1 && many > 3 ? `all but ${names(others[0])}` : placedAt(sites);
}

const placedAt = sites => (sites.length > 8 ? `${sites.length} of ${question.codes.length} sites` : sitesOf(sites));

// What there is and what is asked, in a sentence without its full stop, for whoever knows no rule by its name.
function breach(rule) {
  const side = value => (value === Infinity ? "none" : commas(value, 2)), [code, site, team] = rule.names || [];
  if (rule.unit === PATIENTS && site && code in question.service) {
    const seen = half(rule.left) === half(rule.right) ? side(rule.left) : FORMS.whole(rule.left);
    return `${nameOf(code)} at ${names(site)} would see ${seen} patients a year; at ${rule.relation === ">=" ? "least" : "most"} ${FORMS.whole(rule.right)} are asked for`;
  }
  if (rule.rule === "rota_is_filled" && team) return `${nameOf(code)} at ${names(site)} would have ${side(rule.left)} of the ${side(rule.right)} ${rule.unit === "people" ? "" : `${rule.unit} `}${PAGE.teams[team]} that it needs`;
  if (rule.unit === "designated") return `${rule.words}: not so`;
  return `${rule.words}: ${side(rule.left)} against ${side(rule.right)} ${rule.unit}`;
}

// Tables that follow the choice -----------------------------------------------------------------------------------

function fillCells() {
  for (const {code} of question.services) now.measures.set(`sites|${code}|`, PAGE.letters && chosen[code].length ? chosen[code].map(site => PAGE.letters[site]).join(" ") : sitesOf(chosen[code]));
  now.measures.set("rules_broken||", rulesBroken(now));
  now.measures.set("places_where_rules_are_broken||", now.broken.length);
  for (const rule of now.broken) now.measures.set(`breaks_${rule.instance}_(${rule.unit.replaceAll(" ", "_")})||`, Math.abs(rule.left - rule.right));
  for (const name of ["transfers_per_day", "repatriations_per_year", "ambulance_hours_per_year", "beds_needed"]) {
    const each = question.services.map(one => measure(now, name, one.code)).filter(Number.isFinite);
    now.measures.set(`${name}_in_all||`, each.reduce((sum, one) => sum + one, 0));
  }
  for (const row of now.staff) {
    for (const [column, value] of Object.entries(row)) now.measures.set(`staff|${row.team} ${row.unit}|${row.site} ${column}`, value);
    now.measures.set(`staff|${row.team} ${row.unit}|${row.site} spare`, row.needed ? row.staff - row.needed : NaN);
  }
  for (const cell of CELLS) {
    const value = now.measures.get(cell.key), text = value === undefined ? "–" : FORMS[cell.form](value);
    if (text !== cell.text) cell.node.textContent = cell.text = text;
  }
}

function fillRules() {
  const box = byId("rules-broken"), {broken} = now;
  const all = !question.not_judged.length, kept = all ? "no rule" : "no rule that is judged here";
  const head = element("p", "", {class: `status ${broken.length ? "bad" : all ? "good" : "open"}`});
  head.append(element("span", broken.length ? "✗" : all ? "✓" : "–", {class: "mark", "aria-hidden": "true"}), " ",
    element("strong", `Your choice breaks ${broken.length ? amountOfRules(now) : kept}`));
  const list = element("ul");
  for (const rule of broken.slice(0, 12)) list.append(element("li", breach(rule)));
  if (broken.length > 12) list.append(element("li", `and ${broken.length - 12} more`));
  box.replaceChildren(head, ...(broken.length ? [list] : []));
  if (question.not_judged.length) {
    box.append(element("p", `Not judged on this page: ${question.not_judged.join(", ").replaceAll("_", " ")}. Use optimiser evaluate.`, {class: "note"}));
  }
}

function fillBeside(total) {
  if (!byId("legend")) return;
  const service = question.service[shown];
  const rows = view === "difference" ? CHANGES.map((change, number) => [`d${number}`, change[2]])
    : view === "minutes" ? minutesRows() : catchmentRows(total);
  const body = byId("legend").tBodies[0];
  const whose = !someLeave() ? "patients" : view === "catchments" ? "patients who stay" : "all patients";
  const shares = wholeShares(rows.map(([name]) => total.get(name) || 0));
  byId("legend").caption.textContent = `${view === "catchments" ? "Where to" : "Minutes"}, and share of ${whose}`;
  body.replaceChildren(...rows.map(([name, words], number) => {
    const row = element("tr"), head = element("th", "", {scope: "row"}), swatch = made("svg", {class: "swatch", "aria-hidden": "true", viewBox: "0 0 16 16"});
    swatch.append(made("rect", {class: name, width: 16, height: 16, stroke: "none"}));
    head.append(swatch, words);
    row.append(head, element("td", `${shares[number]}%`, {class: "n"}));
    return row;
  }));
  const where = service.sites.map(site => [question.sites[site].code, measure(now, "site_patients", shown, question.sites[site].code)]).filter(([, many]) => many > 0);
  byId("where").tBodies[0].replaceChildren(...where.sort((one, other) => other[1] - one[1]).slice(0, 12).map(([site, many]) => {
    const row = element("tr");
    row.append(element("th", names(site), {scope: "row"}), element("td", FORMS.whole(many), {class: "n"}));
    return row;
  }));
}

function minutesRows() {
  const breaks = PAGE.breaks[shown].map(one => commas(one, 1));
  return [["m0", `${breaks[0]} or less`], ...breaks.slice(1).map((one, number) => [`m${number + 1}`, `${breaks[number]} to ${one}`]), ["m4", `more than ${breaks[3]}`]];
}

function catchmentRows(total) {
  const rows = question.codes.map((code, number) => [`t${number % 6}`, names(code)]).filter(([name]) => total.has(name)).slice(0, 6);
  return total.has("tn") ? [...rows, ["tn", "a neighbour"]] : rows;
}

function titles() {
  if (!shown) return;
  const name = lower(nameOf(shown)), service = question.service[shown], limit = service.standard === null ? 30 : service.standard;
  const share = result => {
    const all = measure(result, "patients", shown), beyond = measure(result, "patients_beyond_standard", shown);
    return FORMS.percent((Number.isFinite(beyond) ? all - beyond : measure(result, "patients_within_30", shown)) / all);
  };
  const set = (key, words) => {
    for (const node of document.querySelectorAll(`[data-service="${CSS.escape(shown)}"] [data-title="${key}"]`)) node.textContent = words;
  };
  const was = share(today), is = share(now), far = measure(now, "people_more_than_10_longer", shown);
  const counted = now.going[shown].rows.patients.reduce((sum, many) => sum + many, 0) / question.scales.patients;
  const elsewhere = `${FORMS.whole(measure(now, "patients_redirected", shown))} of ${FORMS.whole(counted)} patients a year`;
  const residents = FORMS.whole(measure(now, "people", shown)), all = someLeave() ? "all patients" : "patients";
  if (byId("map-title")) {
    byId("map-title").textContent = (road ? `With ${road.name}: ` : "") + {
      minutes: `${is} of ${all} are within ${commas(limit)} minutes; with today’s sites ${was}`,
      catchments: `${elsewhere} would go elsewhere than with today’s sites`,
      difference: Number.isNaN(far) ? `Journeys change by ${FORMS.change(measure(now, "mean_change", shown))} minutes on average` : far ? `${FORMS.whole(far)} of ${residents} residents live where it would take over 10 minutes longer` : "Nobody lives where it would take over 10 minutes longer",
    }[view];
  }
  if (byId("shared")) byId("shared").textContent = sharedSaid();
  const [mine, before] = means(shown, now, today);
  const waits = service.transfer ? ", waits included" : "";
  set("curve", mine === before ? `The average journey is ${mine} minutes, as with today’s sites` : `The average journey is ${mine} minutes, against ${before} with today’s sites${waits}`);
  const worst = hardestHit();
  const ofAll = `Journeys change by ${FORMS.change(measure(now, "mean_change", shown))} minutes on average; no groups are known`;
  const longest = worst && worst.change >= 0.05 ? `Journeys lengthen most for ${worst.name}: ${FORMS.change(worst.change)} minutes on average${waits}` : "No group's average journey gets longer";
  set("affected", worst ? longest : ofAll);
  set("transfers", service.transfer ? `${commas(measure(now, "transfers_per_day", shown), 1)} transfers a day to ${name}` : `${elsewhere} would arrive elsewhere than with today’s sites`);
  const warn = document.querySelector(`[data-warn="${CSS.escape(shown)}"]`), mean = measure(now, "mean_change", shown);
  warn.hidden = !(mean < 2 && worst && worst.change > FAR);
  if (!warn.hidden) warn.textContent = `The average hides it: everybody's journey changes by ${FORMS.change(mean)} minutes on average, but that of ${worst.name} by ${FORMS.change(worst.change)}.`;
  const short = now.staff.filter(row => row.short > 1e-9);
  const rota = document.querySelector('[data-title="rotas"]');
  if (rota) rota.textContent = short.length ? `Rotas are short at ${joined([...new Set(short.map(row => names(row.site)))])}`
    : now.staff.some(row => row.moved_in > 1e-9) ? "Every rota can be filled if people move between sites" : "Every rota can be filled";
  const vacant = [...now.measures].filter(([key]) => key.startsWith("short_with_one_vacancy|")), lost = vacant.filter(([, value]) => value > 0).length;
  if (rota && !short.length && lost) rota.textContent += `; with one vacancy ${lost} of ${vacant.length} cannot`;
  const fragile = [...now.measures].filter(([key, value]) => key.startsWith("short_with_one_vacancy|") && value > 0)
    .map(([key, value]) => `${lower(nameOf(key.split("|")[1]))} at ${names(key.split("|")[2].split(" ")[0])} (${commas(value, 2)} short)`);
  if (byId("fragile")) byId("fragile").textContent = fragile.length ? `Fragile, with one vacancy: ${fragile.join("; ")}.` : "No rota is short with one vacancy.";
}

// A name beside a figure, as far as there is room for it.
const cutShort = name => (name.length > MOST_LETTERS ? `${name.slice(0, MOST_LETTERS - 1).trim()}…` : name);

// Average minutes by district (by deprivation fifth where there are none), today and now.
function fillDumbbell() {
  const figure = byId("dumbbells");
  if (!figure || !shown) return;
  const districts = question.groups.names.filter(group => group.startsWith("district ")), groups = districts.length ? districts : question.groups.names;
  const of = (result, group) => measure(result, "mean_minutes", shown, group), other = differences(answerChoice, chosen).length > 0;
  const rows = groups.map(group => ({name: cutShort(districts.length ? group.slice(9) : group.replace("deprivation fifth", "fifth")), today: of(today, group), answer: of(answer, group), now: of(now, group)}))
    .filter(row => [row.today, row.answer, row.now].every(Number.isFinite)).sort((one, two) => (two.answer - two.today) - (one.answer - one.today));
  figure.hidden = !rows.length;
  if (!rows.length) return;
  const some = rows.slice(0, MOST_ROWS);
  byId("dumbbells-title").textContent = `${nameOf(shown)}, average minutes by ${districts.length ? "district" : "group"}: ○ today ● ${PAGE.answer_word}${other ? " ◆ your choice" : ""}${some.length < rows.length ? `; ${rows[0].answer - rows[0].today < 0.05 ? `${some.length} of ${rows.length}` : `the ${some.length} of ${rows.length} that lose most`}` : ""}`;
  drawDumbbell(byId("dumbbell"), some, other);
}

// Whether patients are shared out under this choice, and what that asks of them.
function sharedSaid() {
  const going = now.going[shown];
  if (!going.plain) return "";
  if (!going.keeps) return "With these sites no way to share patients out keeps to the limits, so everybody goes to the nearest.";
  const past = measure(now, "patients_past_a_nearer_site", shown), minutes = measure(now, "minutes_past_a_nearer_site", shown) / past;
  const sent = past ? `${commas(past, 1)} a year are sent past a nearer open site, ${commas(minutes, 1)} minutes further on average` : "nobody is sent past a nearer open site";
  return `Patients are shared out between sites so that all keep to their limits: ${sent}. Today stands for everybody at the nearest.`;
}

function hardestHit() {
  let worst = null;
  for (const group of question.groups.names) {
    const change = measure(now, "mean_change", shown, group);
    if (Number.isFinite(change) && (!worst || change > worst.change)) worst = {name: group.replace(/^district /, ""), change};
  }
  return worst;
}

function draw() {
  if (!shown) return;
  if (byId("picture")) {
    const service = question.service[shown];
    fillBeside(drawMap(PAGE, view, shown, now.going[shown], today.going[shown]));
    fillMultiples();
    drawIsochrones();
    if (pointedAt >= 0) byId("area-said").textContent = areaSaid(pointedAt);
    for (const mark of byId("marks").children) {
      if (!mark.classList.contains("neighbour")) mark.classList.toggle("open", chosen[shown].includes(mark.dataset.site));
      else mark.toggleAttribute("hidden", !service.sites.some(site => question.sites[site].code === mark.dataset.site));
    }
  }
  const same = result => differences(result.chosen, chosen).length === 0;
  const lines = [{kind: "today", name: "today", values: reached(question, today.going[shown])}];
  if (!same(answer)) lines.push({kind: "best", name: PAGE.answer_word, values: reached(question, answer.going[shown])});
  lines.push({kind: "choice", name: same(answer) ? PAGE.answer_word : "your choice", values: reached(question, now.going[shown])});
  if (now.going[shown].straight) lines.push({kind: "straight", name: "straight there", values: reached(question, now.going[shown].straight)});
  for (const svg of document.querySelectorAll("[data-curve]")) if (svg.dataset.curve === shown) drawCurve(svg, lines);
}

function update() {
  now = evaluate(question, chosen, today, kept);
  for (const box of document.querySelectorAll(".ticks input")) {
    box.checked = chosen[box.dataset.service].includes(box.dataset.site);
    box.closest("tr").classList.toggle("shown", box.dataset.service === shown);
  }
  fillCells();
  fillRules();
  titles();
  draw();
  say();
  fillTop();
  fillPlacements();
  fillDumbbell();
  fillWays();
  fillRoads();
  writeAddress();
  if (byId("yaml")) byId("yaml").value = yaml();
  if (kept.size > 600) kept.clear();
}

// Back to what the question asks.
function asAsked() {
  if (!Object.keys(moved).length) return;
  moved = {};
  countAnew();
  makeFloors();
}

function choose(choice) {
  chosen = copyOf(choice);
  asAsked();
  update();
}

// An option file for `optimiser evaluate --option`. Codes are letters, digits and underscores; texts are quoted.
function yaml() {
  const lines = ["option: MY_CHOICE", "title: Chosen on the page", "designations:"];
  for (const {code} of question.services) lines.push(`  ${code}: ${JSON.stringify(chosen[code])}`);
  return [...lines, `source: ${JSON.stringify(`Chosen on the page of the run ${PAGE.runs[0].name}`)}`, "verified: false", ""].join("\n");
}

// Why not? --------------------------------------------------------------------------------------------------------

// Every way to have the service at the site, from what is chosen: alone, or beside others where sites are few.
function waysToHave(code, site) {
  const others = question.codes.filter(one => one !== site);
  if (question.codes.length > 6) return [[site], [...chosen[code], site], [...chosen[code].slice(1), site]];
  return Array.from({length: 2 ** others.length}, (_, mask) => [site, ...others.filter((_, bit) => mask >> bit & 1)]);
}

function whyNot(code, site) {
  const out = byId("because"), inOrder = sites => question.codes.filter(one => sites.includes(one));
  if (answerChoice[code].includes(site)) {
    out.replaceChildren(element("p", `${nameOf(code)} is at ${names(site)} in ${PAGE.answer_word}.`));
    return;
  }
  const seen = new Set();
  const lines = waysToHave(code, site).map(inOrder).filter(sites => !seen.has(sites.join()) && seen.add(sites.join())).map(sites => {
    const result = evaluate(question, {...answerChoice, [code]: sites}, answer, kept);
    const where = sites.length > 1 ? `At ${sitesOf(sites)}` : `At ${sitesOf(sites)} alone`;
    const news = result.broken.filter(rule => !answer.broken.some(one => one.instance === rule.instance));
    if (!news.length) return {order: costOf(result), where, text: `breaks no rule. ${cost(code, result)}`};
    const more = news.length > 1 ? `; and ${news.length - 1} more` : "";
    return {order: 1e9 + news.length, where, text: `${lower(breach(news[0]))}${more}.`};
  });
  lines.sort((one, other) => one.order - other.order);
  out.replaceChildren(...lines.map(line => {
    const said = element("p");
    said.append(element("strong", line.where), `: ${line.text}`);
    return said;
  }));
}

const costOf = result => (Number.isFinite(result.objectives[0].value) ? result.objectives[0].value - answer.objectives[0].value : 1e8);

function cost(code, result) {
  const said = result.objectives.map((one, number) => [one, one.value - answer.objectives[number].value]).filter(([, more]) => Math.abs(more) > 1e-9)
    .map(([one, more]) => `${commas(Math.abs(more), 1)} ${more > 0 ? "more" : "fewer"} ${one.unit}`);
  const costs = said.length ? `It costs ${joined(said)}.` : "It equals the answer on every aim.";
  if (!question.service[code].activity) return costs;
  const [mine, theirs] = means(code, result, answer);
  const far = measure(result, "people_more_than_10_longer", code), nearer = measure(result, "people_more_than_10_shorter", code);
  const hit = question.groups.names.filter(group => group.startsWith("district ")).map(group => [group.slice(9), measure(result, "mean_change", code, group)])
    .filter(([, change]) => change >= 1).sort((one, other) => other[1] - one[1]).slice(0, 3).map(([name, change]) => `${name} ${FORMS.change(change)}`);
  const who = hit.length ? ` Longest for ${joined(hit)} minutes.` : "";
  const people = Number.isNaN(far) ? "" : `; ${FORMS.whole(far)} of ${FORMS.whole(measure(result, "people", code))} residents live where the journey is over 10 minutes longer, ${FORMS.whole(nearer)} where it is over 10 shorter`;
  return `${costs} The average journey is ${mine} minutes against ${theirs}${people}.${who}`;
}

// Look up a place: lookup.js finds them ------------------------------------------------------------------------------

// How patients of an area go under a choice, but for those who leave in any case: to which site, and in what time.
function journeySaidOf(area, {minutes, site, rows}) {
  const ways = new Map();
  let all = 0;
  rows.area.forEach((one, row) => {
    if (one !== area || rows.to[row] >= 0) return;
    const way = site[row] < 0 ? ["no site"] : [names(question.sites[site[row]].code), `${FORMS.whole(minutes[row] / question.scales.minutes)} minutes`];
    const key = way.join();
    ways.set(key, {way, many: (ways.has(key) ? ways.get(key).many : 0) + rows.patients[row]});
    all += rows.patients[row];
  });
  return joined(Array.from(ways.values(), ({way: [where, ...time], many}) => [`${where}${ways.size > 1 ? ` (${FORMS.percent(many / all)})` : ""}`, ...time].join(", ")));
}

// What share of an area's patients leaves today, and for where.
function leaversSaid(area, code) {
  const {rows} = now.going[code], part = share => (share < 0.005 ? "under 1%" : FORMS.percent(share)), left = [];
  let all = 0, leaving = 0;
  rows.area.forEach((one, row) => {
    if (one !== area || rows.to[row] === ANYWHERE) return;
    all += rows.patients[row];
    if (rows.to[row] < 0) return;
    leaving += rows.patients[row];
    left.push([rows.patients[row], names(question.sites[rows.to[row]].code)]);
  });
  if (!leaving) return "Nobody is known to leave from here today.";
  const where = left.sort(([one], [other]) => other - one).map(([many, name]) => `${name} (${part(many / all)})`);
  const {pull} = question.border, of = pull ? `${FORMS.percent(pull)} of patients go to the nearest hospital of all; of the others ` : "";
  return `${of}${part(leaving / all)} leave today, whatever is designated, for ${joined(where)}.`;
}

function showPlace(area, town = "") {
  const {areas} = question, counted = question.services.filter(one => one.activity).map(one => one.code);
  const out = counted.map(code => element("li", `${nameOf(code)}: your choice ${journeySaidOf(area, now.going[code])}; today ${journeySaidOf(area, today.going[code])}`));
  const left = someLeave() && areas.resident[area] ? counted.map(code => [nameOf(code), leaversSaid(area, code)]) : [];
  // Said once, where it is the same of every service.
  const same = new Set(left.map(([, said]) => said)).size === 1;
  out.push(...left.slice(0, same ? 1 : left.length).map(([name, said]) => element("li", same ? said : `${name}: ${said}`)));
  const list = element("ul");
  list.append(...out);
  const name = `${areas.names[area] || areas.codes[area]}${areas.resident[area] ? "" : " (outside the system)"}`;
  tellPlace(town ? `${town}, by the area in its middle: ${name}` : name, list);
  markPlace(area);
}

function tellPlace(head, ...more) {
  byId("place-found").replaceChildren(element("strong", head), ...more);
  byId("places").replaceChildren();
  byId("places-said").textContent = "";
}

function markPlace(area) {
  const ring = byId("found");
  if (!ring) return;
  const box = PAGE.map.points ? {x: PAGE.map.points[area][0], y: PAGE.map.points[area][1], width: 0, height: 0} : byId("areas").children[area].getBBox();
  ring.setAttribute("cx", box.x + box.width / 2);
  ring.setAttribute("cy", box.y + box.height / 2);
  ring.setAttribute("r", Math.max(22, Math.hypot(box.width, box.height) / 2 + 8));
}

let pointedAt = -1;

// One sentence of an area, for whoever points at it.
function areaSaid(area) {
  const {areas} = question, name = `${areas.names[area] || areas.codes[area]}${areas.resident[area] ? "" : " (outside the system)"}`;
  const [is, was] = [now, today].map(result => journeySaidOf(area, result.going[shown]));
  return `${name}: ${is}; ${is === was ? "the same" : was} with today’s sites.`;
}

function point(area) {
  if (area < 0 || area === pointedAt || !shown) return;
  pointedAt = area;
  pointAt(PAGE.map, area);
  byId("area-said").textContent = areaSaid(area);
}

function walk(event) {
  if (!(event.key in WAYS)) return;
  event.preventDefault();
  point(pointedAt < 0 ? question.areas.resident.findIndex(Boolean) : areaBeyond(PAGE.map, pointedAt, WAYS[event.key]));
}

// A whole country would be drawn too slowly several times over.
const MOST_ON_SMALL_MAPS = 5000;

// The same service on small maps of one scale: today, the answer and, where it is another, the choice.
function fillMultiples() {
  if (!byId("multiples") || question.areas.codes.length > MOST_ON_SMALL_MAPS) return;
  const own = differences(answerChoice, chosen).length > 0 ? [["Your choice", now]] : [];
  const word = PAGE.answer_word.charAt(0).toUpperCase() + PAGE.answer_word.slice(1);
  byId("multiples").replaceChildren(...[["Today", today], [word, answer], ...own].map(([name, result]) => {
    const figure = element("figure"), words = `${name}: ${FORMS.percent(withinOf(result, shown))} within ${commas(limitOf(shown))} minutes`;
    figure.append(element("figcaption", words), smallMap(PAGE, shown, result, words));
    return figure;
  }));
  byId("multiples").append(changeFigure(own.length ? "Your choice" : word));
}

// What is shown less today, on the steps of the large map of changes, with whose journeys change by more than a minute.
function changeFigure(name) {
  const figure = element("figure"), {total} = classesOf(question, "difference", now.going[shown], today.going[shown], PAGE.breaks[shown]);
  const all = [...total.values()].reduce((sum, one) => sum + one, 0), of = steps => FORMS.percent(steps.reduce((sum, step) => sum + (total.get(step) || 0), 0) / all);
  const words = `${name} against today: ${of(["d3", "d4"])} of patients over a minute longer, ${of(["d0", "d1"])} shorter`;
  figure.append(element("figcaption", words), smallMap(PAGE, shown, now, words, today));
  return figure;
}

// Options: judged rows and weights ------------------------------------------------------------------------------------

function addJudgement() {
  const row = element("tr"), columns = byId("judged").tHead.rows[0].cells;
  Array.from(columns).forEach((column, number) => {
    const cell = element(number ? "td" : "th", "", number ? {} : {scope: "row"});
    cell.append(element("input", "", {type: "text", "aria-label": column.textContent, maxlength: "200"}));
    row.append(cell);
  });
  byId("judged").tBodies[0].append(row);
  row.querySelector("input").focus();
}

// What people can press ------------------------------------------------------------------------------------------------

function csv() {
  const rows = [...now.measures].filter(([key]) => !/^(staff|sites)\|/.test(key)).map(([key, value]) => [...key.split("|"), Number(value)]);
  return csvOf([["measure", "service", "group", "value"], ...(road ? [["with_roads", "", road.name, ""]] : []), ...rows]);
}

const download = () => saveAs("my_choice.csv", new Blob([csv()], {type: "text/csv"}));

// Where a page may not write to the clipboard itself, by way of a text that is selected.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = element("textarea", "", {class: "hide", "aria-hidden": "true"});
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

async function copyYaml() {
  await copyText(byId("yaml").value);
  byId("copied").textContent = "Copied.";
}

function on(id, event, action) {
  if (byId(id)) byId(id).addEventListener(event, action);
}

function show(code) {
  if (shown !== code) {
    moved = {};
    countAnew();
  }
  shown = code;
  for (const part of document.querySelectorAll("div[data-service]")) {
    const away = part.dataset.service !== shown;
    part.classList.add("later");
    part.classList.toggle("away", away);
  }
  // Paper has room for the options' measures of one service.
  for (const row of document.querySelectorAll("tr[data-of]")) row.classList.toggle("other", ![shown, ""].includes(row.dataset.of));
}

document.documentElement.classList.add("js");
for (const box of document.querySelectorAll(".ticks input")) {
  box.disabled = false;
  box.addEventListener("change", () => {
    const {service, site} = box.dataset;
    asAsked();
    if (box.checked) chosen[service] = question.codes.filter(one => one === site || chosen[service].includes(one));
    else chosen[service] = chosen[service].filter(one => one !== site);
    if (service in PAGE.breaks && service !== shown) {
      show(service);
      makeFloors();
      if (byId("shown")) byId("shown").value = service;
    }
    update();
  });
}
for (const button of document.querySelectorAll(".preset")) button.addEventListener("click", () => choose(PAGE.runs[button.dataset.run].designated));
for (const radio of document.querySelectorAll("[name=view]")) radio.addEventListener("change", () => { view = radio.value; titles(); draw(); });
on("reset-best", "click", () => choose(answerChoice));
on("reset-today", "click", () => choose(PAGE.today));
for (const box of document.querySelectorAll("[name=road]")) {
  box.disabled = false;
  box.addEventListener("change", () => drive(box.value));
}
on("around", "change", drawIsochrones);
if (byId("lines")) byId("lines").hidden = !PAGE.map.borders.length;
on("road-states", "submit", event => event.preventDefault());
on("road-best", "click", () => choose(road.best));
on("shown", "change", event => { show(event.target.value); makeFloors(); update(); });
for (const button of document.querySelectorAll("[data-show]")) button.addEventListener("click", () => {
  show(button.dataset.show);
  makeFloors();
  if (byId("shown")) byId("shown").value = shown;
  update();
});
on("why", "submit", event => { event.preventDefault(); whyNot(byId("why-service").value, byId("why-site").value); });
for (const event of ["pointermove", "click"]) on("picture", event, found => point(areaAt(PAGE.map, found)));
on("walk", "keydown", walk);
on("place", "input", listPlaces);
on("lookup", "submit", event => { event.preventDefault(); choosePlace(); });
on("look", "submit", event => event.preventDefault());
on("weigh", "submit", event => event.preventDefault());
on("weigh", "input", rank);
on("copy", "click", copyYaml);
on("judge", "click", addJudgement);
on("download", "click", download);
for (const id of ["judge", "download"]) if (byId(id)) byId(id).hidden = false;
if (byId("picture")) drawPatterns(["#12436d", "#f46a25", "#a285d1", "#28a197", "#801650", "#6b7680"]);
if (PAGE.sweep) byId("swept-found").replaceChildren(...sweepFigures(PAGE.sweep.found, PAGE.sweep.parameters));
addAllSaving();
const firstShown = shown;
if (shown) show(shown);
makeFloors();
if (location.hash.startsWith("#c=")) openAddress();
update();
addEventListener("hashchange", () => location.hash.startsWith("#c=") && openAddress());
if (byId("ranked")) rank();
