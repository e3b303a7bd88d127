// What this browser remembers of modals, under one key in each store: how often and when one was shown, and
// a chance number for trials. It never leaves the browser. Where nothing may be stored, it lasts for the page.

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
        // Full or forbidden.
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

  // Milliseconds until this one may follow the last one. One that comes on every page is no rest from itself.
  rest(modal, seconds, now) {
    const { closed, by } = this.lasting;
    if (!closed || closed > now || (by === modal.i && modal.o[0] === "every")) return 0;
    return closed + seconds * 1000 - now;
  }

  // True the first time in a visit.
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

  // For orders that follow in the visit; only where statistics were agreed to.
  keepForOrders(pairs) {
    if (pairs.length) this.visit.orders = pairs;
    else delete this.visit.orders;
    this.write();
  }

  change(modal, values) {
    (this.lasting.modals ??= {})[modal.i] = { ...this.of(modal), ...values };
  }

  // Another tab may have written in between.
  refresh() {
    if (!this.stores.lasting) return;
    const stored = this.read("lasting");
    if (stored.visits) this.lasting = stored;
  }
}
