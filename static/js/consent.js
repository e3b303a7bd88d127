// Nothing of another company runs, loads or stores before the visitor allows it. The page is the
// same for everybody; the choice is read, shown and carried out here. docs/consent.md has the story.
import { activate } from "./consent/activate.js";
import { gpc, isRefusedByGpc, readChoice, writeChoice } from "./consent/choice.js";
import { googleIsTold, tellGoogle } from "./consent/google.js";
import { optOut, removeStored } from "./consent/withdraw.js";

const OWN_STATISTICS = "own-statistics";
const OWN_STORED = [["local", "booktime.orders"], ["local", "booktime.visits"]];

const root = document.querySelector("[data-consent-root]");
const banner = document.querySelector("[data-consent]");
const form = document.querySelector("[data-consent-form]");
const version = Number(root?.dataset.version);
const known = JSON.parse(root?.dataset.known ?? "[]");
const leftBehind = JSON.parse(root?.dataset.leftBehind ?? "[]");
const boxes = [...(form?.querySelectorAll("[data-key]") ?? [])];
const heads = [...(form?.querySelectorAll("[data-purpose]") ?? [])];
const running = new Map();
const others = "BroadcastChannel" in window ? new BroadcastChannel("consent") : null;
let queue = Promise.resolve();

const templates = () => [...document.querySelectorAll("template[data-integration]")];
const stored = () => (root ? readChoice(version) : null);
const categoryOf = (key) => boxes.find((box) => box.dataset.key === key)?.dataset.category;
const allowedKeys = (choice) =>
  (choice?.allowed ?? []).filter((key) => known.includes(key) && !isRefusedByGpc(categoryOf(key)));
const categoriesOf = (keys) => [...new Set(keys.map(categoryOf))];
const isAnswered = (choice) => choice !== null && known.every((key) => choice.known.includes(key));

function wake(chosen, categories) {
  if (!chosen.length) return;
  if (googleIsTold() || chosen.some((template) => "google" in template.dataset)) tellGoogle(categories);
  for (const { dataset } of chosen) running.set(dataset.integration, { ...dataset });
  // One after the other: what came first has run before what comes next.
  queue = queue.then(() => activate(chosen));
}

function showBoxes(allowed) {
  for (const box of boxes) {
    box.checked = allowed.includes(box.dataset.key);
    box.disabled = isRefusedByGpc(box.dataset.category);
  }
  showHeads();
}

function showHeads() {
  for (const head of heads) {
    const own = boxes.filter((box) => box.dataset.category === head.dataset.purpose);
    const ticked = own.filter((box) => box.checked).length;
    head.checked = ticked > 0 && ticked === own.length;
    head.indeterminate = ticked > 0 && ticked < own.length;
    head.disabled = isRefusedByGpc(head.dataset.purpose);
  }
}

function showSince(choice) {
  const since = document.querySelector("[data-consent-since]");
  if (!since || !choice?.at) return;
  const time = since.querySelector("time");
  const at = new Date(choice.at * 1000);
  time.dateTime = at.toISOString();
  time.textContent = at.toLocaleDateString(document.documentElement.lang, { dateStyle: "long" });
  since.hidden = false;
}

function showBanner(isShown) {
  if (!banner || "preview" in banner.dataset) return;
  if (!isShown && banner.contains(document.activeElement)) document.getElementById("main")?.focus();
  banner.hidden = !isShown;
}

// What our own code may do: the statistics of others may be allowed, and our own refused.
function announce(choice, allowed) {
  const isOwnRefused = known.includes(OWN_STATISTICS) && !allowed.includes(OWN_STATISTICS);
  const categories = categoriesOf(allowed).filter((category) => !isOwnRefused || category !== "statistics");
  if (!categories.includes("statistics")) removeStored(OWN_STORED);
  const { documentElement } = document;
  if (choice) documentElement.dataset.consentGranted = categories.join(" ");
  else delete documentElement.dataset.consentGranted;
  document.dispatchEvent(new CustomEvent("consent:changed", { detail: { granted: categories } }));
}

function withdraw(keys) {
  for (const key of keys) {
    const one = running.get(key);
    if (one.optOut) optOut(one.optOut, one.identifier);
  }
}

function clear(allowed) {
  const refused = [...templates().map(({ dataset }) => dataset), ...running.values()];
  for (const one of refused) {
    if (one.category !== "necessary" && !allowed.includes(one.integration)) removeStored(JSON.parse(one.stored));
  }
}

