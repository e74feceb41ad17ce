"""A journal becomes an executed notebook and one self-contained page; both can be checked again."""
