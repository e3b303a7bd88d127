// What the browser remembers of modals, and what it says of them. What it remembers never leaves it; what
// it says are totals of nobody in particular, which need no consent. Following a visitor to an order does.

const KEY = "booktime.modals";

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
    try {
      return JSON.parse(window[this.stores[which]].getItem(KEY)) ?? {};
    } catch {
      return {};
    }
  }

  write() {
    for (const [which, store] of Object.entries(this.stores)) {
      try {
        window[store].setItem(KEY, JSON.stringify(this[which]));
      } catch {
        // Forbidden: it lasts for the page.
      }
    }
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
    return Boolean(this.visit.shown?.includes(modal.i));
  }

  // Milliseconds until it may follow the last one, if that was another.
  rest(modal, seconds, now) {
    const { closed, by } = this.lasting;
    if (!closed || closed > now || (by === modal.i && modal.o[0] === "every")) return 0;
    return closed + seconds * 1000 - now;
  }

  isNewInVisit(modal) {
    this.refresh();
    const met = (this.visit.met ??= []);
    if (met.includes(modal.i)) return false;
    met.push(modal.i);
    this.write();
    return true;
  }

  wasShown(modal) {
    this.refresh();
    const known = this.of(modal);
    this.change(modal, { times: (known.times ?? 0) + 1, last: Date.now() });
    if (!this.isShownInVisit(modal)) (this.visit.shown ??= []).push(modal.i);
    this.write();
  }

  wasClicked(modal) {
    this.refresh();
    this.change(modal, { clicked: 1 });
    this.write();
  }

  wasClosed(modal) {
    this.refresh();
    this.lasting.closed = Date.now();
    this.lasting.by = modal.i;
    this.write();
  }

  keepForOrders(pairs) {
    if (pairs.length) this.visit.orders = pairs;
    else delete this.visit.orders;
    this.write();
  }

  change(modal, values) {
    (this.lasting.modals ??= {})[modal.i] = { ...this.of(modal), ...values };
  }

  // Another tab may have written.
  refresh() {
    if (!this.stores.lasting) return;
    const stored = this.read("lasting");
    if (stored.visits) this.lasting = stored;
  }
}

export const mayMeasure = () =>
  (document.documentElement.dataset.consentGranted ?? "").split(" ").includes("statistics");

const PAUSE = 5000;

export class Count {
  constructor(rules, memory) {
    this.isOn = !rules.preview && !navigator.webdriver;
    this.url = rules.u;
    this.page = rules.p;
    this.memory = memory;
    this.events = [];
    this.met = memory.visit.orders ?? [];
    addEventListener("pagehide", () => this.send());
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.send());
    document.addEventListener("consent:changed", () => this.follow());
  }

  // Once in a visit, also where held out.
  eligible(modal, code) {
    if (!this.isOn || !this.memory.isNewInVisit(modal)) return;
    this.add(modal, code, "eligible");
    this.met.push([modal.i, code]);
    this.follow();
  }

  follow() {
    this.memory.keepForOrders(mayMeasure() ? this.met : []);
  }

  add(modal, code, event) {
    if (!this.isOn) return;
    this.events.push([modal.i, code, event]);
    this.timer ??= setTimeout(() => this.send(), PAUSE);
  }

  send() {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.events.length) return;
    send(this.url, { p: this.page, e: this.events });
    this.events = [];
  }
}

export const send = (url, batch) =>
  navigator.sendBeacon(url, new Blob([JSON.stringify(batch)], { type: "application/json" }));
