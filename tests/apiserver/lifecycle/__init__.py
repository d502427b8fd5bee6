"""The loops that finish what a deletion begins."""
