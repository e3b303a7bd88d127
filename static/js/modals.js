// The modals of a page: one at a time, by priority; the rest wait. docs/modals.md
import { arm, byPriority, isAllowed, onAsked, version } from "./modals/when.js";
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

const present = () => ({ now: Date.now(), memory, basket });

// Somebody is asked something else.
const isAsked = () =>
  [...document.querySelectorAll("body [data-consent]")].some((banner) => banner.checkVisibility()) ||
  document.querySelector("dialog:modal, [popover]:popover-open");

// Or is writing, or elsewhere.
const isInTheWay = () =>
  isAsked() || document.visibilityState !== "visible" || document.activeElement?.matches("input, textarea, select");

function next() {
  if (shown) return;
  const at = present();
  const queue = [...waiting].sort(byPriority);
  const wait = (modal) => {
    if (modal.f > at.now) return modal.f - at.now;
    return isAllowed(modal, at) ? memory.rest(modal, rules.c, at.now) : Infinity;
  };
  const modal = queue.find((modal) => wait(modal) <= 0);
  if (!modal) look(Math.min(...queue.map(wait)));
  else if (isInTheWay()) look(PATIENCE);
  else show(modal);
}

// A link to it opens it also where it is held out, and counts nothing of that.
function show(modal, opener, isFree) {
  waiting.delete(modal);
  const code = version(modal, memory);
  const isHeldOut = code === "-";
  count.eligible(modal, code);
  if (isHeldOut && !isFree) {
    look();
    return false;
  }
  const letter = isHeldOut ? modal.v[0][0] : code;
  const say = (event) => isHeldOut || count.add(modal, letter, event);
  const template = document.getElementById(`modal-${rules.m.indexOf(modal)}-${letter}`);
  memory.wasShown(modal);
  say("shown");
  const ending = modal.e && setTimeout(() => shown?.close("ended"), Math.min(modal.e - Date.now(), LONGEST));
  let isClicked = false;
  shown = open(template, {
    kind: modal.k,
    opener,
    seen: () => say("seen"),
    clicked(isAction) {
      say("clicked");
      isClicked = true;
      if (isAction) memory.change(modal, { clicked: 1 }, true);
    },
    closed() {
      clearTimeout(ending);
      const isAct = shown.returnValue !== "ended";
      if (!isClicked && isAct) say("dismissed");
      memory.keep({ closed: Date.now(), by: modal.i }, isAct);
      shown = null;
      look();
    },
  });
  return true;
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
  onAsked(
    rules.m,
    (modal, opener, isFree) => !shown && !isAsked() && isAllowed(modal, present(), isFree) && show(modal, opener, isFree),
  );
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
  let back = opener?.matches("a, button, [tabindex]") ? opener : null;
  if (kind === "top") document.body.prepend(dialog);
  else document.body.append(dialog);

  if (kind === "centre") dialog.showModal();
  else if (opener) dialog.show();
  else {
    dialog.setAttribute("open", "");
    setTimeout(() => (status.textContent = dialog.querySelector("h2").textContent), 100);
  }

  const onKey = (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (dialog.contains(document.activeElement) || document.activeElement === document.body) dialog.close();
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
    else if (button || (target === dialog && kind === "centre")) dialog.close();
    else if (link?.hash && link.pathname === location.pathname) dialog.close();
  });
  dialog.addEventListener("close", () => {
    const hadFocus = dialog.contains(document.activeElement);
    document.removeEventListener("keydown", onKey);
    watcher.disconnect();
    clearTimeout(looking);
    dialog.remove();
    if (kind !== "centre" && (hadFocus || opener)) back?.focus();
    closed();
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
  return dialog;
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

if (rules.preview) show(rules.m[0], document.body, true);
else start();
