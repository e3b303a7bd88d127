// <sort-select> around a GET form: choosing is enough. The button, for those without this
// script, is hidden by the style sheet once the element is defined.

class SortSelect extends HTMLElement {
  connectedCallback() {
    this.querySelector("select")?.addEventListener("change", (event) => {
      event.target.form.requestSubmit();
    });
  }
}

customElements.define("sort-select", SortSelect);
