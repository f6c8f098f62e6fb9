// The question with roads shut or slow: what differs from it as it was asked comes from Python (roads.py), and is put in
// its place here. Everything else on the page follows by the same sums; parity is tested against Python.
"use strict";

// The state of the roads that is ticked, with its number; null as they are.
let road = null;

// The same question with the roads in another state, from the data as it stands in the page.
function inState(data, {changes, longer}) {
  for (const [path, value] of changes) {
    const last = path[path.length - 1];
    path.slice(0, -1).reduce((part, step) => part[step], data)[last] = value;
  }
  const question = readQuestion(data);
  if (!longer) return question;
  const minutes = Float64Array.from(question.minutes, taken => (taken === question.missing ? NONE : taken)), more = unpacked(longer.more);
  let place = 0;
  unpacked(longer.after).forEach((step, number) => { minutes[place += step] += more[number]; });
  return {...question, minutes, missing: NONE};
}

// Each state is made once, when somebody first ticks it.
function stateOf(page, number) {
  const state = (page.roads || [])[number];
  if (!state) return null;
  if (!state.question) state.question = inState(JSON.parse(byId("data").textContent).question, state);
  return {...state, number: Number(number)};
}

// What is best there, as Python proved it, and how far the journeys are with what is chosen.
function roadSaid() {
  if (!road) return "";
  const journey = shown ? ` ${journeySaid(shown, now, answerAsStated, `${PAGE.answer_word} with roads as they are`)}` : "";
  if (!road.best) return `${road.name}: no choice of sites meets every rule.${journey}`;
  const other = differences(answerChoice, road.best);
  return `${road.name}: ${other.length ? `best would be ${joined(other)}` : `${PAGE.answer_word} is still the best`}.${journey}`;
}

function fillRoads() {
  if (!byId("road-said")) return;
  for (const box of document.querySelectorAll("[name=road]")) box.checked = box.value === (road ? String(road.number) : "");
  byId("road-said").textContent = roadSaid();
  const other = road && road.best && differences(chosen, road.best).length > 0;
  byId("road-best").hidden = !other;
}

function drive(number) {
  road = stateOf(PAGE, number);
  countAnew();
  update();
}