// Bring the page to what the cookie says. A page that runs what is not allowed any more is loaded anew: then it says no.
async function follow(sent) {
  const choice = stored();
  const allowed = allowedKeys(choice);
  const gone = [...running.keys()].filter(
    (key) => running.get(key).category !== "necessary" && !running.get(key).once && !allowed.includes(key),
  );
  withdraw(gone);
  if (gone.length && googleIsTold()) tellGoogle(categoriesOf(allowed));
  clear(allowed);
  removeStored(leftBehind);
  announce(choice, allowed);
  showBoxes(allowed);
  showSince(choice);
  showBanner(!isAnswered(choice));
  if (gone.length) {
    await Promise.race([sent, new Promise((resolve) => setTimeout(resolve, 3000))]);
    location.reload();
    return false;
  }
  const isMeant = ({ category, integration }) => category === "necessary" || allowed.includes(integration);
  wake(templates().filter(({ dataset }) => isMeant(dataset)), categoriesOf(allowed));
  return true;
}

function send(act, allowed, asked) {
  const told = {
    act,
    allowed,
    known: asked,
    text: root.dataset.text,
    language: root.dataset.language,
    path: location.pathname,
  };
  return fetch(root.dataset.url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(told),
    credentials: "same-origin",
    keepalive: true,
  }).then(
    (answer) => answer.status,
    () => 0, // Offline.
  );
}

// What is refused is so at once, whatever the shop answers. What is newly allowed waits until the shop has kept the
// proof: its answer writes the cookie.
async function choose(act, allowed, asked = known) {
  const mine = allowed.filter((key) => !isRefusedByGpc(categoryOf(key)));
  const before = allowedKeys(stored());
  const fresh = mine.filter((key) => !before.includes(key));
  if (fresh.length < asked.length) {
    const settled = (keys) => keys.filter((key) => !fresh.includes(key));
    writeChoice(version, settled(mine), settled(asked));
  }
  const sent = send(act, mine, asked);
  others?.postMessage("changed");
  if (!(await follow(sent))) return;
  const status = await sent;
  if (status === 409) location.reload(); // The question has changed: it is asked again.
  else if (status !== 204) say(fresh.length ? "failed" : "saved");
  else {
    others?.postMessage("changed");
    if (await follow()) say("saved");
  }
}

function onAct(event) {
  const act = event.target.closest("[data-consent-act]")?.dataset.consentAct;
  if (!act || "preview" in root.dataset) return;
  choose(act, act === "accept" ? known : []);
}

function say(what) {
  const status = document.querySelector("[data-consent-status]");
  if (status) status.textContent = status.dataset[what];
}

function onPlaceholder(event) {
  const button = event.target.closest("[data-load-once], [data-load-always]");
  const template = button?.closest("[data-gated]")?.querySelector("template[data-integration]");
  if (!template) return;
  const key = template.dataset.integration;
  if ("loadOnce" in button.dataset) {
    wake([template], categoriesOf(allowedKeys(stored())));
    running.get(key).once = true;
    return;
  }
  const choice = stored();
  const add = (keys) => [...new Set([...(keys ?? []), key])].filter((one) => known.includes(one));
  choose("always", add(choice?.allowed), add(choice?.known));
}

if (form) {
  form.addEventListener("click", onAct);
  form.addEventListener("change", ({ target }) => {
    if (target.dataset.purpose) {
      for (const box of boxes) if (box.dataset.category === target.dataset.purpose) box.checked = target.checked;
    }
    showHeads();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if ("preview" in root.dataset) return;
    choose("save", boxes.filter((box) => box.checked).map((box) => box.dataset.key));
  });
  for (const note of form.querySelectorAll("[data-consent-gpc]")) note.hidden = !gpc;
  if (!banner) {
    form.hidden = false;
    document.querySelector("[data-consent-unscripted]").hidden = true;
  }
}
document.addEventListener("click", onPlaceholder);
for (const buttons of document.querySelectorAll("[data-gated-buttons]")) buttons.hidden = false;
if (banner) {
  // What has the focus is never under the banner: the page can be scrolled past it.
  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--consent-room", `${banner.hidden ? 0 : banner.offsetHeight}px`);
  }).observe(banner);
}
if (!root || !("preview" in root.dataset)) {
  others?.addEventListener("message", () => follow());
  // Back and forward bring the page as it was left; the choice may have changed since.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) follow();
  });
  follow();
}
