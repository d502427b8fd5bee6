"""The kinds of database software that dbaas knows: one folder each, which nothing outside it names."""
