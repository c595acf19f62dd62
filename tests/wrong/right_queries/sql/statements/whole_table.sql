-- allow scan of authors: it is small.
TABLE authors
