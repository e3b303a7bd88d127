// What the browser remembers of modals, which never leaves it, and what it says of them: docs/modals.md

const ACTS = "booktime.modals"; // What became of each modal.
const VISITS = "booktime.visits"; // Which visit this is, what was counted in it, and chance.
const VISIT = 30 * 60 * 1000; // Milliseconds after which the next page is another visit.
const KEPT = 183 * 24 * 60 * 60 * 1000;

function read(key, storage = "localStorage") {
  try {
    const found = JSON.parse(window[storage].getItem(key));
    if (!found || found.until > Date.now()) return found;
    window[storage].removeItem(key);
  } catch {
    // Forbidden, or rubbish.
  }
  return null;
}

function write(key, value, storage = "localStorage") {
  try {
    if (value) window[storage].setItem(key, JSON.stringify({ ...value, until: Date.now() + KEPT }));
    else window[storage].removeItem(key);
  } catch {
    // Forbidden.
  }
}

const isFollowed = () => document.documentElement.matches("[data-consent-granted~=statistics]");

export class Memory {
  own = {};

  constructor(isKept) {
    this.isKept = isKept;
    if (isKept) Object.assign(this.own, read(ACTS), read(VISITS, "sessionStorage"), read(VISITS));
    const { visits = 0, counted = [], began = 0, at = 0, acted = 0 } = this.own;
    const isNew = Date.now() - Math.max(at, acted) >= VISIT;
    this.keep(isNew ? { visits: visits + 1, counted: [], began: Date.now() } : { visits, counted, began });
    if (isNew && isKept) keepMet();
    document.addEventListener("consent:changed", () => this.store());
  }

  // Another page may have written.
  get kept() {
    return Object.assign(this.own, this.isKept && isFollowed() && { ...read(ACTS), ...read(VISITS) });
  }

  keep(values, isAct) {
    const at = Date.now();
    Object.assign(this.kept, values, { at }, isAct && { acted: at });
    this.store(isAct);
  }

  // Without consent to statistics nothing is written but when the visitor does something, and of the visit only for
  // this tab.
  store(isAct) {
    if (!this.isKept || !(isAct || isFollowed())) return;
    const { modals, closed, by, acted, ...visit } = this.own;
    write(ACTS, { modals, closed, by, acted });
    write(VISITS, visit, isFollowed() ? "localStorage" : "sessionStorage");
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
    this.change(modal, { times: times + 1, last: Date.now() });
  }

  change(modal, values, isAct) {
    this.keep({ modals: { ...this.kept.modals, [modal.i]: { ...this.of(modal), ...values } } }, isAct);
  }
}

// For an order that may follow: [modal, version, moment]. Goes with the visit and the consent.
const MET = "booktime.orders";
export const readMet = () => read(MET)?.met ?? [];
export const keepMet = (met) => write(MET, met && { met });
export const isInVisit = (moment) => moment - read(VISITS)?.at < VISIT;

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
    if (isFollowed() && this.met.length) keepMet([...readMet(), ...this.met.splice(0)]);
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
