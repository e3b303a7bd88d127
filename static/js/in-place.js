// Lists and the basket change in place by htmx, as their templates say. What it leaves open: what was folded out in the
// part that changes stays so, and who used something that is gone (a page number, a chosen filter) goes on from what
// the part says of itself. Where the part does not come back, the browser goes the way it would have gone by itself.

const foldedIn = (part) => [...part.querySelectorAll("details")];
let running = null;

function leave({ request, sourceElement }) {
  if (request.method === "GET") location.assign(request.action);
  else sourceElement.submit();
}

document.addEventListener("htmx:before:request", (event) => (running = event.detail.ctx));

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail;
  const next = tasks.find((task) => task.type === "main").fragment;
  if (next.childElementCount) {
    const now = foldedIn(ctx.target);
    foldedIn(next).forEach((details, place) => (details.open ||= now[place]?.open));
  } else {
    event.preventDefault();
    leave(ctx);
  }
});

document.addEventListener("htmx:after:swap", (event) => {
  if (document.activeElement !== document.body) return;
  event.detail.ctx.target.querySelector("[role=status][tabindex]")?.focus({ preventScroll: true });
});

// Who goes back does not wait for the list that was asked for, and it is not shown.
document.addEventListener("htmx:before:history:restore", () => running?.request.abort?.());

document.addEventListener("htmx:error", (event) => {
  const { ctx, error } = event.detail;
  if (ctx && error.name !== "AbortError") leave(ctx);
});
