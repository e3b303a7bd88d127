// Totals, sent in batches. Nothing in them tells one visitor from another, so they need no consent; what
// follows a visitor to the order does.
import { mayMeasure } from "./consent.js";

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

  // Once in a visit, also for those who are held out.
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
