// The basket's form works by its buttons. With this script a changed quantity is kept at once and the
// page shows what the server says of it: the new sums, or why fewer copies can be had.

const PAUSE = 350;

let timer = 0;
let turn = 0;

function focused() {
  const field = document.activeElement?.closest("quantity-field");
  if (!field) return null;
  const part = ["less", "more", "input"].find((name) => field[name] === document.activeElement);
  return { id: field.input.id, part };
}

async function save() {
  timer = 0;
  turn += 1;
  const mine = turn;
  const form = document.getElementById("basket-form");
  const response = await fetch(form.action, { method: "POST", body: new FormData(form) });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector("[data-basket]");
  // A newer change is on its way: its answer will do.
  if (!fresh || timer || mine !== turn) return;
  const place = focused();
  document.querySelector("[data-basket]").replaceWith(fresh);
  const field = place && document.getElementById(place.id)?.closest("quantity-field");
  field?.[place.part]?.focus();
  document.dispatchEvent(new CustomEvent("basket:changed"));
}

document.addEventListener("change", (event) => {
  if (event.target.form?.id !== "basket-form" || !event.target.checkValidity()) return;
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE);
});
