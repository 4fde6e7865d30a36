"""seqwatch: a terminal console for the people who guard genomic datasets."""

__version__ = "0.1.0"
