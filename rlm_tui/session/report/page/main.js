// The page as a whole: its head, its views, its keys, and the address that names what is shown.

const VIEWS = [["run", "Run"], ["answer", "Answer"], ["documents", "Documents"], ["costs", "Costs"]];

let view = "";
let chosen = 0;
const documents = new DocumentView();
const tree = rows.length ? new Tree((number) => go("run", number)) : null;
const timeline = rows.length ? new Timeline((number) => go("run", number)) : null;
const pane = el("section", { class: "detail-pane", tabindex: "0", "aria-label": "Details" });
const run = rows.length ? el("div", { class: "run" }, timeline.element, tree.element, pane) : el("div", { class: "empty" }, "This session ended before anything ran.");

function opening() {
  const ends = { completed: "completed", partial: "partial answer", failed: "failed", cancelled: "cancelled", interrupted: "interrupted" };
  const tone = { completed: "ok", partial: "warn", failed: "bad" }[session.status] ?? "muted";
  const models = session.subModel && session.subModel !== session.model ? `${session.model}, sub-calls ${session.subModel}` : session.model;
  const fork = session.parent ? `, ${session.origin} of ${session.parent} after event ${session.parentSeq}` : session.origin === "live" ? "" : `, ${session.origin}`;
  $("query").textContent = visible(session.query) || session.id;
  $("about").append(el("b", { class: tone }, ends[session.status] ?? session.status), session.limit ? ` (${session.limit})` : "", ` · ${oneLine(models)} · ${session.when} · session ${session.id}${oneLine(fork)}${session.redacted ? " · redacted: all texts were left out" : ""}`);
  const chars = session.documents.reduce((sum, doc) => sum + doc.chars, 0);
  const seen = session.documents.reduce((sum, doc) => sum + doc.seen.chars, 0);
  const tiles = [
    [price(session.usage), "cost"],
    [about(session.usage) + count(tokens(session.usage)), "tokens"],
    [whole(session.usage.calls ?? 0), session.usage.calls === 1 ? "call" : "calls"],
    [duration(session.seconds), "time"],
    [chars ? percent(seen / chars) : "–", chars ? `read of ${count(chars)}` : "no document"],
    [whole(session.errors), session.errors === 1 ? "error" : "errors"],
  ];
  $("tiles").append(...tiles.map(([value, name], n) => el("li", {}, el("b", { class: n === 5 && session.errors ? "bad" : "" }, value), el("span", {}, name))));
  $("tabs").append(...VIEWS.map(([name, title], n) => el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "view", "aria-selected": "false", onclick: () => go(name) }, title, el("kbd", { "aria-hidden": "true" }, String(n + 1)))));
  $("keys").append(...helpDialog());
}

/** Show a view; `run` with a row. */
function go(name, number = chosen) {
  if (name === "run" && rows.length) {
    chosen = Math.max(0, number);
    tree.show(chosen);
    timeline.show(chosen);
    pane.replaceChildren(...detail(chosen));
    pane.scrollTop = 0;
  }
  if (name !== view) {
    view = name;
    const made = { run: () => run, answer: answerPane, documents: () => documents.build(), costs: costPane, search: resultsPane }[name]();
    $("view").replaceChildren(made);
    for (const [other] of VIEWS) $(`tab-${other}`).setAttribute("aria-selected", String(other === name));
    if (name === "run" && rows.length) {
      // Sizes are known only now.
      tree.show(chosen);
      timeline.draw();
    }
    if (name === "documents") documents.strips();
  }
  highlight($("view"));
  countHits();
  const place = name === "run" && rows.length ? `#${rows[chosen].key}` : `#${name}`;
  if (name !== "search" && location.hash !== place) history.replaceState(null, "", place);
}

/** Show a document at a character, or at a unit of its string. */
function goDocument(number, char, unit = inUnits(session.documents[number]).unit(char)) {
  [documents.number, documents.char] = [number, unit];
  if (view === "documents") documents.show(number, unit);
  else go("documents");
}

