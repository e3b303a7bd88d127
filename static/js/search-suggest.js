// <search-suggest> makes the search field a combobox (WAI-ARIA 1.2, list box popup). The server
// sends the list as HTML; the links in it are the options. Enter without a choice searches.

const LEAST = 2;
const PAUSE = 160;
const KEPT = 40;

let made = 0;

class SearchSuggest extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input[type=search]");
    if (!this.input || this.panel) return;
    made += 1;
    this.answers = new Map();
    this.active = -1;

    this.panel = document.createElement("div");
    this.panel.className = "search__panel";
    this.panel.id = `suggestions-${made}`;
    this.panel.setAttribute("role", "listbox");
    this.panel.setAttribute("aria-label", this.dataset.label ?? "Suggestions");
    this.panel.hidden = true;
    this.status = document.createElement("div");
    this.status.className = "u-hidden-visually";
    this.status.setAttribute("role", "status");
    this.append(this.panel, this.status);

    this.input.setAttribute("role", "combobox");
    this.input.setAttribute("aria-autocomplete", "list");
    this.input.setAttribute("aria-expanded", "false");
    this.input.setAttribute("aria-controls", this.panel.id);

    this.input.addEventListener("input", () => this.askSoon());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.input.addEventListener("click", () => {
      if (this.panel.hidden) this.askSoon();
    });
    // Pressing on an option must not take the focus from the field before the click arrives.
    this.panel.addEventListener("mousedown", (event) => event.preventDefault());
    this.addEventListener("focusout", (event) => {
      if (!this.contains(event.relatedTarget)) this.close();
    });
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
    this.request?.abort();
  }

  askSoon() {
    clearTimeout(this.timer);
    this.request?.abort();
    const words = this.input.value.trim();
    if (words.length < LEAST) {
      this.close();
      return;
    }
    if (this.answers.has(words)) this.show(this.answers.get(words));
    else this.timer = setTimeout(() => this.ask(words), PAUSE);
  }

  async ask(words) {
    this.request = new AbortController();
    const url = new URL(this.dataset.url, document.baseURI);
    url.searchParams.set("q", words);
    try {
      const response = await fetch(url, {
        headers: { Accept: "text/html" },
        signal: this.request.signal,
      });
      if (!response.ok) return;
      const html = await response.text();
      if (this.answers.size >= KEPT) this.answers.delete(this.answers.keys().next().value);
      this.answers.set(words, html);
      if (this.input.value.trim() === words) this.show(html);
    } catch {
      // Superseded by the next letter, or offline: the form still searches.
    }
  }

  show(html) {
    // The fragment comes from our own server, escaped by its template.
    this.panel.innerHTML = html;
    this.options = [...this.panel.querySelectorAll("[data-suggestion]")];
    this.options.forEach((option, index) => {
      option.id = `${this.panel.id}-${index}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.tabIndex = -1;
    });
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    if (!this.options.length) {
      this.close();
      this.status.textContent = this.dataset.none ?? "";
      return;
    }
    if (document.activeElement !== this.input) return;
    this.panel.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.status.textContent = `${this.options.length} ${this.dataset.found ?? ""}`.trim();
  }

  close() {
    clearTimeout(this.timer);
    this.panel.hidden = true;
    this.active = -1;
    this.status.textContent = "";
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  choose(index) {
    this.options[this.active]?.setAttribute("aria-selected", "false");
    this.active = index;
    const option = this.options[index];
    if (option) {
      option.setAttribute("aria-selected", "true");
      option.scrollIntoView({ block: "nearest" });
      this.input.setAttribute("aria-activedescendant", option.id);
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  onKey(event) {
    if (event.isComposing) return;
    const isOpen = !this.panel.hidden;
    const last = (this.options?.length ?? 0) - 1;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) {
        this.askSoon();
        return;
      }
      // -1 is the field itself, between the last option and the first.
      const step = event.key === "ArrowDown" ? 1 : -1;
      const next = this.active + step;
      this.choose(next > last ? -1 : next < -1 ? last : next);
    } else if (event.key === "Enter" && isOpen && this.active >= 0) {
      event.preventDefault();
      this.options[this.active].click();
    } else if (event.key === "Escape" && isOpen) {
      // The first Escape closes the list; only a second one empties the field.
      event.preventDefault();
      this.close();
    }
  }
}

customElements.define("search-suggest", SearchSuggest);
