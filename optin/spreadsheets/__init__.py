"""Files that people bring: what a spreadsheet says, as rows of plain text. Pure.

`read.py` opens a file, `guess.py` says which column is what, `numbers.py`, `dates.py` and `answers.py` read a cell.
"""
