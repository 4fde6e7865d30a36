"""Measures of seqwatch against its peers, in one run on one machine: `make bench`. Figures, not tests.

Other load on the machine moves every absolute figure; rounds alternate between seqwatch and the peer, and the ratio
of medians is what counts.
"""
