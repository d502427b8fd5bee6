"""The agent that runs Process objects on this machine, and what it keeps in its home folder."""
