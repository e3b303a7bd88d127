// What the visitor agreed to, as the consent module says it: <html data-consent-granted="statistics …">.

export const mayMeasure = () =>
  (document.documentElement.dataset.consentGranted ?? "").split(" ").includes("statistics");
