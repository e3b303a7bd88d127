// The visitor's choice, in the first-party cookie `consent`: JSON with format, version of the
// question, time, what is allowed (p) and what was asked (k). Rubbish is no choice.

const NAME = "consent";
const FORMAT = 1;
const SECONDS = 60 * 60 * 24 * 183;
const REFUSED_BY_GPC = ["statistics", "marketing"];

export const gpc = navigator.globalPrivacyControl === true;

export const isRefusedByGpc = (category) => gpc && REFUSED_BY_GPC.includes(category);

const areKeys = (value) => Array.isArray(value) && value.every((one) => typeof one === "string");

export function readChoice(version) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${NAME}=`));
  if (!found) return null;
  try {
    const told = JSON.parse(decodeURIComponent(found.slice(NAME.length + 1)));
    if (told?.f !== FORMAT || told.v !== version || !areKeys(told.p) || !areKeys(told.k)) return null;
    return { allowed: told.p.filter((key) => told.k.includes(key)), known: told.k, at: told.at };
  } catch {
    return null;
  }
}

export function writeChoice(version, allowed, known) {
  const told = { f: FORMAT, v: version, at: Math.floor(Date.now() / 1000), p: allowed, k: known };
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const value = encodeURIComponent(JSON.stringify(told));
  document.cookie = `${NAME}=${value}; Path=/; Max-Age=${SECONDS}; SameSite=Lax${secure}`;
}
