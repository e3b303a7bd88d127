// Wakes an inert integration: its text becomes elements, and its scripts run in their order, once.
// Parsed scripts never run when they are inserted; ones made anew do.

const PATIENCE = 10_000;
const { head, body } = document;
const starts = { head: head.firstChild, body: body.firstChild };

const places = {
  "head-start": (nodes) => head.insertBefore(nodes, starts.head),
  "head-end": (nodes) => head.append(nodes),
  "body-start": (nodes) => body.insertBefore(nodes, starts.body),
  "body-end": (nodes) => body.append(nodes),
};

const isLate = (script) =>
  script.type === "module" || (script.defer && script.src && !script.hasAttribute("async"));

function renewed(script) {
  const made = document.createElement("script");
  // Scripts made by scripts are async unless told otherwise.
  made.async = script.hasAttribute("async");
  for (const { name, value } of script.attributes) made.setAttribute(name, value);
  made.text = script.text;
  return made;
}

function run(script) {
  const made = renewed(script);
  const waits = made.src && !made.async && made.type !== "module";
  return new Promise((resolve) => {
    if (waits) {
      made.addEventListener("load", resolve);
      made.addEventListener("error", resolve);
      setTimeout(resolve, PATIENCE);
    }
    script.replaceWith(made);
    if (!waits) resolve();
  });
}

// Takes templates in their order; resolves when all that others wait for has run.
export async function activate(templates) {
  const ready = templates
    .filter((template) => template.isConnected)
    .map((template) => {
      const parsed = document.createElement("template");
      parsed.innerHTML = template.content.textContent;
      // The server writes style attributes as data-style: the content policy refuses the attribute, and lets
      // a script say the same.
      for (const element of parsed.content.querySelectorAll("[data-style]")) element.style.cssText = element.dataset.style;
      const scripts = [...parsed.content.querySelectorAll("script")];
      const nodes = parsed.content;
      const { position } = template.dataset;
      const placeholder = template.closest("[data-gated]");
      if (position === "in-place" && placeholder) {
        const loaded = document.createElement("div");
        loaded.className = "gated gated--loaded";
        loaded.append(nodes);
        placeholder.replaceWith(loaded);
      } else {
        (places[position] ?? places["body-end"])(nodes);
        template.remove();
      }
      return scripts;
    })
    .flat();
  const late = ready.filter(isLate);
  for (const script of ready) if (!late.includes(script)) await run(script);
  for (const script of late) await run(script);
}
