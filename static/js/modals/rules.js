// What holds for a modal at a moment: pure, so that nothing here asks a clock or a store by itself.
// A modal: i key, f and e first and last moment, p priority, v versions with their weights, h hold-out in
// percent, w [who, visits, basket, amount, campaign], o [how often, days, at most, ends with a click].

const DAY = 24 * 60 * 60 * 1000;

export const isOver = (modal, now) => modal.e > 0 && now >= modal.e;

export const byPriority = (one, other) => other.p - one.p || one.i - other.i;

export function isAllowed(modal, { now, memory, basket, search }) {
  return modal.f <= now && !isOver(modal, now) && isDue(modal, now, memory) && isFor(modal, memory, basket, search);
}

function isDue(modal, now, memory) {
  const [often, days, most, endsWithClick] = modal.o;
  const { times = 0, last = 0, clicked } = memory.of(modal);
  if ((endsWithClick && clicked) || (most && times >= most)) return false;
  if (often === "session") return !memory.isShownInVisit(modal);
  return often !== "days" || now - last >= days * DAY;
}

function isFor(modal, memory, basket, search) {
  const [who, visits, filled, amount, campaign] = modal.w;
  if ((who || filled) && !basket) return false;
  if (who && (who === "member") !== Boolean(basket.name)) return false;
  if (visits && (visits === "first") !== (memory.visits <= 1)) return false;
  if (filled === "empty" && basket.count > 0) return false;
  if (filled === "over" && !(basket.count > 0 && Number(basket.total?.amount) >= amount)) return false;
  return !campaign || new URLSearchParams(search).get("utm_campaign") === campaign;
}

// The same visitor is given the same version each time: by a number of the browser's own and the key of
// the modal, so that two trials do not share their halves. "-" is the hold-out.
export function version(modal, memory) {
  const versions = modal.v;
  if (versions.length === 1 && !modal.h) return versions[0][0];
  let point = share(`${memory.chance}:${modal.i}`) * 100;
  if (point < modal.h) return "-";
  const total = versions.reduce((sum, [, weight]) => sum + weight, 0);
  point = ((point - modal.h) / (100 - modal.h)) * total;
  return (versions.find(([, weight]) => (point -= weight) < 0) ?? versions.at(-1))[0];
}

// FNV-1a and a last stir, as a share of one.
function share(text) {
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
