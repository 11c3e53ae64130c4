"""What commands and screens both say, in words alone: no key, no glyph, no colour, no markup."""
