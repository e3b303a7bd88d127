// The basket's form works by its buttons. With htmx a changed quantity is kept at once, and the page shows what the
// server says of it: the new sums, or why fewer copies can be had. Of quick changes the last answer is shown.

let isNewer = false;

const ofBasket = (handle) => (event) => {
  if (event.target.closest?.("#basket-form")) handle(event);
};

document.addEventListener("change", ofBasket(() => (isNewer = true)), { capture: true }); // before htmx asks
document.addEventListener("htmx:before:request", ofBasket(() => (isNewer = false)));
document.addEventListener("htmx:before:swap", ofBasket((event) => isNewer && event.preventDefault()));
document.addEventListener("htmx:after:swap", () => document.dispatchEvent(new CustomEvent("basket:changed")));
