// The modals of a page: one at a time, by priority; the rest wait. docs/modals.md
import { arm, byPriority, isAllowed, isOver, onAsked, version } from "./modals/when.js";
import { Count, Memory } from "./modals/visit.js";

const VISIBLE = 1000; // Milliseconds in view that count as seen.
const PATIENCE = 500; // Between two looks at what is in the way.
const LONGEST = 2 ** 31 - 1;

const rules = JSON.parse(document.getElementById("modal-rules").textContent);
const memory = new Memory(!rules.preview);
const count = new Count(rules, memory);
const waiting = new Set();
let shown = null;
let basket = null; // Null while it is not known.
let timer = 0;

function look(milliseconds = 0) {
  clearTimeout(timer);
  timer = setTimeout(next, Math.min(Math.max(milliseconds, 0), LONGEST));
}

// Somebody is asked something else, or is writing.
function isInTheWay() {
  return (
    document.visibilityState !== "visible" ||
    [...document.querySelectorAll("body [data-consent]")].some((banner) => banner.checkVisibility()) ||
    document.querySelector("dialog:modal, [popover]:popover-open") !== null ||
    document.activeElement?.matches("input, textarea, select")
  );
}

function next() {
  if (shown || !waiting.size) return;
  const now = Date.now();
  for (const modal of waiting) if (isOver(modal, now)) waiting.delete(modal);
  const coming = [...waiting].filter((modal) => modal.f > now).map((modal) => modal.f - now);
  const due = [...waiting].filter((modal) => isAllowed(modal, { now, memory, basket, search: location.search }));
  const modal = due.sort(byPriority).find((modal) => memory.rest(modal, rules.c, now) <= 0);
  if (!modal) {
    const soonest = Math.min(...coming, ...due.map((modal) => memory.rest(modal, rules.c, now)));
    if (soonest < Infinity) look(soonest);
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
    // Offline: such a modal waits.
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

// Bars and corners leave the focus where it is, unless they were asked for, and are announced: ADR 0009.
function open(template, { kind, opener, seen, clicked, closed }) {
  const dialog = template.content.firstElementChild.cloneNode(true);
  const status = dialog.querySelector("[role=status]");
  let reason = "dismissed";
  let back = opener?.matches("a, button, [tabindex]") ? opener : null;
  if (kind === "top") document.body.prepend(dialog);
  else document.body.append(dialog);

  if (kind === "centre") dialog.showModal();
  else if (opener) dialog.show();
  else {
    dialog.setAttribute("open", "");
    setTimeout(() => (status.textContent = dialog.querySelector("h2").textContent), 100);
  }

  const close = (why = "dismissed") => {
    reason = why;
    dialog.close();
  };
  const onKey = (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (dialog.contains(document.activeElement) || document.activeElement === document.body) close();
  };
  if (kind !== "centre") document.addEventListener("keydown", onKey);

  dialog.addEventListener("focusin", (event) => {
    if (event.relatedTarget && !dialog.contains(event.relatedTarget)) back ??= event.relatedTarget;
  });
  dialog.addEventListener("click", (event) => {
    const { target } = event;
    const button = target.closest("button");
    const link = target.closest("a[href]");
    if (link || button?.dataset.modalCopy) clicked(link?.hasAttribute("data-modal-action"));
    if (button?.dataset.modalCopy) copy(button, status);
    // A press on the backdrop lands on the dialog, which its box fills.
    else if (button || (target === dialog && kind === "centre")) close();
    else if (link?.hash && link.pathname === location.pathname) close();
  });
  dialog.addEventListener("close", () => {
    const hadFocus = dialog.contains(document.activeElement);
    document.removeEventListener("keydown", onKey);
    watcher.disconnect();
    clearTimeout(looking);
    dialog.remove();
    if (kind !== "centre" && (hadFocus || opener)) back?.focus();
    closed(reason);
  });

  let looking = 0;
  const watcher = new IntersectionObserver(
    ([entry]) => {
      clearTimeout(looking);
      if (entry.isIntersecting) looking = setTimeout(seen, VISIBLE);
    },
    { threshold: 0.5 },
  );
  watcher.observe(dialog);
  return { close };
}

async function copy(button, status) {
  try {
    await navigator.clipboard.writeText(button.dataset.modalCopy);
    status.textContent = button.textContent = button.dataset.copied;
  } catch {
    getSelection().selectAllChildren(button.parentElement.querySelector("[data-modal-code]"));
    status.textContent = button.textContent = button.dataset.copyFailed;
  }
}

if (rules.preview) show(rules.m[0], document.body);
else start();
