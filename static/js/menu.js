// Groups of the main menu are <details>; this closes them as people expect of a menu.

const openGroups = () => document.querySelectorAll("#site-menu details[open]");

document.addEventListener("click", (event) => {
  for (const group of openGroups()) {
    if (!group.contains(event.target)) group.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const group of openGroups()) {
    if (group.contains(document.activeElement)) group.querySelector("summary").focus();
    group.open = false;
  }
});
