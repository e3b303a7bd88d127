// The one script that pages load. Every page works without it.
import "./basket-badge.js";
import "./buy-bar.js";
import "./gallery.js";
import "./in-place.js";
import "./menu.js";
import "./quantity.js";
import "./search-suggest.js";
import "./sort-select.js";
