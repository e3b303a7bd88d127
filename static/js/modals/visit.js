// What the browser remembers of modals, which never leaves it, and what it says of them: docs/modals.md

const KEY = "booktime.modals";
const VISIT = 30 * 60 * 1000; // Milliseconds after which the next page is another visit.

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    if (value) localStorage.setItem(key, JSON.stringify(value));
    else localStorage.removeItem(key);
  } catch {
    // Forbidden.
  }
}

export class Memory {
  own = {};

  constructor(isKept) {
    this.isKept = isKept;
    const { visits = 0 } = this.kept;
    const isNew = !isInVisit(Date.now());
    this.keep(isNew ? { visits: visits + 1, counted: [] } : {});
    if (isNew && isKept) keepMet();
  }

  // Another page may have written.
  get kept() {
    return Object.assign(this.own, this.isKept && read(KEY));
  }

  keep(values) {
    Object.assign(this.kept, values, { at: Date.now() });
    if (this.isKept) write(KEY, this.own);
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

// For an order that may follow: [modal, version, moment]. Goes with the visit and the consent.
const MET = "booktime.orders";
export const readMet = () => read(MET) ?? [];
export const keepMet = (met) => write(MET, met);
export const isInVisit = (moment) => moment - read(KEY)?.at < VISIT;

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
