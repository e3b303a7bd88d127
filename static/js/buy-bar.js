// <buy-bar data-watch="id"> shows itself while the element with that id is above the window:
// who has read on to the description can go back to the form with one tap.

class BuyBar extends HTMLElement {
  connectedCallback() {
    const target = document.getElementById(this.dataset.watch);
    if (!target) return;
    this.observer = new IntersectionObserver(([entry]) => {
      const passed = !entry.isIntersecting && entry.boundingClientRect.top < 0;
      this.toggleAttribute("data-shown", passed);
    });
    this.observer.observe(target);
  }

  disconnectedCallback() {
    this.observer?.disconnect();
  }
}

customElements.define("buy-bar", BuyBar);
