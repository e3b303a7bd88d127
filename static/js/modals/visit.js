// What the browser remembers of modals, which never leaves it, and what it says of them: docs/modals.md

const KEY = "booktime.modals";
const VISIT = 30 * 60 * 1000; // Milliseconds after which the next page is another visit.

function read(store, key) {
  try {
    return JSON.parse(window[store].getItem(key));
  } catch {
    return null;
  }
}

function write(store, key, value) {
  try {
    window[store].setItem(key, JSON.stringify(value));
  } catch {
    // Forbidden: it lasts for the page.
  }
}

export class Memory {
  own = {};

  constructor(isKept) {
    this.isKept = isKept;
    const { at, visits = 0 } = this.kept;
    this.keep(Date.now() - at < VISIT ? {} : { visits: visits + 1, counted: [] });
  }

  // Another page may have written.
  get kept() {
    return Object.assign(this.own, this.isKept && read("localStorage", KEY));
  }

  keep(values) {
    Object.assign(this.kept, values, { at: Date.now() });
    if (this.isKept) write("localStorage", KEY, this.own);
  }

  get chance() {
    if (this.kept.chance === undefined) this.keep({ chance: Math.floor(Math.random() * 10_000) });
    return this.own.chance;
  }

  of(modal) {
    return this.kept.modals?.[modal.i] ?? {};
  }

  // Milliseconds until it may follow the last one, if that was another.
  rest(modal, seconds, now) {
    const { closed, by } = this.kept;
    if (!closed || closed > now || (by === modal.i && modal.o[0] === "every")) return 0;
    return closed + seconds * 1000 - now;
  }

  isNew(event) {
    const { counted } = this.kept;
    const isNew = !counted.includes(event);
    if (isNew) this.keep({ counted: [...counted, event] });
    return isNew;
  }

  wasShown(modal) {
    const { times = 0 } = this.of(modal);
    this.change(modal, { times: times + 1, last: Date.now(), visit: this.kept.visits });
  }

  change(modal, values) {
    this.keep({ modals: { ...this.kept.modals, [modal.i]: { ...this.of(modal), ...values } } });
  }
}

// For an order that may follow: [modal, version, moment]. Goes with the consent.
const MET = ["sessionStorage", "booktime.orders"];
export const readMet = () => read(...MET) ?? [];
export const keepMet = (met) => write(...MET, met);

const PAUSE = 5000;

export class Count {
  constructor(rules, memory) {
    this.isOn = !rules.preview && !navigator.webdriver;
    this.rules = rules;
    this.memory = memory;
    this.events = [];
    this.met = [];
    addEventListener("pagehide", () => {
      this.met = [];
      this.send();
    });
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.send());
    document.addEventListener("consent:changed", () => this.follow());
  }

  // Also where held out.
  eligible(modal, code) {
    if (!this.add(modal, code, "eligible")) return;
    this.met.push([modal.i, code, Date.now()]);
    this.follow();
  }

  follow() {
    const isAllowed = document.documentElement.matches("[data-consent-granted~=statistics]");
    if (isAllowed && this.met.length) keepMet([...readMet(), ...this.met.splice(0)]);
  }

  // Once in a visit.
  add(modal, code, event) {
    if (!this.isOn || !this.memory.isNew(modal.i + event)) return false;
    this.events.push([modal.i, code, event]);
    this.timer ??= setTimeout(() => this.send(), PAUSE);
    return true;
  }

  send() {
    this.timer = clearTimeout(this.timer);
    const events = this.events.splice(0);
    if (events.length) send(this.rules.u, { p: this.rules.p, e: events });
  }
}

export const send = (url, batch) =>
  navigator.sendBeacon(url, new Blob([JSON.stringify(batch)], { type: "application/json" }));
