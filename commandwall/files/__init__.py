"""Attached files 附件: what their bytes are, where they lie, and small safe pictures of them."""
