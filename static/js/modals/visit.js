// What the browser remembers of modals, which never leaves it, and what it says of them: docs/modals.md

const KEY = "booktime.modals";

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
  constructor(isKept) {
    this.stores = isKept ? { lasting: "localStorage", visit: "sessionStorage" } : {};
    this.lasting = this.read("lasting");
    this.visit = this.read("visit");
    if (!this.visit.on) {
      this.visit.on = 1;
      this.lasting.visits = this.visits + 1;
      this.write();
    }
  }

  read(which) {
    return read(this.stores[which], KEY) ?? {};
  }

  write() {
    for (const [which, store] of Object.entries(this.stores)) write(store, KEY, this[which]);
  }

  get visits() {
    return this.lasting.visits ?? 0;
  }

  get chance() {
    if (this.lasting.chance === undefined) {
      this.lasting.chance = Math.floor(Math.random() * 10_000);
      this.write();
    }
    return this.lasting.chance;
  }

  of(modal) {
    return this.lasting.modals?.[modal.i] ?? {};
  }

  isShownInVisit(modal) {
    return this.visit.shown?.includes(modal.i) ?? false;
  }

  // Milliseconds until it may follow the last one, if that was another.
  rest(modal, seconds, now) {
    const { closed, by } = this.lasting;
    if (!closed || closed > now || (by === modal.i && modal.o[0] === "every")) return 0;
    return closed + seconds * 1000 - now;
  }

  isNew(modal, list) {
    this.refresh();
    const known = (this.visit[list] ??= []);
    const isNew = !known.includes(modal.i);
    if (isNew) known.push(modal.i);
    this.write();
    return isNew;
  }

  wasShown(modal) {
    this.isNew(modal, "shown");
    this.change(modal, { times: (this.of(modal).times ?? 0) + 1, last: Date.now() });
  }

  wasClicked(modal) {
    this.change(modal, { clicked: 1 });
  }

  wasClosed(modal) {
    this.refresh();
    Object.assign(this.lasting, { closed: Date.now(), by: modal.i });
    this.write();
  }

  change(modal, values) {
    this.refresh();
    (this.lasting.modals ??= {})[modal.i] = { ...this.of(modal), ...values };
    this.write();
  }

  // Another page may have written.
  refresh() {
    for (const which of Object.keys(this.stores)) this[which] = { ...this[which], ...this.read(which) };
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

  // Once in a visit, also where held out.
  eligible(modal, code) {
    if (!this.isOn || !this.memory.isNew(modal, "met")) return;
    this.add(modal, code, "eligible");
    this.met.push([modal.i, code, Date.now()]);
    this.follow();
  }

  follow() {
    const isAllowed = document.documentElement.matches("[data-consent-granted~=statistics]");
    if (isAllowed && this.met.length) keepMet([...readMet(), ...this.met.splice(0)]);
  }

  add(modal, code, event) {
    if (!this.isOn) return;
    this.events.push([modal.i, code, event]);
    this.timer ??= setTimeout(() => this.send(), PAUSE);
  }

  send() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const events = this.events.splice(0);
    if (events.length) send(this.rules.u, { p: this.rules.p, e: events });
  }
}

export const send = (url, batch) =>
  navigator.sendBeacon(url, new Blob([JSON.stringify(batch)], { type: "application/json" }));
