"""One declarative API for databases: clusters, and what lives inside database servers."""
