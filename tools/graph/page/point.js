// The only script of the page: brings forward what belongs to the layer that one points at, focuses or looks for.
(() => {
  const main = document.querySelector("main");
  const svg = main.querySelector("svg");
  const list = document.querySelector("ol");
  const hint = document.querySelector(".hint");
  const tools = document.querySelector(".tools");
  const search = tools.querySelector("input");
  const nodes = [...svg.querySelectorAll(".node")];
  const edges = [...svg.querySelectorAll(".edge")];
  const cards = [...list.children];
  const withPlan = cards.some((card) => !card.matches(".plain, .upstream"));

  // A drawing of few layers is shown larger, but not so large that it looks lost.
  const largestFit = 1.35;

  // The layer that stays shown when the pointer leaves, by id.
  let kept;

  function byEnd(end) {
    const map = new Map();
    for (const edge of edges) map.set(edge.dataset[end], [...(map.get(edge.dataset[end]) ?? []), edge]);
    return map;
  }
  const above = { edges: byEnd("from"), next: (edge) => edge.dataset.to };
  const beneath = { edges: byEnd("to"), next: (edge) => edge.dataset.from };

  /** All that a layer stands on, or all that stands on it: ids, and the arrows on the way. */
  function reach(id, way) {
    const ids = new Set([id]);
    const found = new Set();
    for (const next of ids) {
      for (const edge of way.edges.get(next) ?? []) {
        found.add(edge);
        ids.add(way.next(edge));
      }
    }
    return { ids, found };
  }

  function point(id, fromList = false) {
    const [down, up] = [reach(id, beneath), reach(id, above)];
    svg.classList.toggle("pointing", id !== undefined);
    for (const node of nodes) {
      node.classList.toggle("on", down.ids.has(node.id) || up.ids.has(node.id));
      node.classList.toggle("at", node.id === id);
      node.setAttribute("aria-pressed", String(node.id === kept));
    }
    for (const edge of edges) edge.classList.toggle("on", down.found.has(edge) || up.found.has(edge));
    // A list that changed under the pointer could not be used.
    if (fromList) return;
    list.classList.toggle("chosen", id !== undefined || searched() !== "");
    for (const card of cards) card.classList.toggle("at", card.dataset.node === id);
    const [under, over] = [down.ids.size - 1, up.ids.size - 1];
    if (id !== undefined)
      hint.textContent = `Stands on ${under}, carries ${over}${id === kept ? "; Escape lets go" : ""}`;
    else if (searched() !== "") hint.textContent = `${list.querySelectorAll(":scope > .found").length} found`;
    else hint.textContent = withPlan ? "What changes, in the order of building" : "In the order of building";
  }

  function keep(id) {
    kept = id;
    point(id);
  }

  function searched() {
    return search?.value.trim().toLowerCase() ?? "";
  }

  function find() {
    const words = searched();
    const hit = (card) => words !== "" && card.querySelector("h2 a").textContent.toLowerCase().includes(words);
    const found = new Set(cards.filter(hit).map((card) => card.dataset.node));
    svg.classList.toggle("searching", words !== "");
    for (const node of nodes) node.classList.toggle("found", found.has(node.id));
    for (const card of cards) card.classList.toggle("found", found.has(card.dataset.node));
    keep(undefined);
    nodes.find((node) => node.classList.contains("found"))?.scrollIntoView({ block: "center", inline: "center" });
  }

  /** Of a list of all the node that is `step` further gets the focus, and is the one that Tab comes to. */
  function move(node, step) {
    const next = nodes[nodes.indexOf(node) + step];
    if (!next) return;
    node.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  /** What is in the middle stays there. */
  function zoom(how) {
    const { width } = svg.viewBox.baseVal;
    const now = svg.getBoundingClientRect().width / width;
    const fit = Math.min(largestFit, main.clientWidth / width);
    const next = how === "fit" ? fit : Math.min(4, Math.max(0.1, how === "in" ? now * 1.25 : now / 1.25));
    const [left, top] = [main.scrollLeft + main.clientWidth / 2, main.scrollTop + main.clientHeight / 2];
    svg.style.width = `${width * next}px`;
    svg.style.height = "auto";
    const grown = next / now;
    main.scrollTo(left * grown - main.clientWidth / 2, top * grown - main.clientHeight / 2);
  }

  const nodeAt = (event) => event.target.closest?.(".node");
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  svg.addEventListener("pointerover", (event) => point(nodeAt(event)?.id ?? kept));
  svg.addEventListener("pointerleave", () => point(kept));
  svg.addEventListener("focusin", (event) => point(nodeAt(event)?.id));
  svg.addEventListener("focusout", () => point(kept));
  svg.addEventListener("click", (event) => keep(nodeAt(event)?.id));
  svg.addEventListener("keydown", (event) => {
    const node = nodeAt(event);
    if (!node) return;
    if (event.key in steps) move(node, steps[event.key]);
    else if (event.key === "Enter" || event.key === " ") keep(node.id === kept ? undefined : node.id);
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerover", (event) => point(event.target.closest("[data-node]")?.dataset.node, true));
  list.addEventListener("pointerleave", () => point(kept));
  list.addEventListener("click", (event) => {
    const target = event.target.closest("a")?.hash.slice(1);
    if (!target) return;
    event.preventDefault();
    keep(target);
    document.getElementById(target).scrollIntoView({ block: "center", inline: "center" });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (search) search.value = "";
    find();
  });
  search?.addEventListener("input", find);
  tools.addEventListener("click", (event) => {
    const how = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (how) zoom(how);
  });

  tools.hidden = false;
  hint.hidden = false;
  list.classList.toggle("short", withPlan);
  if (svg.viewBox.baseVal.width < main.clientWidth && nodes.length < 20) zoom("fit");
  const asked = decodeURIComponent(location.hash.slice(1));
  keep(nodes.some((node) => node.id === asked) ? asked : undefined);
  // A large drawing may begin with an empty corner.
  const first = cards.find((card) => getComputedStyle(card).display !== "none")?.dataset.node;
  const start = nodes.find((node) => node.id === (kept ?? first));
  start?.scrollIntoView({ block: "center", inline: "center" });
})();
