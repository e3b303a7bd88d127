"""Page modals: what is shown over a page, where, when, to whom, how often, and what it did. See docs/modals.md."""
