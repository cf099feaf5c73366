"""Fields of one's own on contacts and leads: which there are, what their values may be, and each person's values.

`kinds.py` reads and shows a value, `definitions.py` makes and changes fields, `values.py` has the values of people,
`merging.py` fills them into messages.
"""
