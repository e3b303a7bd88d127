// Pages are the same for everybody and cached whole; what is yours (how many books are in the
// basket, your name) is asked for afterwards. Anything that changes the basket may dispatch
// `basket:changed` on the document, with {count} as detail or with none.

const link = document.querySelector("[data-basket-link]");
const account = document.querySelector("[data-account-label]");
const nobody = account?.textContent;

function showCount(count) {
  for (const badge of document.querySelectorAll("[data-basket-count]")) {
    badge.textContent = String(count);
    badge.dataset.basketCount = String(count);
  }
}

function showName(name) {
  if (!account) return;
  account.textContent = name || nobody;
  account.title = name || "";
}

async function refresh() {
  if (!link?.dataset.summaryUrl) return;
  try {
    const response = await fetch(link.dataset.summaryUrl, {
      headers: { Accept: "application/json" },
      credentials: "same-origin",
      cache: "no-store",
    });
    if (!response.ok) return;
    const summary = await response.json();
    showCount(summary.count ?? 0);
    showName(summary.name);
  } catch {
    // Offline, or the page is being left: the link says "Basket", which is true enough.
  }
}

document.addEventListener("basket:changed", (event) => {
  if (Number.isInteger(event.detail?.count)) showCount(event.detail.count);
  else refresh();
});

// Back and forward bring the page as it was left: nobody's, for the next one at this machine may not be the same.
window.addEventListener("pagehide", () => {
  showCount("");
  showName("");
});

window.addEventListener("pageshow", (event) => {
  if (event.persisted) refresh();
});

refresh();
