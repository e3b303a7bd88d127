// On the page that confirms an order: the modals of this visit led to one. Said once, and only where
// statistics were agreed to; without that nothing was kept to say.
import { mayMeasure, Memory, send } from "./visit.js";

const url = document.querySelector("script[data-count-url]")?.dataset.countUrl;
const memory = new Memory(true);
const met = memory.visit.orders ?? [];

if (url && met.length && document.querySelector("[data-order-placed]") && mayMeasure() && !navigator.webdriver) {
  send(url, { p: 0, e: met.map(([modal, code]) => [modal, code, "ordered"]) });
}
memory.keepForOrders([]);
