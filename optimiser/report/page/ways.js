// The strip of every way that meets all rules: a ring round what is chosen, how it stands among them, and the table.
// Uses the words of page.js; dots, axis and what each way comes to are worked out by Python (lawful.py).
"use strict";

// What the choice comes to on the axis; nothing where patients were counted anew, or the page does not work it out.
function onTheStrip({aim, divisor}) {
  const one = now.objectives[aim];
  return question === asStated && one && Number.isFinite(one.value) ? one.value / divisor : NaN;
}

// The place of the choice among the ways, by the sites of every service; -1 where it is none of them.
function placeAmong({sites}) {
  const mine = question.services.map(({code}) => question.codes.reduce((sum, site, bit) => sum + (chosen[code].includes(site) ? 2 ** bit : 0), 0));
  return sites.findIndex(way => way.every((bits, service) => bits === mine[service]));
}

function standingSaid(strip, value, place) {
  const {values, divisor} = strip, size = divisor === 1 ? value => commas(value, 2) : FORMS.d2, many = values.length, close = 1e-9 * Math.max(1, Math.abs(value)), whose = differences(answerChoice, chosen).length ? "Your choice" : "The answer";
  if (!Number.isFinite(value)) return "The dots are of the question as it was asked.";
  if (place < 0) return question.not_judged.length ? `${whose} is none of them.` : `${whose} breaks ${amountOfRules(now)}, so it is none of the dots: its ring is broken.`;
  const better = values.filter(one => one < value - close).length, level = values.filter(one => Math.abs(one - value) <= close).length - 1;
  const said = better ? `${commas(better)} of ${commas(many)} ways come to less` : "none comes to less";
  return `${whose} is ringed: ${said}${level ? `, and ${commas(level)} to as much` : ""}. From least to most they come to ${size(Math.min(...values))} to ${size(Math.max(...values))}.`;
}

function fillWays() {
  const strip = PAGE.lawful, ring = byId("way-ring");
  if (!strip || !ring) return;
  const value = onTheStrip(strip), place = placeAmong(strip), [low, left] = strip.from, [high, right] = strip.to;
  const x = place < 0 ? left + (right - left) * (value - low) / (high - low) : strip.dots[place][0], y = place < 0 ? strip.dots[0][1] : strip.dots[place][1];
  const seen = Number.isFinite(x), at = Math.min(right + 12, Math.max(left - 12, x));
  ring.toggleAttribute("hidden", !seen);
  ring.setAttribute("class", place < 0 ? "none" : "one");
  if (seen) {
    ring.setAttribute("cx", at);
    ring.setAttribute("cy", y);
  }
  byId("ways-said").textContent = standingSaid(strip, value, place);
}

// The ways as rows under headings, best first.
function waysRows() {
  const {values, sites} = PAGE.lawful;
  return [["rank", byId("ways-axis").textContent, ...question.services.map(one => one.name)],
    ...values.map((value, way) => [way + 1, value, ...sites[way].map(bits => joined(question.codes.filter((_, bit) => Math.floor(bits / 2 ** bit) % 2).map(names)))])];
}
