// Lines on the map around a site, where so many minutes end, by the journeys of the service shown. Areas are in or out
// whole, by where their people live.
"use strict";

const ENDS = [15, 30, 45, 60];

// The lines of a site as outlines between areas, those of each limit together; of no site none.
function isochronesOf(question, borders, service, code) {
  const site = question.sites.findIndex(one => one.code === code), {minutes, missing} = journeysTo(question, service);
  const taken = area => minutes[area * question.sites.length + site];
  const within = (area, limit) => taken(area) !== missing && taken(area) <= limit * question.scales.minutes;
  return site < 0 ? [] : ENDS.map(limit => [limit, borders.filter(([one, other]) => within(one, limit) !== within(other, limit)).map(border => border[2]).join("")]);
}

function drawIsochrones() {
  const asked = byId("around");
  if (!asked || !shown) return;
  const lines = isochronesOf(question, PAGE.map.borders, question.service[shown], asked.value).filter(([, d]) => d);
  byId("isochrones").replaceChildren(...lines.map(([limit, d], number) => made("path", {d, "data-within": limit, "stroke-dasharray": `${2 * (number + 1)} 3`})));
  byId("around-said").textContent = asked.value ? `Dashed: where ${joined(lines.map(([limit]) => String(limit)))} minutes to ${names(asked.value)} end${lines.length > 1 ? ", further apart the further off" : ""}.` : "";
}
