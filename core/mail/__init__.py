"""Mail: kinds that rooms declare, texts that staff write, and a box that loses nothing. docs/mail.md."""
