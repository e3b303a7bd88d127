// Lists change in place: the page that a filter, an order or a page number leads to is asked for, and its list taken.
// Without this script, and where no good answer comes, they are links and a form. Nothing is kept in the browser.

const FOLDED = ".facets, .facets__more";
const list = () => document.querySelector("#listing");
const folded = () => [...document.querySelectorAll(FOLDED)];
let asking = null;
let shown = location.pathname + location.search;

async function show(url, { turned = false } = {}) {
  asking?.abort();
  asking = new AbortController();
  const answer = await fetch(url, { signal: asking.signal });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const next = page.querySelector("#listing");
  if (!answer.ok || !next) throw new Error(`No list at ${url}`);
  const open = folded().map((part) => part.open);
  const used = document.activeElement.id;
  list().replaceWith(document.adoptNode(next));
  document.title = page.title;
  folded().forEach((part, place) => {
    if (open[place]) part.open = true; // for the next filter
  });
  const total = document.querySelector(".listing__total");
  if (turned) total.scrollIntoView();
  // Who used something that is gone (a page number, a chosen filter) goes on from what the list says of itself.
  const place = turned ? total : (used && document.getElementById(used)) || total;
  place.focus({ preventScroll: true });
}

// Who asked for another list meanwhile is not taken anywhere.
const unless = (leave) => (error) => {
  if (error.name !== "AbortError") leave();
};

function go(url, options) {
  const keep = () => {
    history.pushState(null, "", url);
    shown = location.pathname + location.search;
  };
  show(url, options).then(keep).catch(unless(() => location.assign(url)));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-in-place] a[href]");
  const elsewhere = event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  if (!link || !list() || elsewhere || event.defaultPrevented) return;
  event.preventDefault();
  go(link.href, { turned: link.closest(".pagination") !== null });
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-in-place]") || !list()) return;
  event.preventDefault();
  go(`${location.pathname}?${new URLSearchParams(new FormData(form))}`);
});

addEventListener("popstate", () => {
  const wanted = location.pathname + location.search;
  if (list() && wanted !== shown) show(location.href).catch(unless(() => location.reload()));
  shown = wanted;
});
