"""Pure builders of Kubernetes objects: what controllers and providers write, without a word about when."""
