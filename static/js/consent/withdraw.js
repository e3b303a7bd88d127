// What withdrawal undoes: a provider is told in its own way, and what it keeps here is removed.

const matches = (pattern, name) =>
  pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

const optOuts = {
  ga4: (identifier) => {
    window[`ga-disable-${identifier}`] = true;
  },
  gtm: () => window.dataLayer?.push({ event: "consent-withdrawn" }),
  clarity: () => window.clarity?.("consent", false),
  meta: () => window.fbq?.("consent", "revoke"),
  matomo: () => window._paq?.push(["forgetConsentGiven"]),
};

export function optOut(name, identifier) {
  try {
    optOuts[name]?.(identifier);
  } catch {
    // Their code failed: what it keeps is removed all the same, and the page is loaded without it.
  }
}

function* domains() {
  yield "";
  const labels = location.hostname.split(".");
  for (let from = 0; from <= labels.length - 2; from += 1) yield labels.slice(from).join(".");
}

function* paths() {
  const parts = location.pathname.split("/");
  for (let to = 1; to <= parts.length; to += 1) {
    const path = parts.slice(0, to).join("/");
    yield path || "/";
    if (path) yield `${path}/`;
  }
}

function removeCookies(pattern) {
  for (const pair of document.cookie.split("; ")) {
    const name = pair.split("=")[0];
    if (!name || !matches(pattern, name)) continue;
    for (const domain of domains()) {
      for (const path of paths()) {
        const where = domain ? `; Domain=${domain}` : "";
        document.cookie = `${name}=; Path=${path}; Max-Age=0${where}`;
      }
    }
  }
}

function removeKeys(open, pattern) {
  try {
    const storage = open();
    for (const key of Object.keys(storage)) if (matches(pattern, key)) storage.removeItem(key);
  } catch {
    // The browser keeps nothing for this site, so there is nothing to remove.
  }
}

async function removeDatabases(pattern) {
  try {
    const known = (await indexedDB.databases?.()) ?? [{ name: pattern.replace(/\*$/, "") }];
    for (const { name } of known) if (matches(pattern, name)) indexedDB.deleteDatabase(name);
  } catch {
    // As above.
  }
}

const removers = {
  cookie: removeCookies,
  local: (pattern) => removeKeys(() => localStorage, pattern),
  session: (pattern) => removeKeys(() => sessionStorage, pattern),
  database: removeDatabases,
};

// stored: [[kind, name], …] as declared.
export function removeStored(stored) {
  for (const [kind, pattern] of stored) removers[kind]?.(pattern);
}
