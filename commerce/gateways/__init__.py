"""Payment providers: one module each. HTTP out, plain values in; no model, no rule of the shop."""
