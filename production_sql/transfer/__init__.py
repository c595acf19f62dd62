"""Moves drafts and bundles between the tables and files, for the command line.

Nothing of this is imported when the package is used.
"""
