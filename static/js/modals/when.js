// What holds for a modal at a moment, and what makes it wanted. Short names: docs/modals.md

const DAY = 24 * 60 * 60 * 1000;

export const byPriority = (one, other) => other.p - one.p || one.i - other.i;

// Who asks for it is given it at its time, whatever the other rules are.
export function isAllowed(modal, { now, memory, basket }, isFree) {
  if (modal.f > now || (modal.e && modal.e <= now)) return false;
  return isFree || (isDue(modal, now, memory) && isFor(modal, memory, basket));
}

function isDue(modal, now, memory) {
  const [often, days, most, endsWithClick] = modal.o;
  const { times = 0, last = 0, clicked } = memory.of(modal);
  if ((endsWithClick && clicked) || (most && times >= most)) return false;
  if (often === "session") return !last || last < memory.kept.began;
  return often !== "days" || now - last >= days * DAY;
}

function isFor(modal, memory, basket) {
  const [who, visits, filled, amount, campaign] = modal.w;
  if ((who || filled) && !basket) return false;
  if (who && (who === "member") !== Boolean(basket.name)) return false;
  if (visits && (visits === "first") !== (memory.kept.visits <= 1)) return false;
  if (filled === "empty" && basket.count > 0) return false;
  if (filled === "over" && !(basket.count > 0 && basket.total?.amount >= amount)) return false;
  return !campaign || new URLSearchParams(location.search).get("utm_campaign") === campaign;
}

// The same for the same browser, and apart from other modals. "-" is the hold-out.
export function version(modal, memory) {
  const versions = modal.v;
  if (versions.length === 1 && !modal.h) return versions[0][0];
  let point = share(`${memory.chance}:${modal.i}`) * 100;
  if (point < modal.h) return "-";
  const total = versions.reduce((sum, [, weight]) => sum + weight, 0);
  point = ((point - modal.h) / (100 - modal.h)) * total;
  return (versions.find(([, weight]) => (point -= weight) < 0) ?? versions.at(-1))[0];
}

// FNV-1a, stirred, as a share of one.
function share(text) {
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

const MOVES = ["pointermove", "pointerdown", "keydown", "scroll", "touchstart"];
const LEAVING = 300; // Milliseconds of a quick way up the page.

const triggers = {
  delay: (seconds, fire) => setTimeout(fire, seconds * 1000),

  scroll(percent, fire, on) {
    const look = () => {
      const room = document.documentElement.scrollHeight - innerHeight;
      // The last position is rounded.
      if (scrollY && ((scrollY + 1) / room) * 100 >= percent) fire();
    };
    on(["scroll", "resize"], look);
    look();
  },

  idle(seconds, fire, on) {
    let timer = setTimeout(fire, seconds * 1000);
    on(MOVES, () => {
      clearTimeout(timer);
      timer = setTimeout(fire, seconds * 1000);
    });
  },

  // Out at the top; on a touch screen, quickly back up.
  exit(_value, fire, on) {
    on(["mouseout"], (event) => !event.relatedTarget && event.clientY <= 0 && fire());
    let turn = { at: 0, y: scrollY };
    let last = scrollY;
    on(["scroll"], () => {
      const now = performance.now();
      if (scrollY > last || now - turn.at > LEAVING) turn = { at: now, y: Math.max(last, scrollY) };
      last = scrollY;
      if (turn.y > innerHeight / 2 && turn.y - scrollY > innerHeight / 3) fire();
    });
  },

  click: () => {},
};

export function arm(modal, wanted) {
  const [trigger, value] = modal.t;
  const done = new AbortController();
  const fire = () => {
    done.abort();
    wanted();
  };
  triggers[trigger](value, fire, (events, act) => {
    for (const event of events) addEventListener(event, act, { passive: true, capture: true, signal: done.signal });
  });
}

// A link to its address opens it in place, as does, where the rules allow it, the element that its editor named.
export function onAsked(modals, show) {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target.closest("a[href]");
    for (const modal of modals) {
      const isFree = link?.origin === location.origin && link.pathname === modal.a;
      const [trigger, , named] = modal.t;
      const asked = isFree ? link : trigger === "click" && named && event.target.closest(named);
      if (asked && !asked.closest("dialog[data-modal]") && show(modal, asked, isFree)) {
        event.preventDefault();
        return;
      }
    }
  });
}
