// The scenarios at the head of every page that optimiser serve shows: open one, pin two to compare them.
// It stands by itself, for it is also on pages without other scripts. Text goes in as textContent only.
"use strict";

{
  const MOST = 12, pinned = new Set();
  const rail = document.createElement("nav");
  rail.id = "rail";
  rail.setAttribute("aria-label", "Scenarios");

  const made = (name, text, attributes = {}) => {
    const node = document.createElement(name);
    node.textContent = text;
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };

  // A link to a page, marked where that is the one that is shown.
  const link = (words, address) => made("a", words, {href: address, ...(location.pathname === address ? {"aria-current": "page"} : {})});

  function pin(scenario) {
    const label = made("label", ""), box = made("input", "", {type: "checkbox", "aria-label": `Pin ${scenario.name} to compare it`});
    box.checked = pinned.has(scenario.id);
    box.addEventListener("change", () => {
      if (box.checked) pinned.add(scenario.id);
      else pinned.delete(scenario.id);
      tell();
    });
    label.append(box, " pin");
    return label;
  }

  // Two that are pinned can be compared; of more, only after one is let go.
  function tell() {
    const [one, other] = pinned, compare = document.getElementById("compare");
    compare.replaceChildren(pinned.size === 2 ? link("Compare the two that are pinned", `/compare/${one}/${other}`)
      : made("span", pinned.size < 2 ? "Pin two to compare them." : "Pin only two to compare them."));
  }

  function draw(scenarios) {
    const held = document.activeElement && rail.contains(document.activeElement) && document.activeElement.getAttribute("aria-label");
    const open = scenarios.filter(one => one.has_a_page && !one.archived).slice(0, MOST), list = document.createElement("ul");
    for (const id of pinned) if (!open.some(one => one.id === id)) pinned.delete(id);
    const own = document.createElement("li");
    own.append(link("The question asked", "/"));
    list.append(own, ...open.map(scenario => {
      const item = document.createElement("li"), without = scenario.outcome === "no plan";
      item.append(link(scenario.name, `/scenarios/${scenario.id}`), " ", without ? made("small", "no plan") : pin(scenario));
      return item;
    }));
    const compare = made("p", "", {id: "compare", role: "status"});
    rail.replaceChildren(made("strong", "Scenarios"), list, ...(open.filter(one => one.outcome !== "no plan").length > 1 ? [compare] : []));
    if (rail.contains(compare)) tell();
    if (held) for (const box of rail.querySelectorAll("input")) if (box.getAttribute("aria-label") === held) box.focus();
  }

  document.querySelector("header").append(rail);
  addEventListener("scenarios", event => draw(event.detail));
  const foot = document.querySelector("footer p");
  foot.textContent = foot.textContent.replace("This page asks the network for nothing and keeps nothing.", "This page asks only the program on this machine that shows it. Every scenario is kept with its reason.");
  // Where nobody asks for jobs, the scenarios are asked for once.
  if (!document.getElementById("work")) {
    fetch("/api/state", {credentials: "same-origin"}).then(reply => reply.json()).then(state => draw(state.scenarios)).catch(() => draw([]));
  }
}
