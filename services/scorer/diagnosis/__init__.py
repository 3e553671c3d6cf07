"""Why a file is as it is: one cause for the pattern of its faults, and notes on accepted files that look mistaken.

Runs after reading. A refused file is looked at again (`sight`), and the first rule of `causes` that fits it names the
cause; the faults by line stay as they were found. An accepted file only costs a few array operations (`notes`).
"""
