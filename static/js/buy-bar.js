// <buy-bar data-watch="id"> shows itself while the element with that id is above the window:
// who has read on to the description can go back to the form with one tap.

class BuyBar extends HTMLElement {
  connectedCallback() {
    const target = document.getElementById(this.dataset.watch);
    if (!target) return;
    // The margin reaches far below the window: only what is above it counts as gone.
    this.observer = new IntersectionObserver(
      (entries) => this.toggleAttribute("data-shown", !entries.at(-1).isIntersecting),
      { rootMargin: "0px 0px 1000000px 0px" },
    );
    this.observer.observe(target);
  }

  disconnectedCallback() {
    this.observer?.disconnect();
  }
}

customElements.define("buy-bar", BuyBar);
