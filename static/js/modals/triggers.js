// When a modal is wanted: each calls `fire` once.

const MOVES = ["pointermove", "pointerdown", "keydown", "scroll", "touchstart"];
const LEAVING = 300; // Milliseconds within which a quick way up the page is a wish to leave.

const triggers = {
  delay: (seconds, fire) => void setTimeout(fire, seconds * 1000),

  scroll(percent, fire) {
    return on(["scroll", "resize"], () => {
      const { scrollHeight } = document.documentElement;
      if (((scrollY + innerHeight) / scrollHeight) * 100 >= percent) fire();
    });
  },

  idle(seconds, fire) {
    let timer = setTimeout(fire, seconds * 1000);
    return on(MOVES, () => {
      clearTimeout(timer);
      timer = setTimeout(fire, seconds * 1000);
    });
  },

  // The pointer goes out at the top; on a touch screen, a quick way back up a page that was read.
  exit(_value, fire) {
    const out = (event) => !event.relatedTarget && event.clientY <= 0 && fire();
    document.addEventListener("mouseout", out);
    let turn = { at: 0, y: scrollY };
    let last = scrollY;
    const stop = on(["scroll"], () => {
      const now = performance.now();
      if (scrollY > last || now - turn.at > LEAVING) turn = { at: now, y: Math.max(last, scrollY) };
      last = scrollY;
      if (turn.y > innerHeight / 2 && turn.y - scrollY > innerHeight / 3) fire();
    });
    return () => {
      stop();
      document.removeEventListener("mouseout", out);
    };
  },

  click: () => {},
};

function on(events, act) {
  for (const event of events) addEventListener(event, act, { passive: true, capture: true });
  return () => {
    for (const event of events) removeEventListener(event, act, { capture: true });
  };
}

export function arm(modal, wanted) {
  const [trigger, value] = modal.t;
  let isFired = false;
  let stop = null;
  stop = triggers[trigger](value, () => {
    if (isFired) return;
    isFired = true;
    stop?.();
    wanted();
  });
  if (trigger === "scroll") dispatchEvent(new Event("scroll"));
}

// A link to the content's own address opens it in place, and so does the element that its editor named.
export function onAsked(modals, show) {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target.closest("a[href]");
    for (const modal of modals) {
      const named = modal.t[0] === "click" && modal.t[2] ? event.target.closest(modal.t[2]) : null;
      const asked = named ?? (link?.origin === location.origin && link.pathname === modal.a ? link : null);
      if (asked && !asked.closest("dialog[data-modal]") && show(modal, asked)) {
        event.preventDefault();
        return;
      }
    }
  });
}
