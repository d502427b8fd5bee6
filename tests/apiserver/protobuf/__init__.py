"""Reading Kubernetes protobuf."""
