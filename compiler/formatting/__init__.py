"""One style for nets and solvers: where lines break and what stands between words. The words themselves stay.

    text -> pieces -> gaps -> edits

Pieces are what a text is made of but for blanks; the layout chooses the gap before each; what differs is an edit.
"""
