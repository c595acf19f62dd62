"""What a call costs, beside what it costs in other ways of doing the same.

One run has one throw-away server. Each workload is run in rounds; in each of them every
contestant has its turn of the same number of calls, in an order that is drawn anew. Figures
are medians over the rounds, and what is compared are the ratios within a round, so that a
machine that is slow for a while is so for everybody.

What is done alike for all: connections are opened before; every contestant calls a
workload until its statements are prepared before the clock runs; garbage is collected
before each turn, and in it as Python does by itself; nothing of the server runs by itself
(no autovacuum, no checkpoint), and a commit does not wait for the disk. Everybody is in
autocommit, but SQLAlchemy, which has a transaction around what a session or a connection
does. Who takes hand-written SQL is given that of the package, in its own way of writing
parameters.
"""
