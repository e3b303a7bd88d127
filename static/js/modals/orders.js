// On the page that confirms an order: what of modals was met in this visit before it was placed led to one. Said
// once. The script is there only where statistics were agreed to; without that nothing was kept to say.
import { isInVisit, keepMet, readMet, send } from "./visit.js";

const { countUrl, mark } = document.querySelector("script[data-count-url]").dataset;
const { orderPlaced, now } = document.querySelector("[data-order-placed]").dataset;
// By the clock of this browser, which may go wrong; both figures are of the server's.
const placedAt = Date.now() - (now - orderPlaced) * 1000;
const met = readMet();
const before = isInVisit(placedAt) ? met.filter(([, , at]) => at <= placedAt) : [];

if (before.length && !navigator.webdriver) {
  keepMet(met.filter((one) => !before.includes(one)));
  send(countUrl, { p: 0, o: mark, e: before.map(([modal, code]) => [modal, code, "ordered"]) });
}
