// Google Consent Mode v2: everything is denied before any Google tag, then the choice is told.

const SIGNALS = {
  ad_storage: "marketing",
  ad_user_data: "marketing",
  ad_personalization: "marketing",
  analytics_storage: "statistics",
  functionality_storage: "preferences",
  personalization_storage: "preferences",
};
let isStarted = false;

function gtag() {
  window.dataLayer = window.dataLayer || [];
  // Google reads the arguments object itself, not an array.
  window.dataLayer.push(arguments); // eslint-disable-line prefer-rest-params
}

export function tellGoogle(categories) {
  if (!isStarted) {
    isStarted = true;
    gtag("consent", "default", Object.fromEntries(Object.keys(SIGNALS).map((name) => [name, "denied"])));
  }
  const state = (category) => (categories.includes(category) ? "granted" : "denied");
  gtag(
    "consent",
    "update",
    Object.fromEntries(Object.entries(SIGNALS).map(([name, category]) => [name, state(category)])),
  );
}

export const googleIsTold = () => isStarted;