function search() {
  query = $("search").value;
  find();
  hit = -1;
  if (query.trim().length < 2) {
    if (view === "search") go("run");
  } else {
    view = "";
    go("search");
  }
  highlight($("view"));
  countHits();
}

function leaveSearch(keep) {
  if (!keep) {
    $("search").value = query = "";
    hits = [];
    hit = -1;
  }
  $("search").blur();
  go(view === "search" ? "run" : view);
  tree?.element.focus();
}

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  themed();
}

function themed() {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  $("theme").textContent = dark ? "☾" : "☀";
  timeline?.draw();
  documents.strips();
}

function move(by) {
  if (view === "search") markHit(hit + by);
  else if (view === "documents") documents.step(by);
  else if (view === "run") tree?.step(by);
  else $("view").firstElementChild.scrollBy(0, by * 40);
}

const RUN_KEYS = {
  l: () => tree.fold(true), ArrowRight: () => tree.fold(true), h: () => tree.fold(false), ArrowLeft: () => tree.fold(false),
  " ": () => tree.toggle(chosen), z: () => tree.foldAll(), Enter: () => pane.focus(),
};
const ALL_KEYS = {
  j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1), g: () => move(-1e9), G: () => move(1e9),
  PageDown: () => move(20), PageUp: () => move(-20), Home: () => move(-1e9), End: () => move(1e9),
  e: () => nextError(1), E: () => nextError(-1), "/": () => $("search").select(),
  n: () => hits.length && openHit(hit + 1), N: () => hits.length && openHit(hit < 0 ? -1 : hit - 1),
  "[": () => view === "documents" && documents.unread(-1), "]": () => view === "documents" && documents.unread(1),
  "?": () => $("keys").showModal(), t: toggleTheme, Escape: () => leaveSearch(view !== "search"),
  1: () => go("run"), 2: () => go("answer"), 3: () => go("documents"), 4: () => go("costs"),
};

function nextError(by) {
  if (tree && rows.some(isBad)) tree.next(isBad, by);
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  if (event.target === $("search")) {
    if (event.key === "Escape") leaveSearch(false);
    else if (event.key === "Enter" && hits.length) {
      openHit(Math.max(0, hit));
      tree?.element.focus();
    } else if (event.key === "ArrowDown" && hits.length) markHit(hit + 1);
    else if (event.key === "ArrowUp" && hits.length) markHit(hit - 1);
    else return;
    event.preventDefault();
    return;
  }
  // What has the focus keeps its own keys: a button is pressed, a text scrolls.
  const holder = event.target instanceof Element ? event.target : document.body;
  if (holder.closest("button, summary, a, [role=tab]") && ["Enter", " "].includes(event.key)) return;
  if (holder.closest("pre, .detail-pane, .page, .text") && /^(Arrow|Page|Home|End| $)/.test(event.key) && !holder.closest(".text")) return;
  const act = (view === "run" && rows.length && RUN_KEYS[event.key]) || (view === "search" && event.key === "Enter" && hit >= 0 && (() => openHit(hit))) || ALL_KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function start() {
  opening();
  let waiting = 0;
  $("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 120);
  });
  $("help").addEventListener("click", () => $("keys").showModal());
  $("keys").addEventListener("click", (event) => event.target === $("keys") && $("keys").close());
  $("theme").addEventListener("click", toggleTheme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themed);
  document.addEventListener("keydown", pressed);
  addEventListener("hashchange", fromAddress);
  fromAddress();
  themed();
  if (view === "run") tree?.element.focus({ preventScroll: true });
}

function fromAddress() {
  const place = decodeURIComponent(location.hash.slice(1));
  if (VIEWS.some(([name]) => name === place)) go(place);
  else go("run", byKey.get(place) ?? 0);
}

start();
