// One native <dialog>. In the centre it is modal: the browser makes the rest inert, keeps the focus and gives
// it back. Bars and corners are not modal: they leave the focus where it is unless somebody asked for them,
// and are announced instead.

const VISIBLE = 1000; // Milliseconds in view that count as seen.

export function open(template, { kind, opener, seen, clicked, closed }) {
  const dialog = template.content.firstElementChild.cloneNode(true);
  const status = dialog.querySelector("[role=status]");
  let reason = "dismissed";
  let back = opener?.matches("a, button, [tabindex]") ? opener : null;
  if (kind === "top") document.body.prepend(dialog);
  else document.body.append(dialog);

  if (kind === "centre") dialog.showModal();
  else if (opener) dialog.show();
  else {
    dialog.setAttribute("open", ""); // show() would take the focus from whoever is reading.
    setTimeout(() => (status.textContent = dialog.querySelector("h2").textContent), 100);
  }

  const close = (why = "dismissed") => {
    reason = why;
    dialog.close();
  };
  const onKey = (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (dialog.contains(document.activeElement) || document.activeElement === document.body) close();
  };
  if (kind !== "centre") document.addEventListener("keydown", onKey);

  dialog.addEventListener("focusin", (event) => {
    if (event.relatedTarget && !dialog.contains(event.relatedTarget)) back ??= event.relatedTarget;
  });
  dialog.addEventListener("click", (event) => {
    const { target } = event;
    if (target.closest("[data-modal-close]") || isBeside(dialog, event)) close();
    else if (target.closest("[data-modal-copy]")) {
      copy(target.closest("[data-modal-copy]"), status);
      clicked(false);
    } else if (target.closest("a[href]")) {
      clicked(target.closest("[data-modal-action]") !== null);
      if (target.closest("a").hash && target.closest("a").pathname === location.pathname) close("clicked");
    }
  });
  dialog.addEventListener("close", () => {
    const hadFocus = dialog.contains(document.activeElement);
    document.removeEventListener("keydown", onKey);
    watcher.disconnect();
    clearTimeout(looking);
    dialog.remove();
    if (kind !== "centre" && (hadFocus || opener)) back?.focus();
    closed(reason);
  });

  let looking = 0;
  const watcher = new IntersectionObserver(
    ([entry]) => {
      clearTimeout(looking);
      if (entry.isIntersecting) looking = setTimeout(seen, VISIBLE);
    },
    { threshold: 0.5 },
  );
  watcher.observe(dialog);
  return { close };
}

// A press beside the box of a modal dialog lands on the dialog itself.
function isBeside(dialog, event) {
  if (event.target !== dialog || !dialog.matches(":modal")) return false;
  const box = dialog.getBoundingClientRect();
  const { clientX: x, clientY: y } = event;
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}

async function copy(button, status) {
  try {
    await navigator.clipboard.writeText(button.dataset.modalCopy);
    status.textContent = button.textContent = button.dataset.copied;
  } catch {
    const code = button.parentElement.querySelector("[data-modal-code]");
    getSelection().selectAllChildren(code);
    status.textContent = button.textContent = button.dataset.copyFailed;
  }
}
