// Lists and the basket change in place by htmx, as their templates say. What it leaves open: what was folded out in the
// part that changes stays so, and who used something that is gone (a page number, a chosen filter) goes on from what
// the part says of itself. Where the part does not come back, the page is gone to.

const foldedIn = (part) => [...part.querySelectorAll("details")];

function leave(request) {
  location.assign(request.method === "GET" ? request.action : location.href);
}

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail;
  const next = tasks[0].fragment;
  if (next.childElementCount) {
    const now = foldedIn(ctx.target);
    foldedIn(next).forEach((details, place) => (details.open ||= now[place]?.open));
  } else {
    event.preventDefault();
    leave(ctx.request);
  }
});

document.addEventListener("htmx:after:swap", (event) => {
  if (document.activeElement !== document.body) return;
  event.detail.ctx.target.querySelector("[role=status][tabindex]")?.focus({ preventScroll: true });
});

document.addEventListener("htmx:error", (event) => {
  const request = event.detail.ctx?.request;
  if (request?.method === "GET") leave(request);
});
