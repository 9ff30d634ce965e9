"""The public documents: each one Markdown template, shown as a page and saved as a Word file."""
