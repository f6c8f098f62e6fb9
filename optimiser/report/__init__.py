"""What is handed on: the page (``page.build``), exports, the summary, packs."""
