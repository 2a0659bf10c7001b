"""The HTML report, and the live page, which is the same report kept up to date."""
