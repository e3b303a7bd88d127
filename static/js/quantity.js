// <quantity-field> around a number input: a button on either side, within min and max.

class QuantityField extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    if (!this.input || this.less) return;
    this.less = this.step("less", "−", this.dataset.less ?? "One fewer", () => this.input.stepDown());
    this.more = this.step("more", "+", this.dataset.more ?? "One more", () => this.input.stepUp());
    this.prepend(this.less);
    this.append(this.more);
    this.input.addEventListener("input", () => this.showLimits());
    this.showLimits();
  }

  step(name, sign, label, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.id = `${this.input.id}-${name}`; // by which the focus is kept where the basket changes in place
    button.className = "quantity__step";
    button.textContent = sign;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => {
      act();
      this.showLimits();
      this.input.dispatchEvent(new Event("input", { bubbles: true }));
      this.input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    return button;
  }

  showLimits() {
    // aria-disabled rather than disabled: a button that is switched off loses the focus.
    const value = this.input.valueAsNumber;
    this.less.setAttribute("aria-disabled", String(value <= Number(this.input.min || -Infinity)));
    this.more.setAttribute("aria-disabled", String(value >= Number(this.input.max || Infinity)));
  }
}

customElements.define("quantity-field", QuantityField);
