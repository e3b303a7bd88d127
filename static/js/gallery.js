// <picture-gallery>: the thumbnails are links to ?picture=n; with this script the picture
// changes in place. Arrow keys, Home and End move along the thumbnails.

class PictureGallery extends HTMLElement {
  connectedCallback() {
    this.thumbs = [...this.querySelectorAll("[data-picture]")];
    this.figures = [...this.querySelectorAll("[data-figure]")];
    if (this.thumbs.length < 2) return;
    this.addEventListener("click", (event) => {
      const thumb = event.target.closest("[data-picture]");
      if (!thumb || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.show(this.thumbs.indexOf(thumb));
    });
    this.addEventListener("keydown", (event) => this.move(event));
  }

  move(event) {
    const at = this.thumbs.indexOf(document.activeElement);
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const last = this.thumbs.length - 1;
    const rtl = getComputedStyle(this).direction === "rtl";
    const to = {
      ArrowRight: rtl ? at - 1 : at + 1,
      ArrowLeft: rtl ? at + 1 : at - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const index = Math.min(Math.max(to, 0), last);
    this.thumbs[index].focus();
    this.show(index);
  }

  show(index) {
    this.figures.forEach((figure, i) => {
      figure.hidden = i !== index;
    });
    this.thumbs.forEach((thumb, i) => {
      if (i === index) thumb.setAttribute("aria-current", "true");
      else thumb.removeAttribute("aria-current");
    });
    history.replaceState(history.state, "", this.thumbs[index].href);
  }
}

customElements.define("picture-gallery", PictureGallery);
