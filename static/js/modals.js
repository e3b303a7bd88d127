// The modals of a page. Pages are the same for everybody and kept whole, so it is decided here, from
// the small set of rules in the page (home/modals/rules.py), what is shown to whom, when and how often.
// One at a time, by priority; the rest wait. Loaded only by pages that have a candidate.
import { Count } from "./modals/counting.js";
import { open } from "./modals/dialog.js";
import { Memory } from "./modals/memory.js";
import { byPriority, isAllowed, isOver, version } from "./modals/rules.js";
import { arm, onAsked } from "./modals/triggers.js";

const PATIENCE = 500; // Milliseconds between two looks at what is in the way.
const LONGEST = 2 ** 31 - 1; // What a timer can take.

const rules = JSON.parse(document.getElementById("modal-rules").textContent);
const memory = new Memory(!rules.preview);
const count = new Count(rules, memory);
const waiting = new Set();
let shown = null;
let basket = null; // What /basket/summary/ says; null while it is not known.
let timer = 0;

function look(milliseconds = 0) {
  clearTimeout(timer);
  timer = setTimeout(next, Math.min(Math.max(milliseconds, 0), LONGEST));
}

// Somebody is asked something else, or is writing: a modal waits.
function isInTheWay() {
  const active = document.activeElement;
  return (
    document.visibilityState !== "visible" ||
    [...document.querySelectorAll("body [data-consent]")].some((banner) => banner.checkVisibility()) ||
    document.querySelector("dialog:modal, [popover]:popover-open") !== null ||
    Boolean(active?.matches("input:not([type=button], [type=submit]), textarea, select"))
  );
}

function next() {
  if (shown || !waiting.size) return;
  const now = Date.now();
  for (const modal of waiting) if (isOver(modal, now)) waiting.delete(modal);
  const due = [...waiting].filter((modal) => modal.f <= now);
  const coming = Math.min(...[...waiting].filter((modal) => modal.f > now).map((modal) => modal.f - now));
  const modal = due
    .filter((modal) => isAllowed(modal, { now, memory, basket, search: location.search }))
    .sort(byPriority)
    .find((modal) => memory.rest(modal, rules.c, now) <= 0);
  if (!modal) {
    look(Math.min(coming, ...due.map((modal) => Math.max(memory.rest(modal, rules.c, now), PATIENCE * 4))));
  } else if (isInTheWay()) look(PATIENCE);
  else show(modal);
}

function show(modal, opener = null) {
  waiting.delete(modal);
  const code = version(modal, memory);
  count.eligible(modal, code);
  if (code === "-" && !opener) {
    look();
    return;
  }
  const letter = code === "-" ? modal.v[0][0] : code;
  const template = document.getElementById(`modal-${rules.m.indexOf(modal)}-${letter}`);
  memory.wasShown(modal);
  count.add(modal, letter, "shown");
  const ending = modal.e && setTimeout(() => shown?.close("ended"), Math.min(modal.e - Date.now(), LONGEST));
  let isClicked = false;
  shown = open(template, {
    kind: modal.k,
    opener,
    seen: () => count.add(modal, letter, "seen"),
    clicked(isAction) {
      if (!isClicked) count.add(modal, letter, "clicked");
      isClicked = true;
      if (isAction) memory.wasClicked(modal);
    },
    closed(reason) {
      clearTimeout(ending);
      if (!isClicked && reason !== "ended") count.add(modal, letter, "dismissed");
      memory.wasClosed(modal);
      shown = null;
      look();
    },
  });
}

async function ask() {
  try {
    const response = await fetch(rules.s, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (response.ok) basket = await response.json();
  } catch {
    // Offline: who is asked for stays unknown, and such a modal waits.
  }
  look();
}

function start() {
  for (const modal of rules.m) {
    arm(modal, () => {
      waiting.add(modal);
      look();
    });
  }
  onAsked(rules.m, (modal, opener) => {
    const now = Date.now();
    if (isOver(modal, now) || modal.f > now) return false;
    if (!shown) show(modal, opener);
    return true;
  });
  if (rules.m.some((modal) => modal.w[0] || modal.w[2])) {
    ask();
    document.addEventListener("basket:changed", ask);
  }
  for (const event of ["visibilitychange", "consent:changed"]) document.addEventListener(event, () => look());
  addEventListener("pageshow", (event) => event.persisted && look());
}

if (rules.preview) show(rules.m[0], document.body);
else start();
