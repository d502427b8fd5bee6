"""The command line `dbaas`: one module per command, each quick to import; what is heavy is imported when it is used."""
